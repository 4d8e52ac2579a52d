"""What a person types into the search, taken apart: pure, and never an error.

::

    lake "night train" -bus walk* site:example.org after:2024-03 tag:"slow travel"
      │        │         │    │            └ conditions on an article, all of which must hold
      └ words and phrases, all of which must be there; with `-` none of them; with `*` any word that begins so

Whatever is no condition is text: `after:dinner`, `AND`, `(`, a lone quotation mark. What holds no letter and no digit
asks for nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, cast

from ..text import search_words
from ..text.search_words import words

LONGEST = 2000
"""Characters of a query that are looked at."""
MOST = 32
"""Terms of a query that are looked at."""
LONGEST_PHRASE = 64
"""Words in a row that are looked for; what begins with them is near enough."""

Field = Literal["text", "site", "author", "tag", "kind", "after", "before"]

_TERM = re.compile(
    r'(?P<minus>-?)(?:(?P<field>site|author|after|before|tag|kind):)?(?:"(?P<quoted>[^"]*)(?:"(?P<star>\*?)|\Z)'
    r'|(?P<plain>[^\s"]+))',
    re.IGNORECASE,
)
_QUOTES = re.compile("[“”„‟«»]")
_DAY = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?")


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that is asked for. `spellings` are words in a row, in each way in which they may be written; the last
    word may go on where `is_prefix`. Of `tag`, `kind`, `after` and `before` it is one word, the value to compare with.
    """

    field: Field
    spellings: tuple[tuple[str, ...], ...]
    is_prefix: bool = False
    is_excluded: bool = False

    @property
    def value(self) -> str:
        """The value of a condition."""
        return self.spellings[0][0]


def parse(text: str) -> tuple[Term, ...]:
    """The terms of a query, at most 32 from its first 2,000 characters."""
    found = (_term(match) for match in _TERM.finditer(_QUOTES.sub('"', text[:LONGEST])))
    return tuple(term for term in found if term is not None)[:MOST]


def folded_tag(tag: str) -> str:
    """A tag as it is compared: `Slow Travel`, `slow-travel` and `slow_travel` are one."""
    return " ".join(words(tag))


def _term(match: re.Match[str]) -> Term | None:
    """The term that was written so; None where it asks for nothing."""
    field = cast("Field", (match["field"] or "text").lower())
    value = match["quoted"] if match["quoted"] is not None else match["plain"]
    starred = bool(match["star"]) or (match["plain"] is not None and value.endswith("*"))
    excluded = bool(match["minus"])
    compared = _compared(field, value)
    if compared is not None:
        return Term(field, ((compared,),), is_excluded=excluded)
    if field not in {"text", "site", "author"}:
        field, value = "text", f"{field} {value}"
    found = tuple(spelling[:LONGEST_PHRASE] for spelling in search_words.spellings(value))
    return Term(field, found, starred, excluded) if found else None


def _compared(field: Field, value: str) -> str | None:
    """What a condition compares with; None where it is none, or looks for words."""
    if field in {"text", "site", "author"}:
        return None
    if field == "tag":
        return folded_tag(value) or None
    if field == "kind":
        return value.lower().strip() or None
    day = re.sub(r"[/.]", "-", value.strip())
    return day if _DAY.fullmatch(day) else None
