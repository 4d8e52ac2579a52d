"""Title, address, author, date of a newsletter: by the header of its mail, and by what stands above its text.

A wrong value is worse than none: an address behind which one cannot see where it leads is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from selectolax.lexbor import LexborHTMLParser, LexborNode

from ..model import Original
from ..text.dates import find_date, read_date
from ..text.hosts import host_of
from ..text.whitespace import collapse, fold
from . import metadata
from .newsletter_signs import Service, hides_target, is_senders, links_of
from .page_blocks import Block
from .page_head import Fact, Found, told
from .page_signs import BYLINE, bare_names

_NEAR = 14
"""Blocks above the text in which title, author and date are looked for."""
_LONGEST_BYLINE = 80
_LIST_NAME = re.compile(r"\s*\"?([^<\"]{2,100}?)\"?\s*<[^<>]+>\s*")
_NUMBERED = re.compile(r"[0-9a-f]{8}|[0-9]{4}")
"""In the name of a list that is but a key of its sender's (Mailchimp)."""
_WEB_POST = re.compile(r"<(https?://[^<>\s]+)>")
_BY = re.compile(r"(?:by|von|par|por|di|door|av|af|przez|written by|od)\s+(\S.*)", re.IGNORECASE)
_MOST_NAMES = 6
_SHORTEST_NAME = 4
"""Characters of a sender's name that is looked for in the text."""
_SUBSTACK = ("substack.com",)
_FROM = re.compile(r"(.{3,60}) from (.{2,80})")
_OWN_FIELDS = frozenset({"list-unsubscribe", "list-id", "feedback-id"})


@dataclass(frozen=True, slots=True)
class NewsletterFacts:
    """What is known of a newsletter; None where it is not sure. `lines` are the numbers of the blocks that say no more
    than its date or author, `names` what it and its sender are called, folded.
    """

    title: Found | None
    byline: Found | None
    site: Found | None
    url: Found | None
    published: Found | None
    language: Found | None
    lines: frozenset[int]
    names: frozenset[str]

    def values(self) -> dict[str, Found]:
        """What was found, by the name of the field."""
        chosen = {name: getattr(self, name) for name in ("title", "byline", "site", "url", "published", "language")}
        return {name: found for name, found in chosen.items() if found is not None}


def newsletter_facts(
    tree: LexborHTMLParser,
    original: Original,
    blocks: Sequence[Block],
    services: Sequence[Service | None],
    *,
    subject: str,
    latest: date | None,
) -> NewsletterFacts:
    """The facts of a newsletter. `subject` is the mail's, without prefixes; `latest` the last day that may be named."""
    machine = told(tree)
    spoken = next((tag for found in machine["language"] if (tag := metadata.language(found.value))), None)
    title = _title(tree, subject)
    own = is_own_mail(original, blocks)
    author, site = _people(original, own=own)
    published = _published(original, latest, own=own)
    above = range(min(_NEAR, len(blocks)))
    written, by_line = _byline(blocks, above, title)
    dates = {number for number in above if _is_date(blocks[number].text, spoken, latest, published)}
    printed = next(
        (day for number in sorted(dates) if (day := read_date(blocks[number].text, language=spoken, latest=latest))),
        None,
    )
    names = {fold(found.value) for found in (title, author, site, written) if found is not None}
    if original.headers.sender and original.headers.sender.name:
        names.add(fold(original.headers.sender.name))
    return NewsletterFacts(
        title,
        written or author,
        site or next(iter(machine["site"]), None),
        _url(machine, original, blocks, services, title),
        (Found(printed, "newsletter: date above the text") if printed else None) or published,
        Found(spoken, "page: html lang") if spoken else None,
        frozenset(dates | by_line),
        frozenset(names - {""}),
    )


def is_own_mail(original: Original, blocks: Sequence[Block]) -> bool:
    """Whether the mail's header is the newsletter's own, and not that of a person who pasted it: it has the fields of
    mail to many; of a forward the sender is one who is named in the newsletter, or whose links are in it.
    """
    if any(name.lower() in _OWN_FIELDS for name, _ in original.headers.fields):
        return True
    sender = original.headers.sender
    if original.forwarded is None or sender is None:
        return False
    name, domain = fold(sender.name), sender.address.rpartition("@")[2].lower()
    if is_senders(f"https://{domain}/") or (len(name) >= _SHORTEST_NAME and any(name in fold(b.text) for b in blocks)):
        return True
    ending = ".".join(domain.split(".")[-2:])
    return bool(domain) and any((host_of(url) or "").endswith(ending) for block in blocks for url in links_of(block))


# --- title ------------------------------------------------------------------------------------------------------------


