"""The header of a Reader View page of which no class and no id is left: told by its shape."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from selectolax.lexbor import LexborNode

from ..text.hosts import host_of
from ..text.whitespace import collapse, fold

_LEVELS, _LINES = 6, 2
"""Elements around the article and before it in which the header is looked for; its lines below the title."""
_DIGIT = re.compile(r"\d")


def header_by_its_shape(content: LexborNode, titles: Sequence[str]) -> dict[str, list[LexborNode]]:
    """The header's elements where their classes are lost: what stands above the article is a link to where it comes
    from, a heading that is its title, and below this at most two lines, the credits and the time; {} for anything else.
    """
    wanted = {fold(title) for title in titles if title}
    heading = next((node for node in _above(content) if node.tag == "h1" and fold(node.text()) in wanted), None)
    link = _domain_link(heading) if heading is not None else None
    if heading is None or link is None:
        return {}
    lines = list(_lines_below(heading, content))
    if len(lines) > _LINES or any(node.tag not in {"div", "p"} for node in lines):
        return {}
    times = [node for node in lines[-1:] if _DIGIT.search(node.text())]
    return {"domain": [link], "title": [heading], "credits": lines[: len(lines) - len(times)][:1], "time": times}


def _lines_below(heading: LexborNode, content: LexborNode) -> Iterator[LexborNode]:
    """What stands beside the heading, below it and above the article; of much, no more than tells that it is much."""
    around = {content.mem_id}
    node = content.parent
    while node is not None:
        around.add(node.mem_id)
        node = node.parent
    following, count = heading.next, 0
    while following is not None and following.mem_id not in around and count <= _LINES:
        if speaks(following):
            count += 1
            yield following
        following = following.next


def _domain_link(heading: LexborNode) -> LexborNode | None:
    """The link before a heading, if it shows the host it leads to, and nothing else."""
    before = heading.prev
    while before is not None and not speaks(before):
        before = before.prev
    if before is None or (before.tag or "-").startswith("-"):
        return None
    link = before if before.tag == "a" else before.css_first("a")
    host = host_of(link.attributes.get("href") or "") if link is not None else None
    shown = collapse(before.text()).strip().lower().removeprefix("www.")
    return link if host is not None and shown == host.lower().removeprefix("www.") else None


def _above(content: LexborNode) -> Iterator[LexborNode]:
    """The elements before the article, and those in them, the nearest first."""
    node: LexborNode | None = content
    for _ in range(_LEVELS):
        if node is None or node.tag == "body":
            return
        before = node.prev
        for _ in range(_LEVELS):
            if before is None:
                break
            if not (before.tag or "-").startswith("-"):
                yield before
                yield from before.css("h1")[:1]
            before = before.prev
        node = node.parent


def speaks(node: LexborNode) -> bool:
    """Whether a node has text that is more than white space."""
    text = node.text_content if node.tag == "-text" else node.text()
    return bool(text and text.strip())
