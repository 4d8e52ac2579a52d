"""Author and date of a web page, as they are printed around its heading.

::

    Politics                     ┐ a kicker
    <h1>The Weir</h1>            │
    A standfirst                 │ the zone: short blocks from just above the heading
    By Ada Quill, 19 May 2024    │ to where the text begins to run
    Share · Print                ┘
    The old weir below the mill has held the river back for two hundred years …

Nothing outside of the zone is looked at: bylines of teasers, of comments and of pictures are other people's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from selectolax.lexbor import LexborNode

from ..text import bylines
from ..text.dates import find_date, read_date
from ..text.whitespace import fold
from ..text.yearless import read_yearless
from .page_blocks import Block
from .page_head import Found
from .page_signs import AUTHOR, BYLINE, CAPTION, DATED, NO_BYLINE, NO_DATE, UPDATED, bare_names

_ABOVE, _AT = 40, 3
"""Blocks above the article, and into it, in which an `h1` is taken for its heading though it is not its title."""
_TITLE_AT = 8
"""Blocks into the article in which its title is looked for; above, it may be anywhere."""
_BELOW = 16
"""Blocks below the heading in which credits may be."""
_KICKER = 3
"""Blocks above the heading in which credits may be, too."""
_HEADLESS = 8
"""Blocks above an article without heading in which credits may be."""
_RUNNING = 25
"""Words from which on a block is running text."""
_LEAD = 2
"""Blocks of running text that credits may follow: a standfirst, the caption of a picture."""
_EARLIEST, _WEB = 1900, "1995"
"""Years: machines name none before the first; a bare date before the second is of what an article is about."""
_LONGEST = 160
"""Characters of a line of credits."""
_FEW = 14
"""Words that may stand beside a date in a line of credits."""
_PARTS = re.compile(r"\s+[·•∙|–—-]\s+")
_DATELINE = re.compile(r"(?:[^\W\d][^\d,]{1,30},\s*)?(\d{1,4}[./-]\s?\d{1,2}[./-]\s?\d{1,4})\.?\s*[–—-]\s+(?=[^\s\d])")
_LEVELS = 3
"""Elements around a block whose names tell what it is."""
_INLINE, _NODES = 8, 60
"""Elements around a text, up to its block, and texts in a line, that are looked at."""
_AUTHOR_PAGE = re.compile(
    r"/(?:authors?|autor(?:en|es)?|auteurs?|people|staff|contributors?|profiles?|journalists?|by)/[\w%.-]"
)
"""Where the pages of authors lie."""


@dataclass(frozen=True, slots=True)
class Line:
    """A block that may hold credits; `inside` where it stands in what is taken for the article's text."""

    block: Block
    inside: bool


def zone(blocks: Sequence[Block], first: int, title: str | None) -> tuple[Line, ...]:
    """The lines that may hold credits of the article that begins with block number `first`, the likeliest first: those
    below the heading, then those just above it.
    """
    head = _heading(blocks, first, title)
    start = max(0, first - _HEADLESS) if head is None else head + 1
    inner = max(first, start)
    below, running = [], 0
    for number in range(start, min(len(blocks), start + _BELOW)):
        block = blocks[number]
        if number >= inner and len(block.words) >= _RUNNING and not _names(block, CAPTION):
            running += 1
            if running > _LEAD:
                break
        below.append(Line(block, number > inner))
    above = blocks[max(0, head - _KICKER) : head] if head is not None else ()
    lines = [*below, *(Line(block, inside=False) for block in reversed(above))]
    return tuple(line for line in lines if len(line.block.text) <= _LONGEST)


def _heading(blocks: Sequence[Block], first: int, title: str | None) -> int | None:
    """The number of the block that is the article's heading: the nearest that is its title, else the nearest `h1`."""
    wanted = fold(title or "")
    far: list[int] = [*range(first, -1, -1), *range(first + 1, min(len(blocks), first + _TITLE_AT))]
    for number in far:
        if wanted and _tag(blocks[number], {"h1", "h2"}) and fold(blocks[number].text) == wanted:
            return number
    near: list[int] = [*range(first, max(first - _ABOVE, -1), -1), *range(first + 1, min(len(blocks), first + _AT))]
    for number in near:
        if _tag(blocks[number], {"h1"}):
            return number
    return None


def _tag(block: Block, tags: set[str]) -> bool:
    """Whether the block is in such an element."""
    return any((node.tag or "") in tags for node in _up(block.holder))


def _up(node: LexborNode | None, levels: int = _LEVELS) -> Iterator[LexborNode]:
    for _ in range(levels):
        if node is None or node.tag in {"body", "html", "article", "main"}:
            return
        yield node
        node = node.parent


def _names(block: Block, pattern: re.Pattern[str]) -> bool:
    return any(pattern.search(bare_names(node)) for node in _up(block.holder))


def _is(block: Block, wanted: re.Pattern[str], unwanted: re.Pattern[str]) -> bool | None:
    """What the nearest element says that calls the block either; None where none does."""
    for node in _up(block.holder):
        names = bare_names(node)
        if wanted.search(names):
            return True
        if unwanted.search(names):
            return False
    return None


# --- author -----------------------------------------------------------------------------------------------------------


