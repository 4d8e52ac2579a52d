"""Octets → text, whatever the label says.

The order is what was measured to be right most often: byte order mark, ISO-2022 and HZ escapes, strict UTF-8, the
declared charset, a guess by the octets. Labels lie more often than UTF-8 looks like UTF-8 by chance (RFC 3629 §1).
"""

from __future__ import annotations

import codecs
import re

import cchardet

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_SEVEN_BIT = re.compile(rb"\x1b\$[()]?[@-Z]|~\{(?:[!-w][!-~])+~\}")
"""A designation of ISO-2022 (RFC 1468, 1554, 1557, 1922), or a run of HZ (RFC 1843)."""
_CHINESE = b"\x1b$)A"
_ISO2022_CN = "iso2022_cn"
_SHIFTED = bytes(octet | 0x80 if octet > 0x20 else octet for octet in range(256))
_NOT_TEXT = re.compile(r"idna|punycode|unicode[_-]?escape|raw[_-]unicode|undefined|mbcs|oem", re.IGNORECASE)
"""Codecs of Python that are no charsets of mail, though they decode octets to text."""
_STATEFUL = re.compile(r"iso-?2022|^hz|utf-?7", re.IGNORECASE)
_WIDE = re.compile(r"utf-?(?:16|32)|ucs-?[24]", re.IGNORECASE)
_WIDER = {
    # QUIRK: what is sent under the left name is the right one: https://encoding.spec.whatwg.org/#names-and-labels
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
    "iso2022_jp": "iso2022_jp_ext",
}
_ALIASES = {
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "windows-874": "cp874",
    "ks_c_5601-1987": "cp949",
    "macintosh": "mac-roman",
    "x-mac-cyrillic": "mac-cyrillic",
    "x-gbk": "gb18030",
    "x-big5": "big5hkscs",
    "cp-850": "cp850",
    "unicode-1-1-utf-7": "utf-7",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
}
_WESTERN = {"cp1252", "iso8859-15", "mac-roman"}
"""Charsets in which nearly any octets are text, and which are many mailers' label for whatever they send."""
_OTHER_SCRIPT = re.compile(r"gb|big5|euc|jp|jis|johab|cp9|koi8|cp125[13567]|iso8859-[5678]|mac-cyrillic|cp8[67]")
_HIGH = re.compile(rb"[\x80-\xff]+")
_PAIRED = 0.4
"""Above this share of octets beyond ASCII that stand beside another, the text is not in a Latin alphabet."""
_ENOUGH = 6
"""Octets beyond ASCII from which another script is believed; of fewer, a guess is a throw of dice."""
_GUESSED_OCTETS = 1 << 18
_LONE = re.compile("[\ud800-\udfff]")
_BEYOND = re.compile("[^\\x00-\\x7f]")
_OCTETS = {bytes([octet]).decode("cp1252", "ignore") or chr(octet): octet for octet in range(256)}
_OCTETS |= {chr(octet): octet for octet in range(0x80, 0xA0)}
"""What a character was as an octet, where octets were read as Windows-1252 or ISO 8859-1."""
_SEQUENCE = re.compile(rb"[\xc2-\xf4][\x80-\xbf]+")
_SURE = re.compile(rb"\xe2[\x80-\x84][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}")
"""Quotes, dashes and signs, or an emoji: as Windows-1252 they are strings that nobody writes."""


def codec(label: str | None) -> str | None:
    """The Python codec for a declared charset, None where there is none that decodes text. Never raises.

    None for US-ASCII too: octets that are not UTF-8 either make it a wrong label, and say nothing about the right one.
    """
    name = (label or "").partition("(")[0].strip(" \t\r\n\"';,").lower()
    if not name or len(name) > 60 or _NOT_TEXT.search(name):
        return None
    try:
        info = codecs.lookup(_ALIASES.get(name, name))
    except (LookupError, ValueError, UnicodeError):  # ValueError: a NUL in the name
        return None
    if not info._is_text_encoding or info.name == "ascii":  # noqa: SLF001 - only so rot13 is told from a charset
        return None
    return _WIDER.get(info.name, info.name)


def decode(data: bytes, label: str | None = None) -> tuple[str, str | None]:
    """The text of `data`, and what had to be given up (None where every octet was understood). Never raises.

    `label` is the charset of the MIME header; a `<meta charset>` is not looked at (RFC 2854 §6: the header wins).
    """
    if data.isascii() and not _may_shift(data) and "7" not in (label or ""):
        return data.decode("ascii"), None
    for mark, name in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(name, "replace"), None
    declared = codec(label)
    early = _before_utf8(data, declared)
    for charset in (early, "utf-8", None if declared in _WESTERN else declared):
        text = _strictly(data, charset)
        if text is not None:
            return text, None
    return _guessed(data, declared, label)


