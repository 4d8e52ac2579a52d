"""How many engines take each block of a page for a part of its article."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from .page_blocks import Block, words_of

NEAR = 4
"""Elements around a block of which the names are looked at."""
_SHINGLE = 4
"""Words in a row by which a block is found in what an engine returns."""
_SHORT = 120
"""Characters of a line that may have fewer words."""
_FOUND = 0.6
"""Share of a block's shingles that must be in it."""


@dataclass(frozen=True, slots=True)
class Place:
    """A block and how many engines take it for a part of the article."""

    block: Block
    votes: int

    @property
    def linked(self) -> float:
        """The share of its words that are in links."""
        return self.block.share_linked

    @property
    def ids(self) -> tuple[int, ...]:
        """The elements around it, by `mem_id`, nearest first."""
        return self.block.ids

    @property
    def tags(self) -> tuple[str, ...]:
        """Their tags."""
        return self.block.tags

    @property
    def called(self) -> tuple[str, str]:
        """What its holder is, and its names."""
        return self.tags[0], next(self.block.names(1), "")

    def is_called(self, names: re.Pattern[str], levels: int = NEAR) -> bool:
        """Whether one of the elements around it, so many, has such a class or id."""
        return any(names.search(name) for name in self.block.names(levels))


def places_of(blocks: Sequence[Block], texts: Collection[str]) -> list[Place]:
    """The blocks with their votes: how many of the texts, each what an engine takes for the article's, hold each."""
    return [Place(block, votes) for block, votes in zip(blocks, _votes(blocks, texts), strict=True)]


def _votes(blocks: Sequence[Block], texts: Collection[str]) -> Iterator[int]:
    indexes = [(_Index(text), count) for text, count in Counter(texts).items()]  # two engines often say the same
    for block in blocks:
        run = f" {' '.join(block.words)} "
        yield sum(count for index, count in indexes if index.holds(block.words, run)) if block.words else 0


class _Index:
    """A text by its words, in a run and each, by its short lines, and by its shingles once those are asked for."""

    __slots__ = ("_lines", "_run", "_shingles", "_vocabulary", "_words")

    def __init__(self, text: str) -> None:
        self._words = words_of(text)
        self._run = f" {' '.join(self._words)} "
        self._vocabulary = frozenset(self._words)
        self._lines = frozenset(tuple(words_of(line)) for line in text.split("\n") if len(line) <= _SHORT)
        self._shingles: frozenset[tuple[str, ...]] | None = None

    def holds(self, words: tuple[str, ...], run: str) -> bool:
        """Whether most of the shingles of a block are in it; a block that has none, as a line. `run` is its words."""
        if len(words) < _SHINGLE:
            return words in self._lines
        enough = _FOUND * (len(words) - _SHINGLE + 1)
        if sum(map(self._vocabulary.__contains__, words)) < enough:
            return False  # each of the shingles has another first word
        if run in self._run:
            return True
        if self._shingles is None:
            self._shingles = frozenset(_shingles(self._words))
        return sum(map(self._shingles.__contains__, _shingles(words))) >= enough


def _shingles(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return zip(*(words[start:] for start in range(_SHINGLE)), strict=False)
