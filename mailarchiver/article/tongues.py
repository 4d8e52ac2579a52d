"""Parts of an article in another language or direction than the whole, where what says so is no element of its own.

A paragraph keeps its `lang` and `dir`; boxes and spans leave no tag, and hand theirs on to what is written in them.
"""

from __future__ import annotations

from collections.abc import Sequence

from selectolax.lexbor import LexborNode

from ..model import Direction
from ..text.language import language_of
from .markup import BOXES
from .metadata import direction, language, settled

_MOST = 2_000
"""Elements that are looked at, so that a hostile mail cannot make it long."""
_LONGEST, _MOST_NODES = 1_000, 500
"""Characters and nodes of a part's text that are looked at."""
_DEEPEST = 40
"""Elements around that are looked at."""
_TAGS = BOXES | {"span", "font"}


def tongues(regions: Sequence[LexborNode], spoken: str | None, way: Direction | None) -> dict[int, str]:
    """`mem_id` → the attributes that a box or span hands on: those in which it differs from what is around it.

    `spoken` and `way` are what the article's markup says of the whole. No language counts where the whole has none to
    differ from, nor one that the part's text contradicts; no direction that its letters do not have: mail programs
    write `dir="ltr"` around any text. A span stays, and differs from the whole or not: read again, it stays again.
    """
    found: dict[int, str] = {}
    for region in regions:
        marked = region.css("[dir], [lang]")[:_MOST]
        if not marked:
            continue
        whole = (spoken, way or direction(_beginning(region)))
        known: dict[int, tuple[str | None, Direction]] = {}
        for node in marked:
            stays = node.tag == "span"
            around = whole if stays else _around(node, region, known) or whole
            own = known[node.mem_id] = _own(node, around, as_said=stays)
            if own != around and node.tag in _TAGS and node.mem_id != region.mem_id:
                found[node.mem_id] = _attributes(own, around)
    return found


def _around(
    node: LexborNode, region: LexborNode, known: dict[int, tuple[str | None, Direction]]
) -> tuple[str | None, Direction] | None:
    above = node.parent
    for _ in range(_DEEPEST if known else 0):
        if above is None or above.mem_id in known or above.mem_id == region.mem_id:
            break
        above = above.parent
    return known.get(above.mem_id) if above is not None else None


def _own(node: LexborNode, around: tuple[str | None, Direction], *, as_said: bool) -> tuple[str | None, Direction]:
    """Language and direction of a part, of which those around it are known; `as_said` whatever its text is."""
    given = node.attributes
    spoken, way = around
    tag, side = given.get("lang") or "", (given.get("dir") or "").lower()
    differs = side in {"ltr", "rtl"} and side != way
    told = None if _is_of_word(tag) else language(tag)
    foreign = told is not None and spoken is not None and told.partition("-")[0] != spoken.partition("-")[0]
    if not differs and not foreign:
        return around
    text = "" if as_said else _beginning(node)
    if differs and (as_said or direction(text) == side):
        way = "rtl" if side == "rtl" else "ltr"
    if foreign and (as_said or (text.strip() and settled(told, language_of(text)) == told)):
        spoken = told
    return spoken, way


def _beginning(node: LexborNode) -> str:
    text = ""
    for count, inner in enumerate(node.traverse(include_text=True)):
        text += (inner.text_content or "")[:_LONGEST] if inner.tag == "-text" else ""
        if len(text) >= _LONGEST or count >= _MOST_NODES:
            break
    return text


def _is_of_word(tag: str) -> bool:
    """QUIRK: Word writes the language of its spelling checker on everything, as `lang=EN-US`; people write `en-US`."""
    return tag.partition("-")[0].isupper()


def _attributes(own: tuple[str | None, Direction], around: tuple[str | None, Direction]) -> str:
    spoken = f' lang="{own[0]}"' if own[0] and own[0] != around[0] else ""
    return spoken + (f' dir="{own[1]}"' if own[1] != around[1] else "")
