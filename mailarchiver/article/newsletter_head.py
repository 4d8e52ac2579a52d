"""What stands between the title of a newsletter and its text: who wrote it, when, and the buttons beside that.

::

    <h1>What the weir held back</h1>      ┐
    An old dam goes                       │ the head: from the beginning to the first running text below the title;
    Ada Quill                             │ its lines of credits are read, and not written
    Apr 11  ∙  Paid     Save    ♡ 12      ┘
    The weir below the mill has held the river back for two hundred years …
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from selectolax.lexbor import LexborNode

from ..text.dates import find_date, read_date
from ..text.whitespace import fold
from ..text.yearless import is_yearless, read_yearless
from .newsletter_signs import Service, is_bar_word, is_preheader
from .page_blocks import Block
from .page_credits import iso_date
from .page_head import Found
from .page_notices import asks, is_notice_line
from .page_signs import BYLINE, bare_names

NEAR = 14
"""Blocks at the beginning in which title, author and date are looked for; below a title that is found further down."""
_TITLE_AT = 24
"""Blocks at the beginning in which the title may stand below a box that sells something."""
_FEWEST = 10
"""Blocks of a head below which no text runs."""
_PROSE = 12
"""Words of a block with which the text of a newsletter has begun."""
_CREDITS_BELOW = 4
"""Blocks below a long subtitle in which a line of credits tells that it is one."""
_WEEK = timedelta(days=7)
"""How long before it was sent the day without a year may be that is printed in a newsletter."""
_LONGEST_LINE = 80
_TITLES = frozenset({"h1", "h2", "h3"})
_BY = re.compile(r"(?:by|von|par|por|di|door|av|af|przez|written by|od)\s+(\S.*)", re.IGNORECASE)
_MOST_NAMES, _FEWEST_NAMES = 6, 2
"""Words of names; of those that nothing else calls a name."""
_MOST_NAMED = 4
"""Words of the name of who sent it."""
_BETWEEN = re.compile(r"\s*[·•∙|]\s*")
_ISSUE = re.compile(
    r"(?:(?:issue|volume|vol\.?|edition|ausgabe|numéro|número|numero|editie|nummer|выпуск)\s?)?(?:(?:no\.?|nr\.?|n°|#|第)\s?)?"
    r"\u200b?[0-9]{1,5}\s?[号期號]?\s?[-–—:,|·•∙]\s",
    re.IGNORECASE,
)
"""The number of an issue, with what parts it from what follows."""
_COUNT = re.compile(r"\W*[0-9][0-9.,]*\s?[kKmM]?\W*")
_COPYRIGHT = re.compile(r"(?:©|\(c\)|copyright)\D{0,3}(?:(?:19|20)\d\d\s?[-–]\s?)?((?:19|20)\d\d)(?!\d)", re.IGNORECASE)
_LEVELS = 3


@dataclass(frozen=True, slots=True)
class Head:
    """What the head says; None where it does not. `end` is the number of the first block below it, `lines` are the
    numbers of those in it that say no more than title, author and date, or nothing.
    """

    end: int
    byline: Found | None
    published: Found | None
    lines: frozenset[int]


@dataclass(frozen=True, slots=True)
class Dating:
    """What a printed day is read by: the language, the last day that may be named, that on which the newsletter was
    sent, and the year that its footer claims; each None where it is not known.
    """

    spoken: str | None
    latest: date | None
    sent: date | None
    year: int | None


NO_HEAD = Head(_FEWEST, None, None, frozenset())


def head_of(
    blocks: Sequence[Block],
    services: Sequence[Service | None],
    names: Collection[str],
    dating: Dating,
    *,
    author: str | None = None,
) -> Head:
    """The head of a newsletter. `names` are those of its title, folded; `author` is who sent it."""
    title = _title_at(blocks, names)
    end = _end(blocks, services, title, dating)
    near = range(min(max(end, NEAR), len(blocks)))
    above = -1 if title is None else title
    lines = {
        number
        for number in range(end)
        if services[number] is None and _is_credits(blocks[number], dating, dated=not 0 <= above < number)
    }
    days = [day for number in sorted(lines) if (day := _day(blocks[number], dating))]
    byline, at = _byline(blocks, near, names)
    if byline is None and title is not None:
        byline, at = _signed(blocks, range(title + 1, end), lines, names)
    if byline is None and title is not None and author is not None:
        byline, at = _bare_author(blocks, range(title + 1, end), author.casefold().split())
    asking = {number for number in range(title or 0) if asks(blocks[number])}
    found = {*lines, *asking, *([title] if title is not None else []), *([at] if at is not None else [])}
    return Head(end, byline, days[0] if days else None, frozenset(found))


def claimed_year(blocks: Sequence[Block]) -> int | None:
    """The last year of the copyright that the end of a newsletter claims; it is written when that is sent."""
    for block in reversed(blocks[-NEAR:]):
        if found := _COPYRIGHT.search(block.text):
            return int(found[1])
    return None


def _title_at(blocks: Sequence[Block], names: Collection[str]) -> int | None:
    """The number of the heading that says the title."""
    for number, block in enumerate(blocks[:_TITLE_AT]):
        if _TITLES.intersection(block.tags[:_LEVELS]) and fold(block.text) in names:
            return number
    return None


def _end(blocks: Sequence[Block], services: Sequence[Service | None], title: int | None, dating: Dating) -> int:
    """The number of the first prose below the title, below the beginning where there is none. A long subtitle above
    the credits is of the head.
    """
    start = 0 if title is None else title + 1
    for number in range(start, len(blocks)):
        if not _is_prose(blocks[number], services[number]):
            continue
        below = blocks[number + 1 : number + 1 + _CREDITS_BELOW]
        if title is None or number > start or not any(_is_credits(block, dating, dated=True) for block in below):
            return number
    return min(len(blocks), max(start, _FEWEST))


def _is_prose(block: Block, service: Service | None) -> bool:
    """Whether with such a block the text of a newsletter has begun."""
    is_text = len(block.words) >= _PROSE and service is None and block.linked < len(block.words)
    return is_text and not is_preheader(block)


# --- credits ----------------------------------------------------------------------------------------------------------


def _is_credits(block: Block, dating: Dating, *, dated: bool = False) -> bool:
    """Whether a line is but a day, with the author, counts, buttons and marks beside it; if not `dated`, any of these
    alone.
    """
    if len(block.text) > _LONGEST_LINE or block.holder.tag in {"li", "pre"}:
        return False
    pieces = _pieces(block)
    known = any(iso_date(text, None) for text in _for_machines(block))
    days = [piece for piece in pieces if _is_day(piece, dating, known=known)]
    rest = [piece for piece in pieces if piece not in days]
    if days:
        return all(_adds_nothing(piece) or _BY.fullmatch(piece) for piece in rest)
    return not dated and all(map(_adds_nothing, rest))


def _pieces(block: Block) -> list[str]:
    """What a line says, one thing after the other, without the number of an issue that it begins with."""
    issue = _ISSUE.match(block.text)
    text = block.text[issue.end() :] if issue else block.text
    return [piece for piece in _BETWEEN.split(text) if piece]


def _adds_nothing(piece: str) -> bool:
    speaks = any(character.isalnum() for character in piece)
    return not speaks or _COUNT.fullmatch(piece) is not None or is_bar_word(piece) or is_notice_line(piece)


def _is_day(piece: str, dating: Dating, *, known: bool) -> bool:
    """Whether a text is but a day that may be the newsletter's: no day to come, which is that of what it speaks of.
    `known` says that it is written for machines, too.
    """
    if _read(piece, dating):
        return True
    is_older = dating.year is not None and dating.latest is not None and dating.year > dating.latest.year
    return (known or is_older) and is_yearless(piece, language=dating.spoken or "en")


def _read(piece: str, dating: Dating) -> str | None:
    return read_date(piece, language=dating.spoken, latest=dating.latest) or _yearless(piece, dating)


def _day(block: Block, dating: Dating) -> Found | None:
    """The day of a line of credits, if its year is sure."""
    for text in _for_machines(block):
        if iso_date(text, None):  # it decides; one that has not come is wrong, and so is what is printed
            stamp = iso_date(text, dating.latest)
            return Found(stamp, "newsletter: date for machines") if stamp else None
    for piece in _pieces(block):
        if day := _read(piece, dating):
            return Found(day, "newsletter: date above the text")
    return None


def _yearless(piece: str, dating: Dating) -> str | None:
    spoken = dating.spoken or "en"
    if dating.sent is not None:
        day = read_yearless(piece, language=spoken, latest=dating.sent + timedelta(days=1))
        return day if day and dating.sent - date.fromisoformat(day) <= _WEEK else None
    return read_yearless(piece, language=spoken, latest=dating.latest, year=dating.year)


def _for_machines(block: Block) -> Iterator[str]:
    """What the elements around a line say of it for machines. QUIRK: Substack has the moment in `title`."""
    node: LexborNode | None = block.holder
    for _ in range(2):
        if node is None:
            return
        for name in ("datetime", "title"):
            if text := node.attributes.get(name):
                yield text
        node = node.parent


# --- author -----------------------------------------------------------------------------------------------------------


def _byline(blocks: Sequence[Block], near: range, names: Collection[str]) -> tuple[Found | None, int | None]:
    """Who a line says wrote it, and the line."""
    for number in near:
        block = blocks[number]
        if len(block.text) > _LONGEST_LINE:
            continue
        dated = find_date(block.text)
        whole = (dated[1] if dated else block.text).strip(" ·|,–—-")
        for bare in (whole, *_BETWEEN.split(block.text)):
            match = _BY.fullmatch(bare)
            if match and _is_name(match[1]):
                return Found(match[1], "newsletter: byline"), number
        if whole and _is_name(whole) and _is_named_byline(block) and fold(whole) not in names:
            return Found(whole, "newsletter: byline"), number
    return None, None


def _signed(
    blocks: Sequence[Block], below: range, lines: Collection[int], names: Collection[str]
) -> tuple[Found | None, int | None]:
    """The name that stands, as a link to whoever bears it, right above the day."""
    for number in below[:-1]:
        block = blocks[number]
        is_linked = 0 < len(block.words) <= block.linked and _FEWEST_NAMES <= len(block.words) <= _MOST_NAMES
        if is_linked and number + 1 in lines and _is_name(block.text) and fold(block.text) not in names:
            return Found(block.text, "newsletter: linked name above the date"), number
    return None, None


def _bare_author(blocks: Sequence[Block], below: range, author: Sequence[str]) -> tuple[Found | None, int | None]:
    """The line that is but the name of who sent it, given in words, or that and a surname (beehiiv)."""
    for number in below:
        text = blocks[number].text
        words = text.casefold().split()
        if words[: len(author)] == author and len(words) <= _MOST_NAMED and _is_name(text):
            return Found(text, "newsletter: line of its sender"), number
    return None, None


def _is_name(text: str) -> bool:
    """Whether a text may be names: a few words, each of which begins with a capital or is small as "de" is."""
    words = text.replace(",", " ").replace("&", " ").split()
    capital = [word for word in words if not word[0].islower()]
    return (
        0 < len(words) <= _MOST_NAMES
        and len(capital) + 1 >= len(words) - len(capital)
        and words[0] in capital
        and not any(mark in text for mark in "?!:@/")
        and not any(character.isdigit() for character in text)
    )


def _is_named_byline(block: Block) -> bool:
    node: LexborNode | None = block.holder
    for _ in range(_LEVELS):
        if node is None or node.tag == "body":
            return False
        if BYLINE.search(bare_names(node)):
            return True
        node = node.parent
    return False
