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
_GUESSED_OCTETS = 1 << 18
_LONE = re.compile("[\ud800-\udfff]")


def codec(label: str | None) -> str | None:
    """The Python codec for a declared charset, None where there is none that decodes text. Never raises.

    None for US-ASCII too: octets that are not UTF-8 either make it a wrong label, and say nothing about the right one.
    """
    name = (label or "").strip(" \t\r\n\"'").lower()
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


def _may_shift(data: bytes) -> bool:
    """Without these (and the `+` of UTF-7) octets of seven bits are ASCII under every label."""
    return b"\x1b" in data or b"~{" in data or b"\0" in data


def _before_utf8(data: bytes, declared: str | None) -> str | None:
    """A charset whose octets also pass for UTF-8, and which therefore has to be asked first."""
    if declared and _STATEFUL.search(declared) and data.isascii():
        return declared
    if declared and _WIDE.search(declared) and b"\0" in data:
        return declared
    if (b"\x1b$" not in data and b"~{" not in data) or not data.isascii():
        return None
    found = _SEVEN_BIT.search(data)
    if found is None:
        return None
    if found.group().startswith(b"~"):
        return "hz"
    return "iso2022_kr" if b"\x1b$)C" in data else "iso2022_jp_ext"


def _strictly(data: bytes, name: str | None) -> str | None:
    """`data` in that charset if all of it is; a lone surrogate (UTF-7 can make one) is none of any charset."""
    if name is None:
        return None
    try:
        text = data.decode(name)
    except (UnicodeError, LookupError):
        return None
    return None if name != "utf-8" and _LONE.search(text) else text


def _guessed(data: bytes, declared: str | None, label: str | None) -> tuple[str, str | None]:
    """The text by cchardet's guess, else by the label with U+FFFD for what it does not know.

    Against a Western label only another script is believed: among Latin charsets the label knows better.
    """
    guess = codec(cchardet.detect(data[:_GUESSED_OCTETS])["encoding"])
    if declared in _WESTERN and not (guess and _OTHER_SCRIPT.match(guess) and _in_runs(data[:_GUESSED_OCTETS])):
        guess = declared
    text = _strictly(data, guess)
    if text is not None:
        return text, f"labelled {label!r}, read as {guess}" if label and guess != declared else None
    name = declared or guess or "cp1252"
    return _LONE.sub("\ufffd", data.decode(name, "replace")), f"not all octets are {name}"


def _in_runs(data: bytes) -> bool:
    """Whether most octets beyond ASCII stand side by side, as in every script but Latin."""
    runs = _HIGH.findall(data)
    total = sum(map(len, runs))
    return sum(len(run) for run in runs if len(run) > 1) > _PAIRED * total
