"""Recognises a Firefox Reader View page pasted into a mail, in whatever dress mail clients put on its classes.

The page's own markup says where everything is, so nothing is guessed here: a header element that is not there leaves
its field to what stands around the article and to the subject.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from ..model import Direction
from ..text.dates import find_date, read_date
from ..text.hosts import host_of
from ..text.whitespace import collapse
from . import metadata, surroundings
from .links import absolute
from .page_signs import unprefixed
from .reader_header import header_by_its_shape, speaks
from .recognised import Recognised, reader_page

_NAMES: dict[str, Any] = tomllib.loads((files(__package__) / "reader_view.toml").read_text("utf-8"))
_ALL_NAMES = tuple(name for names in _NAMES.values() for name in names)
_BEHIND = ("_mr_css_attr", "_mailru_css_attribute_postfix")
"""QUIRK: Mail.ru puts it behind each class and id."""
_ENDINGS = (*_ALL_NAMES, *_BEHIND)
_WORDS = frozenset(
    {"reader-content", "reader-message", "toolbar-container", "domain-border", "top-anchor", "meta-data"}
)
"""Of the table, those that pages may use themselves."""
_DRESSED = re.compile(
    rf"(?:.*[^A-Za-z])?({'|'.join(name for name in _ALL_NAMES if name not in _WORDS)})(?:{'|'.join(_BEHIND)})?"
)
"""A name of Firefox's own in any dress."""
_HEADER = ("title", "domain", "credits", "time")
_EDGE = "\ue000article\ue000"
"""Put on both sides of the article to read what is around it; private use, so that no mail's text is taken for it."""


@dataclass(frozen=True, slots=True)
class _Header:
    """The reader page's header, as far as it survived; empty strings where it did not."""

    title: str
    url: str
    domain: str
    credits: str
    times: tuple[str, ...]


def recognise(tree: LexborHTMLParser, html: str, titles: Sequence[str], latest: date | None) -> Recognised | None:
    """The article of a Reader View page, None where the mail holds none.

    `titles` are what the subject says the title is, `latest` the last day a printed date may name. The page's
    header and frame are taken out of the tree.
    """
    elements = _elements(tree, html)
    content = next(filter(_holds_something, elements["content"]), None)
    if content is None:
        return None
    if not any(elements[field] for field in _HEADER):
        elements |= header_by_its_shape(content, titles)
    header = _read_header(elements)
    spoken, way = _language_and_direction(content)
    author, printed = metadata.byline(header.credits, spoken, latest)
    published, where = _published(header.times, spoken, latest) or (printed, "reader view: credits")
    above, below = lines_around(tree, content)
    named = [header.title, *titles]
    url, url_where = _url(header) or surroundings.find_url(above, below, named) or _of_subject(titles) or (None, "")
    note = surroundings.note(above, [*named, header.domain])
    facts = {
        "kind": ("reader-view", f"reader view: {'id' if content.attributes.get('id') else 'class'} of its content"),
        "title": (header.title or None, "reader view: h1"),
        "byline": (author, "reader view: credits"),
        "site": (header.domain or None, "reader view: domain"),
        "url": (url, url_where),
        "published": (published, where),
        "language": (spoken, "reader view: lang"),
        "direction": (way, "reader view: dir"),
        "note": (note, "text above the article"),
    }
    return reader_page(content, facts, way)


def _elements(tree: LexborHTMLParser, html: str) -> dict[str, list[LexborNode]]:
    """The elements of each field of the table, in the order of its names. All are searched for at once, and only where
    there is a reader page, for the search goes through the whole tree.
    """
    found: dict[str, list[LexborNode]] = {name: [] for name in _ALL_NAMES}
    if any(name in html for name in _NAMES["content"]):
        for node in tree.css("[class], [id]"):
            given = node.attributes
            for name in f"{given.get('class') or ''} {given.get('id') or ''}".split():
                if name.endswith(_ENDINGS):
                    bare = unprefixed(name)
                    bare = bare if bare in found else _undressed(name)
                    if bare in found:
                        found[bare].append(node)
    return {field: [node for name in names for node in found[name]] for field, names in _NAMES.items()}


def _undressed(name: str) -> str:
    """A class or id without what mail programs put before and behind it that are not known to do so."""
    dressed = _DRESSED.fullmatch(name)
    return dressed[1] if dressed else name


