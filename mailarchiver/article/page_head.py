"""What a web page says about itself for machines: meta elements, JSON-LD, microdata. Strings as written, unchecked.

Sources: the Open Graph protocol (ogp.me), schema.org's Article, RFC 6596 (rel=canonical), and the names that
publishers use beside them; all in `page_head.toml`.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal

from selectolax.lexbor import LexborHTMLParser, LexborNode

from ..text.whitespace import collapse

Fact = Literal["title", "url", "site", "byline", "published", "language"]

_TABLE: dict[str, Any] = tomllib.loads((files(__package__) / "page_head.toml").read_text("utf-8"))
_ARTICLES = frozenset(_TABLE["article_types"])
_LARGEST_SCRIPT = 1_000_000
_MOST_SCRIPTS, _MOST_OBJECTS = 20, 500
_LONGEST = 1_000


@dataclass(frozen=True, slots=True)
class Found:
    """A value and where it stood, in words."""

    value: str
    place: str


def told(tree: LexborHTMLParser) -> dict[Fact, tuple[Found, ...]]:
    """All that the page says of each fact, the most trusted first; () where it says nothing."""
    metas = _metas(tree)
    objects = list(_json_ld(tree))
    facts: tuple[Fact, ...] = ("title", "url", "site", "byline", "published", "language")
    return {fact: tuple(_of(fact, tree, metas, objects)) for fact in facts}


def _of(
    fact: Fact, tree: LexborHTMLParser, metas: Mapping[str, tuple[str, ...]], objects: list[Mapping[str, Any]]
) -> Iterator[Found]:
    rows: dict[str, list[str]] = _TABLE[fact]
    for selector in rows.get("css", ()):
        name, _, attribute = selector.rpartition("@")
        node = tree.css_first(name)
        yield from _found(node.attributes.get(attribute) if node is not None else None, f"page: {name} {attribute}")
    for path in rows.get("json", ()):
        for item in objects:
            yield from _found(", ".join(_at(item, path.split("."))), f"page: JSON-LD {path}")
    for name in rows.get("meta", ()):
        yield from _found(", ".join(dict.fromkeys(metas.get(name, ()))), f"page: meta {name}")
    for name in rows.get("itemprop", ()):
        node = tree.css_first(f'[itemprop~="{name}"]')
        yield from _found(_value(node) if node is not None else None, f"page: itemprop {name}")


def _found(value: str | None, place: str) -> Iterator[Found]:
    text = collapse(value or "").strip()
    if text and len(text) <= _LONGEST:
        yield Found(text, place)


def _metas(tree: LexborHTMLParser) -> dict[str, tuple[str, ...]]:
    """The contents of the meta elements, by name or property in lower case."""
    found: dict[str, tuple[str, ...]] = {}
    for node in tree.css("meta[content]"):
        given = node.attributes
        name = (given.get("property") or given.get("name") or given.get("http-equiv") or "").strip().lower()
        content = collapse(given.get("content") or "").strip()
        if name and content:
            found[name] = (*found.get(name, ()), content)
    return found


def _value(node: LexborNode) -> str:
    """The value of an itemprop (HTML, "Microdata"): by attribute for the elements that have one, else the text."""
    given = node.attributes
    return given.get("content") or given.get("datetime") or node.text()


def _json_ld(tree: LexborHTMLParser) -> Iterator[Mapping[str, Any]]:
    """The articles described in JSON-LD, in order."""
    for script in tree.css('script[type="application/ld+json"]')[:_MOST_SCRIPTS]:
        text = script.text()
        try:
            data = json.loads(text) if len(text) <= _LARGEST_SCRIPT else None
        except (ValueError, RecursionError):  # not JSON, or nested to hurt
            continue
        waiting, seen = [data], 0
        while waiting and seen < _MOST_OBJECTS:
            item, seen = waiting.pop(0), seen + 1
            if isinstance(item, list):
                waiting += item
            elif isinstance(item, dict):
                waiting += [value for key, value in item.items() if key in {"@graph", "mainEntity"}]
                if _ARTICLES & set(_strings(item.get("@type"))):
                    yield item


def _at(item: Any, path: list[str]) -> list[str]:  # noqa: ANN401  JSON of strangers may be anything
    """The strings at a path of keys, through lists."""
    if isinstance(item, list):
        return [text for each in item[:_MOST_OBJECTS] for text in _at(each, path)]
    if path and isinstance(item, dict):
        return _at(item.get(path[0]), path[1:])
    return [item] if isinstance(item, str) and not path else []


def _strings(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [text for text in values if isinstance(text, str)]
