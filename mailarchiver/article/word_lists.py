"""Lists of Word and Outlook, which write them as paragraphs that begin with a mark, become lists.

::

    <p class="MsoListParagraph" style="mso-list:l0 level2 lfo1">
      <span>·<span style="font:7.0pt &quot;Times New Roman&quot;">&nbsp;&nbsp;&nbsp;</span></span>the words</p>

The blank between mark and words, always in that type, is what tells them; classes and `mso-` properties do not survive
other mail programs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

_MOST = 2_000
"""Items in a mail; what is more stays a paragraph."""
_DEEPEST = 9
"""Levels that Word knows."""
_MOST_BLANKS = 5_000
_MOST_NODES = 20
"""Bounds on the looking, so that a hostile mail cannot make it long."""
_MOST_AROUND = 6
"""Elements between a blank and its paragraph."""
_LONGEST_MARK = 8
_BLANK = re.compile(r"\b7(?:\.0)?pt\b")
_LEVEL = re.compile(r"mso-list\s*:[^;]{0,40}\blevel([1-9])", re.IGNORECASE)
_INDENT = re.compile(
    r"margin-left\s*:\s*([0-9]{0,4}\.?[0-9]{1,4})(pt|in|cm)|margin\s*:[^;]{0,40}\s([0-9]{1,4}(?:\.[0-9]{1,3})?)pt\s*(?:;|$)"
)
_POINTS = {"pt": 1.0, "in": 72.0, "cm": 28.35}
_STEP = 36.0
"""Points by which a level moves in."""
_NUMBER = re.compile(r"([0-9]{1,4})[.)]")
_LETTER = re.compile(r"\(?(?:[0-9]{1,4}|[A-Za-z]|[ivxlIVXL]{2,6})(?:[.)]|\.[0-9.]{1,6})")
"""A mark that is no bullet and no number that HTML would count: it stays, as a word of its item."""


@dataclass(frozen=True, slots=True)
class _Item:
    """A paragraph that is an item: `number` is None where it has a bullet or keeps its mark."""

    paragraph: LexborNode
    level: int
    number: int | None

    @property
    def tag(self) -> str:
        return "ul" if self.number is None else "ol"


def word_lists(tree: LexborHTMLParser, html: str) -> None:
    """Make lists of such paragraphs, in the tree; `html` is what it was made of. Numbers go on as they were printed."""
    if "Times New Roman" not in html or _BLANK.search(html) is None:
        return
    items = {item.paragraph.mem_id: item for item in _items(tree)}
    for run in list(_runs(items)):
        _build(tree, run)


def _items(tree: LexborHTMLParser) -> Iterator[_Item]:
    """The items, in order. Of each paragraph only the first blank counts."""
    seen: set[int] = set()
    for blank in tree.css('span[style*="7pt"], span[style*="7.0pt"]')[:_MOST_BLANKS]:
        if "Times New Roman" not in (blank.attributes.get("style") or "") or _brief(blank) != "":
            continue
        mark, paragraph = _around(blank)
        if paragraph is None or paragraph.mem_id in seen or len(seen) >= _MOST:
            continue
        seen.add(paragraph.mem_id)
        text = _brief(mark)
        if not text or not paragraph.text().lstrip().startswith(text):
            continue
        number = _NUMBER.fullmatch(text)
        if number or not _LETTER.fullmatch(text):
            mark.remove()
        yield _Item(paragraph, _level(paragraph.attributes.get("style") or ""), int(number[1]) if number else None)


def _around(blank: LexborNode) -> tuple[LexborNode, LexborNode | None]:
    """The element of the mark, and the paragraph around it."""
    mark, above = blank, blank.parent
    for _ in range(_MOST_AROUND):
        if above is None or above.tag == "p":
            return mark, above
        if _brief(above) is not None:
            mark = above
        above = above.parent
    return mark, None


def _brief(node: LexborNode) -> str | None:
    """The text of an element, where it is no longer than a mark; what takes long to look through is longer."""
    text = ""
    for count, inner in enumerate(node.traverse(include_text=True)):
        text += (inner.text_content or "").strip() if inner.tag == "-text" else ""
        if len(text) > _LONGEST_MARK or count > _MOST_NODES:
            return None
    return text


def _level(style: str) -> int:
    told = _LEVEL.search(style)
    if told:
        return int(told[1])
    indent = _INDENT.search(style)
    if indent is None:
        return 1
    points = float(indent[1] or indent[3]) * _POINTS[indent[2] or "pt"]
    return min(max(1, round(points / _STEP)), _DEEPEST)


def _runs(items: dict[int, _Item]) -> Iterator[list[_Item]]:
    """The items that follow each other with nothing between, in order."""
    run: list[_Item] = []
    for item in items.values():
        if run and _before(item.paragraph) != run[-1].paragraph.mem_id:
            yield run
            run = []
        run.append(item)
    if run:
        yield run


def _before(node: LexborNode) -> int | None:
    """The element straight before."""
    before = node.prev
    while before is not None and (before.tag or "-").startswith("-") and not (before.text_content or "").strip():
        before = before.prev
    return before.mem_id if before is not None else None


def _build(tree: LexborHTMLParser, run: list[_Item]) -> None:
    """Put a run's items into lists in lists, where the first of them stood."""
    opened: list[tuple[int, str, LexborNode]] = []
    for item in run:
        while opened and (opened[-1][0] > item.level or (opened[-1][0] == item.level and opened[-1][1] != item.tag)):
            opened.pop()
        if not opened or opened[-1][0] < item.level:
            opened.append(
                (item.level, item.tag, _begin(tree, item, opened[-1][2] if opened else None, run[0].paragraph))
            )
        items = opened[-1][2]
        items.insert_child(tree.create_node("li"))
        place = items.last_child
        if place is None:
            continue
        for child in item.paragraph.iter(include_text=True):
            place.insert_child(child)
    for item in run:
        item.paragraph.remove()


def _begin(tree: LexborHTMLParser, item: _Item, around: LexborNode | None, first: LexborNode) -> LexborNode:
    """A new list: in the last item of the one around, or before the first paragraph of the run."""
    made = tree.create_node(item.tag)
    if item.number is not None and item.number != 1:
        made.attrs["start"] = str(item.number)
    holder = around.last_child if around is not None else None
    if holder is None:
        first.insert_before(made)
        placed = first.prev
    else:
        holder.insert_child(made)
        placed = holder.last_child
    return placed if placed is not None else made
