"""The words of the index that nobody wrote: what is to be known of an article without reading all that is said of a
word. Pure.

::

    ·1lake        the title has `lake`
    ·2lake        byline, site, note or tags have it, or the text has it often
    ·3example     the site has `example`; in the table of words only, as the next one
    ·4roe         the byline has `roe`
    ·tag·slow·travel   ·kind·page
    ·             every article

They begin with a character that is no letter and no digit, so that no query and no text ever holds one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from ..model import Entry
from ..text.search_words import words

EVERY = "·"
IN_TITLE = "·1"
STRONG = "·2"
OF_SITE = "·3"
OF_AUTHOR = "·4"

_TIMES, _FOR_EACH = 3, 300


def of(entry: Entry, title: Iterable[str], strong: Iterable[str]) -> list[str]:
    """The marks of an article. The words of its title keep their order, so that a phrase can be looked for there."""
    told = [EVERY, condition("kind", entry.kind), *(condition("tag", tag) for tag in entry.tags)]
    return [*told, *(IN_TITLE + word for word in title), *dict.fromkeys(STRONG + word for word in strong)]


def often(text: Sequence[str]) -> list[str]:
    """The words that a text says again and again: three times, and once more for every 300 words."""
    enough = _TIMES + len(text) // _FOR_EACH
    return [word for word, times in Counter(text).items() if times >= enough]


def condition(field: str, value: str) -> str:
    """The mark of those that have a tag, or are of a kind. `Slow Travel`, `slow-travel` and `slow_travel` are one."""
    return "·".join(["", field, *words(value)])
