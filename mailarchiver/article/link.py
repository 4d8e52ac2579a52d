"""Recognises a mail that is nothing but a link: shared from a browser or a telephone, or typed.

::

    Swifts of the Old Town              a title, perhaps
    https://example.org/swifts          the address, or words that are a link
    For the bird folder.                what else was written: the note

The page behind it is not fetched.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from ..model import Original
from ..text.hosts import host_of
from ..text.reader_addresses import spelled_out
from ..text.whitespace import collapse, count_words, fold
from .framed import Framed
from .markup import BLOCK, EMBEDS
from .newsletter import is_transaction
from .newsletter_signs import link_around, service_of, signs
from .page_blocks import blocks_of, walk
from .page_cut import without
from .recognised import LeftOut, Recognised

_MOST_WORDS = 60
"""Beside URLs, in the lines that are shown: with more the mail is a letter that holds a link."""
_MOST_BESIDE_WORDS = 15
"""The same where the link is behind words: it may be a button below a notice."""
_MOST_BESIDE_TITLE = 30
"""The same where the URL shares its line with words: those are its title, or the end of a sentence."""
_MOST_NAME_WORDS = 3
"""Of a person's name, or of a link in a signature."""
_MOST_LINKS = 20
_MOST_TITLE_WORDS = 25
_LARGEST, _LONGEST = 200_000, 10_000
"""Characters of HTML and of text that are looked at."""
_URL = re.compile(r"https?://[^\s<>\"]+(?<![.,;:!?)])")
_EDGES = ' \t\u00a0-–—:|·•<>()[]"“”'


@dataclass(slots=True)
class _Line:
    """A line as shown: `link` is where all of it leads, or the one URL in it; `rest` what it says beside that."""

    nodes: list[LexborNode] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    links: list[str | None] = field(default_factory=list)
    link: str | None = None
    rest: str = ""
    is_named: bool = False


def recognise(tree: LexborHTMLParser, original: Original, framed: Framed, subject: str) -> Recognised | None:
    """The link; None where the mail has more to say, holds pictures or files of its own, or is a machine's notice.

    The first URL is the article's, all stay in its body. `subject` is the mail's, without prefixes.
    """
    body = tree.body
    if body is None or len(body.text()) > _LONGEST or len(tree.html or "") > _LARGEST or not _is_bare(body, original):
        return None
    lines = _lines(body)
    linked = [line for line in lines if line.link]
    if not 0 < len(linked) <= _MOST_LINKS or not _is_link_only(lines):
        return None
    url = linked[0].link
    title, place, at = _title(lines, subject)
    said = [line for line in lines if line.rest and not line.is_named and line is not at]
    note = "\n".join(line.rest for line in said if fold(line.rest) != fold(subject)) or framed.note
    return Recognised(
        "link",
        (body,),
        title=title,
        url=framed.url or url,
        note=note,
        provenance={
            "kind": "link: nothing but " + ("a link" if len(linked) == 1 else f"{len(linked)} links"),
            "url": "the link",
            **({"title": place} if title else {}),
            **({"note": "text beside the link"} if note else {}),
            **framed.provenance,
        },
        left_out=_left_out(body, linked, framed),
    )


def _is_bare(body: LexborNode, original: Original) -> bool:
    """Whether the mail has no pictures beside those of a link's preview, no files, and no sign of mail to many."""
    html = original.html or ""
    if any(not part.content_id or f"cid:{part.content_id}" not in html for part in original.parts):
        return False
    if any(link_around(picture) is None for picture in body.css("img")) or any(body.css_first(tag) for tag in EMBEDS):
        return False
    if any(name.lower() in signs().lists for name, _ in original.headers.fields):
        return False
    blocks = list(blocks_of(body))
    return not is_transaction(original, blocks) and not any(service_of(block) in {"leave", "why"} for block in blocks)


def _lines(body: LexborNode) -> list[_Line]:
    lines = [_Line()]
    for node, _, entering, _ in walk(body):
        tag = node.tag or ""
        if tag == "-text":
            lines[-1].nodes.append(node)
            lines[-1].texts.append(node.text_content or "")
            if (node.text_content or "").strip():
                lines[-1].links.append(link_around(node))
        elif (tag in BLOCK or tag == "br") and lines[-1].nodes:
            lines.append(_Line())
        elif tag == "img" and entering:
            lines[-1].nodes.append(node)
    return [_read(line) for line in lines if "".join(line.texts).strip()]


