"""The closing of an HTML body: signature, "Sent from my …", list footer; found in what a browser shows at its end."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from selectolax.lexbor import LexborNode

from ..text.closing import ClosingKind, closing_of
from ..text.closing_lines import PICTURE, is_signature_name
from .markup import BLOCK, BOXES, DROPPED
from .recognised import LeftOut

NOT_SHOWN = "stands in the signature only: kept, not shown"

_MOST_LINES = 200
_MOST_CHARACTERS = 40_000
_MOST_NODES = 10_000
"""So much of the end is looked at."""
_LONGEST_SIGNATURE = 2_000
"""Characters; what is longer only bears the name: programs have put whole quotes there."""
_SIGNATURES_TRIED = 20
_SMALL = 160
"""Pixels: a picture that says it is at most so high or wide is an icon or a logo, not the author's."""
_PARAGRAPHS = frozenset({"p", "blockquote", "pre", "table", "ul", "ol", "dl", "h1", "h2", "h3", "h4", "h5", "h6"})
_SIGNATURE_TAGS = frozenset({"div", "span", "p", "table", "footer", "section"})
_PIXELS = re.compile(r"\s*([0-9]{1,4})")


_Event = Literal["enter", "leave", "whole"]


@dataclass(frozen=True, slots=True)
class Closing:
    """The closing of a body: of which kinds it is, and what of the tree is not to be written."""

    kinds: tuple[ClosingKind, ...]
    left_out: LeftOut


@dataclass(slots=True)
class _Line:
    """A line as shown, being put together from its end: its words, its elements, its texts with the place where their
    part of the line begins.
    """

    pieces: list[str] = field(default_factory=list)
    elements: list[LexborNode] = field(default_factory=list)
    texts: list[tuple[LexborNode, int]] = field(default_factory=list)
    marked: bool = False
    exact: bool = False
    first: bool = False

    def text(self) -> str:
        told = "".join(reversed(self.pieces))
        return told if self.exact else " ".join(told.split())


def leave_out_closing(body: LexborNode) -> Closing | None:
    """Find the closing of a body; None where it has none. Rules of `text.closing`.

    Changes the tree: the texts of the closing are taken out of it. Its elements stay, to be skipped, for their pictures
    are still asked for. A signature that a mail program marks as such counts whole, one in the midst not at all.
    """
    backwards = []
    length = 0
    for line in _lines_from_end(body):
        backwards.append(line)
        length += sum(map(len, line.pieces))
        if len(backwards) >= _MOST_LINES or length >= _MOST_CHARACTERS:
            break
    lines = backwards[::-1]
    found = closing_of(
        [line.text() for line in lines],
        above=0 if lines[0].first else 1,
        marked=frozenset(index for index, line in enumerate(lines) if line.marked),
    )
    return _taken_out(lines[found.start :], found.kinds) if found else None


def _taken_out(lines: Sequence[_Line], kinds: tuple[ClosingKind, ...]) -> Closing:
    first: dict[int, tuple[LexborNode, int]] = {}
    for line in lines:
        for node, place in line.texts:
            if node.mem_id not in first or place < first[node.mem_id][1]:
                first[node.mem_id] = (node, place)
    elements = [element for line in lines for element in line.elements]
    pictures = [picture for element in elements for picture in _pictures(element)]
    skipped = frozenset(element.mem_id for element in elements)
    for node, place in first.values():
        node.replace_with((node.text_content or "")[:place])
    return Closing(kinds, LeftOut(skipped, tuple(pictures), NOT_SHOWN))


def _pictures(element: LexborNode) -> list[LexborNode]:
    return [element] if element.tag == "img" else element.css("img")


