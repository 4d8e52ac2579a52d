"""A tree of a mail's HTML → clean HTML, in one walk.

What sets it apart from a sanitiser (which comes after): boxes become paragraphs, line breaks of the transport are
undone, empty elements vanish, every picture is looked up, and classes, ids and styles are left behind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Literal

from selectolax.lexbor import LexborNode

from ..text.whitespace import joins
from . import running_text
from .layout_tables import NO_LAYOUT, Layout
from .links import attributes, embed_link
from .markup import BLOCK, BOXES, DROPPED, EITHER, EMBEDS, FLOW, INLINE, PHRASING, RENAMED

DEEPEST = 200
"""Levels of nesting that are written; below, only text and pictures are (nh3 is quadratic in depth)."""

_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all", re.IGNORECASE)
_VOID = frozenset({"br", "hr", "img", "wbr"})
_LARGEST_INLINE = 2_000
"""Nodes in an inline element."""
_WRAPPER = {"ul": "li", "ol": "li", "dl": "dd"}
"""What text and blocks straight in such an element are put into; elsewhere text is put into a `p`."""
_PARENTS = {"li": {"ul", "ol"}, "dt": {"dl"}, "dd": {"dl"}, "figcaption": {"figure"}, "summary": {"details"}}
"""Elements that mean something only there."""

PictureWriter = Callable[[LexborNode, str | None], str]
"""Given an `img` element and its caption: the HTML that stands for it, "" where nothing does."""


_Kind = Literal["flow", "either", "phrasing", "inline", "box"]


@dataclass(slots=True)
class _Open:
    """An element being written: where it began in the output, and how much of substance there was then.

    `node` is None for a paragraph of the writer's own, `tag` is "" for what leaves no tag.
    """

    node: LexborNode | None
    tag: str
    start: int
    weight: int
    kind: _Kind


class Writer:
    """Writes regions of a tree as clean HTML, not yet sanitised. One writer, one article.

    `captions` maps a picture's `mem_id` to a caption that was found elsewhere, `skipped` are the `mem_id`s of nodes
    that are not to be written, `layout` the tables that are none.
    """

    def __init__(
        self,
        picture: PictureWriter,
        *,
        base: str | None = None,
        captions: Mapping[int, str] | None = None,
        skipped: frozenset[int] = frozenset(),
        layout: Layout = NO_LAYOUT,
    ) -> None:
        self._picture = picture
        self._base = base
        self._captions = captions or {}
        self._skipped = skipped
        self._layout = layout
        self._out: list[str] = []
        self._stack: list[_Open] = []
        self._weight = 0
        self._slot = -1  # where in `_out` a space may be due
        self._slot_is_break = False
        self._last = ""  # the last character of the running text, "" at the start of a line
        self._preformatted = 0
        self._edge = (-1, -1)  # output and stack at the last edge of a block: a second edge there changes nothing

    def write(self, regions: Iterable[LexborNode]) -> str:
        """The clean HTML of the children of the given nodes, one after the other."""
        for region in regions:
            self._walk(region)
            self._close_to(0)
        return "".join(self._out).strip()

    # --- the walk -------------------------------------------------------------------------------------------------

    def _walk(self, region: LexborNode) -> None:
        node = region.child
        path: list[tuple[LexborNode, int]] = []  # the elements around, with their places on the stack
        while node is not None:
            if self._enter(node):
                path.append((node, len(self._stack) - 1))
                if node.child is not None:
                    node = node.child
                    continue
                self._leave(*path.pop())
            following = node.next
            while following is None and path:
                parent, place = path.pop()
                self._leave(parent, place)
                following = parent.next
            node = following

    def _enter(self, node: LexborNode) -> bool:
        """Write what begins here; True where the children are to be visited."""
        tag = node.tag or ""
        if node.mem_id in self._skipped:
            return False
        if tag == "-text":
            self._text(node.text_content or "")
            return False
        if tag.startswith("-") or tag in DROPPED:
            return False
        given = node.attributes
        style = given.get("style")
        if "hidden" in given or (style and _HIDDEN.search(style)):
            return False
        if tag in _VOID or tag in EMBEDS:
            self._void(tag, node)
            return False
        self._open(RENAMED.get(tag, tag), node)
        return True

    def _leave(self, node: LexborNode, place: int) -> None:
        """Write what ends here: nothing, where the element was closed with a paragraph or never opened."""
        if place < len(self._stack) and self._stack[place].node is node:
            self._close_to(place)
        elif len(self._stack) > DEEPEST:
            self._end_paragraph()

    # --- elements -------------------------------------------------------------------------------------------------

    def _open(self, tag: str, node: LexborNode) -> None:
        if len(self._stack) > DEEPEST:
            if tag in BLOCK:
                self._end_paragraph()
            return
        if tag not in BLOCK and not _holds_blocks(node):
            written = tag in INLINE and not (tag == "a" and not attributes("a", node.attributes, self._base))
            self._push(node, tag if written else "", "inline")
            return
        if node.mem_id in self._layout.joined:
            self._begin_paragraph()
            self._owe_space(" ")
            self._push(node, "", "inline")
            return
        self._end_paragraph()
        around = self._around()
        boxed = tag in BOXES or node.mem_id in self._layout.boxes
        if boxed or tag not in BLOCK or around in PHRASING or around not in _PARENTS.get(tag, {around}):
            self._push(node, "", "box")
            return
        if around in _WRAPPER and tag not in _PARENTS:
            self._push(None, _WRAPPER[around], "either")
        if tag in FLOW:
            self._push(node, tag, "flow")
        elif tag in EITHER:
            self._push(node, tag, "either")
        else:
            self._push(node, tag, "phrasing")
        self._preformatted += self._stack[-1].tag == "pre"

    def _push(self, node: LexborNode | None, tag: str, kind: _Kind) -> None:
        if kind == "inline" and tag:
            self._begin_paragraph()
        self._stack.append(_Open(node, tag, len(self._out), self._weight, kind))
        if tag:
            told = attributes(tag, node.attributes, self._base) if node is not None else ""
            self._out.append(f"<{tag}{told}>")
            if kind != "inline":
                self._slot, self._last = -1, ""

    def _close_to(self, depth: int) -> None:
        """Close everything above a depth of the stack, innermost first."""
        while len(self._stack) > depth:
            opened = self._stack.pop()
            if opened.kind == "inline":
                self._close_inline(opened)
            else:
                self._close_block(opened)

    def _close_inline(self, opened: _Open) -> None:
        if not opened.tag:
            return
        owed = self._slot >= opened.start  # white space at the end moves behind the element
        if owed:
            del self._out[self._slot]
        if self._weight == opened.weight:
            del self._out[opened.start]
        else:
            self._out.append(f"</{opened.tag}>")
        if owed:
            self._slot = len(self._out)
            self._out.append("")

    def _close_block(self, opened: _Open) -> None:
        if opened.kind == "box":
            self._end_paragraph()
            return
        self._preformatted -= opened.tag == "pre"
        self._drop_trailing()
        if self._weight == opened.weight and opened.tag not in {"td", "th"}:
            del self._out[opened.start :]
        else:
            if opened.kind == "either":
                self._unwrap_only_paragraph(opened.start + 1)
            self._out.append(f"</{opened.tag}>\n")
        self._slot, self._last = -1, ""

    def _unwrap_only_paragraph(self, start: int) -> None:
        """`<li><p>one</p></li>` is `<li>one</li>`."""
        inner = self._out[start:]
        if inner and inner[0] == "<p>" and inner[-1] == "</p>\n" and inner.count("</p>\n") == 1:
            self._out[start:] = inner[1:-1]

    def _void(self, tag: str, node: LexborNode) -> None:
        if tag == "hr":
            self._end_paragraph()
            self._out.append("<hr>\n")
        elif tag == "br":
            self._line_break()
        elif tag == "wbr":
            self._out.append("<wbr>")
        elif tag == "img":
            caption = self._captions.get(node.mem_id)
            self._substance(self._picture(node, caption), as_block=caption is not None)
        else:
            self._substance(embed_link(node.attributes, self._base), as_block=False)

    def _substance(self, html: str, *, as_block: bool) -> None:
        if not html:
            return
        if as_block:
            self._end_paragraph()
            self._out.append(html + "\n")
        else:
            self._begin_paragraph()
            self._settle_space(">")
            self._out.append(html)
            self._last = ">"
        self._weight += 1

    def _line_break(self) -> None:
        """A `br`; two of them with nothing between part a paragraph in two."""
        if self._preformatted:
            self._out.append("\n")
            return
        self._slot = -1
        doubled = bool(self._out) and self._out[-1] == "<br>"
        top = self._stack[-1] if self._stack else None
        if doubled and top is not None and top.tag == "p":
            self._drop_trailing()
            top.start, top.weight = len(self._out) + 1, self._weight
            self._out += ["</p>\n", "<p>"]
        elif self._in_text() and (self._last or doubled):
            self._out.append("<br>")
        self._last = ""

    # --- paragraphs -----------------------------------------------------------------------------------------------

    def _around(self) -> str:
        """The tag of the block around, boxes left aside; "" at the top."""
        return next((o.tag for o in reversed(self._stack) if o.kind not in {"inline", "box"}), "")

    def _in_text(self) -> bool:
        """Whether text may be written here without a paragraph of its own."""
        boxed = False
        for opened in reversed(self._stack):
            if opened.kind == "phrasing" or opened.tag == "figure":
                return True
            if opened.kind == "either":
                return not boxed
            if opened.kind == "flow":
                return False
            boxed = boxed or opened.kind == "box"
        return False

    def _begin_paragraph(self) -> None:
        if not self._in_text():
            tag = _WRAPPER.get(self._around(), "p")
            self._push(None, tag, "phrasing")

    def _end_paragraph(self) -> None:
        """The edge of a block: a paragraph of the writer's own ends; within a heading the words stay apart."""
        if self._edge == (len(self._out), len(self._stack)):
            return
        if self._preformatted and not self._out[-1].endswith(("\n", "<pre>")):
            self._out.append("\n")
        for depth in range(len(self._stack) - 1, -1, -1):
            if self._stack[depth].node is None:
                self._close_to(depth)
                return
            if self._stack[depth].kind in {"flow", "phrasing", "either"}:
                break
        if self._in_text():
            self._owe_space("")
        self._edge = (len(self._out), len(self._stack))

    def _drop_trailing(self) -> None:
        """White space and line breaks before the end of a block are nothing."""
        self._slot = -1
        while self._out and self._out[-1] in {"<br>", ""}:
            self._out.pop()

    # --- text -----------------------------------------------------------------------------------------------------

    def _text(self, text: str) -> None:
        if self._preformatted:
            self._begin_paragraph()
            self._out.append(escape(text, quote=False))
            self._weight += bool(text.strip())
            return
        before, words, after = running_text.edges(text)
        if not words:
            self._owe_space(before)
            return
        if before:
            self._owe_space(before)
        self._begin_paragraph()
        self._settle_space(words[0])
        self._out.append(escape(running_text.unwrapped(words), quote=False))
        self._last = words[-1]
        self._weight += 1
        if after:
            self._owe_space(after)

    def _owe_space(self, space: str) -> None:
        """White space at the edge of a text: whether it counts shows when the next text comes. It goes before inline
        elements that have just been opened: `a<b> c</b>` is `a <b>c</b>`, which Markdown can say.
        """
        if self._slot >= 0 or not self._last or not self._in_text():
            return
        place = len(self._out)
        for opened in reversed(self._stack):
            if opened.kind != "inline" or opened.start < place - bool(opened.tag):
                break
            place = opened.start
            opened.start += 1
        self._out.insert(place, "")
        self._slot, self._slot_is_break = place, "\n" in space

    def _settle_space(self, following: str) -> None:
        if self._slot >= 0:
            joined = self._slot_is_break and joins(self._last, following)
            self._out[self._slot] = "" if joined else " "
            self._slot = -1


def _holds_blocks(node: LexborNode) -> bool:
    """Whether an inline element holds blocks, as a link around a card does; of a very large one it is assumed."""
    child = node.child
    if child is None or (child.next is None and child.tag == "-text"):
        return False
    return any(inner.tag in BLOCK or count > _LARGEST_INLINE for count, inner in enumerate(node.traverse()))