def author(lines: Sequence[Line], title: str | None) -> Found | None:
    """Who the credits say wrote it: what the markup calls an author, else what is called a byline, else what stands
    behind a "By".
    """
    blocks = [line.block for line in lines if not _tag(line.block, {"h1", "figcaption"})]
    called = {id(block): _is(block, BYLINE, NO_BYLINE) for block in blocks}
    ways = (
        ("page: author", _elements, True, {True, None}),
        ("page: byline", _pieces, True, {True}),
        ("page: line of credits", _pieces, False, {True, None}),
    )
    for place, pieces, sure, wanted in ways:
        for block in blocks:
            text = bylines.names(pieces(block), sure=sure) if called[id(block)] in wanted else None
            if text and fold(text) != fold(title or ""):
                return Found(text, place)
    return None


def _pieces(block: Block) -> list[str]:
    """The texts of the block, each as the elements in it part them."""
    return [text for node in block.nodes[:_NODES] if (text := node.text_content or "").strip()]


def _elements(block: Block) -> list[str]:
    """The texts of the elements of a block that the markup calls an author, and of what only joins them."""
    texts = [(node.text_content or "", _is_author(node, block.holder)) for node in block.nodes[:_NODES]]
    if not any(named for _, named in texts):
        return []
    kept: list[str] = []
    for text, named in texts:
        if named or (kept and bylines.joins(text)):
            kept.append(text)
    return kept


def _is_author(text: LexborNode, holder: LexborNode) -> bool:
    for node in _up(text.parent, _INLINE):
        if node.mem_id == holder.mem_id:
            break
        if _says_author(node):
            return True
    return any(_says_author(node) for node in _up(holder, 2))


def _says_author(node: LexborNode) -> bool:
    """By rel, itemprop (microdata), the address of a profile, or its class (that of an h-card is one)."""
    given: Mapping[str, str | None] = node.attributes
    if "author" in (given.get("rel") or "").split() or "author" in (given.get("itemprop") or "").split():
        return True
    return AUTHOR.search(bare_names(node)) is not None or _AUTHOR_PAGE.search(given.get("href") or "") is not None


# --- date -------------------------------------------------------------------------------------------------------------


def published(lines: Sequence[Line], spoken: str | None, latest: date | None) -> Found | None:
    """The first date of the credits; one of an update only where there is no other."""
    updated: Found | None = None
    for line in lines:
        named = _is(line.block, DATED, NO_DATE)
        if named is False:
            continue
        day = _day(line.block, spoken, latest, strict=line.inside and not named)
        if day is None or (day < _WEB and not named):
            continue
        if not UPDATED.match(line.block.text):
            return Found(day, "page: date at the heading")
        updated = updated or Found(day, "page: date of an update")
    return updated


def published_without_year(lines: Sequence[Line], spoken: str | None, latest: date | None) -> Found | None:
    """The first day of the credits that is printed without its year, if it is a recent one; it stands alone, or parted
    from what is beside it.
    """
    for line in lines:
        named = _is(line.block, DATED, NO_DATE)
        if named is False or (line.inside and not named) or UPDATED.match(line.block.text):
            continue
        for piece in (line.block.text, *_pieces(line.block), *_PARTS.split(line.block.text)):
            day = read_yearless(piece.strip(), language=spoken or "en", latest=latest)
            if day is not None:
                return Found(day, "page: day without year at the heading")
    return None


def dateline(beginning: Block, spoken: str | None, latest: date | None) -> Found | None:
    """The date in figures that the first paragraph of an article begins with, parted by a dash from its words. One in
    words may be what the article is about.
    """
    found = _DATELINE.match(beginning.text)
    day = read_date(found[1], language=spoken, latest=latest) if found else None
    return Found(day, "page: date at the beginning of the text") if day and day >= _WEB else None


def _day(block: Block, spoken: str | None, latest: date | None, *, strict: bool) -> str | None:
    """The date of a line; where `strict`, only if the line is nothing else."""
    day = _machine(block, latest) or read_date(block.text, language=spoken, latest=latest)
    if day is not None or strict:
        return day
    # Pieces first: "Ada Quill" + "May 19, 2024" + "4 comments" have no space between them.
    for piece in _pieces(block):
        day = read_date(piece, language=spoken, latest=latest) or _among(piece, spoken, latest)
        if day is not None:
            return day
    return _among(block.text, spoken, latest)


def _machine(block: Block, latest: date | None) -> str | None:
    """What a `time` element of the line says for machines (HTML, "The time element")."""
    for node in block.nodes[:_NODES]:
        for around in _up(node.parent):
            day = iso_date(around.attributes.get("datetime") or "", latest) if around.tag == "time" else None
            if day is not None:
                return day
    return None


def iso_date(text: str, latest: date | None) -> str | None:
    """An ISO 8601 date or date-time as it is written, without fractions of a second; None for anything else, and for a
    day that has not come.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if moment.year < _EARLIEST or (latest and moment.date() > latest):
        return None
    return text.strip()[:10] if len(text.strip()) <= 10 else moment.isoformat(timespec="seconds")


def _among(text: str, spoken: str | None, latest: date | None) -> str | None:
    """The first date of a line that says little else."""
    found = find_date(text, language=spoken, latest=latest)
    return found[0] if found and len(found[1].split()) <= _FEW else None
