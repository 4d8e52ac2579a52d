"""Captions that are no `figcaption`: what follows a picture, and is plainly about it."""

from __future__ import annotations

from selectolax.lexbor import LexborNode

from ..text.whitespace import collapse

LONGEST = 300
"""Characters of a caption; what is longer is text."""
_MOST_NODES = 40
_MOST_PICTURES = 500
"""Bounds on the looking, so that a hostile mail cannot make it long."""
_BOXES = frozenset({"div", "section", "span"})


def captions(region: LexborNode) -> tuple[dict[int, str], frozenset[int]]:
    """The captions of pictures that stand on their own: (`mem_id` of the picture → caption, `mem_id`s of the blocks
    that held them, which are not to be written again).

    Galleries put it into a list of one item behind the picture (slick.js, and the paste of it). A list of several
    items is a list, and a paragraph is text.
    """
    found: dict[int, str] = {}
    used: set[int] = set()
    for picture in region.css("img")[:_MOST_PICTURES]:
        following = _following(picture, region)
        text = _only_item(following) if following is not None else None
        if following is not None and text:
            found[picture.mem_id] = text
            used.add(following.mem_id)
    return found, frozenset(used)


def _following(picture: LexborNode, region: LexborNode) -> LexborNode | None:
    """The first thing behind a picture in the order of the document, boxes opened; white space, line breaks and empty
    boxes are nothing. None where the picture is part of a figure, a list or a table.
    """
    node: LexborNode | None = picture
    while node is not None and node.mem_id != region.mem_id:
        if node.tag in {"figure", "li", "td", "th"}:
            return None
        following = node.next
        while following is not None:
            if following.tag in _BOXES and following.child is not None and not _is_nothing(following):
                following = following.child
            elif _is_nothing(following):
                following = following.next
            else:
                return following
        node = node.parent
    return None


def _is_nothing(node: LexborNode) -> bool:
    """Whether there is neither text nor a picture; what takes long to look through is something."""
    for count, inner in enumerate(node.traverse(include_text=True)):
        spoken = inner.tag == "-text" and (inner.text_content or "").strip()
        if spoken or inner.tag in {"img", "hr"} or count > _MOST_NODES:
            return False
    return True


def _only_item(block: LexborNode) -> str | None:
    """The text of a list that is one short item; None for anything else."""
    if block.tag not in {"ul", "ol"}:
        return None
    for count, node in enumerate(block.traverse()):
        if count > _MOST_NODES or node.tag in {"img", "p", "h1", "h2", "h3", "table", "iframe", "pre"}:
            return None
    items = block.css("li")
    text = collapse(block.text()).strip()
    return text if len(items) == 1 and 0 < len(text) <= LONGEST else None
