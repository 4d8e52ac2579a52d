"""Figures whose caption is no `figcaption` in them: text below the picture, or a caption behind the figure."""

from __future__ import annotations

from collections.abc import Sequence

from selectolax.lexbor import LexborNode

from .captions import BOXES, LONGEST, is_in, is_nothing, named, only_item

_MEDIA = "img, svg, iframe, video, audio, object, embed"
_NO_CAPTION = "ul, ol, dl, table, pre, blockquote, h1, h2, h3"
_MOST = 500
_BOXES_AROUND = 3
"""Boxes around a figure, or in it, with nothing else in them, that its caption may stand behind, or in."""


def caption_figures(region: LexborNode, left_out: frozenset[int] = frozenset()) -> frozenset[int]:
    """Give each figure a `figcaption` that has its caption elsewhere: the `mem_id`s of what held it, which is not to be
    written again. Copies nothing that is `left_out`; changes the tree, but destroys no node of it.
    """
    used: set[int] = set()
    for figure in region.css("figure")[:_MOST]:
        captioned = any(not is_nothing(told) for told in figure.css("figcaption"))
        if captioned or figure.css_first(_MEDIA) is None:
            continue
        found = _below_picture(figure) or _behind(figure, region)
        found = [node for node in found if not is_in(node, left_out)]
        if found:
            _take_in(figure, found, left_out)
            used.update(node.mem_id for node in found)
    return frozenset(used)


def _below_picture(figure: LexborNode) -> list[LexborNode]:
    """What stands below the last picture in a figure, if it is no more than may be a caption."""
    box, told = figure, _contents(figure)
    for _ in range(_BOXES_AROUND):
        if len(told) != 1 or told[0].tag not in BOXES:
            break
        box = told[0]
        told = _contents(box)
    last = max((place for place, node in enumerate(told) if _holds(node, _MEDIA)), default=len(told))
    below = told[last + 1 :]
    text = " ".join((node.text_content if node.tag == "-text" else node.text()) or "" for node in below)
    return (
        below
        if len(text) <= LONGEST and not any(_holds(node, _NO_CAPTION) and not only_item(node) for node in below)
        else []
    )


def _contents(box: LexborNode) -> list[LexborNode]:
    return [node for node in box.iter(include_text=True) if _holds(node, _MEDIA) or not is_nothing(node)]


def _holds(node: LexborNode, tags: str) -> bool:
    """Whether a node is one of these elements, or holds one."""
    return not (node.tag or "-").startswith("-") and node.css_first(tags) is not None


def _behind(figure: LexborNode, region: LexborNode) -> list[LexborNode]:
    """What stands behind a figure and is called a caption; around the figure may be a box that holds nothing else. In a
    figure of figures it is the outer one's.
    """
    if figure.parent is not None and figure.parent.tag == "figure":
        return []
    node: LexborNode | None = figure
    for _ in range(_BOXES_AROUND):
        if node is None or node.mem_id == region.mem_id:
            break
        following = node.next
        while following is not None and is_nothing(following):
            following = following.next
        if following is not None:
            return [following] if following.tag == "figcaption" or named(following) else []
        node = node.parent if node.parent is not None and node.parent.tag in BOXES else None
    return []


def _take_in(figure: LexborNode, captions: Sequence[LexborNode], left_out: frozenset[int]) -> None:
    """Copy captions into a `figcaption` of the figure; of a list its only item."""
    figure.insert_child(figure.parser.create_node("figcaption"))
    holder = figure.last_child
    if holder is None:
        return
    for caption in captions:
        item = caption.css_first("li") or caption if caption.tag in {"ul", "ol"} else None
        for part in [caption] if item is None else item.iter(include_text=True):
            holder.insert_child(part)
            _take_out(holder.last_child, part, left_out)


def _take_out(copy: LexborNode | None, part: LexborNode, left_out: frozenset[int]) -> None:
    """Of a copy, what is left out of its original."""
    if copy is None or not left_out:
        return
    pairs = zip(part.traverse(include_text=True), copy.traverse(include_text=True), strict=False)
    for gone in reversed([two for one, two in pairs if one.mem_id in left_out]):
        gone.remove()
