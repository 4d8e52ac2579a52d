"""Recognises a page of a program that keeps articles to be read later, pasted or sent: Instapaper, Pocket, Readwise.

::

    head        h1, who and when, a link to the article's own page
    article

What they call these elements stands in reading_apps.toml. Nothing is guessed: what is not marked is None.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files

from selectolax.lexbor import LexborHTMLParser, LexborNode

from ..text.hosts import host_of
from ..text.whitespace import collapse
from . import metadata, surroundings
from .links import direct
from .page_signs import called
from .reader_view import lines_around
from .recognised import Recognised, reader_page


@dataclass(frozen=True, slots=True)
class _App:
    """A row of the table."""

    name: str
    host: str
    head: str
    credits: str
    article: str


_APPS = tuple(
    _App(**row) for row in tomllib.loads((files(__package__) / "reading_apps.toml").read_text("utf-8"))["app"]
)


def recognise(tree: LexborHTMLParser, html: str, titles: Sequence[str], latest: date | None) -> Recognised | None:
    """The article of such a page, None where the mail holds none.

    `titles` are what the subject says the title is, `latest` the last day a printed date may name. The head is taken
    out of the tree.
    """
    for app in _APPS:
        if app.head in html and app.article in html:
            head, article = _element(tree, app.head), _element(tree, app.article)
            if head is not None and article is not None and _is_page(app, head, article):
                return _recognised(tree, app, head, article, titles, latest)
    return None


def _element(tree: LexborHTMLParser, name: str) -> LexborNode | None:
    return next(called(tree, name), None)


def _is_page(app: _App, head: LexborNode, article: LexborNode) -> bool:
    """Whether these are the two elements of a page of this program: with a title and credits, one behind the other."""
    titled = head.css_first("h1") is not None
    credited = not app.credits or next(called(head, app.credits), None) is not None
    apart = next(called(head, app.article), None) is None
    return titled and credited and apart and bool(article.text(strip=True))


def _recognised(
    tree: LexborHTMLParser,
    app: _App,
    head: LexborNode,
    article: LexborNode,
    titles: Sequence[str],
    latest: date | None,
) -> Recognised:
    heading = head.css_first("h1")
    title = collapse(heading.text()).strip() if heading is not None else ""
    url = _address(head, app.host)
    author, published = _credits(head, app, latest)
    head.remove()
    above, _ = lines_around(tree, article)
    note = surroundings.note(above, [title, *titles])
    spoken = metadata.language(article.attributes.get("lang"))
    facts = {
        "kind": ("reader-view", f"{app.name}: head and article"),
        "title": (title, f"{app.name}: h1"),
        "byline": (author, f"{app.name}: credits"),
        "url": (url, f"{app.name}: link in the head"),
        "published": (published, f"{app.name}: credits"),
        "language": (spoken, f"{app.name}: lang"),
        "note": (note, "text above the article"),
    }
    return reader_page(article, facts)


def _address(head: LexborNode, own: str) -> str | None:
    """Where the link in the head leads that says so, else the first that is not to the program itself; past redirects,
    of which Pocket makes one of each link.
    """
    found: list[str] = []
    for link, url in _links(head):
        host = host_of(url)
        if host is not None and host != own and not host.endswith(f".{own}"):
            if _shown(link) == host:
                return url
            found.append(url)
    return found[0] if found else None


def _credits(head: LexborNode, app: _App, latest: date | None) -> tuple[str | None, str | None]:
    """Author and date in the credits: what they say but for links that say where they lead."""
    node = next(called(head, app.credits), None) if app.credits else None
    if node is None:
        return None, None
    for link, url in _links(node):
        if _shown(link) == host_of(url):
            link.remove()
    return metadata.byline(node.text(separator=" "), None, latest)


def _links(node: LexborNode) -> list[tuple[LexborNode, str]]:
    return [(link, direct(link.attributes.get("href") or "", None)) for link in node.css("a[href]")]


def _shown(link: LexborNode) -> str:
    """What a link says, as the host that it may be."""
    return collapse(link.text()).strip().lower().removeprefix("www.")
