"""A tree of a mail's HTML → clean HTML, in one walk.

What sets it apart from a sanitiser (which comes after): boxes become paragraphs, line breaks of the transport are
undone, empty elements vanish, every picture is looked up, and classes, ids and styles are left behind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from selectolax.lexbor import LexborNode

from .drawing import is_drawing
from .embeds import embed_link
from .formulas import formula
from .layout_tables import NO_LAYOUT, Layout
from .links import attributes
from .lost_links import words_instead
from .markup import BLOCK, BOXES, DROPPED, EITHER, EMBEDS, FLOW, INLINE, PHRASING, RENAMED
from .output import WRAPPER, Output
from .places import Places
from .sources import backdrops, is_fallback

DEEPEST = 200
"""Levels of nesting that are written; below, only text and pictures are (nh3 is quadratic in depth)."""

_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all", re.IGNORECASE)
_NOTHING = DROPPED - {"svg"}
_VOID = frozenset({"br", "hr", "img", "wbr"}) | EMBEDS
_INSTEAD = frozenset({"svg", "noscript", "math"})
_RUNNING = PHRASING - {"pre", "summary"}
_NO_PICTURE = frozenset({"table", "tr", "thead", "tbody", "tfoot", "ul", "ol", "dl", "pre"})
"""Where no picture and no rule may stand."""
_PLACEHOLDER = 300
"""Characters of what stands for a player."""
_LARGEST_INLINE = 2_000
"""Nodes in an inline element."""
_PARENTS = {"li": {"ul", "ol"}, "dt": {"dl"}, "dd": {"dl"}, "figcaption": {"figure"}, "summary": {"details"}}
"""Elements that mean something only there."""

Given = Mapping[str, str | None]
"""The attributes of an element: read from the tree once, for each reading makes a new dictionary."""
PictureWriter = Callable[[LexborNode, str | None], str]
"""Given an `img` element and its caption: the HTML that stands for it, "" where nothing does."""


class Writer(Output):
    """Writes regions of a tree as clean HTML, not yet sanitised. One writer, one article.

    `captions` maps a picture's `mem_id` to a caption that was found elsewhere, `skipped` are the `mem_id`s of nodes
    that are not to be written, `layout` the tables that are none. `handed` maps a box's or a span's to the attributes
    that it hands on.
    """

    def __init__(
        self,
        picture: PictureWriter,
        *,
        base: str | None = None,
        captions: Mapping[int, str] | None = None,
        skipped: frozenset[int] = frozenset(),
        layout: Layout = NO_LAYOUT,
        handed: Mapping[int, str] | None = None,
    ) -> None:
        self._picture = picture
        self._base = base
        self._captions = captions or {}
        self._skipped = skipped
        self._layout = layout
        self._handed = handed or {}
        super().__init__()

    def write(self, regions: Iterable[LexborNode]) -> str:
        """The clean HTML of the children of the given nodes, one after the other."""
        regions = tuple(regions)
        self._places = Places(regions, self._base)
        html = self._write(regions)
        if self._places.narrow(html):
            html = self._write(regions)
        return self._places.settled(html)

    def _write(self, regions: Iterable[LexborNode]) -> str:
        self._start()
        for region in regions:
            self._walk(region)
            self._close_to(0)
        return "".join(self._out).strip()

    # --- the walk -------------------------------------------------------------------------------------------------

    def _walk(self, region: LexborNode) -> None:
        node = region.child
        path: list[tuple[LexborNode, int]] = []  # the elements around, with their places on the stack
        while node is not None:
            tag = node.tag or ""
            if tag == "-text":
                self._write_text(node)
            elif self._enter(tag, node):
                path.append((node, len(self._stack) - 1))
                child = node.child
                if child is not None:
                    node = child
                    continue
                self._leave(*path.pop())
            following = node.next
            while following is None and path:
                parent, place = path.pop()
                self._leave(parent, place)
                following = parent.next
            node = following

    def _write_text(self, node: LexborNode) -> None:
        text = node.text_content or ""
        if text.isspace() and not self._last and not self._preformatted:
            return  # at the start of a line, as most white space between elements is
        if not (self._skipped and node.mem_id in self._skipped):
            self._text(text)

    def _enter(self, tag: str, node: LexborNode) -> bool:
        """Write what begins here; True where the children are to be visited."""
        if tag in _NOTHING or tag[:1] == "-" or (self._skipped and node.mem_id in self._skipped):
            return False
        given = node.attributes
        backed = False
        if given:
            style = given.get("style")
            if "hidden" in given or (style and _HIDDEN.search(style)):
                return False
            backed = "background" in given or (style is not None and "url(" in style.lower())
        if self._places.any and (place := self._places.at(node)) is not None:
            self._pending.append(place)
        if tag in _VOID:
            return self._void(tag, node, given)
        if tag in _INSTEAD and self._instead(tag, node):
            return False
        if not backed and self._write_whole(tag, node, given):
            return False
        if backed and tag == "table":
            self._backdrop(node, given)
        self._open(RENAMED.get(tag, tag), node, given)
        if backed and tag != "table":
            self._backdrop(node, given)
        return True

    def _write_whole(self, tag: str, node: LexborNode, given: Given) -> bool:
        """Write an element of nothing but text at once, as most paragraphs, headings and links are; False where it is
        another, or its text has to be looked at closely.
        """
        running = tag in _RUNNING and not given
        text = self._only_text(node) if running or tag in INLINE else ""
        if not text or len(self._stack) >= DEEPEST:
            return False
        if running:
            self._end_paragraph()
            return self._paragraph(tag, text)
        told = self._link(given) if tag == "a" else attributes(tag, given, self._base)
        return self._phrase(tag if told or tag != "a" else "", told, text)

    def _only_text(self, node: LexborNode) -> str:
        """All that is in an element, where that is a text; "" for any other, or where what is written is a place."""
        child = node.child
        if child is None or child.next is not None or child.tag != "-text" or self._pending:
            return ""
        skipped = self._skipped and child.mem_id in self._skipped
        return "" if skipped else child.text_content or ""

    def _instead(self, tag: str, node: LexborNode) -> bool:
        """Write what stands for a drawing or a formula; False where an element is as any other."""
        if tag == "noscript":
            return is_fallback(node)
        told = formula(node) if tag == "math" else self._picture(node, None) if is_drawing(node) else ""
        self._substance(told, as_block=False)
        return True

    def _backdrop(self, node: LexborNode, given: Given) -> None:
        """The pictures behind a text stand before it, where a picture may stand."""
        if self._around() not in _NO_PICTURE and backdrops(given):
            self._substance(self._picture(node, None), as_block=False)

    def _leave(self, node: LexborNode, place: int) -> None:
        """Write what ends here: nothing, where the element was closed with a paragraph or never opened."""
        if place < len(self._stack) and self._stack[place].node is node:
            self._close_to(place)
        elif len(self._stack) > DEEPEST:
            self._end_paragraph()

    # --- elements -------------------------------------------------------------------------------------------------

    def _open(self, tag: str, node: LexborNode, given: Given) -> None:
        if len(self._stack) > DEEPEST:
            if tag in BLOCK:
                self._end_paragraph()
            return
        if tag not in BLOCK and not _holds_blocks(node):
            self._push_inline(tag, node, given)
            return
        if self._layout.joined and node.mem_id in self._layout.joined:
            self._begin_paragraph()
            self._owe_space(" ")
            self._push(node, "", "inline")
            return
        self._end_paragraph()
        around = self._around()
        boxed = tag in BOXES or (bool(self._layout.boxes) and node.mem_id in self._layout.boxes)
        misplaced = around in PHRASING or (tag in _PARENTS and around not in _PARENTS[tag])
        if boxed or misplaced or tag not in BLOCK:
            self._push(node, "", "box", self._handed.get(node.mem_id, "") if self._handed else "")
            return
        if around in WRAPPER and tag not in _PARENTS:
            self._push(None, WRAPPER[around], "either")
        told = attributes(tag, given, self._base)
        if tag in FLOW:
            self._push(node, tag, "flow", told)
        elif tag in EITHER:
            self._push(node, tag, "either", told)
        else:
            self._push(node, tag, "phrasing", told)
        self._preformatted += self._stack[-1].tag == "pre"

    def _push_inline(self, tag: str, node: LexborNode, given: Given) -> None:
        """Links that lead nowhere, and spans, leave a tag only where they are a place."""
        handed = self._handed.get(node.mem_id, "") if self._handed and tag == "span" else ""
        kept = (tag in INLINE and tag != "a") or (tag == "span" and _is_placeholder(node, given))
        told = self._link(given) if tag == "a" else attributes(tag, given, self._base) if kept else handed
        kept = kept or bool(told)
        may_be_place = tag in {"a", "span"}
        written = kept or (may_be_place and bool(self._pending))
        if written:
            self._begin_paragraph()
            written = kept or (may_be_place and bool(self._pending))  # else the paragraph is the place now
        self._push(node, tag if written else "", "inline", told if written else "")

    def _link(self, given: Given) -> str:
        """The attributes of a link; to a place in the article, to the web, or none."""
        inner = self._places.link(given)
        if not inner:
            return attributes("a", given, self._base)
        return inner + attributes("a", {name: given[name] for name in given if name != "href"}, self._base)

    def _void(self, tag: str, node: LexborNode, given: Given) -> bool:
        """An element without contents of its own; True where what is in it stands for it."""
        if tag == "hr":
            self._end_paragraph()
            if self._around() not in PHRASING | _NO_PICTURE:
                self._drop_trailing()
                self._out.append("<hr>\n")
                self._last = ""
        elif tag == "br":
            self._line_break()
        elif tag == "wbr":
            self._out.append("<wbr>")
        elif tag == "img":
            self._write_picture(node, self._captions.get(node.mem_id))
        else:
            linked = any(opened.tag == "a" for opened in self._stack)
            link = embed_link(node, self._base, linked=linked)
            self._substance(link, as_block=False)
            if not link and tag == "object":
                self._open("object", node, given)
                return True
        return False

    def _write_picture(self, node: LexborNode, caption: str | None) -> None:
        """A picture; one with a caption is a block, and takes the link around it into that."""
        if caption is None:
            html = self._picture(node, None)
            if not html and any(opened.tag == "a" for opened in self._stack):
                html = words_instead(node, self._base)
            self._substance(html, as_block=False)
            return
        link = ""
        while self._stack and (self._stack[-1].kind == "inline" or self._stack[-1].tag == "p"):
            opened = self._stack[-1]
            link = self._link(opened.node.attributes) if opened.tag == "a" and opened.node is not None else link
            self._close_to(len(self._stack) - 1)
        html = self._picture(node, caption)
        if link and not html.startswith("<figure><figcaption>"):
            html = html.replace("<figure>", f"<figure><a{link}>", 1).replace("<figcaption>", "</a><figcaption>", 1)
        self._end_paragraph()
        in_list = self._around() in WRAPPER  # where it gets an item of its own
        self._substance(html + "\n" if in_list else html, as_block=not in_list)


def _holds_blocks(node: LexborNode) -> bool:
    """Whether an inline element holds blocks, as a link around a card does; of a very large one it is assumed."""
    child = node.child
    if child is None or (child.next is None and child.tag == "-text"):
        return False
    return any(inner.tag in BLOCK or count > _LARGEST_INLINE for count, inner in enumerate(node.traverse()))


def _is_placeholder(node: LexborNode, given: Given) -> bool:
    """Whether it is what this program writes for a picture or a player that is not here: the page came back."""
    if given.get("data-picture") in {"missing", "remote"}:
        return node.text().startswith("[picture ")
    return given.get("data-embed") == "link" and 0 < len(node.text()) <= _PLACEHOLDER
