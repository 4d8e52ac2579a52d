"""Recognises a web page, pasted into a mail or sent as one, and finds the article in it.

Engines vote which text is the article (`engines`, `region`); what is written is our own tree, with all its pictures,
lists, tables and code, without what is not voted for (`page_cut`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from selectolax.lexbor import LexborHTMLParser

from ..text import bylines
from ..text.dates import find_date
from ..text.language import language_of
from ..text.whitespace import fold
from .engines import opinions
from .framed import Framed
from .metadata import canonical
from .page_blocks import Block, blocks_of
from .page_credits import author, published, zone
from .page_cut import all_but
from .page_facts import PageFacts, page_facts
from .page_signs import foreign_prefixes, without_prefixes
from .posts import quote_posts
from .recognised import Recognised
from .region import article_blocks

LARGEST = 4_000_000
"""Characters of HTML that the engines are asked about."""
_FEWEST_WORDS = 12
"""Of an article; a page with less is a notice, or not understood."""
_ENOUGH = 5
_HEADINGS = 12
_HEAD, _LONGEST_CREDITS = 5, 120
"""Blocks at the beginning of an article that may be credits, and characters of these."""
_LETTER = 150
"""Words below a heading; in a shorter mail it is not that of a page."""
_TITLED = frozenset({"h1", "h2", "h3", "div", "span"})
"""What a title stands in; an article that repeats it does so in a paragraph."""
_DOCUMENT = (
    'link[rel="canonical"], meta[property^="og:"], meta[name^="twitter:"], meta[property^="article:"],'
    'script[type="application/ld+json"]'
)


@dataclass(frozen=True, slots=True)
class Sign:
    """By what a mail is told to be a web page, in words. It is not `sure` where a newsletter has it, too."""

    words: str
    sure: bool


def recognise(
    tree: LexborHTMLParser, sign: Sign, framed: Framed, subject: str, latest: date | None
) -> Recognised | None:
    """The article of a web page that is told by `sign`; None where the engines find no article in it.

    `subject` is the mail's, without prefixes but with its `[…]`; `latest` the last day that a date may name.
    """
    body = tree.body
    if body is None:
        return None
    html = tree.html or ""
    if quote_posts(tree, html):
        html = tree.html or ""
    blocks = list(blocks_of(body))
    kept = article_blocks(blocks, opinions(without_prefixes(html))) if len(html) <= LARGEST else ()
    if sum(len(blocks[number].words) for number in kept) < _FEWEST_WORDS:
        return None
    written = language_of("\n".join(blocks[number].text for number in kept))
    facts = page_facts(
        tree, blocks, kept[0], subject=subject, address=canonical(framed.url), latest=latest, written=written
    )
    return Recognised(
        "page",
        (body,),
        title=facts.title,
        byline=facts.byline,
        site=facts.site,
        url=framed.url or facts.url,
        published=facts.published,
        language=facts.language,
        note=framed.note,
        provenance={"kind": f"page: {sign.words}", **facts.provenance, **framed.provenance},
        left_out=all_but(body, blocks, _without_head(blocks, kept, facts)),
    )


def _without_head(blocks: Sequence[Block], kept: Sequence[int], facts: PageFacts) -> list[int]:
    """Without what the page shows above the article anyway: the title, and lines at the beginning that say no more than
    who wrote it, and when.
    """
    head = [number for number in kept[:_HEAD] if _is_credits(blocks[number], facts)]
    return [number for number in kept if number not in head and not _is_title(blocks[number], facts.title)]


def _is_credits(block: Block, facts: PageFacts) -> bool:
    if len(block.text) > _LONGEST_CREDITS:
        return False
    dated = find_date(block.text, language=facts.language)
    day, rest = dated or (None, block.text)
    if day is not None and day[:10] != (facts.published or "")[:10]:
        return False
    name = bylines.bare(rest) or ""
    return fold(name) == fold(facts.byline or "") if name else day is not None


def _is_title(block: Block, title: str | None) -> bool:
    """Whether a block is the heading that the page shows as its title anyway, or a box that repeats it."""
    return block.holder.tag in _TITLED and fold(block.text) == fold(title or "")


def sign(tree: LexborHTMLParser, framed: Framed, subject: str = "") -> Sign | None:
    """By what the mail is told to be a page; None where it is none. `subject` is the mail's, without prefixes."""
    if framed.paste is not None:
        return Sign("its address stands beside it", sure=True)
    if tree.css_first(_DOCUMENT) is not None:
        return Sign("its head says so", sure=True)
    if tree.body is not None and foreign_prefixes(tree.body, _ENOUGH) >= _ENOUGH:
        return Sign("a mail program put its prefix before the names of the page", sure=False)
    if subject and _is_headed(tree, subject):
        return Sign("a heading says its title, and credits stand below it", sure=False)
    return None


def _is_headed(tree: LexborHTMLParser, subject: str) -> bool:
    """Whether a heading says what the subject does, and below it stands who wrote it, or when: nobody writes a letter
    so. What pages without any names are told by, when they are pasted.
    """
    title = fold(subject)
    if tree.body is None or not any(fold(node.text()) == title for node in tree.css("h1, h2")[:_HEADINGS]):
        return False
    blocks = list(blocks_of(tree.body))
    numbers = (number for number, block in enumerate(blocks) if fold(block.text) == title)
    at = next((number for number in numbers if blocks[number].tags[0] in {"h1", "h2"}), None)
    if at is None or sum(len(block.words) for block in blocks[at:]) < _LETTER:
        return False
    near = zone(blocks, min(at + 1, len(blocks) - 1), subject)
    return published(near, None, None) is not None or author(near, subject) is not None
