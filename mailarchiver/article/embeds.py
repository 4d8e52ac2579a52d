"""Players and frames: what an article keeps of them is a link to what they would have shown, with its title."""

from __future__ import annotations

import re
from html import escape

from selectolax.lexbor import LexborNode

from ..text.hosts import host_of
from ..text.whitespace import collapse
from .links import direct

_SOURCES = ("src", "data-src", "data", "data-lazy-src", "href")
_LONGEST_TITLE = 200
_PLAYERS = (
    (re.compile(r"https?://(?:www\.)?youtube(?:-nocookie)?\.com/(?:embed|v)/([\w-]{6,20})(?:[?&/].*)?", re.IGNORECASE),
     r"https://www.youtube.com/watch?v=\1"),
    (re.compile(r"https?://player\.vimeo\.com/video/([0-9]+)(?:[?/].*)?", re.IGNORECASE), r"https://vimeo.com/\1"),
    (re.compile(r"https?://(?:www\.)?dailymotion\.com/embed/video/(\w+)(?:[?/].*)?", re.IGNORECASE),
     r"https://www.dailymotion.com/video/\1"),
)  # fmt: skip
"""The address of a player → that of the page made for people."""


def embed_link(node: LexborNode, base: str | None, *, linked: bool) -> str:
    """The HTML that stands for a frame or a player: its title and host, linked unless that is `linked` already; ""
    where it names nothing on the web.
    """
    target = next(filter(None, (_web(one, base) for one in (node, *node.css("source, embed")[:4]))), "")
    if not target:
        return ""
    host = host_of(target) or target
    title = collapse(node.attributes.get("title") or node.attributes.get("aria-label") or "").strip()[:_LONGEST_TITLE]
    told = escape(f"{title} ({host})" if title and title != host else host, quote=False)
    link = told if linked else f'<a href="{escape(target)}">{told}</a>'
    return f'<span data-embed="link">{link}</span>'


def _web(node: LexborNode, base: str | None) -> str:
    given = node.attributes
    for name in _SOURCES:
        target = direct(given.get(name) or "", base)
        if target.lower().startswith("http"):
            for player, page in _PLAYERS:
                target = player.sub(page, target) if player.fullmatch(target) else target
            return target
    return ""
