"""Plain text of one author → what it is made of: paragraphs, lists, headings, rules, preformatted stretches."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from .headings import Candidates, candidates
from .headings import Heading as Title
from .item_marks import INDENTED, Mark, indent_of, marks_of
from .preformatted import fenced, has_columns, is_code, preformatted, unfenced
from .wrapping import Ending, ending, is_wrapped, width, wrap_width

_RULE = re.compile(r"[ \t]*(?:([-=_*~#+—–─━═])(?:[ \t]*\1){2,}|(?:(?:-=|=-|-\*|\*-|\*~|~\*|~-|-~){2,}[-=*~]?))[ \t]*")
_UNDERLINE = re.compile(r"[ \t]*(={3,}|-{3,})")
_UNDERLINE_SLACK = 2
"""Columns by which the line under a heading may be shorter or longer."""
_LONGEST_HEADING = 100
_SHORTEST = 20
"""Characters of a line that may have been wrapped."""
_LONG_ENOUGH = 60
"""Columns of a line that begins a paragraph of print."""
_WIDE_SPACE = "\u3000"


class Paragraph(NamedTuple):
    """Lines that belong together, and the width they were wrapped at, None where they were not."""

    lines: tuple[str, ...]
    endings: tuple[Ending | None, ...]
    columns: int | None


@dataclass(frozen=True, slots=True)
class Preformatted:
    """Lines as they are."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across the page."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A line that is underlined, or told otherwise to be a heading; `level` is that of HTML."""

    text: str
    level: int = 2


class Item(NamedTuple):
    """An item of a list: its mark, and what it says."""

    mark: Mark
    paragraphs: tuple[Paragraph, ...]


@dataclass(frozen=True, slots=True)
class ItemList:
    """Items in the order they stand; which is in which, their indents say."""

    items: tuple[Item, ...]


Block = Paragraph | Preformatted | Rule | Heading | ItemList


@dataclass(slots=True)
class Stretch:
    """Consecutive lines of one author, without quote marks and white space at their ends, and what each of them is.
    `headings` are put in by whoever knows the whole text.
    """

    lines: list[str]
    fixed: bytearray = field(default_factory=bytearray)
    fences: dict[int, int] = field(default_factory=dict)
    rules: set[int] = field(default_factory=set)
    marks: dict[int, Mark] = field(default_factory=dict)
    headings: dict[int, Title] = field(default_factory=dict)
    endings: list[Ending | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.fixed = preformatted(self.lines)
        self.fences = dict(fenced(self.lines))
        rules = _rules(self.lines)
        self.rules = {index for index in rules if not self.fixed[index]}
        self.marks = marks_of(self.lines, self.rules, self.fixed)
        self.endings = [
            self._ending(index) if len(line) >= _SHORTEST else None for index, line in enumerate(self.lines)
        ]

    def candidates(self) -> Candidates:
        """The lines that may be headings; whether they are, the whole text must tell (`headings`)."""
        fixed = (index for index, is_fixed in enumerate(self.fixed) if is_fixed)
        return candidates(self.lines, {*self.rules, *self.marks, *fixed})

    def _ending(self, index: int) -> Ending | None:
        if index + 1 == len(self.lines) or not self.lines[index + 1]:
            return None
        if self.fixed[index] or self.fixed[index + 1] or index + 1 in self.marks:
            return None
        return (
            None if index in self.rules or index + 1 in self.rules else ending(self.lines[index], self.lines[index + 1])
        )


def blocks_of(stretch: Stretch, columns: int | None) -> Iterator[Block]:
    """What the lines are, in order; every line that holds text is in one block, but for fences.

    `columns` is the width that most of the text was wrapped at, None where it was not; a paragraph may have its own.
    A list ends where a line is neither an item nor indented nor the rest of a full line. When in doubt a text is a
    paragraph whose lines stay apart.
    """
    lines = stretch.lines
    index = 0
    while index < len(lines):
        if not lines[index]:
            index += 1
        elif index in stretch.fences:
            end = stretch.fences[index]
            yield Preformatted(unfenced(lines[index:end]))
            index = end
        elif stretch.fixed[index]:
            end = _end_of_fixed(stretch, index)
            yield Preformatted(tuple(lines[index:end]))
            index = end
        elif (title := _heading_at(stretch, index)) is not None:
            yield Heading(lines[title].strip())
            index = title + 2
        elif (found := stretch.headings.get(index)) is not None:
            yield Heading(found.text, found.level)
            index += 1
        elif index in stretch.rules:
            yield Rule()
            index += 1
        elif index in stretch.marks:
            items, index = _items(stretch, index, columns)
            yield ItemList(items)
        else:
            end = _end_of_text(stretch, index)
            yield from _texts(stretch, index, end, columns)
            index = end


def _rules(lines: Sequence[str]) -> Iterator[int]:
    return (i for i, line in enumerate(lines) if line and not line[-1].isalnum() and _RULE.fullmatch(line))


def _heading_at(stretch: Stretch, index: int) -> int | None:
    """The index of the title, where a heading begins: a line underlined to its length, perhaps with a line above, too.
    A line under the last words of a text is a signature's.
    """
    lines = stretch.lines
    title = index + 1 if index in stretch.rules else index
    if title + 2 >= len(lines) or title + 1 not in stretch.rules or title in stretch.rules or not lines[title]:
        return None
    if len(lines[title]) > _LONGEST_HEADING or title in stretch.marks or stretch.fixed[title]:
        return None
    under = _UNDERLINE.fullmatch(lines[title + 1])
    if under is None or abs(len(under[1]) - width(lines[title].strip())) > _UNDERLINE_SLACK:
        return None
    return title if title == index or lines[index].strip() == under[1] else None


def _end_of_fixed(stretch: Stretch, start: int) -> int:
    """Where a preformatted stretch ends: over empty lines it goes on in the next, and in indented lines below code."""
    lines = stretch.lines
    code = False
    end = index = start
    while index < len(lines):
        if not lines[index]:
            index += 1
        elif index in stretch.fences:
            break
        elif stretch.fixed[index]:
            code = code or lines[index].startswith(("  ", "\t"))
            index = end = index + 1
        elif code and index > end and (chunk := _indented_chunk(stretch, index)) > index:
            index = end = chunk
        else:
            break
    return end


def _indented_chunk(stretch: Stretch, start: int) -> int:
    """Where a chunk of nothing but indented lines ends that are neither items nor prose; its start, if it is none."""
    lines = stretch.lines
    index = start
    while index < len(lines) and lines[index]:
        if not lines[index].startswith(("  ", "\t")) or index in stretch.marks or stretch.endings[index] is not None:
            return start
        index += 1
    return index


def _end_of_text(stretch: Stretch, start: int) -> int:
    end = start + 1
    while end < len(stretch.lines) and stretch.lines[end]:
        if stretch.fixed[end] or end in stretch.rules or end in stretch.marks or end in stretch.headings:
            break
        end += 1
    return end


# --- paragraphs -------------------------------------------------------------------------------------------------------


def _paragraph(stretch: Stretch, start: int, end: int, columns: int | None, first: str | None = None) -> Paragraph:
    if end == start + 1:
        return Paragraph((stretch.lines[start] if first is None else first,), (), columns)
    lines = stretch.lines[start:end]
    if first is not None:
        lines[0] = first
    endings = tuple(stretch.endings[start : end - 1])
    return Paragraph(tuple(lines), endings, _own_columns(endings, columns))


def _own_columns(endings: Sequence[Ending | None], columns: int | None) -> int | None:
    """The width of a paragraph: the text's, unless its own lines say clearly that it is another."""
    if len(endings) < 3:
        return columns
    told = [end for end in endings if end is not None]
    own = wrap_width(told, alone=False) if len(told) > 2 else None
    if columns is None or own is None:
        return columns or own
    return columns if columns - 8 <= own <= columns else own