def _lines_from_end(body: LexborNode) -> Iterator[_Line]:
    """The lines of a body, the last one first. A border between blocks is no line, that of a paragraph an empty one.

    The URL of a link stands behind its words.
    """
    line = _Line()
    preformatted = 0
    for visited, (node, event) in enumerate(_walk_from_end(body)):
        tag = node.tag or ""
        if visited > _MOST_NODES:
            yield line
            return
        if tag == "-text":
            yield from _of_text(line, node, exact=preformatted > 0)
        elif event == "whole":
            yield from _ended(line)
            yield _Line([" ".join(node.text().split()) or PICTURE], [node], marked=True)
        elif tag in {"br", "hr"}:
            yield from _at_break(line, node, event)
        elif tag in BLOCK or tag in BOXES:
            preformatted += (1 if event == "enter" else -1) if tag == "pre" else 0
            yield from _ended(line)
            if tag in _PARAGRAPHS:
                yield _Line()
        elif event == "enter":
            _add(line, node, tag)
    yield _Line(line.pieces, line.elements, line.texts, exact=line.exact, first=True)


def _at_break(line: _Line, node: LexborNode, event: _Event) -> Iterator[_Line]:
    """A line break goes with the line below it; a rule is a line."""
    if event == "leave":
        return
    if node.tag == "br":
        line.elements.append(node)
        yield from _ended(line)
    else:
        yield from _ended(line)
        yield _Line(["-" * 20], [node])


def _ended(line: _Line) -> Iterator[_Line]:
    """The line, if there is anything in it; the next begins."""
    if line.texts or line.elements:
        yield _Line(line.pieces, line.elements, line.texts, exact=line.exact)
        line.pieces, line.elements, line.texts, line.exact = [], [], [], False


def _of_text(line: _Line, node: LexborNode, *, exact: bool) -> Iterator[_Line]:
    """A text put before the line; preformatted, each of its last lines is one."""
    text = node.text_content or ""
    rows = text.rsplit("\n", _MOST_LINES) if exact else [text]
    end = len(text)
    for count, row in enumerate(reversed(rows), 1):
        line.pieces.append(row)
        line.texts.append((node, end - len(row)))
        line.exact = exact
        end -= len(row) + 1
        if count < len(rows):
            yield from _ended(line)


def _add(line: _Line, node: LexborNode, tag: str) -> None:
    """What is no text and no border: a picture, the end of a link."""
    if tag == "img":
        line.elements.append(node)
        line.pieces.append(" " if _is_small(node) else PICTURE)
    elif tag == "a":
        target = (node.attributes.get("href") or "").strip()
        if target.startswith(("http://", "https://", "mailto:")) and not any(map(str.isspace, target)):
            line.pieces.append(f" <{target}> ")


def _is_small(picture: LexborNode) -> bool:
    sizes = [_PIXELS.match(picture.attributes.get(name) or "") for name in ("width", "height")]
    return any(size is not None and int(size[1]) <= _SMALL for size in sizes)


def _is_marked(node: LexborNode) -> bool:
    """Whether a mail program says that this element is a signature."""
    if node.tag not in _SIGNATURE_TAGS:
        return False
    given = node.attributes
    names = f"{given.get('id') or ''} {given.get('class') or ''}".strip()
    return bool(names) and is_signature_name(names)


def _walk_from_end(root: LexborNode) -> Iterator[tuple[LexborNode, _Event]]:
    """Every node below `root` when it is entered from its end, and again when it is left at its beginning; not what
    no browser shows. A signature that is marked, and not too long to be one, comes as a whole.

    A loop, not a recursion: hostile mail is nested deeper than Python's stack.
    """
    node = root.last_child
    tried = 0
    while node is not None:
        tag = node.tag or ""
        opened = not tag.startswith("-") and tag not in DROPPED
        if opened and tried < _SIGNATURES_TRIED and _is_marked(node):
            tried += 1
            opened = len(node.text()) > _LONGEST_SIGNATURE
            if not opened:
                yield node, "whole"
        if opened or tag == "-text":
            yield node, "enter"
        following = node.last_child if opened else None
        while following is None:
            if opened:
                yield node, "leave"
            following = node.prev
            if following is None:
                parent = node.parent
                if parent is None or parent.mem_id == root.mem_id:
                    return
                node, opened = parent, True
        node = following
