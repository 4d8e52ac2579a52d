"""HTML of unknown shape, whose elements may begin or end outside of it, as pieces of text."""

from __future__ import annotations

from collections.abc import Iterator

from bs4 import BeautifulSoup, NavigableString, PageElement, Tag

from ..text.whitespace import collapse
from .links import absolute
from .markup import BLOCK, DROPPED

_UNSEEN = DROPPED - {"head"}


def runs(html: str) -> Iterator[tuple[str, str | None]]:
    """Pieces of text with the link they are in; a line break where a line ends."""
    soup = BeautifulSoup(html, "lxml")
    stack: list[tuple[PageElement | None, str | None]] = [(child, None) for child in reversed(soup.contents)]
    while stack:
        element, link = stack.pop()
        if element is None:
            yield "\n", None
        elif isinstance(element, Tag):
            if element.name in _UNSEEN:
                continue
            if element.name == "br":
                yield "\n", None
                continue
            if element.name == "a":
                link = absolute(str(element.get("href") or ""), None) or link
            if element.name in BLOCK:
                yield "\n", None
                stack.append((None, None))
            stack.extend((child, link) for child in reversed(element.contents))
        elif type(element) is NavigableString:
            yield collapse(str(element)), link