def _title(tree: LexborHTMLParser, subject: str) -> Found | None:
    """The subject, as the heading writes it that says the same; the first heading where there is no subject. None
    where the subject is all there is.
    """
    headings = [text for node in tree.css("h1, h2")[:_NEAR] if (text := collapse(node.text()).strip())]
    for text in headings:
        if subject and fold(text) == fold(subject):
            return Found(text, "newsletter: heading")
    first = tree.css_first("h1")
    if not subject and first is not None and (text := collapse(first.text()).strip()):
        return Found(text[:300], "newsletter: h1")
    return None


# --- address ----------------------------------------------------------------------------------------------------------


def _url(
    machine: Mapping[Fact, tuple[Found, ...]],
    original: Original,
    blocks: Sequence[Block],
    services: Sequence[Service | None],
    title: Found | None,
) -> Found | None:
    """The first of the candidates that shows where it leads."""
    for found in _candidates(machine, original, blocks, services, title):
        url = metadata.canonical(found.value)
        if url and host_of(url) and not hides_target(url) and url.partition("://")[2].partition("/")[2].strip("/?#"):
            return Found(url, found.place)
    return None


def _candidates(
    machine: Mapping[Fact, tuple[Found, ...]],
    original: Original,
    blocks: Sequence[Block],
    services: Sequence[Service | None],
    title: Found | None,
) -> Iterator[Found]:
    yield from machine["url"]
    for name, value in original.headers.fields:
        # QUIRK: List-Post is for an address to write to (RFC 2369 §3.4); Substack puts the post's own URL there.
        if name.lower() == "list-post" and (match := _WEB_POST.search(value)):
            yield Found(match[1], "header: List-Post")
    named = fold(title.value) if title else fold(original.headers.subject or "")
    for block in blocks[:_NEAR]:
        if named and fold(block.text) == named:
            yield from (Found(url, "newsletter: linked title") for url in links_of(block))
    for service, block in zip(services, blocks, strict=True):
        if service == "web":
            yield from (Found(url, "newsletter: web version") for url in reversed(links_of(block)))


# --- author, sender, date ---------------------------------------------------------------------------------------------


def _people(original: Original, *, own: bool) -> tuple[Found | None, Found | None]:
    """The author and the newsletter, by its header: (byline, site)."""
    if not own:
        return None, None
    sender = original.headers.sender
    name = collapse(sender.name).strip() if sender else ""
    # QUIRK: Substack's senders are called "Author from Newsletter".
    split = _FROM.fullmatch(name) if sender and sender.address.endswith(_SUBSTACK) else None
    if split:
        return Found(split[1], "sender of the newsletter"), Found(split[2], "sender of the newsletter")
    for field, value in original.headers.fields:
        match = (
            _LIST_NAME.fullmatch(value) if field.lower() == "list-id" else None
        )  # RFC 2919 §2: a phrase before the id
        if match and not _NUMBERED.search(match[1]):
            return None, Found(collapse(match[1]).strip(), "header: List-Id")
    return None, Found(name, "sender of the newsletter") if name and "@" not in name else None


def _published(original: Original, latest: date | None, *, own: bool) -> Found | None:
    """The date of the newsletter's own mail."""
    stamp = original.headers.date
    if not stamp or not own:
        return None
    day = datetime.fromisoformat(stamp).date()
    if day.year < 1980 or (latest and day > latest):
        return None
    return Found(day.isoformat(), "date of the newsletter's mail")


def _byline(blocks: Sequence[Block], above: range, title: Found | None) -> tuple[Found | None, set[int]]:
    """Who a line above the text says wrote it, and the line."""
    for number in above:
        text = blocks[number].text
        if len(text) > _LONGEST_BYLINE:
            continue
        dated = find_date(text)
        bare = (dated[1] if dated else text).strip(" ·|,–—-")
        match = _BY.fullmatch(bare)
        if match and _is_name(match[1]):
            return Found(match[1], "newsletter: byline"), {number}
        if (
            bare
            and _is_name(bare)
            and _is_named_byline(blocks[number])
            and not (title and fold(bare) == fold(title.value))
        ):
            return Found(bare, "newsletter: byline"), {number}
    return None, set()


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
    for _ in range(3):
        if node is None or node.tag == "body":
            return False
        if BYLINE.search(bare_names(node)):
            return True
        node = node.parent
    return False


def _is_date(text: str, spoken: str | None, latest: date | None, published: Found | None) -> bool:
    """Whether a line is but a date; one without its year must be that of the newsletter, give or take a day."""
    if len(text) > _LONGEST_BYLINE:
        return False
    if read_date(text, language=spoken, latest=latest):
        return True
    if published is None:
        return False
    day = read_date(f"{text}, {published.value[:4]}", language=spoken or "en", latest=latest)
    return day is not None and abs((date.fromisoformat(day[:10]) - date.fromisoformat(published.value)).days) <= 1
