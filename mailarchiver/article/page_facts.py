"""Title, address, author, date of a web page: by what it says for machines, else by what stands around its article.

A wrong value is worse than none: what is only likely is left out. `page_head` has what the page says for machines.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from ..text import bylines
from ..text.dates import read_date
from ..text.hosts import host_of
from ..text.site_names import site_names, without_site
from ..text.subject import bare_subject
from ..text.whitespace import collapse, fold
from . import metadata
from .page_blocks import Block, words_of
from .page_credits import Line, author, dateline, iso_date, published, published_without_year, zone
from .page_head import Fact, Found, told

_LONGEST_TITLE = 300
_FAR_ABOVE, _ABOVE = 40, 12
"""Blocks above an article in which its heading is looked for, and below its beginning."""
_FIRST = 4
"""Blocks of an article in which a heading may be its title."""
_HEADINGS = 12
_SHORT_WORD = 3
"""Letters of a word that two texts may share by chance."""
_IS_URL = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What is known of a page; None where it is not sure. `provenance` says where each value was found."""

    title: str | None
    byline: str | None
    site: str | None
    url: str | None
    published: str | None
    language: str | None
    provenance: Mapping[str, str]


def page_facts(
    tree: LexborHTMLParser,
    blocks: Sequence[Block],
    first: int,
    *,
    subject: str,
    address: str | None,
    latest: date | None,
    written: str | None = None,
) -> PageFacts:
    """The facts of the page whose article begins with block number `first`.

    `subject` is the mail's, without prefixes, but with the `[…]` it begins with; `address` the one its sender gave;
    `latest` the last day that may be named, `written` the language that the article's text is in for sure: printed
    dates are read in it.
    """
    facts = told(tree)
    subject = _confirmed(subject, facts, blocks)
    url = _url(facts, subject, address)
    site = next(iter(facts["site"]), None)
    names = site_names(site.value if site else None, address or (url.value if url else None))
    title = _title(tree, facts["title"], blocks, first, subject, names)
    said = _language(facts, blocks[first])
    spoken = metadata.settled(said.value if said else None, written)
    near = zone(blocks, first, title.value if title else None)
    when = _published(facts, near, address or (url.value if url else None), spoken, latest)
    when = when or published_without_year(near, spoken, latest) or dateline(blocks[first], spoken, latest)
    who = _byline(facts, near, title.value if title else None)
    chosen = {"title": title, "url": url, "site": site, "byline": who, "published": when}
    provenance = {name: found.place for name, found in chosen.items() if found is not None}
    return PageFacts(
        **{name: found.value if found else None for name, found in chosen.items()},
        language=said.value if said else None,
        provenance=provenance | ({"language": said.place} if said else {}),
    )


def _language(facts: Mapping[Fact, tuple[Found, ...]], article: Block) -> Found | None:
    """The language of the nearest element around the article that names one, else of the page."""
    node: LexborNode | None = article.holder
    around = []
    while node is not None and node.tag != "html":
        around.append(Found(node.attributes.get("lang") or "", "page: lang around the article"))
        node = node.parent
    for found in (*around, *facts["language"]):
        tag = metadata.language(found.value)
        if tag:
            return Found(tag, found.place)
    return None


# --- address ----------------------------------------------------------------------------------------------------------


def _url(facts: Mapping[Fact, tuple[Found, ...]], subject: str, address: str | None) -> Found | None:
    """The address its sender gave, else the canonical one, else a subject that is one."""
    if address:
        return None  # the frame says it
    for found in facts["url"]:
        if host_of(found.value) and urlsplit(found.value).path.strip("/") + urlsplit(found.value).query:
            return found
    return Found(subject, "subject") if _IS_URL.fullmatch(subject) else None


# --- title ------------------------------------------------------------------------------------------------------------


def _title(
    tree: LexborHTMLParser,
    told: Sequence[Found],
    article: Sequence[Block],
    first: int,
    subject: str,
    names: Collection[str],
) -> Found | None:
    """The title: what the mail's subject, or the page for machines, says, as the page's heading writes it; where these
    say nothing, the heading above the article. None where the subject is all there is.

    A heading alone proves little: on many pages it is the name of the site. `names` are those of the site, folded.
    """
    headings = [text for node in tree.css("h1")[:_HEADINGS] if (text := _heading(node))]
    near = [*reversed(article[max(0, first - _FAR_ABOVE) : first + 1]), *article[first + 1 : first + _ABOVE]]
    close = [text for block in near if (text := _heading_of(block, "h1")) and fold(text) not in names]
    close += [text for text in [_heading_of(article[first], "h2")] if text]
    head = tree.css_first("head title, body > title")
    named = collapse(head.text()).strip() if head is not None else ""
    machine = [*told, *([Found(named, "page: title")] if named else [])]
    context = [*headings, *(found.value for found in machine), *(block.text for block in article[first : first + 3])]
    if subject and not _IS_URL.fullmatch(subject) and _repeats(subject, context):
        if any(fold(found.value) == fold(subject) for found in told):
            return Found(subject, "subject")  # and the page says so, too
        machine.insert(0, Found(subject, "subject"))
        if not any(_is_within(text, subject, begins=begins) for text in headings for begins in (True, False)):
            one, other = sorted((fold(subject), fold(named)), key=len)
            if one and (
                other.startswith(one) or other.endswith(one)
            ):  # its sender's program took it from the page's title, as it was
                return Found(without_site(subject, names), "subject")
    for found, begins in product(machine, (True, False)):
        for text in headings:
            if fold(text) not in names and _is_within(text, found.value, begins=begins):
                return Found(text, "page: h1")
    if machine:
        return Found(without_site(machine[0].value, names), machine[0].place)
    if close:
        return Found(close[0], "page: heading at the article")
    return _first_heading(article[first : first + _FIRST]) if not subject or _IS_URL.fullmatch(subject) else None


