"""Captions that are no `figcaption`, of pictures in no figure: what follows a picture, and is plainly about it."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborNode

from ..text.whitespace import collapse
from .page_signs import bare_names

LONGEST = 300
"""Characters of a caption; what is longer is text."""
_MOST_NODES = 40
_MOST_PICTURES = 500
"""Bounds on the looking, so that a hostile mail cannot make it long."""
_CLOSED = frozenset({"figure", "li", "th", "caption", "summary", "pre", "h1", "h2", "h3", "h4", "h5", "h6"})
"""Where no figure may stand, or where one is already."""
_NO_FIGURE = _CLOSED - {"li", "th"}
"""In which there is none, however deep."""
BOXES = frozenset({"div", "section", "span"})
_NAMED = re.compile(
    r"(?:^|\s)(?:wp-caption-text|wp-caption-dd|tr-caption|MsoCaption|gallery-caption|blocks-gallery-item__caption"
    r"|image-caption|img-caption|photo-caption|picture-caption|media-caption|caption|caption-text)(?:\s|$)",
    re.IGNORECASE,
)
"""What WordPress, Blogger, Word and most others call the block that says something about the picture before it."""


def captions(region: LexborNode, left_out: frozenset[int] = frozenset()) -> tuple[dict[int, str], frozenset[int]]:
    """The captions of pictures that stand on their own: (`mem_id` of the picture → caption, `mem_id`s of the blocks
    that held them, which are not to be written again). A picture within a node `left_out` has none.

    Galleries put it into a list of one item behind the picture (slick.js, and the paste of it), WordPress, Blogger and
    Word into a block of a certain name. A list of several items is a list, and any other paragraph is text.
    """
    found: dict[int, str] = {}
    used: set[int] = set()
    for picture in region.css("img")[:_MOST_PICTURES]:
        if (left_out and is_in(picture, left_out)) or _is_in_closed(picture, region):
            continue
        following = _following(picture, region)
        if following is None:
            continue
        text = named(following) or only_item(following)
        if text and following.mem_id not in used:
            found[picture.mem_id] = text
            used.add(following.mem_id)
    return found, frozenset(used)


def _is_in_closed(picture: LexborNode, region: LexborNode) -> bool:
    """Whether a picture stands where no figure may, or in one."""
    node = picture.parent
    for _ in range(_MOST_NODES):
        if node is None or node.mem_id == region.mem_id:
            return False
        if node.tag in _NO_FIGURE:
            return True
        node = node.parent
    return False


def is_in(node_within: LexborNode, nodes: frozenset[int]) -> bool:
    """Whether a node is one of these, by `mem_id`, or in one."""
    node: LexborNode | None = node_within
    for _ in range(_MOST_NODES):
        if node is None or node.mem_id in nodes:
            break
        node = node.parent
    return node is not None and node.mem_id in nodes


def _following(picture: LexborNode, region: LexborNode) -> LexborNode | None:
    """The first thing behind a picture in the order of the document, boxes opened; white space, line breaks and empty
    boxes are nothing. None where the picture is part of a figure, a list or a table.
    """
    node: LexborNode | None = picture
    while node is not None and node.mem_id != region.mem_id:
        if node.tag in {"td", "dt"}:
            return _cell_below(node)
        if node.tag in _CLOSED:
            return None
        following = node.next
        while following is not None:
            if named(following):
                return following
            if following.tag in BOXES and following.child is not None and not is_nothing(following):
                following = following.child
            elif is_nothing(following):
                following = following.next
            else:
                return following
        node = node.parent
    return None


def _cell_below(cell: LexborNode) -> LexborNode | None:
    """The caption in the next row (Blogger), or the definition (galleries of WordPress); None where it has no such
    name.
    """
    row = cell if cell.tag == "dt" else cell.parent
    following = row.next if row is not None else None
    while following is not None and (following.tag or "-").startswith("-"):
        following = following.next
    if following is not None and following.tag == "tr":
        following = following.css_first("td")
    return following if following is not None and named(following) else None


def named(block: LexborNode) -> str | None:
    """The text of a block that is named a caption; None for any other."""
    if (block.tag or "-").startswith("-") or not _NAMED.search(bare_names(block)):
        return None
    if block.css_first("img, ul, ol, table, pre, h1, h2, h3") is not None:
        return None
    text = collapse(block.text()).strip()
    return text if 0 < len(text) <= LONGEST else None


def is_nothing(node: LexborNode) -> bool:
    """Whether there is neither text nor a picture; what takes long to look through is something."""
    for count, inner in enumerate(node.traverse(include_text=True)):
        spoken = inner.tag == "-text" and (inner.text_content or "").strip()
        if spoken or inner.tag in {"img", "hr"} or count > _MOST_NODES:
            return False
    return True


def only_item(block: LexborNode) -> str | None:
    """The text of a list that is one short item; None for anything else."""
    if block.tag not in {"ul", "ol"}:
        return None
    for count, node in enumerate(block.traverse()):
        if count > _MOST_NODES or node.tag in {"img", "p", "h1", "h2", "h3", "table", "iframe", "pre"}:
            return None
    items, text = block.css("li"), collapse(block.text()).strip()
    if items:  # and nothing straight in the list, which would be an item, too
        whole = len(items) == 1 and collapse(items[0].text()).strip() == text
    else:
        whole = block.child is not None and block.child.tag == "-text" and block.child.next is None
    return text if whole and 0 < len(text) <= LONGEST else None
