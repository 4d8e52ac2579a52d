"""Recognises a newsletter: mail to many, that ends with a way out of it. What is written is the whole letter, from our
own tree, without what stands around it to send it (`newsletter_cut`).

Not for engines: they take one section of a newsletter for the article, and lose its lists and the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from selectolax.lexbor import LexborHTMLParser, LexborNode

from ..model import Headers, Original
from ..text.whitespace import folded
from . import newsletter_cut
from .framed import Framed, with_closing
from .newsletter_facts import NewsletterFacts, newsletter_facts
from .newsletter_head import NO_HEAD
from .newsletter_signs import Service, is_senders, links_of, sends_only_newsletters, service_of, signs
from .page_blocks import Block, blocks_of
from .posts import quote_posts
from .recognised import LeftOut, Recognised

_FEWEST_WORDS = 60
"""Of what is left; less is a notice, or an advertisement made of pictures."""
_LAST = 30
"""Blocks at the end in which the way out is looked for, or a quarter of all."""
_FEWEST_SIGNS = 2
"""Of those below; one more where nothing tells it from a web page."""
_DEEPEST = 40
"""Levels within a table's cell that are looked at."""
_MOST_TRANSACTION = 1
"""Words of a receipt that may stand in any letter."""
_LARGEST = 4_000_000
"""Characters of HTML that are looked at."""


def recognise(
    tree: LexborHTMLParser, original: Original, framed: Framed, subject: str, latest: date | None
) -> Recognised | None:
    """The newsletter, None where the mail is none, or that is not sure; then the tree is left as it was.

    `subject` is the mail's, without prefixes; `latest` the last day that may be named.
    """
    body = tree.body
    if body is None or original.html is None or len(original.html) > _LARGEST:
        return None
    blocks = list(blocks_of(body))
    sign = _sign(original, blocks)
    if sign is None or not _is_enough(blocks):
        return None
    quoted = quote_posts(tree, original.html)
    framed = with_closing(tree, framed)
    if quoted or framed.closing:
        blocks = list(blocks_of(body))  # some of their texts are gone
    services = [service_of(block) for block in blocks]
    facts = newsletter_facts(tree, original, blocks, services, subject=subject, latest=latest)
    found = newsletter_cut.cut(blocks, services, facts.names, facts.head)
    out = newsletter_cut.left_out(body, blocks, found, facts.names)
    return _recognised(body, sign, facts, framed, out)


def _recognised(body: LexborNode, sign: str, facts: NewsletterFacts, framed: Framed, out: LeftOut) -> Recognised:
    values = {name: fact.value for name, fact in facts.values().items()}
    return Recognised(
        "newsletter",
        (body,),
        title=values.get("title"),
        byline=values.get("byline"),
        site=values.get("site"),
        url=framed.url or values.get("url"),
        published=values.get("published"),
        language=values.get("language"),
        note=framed.note,
        provenance={
            "kind": f"newsletter: {sign}",
            **{name: fact.place for name, fact in facts.values().items()},
            **framed.provenance,
        },
        left_out=_together(out, framed.closing.left_out) if framed.closing else out,
    )


def _is_enough(blocks: Sequence[Block]) -> bool:
    """Whether a newsletter is left without its frame."""
    services = [service_of(block) for block in blocks]
    found = newsletter_cut.cut(blocks, services, (), NO_HEAD)
    kept = sum(len(block.words) for number, block in enumerate(blocks) if number not in found.dropped)
    return kept >= _FEWEST_WORDS


def _together(one: LeftOut, other: LeftOut) -> LeftOut:
    return LeftOut(one.skipped | other.skipped, (*one.pictures, *other.pictures), one.reason)


def _sign(original: Original, blocks: Sequence[Block]) -> str | None:
    """By what the mail is told to be a newsletter; None where it is none, or that is not sure.

    An address from which nothing else comes is enough. Else two signs are needed, one of which is a way out: a link at
    the end, or the header field for it; three where neither a field nor tables for its layout tell it from a web page
    that was pasted.
    """
    words = sum(len(block.words) for block in blocks)
    if words < _FEWEST_WORDS or _is_answer(original.headers) or is_transaction(original, blocks):
        return None
    if original.headers.sender and sends_only_newsletters(original.headers.sender.address):
        return "its sender's address"
    near_end = blocks[-max(_LAST, len(blocks) // 4) :]
    services = {service_of(block) for block in near_end}
    services |= {service for block in blocks[:_LAST] if (service := service_of(block)) == "web"}
    given = _fields(original.headers)
    if not (given or "leave" in services):
        return None
    told = [given] if given else []
    told += [words for words, service in _WORDS.items() if service in services]
    if _is_by_sender(original.headers) or any(is_senders(url) for block in blocks for url in links_of(block)):
        told.append("a service that sends newsletters")
    laid_out = 2 * sum(len(block.words) for block in blocks if _is_in_table(block)) > words
    enough = len(told) >= _FEWEST_SIGNS + (not given and not laid_out)
    return ", ".join(told[:3]) if enough else None


_WORDS: dict[str, Service] = {
    "a link that ends the subscription": "leave",
    "a link to its web version": "web",
    "it says why it was sent": "why",
    "it speaks to whom it was passed on": "told",
}


def _is_in_table(block: Block) -> bool:
    node: LexborNode | None = block.holder
    for _ in range(_DEEPEST):
        if node is None:
            return False
        if node.tag == "td":
            return True
        node = node.parent
    return False


def _fields(headers: Headers) -> str | None:
    """The header field that only mail to many has, named; None where there is none."""
    return next((f"its field {name}" for name, _ in headers.fields if name.lower() in signs().lists), None)


def _is_by_sender(headers: Headers) -> bool:
    """Whether the header is that of a service for mail to many; receipts come from the same."""
    table = signs()
    for name, value in headers.fields:
        lower = name.lower()
        if lower in table.senders or (lower == "x-mailer" and any(mailer in value.lower() for mailer in table.mailers)):
            return True
    return False


def _is_answer(headers: Headers) -> bool:
    """Whether somebody answers somebody, or a list is there for it: one that says where to write to (RFC 2369 §3.4)."""
    for name, value in headers.fields:
        lower = name.lower()
        if lower in signs().answers or (lower == "list-post" and "mailto:" in value.lower()):
            return True
    return False


def is_transaction(original: Original, blocks: Sequence[Block]) -> bool:
    """Whether the mail is about a thing of the reader's: an order, a booking, an account."""
    table = signs()
    if table.subjects.search(folded(original.headers.subject or "", " ")):
        return True
    text = folded(" ".join(block.text for block in blocks if len(block.words) <= _FEWEST_WORDS), " ")
    return sum(phrase in text for phrase in table.transaction) > _MOST_TRANSACTION
