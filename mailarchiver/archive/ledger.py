"""`ledger.sqlite`: what became of every message, and what the archive holds, by keys that can be looked up.

Disposable: all of it follows from the manifest and the folders, but for what was done on the server, which may be done
again. So the manifest is written first; `position` says how much of it the ledger has taken in.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from ..errors import ArchiveRefused
from .filed import Filed
from .manifest import Position
from .noted import Noted
from .schema import ADDED, ENTRY_BARE, KEPT, SCHEMA, SCHEMA_VERSION, SEEN
from .seen import Seen

WHOLE_SINCE = 2
"""From this version on they differ only in indexes, and in what is kept of an older one: nothing need be read again."""
CACHE_KIB = 16_000
PAGE = 1024
"""Octets. A mail changes some twenty pages, a third of them in places of its own: each is written to the log, and later
to the database. A ledger that was made with larger ones has them until it is rebuilt.
"""
LOG = 16_000_000
"""Octets: how long the log of the database grows before it is copied into it."""


class Ledger(Filed, Seen, Noted):
    """The database. Raises `sqlite3.Error`, which the store turns into `StoreError`."""

    def __init__(self, path: Path, *, wait: float) -> None:
        """Open it, and make its tables where there are none; `wait` seconds for another process that writes.

        Raises `ArchiveRefused` for the ledger of a newer program.
        """
        _make_private(path)
        self._path = path
        self._file = path.stat()
        super().__init__(sqlite3.connect(path, timeout=wait, isolation_level=None, check_same_thread=False))
        with ExitStack() as on_failure:
            on_failure.callback(self._db.close)
            self._prepare()
            on_failure.pop_all()

    def _prepare(self) -> None:
        self._db.execute(f"PRAGMA page_size = {PAGE}")  # counts for a new file only
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        # A batch touches a few pages of each index for every mail: they are to fit into memory, and to be copied from
        # the log to the database not with every second batch. Of what is synced, and when, this changes nothing.
        self._db.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        (page,) = self._db.execute("PRAGMA page_size").fetchone()
        self._db.execute(f"PRAGMA wal_autocheckpoint = {LOG // page}")
        version = self._version()
        if version > SCHEMA_VERSION:
            raise ArchiveRefused(
                f"{self._path} was made by a newer mailarchiver: update this one, "
                "or make it again with `mailarchiver rebuild ledger`"
            )
        if version == 0 or WHOLE_SINCE <= version < SCHEMA_VERSION:
            with self.transaction():
                self._begin(self._version())

    def _begin(self, version: int) -> None:
        """Make the tables, or what the last version lacks of them. Another process may have done so meanwhile."""
        if version == 0:
            self.clear()
        elif version < SCHEMA_VERSION:
            self._complete_seen()
            self._db.execute(ENTRY_BARE)
            self._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _version(self) -> int:
        return int(self._db.execute("PRAGMA user_version").fetchone()[0])

    def is_outdated(self) -> bool:
        """Whether its tables are those of an older program: then only `position` and `clear` may be used."""
        return self._version() < SCHEMA_VERSION

    def clear(self, *, keep_seen: bool = False) -> None:
        """Make all tables new and empty: then nothing of the manifest is taken in. Within a transaction only.

        With `keep_seen` the messages by where they lay are kept, and what was done about them on the server.
        """
        tables = self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (name,) in tables:
            if not (keep_seen and name in KEPT):
                self._db.execute(f'DROP TABLE "{name}"')
        for statement in SCHEMA:
            self._db.execute(statement)
        self._complete_seen()
        self._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def check(self) -> None:
        """Read all of it. Raises `sqlite3.DatabaseError` where it is damaged, or cannot be written."""
        found = [told for (told,) in self._db.execute("PRAGMA integrity_check(1)")]
        if found != ["ok"]:
            raise sqlite3.DatabaseError(found[0])
        self.position()
        with self.transaction():
            self._db.execute(f"PRAGMA user_version = {self._version()}")

    def _complete_seen(self) -> None:
        """Make what is kept of an older ledger where it is missing, and bring it up to today's tables."""
        for statement in SEEN:
            self._db.execute(statement)
        for (table, column), statement in ADDED.items():
            query = "SELECT 1 FROM pragma_table_info(?) WHERE name = ?"
            if self._db.execute(query, (table, column)).fetchone() is None:
                self._db.execute(statement)

    def repage(self) -> None:
        """Give a database that an older program made pages of today's size; not while others have it open."""
        (page,) = self._db.execute("PRAGMA page_size").fetchone()
        if page == PAGE:
            return
        (wait,) = self._db.execute("PRAGMA busy_timeout").fetchone()
        self._db.execute("PRAGMA busy_timeout = 0")
        try:
            self._db.execute("PRAGMA journal_mode = DELETE")  # with a log, pages keep their size
            self._db.execute(f"PRAGMA page_size = {PAGE}")
            self._db.execute("VACUUM")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
                raise
        finally:
            self._db.execute(f"PRAGMA busy_timeout = {wait}")
        self._prepare()

    def shrink(self) -> None:
        """Give back the memory of pages that are kept for the next look-up: up to `CACHE_KIB`."""
        self._db.execute("PRAGMA shrink_memory")

    def close(self) -> None:
        """Close the database; a transaction that is open is rolled back."""
        self._db.close()

    def is_in_place(self) -> bool:
        """Whether the file is still the one that was opened: others may delete it, and then it is made anew."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return False
        return (found.st_dev, found.st_ino) == (self._file.st_dev, self._file.st_ino)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written in the block, or nothing; on the disk when the block is left (synchronous=FULL)."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    # --- the manifest, taken in --------------------------------------------------------------------------------------

    def position(self) -> Position | None:
        """How much of the manifest is in the ledger; None for a ledger that was just made."""
        found = self._db.execute("SELECT size, tail FROM manifest").fetchone()
        return None if found is None else Position(*found)

    def taken_in(self, position: Position) -> None:
        """All of the manifest up to here is in the ledger."""
        self._db.execute("DELETE FROM manifest")
        self._db.execute("INSERT INTO manifest VALUES (?, ?)", (position.size, position.tail))


def _make_private(path: Path) -> None:
    """Create the file for its owner alone; SQLite gives its journal the same mode.

    QUIRK: never opens one that exists: closing it would drop the locks that this process holds on it by SQLite
    (https://www.sqlite.org/howtocorrupt.html §2.2).
    """
    if not path.exists():
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
