"""Full-text search over an archive, without writing to it: the index, what became of entries since, and their texts.

::

    text ─ query.parse ─▶ terms ─ best_matches over search.sqlite ─▶ lines, best first ─ snippet ─▶ Hit…

The index never sees what the user typed: only folded words in quotation marks, and bound values.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ..errors import StoreError
from ..model import Entry
from . import given, manifest, search_index
from .layout import Layout
from .matches import best_matches
from .query import Term, parse
from .snippet import LOOKED_AT, Marked, marked, snippet
from .trouble import as_store_error

_MOST_OCTETS = 4 * LOOKED_AT


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that a search found. `score` is higher the better it answers, 0 where it answers as many others do;
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
                db.execute("BEGIN")  # all that is read is of one moment
                known = search_index.position(db)
                if manifest.position(layout.manifest, known.size) != known:
                    raise StoreError(f"{layout.search} is of another manifest: `mailarchiver rebuild search` mends it")
                since = {record.id for record in manifest.records(layout.manifest, known.size)}
                rows = islice(_standing(db, terms, since, limit), limit)
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


def _standing(
    db: sqlite3.Connection, terms: Sequence[Term], since: set[str], limit: int
) -> Iterator[tuple[Entry, float]]:
    """The entries that answer, with their scores, the best first. What is newer than the index is left out."""
    for line, score in best_matches(db, terms, limit + len(since)):
        entry = manifest.from_line(line.encode())
        if isinstance(entry, Entry) and entry.id not in since:
            yield entry, round(score, 3)


def _hit(layout: Layout, terms: Sequence[Term], entry: Entry, score: float) -> Hit:
    text = ""
    with suppress(OSError):
        descriptor = given.opened(layout.root / entry.folder / "article.txt")
        with os.fdopen(descriptor, "rb") as file:
            text = file.read(_MOST_OCTETS).decode("utf-8", "replace")
    return Hit(entry, score, marked(entry.title, terms), snippet(text, terms))
