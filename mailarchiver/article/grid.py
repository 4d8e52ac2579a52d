"""A table of an article as rows of cells, for Markdown and plain text; and which tables are none, but a layout."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_COLUMNS = 100
"""Cells that spans may add up to in a row; cells that are there are written all."""
_ALL_ROWS = 65_534
"""HTML §4.9.11: the most that a rowspan counts."""
_NO_CELL = frozenset({"table", "pre", "blockquote", "figure", "hr", "h1", "h2", "h3", "h4", "details"})
"""What does not stand in a cell of Markdown."""


@dataclass(slots=True)
class Grid:
    """A table being read; `rows` are complete when it is closed, `head` says whether the first is one of headings."""

    rows: list[list[str]] = field(default_factory=list)
    caption: str = ""
    head: bool = False
    _cell: list[str] | None = None
    _spans: tuple[int, int] = (1, 1)
    _below: dict[int, int] = field(default_factory=dict)  # column → the last row that a cell above reaches into
    _in_caption: bool = False
    _in_head: bool = False
    _headings: int = 0

    def open(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element of the table, or in one of its cells, begins."""
        if tag == "tr":
            self.rows.append([])
            self._headings = 0
        elif tag in {"td", "th"}:
            self._cell = []
            self._headings += tag == "th"
            across = min(_number(attributes, "colspan"), MOST_COLUMNS)
            self._spans = (across, min(_number(attributes, "rowspan"), _ALL_ROWS))
        elif tag == "caption":
            self._in_caption = True
        elif tag == "thead":
            self._in_head = True

    def close(self, tag: str) -> None:
        """It ends."""
        if tag in {"td", "th"} and self._cell is not None:
            self._place("".join(self._cell))
            self._cell = None
        elif tag == "tr" and self.rows:
            self._skip(self.rows[-1])
            self.head = self.head or (
                len(self.rows) == 1 and (self._in_head or self._headings == len([c for c in self.rows[0] if c]) > 0)
            )
        elif tag == "caption":
            self._in_caption = False

    def say(self, text: str, parted: str) -> None:
        """A paragraph in a cell or the caption."""
        if self._cell is not None:
            self._cell.append((parted if self._cell else "") + text)
        elif self._in_caption or not self.rows:
            self.caption = f"{self.caption} {text}".strip()

    def _place(self, text: str) -> None:
        if not self.rows:
            self.rows.append([])
        row = self.rows[-1]
        self._skip(row)
        across, down = self._spans
        for number in range(across if len(row) < MOST_COLUMNS else 1):
            if down > 1 and len(row) < MOST_COLUMNS:
                self._below[len(row)] = len(self.rows) + down - 2
            row.append("" if number else text)

    def _skip(self, row: list[str]) -> None:
        """The columns that a cell above reaches down into."""
        while self._below.get(len(row), -1) >= len(self.rows) - 1:
            row.append("")


def _number(attributes: Mapping[str, str], name: str) -> int:
    value = attributes.get(name, "")
    return max(1, int(value)) if value.isdecimal() else 1


def laying_out(token: re.Pattern[str], html: str) -> frozenset[int]:
    """Which tables only lay out, by their number in the HTML: they hold blocks, or have one column."""
    found: set[int] = set()
    tables: list[tuple[int, list[int]]] = []
    count = 0
    for match in token.finditer(html):
        closing, tag = match[1] == "/", match[2]
        if tag in _NO_CELL and tables and not closing:
            found.add(tables[-1][0])
        if tag == "table" and not closing:
            tables.append((count, [0, 0]))
            count += 1
        elif tag == "table" and tables:
            number, (_, widest) = tables.pop()
            if widest < 2:
                found.add(number)
        elif tables and not closing and tag in {"tr", "td", "th"}:
            columns = tables[-1][1]
            columns[0] = 0 if tag == "tr" else columns[0] + 1
            columns[1] = max(columns)
    return frozenset(found)