def unmangled(text: str) -> str:
    """The text as it was before its UTF-8 was read as Windows-1252 or ISO 8859-1, where that is certain; else as it is.

    Certain is what gives valid UTF-8 as a whole, in two characters or more, or in one that is punctuation or an emoji
    (`donâ€™t`). A single pair proves nothing: in "AMANHÃ…" it is a word and an ellipsis. One time only.
    """
    try:
        octets = bytes([_OCTETS[character] for character in text])
        found = octets.decode("utf-8")
    except (KeyError, UnicodeError):
        return text
    return found if len(_SEQUENCE.findall(octets)) > 1 or _SURE.search(octets) else text


def _may_shift(data: bytes) -> bool:
    """Without these (and the `+` of UTF-7) octets of seven bits are ASCII under every label."""
    return b"\x1b" in data or b"\0" in data or (b"~" in data and b"~{" in data)  # one octet is found faster than two


def _before_utf8(data: bytes, declared: str | None) -> str | None:
    """A charset whose octets also pass for UTF-8, and which therefore has to be asked first."""
    if declared and _STATEFUL.search(declared) and data.isascii():
        return declared
    if declared and _WIDE.search(declared) and b"\0" in data:
        return declared
    if not data.isascii() or (b"\x1b$" not in data and b"~{" not in data):
        return None
    found = _SEVEN_BIT.search(data)
    if found is None:
        return None
    if found.group().startswith(b"~"):
        return "hz"
    if _CHINESE in data:
        return _ISO2022_CN
    return "iso2022_kr" if b"\x1b$)C" in data else "iso2022_jp_ext"


def _strictly(data: bytes, name: str | None) -> str | None:
    """`data` in that charset if all of it is; a lone surrogate (UTF-7 can make one) is none of any charset."""
    if name is None:
        return None
    try:
        text = _iso2022_cn(data) if name == _ISO2022_CN else data.decode(name)
    except (UnicodeError, LookupError):
        return None
    return None if name != "utf-8" and _LONE.search(text) else text


def _iso2022_cn(data: bytes) -> str:
    """ISO-2022-CN (RFC 1922), of which Python knows nothing: GB 2312 between SO and SI. Of CNS 11643 it has no table,
    so that text in it raises `UnicodeError`.
    """
    pieces = data.replace(_CHINESE, b"").split(b"\x0e")
    out = [pieces[0].decode("ascii")]
    for piece in pieces[1:]:
        shifted, _, plain = piece.partition(b"\x0f")
        out += shifted.translate(_SHIFTED).decode("gb2312"), plain.decode("ascii")
    if any("\x1b" in text for text in out):
        raise UnicodeError("a designation that is not GB 2312")
    return "".join(out)


def _guessed(data: bytes, declared: str | None, label: str | None) -> tuple[str, str | None]:
    """The text by cchardet's guess, else by the label with U+FFFD for what it does not know.

    Against a Western label only another script is believed: among Latin charsets the label knows better. Too few
    octets prove no other script.
    """
    if _mostly_utf8(data):  # cut or spoiled somewhere: cchardet would take all of it for something else
        return data.decode("utf-8", "replace"), "not all octets are utf-8"
    sample = data[:_GUESSED_OCTETS]
    guess = codec(cchardet.detect(sample)["encoding"])
    other = bool(guess and _OTHER_SCRIPT.match(guess))
    if guess == "utf-8" or (other and len(b"".join(_HIGH.findall(sample))) < _ENOUGH):
        guess, other = None, False
    if declared in _WESTERN and not (other and _in_runs(sample)):
        guess = declared
    text = _strictly(data, guess)
    if text is not None:
        return text, f"labelled {label!r}, read as {guess}" if label and guess != declared else None
    name = next((known for known in (declared, guess) if known and known != "utf-8"), "cp1252")
    return _LONE.sub("\ufffd", data.decode(name, "replace")), f"not all octets are {name}"


def _mostly_utf8(data: bytes) -> bool:
    """Whether twice as many characters beyond ASCII are UTF-8 as are broken."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    return sum(1 for _ in _BEYOND.finditer(text)) > 2 * broken


def _in_runs(data: bytes) -> bool:
    """Whether most octets beyond ASCII stand side by side, as in every script but Latin."""
    runs = _HIGH.findall(data)
    total = sum(map(len, runs))
    return sum(len(run) for run in runs if len(run) > 1) > _PAIRED * total
