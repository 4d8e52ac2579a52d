"""Which blocks of a page are its article: decided by what engines say, block by block, and by where the block stands.

::

    blocks ─ shares ─▶ votes ─ region ─▶ the element that holds most of what is voted for
                                 └─────▶ kept: two votes, or one and the shape of text; then the gaps, the notices,
                                         the tail, the standfirst

Measured on pages with known text: three engines that agree are right in .98 of the words, two in .85; one alone in .7
where it names a paragraph or an item, in .3 where it names a bare box.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence

from .page_blocks import Block
from .page_notices import is_notice, is_request
from .page_signs import BOILERPLATE, BOXES, CAPTION, CREDITS, NO_STANDFIRST, STANDFIRST, SUBHEADING, SUMMARY
from .votes import NEAR, Place, places_of

_HOLDS = 0.75
"""Share of the words voted for that the element of the article holds; the rest is teasers and lists of links."""
_MOSTLY_LINKS = 0.75
_ONLY_LINKS = 0.9
_FEW_LINKS = 0.3
_SOME_LINKS = 0.2
_STANDFIRST_WORDS = 8
_SHAPES = frozenset(["p", "li", "blockquote", "pre", "dd", "dt", "td", "th", "h2", "h3", "h4"])
"""What text is in; one engine is believed about such a block."""
_WHOLES = frozenset(["table", "ul", "ol", "dl", "pre", "blockquote"])
"""What is kept or left out as one."""
_LARGEST_WHOLE = 800
"""Words; what is larger is no table, but a layout."""
_HEADINGS = frozenset(["h2", "h3", "h4", "h5", "h6"])
_NO_HOLDER = frozenset([*_WHOLES, *_HEADINGS, "tbody", "tr", "li", "p", "span", "a", "b", "i", "em", "strong", "font"])
"""What holds a part of an article, never the whole; a cell may, for pages were once laid out by tables."""
_RUNNING, _APART = 12, 25
"""Words of a box that is kept for its likes are, within the article and beyond its ends; of a long paragraph."""
_CREDITS = 20
"""Words of a line that says who wrote it, and when."""
_LARGEST_BOX = 0.25
"""Share of an article that a box within it may hold."""
_BARE_URL = re.compile(r"(?:https?://|www\.)\S+")
_ITEMS = frozenset([("li", "ul"), ("li", "ol")])
_NO_STANDFIRST_TAGS = frozenset(["nav", "aside", "li", "figcaption", "figure"])


def article_blocks(blocks: Sequence[Block], opinions: Mapping[str, str]) -> tuple[int, ...]:
    """The numbers of the blocks that are the article, in order; () where the engines found nothing.

    `opinions` are what each engine takes for the article's text. Pure: the same page, the same blocks.
    """
    places = places_of(blocks, opinions.values())
    holder = _holder(places)
    if holder is None:
        return ()
    kept = [number for number, place in enumerate(places) if holder in place.ids and _is_kept(place, holder)]
    kept = _without_notices(places, _filled(places, _without_bare_headings(places, kept)))
    kept = _without_tail(places, _without_link_lists(places, kept))
    return (*_standfirst(places, kept[0]), *_completed(places, kept)) if kept else ()


def _holder(places: Sequence[Place]) -> int | None:
    """The smallest element that holds most of the words voted for; one vote counts half, lists of links nothing."""
    weights = [
        len(place.block.words) * (1.0 if place.votes > 1 else 0.5) if place.votes and place.linked < 0.5 else 0.0
        for place in places
    ]
    total = sum(weights)
    mass: Counter[int] = Counter()
    for place, weight in zip(places, weights, strict=True):
        for element in place.ids if weight else ():
            mass[element] += weight  # type: ignore[assignment]  # a Counter may hold any number
    inner = [
        next((element for element in place.ids if mass[element] >= _HOLDS * total), None)
        for place, weight in zip(places, weights, strict=True)
        if weight
    ]
    found = min((element for element in inner if element is not None), key=lambda one: mass[one], default=None)
    return next(_boxes_around(places, found)) if found is not None else None


def _boxes_around(places: Sequence[Place], element: int) -> Iterator[int]:
    """The elements from this one outwards that may hold an article."""
    place = next(place for place in places if element in place.ids)
    depth = place.ids.index(element)
    pairs = zip(place.ids[depth:], place.tags[depth:], strict=True)
    yield from (one for one, tag in pairs if tag not in _NO_HOLDER)
    yield element


def _is_kept(place: Place, holder: int) -> bool:
    within = place.tags[: place.ids.index(holder)]
    if not place.votes or (place.votes < 3 and place.is_called(BOILERPLATE)):
        return False
    if place.votes == 1:
        shaped = place.tags[0] in _SHAPES or bool({"blockquote", "figcaption"} & set(within))
        if not shaped or place.linked >= 0.5:
            return False
    if place.votes < 3 and len(place.block.words) <= _CREDITS and place.is_called(CREDITS, 1):
        return False
    if place.votes < 3 and place.linked >= _SOME_LINKS and is_request(place.block):
        return False
    is_item = place.tags[0] in _HEADINGS or bool({"li", "td"} & set(within))
    return is_item or place.linked < _MOSTLY_LINKS


def _without_bare_headings(places: Sequence[Place], kept: Sequence[int]) -> list[int]:
    """Without the headings of boxes of which nothing else is kept: of galleries, of teasers."""
    doubtful = [number for number in kept if places[number].votes < 2 and places[number].tags[0] in _HEADINGS]
    around = {element for number in doubtful for element in places[number].ids[1:NEAR]}
    if not around:
        return list(kept)
    speaks: set[int] = set()
    held: set[int] = set()
    inside = frozenset(kept)
    for number, place in enumerate(places):
        if place.tags[0] not in _HEADINGS and place.block.words and not around.isdisjoint(near := place.ids[:NEAR]):
            speaks.update(near)
            held.update(near if number in inside else ())
    bare = {number for number in doubtful if not (speaks - held).isdisjoint(places[number].ids[1:NEAR])}
    return [number for number in kept if number not in bare]


def _filled(places: Sequence[Place], kept: Sequence[int]) -> list[int]:
    """With what the engines are less sure of, or think too full of links, where what stands beside it is kept."""
    if not kept:
        return []
    likes = {_likeness(places[number]) for number in kept if places[number].votes > 1}
    inside = set(kept)
    before = after = kept[0]
    following = iter(kept)
    for number, place in enumerate(places):
        given = _is_given(places, number, inside)
        if number in inside or not (place.votes or given) or len(place.ids) < 2:
            continue
        while after < number and (further := next(following, None)) is not None:
            before, after = after, further
        within = before < number < after
        beside = within and places[before].ids[1:2] == place.ids[1:2] == places[after].ids[1:2]
        like = within and (given or _is_like(places, number, inside))
        if (beside and _fills(place)) or like or (_is_running(place, within=within) and _likeness(place) in likes):
            inside.add(number)
    return sorted(inside)


def _is_like(places: Sequence[Place], number: int, kept: Container[int]) -> bool:
    """Whether a block is called what the two blocks that are called so, too, and kept, right before and behind it: a
    short line that engines lose.
    """
    place = places[number]
    beside = (number - 1, number + 1)
    if place.linked >= _FEW_LINKS or not all(one in kept for one in beside):
        return False
    return bool(place.called[1]) and all(places[one].called == place.called for one in beside)


def _is_given(places: Sequence[Place], number: int, kept: Container[int]) -> bool:
    """Whether a block is an item with the address that the paragraph right above its list gives: "Registration at:"."""
    place = places[number]
    if number - 1 not in kept or place.tags[:2] not in _ITEMS or _BARE_URL.fullmatch(place.block.text) is None:
        return False
    return place.ids[2:3] == places[number - 1].ids[1:2]


def _is_running(place: Place, *, within: bool) -> bool:
    enough = len(place.block.words) >= (_RUNNING if within else _APART)
    return enough and place.linked < _FEW_LINKS and not place.is_called(BOILERPLATE, 1)


def _likeness(place: Place) -> tuple[int, str, str]:
    """What two boxes of one kind have in common: where they stand, what they are, and what they are called."""
    return place.ids[1] if len(place.ids) > 1 else 0, place.tags[0], next(place.block.names(1), "")


def _fills(place: Place) -> bool:
    """Whether a block between two that are kept is, too: a heading by tag or name, an address, what all engines say."""
    if place.is_called(BOILERPLATE, 1) or place.is_called(CAPTION, 1):
        return False
    if place.votes > 2 or place.tags[0] in _HEADINGS or _BARE_URL.fullmatch(place.block.text):
        return True
    return place.linked < _FEW_LINKS and place.is_called(SUBHEADING, 1)


def _without_notices(places: Sequence[Place], kept: Sequence[int]) -> list[int]:
    """Without lines and boxes that stand among its paragraphs and are no part of it, whatever engines say."""
    known: dict[int, bool] = {}
    boxed = [number for number in kept if places[number].block.is_called(BOXES, NEAR, known)]
    held: Counter[int] = Counter()
    for number in kept if boxed else ():
        for element in places[number].ids[:NEAR]:
            held[element] += len(places[number].block.words)
    total = sum(len(places[number].block.words) for number in kept)
    boxes = {element for element, named in known.items() if named and held[element] <= _LARGEST_BOX * total}
    return [
        number
        for number in kept
        if not boxes.intersection(places[number].ids[:NEAR]) and not is_notice(places[number].block)
    ]


def _without_link_lists(places: Sequence[Place], kept: Sequence[int]) -> list[int]:
    """Without lists in the last part of the article that are nothing but links: they lead to other articles."""
    start = len(kept) * 2 // 3
    lists: dict[int, list[int]] = {}
    for number in kept[start:]:
        place = places[number]
        around = next((one for one, tag in zip(place.ids, place.tags, strict=True) if tag in {"ul", "ol"}), None)
        if around is not None:
            lists.setdefault(around, []).append(number)
    gone = {
        number
        for numbers in lists.values()
        for number in numbers
        if len(numbers) > 1 and all(places[one].linked >= _ONLY_LINKS for one in numbers)
    }
    return [number for number in kept if number not in gone]


def _without_tail(places: Sequence[Place], kept: Sequence[int]) -> list[int]:
    """Without the links to other articles at its end, the requests, and their headings."""
    end = len(kept)
    while end:
        place = places[kept[end - 1]]
        if place.linked < _MOSTLY_LINKS and place.tags[0] not in _HEADINGS and not is_request(place.block):
            break
        end -= 1
    return list(kept[:end])


def _completed(places: Sequence[Place], kept: Sequence[int]) -> list[int]:
    """With the rest of each list, table, quote or listing of which most is kept, and with those that stand among kept
    paragraphs: engines lose them by halves, and whole.
    """
    words: Counter[int] = Counter()
    links: Counter[int] = Counter()
    held: Counter[int] = Counter()
    paragraphs: Counter[int] = Counter()
    inside = frozenset(kept)
    for number in range(kept[0], kept[-1] + 1):
        place = places[number]
        for element in place.ids:
            words[element] += len(place.block.words)
            links[element] += place.block.linked
            held[element] += len(place.block.words) if number in inside else 0
        if number in inside and place.tags[0] == "p" and len(place.ids) > 1:
            paragraphs[place.ids[1]] += 1

    def belongs(place: Place) -> bool:
        for depth, (element, tag) in enumerate(zip(place.ids[:-1], place.tags, strict=False)):
            if tag not in _WHOLES or links[element] >= 0.5 * words[element]:
                continue
            around = place.ids[depth + 1]
            if words[element] <= _LARGEST_WHOLE and 2 * held[element] >= words[element]:
                return True
            if paragraphs[around] > 1 and not place.is_called(BOILERPLATE, depth + 1):
                return True
        return False

    whole = [number for number in range(kept[0], kept[-1] + 1) if number in inside or belongs(places[number])]
    return _with_headings(places, whole)


def _with_headings(places: Sequence[Place], kept: Sequence[int]) -> list[int]:
    """With the headings between two blocks that are kept, of which engines lose those above a table or a list."""
    inside = frozenset(kept)
    return [
        number
        for number in range(kept[0], kept[-1] + 1)
        if number in inside
        or ({number - 1, number + 1} <= inside and _is_subheading(places[number]) and _is_whole(places[number + 1]))
    ]


def _is_subheading(place: Place) -> bool:
    return place.tags[0] in _HEADINGS and place.linked < _FEW_LINKS and not place.is_called(BOILERPLATE)


def _is_whole(place: Place) -> bool:
    return not _WHOLES.isdisjoint(place.tags)


def _standfirst(places: Sequence[Place], first: int) -> Iterator[int]:
    """The blocks between the page's heading and the article that are a standfirst, by two votes or by their names."""
    above = [number for number in range(first) if "h1" in places[number].tags[:2]]
    said: set[tuple[str, ...]] = set()  # some pages have it twice, for each width of a screen
    for number in range(above[-1] + 1, first) if above else ():
        place = places[number]
        names = " ".join(place.block.names(3))
        is_text = len(place.block.words) >= _STANDFIRST_WORDS and place.linked < _FEW_LINKS
        if not is_text or NO_STANDFIRST.search(names) or _NO_STANDFIRST_TAGS & set(place.tags[:NEAR]):
            continue
        backed = place.votes or len(place.block.words) >= _APART
        is_standfirst = place.votes > 1 or STANDFIRST.search(names) or (backed and SUMMARY.search(names))
        if is_standfirst and place.block.words not in said:
            said.add(place.block.words)
            yield number