def _read(line: _Line) -> _Line:
    """A line with its link and what it says beside it."""
    text = spelled_out(collapse("".join(line.texts)).strip())
    targets = set(line.links)
    whole = line.links[0] if len(targets) == 1 else None
    typed = _URL.findall(text)
    beside = _URL.sub(" ", text)
    if whole and not typed:
        line.link, line.rest, line.is_named = whole, text, True
    elif len(typed) == 1 and (text.startswith(typed[0]) or text.endswith((typed[0], typed[0] + ">"))):
        line.link, line.rest = whole or typed[0], collapse(beside).strip(_EDGES)
    else:
        line.rest = text
    return line


def _is_link_only(lines: Sequence[_Line]) -> bool:
    beside = sum(count_words(line.rest) for line in lines if not line.is_named)
    named = [line for line in lines if line.is_named]
    urls = [line for line in lines if line.link and not line.is_named]
    if not urls and (len(named) > 1 or beside > _MOST_BESIDE_WORDS or (beside and not _is_titled(named))):
        return False
    if _is_signature(lines):
        return False
    if any(line.rest for line in urls) and beside > _MOST_BESIDE_TITLE:
        return False
    if beside > _MOST_WORDS or any(_is_inline(line) for line in lines):
        return False
    return not beside or any(_is_deep(line.link) for line in (*urls, *named))


def _is_titled(named: Sequence[_Line]) -> bool:
    """Whether the words of a link are those of a title, rather than of a signature ("My page")."""
    return bool(named) and count_words(named[0].rest) > _MOST_NAME_WORDS


def _is_signature(lines: Sequence[_Line]) -> bool:
    """Whether the link stands at the end, below a name and words that are not the title: a letter's."""
    if len(lines) < 3 or not lines[-1].link or any(line.link for line in lines[:-1]):
        return False
    return not lines[-1].rest and count_words(lines[-2].rest) <= _MOST_NAME_WORDS


def _is_inline(line: _Line) -> bool:
    """Whether a link stands within the words of a line, which are a sentence then, or behind what is no name of it: the
    mark of a footnote, the picture of a signature.
    """
    if line.link is None:
        return _URL.search(line.rest) is not None or any(line.links)
    letters = sum(map(str.isalpha, line.rest))
    named = 2 * letters >= len(line.rest.replace(" ", ""))
    return bool(line.rest) and not (named and (line.is_named or not line.rest[0].islower()))


def _is_deep(url: str | None) -> bool:
    """Whether a URL is more than a host or somebody's home: those may be a signature's."""
    parts = urlsplit(url or "")
    path = parts.path.strip("/")
    home = path.startswith("~") and "/" not in path
    return host_of(url or "") is not None and not home and bool(path or parts.query)


def _title(lines: Sequence[_Line], subject: str) -> tuple[str | None, str, _Line | None]:
    """The title, where it was found, and its line: the subject, else the words of the link, else those in its line or
    the line above.
    """
    if subject and not _URL.match(subject):
        return None, "", None
    place = next(index for index, line in enumerate(lines) if line.link)
    line = lines[place]
    if line.rest and count_words(line.rest) <= _MOST_TITLE_WORDS:
        return line.rest, "words of the link" if line.is_named else "words before the link", line
    above = lines[place - 1] if place else None
    if above is not None and above.rest and count_words(above.rest) <= _MOST_TITLE_WORDS:
        return above.rest, "line above the link", above
    return None, "", None


def _left_out(body: LexborNode, linked: Sequence[_Line], framed: Framed) -> LeftOut:
    """All but the links: what else was written is the note."""
    out = without(body, [node for line in linked for node in line.nodes], "stands beside the link: kept, not shown")
    if framed.closing is None:
        return out
    closing = framed.closing.left_out
    return LeftOut(out.skipped | closing.skipped, (*out.pictures, *closing.pictures), out.reason)
