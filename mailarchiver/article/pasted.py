"""A web page pasted into a mail: what its sender wrote around it, and the address they gave.

::

    note …            lines above the address
    https://…         the address, alone on a line
    <the page>        foreign markup, which no mail program writes
    https://…         or the address, alone on the last line
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from ..text.closing_lines import is_signature_name
from ..text.whitespace import collapse
from . import surroundings
from .markup import BLOCK
from .page_signs import bare_names, foreign_names

LONGEST = 2_000
"""Characters of a line above or below the page; what is longer is the page."""
_MOST_LINES = 40
_DEEPEST = 30
_ENOUGH = 5
"""Elements with a name of the page's own that prove it was made by no mail program."""
_HOLDERS = frozenset(
    {"body", "div", "section", "article", "main", "blockquote", "center", "td", "tbody", "table", "tr"}
)


@dataclass(frozen=True, slots=True)
class Paste:
    """The frame of a pasted page: `url` stands at `place` ("first line", "last line"); `note` is what is above it."""

    url: str
    place: str
    note: str | None


def take_frame(tree: LexborHTMLParser, titles: Sequence[str]) -> Paste | None:
    """The frame of a pasted page, whose lines are taken out of the tree; None where the body is no such thing.

    A letter that begins or ends with an address stays a letter: what is between must have been made for the web.
    `titles` are what the subject says the title is, which is no note.
    """
    holder = _holder(tree.body)
    if holder is None or foreign_names(holder, _ENOUGH) < _ENOUGH:
        return None
    above = _frame_lines(holder.child, lambda node: node.next)
    if above is not None:
        *before, address = above
        note = surroundings.note(_lines_of(before), titles)
        url = _line(address).url
        for node in above:
            node.remove()
        return Paste(url, "first line", note) if url else None
    below = _frame_lines(holder.last_child, lambda node: node.prev)
    if below is None:
        return None
    url = _line(below[-1]).url
    for node in below:
        node.remove()
    return Paste(url, "last line", None) if url else None


def _holder(body: LexborNode | None) -> LexborNode | None:
    """The element that holds both the page and what is around it: the outermost with more than one child."""
    node = body
    for _ in range(_DEEPEST):
        if node is None:
            return None
        filled = [child for child in node.iter(include_text=True) if _says_something(child)]
        if len(filled) != 1 or filled[0].tag not in _HOLDERS:
            return node
        node = filled[0]
    return node


def _says_something(node: LexborNode) -> bool:
    if node.tag == "-text":
        return bool((node.text_content or "").strip())
    return not (node.tag or "").startswith("-") and (bool(node.text().strip()) or node.css_first("img") is not None)


def _frame_lines(
    first: LexborNode | None, following: Callable[[LexborNode], LexborNode | None]
) -> list[LexborNode] | None:
    """The nodes from an edge of the page to a line that is an address, that one last; None where there is none."""
    taken: list[LexborNode] = []
    for node in _run(first, following):
        if not _is_line(node):
            return None
        taken.append(node)
        if _line(node).url:
            return taken
    return None


def _run(first: LexborNode | None, following: Callable[[LexborNode], LexborNode | None]) -> Iterator[LexborNode]:
    """A node and those that follow it, as many as may be lines; comments and white space do not count."""
    node, count = first, 0
    while node is not None and count < _MOST_LINES:
        yield node
        count += _says_something(node)
        node = following(node)


def _is_line(node: LexborNode) -> bool:
    """Whether a node is no more than a line of text: no picture, no block within a block; or a signature."""
    if not _says_something(node) or (node.tag == "div" and is_signature_name(bare_names(node))):
        return True
    if node.tag == "-text":
        return len(node.text_content or "") <= LONGEST
    inner = [found for found in node.traverse() if found is not node and found.mem_id != node.mem_id]
    return len(node.text()) <= LONGEST and not any(found.tag in BLOCK or found.tag == "img" for found in inner)


def _line(node: LexborNode) -> surroundings.Line:
    if node.tag == "-text":
        return surroundings.Line(collapse(node.text_content or "").strip())
    text = collapse(node.text()).strip()
    links = [node] if node.tag == "a" else node.css("a")
    whole = len(links) == 1 and collapse(links[0].text()).strip() == text
    return surroundings.Line(text, links[0].attributes.get("href") if whole else None)


def _lines_of(nodes: Sequence[LexborNode]) -> tuple[surroundings.Line, ...]:
    return surroundings.lines("".join(node.html or "" for node in nodes)) if nodes else ()
