"""Octets → text, under every label."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailarchiver.message.charset import codec, decode, unmangled

RUSSIAN = "Совет города утвердил новый план озеленения. Об этом сообщает пресс-служба, передаёт наш корреспондент."
JAPANESE = "市議会は水曜日、新しい緑化計画を承認した。来年度の予算案に盛り込まれる予定である。カタカナもある。"
CHINESE = "市议会周三批准了一项新的绿化计划，旨在改善居民的生活环境。专家们认为这是一个积极的信号。"
KOREAN = "시의회는 수요일 새로운 녹화 계획을 승인했다. 전문가들은 이것이 긍정적인 신호라고 보고 있다."
GREEK = "Το δημοτικό συμβούλιο ενέκρινε την Τετάρτη ένα νέο σχέδιο πρασίνου. Οι ειδικοί το χαιρετίζουν."
HEBREW = "מועצת העיר אישרה ביום רביעי תוכנית גינון חדשה. המומחים סבורים שזהו איתות חיובי."
GERMAN = "Der Stadtrat hat am Mittwoch beschlossen, größere Grünflächen für Künstler und Gärtner anzulegen."


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        (RUSSIAN, "koi8-r"),
        (RUSSIAN, "windows-1251"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc-jp"),
        (JAPANESE, "iso-2022-jp"),
        (CHINESE, "gb18030"),
        (CHINESE, "hz"),
        (KOREAN, "euc-kr"),
        (KOREAN, "iso-2022-kr"),
        (GREEK, "iso-8859-7"),
        (HEBREW, "windows-1255"),
        (GERMAN, "iso-8859-1"),
        (GERMAN, "utf-8"),
        (GERMAN, "utf-16"),
    ],
)
@pytest.mark.parametrize("label", ["own", None, "us-ascii", "utf-8", "iso-8859-1", "no-such-charset"])
def test_text_is_read_whatever_the_label_says(text: str, charset: str, label: str | None) -> None:
    assert decode(text.encode(charset), charset if label == "own" else label)[0] == text


def test_a_western_label_decides_among_western_charsets() -> None:
    assert decode("“naïve” – résumé €".encode("cp1252"), "iso-8859-1") == ("“naïve” – résumé €", None)


def test_wide_and_seven_bit_charsets_pass_for_utf_8_and_are_asked_first() -> None:
    assert decode("plain".encode("utf-16-le"), "utf-16le")[0] == "plain"
    assert decode(b"Hi Mom -+Jjo--!", "utf-7")[0] == "Hi Mom -\u263a-!"
    assert decode(b"1 +AD0- 2, a ~{ b", "us-ascii")[0] == "1 +AD0- 2, a ~{ b"


def test_damage_is_told_and_the_rest_is_kept() -> None:
    text, damage = decode(b"good \xff\xfe\x81\x00 good", "utf-8")
    assert text.startswith("good ")
    assert text.endswith(" good")
    assert damage is not None


@pytest.mark.parametrize(
    "label", ["utf-8\0", "rot13", "base64", "hex", "undefined", "idna", "unicode_escape", "x" * 500]
)
def test_what_is_no_charset_is_none(label: str) -> None:
    assert codec(label) is None
    assert decode("Größe".encode(), label)[0] == "Größe"


@pytest.mark.parametrize(
    ("data", "label", "text"),
    [
        # a mark wins over the label
        (codecs.BOM_UTF8 + "Größe".encode(), "iso-8859-1", "Größe"),
        (codecs.BOM_UTF16_LE + "Größe".encode("utf-16-le"), "utf-8", "Größe"),
        (codecs.BOM_UTF16_BE + "Größe".encode("utf-16-be"), "windows-1252", "Größe"),
        ("Größe".encode("utf-16-be"), "utf-16be", "Größe"),
        ("Größe".encode("utf-16-le"), "UTF-16LE", "Größe"),
        ("Größe".encode("utf-32-le"), "utf-32le", "Größe"),
        # seven bits: RFC 1468, 1557, 1922, 1843, 2152
        (JAPANESE.encode("iso-2022-jp"), "ISO-2022-JP", JAPANESE),
        ("①髙".encode("iso2022_jp_ext", "ignore") + b"x", "iso-2022-jp", "x"),
        (KOREAN.encode("iso-2022-kr"), "iso-2022-kr", KOREAN),
        (b"\x1b$)A\x0eVPND\x0f, a\n\x1b$)A\x0eND\x0f", "iso-2022-cn", "中文, a\n文"),
        (b"\x1b$)A\x0eVPND\x0f", None, "中文"),
        (b"~{VPND~} and ~~", "hz-gb-2312", "中文 and ~"),
        (b"Gr+APwA3w-e", "utf-7", "Grüße"),
        (b"Gr+APwA3w-e", "unicode-1-1-utf-7", "Grüße"),
        # labels that say too little
        ("中文丂䶮".encode("gb18030"), "gb2312", "中文丂䶮"),
        ("嘅咗".encode("big5hkscs"), "big5", "嘅咗"),
        ("①髙".encode("cp932"), "shift_jis", "①髙"),
        ("똠방".encode("cp949"), "euc-kr", "똠방"),
        ("똠방".encode("cp949"), "ks_c_5601-1987", "똠방"),
        ("“–€”".encode("cp1252"), "iso-8859-1", "“–€”"),
        ("ığş".encode("cp1254"), "iso-8859-9", "ığş"),
        # labels that lie, or say nothing
        ("Größe".encode(), "iso-8859-1", "Größe"),
        ("Größe".encode("latin-1"), "utf-8", "Größe"),
        ("ÄÖ".encode("latin-1"), "utf-8", "ÄÖ"),
        ("ä".encode("latin-1"), None, "ä"),
        (RUSSIAN.encode("koi8-r"), None, RUSSIAN),
        (RUSSIAN.encode("koi8-r"), "x-unknown", RUSSIAN),
        ("Größe".encode(), "x-unknown", "Größe"),
        ("Größe".encode(), "8bit", "Größe"),
        ("Größe".encode("latin-1"), "unknown-8bit", "Größe"),
        ("Größe".encode(), "utf-8\0", "Größe"),
        # labels in disguise
        ("Größe".encode("latin-1"), "'ISO-8859-1'", "Größe"),
        ("Größe".encode("latin-1"), "iso-8859-1 (Western)", "Größe"),
        ("Größe".encode("cp850"), "cp-850", "Größe"),
        ("Жук".encode("koi8-r"), " KOI8-R;", "Жук"),
    ],
)
def test_text_under_a_label(data: bytes, label: str | None, text: str) -> None:
    assert decode(data, label)[0] == text


def test_a_cut_character_does_not_spoil_the_others() -> None:
    cut = "Größe – größer".encode()[:-3]
    text, damage = decode(cut, "utf-8")
    assert text == "Größe – grö\ufffd"
    assert damage is not None


@given(st.text(max_size=60))
def test_text_that_was_never_mangled_is_left_alone_or_made_shorter(text: str) -> None:
    assert unmangled(text) == text or len(unmangled(text)) < len(text)


@given(st.text(st.characters(max_codepoint=0x24F, exclude_categories=["Cc", "Cs"]), max_size=60))
def test_what_was_read_as_latin_1_is_put_right(text: str) -> None:
    mangled = text.encode().decode("latin-1")
    assert unmangled(mangled) in {text, mangled}
    if sum(not character.isascii() for character in text) > 1:
        assert unmangled(mangled) == text


@given(st.binary(max_size=300), st.none() | st.text(max_size=20) | st.sampled_from(["utf-7", "utf-16", "gb2312", "hz"]))
def test_decoding_never_raises_and_gives_text(data: bytes, label: str | None) -> None:
    text, _ = decode(data, label)
    text.encode("utf-8")
