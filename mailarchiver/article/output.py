"""What is being written of an article: elements open and closed, paragraphs, and the white space of running text.

Nothing here knows what a tree is: `writer` walks it, and says what begins and what ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from selectolax.lexbor import LexborNode

from ..text.whitespace import joins
from . import running_text
from .markup import PHRASING
from .places import Places

WRAPPER = {"ul": "li", "ol": "li", "dl": "dd"}
"""What text and blocks straight in such an element are put into; elsewhere text is put into a `p`."""
Kind = Literal["flow", "either", "phrasing", "inline", "box"]


@dataclass(slots=True)
class Open:
    """An element being written: where it began in the output, and how much of substance there was then.

    `node` is None for a paragraph of the writer's own, `tag` is "" for what leaves no tag. `told` are its attributes,
    its places aside; those of a box are for the blocks in it. `places` are those that it bears the mark of.
    """

    node: LexborNode | None
    tag: str
    start: int
    weight: int
    kind: Kind
    told: str = ""
    places: Sequence[int] = ()


class Output:
    """The clean HTML so far. An element in which nothing is written leaves nothing."""

    def __init__(self) -> None:
        self._places = Places(())
        self._start()

    def _start(self) -> None:
        self._out: list[str] = []
        self._stack: list[Open] = []
        self._inside = 0  # elements on the stack that are no boxes: mostly none, so that nobody needs to look
        self._handing = 0  # boxes on the stack that have attributes for the blocks in them
        self._weight = 0
        self._slot = -1  # where in `_out` a space may be due
        self._slot_is_break = False
        self._last = ""  # the last character of the running text, "" at the start of a line
        self._preformatted = 0
        self._edge = (-1, -1)  # output and stack at the last edge of a block: a second edge there changes nothing
        self._pending: list[int] = []  # places that the next element to be written is

    # --- elements -------------------------------------------------------------------------------------------------

    def _push(self, node: LexborNode | None, tag: str, kind: Kind, told: str = "") -> None:
        """Begin an element; `told` are its attributes, and those of a box for the blocks in it."""
        if self._handing and tag and kind != "inline":
            told = self._with_handed(told)
        opened = Open(node, tag, len(self._out), self._weight, kind, told)
        self._stack.append(opened)
        self._inside += kind != "box"
        self._handing += kind == "box" and bool(told)
        if not tag:
            return
        if self._pending:
            opened.places, self._pending = self._pending, []
            told += self._places.mark(opened.places)
        self._out.append(f"<{tag}{told}>")
        if kind != "inline":
            self._slot, self._last = -1, ""

    def _with_handed(self, told: str) -> str:
        """The attributes of a block with those that the nearest box hands on, if no element is written between."""
        for opened in reversed(self._stack):
            if opened.tag:
                break
            if opened.told:
                names = [name for name in opened.told.split() if f" {name.partition('=')[0]}=" not in told]
                return told + "".join(f" {name}" for name in names)
        return told

    def _close_to(self, depth: int) -> None:
        """Close everything above a depth of the stack, innermost first."""
        while len(self._stack) > depth:
            opened = self._stack.pop()
            self._inside -= opened.kind != "box"
            self._handing -= opened.kind == "box" and bool(opened.told)
            if opened.kind == "inline":
                self._close_inline(opened)
            else:
                self._close_block(opened)

    def _close_inline(self, opened: Open) -> None:
        if not opened.tag:
            return
        owed = self._slot >= opened.start  # white space at the end moves behind the element
        if owed:
            del self._out[self._slot]
        if self._weight == opened.weight:
            self._unwrap_breaks(opened.start)
            self._pending += opened.places
        else:
            self._out.append(f"</{opened.tag}>")
        if owed:
            self._slot = len(self._out)
            self._out.append("")

    def _unwrap_breaks(self, start: int) -> None:
        """An inline element that begins there has nothing but line breaks, which are now of the paragraph around."""
        left = self._out[start + 1 :]
        del self._out[start:]
        for piece in left:
            if piece == "<br>" and self._out[-1:] == ["<br>"]:
                self._line_break()
            else:
                self._out.append(piece)

    def _close_block(self, opened: Open) -> None:
        if opened.kind == "box":
            self._end_paragraph()
            return
        self._preformatted -= opened.tag == "pre"
        self._drop_trailing()
        if self._weight == opened.weight and opened.tag not in {"td", "th"}:
            del self._out[opened.start :]
            self._pending += opened.places
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
        """A `br`; two of them with nothing between part a paragraph in two, even in boxes that are not written."""
        if self._preformatted:
            self._verbatim("\n")
            return
        self._slot = -1
        doubled = bool(self._out) and self._out[-1] == "<br>"
        top = next((opened for opened in reversed(self._stack) if opened.tag), None) if doubled else None
        if top is not None and top.tag == "p":
            self._drop_trailing()
            top.start, top.weight = len(self._out) + 1, self._weight
            self._out += ["</p>\n", f"<p{top.told}>"]
        elif self._in_text() and (self._last or doubled):
            self._out.append("<br>")
        self._last = ""

    # --- paragraphs -----------------------------------------------------------------------------------------------

    def _around(self) -> str:
        """The tag of the block around, boxes left aside; "" at the top."""
        if not self._inside:
            return ""
        for opened in reversed(self._stack):
            if opened.kind not in {"inline", "box"}:
                return opened.tag
        return ""

    def _in_text(self) -> bool:
        """Whether text may be written here without a paragraph of its own."""
        if not self._inside:
            return False
        if self._stack[-1].kind == "phrasing":
            return True
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
            tag = WRAPPER.get(self._around(), "p")
            self._push(None, tag, "phrasing")

    def _end_paragraph(self) -> None:
        """The edge of a block: a paragraph of the writer's own ends; within a heading the words stay apart."""
        here = (len(self._out), len(self._stack))
        if not self._inside or self._edge == here:
            self._edge = here
            return
        if self._preformatted and not self._out[-1].endswith("\n"):
            self._verbatim("\n")
        for depth in range(len(self._stack) - 1, -1, -1):
            opened = self._stack[depth]
            if opened.node is None:
                self._close_to(depth)
                return
            if opened.kind in {"flow", "phrasing", "either"}:
                break
        if self._in_text():
            self._owe_space("")
        self._edge = (len(self._out), len(self._stack))

    def _paragraph(self, tag: str, text: str) -> bool:
        """A whole paragraph; False where none may begin as it is, or it is a place, or the text has no words."""
        around = self._around()
        free = around not in WRAPPER and around not in PHRASING and not self._pending
        words = running_text.edges(text)[1] if free else ""
        if words:
            told = self._with_handed("") if self._handing else ""
            self._out += (f"<{tag}{told}>", escape(running_text.unwrapped(words), quote=False), f"</{tag}>\n")
            self._slot, self._last = -1, ""
            self._weight += 1
        return bool(words)

    def _phrase(self, tag: str, told: str, text: str) -> bool:
        """A whole inline element; False where its text is not running text, or has white space at an edge, or begins a
        paragraph without a tag.
        """
        before, words, after = running_text.edges(text)
        if before or after or self._preformatted or not (tag or self._in_text()):
            return False
        self._begin_paragraph()
        self._settle_space(words[0])
        written = escape(running_text.unwrapped(words), quote=False)
        self._out.append(f"<{tag}{told}>{written}</{tag}>" if tag else written)
        self._last = words[-1]
        self._weight += 1
        return True

    def _drop_trailing(self) -> None:
        """White space and line breaks before the end of a block are nothing."""
        self._slot = -1
        while self._out and self._out[-1] in {"<br>", ""}:
            self._out.pop()

    # --- text -----------------------------------------------------------------------------------------------------

    def _text(self, text: str) -> None:
        if self._preformatted:
            self._begin_paragraph()
            self._verbatim(escape(text, quote=False))
            self._weight += bool(text.strip())
            return
        before, words, after = running_text.edges(text)
        if not words:
            self._owe_space(before)
            return
        if before:
            self._owe_space(before)
        self._begin_paragraph()
        if self._slot >= 0:
            self._settle_space(words[0])
        self._out.append(escape(running_text.unwrapped(words), quote=False))
        self._last = words[-1]
        self._weight += 1
        if after:
            self._owe_space(after)

    def _verbatim(self, text: str) -> None:
        """Preformatted text; without line breaks at its beginning: parsers drop the first (HTML §13.2.6.4.7)."""
        text = text.lstrip("\n") if self._out[-1].startswith("<pre") else text
        if text:
            self._out.append(text)

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
