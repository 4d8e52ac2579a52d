"""`search.sqlite`: the words of every article. Disposable: it is made from the manifest and the folders.

Written under the archive's lock, a few entries at a time, never within a commit; `position` says how much of the
manifest it has taken in, as in the ledger. Its journal is a rollback journal: a database with a WAL, as the ledger has,
could not be read by whoever may not write to its folder. Whatever is wrong with the file, it is made anew.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain, islice
from pathlib import Path
from typing import cast

from ..errors import StoreError
from ..model import Entry
from ..text.hosts import host_of
from ..text.search_words import bared, respelt, words
from . import full_text, given, manifest, marks
from .full_text import COLUMNS, ForeignIndex
from .layout import FILE_MODE, Layout
from .manifest import Position

VERSION = 5
"""Of the tables, of the marks, and of how words are folded: whoever changes one of them counts it up."""
SCHEMA = (
    "CREATE TABLE manifest (size INTEGER NOT NULL, tail TEXT NOT NULL)",
    # How much of it was taken in with many articles at a time since the parts of the index were last made one.
    "CREATE TABLE apart (size INTEGER NOT NULL)",
    "INSERT INTO apart VALUES (0)",
    # `seq`, `id`, `month`, `moment`, `removed`, `line` as in the ledger, so that catalogue.py can ask either.
    """CREATE TABLE entry (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, month TEXT NOT NULL, moment REAL NOT NULL,
        removed INTEGER NOT NULL DEFAULT 0, line TEXT NOT NULL)""",
    "CREATE INDEX entry_month ON entry (month, moment DESC, id DESC) WHERE removed = 0",
    # When it arrived, in rows so short that a thousand of them are looked up in no time.
    "CREATE TABLE arrival (seq INTEGER PRIMARY KEY, day TEXT NOT NULL, moment REAL NOT NULL)",
    # Between which `seq` the articles of a month (`2024-03`) are: who asks for some days need not look at all others.
    "CREATE TABLE span (month TEXT PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL) WITHOUT ROWID",
    *full_text.SCHEMA,
)
INDEXED = 1_000_000
"""Characters of a text that are indexed: a book. Folded, hostile ones become eighteen times as many."""
MUCH = 0.5
"""Of the manifest: so much must have come with many articles at a time for the parts of the index to be made one."""
MERGED_AT_ONCE = 4000
"""Pages that are written in one step of that, some tenths of a second."""
PAGE = 512
"""Octets. A single article changes some fifteen pages, each of which is written twice, once to the journal."""
DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISMATCH}
"""What SQLite says of a file that is not, or no longer, the index; anything else is trouble with the disk."""

AT_ONCE = 100
"""Lines of the manifest that are indexed under one hold of the lock: some 0.2 s."""


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


def merge(layout: Layout) -> bool:
    """Make one of the parts of an index that many articles came into at a time, a step of it; whether there is more to
    do. Under the lock only.

    What is taken in at a time is a part of its own, and a search looks into each (sqlite.org/fts5.html §6.8). Those of
    articles that come one by one are made one by SQLite, sixteen at a time: all of them would be too much to write. An
    index that turns out to be damaged is deleted. Raises `StoreError` as `update`.
    """
    try:
        with opened(layout) as db:
            return _merge(db)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF not in DAMAGED:
            raise _trouble(layout, error) from error
        delete(layout)
        return False


def _merge(db: sqlite3.Connection) -> bool:
    (apart,) = db.execute("SELECT ifnull(max(size), 0) FROM apart").fetchone()
    if apart <= MUCH * position(db).size:
        return False
    for table in full_text.TABLES:
        before = db.total_changes
        db.execute(f"INSERT INTO {table} ({table}, rank) VALUES ('merge', ?)", (-MERGED_AT_ONCE,))  # noqa: S608 - ours
        if db.total_changes - before >= 2:  # or else, as its documentation says, there was nothing to do
            return True
    db.execute("UPDATE apart SET size = 0")
    return False


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
        # QUIRK: Debian's SQLite writes zeros into all that is given up, and so does twice the work of making parts one.
        db.execute("PRAGMA secure_delete = FAST")
        db.execute("BEGIN IMMEDIATE")
        found = version(db)
        if found == 0:
            for statement in SCHEMA:
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {VERSION}")
        elif found != VERSION:
            raise ForeignIndex(f"an index of version {found}")
        yield db
        db.execute("COMMIT")
    finally:
        db.close()  # which rolls back what was not committed


def read_only(path: Path) -> sqlite3.Connection:
    """The index, for whoever may read it; waits for up to 10 s while it is being written."""
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=10)


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
        raise ForeignIndex("an index of another manifest")
    read = list(islice(manifest.placed_records(layout.manifest, known.size), most))
    for _, record in read:
        if record is not None:
            _forget(db, record.id)
        if isinstance(record, Entry):
            _add(layout, db, record)
    if read:
        full_text.catch_up(db)
        end, _ = read[-1]
        at = manifest.position(layout.manifest, end)
        if len(read) >= full_text.WAITING:
            db.execute("UPDATE apart SET size = size + ?", (end - known.size,))
        db.execute("DELETE FROM manifest")
        db.execute("INSERT INTO manifest VALUES (?, ?)", (end, "" if at is None else at.tail))
    return len(read)


def _forget(db: sqlite3.Connection, entry_id: str) -> None:
    found = db.execute("SELECT seq FROM entry WHERE id = ?", (entry_id,)).fetchone()
    if found is not None:
        full_text.remove(db, *found)
        db.execute("DELETE FROM arrival WHERE seq = ?", found)
        db.execute("DELETE FROM entry WHERE seq = ?", found)


def _add(layout: Layout, db: sqlite3.Connection, entry: Entry) -> None:
    """Take in an article; without its text where that cannot be read: verify names the damage."""
    note, body = _texts(layout.root / entry.folder)
    line, day, moment = manifest.to_line(entry).decode(), entry.folder[8:18], manifest.moment(entry)
    query = "INSERT INTO entry (id, month, moment, line) VALUES (?, ?, ?, ?)"
    seq = cast("int", db.execute(query, (entry.id, entry.folder[:7], moment, line)).lastrowid)
    db.execute("INSERT INTO arrival VALUES (?, ?, ?)", (seq, day, moment))
    db.execute(
        "INSERT INTO span VALUES (?1, ?2, ?2) ON CONFLICT DO UPDATE"
        " SET first = min(first, excluded.first), last = max(last, excluded.last)",
        (day[:7], seq),
    )
    site = " ".join(filter(None, (entry.site, host_of(entry.url) if entry.url else None)))
    texts = (entry.title, entry.byline or "", site, note, " ".join(entry.tags))
    # What is short is there in both spellings; of a text the other one has a column of its own: phrases stay phrases.
    title, *others = ([*words(text), *respelt(text), *bared(words(text))] for text in texts)
    of_body, umlauts = words(body), respelt(body)
    without_articles = bared(of_body)
    told = (*chain(*others), *marks.often([*of_body, *umlauts]), *marks.often(without_articles))
    other_spelling = [*dict.fromkeys(umlauts), *without_articles]  # the latter in order: phrases of them are phrases
    said = [title, *others, of_body, other_spelling, marks.of(entry, title, told)]
    full_text.add(db, seq, dict(zip(COLUMNS, map(" ".join, said), strict=True)))


def _texts(folder: Path) -> tuple[str, str]:
    """The note and the text of an article, each empty where it cannot be read."""
    note, body = "", ""
    with suppress(OSError):
        descriptor = given.opened(folder / "article.txt")
        with os.fdopen(descriptor, encoding="utf-8", errors="replace") as file:
            body = file.read(INDEXED)
    with suppress(OSError, ValueError):
        described = given.parsed(given.octets(folder / "article.json"))
        found = described.get("note") if isinstance(described, dict) else None
        note = found if isinstance(found, str) else ""
    return note, body
