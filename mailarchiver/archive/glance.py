"""What an archive knows, looked up without writing: no lock is taken, no table made, no owner changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from .layout import Layout
from .noted import Paused, select_paused
from .schema import SCHEMA_VERSION
from .seen import Failure, Large, select_done, select_failures, select_large
from .trouble import as_store_error


def done_uids(root: Path, account: str, folder: str, uidvalidity: int | None) -> frozenset[int]:
    """The UIDs of a mailbox that need not be fetched again; none where there is no archive, or no ledger in it yet.

    Raises `ArchiveRefused` for a folder that is no archive and a newer format, `StoreError` for what the disk refuses.
    """
    with ledger(root) as db:
        return frozenset() if db is None or uidvalidity is None else select_done(db, account, folder, uidvalidity)


def failures(root: Path, account: str, folder: str, uidvalidity: int | None) -> dict[int, Failure]:
    """The messages of a mailbox that could not be fetched so far; none where the ledger is older than that. Raises as
    `done_uids`.
    """
    with ledger(root) as db:
        if db is None or uidvalidity is None or not is_of_today(db):
            return {}
        return select_failures(db, account, folder, uidvalidity)


def waiting(root: Path, account: str, folder: str, uidvalidity: int | None, now: datetime) -> set[int]:
    """Those of them that are not tried again yet."""
    return {uid for uid, failure in failures(root, account, folder, uidvalidity).items() if not failure.is_due(now)}


def large(root: Path, account: str, folder: str, uidvalidity: int | None) -> dict[int, Large]:
    """The messages of a mailbox that are larger than they may be; as `failures`."""
    with ledger(root) as db:
        if db is None or uidvalidity is None or not is_of_today(db):
            return {}
        return select_large(db, account, folder, uidvalidity)


def paused(root: Path) -> dict[str, Paused]:
    """The accounts that were to be left alone when that was noted; the time may be over. As `failures`."""
    with ledger(root) as db:
        return {} if db is None or not is_of_today(db) else select_paused(db)


@contextmanager
def ledger(root: Path) -> Iterator[sqlite3.Connection | None]:
    """The ledger, read-only; None where there is no archive, or no ledger in it yet. Raises as `done_uids`."""
    layout = Layout(root)
    with as_store_error(layout):
        if not root.exists() or not layout.exists() or not layout.ledger.exists():
            yield None
            return
        with closing(read_only(layout.ledger)) as db:
            yield db


def is_of_today(db: sqlite3.Connection) -> bool:
    """Whether a ledger has the tables of this program."""
    return bool(db.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION)


def read_only(path: Path) -> sqlite3.Connection:
    """A database of the archive's, read-only. While somebody writes to it, its -wal file is there, and is read, too.

    QUIRK: without that file, SQLite would make it even to read (sqlite.org/wal.html, "Read-Only Databases"), unless it
    is told that nobody writes.
    """
    mode = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "immutable=1"
    return sqlite3.connect(f"{path.resolve().as_uri()}?{mode}", uri=True)
