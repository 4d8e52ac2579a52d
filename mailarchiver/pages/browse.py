"""The pages to browse an archive by: the front page with the newest articles, and a page for each month.

Pure: cards in, files out, the same every time. The pages are static, work from disk, run no script and load nothing
but their stylesheet and each other. They are written after everything else, and can be made again at any time.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from itertools import groupby
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from .. import __version__
from ..text.controls import without_controls
from ..text.hosts import host_of
from ..text.whitespace import excerpt
from ..text.wording import MONTHS, day_in_words, month_in_words, weekday_in_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..model import Card

PAGE_ENTRIES = 200
"""Entries of a month page: what is filed rewrites one of them, whatever the month holds."""

FRONT = "index.html"
STYLESHEET = "assets/archive.css"
_GENERATOR = re.compile(rb'<meta name="generator" content="([^"<>]{1,100})">')
_HEAD = 4096
"""Octets of a front page that hold its head."""
_EXCERPT = 200
"""Characters of an excerpt on the front page; half as many where they are wide, as Chinese and Japanese are."""

_BRIEF = 300
"""Characters of a title, a byline or a source: more than any real one has. A subject may have 65,536 of them."""


@dataclass(frozen=True, slots=True)
class _Day:
    """The cards of a day, newest first; `day` is its ISO 8601 date."""

    day: str
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """Another page of the same month: its file, and the day it begins with."""

    file: str
    begins: str


def front(newest: Sequence[Card], months: Sequence[tuple[str, int]]) -> dict[str, bytes]:
    """The front page and the stylesheet of all browse pages. `months` are ("2024/03", entries), newest first.

    Shows every card it is given; how many that are is the caller's business.
    """
    years = [(year, tuple(group)) for year, group in groupby(months, key=lambda month: month[0][:4])]
    template = _templates().get_template("front.html.j2")
    total = sum(count for _, count in months)
    html = template.render(days=_days(newest), shown=len(newest), total=total, years=years, version=version())
    stylesheet = resources.files(__package__).joinpath(STYLESHEET).read_bytes()
    return {FRONT: _page(html), STYLESHEET: stylesheet}


@cache
def version() -> str:
    """What makes these pages: it changes with the program's version, and with all from which pages are made here."""
    package, digest = resources.files(__package__), hashlib.sha256()
    for part in (package, package / "templates", package / "assets"):
        for file in sorted((each for each in part.iterdir() if each.is_file()), key=lambda each: each.name):
            digest.update(file.read_bytes())
    return f"mailarchiver {__version__}, pages {digest.hexdigest()[:12]}"


def version_of(front_page: bytes) -> str | None:
    """What made a front page, as its head says; None where it says nothing, as those of older programs."""
    found = _GENERATOR.search(front_page, 0, _HEAD)
    return None if found is None else found[1].decode("ascii", "replace")


def month(name: str, cards: Sequence[Card]) -> dict[str, bytes]:
    """The pages of a month ("2024/03"): `2024/03/index.html` holds its first 200 entries, `index-2.html` the next.

    Newest first on each page. The pages are cut from the month's beginning, so that another article changes the last
    one only, at any size of the month. A month that has become empty keeps a page that says so.
    """
    ordered = _newest_first(cards)[::-1]
    parts = [ordered[start : start + PAGE_ENTRIES] for start in range(0, len(ordered), PAGE_ENTRIES)] or [[]]
    template = _templates().get_template("month.html.j2")
    pages: dict[str, bytes] = {}
    for number, part in enumerate(parts, 1):
        html = template.render(
            month=month_in_words(name),
            total=len(part) if len(parts) == 1 else None,
            number=number,
            days=_days(part),
            earlier=_part(parts, number - 1),
            later=_part(parts, number + 1),
        )
        pages[f"{name}/{_file(number)}"] = _page(html)
    return pages


def _page(html: str) -> bytes:
    """The page's octets: what neither HTML nor UTF-8 can hold may stand in a card all the same."""
    return without_controls(html).encode("utf-8", "replace")


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "day": day_in_words,
        "weekday": weekday_in_words,
        "shortened": _shortened,
        "brief": lambda text: excerpt(text, _BRIEF),
        "source": _source,
        "month_name": lambda name: MONTHS[int(name[5:]) - 1],
        "count": lambda number: f"{number:,}",
    }
    return environment


def _file(number: int) -> str:
    return "index.html" if number == 1 else f"index-{number}.html"


def _part(parts: Sequence[Sequence[Card]], number: int) -> _Part | None:
    if not 1 <= number <= len(parts):
        return None
    return _Part(_file(number), parts[number - 1][0].entry.received)


def _newest_first(cards: Iterable[Card]) -> list[Card]:
    """By the moment of arrival, then by id: an order that depends on the cards alone."""
    return sorted(cards, key=lambda card: (datetime.fromisoformat(card.entry.received), card.entry.id), reverse=True)


def _days(cards: Sequence[Card]) -> list[_Day]:
    days = groupby(_newest_first(cards), key=lambda card: card.entry.received[:10])
    return [_Day(day, tuple(group)) for day, group in days]


def _shortened(text: str) -> str | None:
    wide = len(text.encode("utf-8", "replace")) > 2 * len(text)
    return excerpt(text, _EXCERPT // 2 if wide else _EXCERPT)


def _source(card: Card) -> str | None:
    """Where an article comes from: its site, else the host of its URL."""
    entry = card.entry
    return entry.site or (host_of(entry.url) if entry.url else None)
