"""What of a newsletter is not to be written: what stands above and below its text to send it, and the bars between.

::

    preheader, "View in browser", the date, the logo        above: gone where it is sure what they are
    the text, with its sections, lists, pictures            stays whole, but for lines that share and like
    bars, "You receive this because …", address, links      below: gone, with all that follows
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from selectolax.lexbor import LexborNode

from ..text.whitespace import fold
from .markup import EMBEDS
from .newsletter_head import Head
from .newsletter_signs import Service, is_icon, is_preheader, link_around, says_button, shares, signs
from .page_blocks import Block
from .page_cut import around, without
from .page_signs import bare_names
from .recognised import LeftOut

NOT_SHOWN = "stands in the newsletter's frame only: kept, not shown"

_FEWEST_ABOVE = 10
"""Blocks at the beginning in which a link to the web version is the sender's."""
_NEAR_END = 0.7
"""Share of the blocks after which a link to the web version is the sender's."""
_LARGEST_FOOTER = 260
"""Words; what is more is no footer as a whole, and goes only line by line."""
_BOX_LEVELS = 12
"""Elements around a block of which the names are looked at."""
_LARGEST_BOX = 160
"""Words of a box; what is more is the newsletter itself."""
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_WALL = re.compile(r"\bpaywall(?!-jump)", re.IGNORECASE)
"""Substack, Ghost. QUIRK: Substack's `paywall-jump` is where the part begins that others do not get."""
_LONGEST_GAIN = 40
"""Words of a line that says what those get who pay."""
_SHORT = 9
_MOST_SHORT = 5
"""Short lines in a row, of so many words, that may stand in a footer for an address."""
_RUBBLE = re.compile(r"(?:<?!?\[?endif\]?-*>|[-<>/!|\[\] ])+")
"""What is left of conditional comments (Outlook) that a program broke."""
_LOGO = re.compile(r"\blogo", re.IGNORECASE)
_FOOTER = re.compile(r"(?:\b|_)footer", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Cut:
    """Which blocks are no part of the article, by number: `above` those before its text, `footer` the first of the
    footer (the number of blocks where there is none), `dropped` all of them.
    """

    above: int
    footer: int
    dropped: frozenset[int]


def cut(blocks: Sequence[Block], services: Sequence[Service | None], names: Collection[str], head: Head) -> Cut:
    """What is cut. `names` are those of title and sender, folded."""
    footer = _wall(blocks, _footer(blocks, services))
    above = min(head.end, footer)
    dropped = {number for number in range(len(blocks)) if number >= footer or is_preheader(blocks[number])}
    dropped.update(_boxed(blocks))
    dropped.update(_asked(blocks[:footer], services))
    for number, block in enumerate(blocks[:footer]):
        service = services[number]
        is_above = number < above
        if (
            service in {"bar", "told"}
            or (service == "leave" and is_above)
            or (service == "web" and (number < max(above, _FEWEST_ABOVE) or number > _NEAR_END * footer))
            or (is_above and (number in head.lines or fold(block.text) in names))
            or _RUBBLE.fullmatch(block.text)
        ):
            dropped.add(number)
    return Cut(above, footer, frozenset(dropped))


def _wall(blocks: Sequence[Block], footer: int) -> int:
    """Where the wall begins before which those stop who do not pay, if nothing but what they would get follows it; the
    footer's place where there is none.
    """
    known: dict[int, bool] = {}
    first = next((n for n in range(footer) if blocks[n].is_called(_WALL, _BOX_LEVELS, known)), footer)
    below = blocks[first:footer]
    short = sum(len(block.words) for block in below) <= _LARGEST_BOX
    return first if short and all(len(block.words) <= _LONGEST_GAIN for block in below) else footer


def _asked(blocks: Sequence[Block], services: Sequence[Service | None]) -> Iterator[int]:
    """The lines that count referrals or ask how it was, with the heading above them and the answers to choose below."""
    for number in (number for number in range(len(blocks)) if services[number] == "refer"):
        yield number
        if number and blocks[number - 1].tags[0] in _HEADINGS and says_button(blocks[number - 1]):
            yield number - 1
        for below in range(number + 1, len(blocks)):
            if len(blocks[below].words) > _SHORT or blocks[below].linked < max(1, len(blocks[below].words)):
                break
            yield below


def _boxed(blocks: Sequence[Block]) -> Iterator[int]:
    """The blocks in boxes that sell the newsletter, or ask what one thinks of it, by the names of those."""
    known: dict[int, bool] = {}
    inside: defaultdict[int, list[int]] = defaultdict(list)
    for number, block in enumerate(blocks):
        if block.is_called(signs().boxes, _BOX_LEVELS, known):
            inside[next(element for element in reversed(block.ids[:_BOX_LEVELS]) if known.get(element))].append(number)
    for numbers in inside.values():
        if sum(len(blocks[number].words) for number in numbers) <= _LARGEST_BOX:
            yield from numbers


def _footer(blocks: Sequence[Block], services: Sequence[Service | None]) -> int:
    """Where the footer begins: at the last line that ends the subscription, and above it, as long as lines serve the
    sending; a few short ones between two of them are an address.
    """
    last = max((number for number, service in enumerate(services) if service == "leave"), default=None)
    if last is None or 2 * sum(len(block.words) for block in blocks[:last]) < sum(len(block.words) for block in blocks):
        last = max(
            (number for number, service in enumerate(services) if service in {"why", "legal"}), default=len(blocks)
        )
    if sum(len(block.words) for block in blocks[last + 1 :]) > _LARGEST_FOOTER:
        return len(blocks)
    start, short = min(last, _named(blocks, last)), 0
    words = 0
    for number in range(start - 1, -1, -1):
        size = len(blocks[number].words)
        words += size
        if words > _LARGEST_FOOTER:
            break
        if services[number] is not None:
            if not short or services[number] in {"why", "legal", "leave"}:
                start, short = number, 0
            else:
                break
        elif size <= _SHORT and short < _MOST_SHORT:
            short += 1
        else:
            break
    return start


def _named(blocks: Sequence[Block], last: int) -> int:
    """The first block of the element around the last line that is called a footer, or is one; `last` where none is."""
    if last >= len(blocks):
        return last
    outer: int | None = None
    node: LexborNode | None = blocks[last].holder
    while node is not None and node.tag not in {"body", "html"}:
        if node.tag == "footer" or _FOOTER.search(bare_names(node)):
            outer = node.mem_id
        node = node.parent
    if outer is None:
        return last
    inside = [number for number in range(last + 1) if _is_within(blocks[number].holder, outer)]
    small = sum(len(blocks[number].words) for number in inside) <= _LARGEST_FOOTER
    return inside[0] if inside and small and inside == list(range(inside[0], last + 1)) else last


def _is_within(node: LexborNode | None, outer: int) -> bool:
    while node is not None:
        if node.mem_id == outer:
            return True
        node = node.parent
    return False


# --- nodes ------------------------------------------------------------------------------------------------------------


def left_out(root: LexborNode, blocks: Sequence[Block], found: Cut, names: Collection[str]) -> LeftOut:
    """The nodes below `root` that are not written: those blocks, the pictures of the frame, icons of bars, pixels."""
    alive = [node for number, block in enumerate(blocks) if number not in found.dropped for node in block.nodes]
    alive += _media(root, blocks, found, names)
    return without(root, alive, NOT_SHOWN)


def _media(root: LexborNode, blocks: Sequence[Block], found: Cut, names: Collection[str]) -> Iterator[LexborNode]:
    """The pictures, players and rules that stay."""
    words: Counter[int] = Counter()
    kept: Counter[int] = Counter()
    number_of: dict[int, int] = {}
    for number, block in enumerate(blocks):
        number_of |= {node.mem_id: number for node in block.nodes}
        for element in around(block.holder, root):
            words[element.mem_id] += 1
            kept[element.mem_id] += number not in found.dropped
    first = next((number for number in range(found.footer) if number not in found.dropped), found.footer)
    passed = -1
    for node in root.traverse(include_text=True):
        passed = number_of.get(node.mem_id, passed)
        if passed >= found.footer:
            return
        if node.tag == "img":
            if _stays(node, root, words, kept) and not (passed < found.above and _is_logo(node, names)):
                yield node
        elif node.tag in EMBEDS or (node.tag == "hr" and first <= passed < found.footer - 1):
            yield node


def _stays(picture: LexborNode, root: LexborNode, words: Counter[int], kept: Counter[int]) -> bool:
    """Whether a picture is part of the text: it shares nothing, and the nearest text beside it is kept."""
    target = link_around(picture)
    if is_icon(picture) or (target and shares(target)):
        return False
    for element in around(picture.parent, root):
        if words[element.mem_id]:
            return kept[element.mem_id] > 0
    return True


def _is_logo(picture: LexborNode, names: Collection[str]) -> bool:
    """Whether a picture above the text is the sender's mark: called so, or by the sender's name."""
    given = picture.attributes
    alt = given.get("alt") or ""
    named = f"{bare_names(picture)} {(given.get('src') or '').rsplit('/', 1)[-1]} {alt}"
    return bool(_LOGO.search(named)) or (bool(alt.strip()) and fold(alt) in names)
