"""What of a page is not to be written: everything but its article.

Pictures, drawings and players stay where the article keeps the text they stand in, with their captions; those of
teasers, menus and advertisements go with these.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode

from ..text.whitespace import fold
from .drawing import is_drawing, is_ornament
from .markup import EMBEDS
from .page_blocks import Block
from .page_notices import is_share_picture
from .page_signs import BOILERPLATE, CAPTION, bare_names
from .recognised import LeftOut

OUTSIDE = "stands outside of the article: kept, not shown"

_MEDIA = frozenset({"img", "hr", *EMBEDS})
_LARGEST_FRAME = 80
"""Words that may stand around a picture as its caption and credit; what has more is a box of its own."""
_NEVER = frozenset({"nav", "footer", "aside"})
_CAPTION_WORDS, _CAPTION_LEVELS, _SAME = 8, 3, 40
"""Words of a caption that nobody writes twice, elements around it that call it one, characters that tell two apart."""


@dataclass(slots=True)
class _Counts:
    """Of each element, by `mem_id`: words of its text, those of them in links, those of them that are kept."""

    words: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    linked: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    kept: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))


def all_but(root: LexborNode, blocks: Sequence[Block], kept: Sequence[int]) -> LeftOut:
    """What is left out of the page below `root` where the blocks with the numbers `kept`, ascending, at least one, are
    its article. Changes nothing.
    """
    kept = _each_once(blocks, kept)
    inside = frozenset(kept)
    counts = _count(blocks, inside)
    alive = [node for number in kept for node in blocks[number].nodes]
    frames: set[int] = set()
    for media in _near(root, [blocks[number] for number in kept]):
        frame = _frame(media, root, counts)
        if frame is not None:
            alive.append(media)
            frames.add(frame.mem_id)
    said = {_beginning(blocks[number]) for number in kept}
    for number, block in enumerate(blocks):
        if number not in inside and _is_caption(block, frames) and _beginning(block) not in said:
            said.add(_beginning(block))
            alive += block.nodes
    return without(root, alive, OUTSIDE)


def _each_once(blocks: Sequence[Block], kept: Sequence[int]) -> list[int]:
    """Without captions that were there before.

    QUIRK: galleries hold each caption several times, for each width of a screen, whole and cut short.
    """
    said: set[str] = set()
    known: dict[int, bool] = {}
    rest = []
    for number in kept:
        block = blocks[number]
        is_caption = len(block.words) >= _CAPTION_WORDS and block.is_called(CAPTION, _CAPTION_LEVELS, known)
        if not is_caption or _beginning(block) not in said:
            rest.append(number)
        if is_caption:
            said.add(_beginning(block))
    return rest


def _beginning(block: Block) -> str:
    """By what a caption is told from others."""
    return fold(block.text[: 2 * _SAME])[:_SAME]


def without(root: LexborNode, alive: Sequence[LexborNode], reason: str) -> LeftOut:
    """What is left out below `root` where only these nodes, texts and media, are kept. Changes nothing."""
    others = _others(root, alive)
    pictures = [picture for node in others for picture in _mailed_pictures(node)]
    return LeftOut(frozenset(node.mem_id for node in others), tuple(pictures), reason)


def _count(blocks: Sequence[Block], kept: frozenset[int]) -> _Counts:
    counts = _Counts()
    together: dict[tuple[int, ...], tuple[int, int, int]] = {}  # an element's blocks at once: they are many
    for number, block in enumerate(blocks):
        words, linked, held = together.get(block.ids, (0, 0, 0))
        size = len(block.words)
        together[block.ids] = words + size, linked + block.linked, held + (size if number in kept else 0)
    for elements, (words, linked, held) in together.items():
        for element in elements if words else ():
            counts.words[element] += words
            if linked:
                counts.linked[element] += linked
            if held:
                counts.kept[element] += held
    return counts


def around(node: LexborNode | None, root: LexborNode) -> Iterator[LexborNode]:
    """An element and those around it, up to and with `root`."""
    while node is not None:
        yield node
        if node.mem_id == root.mem_id:
            return
        node = node.parent


def _near(root: LexborNode, kept: Sequence[Block]) -> Iterator[LexborNode]:
    """The media elements from the heading above the article to its last block, and those beside that."""
    first, last = kept[0].nodes[0].mem_id, kept[-1].nodes[-1].mem_id
    beside = kept[-1].holder.parent
    waiting: list[LexborNode] = []
    state = "above"
    for node in root.traverse(include_text=True):
        if node.mem_id == first:
            yield from waiting
            state = "within"
        if state == "above" and node.tag == "h1":
            waiting = []
        if node.tag in _MEDIA or (node.tag == "svg" and is_drawing(node) and not is_ornament(node)):
            if state == "above":
                waiting.append(node)
            elif state == "within" or (beside is not None and _is_child(node, beside)):
                yield node
        if node.mem_id == last:
            state = "below"


def _is_child(node: LexborNode, parent: LexborNode) -> bool:
    """Whether a picture stands in an element, straight or in a box of its own."""
    above = node.parent
    return above is not None and (
        above.mem_id == parent.mem_id or (above.parent is not None and above.parent.mem_id == parent.mem_id)
    )


def _frame(media: LexborNode, root: LexborNode, counts: _Counts) -> LexborNode | None:
    """The outermost element around a picture with no more in it than may be its caption; None where the picture is no
    part of the article: its frame is a teaser, or stands where nothing is kept, or it is a button to share by.
    """
    if media.tag == "img" and is_share_picture(media.attributes.get("alt") or ""):
        return None
    frame = media
    for element in around(media, root):
        if element.tag in _NEVER or BOILERPLATE.search(bare_names(element)):
            return None
        if counts.kept[element.mem_id]:
            break
        if counts.words[element.mem_id] > _LARGEST_FRAME:
            return None
        frame = element
    words, linked = counts.words[frame.mem_id], counts.linked[frame.mem_id]
    return None if words and 2 * linked > words else frame


def _is_caption(block: Block, frames: set[int]) -> bool:
    """Whether a block is what a kept picture's frame says about it."""
    depth = next((depth for depth, element in enumerate(block.ids) if element in frames), None)
    if depth is None:
        return block.holder.tag == "figcaption" and _before(block.holder) in frames
    named = {"figcaption", "figure"} & set(block.tags[: depth + 1])
    return bool(named) or any(CAPTION.search(names) for names in block.names(depth + 1))


def _before(node: LexborNode) -> int | None:
    """The `mem_id` of the element before a node, white space aside."""
    before = node.prev
    while before is not None and (before.tag or "-").startswith("-") and not (before.text_content or "").strip():
        before = before.prev
    return before.mem_id if before is not None else None


def _others(root: LexborNode, alive: Sequence[LexborNode]) -> list[LexborNode]:
    """The outermost nodes that hold nothing of what is kept."""
    kept = {node.mem_id for node in alive}
    holders = {element.mem_id for node in alive for element in around(node.parent, root)}
    others: list[LexborNode] = []
    waiting = [root]
    while waiting:
        for child in waiting.pop().iter(include_text=True):
            if child.mem_id in holders:
                waiting.append(child)
            elif child.mem_id not in kept and child.tag != "br":
                others.append(child)
    return others


def _mailed_pictures(node: LexborNode) -> list[LexborNode]:
    """The pictures in a node that came with the mail: only those have anything that could be lost."""
    if (node.tag or "-").startswith("-"):
        return []
    pictures = [node] if node.tag == "img" else node.css("img")
    return [picture for picture in pictures if (picture.attributes.get("src") or "").lower().startswith("cid:")]
