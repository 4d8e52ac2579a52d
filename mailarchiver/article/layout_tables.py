"""Which tables of a mail hold data, and which are only there to set things side by side, as newsletters are built.

Like what browsers do for screen readers (Gecko's `HTMLTableAccessible::IsProbablyLayoutTable`; WAI-ARIA's role
`presentation`), but without the sizes that only a browser knows. When in doubt a table of short cells is data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborNode

from .markup import BLOCK, BOXES

_PARTS = frozenset({"thead", "tbody", "tfoot", "tr", "td", "th", "colgroup", "col", "caption"})
_OF_DATA = frozenset({"thead", "tfoot", "caption"})
"""Parts that a layout has not, unless they are empty."""
_LARGEST_CELL = 320
"""Characters of a cell of data, on average; what is longer is text."""
_LONGEST_CELL = 1_500
"""Characters of any cell of data without headings."""
_MOST_ROWS = 2_000
_TEXT = frozenset(
    {"h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "blockquote", "pre", "figure", "hr", "article", "section"}
)
_NO_LINE = BLOCK | {"img", "br"}
_SHORT = 20
"""Characters of a cell that stands in one line with the next."""
_MOST_BLOCKS = 3
"""Paragraphs in a cell of data."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The parts of tables that hold no data, by `mem_id`. `boxes` are tables, rows and cells of which only the contents
    are written; `joined` those cells that stand in one line with the others of their row.
    """

    boxes: frozenset[int]
    joined: frozenset[int]

    def __or__(self, other: Layout) -> Layout:
        return Layout(self.boxes | other.boxes, self.joined | other.joined)


NO_LAYOUT = Layout(frozenset(), frozenset())


def layout_tables(root: LexborNode) -> Layout:
    """The tables below `root` that hold no data."""
    boxes: set[int] = set()
    joined: set[int] = set()
    for table in root.css("table"):
        holds_table = _holds_table(table)
        if holds_table or _is_layout(table):
            parts = list(_parts(table))
            boxes.update((table.mem_id, *(part.mem_id for part in parts)))
            rows = [_cells(part) for part in parts if part.tag == "tr"] if not holds_table else []
            joined.update(cell.mem_id for row in rows if _is_line(row) for cell in row)
    return Layout(frozenset(boxes - joined), frozenset(joined))


def _is_line(row: list[LexborNode]) -> bool:
    """Whether the cells of a row are one line: a bullet and its words, a few short words side by side."""
    texts = [cell.text().strip() for cell in row]
    if sum(map(bool, texts)) < 2 or sum(len(text) > _SHORT for text in texts) > 1:
        return False
    return not any(node.tag in _NO_LINE for cell in row for node in cell.traverse() if node.mem_id != cell.mem_id)


def _holds_table(table: LexborNode) -> bool:
    return any(node.tag == "table" and node.mem_id != table.mem_id for node in table.traverse())


def _parts(table: LexborNode) -> Iterator[LexborNode]:
    """The rows and cells of a table, not those of tables in it."""
    waiting = [table]
    while waiting:
        for child in waiting.pop().iter():
            if child.tag in _PARTS:
                yield child
                waiting.append(child)


def _is_layout(table: LexborNode) -> bool:
    """Whether a table without another in it is a layout: it says so, has no two cells side by side with words in them,
    or only in one row, or has cells that hold more than data does.
    """
    role = (table.attributes.get("role") or "").strip().lower()
    if role in {"presentation", "none"}:
        return True
    if role in {"grid", "table", "treegrid"} or (table.attributes.get("summary") or "").strip():
        return False
    parts = list(_parts(table))
    if any(part.tag in _OF_DATA and (part.text().strip() or part.css_first("img")) for part in parts):
        return False
    rows = [_cells(part) for part in parts if part.tag == "tr"]
    if any(cell.tag == "th" for row in rows for cell in row):
        return _is_single(rows)
    return _is_single(rows) or _holds_text([cell for row in rows[:_MOST_ROWS] for cell in row])


def _cells(row: LexborNode) -> list[LexborNode]:
    return [cell for cell in row.iter() if cell.tag in {"td", "th"}]


def _is_single(rows: list[list[LexborNode]]) -> bool:
    """Whether no row has words in two cells, or all words are in one row."""
    with_words = [count for row in rows[:_MOST_ROWS] if (count := sum(map(_has_words, row)))]
    return len(with_words) <= 1 or max(with_words) == 1


def _has_words(cell: LexborNode) -> bool:
    return any(character.isalnum() for character in cell.text())


def _holds_text(cells: list[LexborNode]) -> bool:
    """Whether cells hold headings, lists, several paragraphs, or long text."""
    size = filled = 0
    for cell in cells:
        blocks = 0
        for node in cell.traverse():
            tag = node.tag or ""
            if tag in _TEXT:
                return True
            blocks += tag in BLOCK and tag not in BOXES and tag not in _PARTS
            if blocks > _MOST_BLOCKS:
                return True
        length = len(cell.text().strip())
        if length > _LONGEST_CELL:
            return True
        size, filled = size + length, filled + bool(length)
    return filled > 0 and size > _LARGEST_CELL * filled
