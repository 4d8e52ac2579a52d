"""Where in a text stands what was asked for: the marks to set, and the few lines around them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..text.search_words import bare, placed
from ..text.whitespace import collapse
from .query import Term

WIDTH = 240
"""Characters of a snippet, at most; about three lines of a terminal."""
LEAD = 60
"""Characters before the first mark."""
LOOKED_AT = 100_000
"""Characters of a text in which marks are looked for."""


@dataclass(frozen=True, slots=True)
class Marked:
    """A text, and the places in it that were asked for: (from, to) in characters, in order, apart from each other."""

    text: str
    marks: tuple[tuple[int, int], ...] = ()


def marked(text: str, terms: Sequence[Term]) -> Marked:
    """The text with all places marked that the terms ask for."""
    return Marked(text, _places(text, terms))


def snippet(text: str, terms: Sequence[Term]) -> Marked:
    """The lines of a text that say the most of what is asked for; its beginning where it says nothing of it."""
    plain = collapse(text[:LOOKED_AT]).strip()
    marks = _places(plain, terms)
    start = _best(marks)
    begin = 0 if start <= LEAD else _at_word(plain, start - LEAD)
    end = len(plain) if len(plain) <= begin + WIDTH else _at_word(plain, begin + WIDTH, back=True)
    before, after = "… " if begin else "", " …" if end < len(plain) else ""
    shift = len(before) - begin
    inside = tuple((first + shift, last + shift) for first, last in marks if begin <= first and last <= end)
    return Marked(before + plain[begin:end].rstrip() + after, inside)


def _places(text: str, terms: Sequence[Term]) -> tuple[tuple[int, int], ...]:
    """Where the terms stand, in order, none within another."""
    found = list(placed(text))
    sought = [(words, term.is_prefix) for term in terms if not term.is_excluded for words in term.spellings]
    places = [
        (found[at][1], found[at + len(words) - 1][2])
        for at in range(len(found))
        for words, is_prefix in sought
        if _stands(found, at, words, is_prefix=is_prefix)
    ]
    apart: list[tuple[int, int]] = []
    for start, end in sorted(set(places)):
        if apart and start < apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
        else:
            apart.append((start, end))
    return tuple(apart)


def _stands(found: Sequence[tuple[str, int, int]], at: int, words: Sequence[str], *, is_prefix: bool) -> bool:
    """Whether these words stand in a row from here on."""
    if at + len(words) > len(found):
        return False
    here = [word for word, _, _ in found[at : at + len(words)]]
    return any(_answers(read, words, is_prefix=is_prefix) for read in (here, [bare(word) for word in here]))


def _answers(read: Sequence[str], words: Sequence[str], *, is_prefix: bool) -> bool:
    """Whether as many words are those that are asked for."""
    is_last = read[-1] == words[-1] or (is_prefix and read[-1].startswith(words[-1]))
    return is_last and all(map(str.__eq__, read[:-1], words[:-1]))


def _best(marks: Sequence[tuple[int, int]]) -> int:
    """Where the snippet's first mark is: as many as possible come within its width, the earliest of such places."""
    most, best = 0, 0
    last = 0
    for first, (start, _) in enumerate(marks):
        last = max(last, first)
        while last < len(marks) and marks[last][1] <= start + WIDTH - LEAD:
            last += 1
        if last - first > most:
            most, best = last - first, start
    return best


def _at_word(text: str, at: int, *, back: bool = False) -> int:
    """The border between words next to a place, if there is one within 20 characters."""
    if back:
        found = text.rfind(" ", at - 20, at + 1)
        return found if found >= 0 else at
    found = text.find(" ", at, at + 20)
    return found + 1 if found >= 0 else at
