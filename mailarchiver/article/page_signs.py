"""By what markup made for the web is told from markup that mail programs write, and what pages call their parts."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

_TABLE: dict[str, Any] = tomllib.loads((files(__package__) / "page_signs.toml").read_text("utf-8"))
PREFIX = re.compile("(?:" + "|".join(_TABLE["prefixes"]) + ")+")
"""What mail programs put before the classes and ids of others."""
_MAIL_PROGRAMS = re.compile("|".join(_TABLE["mail_programs"]), re.IGNORECASE)
_SECTIONS = frozenset(_TABLE["sections"])
_NAMES = re.compile(r"""(=(?:(?<=\bclass=)|(?<=\bid=))(?:"[^"]*"|'[^']*'))""")
"""The classes and ids of a page, as they are written; begins with a literal, which is found fast."""


def _named(key: str) -> re.Pattern[str]:
    """Any of the words of a table, as a part of a class or id: `article-teaser`, `teaserText`, not `steaser`."""
    words = "|".join(re.escape(word) for word in _TABLE[key])
    return re.compile(rf"(?:\b|_)(?:{words})", re.IGNORECASE)


BOILERPLATE = _named("boilerplate")
"""Of what is no part of an article, unless all engines say so."""
BOXES = _named("boxes")
"""Of a box among the paragraphs of an article that is no part of it, though all engines say so."""
STANDFIRST = _named("standfirst")
"""Of the paragraph between a headline and the article."""
SUMMARY = _named("summary")
"""Of the same, or of another thing."""
CREDITS = _named("credits")
"""Of the line that says who wrote an article, and when."""
SUBHEADING = _named("subheading")
"""Of a heading within an article that has no such tag."""
BYLINE = _named("byline")
"""Of who wrote an article."""
AUTHOR = _named("author")
"""Of the element that is an author's name."""
NO_BYLINE = _named("no_byline")
"""Of what stands near a byline, and is none."""
DATED = _named("dated")
"""Of a line with a date."""
NO_DATE = _named("no_date")
"""Of what has a date of its own."""
UPDATED = re.compile(r"[\W_]*(?:" + "|".join(map(re.escape, _TABLE["updated"])) + ")", re.IGNORECASE)
"""The beginning of a line with the date of an update."""
CAPTION = _named("caption")
"""Of what says something about a picture."""
NO_STANDFIRST = _named("no_standfirst")
"""Of what else stands there."""


POSTS: tuple[str, ...] = tuple(_TABLE["posts"])
"""Names of the boxes in which services draw posts of a network."""
QUOTED_POSTS: tuple[str, ...] = tuple(_TABLE["quoted_posts"])
"""Of the boxes within these, with the posts that those quote."""


def foreign_names(root: LexborNode, enough: int) -> int:
    """How many elements below `root` bear a class or an id that no mail program gives, or are of those that none
    writes; counts no further than `enough`.
    """
    count = 0
    for node in root.traverse():
        if count >= enough:
            break
        count += node.tag in _SECTIONS or is_foreign(node)
    return count


def foreign_prefixes(root: LexborNode, enough: int) -> int:
    """How many elements below `root` have a name of a page's own behind a mail program's prefix; counts no further
    than `enough`.
    """
    count = 0
    for node in root.traverse():
        if count >= enough:
            break
        given = node.attributes
        names = f"{given.get('class') or ''} {given.get('id') or ''}" if given else ""
        count += PREFIX.match(names.lstrip()) is not None and is_foreign(node)
    return count


def is_foreign(node: LexborNode) -> bool:
    """Whether an element has a class or id that is no mail program's own."""
    names = bare_names(node).split()
    return any(not _MAIL_PROGRAMS.match(name) for name in names)


def bare_names(node: LexborNode) -> str:
    """An element's classes and id, without what mail programs put before them."""
    given = node.attributes
    if not given:
        return ""
    names = f"{given.get('class') or ''} {given.get('id') or ''}".split()
    return " ".join(filter(None, map(unprefixed, names)))


def called(root: LexborHTMLParser | LexborNode, name: str) -> Iterator[LexborNode]:
    """The elements below `root` of which the name is a class or the id, prefixes aside, in document order."""
    for node in root.css(f'[class*="{name}"], [id*="{name}"]'):
        if any(token.endswith(name) and unprefixed(token) == name for token in _tokens(node)):
            yield node


def _tokens(node: LexborNode) -> list[str]:
    """The classes and the id of an element."""
    attributes = node.attributes
    return [*(attributes.get("class") or "").split(), (attributes.get("id") or "").strip()]


def unprefixed(name: str) -> str:
    """A class or id without what mail programs put before it."""
    found = PREFIX.match(name)
    return name[found.end() :] if found else name


def without_prefixes(html: str) -> str:
    """HTML, as lexbor writes it, with the classes and ids that its page had before it was mailed."""
    if PREFIX.search(html) is None:
        return html

    pieces = _NAMES.split(html)
    bare = {written: _bare(written) for written in set(pieces[1::2])}  # a page gives the same few names again and again
    pieces[1::2] = map(bare.__getitem__, pieces[1::2])
    return "".join(pieces)


def _bare(written: str) -> str:
    """The value of an attribute, classes or an id, without prefixes."""
    return f'="{" ".join(map(unprefixed, written[2:-1].split()))}"'
