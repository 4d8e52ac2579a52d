"""Which line breaks of a plain text its author made, and which the program that sent it.

A program breaks a line where the next word would not have fitted. So where many lines of a text are just that full,
their common width is the width it was wrapped at, and a line to which the next word could have been added is an
author's. Verses, addresses and tables of dates show no such width, or break before it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .whitespace import joins

_NARROWEST = 45
_WIDEST = 130
"""Columns: widths that text is wrapped at. Few programs wrap at other widths than 65 to 80."""
_NEAR = 12
"""Lines that are shorter than the width by more say nothing about it: most are ends of paragraphs."""
_MANY = 3
"""Lines that show a width beyond doubt, if their words agree."""
_LEAST_ALONE = 60
"""Columns: the least width that fewer lines are believed."""
_SHARE_FULL = 0.85
"""Of the lines near the width; of lines that were not wrapped, half are as full by chance."""
_NARROW = 60
_MANY_NARROW = 5
"""A paragraph narrower than that is verse as often as not: so many full lines it takes."""
_FILLED = 0.55
"""Share of the width that a wrapped line fills: a longer word than the rest would be an URL."""
_SLACK = 3
_WORD = 40
"""Characters of the next word that are looked at."""

SOFT_HYPHEN = "\u00ad"
"""At the end of a line it says that the word goes on in the next."""

_WIDE = re.compile(
    "[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6"
    "\U0001f300-\U0001f64f\U0001f900-\U0001f9ff\U00020000-\U0003fffd]"
)
_NO_WIDTH = re.compile(
    "[\u00ad\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0902\u093c\u0941-\u0948"
    "\u094d\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]"
)
_SPACELESS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
"""Thai, Lao, Burmese, Khmer: like Chinese, they write no space between words."""
_SENTENCE_END = frozenset(".!?…:;。！？؟۔।")
_BREAKABLE = re.compile(r"[ \t]")
_URL_ALONE = re.compile(r"[<(]?https?://\S*", re.IGNORECASE)
_LABEL = re.compile(r"[*_]{0,2}[^\W\d_][\w-]{1,20}(?: [\w-]{1,20}){0,3}:(?:[*_\s]|$)")
"""`Date: …`, as header fields and tables of facts have it."""
_COMMENT = frozenset(";#%|:/!*")
"""Lines that all begin so are comments of some code, or a frame."""
_BEGINS_LINE = re.compile(r"[–—] |\[\d{1,3}\] |--(?:\s|$)")
"""Dialogue, footnotes, the delimiter of a signature: never the continuation of a line."""


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a line that another follows: a text wrapped at a width of `least` columns or more, but less than
    `fits`, would break here. `lower`: 1 where what follows goes on like a sentence, -1 where it begins with a capital
    without a sentence having ended, as verses do, 0 where neither. `slack`: columns by which the line may be too short
    to be full, because it plainly goes on: people who wrap by hand do so a little early.
    """

    least: int
    fits: int
    lower: int
    slack: int = 0

    def is_full(self, columns: int) -> bool:
        """Whether a program that wraps at so many columns could have broken the line here."""
        return self.least <= columns < self.fits + self.slack


def width(text: str) -> int:
    """Columns of a text on a terminal: East Asian characters take two, combining ones none."""
    if "\t" in text:
        text = text.expandtabs()
    if text.isascii():
        return len(text)
    return len(text) + len(_WIDE.findall(text)) - len(_NO_WIDTH.findall(text))


def is_label(line: str) -> bool:
    """Whether a line begins like a field of a header or of a table of facts: `Date: …`."""
    return _LABEL.match(line) is not None


def ending(line: str, following: str) -> Ending | None:
    """What the end of a line tells about the width it was wrapped at; None where it is certainly an author's, or
    says nothing, because the line is short.
    """
    if len(line) < _NARROWEST // 2:
        return None
    columns = width(line)
    following = following.lstrip()
    if columns < _NARROWEST - _NEAR or line.endswith(SOFT_HYPHEN) or _BEGINS_LINE.match(following):
        return None
    if _URL_ALONE.fullmatch(line.strip()) or _URL_ALONE.fullmatch(following):
        return None
    bare = line.lstrip()
    if (is_label(following) and is_label(bare)) or (bare[0] == following[0] and bare[0] in _COMMENT):
        return None
    if joins(line[-1], following[0]):
        return Ending(columns - 2, columns + 4, 1)  # some marks may not begin or end a line: two columns to and fro
    word = _BREAKABLE.split(following[:_WORD], maxsplit=1)[0]
    lower = _goes_on(line, word)
    plain = lower > 0 and line[-1].isalnum() and word[0].islower()
    return Ending(columns, columns + 1 + width(word), lower, _SLACK if plain else 0)


def _goes_on(line: str, word: str) -> int:
    first = next((character for character in word if character.isalnum()), "")
    if first.islower() or unicodedata.category(first or " ") == "Lo":
        return 1
    if first.isupper() and line.rstrip("\"'”’»)")[-1:] not in _SENTENCE_END:
        return -1
    return 0


def wrap_width(endings: Iterable[Ending | None], *, alone: bool = True) -> int | None:
    """The width that lines were wrapped at, None where they show none.

    `alone`: whether this is all the text there is, so that few lines must do.
    """
    told = [end for end in endings if end is not None]
    columns = _most_agreed(told)
    if columns is None:
        return None
    near = [end for end in told if end.least > columns - _NEAR]
    full = [end for end in near if end.is_full(columns)]
    lower, upper = sum(end.lower > 0 for end in full), sum(end.lower < 0 for end in full)
    if len(full) < _SHARE_FULL * len(near) or 2 * lower < upper or not lower:
        return None
    if len(full) < _MANY and not (alone and lower >= upper and columns >= (_LEAST_ALONE if len(full) < 2 else 50)):
        return None
    if not alone and columns < _NARROW and (len(full) < _MANY_NARROW or upper >= lower):
        return None
    return columns


def _most_agreed(endings: Sequence[Ending]) -> int | None:
    """The width that most lines could have been wrapped at; of several, the least."""
    changes = [0] * (_WIDEST + 2)
    for end in endings:
        low, high = max(end.least, _NARROWEST), min(end.fits, _WIDEST + 1)
        if low < high:
            changes[low] += 1
            changes[high] -= 1
    best = count = 0
    found = None
    for columns, change in enumerate(changes):
        count += change
        if count > best:
            best, found = count, columns
    return found


def is_wrapped(end: Ending | None, columns: int | None) -> bool:
    """Whether a line that ends so was broken by a program that wraps at so many columns."""
    if end is None or columns is None:
        return False
    return end.is_full(columns) and end.least >= _FILLED * columns


def between(line: str, following: str) -> str:
    """What stands between two lines that are one: a space, for a hard hyphen may be meant, but none at a soft one."""
    last, first = line[-1:], following.lstrip()[:1]
    if last == SOFT_HYPHEN or joins(last, first) or (_SPACELESS.match(last) and _SPACELESS.match(first)):
        return ""
    return " "
