"""Links around a picture that is not to be seen: words for those that would vanish with it, and lead somewhere.

A paragraph that is but a picture which leads to a film or a document is one that its reader would miss. One that leads
to the picture itself, to another page of the article's own site, where galleries show it larger, or to the front page
of a site, as logos do, is not.
"""

from __future__ import annotations

import re
from html import escape
from urllib.parse import urlsplit

from selectolax.lexbor import LexborNode

from ..text.hosts import host_of
from ..text.redirects import target_of
from ..text.whitespace import collapse
from .captions import is_nothing
from .links import absolute
from .markup import BLOCK
from .newsletter_signs import hides_target

_LONGEST_TITLE = 120
_LEVELS = 12
_PICTURE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif|svg|bmp|tiff?|heic)(?:$|[/?&])", re.IGNORECASE)


def words_instead(picture: LexborNode, base: str | None) -> str:
    """The HTML to be written in the link around a picture without words: its title, else its host; "" where there is no
    link, or more than that in its paragraph, or it leads nowhere that matters.
    """
    link = _alone_in_link(picture)
    target = target_of(absolute(link.attributes.get("href") or "", base)) if link is not None else ""
    host = host_of(target)
    if link is None or not host or not _matters(target) or _site(host) == _site(host_of(base) if base else None):
        return ""
    given = link.attributes.get("title") or link.attributes.get("aria-label") or picture.attributes.get("title") or ""
    title = collapse(given).strip()[:_LONGEST_TITLE]
    told = f"{title} ({host})" if title and title != host else host
    return f'<span data-embed="link">{escape(told, quote=False)}</span>'


def _matters(target: str) -> bool:
    parts = urlsplit(target)
    return bool(parts.path.strip("/")) and not _PICTURE.search(target) and not hides_target(target)


def _site(host: str | None) -> str:
    """The end of a host that its pages have in common, about."""
    return ".".join((host or "").lower().split(".")[-2:])


def _alone_in_link(picture: LexborNode) -> LexborNode | None:
    """The link around a picture, where both are all that is in the block around them."""
    link: LexborNode | None = None
    node = picture
    for _ in range(_LEVELS):
        above = node.parent
        if above is None or any(
            child.mem_id != node.mem_id and not is_nothing(child) for child in above.iter(include_text=True)
        ):
            return None
        if above.tag == "a":
            link = above
        elif above.tag in BLOCK:
            return link
        node = above
    return None
