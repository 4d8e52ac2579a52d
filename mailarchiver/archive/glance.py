"""What an archive knows, looked up without writing: no lock is taken, no table made, no owner changed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from .layout import Layout
from .seen import select_done
from .trouble import as_store_error


def done_uids(root: Path, account: str, folder: str, uidvalidity: int | None) -> frozenset[int]:
    """The UIDs of a mailbox that need not be fetched again; none where there is no archive, or no ledger in it yet.

    Raises `ArchiveRefused` for a folder that is no archive and a newer format, `StoreError` for what the disk refuses.
    """
    layout = Layout(root)
    with as_store_error(layout):
        if uidvalidity is None or not root.exists() or not layout.exists() or not layout.ledger.exists():
            return frozenset()
        with closing(read_only(layout.ledger)) as db:
            return select_done(db, account, folder, uidvalidity)


def read_only(path: Path) -> sqlite3.Connection:
    """A database of the archive's, read-only. While somebody writes to it, its -wal file is there, and is read, too.

    QUIRK: without that file, SQLite would make it even to read (sqlite.org/wal.html, "Read-Only Databases"), unless it
    is told that nobody writes.
    """
    mode = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "immutable=1"
    return sqlite3.connect(f"{path.resolve().as_uri()}?{mode}", uri=True)
