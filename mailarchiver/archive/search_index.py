"""`search.sqlite`: the words of every article. Disposable: it is made from the manifest and the folders.

Written under the archive's lock, a few entries at a time, never within a commit; `position` says how much of the
manifest it has taken in, as in the ledger. Its journal is a rollback journal: a database with a WAL, as the ledger has,
could not be read by whoever may not write to its folder. Whatever is wrong with the file, it is made anew.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path

from ..errors import StoreError
from ..model import Entry
from ..text.hosts import host_of
from ..text.search_words import respelt, words
from . import manifest
from .layout import FILE_MODE, Layout
from .manifest import Position
from .query import folded_tag

VERSION = 1
"""Of the tables, and of how words are folded: whoever changes either counts it up."""
COLUMNS = ("title", "byline", "site", "note", "tags", "body", "respelt")
SCHEMA = (
    "CREATE TABLE manifest (size INTEGER NOT NULL, tail TEXT NOT NULL)",
    # `seq`, `id`, `month`, `moment`, `removed`, `line` as in the ledger, so that catalogue.py can ask either.
    """CREATE TABLE entry (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, month TEXT NOT NULL, day TEXT NOT NULL, moment REAL NOT NULL,
        kind TEXT NOT NULL, removed INTEGER NOT NULL DEFAULT 0, line TEXT NOT NULL)""",
    "CREATE INDEX entry_month ON entry (month, moment DESC, id DESC) WHERE removed = 0",
    "CREATE INDEX entry_newest ON entry (moment DESC, id DESC)",
    "CREATE TABLE tag (tag TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (tag, seq)) WITHOUT ROWID",
    # The words come folded and parted by spaces (text/search_words.py): the plainest tokenizer is the right one.
    f"CREATE VIRTUAL TABLE text USING fts5({', '.join(COLUMNS)}, tokenize = 'ascii')",
)
INDEXED = 1_000_000
"""Characters of a text that are indexed: a book. Folded, hostile ones become eighteen times as many."""
PAGE = 2048
"""Octets. A single article changes some twenty pages, each of which is written twice, once to the journal."""
DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISMATCH}
"""What SQLite says of a file that is not, or no longer, the index; anything else is trouble with the disk."""


def update(layout: Layout, *, lines: int) -> int:
    """Take in what the manifest has since, at most so many lines; how many there were. Under the lock only.

    A missing, damaged, older, newer or foreign index is made anew first. Raises `OSError`; `StoreError` where SQLite
    meets trouble with the disk.
    """
    try:
        return _update(layout, lines)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF not in DAMAGED:
            raise _trouble(layout, error) from error
        delete(layout)
    try:
        return _update(layout, lines)
    except sqlite3.DatabaseError as error:
        raise _trouble(layout, error) from error


def _update(layout: Layout, lines: int) -> int:
    with opened(layout) as db:
        return _take_in(layout, db, lines)


def _trouble(layout: Layout, error: sqlite3.Error) -> StoreError:
    return StoreError(f"{layout.search}: {error}: see that the disk has room and can be written to")


def delete(layout: Layout) -> None:
    """Delete the index. Under the lock only."""
    for path in (layout.search, layout.search.with_name(f"{layout.search.name}-journal")):
        path.unlink(missing_ok=True)


@contextmanager
def opened(layout: Layout) -> Iterator[sqlite3.Connection]:
    """The index, open for writing, its tables made where there are none. One transaction: all of it or nothing."""
    with suppress(FileExistsError):
        descriptor = os.open(layout.search, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
        os.fchmod(descriptor, FILE_MODE)
        os.close(descriptor)
    db = sqlite3.connect(layout.search, timeout=30, isolation_level=None)
    try:
        db.execute(f"PRAGMA page_size = {PAGE}")  # counts for a new file only
        db.execute("PRAGMA journal_mode = DELETE")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("BEGIN IMMEDIATE")
        found = version(db)
        if found == 0:
            for statement in SCHEMA:
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {VERSION}")
        elif found != VERSION:
            raise _Foreign(f"an index of version {found}")
        yield db
        db.execute("COMMIT")
    finally:
        db.close()  # which rolls back what was not committed


def read_only(path: Path) -> sqlite3.Connection:
    """The index, for whoever may read it; waits for up to 10 s while it is being written."""
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=10)


class _Foreign(sqlite3.DatabaseError):
    """The index of another program."""

    sqlite_errorcode = sqlite3.SQLITE_NOTADB


def version(db: sqlite3.Connection) -> int:
    """The number of its tables, 0 for an empty file."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def position(db: sqlite3.Connection) -> Position:
    """How much of the manifest is in the index."""
    found = db.execute("SELECT size, tail FROM manifest").fetchone()
    return Position(0, "") if found is None else Position(*found)