def _texts(stretch: Stretch, start: int, end: int, columns: int | None) -> Iterator[Block]:
    """Lines that are no list: one paragraph, or several that begin indented, or a layout that is to stay."""
    lines = stretch.lines[start:end]
    if not any(line[0] in " \t\u3000" for line in lines):
        yield _paragraph(stretch, start, end, columns)
        return
    indents = [indent_of(line) for line in lines]
    base = min(indents)
    further = [index for index, indent in enumerate(indents) if indent >= base + INDENTED]
    if len(lines) == 1 and indents[0] >= 2 * INDENTED and (is_code(lines[0]) or has_columns(lines[0])):
        yield Preformatted(tuple(lines))
    elif not further or _hangs(indents, further) or further == [0]:
        yield _paragraph(stretch, start, end, columns)
    elif _begin_paragraphs(lines, further):
        bounds = sorted({0, *further, len(lines)})
        for first, last in pairwise(bounds):
            yield _paragraph(stretch, start + first, start + last, columns)
    elif _is_prose(paragraph := _paragraph(stretch, start, end, columns), len(further)):
        yield paragraph
    else:
        yield Preformatted(tuple(lines))


def _hangs(indents: Sequence[int], further: Sequence[int]) -> bool:
    """Whether all lines but the first are indented alike."""
    return len(further) == len(indents) - 1 and further[0] == 1 and len(set(indents[1:])) == 1


