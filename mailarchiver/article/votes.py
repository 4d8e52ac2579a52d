"""How many engines take each block of a page for a part of its article."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from .page_blocks import Block, words_of

NEAR = 4
"""Elements around a block of which the names are looked at."""
_SHINGLE = 4
"""Words in a row by which a block is found in what an engine returns."""
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

    def is_called(self, names: re.Pattern[str], levels: int = NEAR) -> bool:
        """Whether one of the elements around it, so many, has such a class or id."""
        return any(names.search(name) for name in self.block.names(levels))


def places_of(blocks: Sequence[Block], texts: Collection[str]) -> list[Place]:
    """The blocks with their votes: how many of the texts, each what an engine takes for the article's, hold each."""
    return [Place(block, votes) for block, votes in zip(blocks, _votes(blocks, texts), strict=True)]


def _votes(blocks: Sequence[Block], texts: Collection[str]) -> Iterator[int]:
    indexes = [_Index.of(text) for text in texts]
    for block in blocks:
        if len(block.words) < _SHINGLE:
            yield sum(block.words in index.lines for index in indexes) if block.words else 0
        else:
            shingles = [*_shingles(block.words)]
            yield sum(sum(map(index.shingles.__contains__, shingles)) >= _FOUND * len(shingles) for index in indexes)


@dataclass(frozen=True, slots=True)
class _Index:
    """A text by its shingles, and by its lines."""

    shingles: frozenset[tuple[str, ...]]
    lines: frozenset[tuple[str, ...]]

    @classmethod
    def of(cls, text: str) -> _Index:
        lines = [tuple(words_of(line)) for line in text.split("\n")]
        words = [word for line in lines for word in line]
        return cls(frozenset(_shingles(words)), frozenset(lines))


def _shingles(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return zip(*(words[start:] for start in range(_SHINGLE)), strict=False)
