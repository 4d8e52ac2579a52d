"""What the items of a list begin with, in plain text; and which lines only look like items."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

from .wrapping import width

INDENTED = 2
"""Columns; one alone is a slip."""

_ITEM = re.compile(
    r"([ \t]*)(?:([-*‣•◦▪▫●○■□·∙➢➤►▸✓✔])|(0|[1-9][0-9]{0,2})([.)])|(\([a-z0-9]\)|[a-z]\))"
    r"|([o§])(?= [ \t]|\t))[ \t]+(?=\S)"  # o and § are what is left of Word's bullets
)
_WEAK = frozenset("-*")
"""Bullets that also begin a footnote, a line of dialogue or a signature: one alone makes no list."""
_FULL = 60
"""Columns: a line as long as that may go on in one that begins like an item."""


class Mark(NamedTuple):
    """What an item of a list begins with. `number` is None for a bullet; `kept` is what the list does not show."""

    indent: int
    kind: str
    number: int | None
    kept: str
    length: int


def indent_of(line: str) -> int:
    """Columns of white space before the text."""
    if line[:1] not in " \t\u3000":
        return 0
    bare = line.lstrip(" \t\u3000")
    return width(line[: len(line) - len(bare)])


def marks_of(lines: Sequence[str], rules: Collection[int], fixed: bytearray) -> dict[int, Mark]:
    """The lines that begin an item: with a true bullet, or of a kind that stands there again, with the next number, or
    below it and further in.
    """
    found: dict[int, Mark] = {}
    above: tuple[int, Mark] | None = None
    last: dict[tuple[int, str], tuple[int, Mark]] = {}
    empty, listed = True, False
    for index, line in enumerate(lines):
        if not line:
            empty, listed = True, False
            continue
        mark = None if fixed[index] or index in rules else _mark_of(line)
        if mark is not None and (empty or listed or not _may_go_on(lines[index - 1], mark)):
            before = last.get((mark.indent, mark.kind))
            if mark.number is None and mark.kind not in _WEAK:
                found[index] = mark
            elif before is not None and (mark.number is None or mark.number - 1 == before[1].number):
                found[before[0]], found[index] = before[1], mark
            elif mark.number is None and listed and above and mark.indent >= above[1].indent + INDENTED:
                found[index] = mark
                if above[1].number is None:
                    found[above[0]] = above[1]
            above = (index, mark)
            last[mark.indent, mark.kind] = (index, mark)
            listed = True
        elif last and not fixed[index] and not listed and indent_of(line) < INDENTED:
            last.clear()
        empty = False
    return found


def _mark_of(line: str) -> Mark | None:
    match = _ITEM.match(line)
    if match is None:
        return None
    indent, length = width(match[1]) if match[1] else 0, match.end()
    if match[3]:
        return Mark(indent, match[4], int(match[3]), "", length)
    if match[5]:
        name = match[5].strip("()")
        kind = match[5].replace(name, "1" if name.isdigit() else "a")
        return Mark(indent, kind, int(name) if name.isdigit() else ord(name), match[5], length)
    return Mark(indent, match[2] or match[6], None, "", length)


def _may_go_on(line: str, mark: Mark) -> bool:
    """Whether the sentence of a full line may go on in a line that looks like an item, for its first word is a dash."""
    return len(line) >= _FULL and line[-1] not in ":;.!?" and mark.indent < indent_of(line) + INDENTED