def _url(header: _Header) -> tuple[str, str] | None:
    """The URL of the header's link, and where it was found."""
    return (header.url, "reader view: domain link") if header.url else None


def _of_subject(titles: Sequence[str]) -> tuple[str, str] | None:
    """The URL that a subject is, as some programs share a page, or ends with."""
    for title in titles:
        last = title.rpartition(" ")[2]
        if host_of(last):
            return last, "subject"
    return None


def _holds_something(node: LexborNode) -> bool:
    said = (inner.text_content or "" for inner in node.traverse(include_text=True) if inner.tag == "-text")
    return any(map(str.strip, said)) or node.css_first("img") is not None


def _read_header(elements: Mapping[str, Sequence[LexborNode]]) -> _Header:
    """Read the header's elements, and take them and the page's frame out of the tree."""
    title, domain, credit, time = (next(iter(elements[field]), None) for field in _HEADER)
    header = _Header(
        title=_text(title),
        url=absolute(domain.attributes.get("href") or "", None) if domain is not None else "",
        domain=_text(domain),
        credits=_text(credit),
        times=tuple(_lines(time)) if time is not None else (),
    )
    gone = [node for node in (title, domain, credit, time) if node is not None]
    gone += elements["frame"]
    for node in {node.mem_id: node for node in gone}.values():
        node.remove()
    return header


def _text(node: LexborNode | None) -> str:
    return collapse(node.text()).strip() if node is not None else ""


def _lines(node: LexborNode) -> Iterator[str]:
    """The lines of an element: parted by `br` and by inner blocks, not by the wrapping of the mail."""
    line = ""
    for inner in node.traverse(include_text=True):
        if inner.tag == "-text":
            line += inner.text_content or ""
        elif inner.tag in {"br", "div", "p", "li"}:
            if line.strip():
                yield collapse(line).strip()
            line = ""
    if line.strip():
        yield collapse(line).strip()


def _published(times: Sequence[str], spoken: str | None, latest: date | None) -> tuple[str, str] | None:
    """The date that was typed where the reading time stood, or beside it."""
    for line in times:
        whole = read_date(line, language=spoken, latest=latest)
        found = whole or next(iter(find_date(line, language=spoken, latest=latest) or ()), None)
        if found is not None:
            typed = "typed over the reading time" if whole and len(times) == 1 else "typed beside the reading time"
            return found, f"reader view: {typed}"
    return None


def _language_and_direction(content: LexborNode) -> tuple[str | None, Direction | None]:
    """The `lang` and `dir` of the elements around the article, the nearest first."""
    spoken: str | None = None
    way: Direction | None = None
    node: LexborNode | None = content
    while node is not None and node.tag not in {"body", "html"}:
        attributes = node.attributes
        spoken = spoken or metadata.language(attributes.get("lang"))
        given = (attributes.get("dir") or "").lower()
        if way is None and spoken is not None:
            way = "rtl" if given == "rtl" else "ltr" if given == "ltr" else None
        node = node.parent
    return spoken, way


def lines_around(
    tree: LexborHTMLParser, content: LexborNode
) -> tuple[tuple[surroundings.Line, ...], tuple[surroundings.Line, ...]]:
    """The lines above and below the article. Most have none, which is seen without reading the article itself."""
    if not any(map(speaks, _nodes_around(content))):
        return (), ()
    content.insert_before(_EDGE)
    content.insert_after(_EDGE)
    body = tree.body
    text = body.text() if body is not None else ""
    above, _, below = text.split(_EDGE) if text.count(_EDGE) == 2 else ("", "", "")
    if body is None or not (above.strip() or below.strip()):
        return (), ()
    html_above, _, html_below = (body.inner_html or "").split(_EDGE)
    return (
        surroundings.lines(html_above) if above.strip() else (),
        surroundings.lines(html_below) if below.strip() else (),
    )


def _nodes_around(content: LexborNode) -> Iterator[LexborNode]:
    """The nodes before and behind the article and the elements around it."""
    node: LexborNode | None = content
    while node is not None and node.tag != "body":
        before, behind = node.prev, node.next
        while before is not None:
            yield before
            before = before.prev
        while behind is not None:
            yield behind
            behind = behind.next
        node = node.parent