def _take_in(layout: Layout, db: sqlite3.Connection, most: int) -> int:
    known = position(db)
    if manifest.position(layout.manifest, known.size) != known:
        raise _Foreign("an index of another manifest")
    read = list(islice(manifest.placed_records(layout.manifest, known.size), most))
    for _, record in read:
        if record is not None:
            _forget(db, record.id)
        if isinstance(record, Entry):
            _add(layout, db, record)
    if read:
        end, _ = read[-1]
        at = manifest.position(layout.manifest, end)
        db.execute("DELETE FROM manifest")
        db.execute("INSERT INTO manifest VALUES (?, ?)", (end, "" if at is None else at.tail))
    return len(read)


def _forget(db: sqlite3.Connection, entry_id: str) -> None:
    found = db.execute("SELECT seq, line FROM entry WHERE id = ?", (entry_id,)).fetchone()
    if found is None:
        return
    seq, line = found
    db.execute("DELETE FROM text WHERE rowid = ?", (seq,))
    before = manifest.from_line(line.encode())
    if isinstance(before, Entry):
        db.executemany("DELETE FROM tag WHERE tag = ? AND seq = ?", _tags(before.tags, seq))
    db.execute("DELETE FROM entry WHERE seq = ?", (seq,))


def _add(layout: Layout, db: sqlite3.Connection, entry: Entry) -> None:
    """Take in an article; without its text where that cannot be read: verify names the damage."""
    note, body = _texts(layout.root / entry.folder)
    line = manifest.to_line(entry).decode()
    day = entry.folder[8:18]
    values = (entry.id, entry.folder[:7], day, manifest.moment(entry), entry.kind, line)
    query = "INSERT INTO entry (id, month, day, moment, kind, line) VALUES (?, ?, ?, ?, ?, ?)"
    seq = db.execute(query, values).lastrowid
    site = " ".join(filter(None, (entry.site, host_of(entry.url) if entry.url else None)))
    texts = (entry.title, entry.byline or "", site, note, " ".join(entry.tags))
    # What is short is there in both spellings; of a text the other one has a column of its own: phrases stay phrases.
    columns = [" ".join([*words(text), *respelt(text)]) for text in texts]
    columns += [" ".join(words(body)), " ".join(dict.fromkeys(respelt(body)))]
    db.execute(f"INSERT INTO text (rowid, {', '.join(COLUMNS)}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (seq, *columns))  # noqa: S608 - ours
    db.executemany("INSERT INTO tag VALUES (?, ?)", _tags(entry.tags, seq))


def _tags(tags: Iterable[str], seq: int | None) -> list[tuple[str, int | None]]:
    return [(tag, seq) for tag in dict.fromkeys(map(folded_tag, tags)) if tag]


def _texts(folder: Path) -> tuple[str, str]:
    """The note and the text of an article, each empty where it cannot be read."""
    note, body = "", ""
    with suppress(OSError), (folder / "article.txt").open(encoding="utf-8", errors="replace") as file:
        body = file.read(INDEXED)
    with suppress(OSError, ValueError):
        described = json.loads((folder / "article.json").read_bytes())
        found = described.get("note") if isinstance(described, dict) else None
        note = found if isinstance(found, str) else ""
    return note, body