def _begin_paragraphs(lines: Sequence[str], further: Sequence[int]) -> bool:
    """Whether each indented line begins a paragraph, as in print: the lines are long, and the next is not indented."""
    if all(lines[index].lstrip(" \t").startswith(_WIDE_SPACE) or lines[index][0] == _WIDE_SPACE for index in further):
        return True
    alone = all(second - first > 1 for first, second in pairwise(further))
    return alone and all(width(lines[index]) >= _LONG_ENOUGH for index in further)


def _is_prose(paragraph: Paragraph, further: int) -> bool:
    """Whether these are wrapped lines, of which a few are indented."""
    wrapped = sum(is_wrapped(end, paragraph.columns) for end in paragraph.endings)
    return wrapped * 10 >= len(paragraph.endings) * 7 or (wrapped > 0 and further * 3 <= len(paragraph.lines))


# --- lists ------------------------------------------------------------------------------------------------------------


def _items(stretch: Stretch, start: int, columns: int | None) -> tuple[tuple[Item, ...], int]:
    """The items from a line on, and where their list ends."""
    lines = stretch.lines
    items: list[Item] = []
    index = start
    while index in stretch.marks:
        mark = stretch.marks[index]
        paragraphs: list[Paragraph] = []
        first: str | None = lines[index][mark.length :]
        while True:
            end = _end_of_item_text(stretch, index, mark, columns)
            paragraphs.append(_paragraph(stretch, index, end, columns, first))
            index, first = end, None
            while index < len(lines) and not lines[index]:
                index += 1
            if index == end or not _is_inside(stretch, index, mark):
                break
        items.append(Item(mark, tuple(paragraphs)))
    return tuple(items), index


def _end_of_item_text(stretch: Stretch, start: int, mark: Mark, columns: int | None) -> int:
    """Where a paragraph of an item ends: its further lines are indented, or go on with a full one."""
    end = _end_of_text(stretch, start)
    for index in range(start + 1, end):
        if indent_of(stretch.lines[index]) <= mark.indent and not is_wrapped(stretch.endings[index - 1], columns):
            return index
    return end


def _is_inside(stretch: Stretch, index: int, mark: Mark) -> bool:
    """Whether the text below an empty line is a further paragraph of the item above."""
    if index >= len(stretch.lines) or index in stretch.marks or index in stretch.rules or stretch.fixed[index]:
        return False
    return indent_of(stretch.lines[index]) >= mark.indent + INDENTED
