"""Octets → text, under every label."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailarchiver.message.charset import codec, decode

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


@given(st.binary(max_size=300), st.none() | st.text(max_size=20) | st.sampled_from(["utf-7", "utf-16", "gb2312", "hz"]))
def test_decoding_never_raises_and_gives_text(data: bytes, label: str | None) -> None:
    text, _ = decode(data, label)
    text.encode("utf-8")
