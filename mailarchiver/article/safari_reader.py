"""Recognises a page of Safari's reader that was mailed from there.

::

    div.original-url › a                          the address
    div#article.exported                          the article
        div.page › h1.title, div.metadata, …      title, author and date, text; a later page has no title

Nothing is guessed: what is not marked is None.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from datetime import date
from importlib.resources import files
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from ..text.dates import read_date
from ..text.whitespace import collapse
from . import metadata, surroundings
from .links import absolute
from .page_credits import iso_date
from .page_signs import bare_names, called
from .reader_view import lines_around
from .recognised import Recognised, reader_page

_NAMES: dict[str, Any] = tomllib.loads((files(__package__) / "safari_reader.toml").read_text("utf-8"))
_LOCALE = re.compile(r"-webkit-locale\s*:\s*[\"']?([A-Za-z-]{2,20})")


def recognise(tree: LexborHTMLParser, html: str, titles: Sequence[str], latest: date | None) -> Recognised | None:
    """The article of a page of Safari's reader, None where the mail holds none.

    `titles` are what the subject says the title is, `latest` the last day a printed date may name. The page's title,
    address and credits are taken out of the tree.
    """
    article = _article(tree) if _NAMES["exported"] in html or _NAMES["address"] in html else None
    if article is None:
        return None
    spoken = _language(article)
    url, place = _address(tree)
    title = _taken(article, "title", "h1")
    author, published = _credits(article, spoken, latest)
    for name in _NAMES["frame"]:
        for node in called(article, name):
            node.remove()
    above, below = lines_around(tree, article)
    if not url:
        url, place = surroundings.find_url(above, below, [title, *titles]) or (None, "")
    note = surroundings.note(above, [title, *titles])
    facts = {
        "kind": ("reader-view", "Safari reader: article and page"),
        "title": (title, "Safari reader: h1"),
        "byline": (author, "Safari reader: metadata"),
        "url": (url, place),
        "published": (published, "Safari reader: metadata"),
        "language": (spoken, "Safari reader: locale"),
        "note": (note, "text above the article"),
    }
    is_rtl = any("rtl" in bare_names(page).split() for page in called(article, _NAMES["page"]))
    return reader_page(article, facts, "rtl" if is_rtl else None)


def _article(tree: LexborHTMLParser) -> LexborNode | None:
    """The element of the article: it holds a page, and is marked as mailed or stands below the address."""
    addressed = next(called(tree, _NAMES["address"]), None) is not None
    for node in called(tree, _NAMES["article"]):
        exported = _NAMES["exported"] in bare_names(node).split()
        page = next(called(node, _NAMES["page"]), None)
        if page is not None and (exported or addressed) and page.text(strip=True):
            return node
    return None


def _address(tree: LexborHTMLParser) -> tuple[str | None, str]:
    """The address above the article, whose element is taken out, and where it was found."""
    node = next(called(tree, _NAMES["address"]), None)
    if node is None:
        return None, ""
    link = node.css_first("a[href]")
    url = absolute(link.attributes.get("href") or "", None) if link is not None else ""
    node.remove()
    return url or None, "Safari reader: original url"


def _taken(article: LexborNode, name: str, tag: str) -> str:
    """The text of the element of this name, which is taken out; "" where there is none."""
    node = next((found for found in called(article, _NAMES[name]) if found.tag == tag), None)
    text = collapse(node.text()).strip() if node is not None else ""
    if node is not None:
        node.remove()
    return text


def _credits(article: LexborNode, spoken: str | None, latest: date | None) -> tuple[str | None, str | None]:
    """Author and date in the metadata, which is taken out: each by its own element, else what the line says."""
    node = next(called(article, _NAMES["metadata"]), None)
    if node is None:
        return None, None
    text = collapse(node.text(separator=" ")).strip()
    named = next(called(node, _NAMES["byline"]), None)
    dated = next(called(node, _NAMES["date"]), None)
    author, published = metadata.byline(text, spoken, latest) if named is None or dated is None else (None, None)
    if named is not None:
        author = collapse(named.text()).strip() or None
    if dated is not None:
        stamp = iso_date(dated.attributes.get("datetime") or "", latest)
        published = stamp or read_date(collapse(dated.text()).strip(), language=spoken, latest=latest) or published
    node.remove()
    return author, published


def _language(article: LexborNode) -> str | None:
    found = _LOCALE.search(article.attributes.get("style") or "")
    return metadata.language(found[1] if found else article.attributes.get("lang"))
