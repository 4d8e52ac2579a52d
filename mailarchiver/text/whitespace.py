"""White space and words: text as a reader sees it, whatever wrapped it on the way.

Chinese and Japanese write no space between words, so a line break within a sentence means nothing there; Korean does
write spaces, so Hangul is treated like an alphabet.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import filterfalse

_HAN_KANA = (
    "\u3005-\u3007"  # 々〆〇
    "\u3021-\u3029"  # Suzhou numerals
    "\u3031-\u3035"  # kana repeat marks
    "\u3040-\u30ff"  # hiragana, katakana
    "\u3100-\u312f"  # bopomofo
    "\u31a0-\u31bf\u31f0-\u31ff"  # their extensions
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # Han
    "\uff66-\uff9f"  # half-width katakana
    "\U0001b000-\U0001b16f"  # kana supplements
    "\U00020000-\U0003fffd"  # Han, supplementary planes
)
_CJK_MARKS = "\u3001-\u3004\u3008-\u301f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
"""Ideographic and full-width punctuation: a line break beside it is as meaningless as one between two characters."""

_CJK = f"[{_HAN_KANA}{_CJK_MARKS}]"
_MEANINGLESS_BREAK = re.compile(rf"(?<={_CJK})[^\S\r\n]*[\r\n]\s*(?={_CJK})")
_BREAK_BEFORE_CJK = re.compile(rf"\n\s*{_CJK}")
"""Begins with a literal, which is found fast: spares most texts the expression above."""
_CJK_CHARACTER = re.compile(_CJK)
_RUN = re.compile(r"[^\S ]\s*| \s+")
_WORDS_BY_THEMSELVES = re.compile(f"[{_HAN_KANA}]+")
_NEVER_FIRST = bytes(octet for octet in range(256) if octet not in {*range(0xE3, 0xEA), 0xEF, 0xF0})
"""The octets with which no such character begins in UTF-8: a text of these has none, which is seen fast."""
_BARE_MARKS = re.compile(r"[^\w\s]+")
_TYPOGRAPHY = "–—‘’“”„…•"
"""The marks beyond Latin-1 that are in most texts."""
_LATIN_1 = [chr(octet) for octet in range(256)]
_MARKS = bytes(octet for octet in range(256) if _BARE_MARKS.fullmatch(_LATIN_1[octet]))
_SPACE_OR_WORD = bytes(ord(" " if character.isspace() else "w") for character in _LATIN_1)
_SENTENCE_END = re.compile(
    r"[.!?…‽؟۔।॥。！？｡](?:(?<![。！？｡])[\"'”’»)\]]*(?= )|(?<=[。！？｡])[」』”’）]*)"  # one class first is found fast
)
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_EXCERPT_SOURCE = 16
"""So many times the excerpt's limit is looked at: enough for any run of white space but a hostile one. Twice the limit
is for most texts.
"""


def collapse(text: str) -> str:
    """Every run of white space as one space, as HTML shows it; a line break between two CJK characters as nothing.

    U+00A0 and its kin (U+202F, U+3000 …) count as white space. Spaces at the ends are collapsed, not stripped: within
    a paragraph they part a word from the next element.
    """
    if is_even(text):
        return text
    if not text.isascii():
        text = unbroken(text)
    return _RUN.sub(" ", text)


def is_even(text: str) -> bool:
    """Whether all of its white space is single spaces; no for some texts of which it is true. Spares most texts the
    regular expressions, at a tenth of their time: all other white space counts as unprintable (`str.isprintable`).
    """
    return text.isprintable() and "  " not in text


def unbroken(text: str) -> str:
    """The text without the line breaks that stand between two CJK characters."""
    if "\r" not in text and not _BREAK_BEFORE_CJK.search(text):
        return text
    return _MEANINGLESS_BREAK.sub("", text)


def joins(last: str, following: str) -> bool:
    """Whether a line break between these two characters means nothing."""
    return _CJK_CHARACTER.match(last) is not None and _CJK_CHARACTER.match(following) is not None


def fold(text: str) -> str:
    """The text reduced to what makes two copies of it the same: NFKC, case-folded, without white space."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().replace(" ", "").split())  # few are left to split at


def folded(text: str, around: str) -> str:
    """The text as a table of words is searched: NFKC, case-folded, single spaces, straight apostrophes, without
    invisible characters, and without the characters `around` at its ends.
    """
    plain = text if text.isascii() else _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    return " ".join(plain.casefold().replace("i̇", "i").replace("’", "'").split()).strip(around)


def count_words(text: str) -> int:
    """How many words it has: runs between white space that hold more than marks, each Han or Kana character for itself.

    Does not segment Thai, Lao, Khmer or Burmese, which write no spaces either: a phrase counts as one there.
    """
    # Most texts are Latin-1 but for typography: there each octet is a mark, and left out, or white space, or of a word.
    latin = text
    for mark in "" if text.isascii() else _TYPOGRAPHY:
        latin = latin.replace(mark, "-")
    try:
        octets = latin.encode("latin-1")
    except UnicodeEncodeError:
        return _count_words_of_any_script(text)
    return (b" " + octets.translate(_SPACE_OR_WORD, _MARKS)).count(b" w")


def _count_words_of_any_script(text: str) -> int:
    rest, characters = text, 0
    if text.encode("utf-8", "replace").translate(None, _NEVER_FIRST):
        rest, runs = _WORDS_BY_THEMSELVES.subn(" ", text)
        characters = len(text) - len(rest) + runs
    words = rest.split()
    bare = len(list(filter(_BARE_MARKS.fullmatch, filterfalse(str.isalnum, words))))
    return characters + len(words) - bare


def excerpt(text: str, limit: int = 280) -> str | None:
    """The beginning, at most `limit` characters: whole sentences if they fill half of it, else cut at a word, with "…".

    None where there is no text.
    """
    text = text.lstrip()
    head = collapse(text[: limit * 2]).strip()
    if len(head) <= limit + 1:
        head = collapse(text[: limit * _EXCERPT_SOURCE]).strip()
    if len(head) <= limit:
        return head or None
    ends = [match.end() for match in _SENTENCE_END.finditer(head, 0, limit + 1) if match.end() <= limit]
    if ends and ends[-1] * 2 >= limit:
        return head[: ends[-1]]
    cut = head[:limit]
    border = cut.rfind(" ", limit // 2)
    return (cut[:border] if border > 0 else cut[: limit - 1]).rstrip(" ,;:–—-、，") + "…"
