"""HTML that is even: well-formed, and of few simple elements, so that its text is read straight from tag to tag.

Most of what stands around an article is (a note, a link, a signature). Whatever is not is ragged, and for a parser.
"""

from __future__ import annotations

import re
from html import unescape

from ..text.controls import is_printable
from ..text.whitespace import collapse
from .links import absolute

Run = tuple[str, str | None]
"""A piece of text, and the link it is in; a line break where a line ends."""

_Element = tuple[str, str | None]
"""An element that has begun, and the link it is in."""

_BREAK: Run = ("\n", None)
_TAG = re.compile(r"<(/?)(a|b|br|div|em|font|hr|i|img|p|span|strong|u)((?: [a-z-]+=\"[^\"]*\")*)>")
_BLOCKS = frozenset({"div", "p"})
_DIFFERS = re.compile(r"&(?!(?:amp|lt|gt|nbsp|quot);)")
"""Any character reference but those that a tree is written out with."""
_HREF = re.compile(r' href="([^"]*)"')
_DEEPEST = 50
"""Elements around a text; parsers have bounds of their own."""


def even_runs(html: str) -> list[Run] | None:
    """The runs of a piece of HTML, as `ragged.runs` has them; None where it is not even. Elements may end in it that
    began before, and begin that end behind.
    """
    first, *pieces = _TAG.split(html)
    texts = [first, *pieces[3::4]]
    said = "".join(texts)
    if first.strip() or not said.strip() or "<" in said or _DIFFERS.search(html) or not is_printable(html):
        return None
    found = [_BREAK, _BREAK]  # of the document, and its body
    around: list[_Element] = []
    tokens = iter(pieces)
    for closing, tag, attributes, text in zip(tokens, tokens, tokens, tokens, strict=True):
        edge = _leave(tag, around) if closing else _enter(tag, attributes, around)
        if edge is None or (text.strip() and not around):
            return None
        found += edge
        if text:
            found.append((collapse(unescape(text)), around[-1][1] if around else None))
    return found + [_BREAK] * (2 + sum(tag in _BLOCKS for tag, _ in around))


def _enter(tag: str, attributes: str, around: list[_Element]) -> list[Run] | None:
    """What begins with an element; None where parsers differ about what may stand there."""
    inner, link = around[-1] if around else ("div", None)
    is_block = tag in _BLOCKS
    if tag in {"br", "img"}:
        return [_BREAK] if tag == "br" else []
    if ((is_block or tag == "hr") and inner != "div") or len(around) == _DEEPEST:
        return None
    if tag == "hr":
        return [_BREAK, _BREAK]
    if tag == "a":
        if any(outer == "a" for outer, _ in around):
            return None
        href = _HREF.search(attributes)
        link = absolute(unescape(href[1]), None) if href else None
    around.append((tag, link or None))
    return [_BREAK] if is_block else []


def _leave(tag: str, around: list[_Element]) -> list[Run] | None:
    """What ends with an element; nothing with one that began before the piece."""
    if not around:
        return [] if tag == "div" else None
    return None if around.pop()[0] != tag else [_BREAK] if tag in _BLOCKS else []