def _first_heading(beginning: Sequence[Block]) -> Found | None:
    """The first heading in the beginning of an article, which is no `h1`: where nothing else says its title."""
    for block in beginning:
        for level in ("h2", "h3"):
            if text := _heading_of(block, level):
                return Found(text, "page: heading in the article")
    return None


def _confirmed(subject: str, facts: Mapping[Fact, tuple[Found, ...]], blocks: Sequence[Block]) -> str:
    """The subject with the `[…]` before it only where the page says that it is part of its title."""
    plain = bare_subject(subject)
    if plain == subject:
        return subject
    tag = fold(subject[: len(subject) - len(plain)].strip(" []【】"))
    said = (*(found.value for found in facts["title"]), *(block.text for block in blocks))
    return subject if any(tag in fold(text) for text in said) else plain


def _heading(node: LexborNode) -> str | None:
    text = collapse(node.text()).strip()
    return text if 0 < len(text) <= _LONGEST_TITLE else None


def _heading_of(block: Block, level: str) -> str | None:
    """The text of a heading that a block is, or is in."""
    node: LexborNode | None = block.holder
    for _ in range(3):
        if node is None:
            return None
        if node.tag == level:
            return _heading(node)
        node = node.parent
    return None


def _repeats(subject: str, context: Sequence[str]) -> bool:
    """Whether a subject says what the page says, rather than what its sender thinks of it."""
    words = [word for word in words_of(subject) if len(word) > _SHORT_WORD or not word.isascii()]
    said = {word for text in context for word in words_of(text)}
    return bool(words) and 2 * sum(word in said for word in words) >= len(words)


def _is_within(heading: str, title: str, *, begins: bool) -> bool:
    """Whether a title is a heading with no more than a site's name behind it, or before it."""
    one, other = fold(heading), fold(title)
    return other.startswith(one) if begins else other.endswith(one) and 2 * len(one) > len(other)


# --- author and date --------------------------------------------------------------------------------------------------


def _byline(facts: Mapping[Fact, tuple[Found, ...]], near: Sequence[Line], title: str | None) -> Found | None:
    """Who the page says wrote it: for machines a name, no address of a profile; else as its credits say. These also
    where they name the same and more: many sites tell machines only the first of several authors.
    """
    printed = author(near, title)
    for found in facts["byline"]:
        named = bylines.names([found.value], sure=True) if not host_of(found.value) else None
        if named:
            return printed if printed and bylines.adds_to(printed.value, named) else Found(named, found.place)
    return printed


def _published(
    facts: Mapping[Fact, tuple[Found, ...]],
    near: Sequence[Line],
    url: str | None,
    spoken: str | None,
    latest: date | None,
) -> Found | None:
    """When the page says it was published, for machines or in its credits; else the day in its address."""
    for found in facts["published"]:
        day = iso_date(found.value, latest) or read_date(found.value, language=spoken, latest=latest)
        if day:
            return Found(day, found.place)
    return published(near, spoken, latest) or _of_address(url, latest)


_DAY_IN_PATH = re.compile(r"/(?:[\w-]+/)*?((?:19|20)\d\d)[/-](\d\d?|[a-z]{3})[/-](\d\d?)(?=[/-]|$)")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def _of_address(url: str | None, latest: date | None) -> Found | None:
    """The day in the path of an address: year, month and day, in this order."""
    found = _DAY_IN_PATH.match(urlsplit(url).path) if url else None
    if found is None:
        return None
    month = int(found[2]) if found[2].isdigit() else _MONTHS.index(found[2]) + 1 if found[2] in _MONTHS else 0
    try:
        day = date(int(found[1]), month, int(found[3]))
    except ValueError:  # /2024/31/12/
        return None
    return Found(day.isoformat(), "page: day in its address") if not latest or day <= latest else None
