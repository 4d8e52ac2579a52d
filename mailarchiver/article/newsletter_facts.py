"""Title, address, author, date of a newsletter: by the header of its mail, and by what stands above its text.

A wrong value is worse than none: an address behind which one cannot see where it leads is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from selectolax.lexbor import LexborHTMLParser

from ..model import Original
from ..text.hosts import host_of
from ..text.whitespace import collapse, fold
from . import metadata
from .newsletter_head import NEAR, Dating, Head, claimed_year, head_of
from .newsletter_sender import parted
from .newsletter_signs import Service, hides_target, is_senders, links_of, sends_only_newsletters
from .page_blocks import Block
from .page_head import Fact, Found, told

_LIST_NAME = re.compile(r"\s*\"?([^<\"]{2,100}?)\"?\s*<[^<>]+>\s*")
_NUMBERED = re.compile(r"[0-9a-f]{8}|[0-9]{4}")
"""In the name of a list that is but a key of its sender's (Mailchimp)."""
_WEB_POST = re.compile(r"<(https?://[^<>\s]+)>")
_SHORTEST_NAME = 4
"""Characters of a sender's name that is looked for in the text."""
_SUBSTACK = ("substack.com",)
_FROM = re.compile(r"(.{3,60}) from (.{2,80})")
_OWN_FIELDS = frozenset({"list-unsubscribe", "list-id", "feedback-id"})


@dataclass(frozen=True, slots=True)
class NewsletterFacts:
    """What is known of a newsletter; None where it is not sure. `names` are what it and its sender are called,
    folded.
    """

    title: Found | None
    byline: Found | None
    site: Found | None
    url: Found | None
    published: Found | None
    language: Found | None
    head: Head
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
    author, site = _people(original, machine["site"], own=own)
    published = _published(original, latest, own=own)
    called = {fold(found.value) for found in (title, author, site) if found is not None} | {fold(subject)}
    sent = date.fromisoformat(published.value) if published else None
    dating = Dating(spoken, latest, sent, claimed_year(blocks))
    head = head_of(blocks, services, called - {""}, dating, author=author.value if author else None)
    names = called | ({fold(head.byline.value)} if head.byline else set())
    if original.headers.sender and original.headers.sender.name:
        names.add(fold(original.headers.sender.name))
    return NewsletterFacts(
        title,
        head.byline or author,
        site or next(iter(machine["site"]), None),
        _url(machine, original, blocks, services, title),
        head.published or published,
        Found(spoken, "page: html lang") if spoken else None,
        head,
        frozenset(names - {""}),
    )


def is_own_mail(original: Original, blocks: Sequence[Block]) -> bool:
    """Whether the mail's header is the newsletter's own, and not that of a person who pasted it: it has the fields of
    mail to many; of a forward the sender is one who is named in the newsletter, or whose links are in it.
    """
    if any(name.lower() in _OWN_FIELDS for name, _ in original.headers.fields):
        return True
    sender = original.headers.sender
    if sender is not None and sends_only_newsletters(sender.address):
        return True
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
    headings = [text for node in tree.css("h1, h2")[:NEAR] if (text := collapse(node.text()).strip())]
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
    for block in blocks[:NEAR]:
        if named and fold(block.text) == named:
            yield from (Found(url, "newsletter: linked title") for url in links_of(block))
    for service, block in zip(services, blocks, strict=True):
        if service == "web":
            yield from (Found(url, "newsletter: web version") for url in reversed(links_of(block)))


# --- author, sender, date ---------------------------------------------------------------------------------------------


def _people(original: Original, said: Sequence[Found], *, own: bool) -> tuple[Found | None, Found | None]:
    """The author and the newsletter, by its header: (byline, site). `said` is what its page calls the site."""
    if not own:
        return None, None
    sender = original.headers.sender
    name = collapse(sender.name).strip() if sender else ""
    listed = _list_name(original)
    split: Sequence[str] | None = None
    if sender:
        known = {fold(found.value) for found in (*said, *([listed] if listed else []))}
        # QUIRK: Substack's senders are called "Author from Newsletter".
        substack = _FROM.fullmatch(name) if sender.address.endswith(_SUBSTACK) else None
        split = substack.groups() if substack else parted(name, sender.address, known)
    if split:
        return Found(split[0], "sender of the newsletter"), Found(split[1], "sender of the newsletter")
    return None, listed or (Found(name, "sender of the newsletter") if name and "@" not in name else None)


def _list_name(original: Original) -> Found | None:
    """The phrase before the list's id (RFC 2919 §2)."""
    for field, value in original.headers.fields:
        match = _LIST_NAME.fullmatch(value) if field.lower() == "list-id" else None
        if match and not _NUMBERED.search(match[1]):
            return Found(collapse(match[1]).strip(), "header: List-Id")
    return None


def _published(original: Original, latest: date | None, *, own: bool) -> Found | None:
    """The date of the newsletter's own mail."""
    stamp = original.headers.date
    if not stamp or not own:
        return None
    day = datetime.fromisoformat(stamp).date()
    if day.year < 1980 or (latest and day > latest):
        return None
    return Found(day.isoformat(), "date of the newsletter's mail")
