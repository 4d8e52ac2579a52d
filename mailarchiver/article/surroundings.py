"""What stands around an article: ragged pieces of HTML of unknown shape, read line by line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..text.reader_addresses import spelled_out
from ..text.whitespace import collapse, fold
from .even import even_runs

LARGEST = 20_000
"""Characters of HTML that are looked at: what is longer is no note."""

_URL_LINE = re.compile(r"(?:[^\s:：]{1,20}\s?[:：]\s*)?<?(https?://[^\s<>]+)>?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text; `link` is where it leads when all of it is one link."""

    text: str
    link: str | None = None

    @property
    def url(self) -> str | None:
        """The URL that the line consists of, a label such as "Source:" aside; None where it says more."""
        match = _URL_LINE.fullmatch(self.text)
        if match is None:
            return None
        return self.link or match[1]


def lines(html: str) -> tuple[Line, ...]:
    """The lines of a piece of HTML that may begin or end within elements; an empty line where a block was empty."""
    found: list[Line] = []
    texts: list[str] = []
    links: set[str] = set()
    for text, link in _runs(html[:LARGEST]):
        if text == "\n":
            found.append(_line(texts, links))
            texts, links = [], set()
        elif text:
            texts.append(text)
            if text.strip():
                links.add(link or "")
    found.append(_line(texts, links))
    return tuple(found)


def _runs(html: str) -> Iterable[tuple[str, str | None]]:
    even = even_runs(html)
    if even is not None:
        return even
    from .ragged import runs  # Beautiful Soup takes long to import, and few mails need it

    return runs(html)


def _line(texts: list[str], links: set[str]) -> Line:
    link = next(iter(links)) if len(links) == 1 else ""
    return Line(spelled_out(collapse("".join(texts)).strip()), link or None)


def find_url(above: Sequence[Line], below: Sequence[Line], titles: Sequence[str]) -> tuple[str, str] | None:
    """The article's URL as the sender gave it, and where: a line that is an URL, or the title, linked.

    A mere host below the article is a signature's.
    """
    for place, several in (("first line", above), ("last line", tuple(reversed(below)))):
        for line in several:
            if line.url and (several is above or _is_deep(line.url)):
                return line.url, place
    wanted = {fold(title) for title in titles if title}
    for line in above:
        if line.link and fold(line.text) in wanted:
            return line.link, "linked title"
    return None


def _is_deep(url: str) -> bool:
    """Whether it is more than a host."""
    _, _, behind = url.partition("://")
    return bool(behind.partition("/")[2] or "?" in behind)


def note(above: Sequence[Line], titles: Sequence[str]) -> str | None:
    """What the sender wrote above the article: its lines but for URLs and the title; None where nothing is left."""
    unwanted = {fold(title) for title in titles if title}
    kept = [line.text if not line.url and fold(line.text) not in unwanted else "" for line in above]
    return re.sub(r"\n{2,}", "\n\n", "\n".join(kept)).strip() or None
