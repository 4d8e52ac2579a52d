"""Does the ledger say what the manifest says? Looked up without writing, whatever others do meanwhile."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing

from . import given, manifest
from .findings import Finding
from .glance import read_only
from .layout import Layout
from .manifest import Position
from .schema import SCHEMA_VERSION
from .standing import Standing

LEDGER = ".mailarchiver/ledger.sqlite"
CURE = "`mailarchiver rebuild ledger` makes it again"
UNOPENED = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_BUSY}
"""Its log (-wal) has not been taken in, and may not be here: on a disk that is mounted read-only, in a snapshot."""
NAMED = 20
"""How many ids are named before the rest is only counted: the cure is the same for all."""


def disagreements(layout: Layout, standing: Standing) -> list[Finding]:
    """What is wrong with the ledger; one that is missing or cannot be read by us is told, and is no damage.

    `standing` is read on: what the ledger has taken in was in the manifest before.
    """
    try:
        if not layout.ledger.exists():
            return [Finding("note", LEDGER, "is missing: it is made again by the next command that writes")]
        os.close(given.opened(layout.ledger))
    except FileNotFoundError:
        return [Finding("disagrees", LEDGER, "is no file", CURE)]
    except OSError:
        return [Finding("note", LEDGER, "may not be read by this user, and was not compared")]
    try:
        with closing(read_only(layout.ledger)) as db:
            db.execute("BEGIN")
            return list(_compared(db, layout, standing))
    except sqlite3.DatabaseError as error:
        if (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF in UNOPENED:
            what = "cannot be opened without writing: it was in use when it was copied or left, and was not compared"
            return [Finding("note", LEDGER, what)]
        return [Finding("disagrees", LEDGER, f"is damaged ({error})", CURE)]


def _compared(db: sqlite3.Connection, layout: Layout, standing: Standing) -> Iterator[Finding]:
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    if version != SCHEMA_VERSION:
        yield Finding("note", LEDGER, "is of another version of mailarchiver, and was not compared")
        return
    row = db.execute("SELECT size, tail FROM manifest").fetchone()
    if row is None:
        yield Finding("note", LEDGER, "is empty: the next command that writes fills it")
        return
    known = Position(*row)
    standing.read_on()
    if manifest.position(layout.manifest, known.size) != known:
        what = "was made from another manifest than this one, or this one was edited: restore it from a backup, else"
        yield Finding("disagrees", LEDGER, what, CURE)
        return
    if known.size < standing.size:
        yield Finding("note", LEDGER, "is behind the manifest: the next command that writes brings it up to date")
    wrong = sorted(_wrong(db, standing, known.size))
    for entry_id, what in wrong[:NAMED]:
        yield Finding("disagrees", LEDGER, f"{entry_id}: {what}", CURE)
    if len(wrong) > NAMED:
        yield Finding("disagrees", LEDGER, f"and of {len(wrong) - NAMED} more it says what the manifest does not", CURE)


def _wrong(db: sqlite3.Connection, standing: Standing, size: int) -> Iterator[tuple[str, str]]:
    """The ids of which the ledger says something else than the first `size` octets of the manifest."""
    missing = {entry_id for entry_id in standing.stands if (standing.place(entry_id) or 0) < size}
    removed = set(standing.removed)
    for entry_id, gone, line in db.execute("SELECT id, removed, line FROM entry"):
        place = standing.place(entry_id)
        missing.discard(entry_id)
        if place is None:
            if not gone and entry_id not in removed:
                yield entry_id, "the manifest has no line of it"
            elif not gone and size == standing.size:  # else the removal may be what the ledger has not heard of
                yield entry_id, "the manifest says that it was removed"
        elif place < size:
            entry = standing.entry(entry_id)
            if gone:
                yield entry_id, "the manifest does not say that it was removed"
            elif entry is not None and manifest.to_line(entry).decode() != line:
                yield entry_id, "the manifest's line is another one"
    for entry_id in missing:
        yield entry_id, "it does not know this article"
