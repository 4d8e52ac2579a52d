"""Full-text search over an archive, without writing to it: the index, what became of entries since, and their texts.

::

    text ─ query.parse ─▶ terms ─▶ one statement over search.sqlite ─▶ rows, best first ─ snippet ─▶ Hit…

The index never sees what the user typed: only folded words in quotation marks, and bound values.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ..errors import StoreError
from ..model import Entry
from . import manifest, search_index
from .layout import Layout
from .query import Term, parse
from .snippet import LOOKED_AT, Marked, marked, snippet
from .trouble import as_store_error

WEIGHTS = "10.0, 5.0, 5.0, 5.0, 5.0, 1.0, 1.0"
"""Of the columns of the index, in their order: what stands in a title says more than what stands in a text."""
RANKED = 1000
"""So many of what answers, the last filed, are ranked: a common word costs hardly more in a large archive."""

RANKING = (
    f"SELECT e.line, -bm25(text, {WEIGHTS}) AS score, e.moment, e.id"  # noqa: S608 - ours
    " FROM text CROSS JOIN entry AS e ON e.seq = text.rowid WHERE text MATCH ?"
)
LISTING = "SELECT e.line, 0.0 FROM entry AS e WHERE 1"
NONE_OF = " AND e.seq NOT IN (SELECT rowid FROM text WHERE text MATCH ?)"

_IN_COLUMN = {"text": "", "site": "{site} : ", "author": "{byline} : "}
_MOST_OCTETS = 4 * LOOKED_AT


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that a search found. `score` is higher the better it answers, 0 where nothing but conditions was asked;
    `snippet` are the lines of its text that say the most of it.
    """

    entry: Entry
    score: float
    title: Marked
    snippet: Marked


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, the best first. `behind`: articles were filed since that the index does not know yet."""

    hits: tuple[Hit, ...]
    behind: bool = False


def search(root: Path, text: str, *, limit: int = 20) -> Found:
    """What answers a query (query.py), at most `limit` hits. Nothing where the query asks for nothing.

    Raises `StoreError` for what is no archive, and an index that is missing, damaged, or of another version.
    """
    layout, terms = Layout(root), parse(text)
    with as_store_error(layout):
        if not root.exists() or not layout.exists() or not manifest.size(layout.manifest):
            return Found(())
        try:
            with closing(_opened(layout)) as db:
                known = search_index.position(db)
                if manifest.position(layout.manifest, known.size) != known:
                    raise StoreError(f"{layout.search} is of another manifest: `mailarchiver rebuild search` mends it")
                since = {record.id for record in manifest.records(layout.manifest, known.size)}
                rows = islice(_rows(db, terms, since, limit), limit) if terms else ()
                return Found(tuple(_hit(layout, terms, *row) for row in rows), behind=bool(since))
        except sqlite3.DatabaseError as error:
            raise StoreError(f"{layout.search}: {error}: `mailarchiver rebuild search` makes it again") from error


def _opened(layout: Layout) -> sqlite3.Connection:
    if not layout.search.exists():
        raise StoreError(
            f"{layout.search} is missing: `mailarchiver rebuild search` makes it, and so does the next poll"
        )
    db = search_index.read_only(layout.search)
    with suppress(sqlite3.DatabaseError):
        if search_index.version(db) == search_index.VERSION:
            return db
    db.close()
    raise StoreError(
        f"{layout.search} is damaged, or of another mailarchiver: `mailarchiver rebuild search` makes it again"
    )


def _rows(db: sqlite3.Connection, terms: Sequence[Term], since: set[str], limit: int) -> Iterator[tuple[Entry, float]]:
    """The entries that answer, with their scores, the best first. What is newer than the index is left out."""
    sought = _match([term for term in terms if not term.is_excluded])
    excluded = _match([term for term in terms if term.is_excluded], any_of_them=True)
    where, values = _conditions(terms)
    if sought:
        values = [f"({sought}) NOT ({excluded})" if excluded else sought, *values]
        query = f"{RANKING}{where} ORDER BY text.rowid DESC LIMIT {RANKED}"
        query = f"SELECT line, score FROM ({query}) ORDER BY score DESC, moment DESC, id DESC LIMIT ?"  # noqa: S608 - ours
    else:
        values = [*([excluded] if excluded else []), *values]
        query = f"{LISTING}{NONE_OF if excluded else ''}{where} ORDER BY e.moment DESC, e.id DESC LIMIT ?"
    for line, score in db.execute(query, [*values, limit + len(since)]):
        entry = manifest.from_line(line.encode())
        if isinstance(entry, Entry) and entry.id not in since:
            yield entry, round(score, 3)


def _match(terms: Sequence[Term], *, any_of_them: bool = False) -> str:
    """An expression of FTS5 (sqlite.org/fts5.html §3) for those terms that ask for words; "" where none does."""
    parts = [
        f"{_IN_COLUMN[term.field]}({' OR '.join(_phrase(words, term.is_prefix) for words in term.spellings)})"
        for term in terms
        if term.field in _IN_COLUMN
    ]
    return (" OR " if any_of_them else " AND ").join(parts)


def _phrase(words: Sequence[str], is_prefix: bool) -> str:  # noqa: FBT001 - it is what the term says of itself
    return f'"{" ".join(words)}"{" *" if is_prefix else ""}'


def _conditions(terms: Sequence[Term]) -> tuple[str, list[str]]:
    """What else an entry must be, as the end of a WHERE with its values."""
    tests = {
        "tag": "e.seq IN (SELECT seq FROM tag WHERE tag = ?)",
        "kind": "e.kind = ?",
        "after": "e.day >= ?",
        "before": "e.day < ?",
    }
    conditions = [term for term in terms if term.field in tests]
    where = "".join(f" AND {'NOT ' if term.is_excluded else ''}({tests[term.field]})" for term in conditions)
    return where, [term.value for term in conditions]


def _hit(layout: Layout, terms: Sequence[Term], entry: Entry, score: float) -> Hit:
    text = ""
    with suppress(OSError), (layout.root / entry.folder / "article.txt").open("rb") as file:
        text = file.read(_MOST_OCTETS).decode("utf-8", "replace")
    return Hit(entry, score, marked(entry.title, terms), snippet(text, terms))
