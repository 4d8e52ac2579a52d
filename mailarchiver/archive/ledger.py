"""`ledger.sqlite`: what became of every message, and what the archive holds, by keys that can be looked up.

Disposable: all of it follows from the manifest and the folders, but for what was done on the server, which may be done
again. So the manifest is written first; `position` says how much of it the ledger has taken in.

No look-up walks over the entries: each has its index, so that none gets slower as the archive grows.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ..errors import ArchiveRefused
from ..model import Card, Direction, Entry
from . import manifest
from .manifest import Position, Removal
from .noted import Noted
from .schema import ADDED, KEPT, SCHEMA, SCHEMA_VERSION, SEEN
from .seen import Seen

WHOLE_SINCE = 2
"""From this version on they differ only in what is kept of an older one: nothing need be read again for it."""
CACHE_KIB = 16_000
LOG_PAGES = 4_000
"""Of 4 KiB: how long the log of the database grows before it is copied into it."""

CARD = "line, excerpt, direction, automatic"


@dataclass(frozen=True, slots=True)
class Keys:
    """What the ledger holds of an entry beyond its line in the manifest: of the mail, its article, and article.json.

    `folded` is the digest of the mail with every line end as LF; it need be right for the mail's first entry only.
    """

    folded: str
    url_key: str | None
    text_key: str | None
    excerpt: str | None
    direction: Direction
    automatic: bool = False


class Ledger(Seen, Noted):
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
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        # A batch touches a few pages of each index for every mail: they are to fit into memory, and to be copied from
        # the log to the database not with every second batch. Of what is synced, and when, this changes nothing.
        self._db.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        self._db.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
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

    def add(self, entry: Entry, keys: Keys) -> None:
        """Take in an entry; a later line of the same id takes the place of the earlier."""
        month = entry.folder[:7]
        self._discount(entry.id)
        self._db.execute(
            "INSERT INTO entry (id, base, digest, folded, url_key, text_key, month, moment, removed, line, excerpt,"
            " direction, automatic) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
            " digest = excluded.digest, folded = excluded.folded, url_key = excluded.url_key,"
            " text_key = excluded.text_key, month = excluded.month, moment = excluded.moment, removed = 0,"
            " line = excluded.line, excerpt = excluded.excerpt, direction = excluded.direction,"
            " automatic = excluded.automatic",
            (
                *(entry.id, _base(entry.id), entry.sha256, keys.folded, keys.url_key, keys.text_key, month),
                *(manifest.moment(entry), manifest.to_line(entry).decode()),
                *(keys.excerpt, keys.direction, keys.automatic),
            ),
        )
        self._count(month, 1)

    def remove(self, removal: Removal) -> None:
        """Take in a removal. Of an entry that was never heard of, only the digest and the id stay, as removed."""
        self._discount(removal.id)
        self._db.execute(
            "INSERT INTO entry (id, base, digest, folded, month, moment, removed, line, direction, automatic)"
            " VALUES (?, ?, ?, ?, '', 0, 1, '', 'ltr', 0) ON CONFLICT (id) DO UPDATE SET removed = 1",
            (removal.id, _base(removal.id), removal.sha256, removal.sha256),
        )

    def _discount(self, entry_id: str) -> None:
        """Take an entry that stands out of its month's count."""
        found = self._db.execute("SELECT month FROM entry WHERE id = ? AND removed = 0", (entry_id,)).fetchone()
        if found is not None:
            self._count(found[0], -1)

    def _count(self, month: str, change: int) -> None:
        self._db.execute(
            "INSERT INTO month VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET entries = entries + ?, dirty = 1",
            (month, change, change),
        )

    # --- what is known ----------------------------------------------------------------------------------------------

    def known(self, digest: str, folded: str) -> tuple[tuple[str, str], ...] | None:
        """(id, folder) of a mail's entries, () where all of them were removed, None where it was never filed."""
        rows = self._db.execute(
            "SELECT removed, line FROM entry WHERE digest IN (SELECT digest FROM entry WHERE digest = ? OR folded = ?)"
            " ORDER BY seq",
            (digest, folded),
        ).fetchall()
        entries = [_entry(line) for removed, line in rows if not removed]
        return tuple((entry.id, entry.folder) for entry in entries) if rows else None

    def kept(self, digest: str, folded: str) -> str | None:
        """The digest of the mail in the archive that is this one, with these line ends or others; None if none is."""
        query = "SELECT digest FROM entry WHERE digest = ? OR folded = ? ORDER BY digest <> ? LIMIT 1"
        found = self._db.execute(query, (digest, folded, digest)).fetchone()
        return None if found is None else str(found[0])

    def holder(self, base: str) -> str | None:
        """The digest of the mail that has this id, removed or not."""
        found = self._db.execute("SELECT digest FROM entry WHERE base = ? LIMIT 1", (base,)).fetchone()
        return None if found is None else str(found[0])

    def has(self, entry_id: str) -> bool:
        """Whether there is, or was, an entry of this id."""
        return self._db.execute("SELECT 1 FROM entry WHERE id = ?", (entry_id,)).fetchone() is not None

    def entry(self, entry_id: str) -> Entry | None:
        """The entry of this id that stands; None where there is none, or it was removed."""
        found = self._db.execute("SELECT line FROM entry WHERE id = ? AND removed = 0", (entry_id,)).fetchone()
        return None if found is None else _entry(found[0])

    def removed_entry(self, entry_id: str) -> Entry | None:
        """An entry of this id that was removed, as its last line says; None where that line is not known."""
        found = self._db.execute("SELECT line FROM entry WHERE id = ? AND removed = 1", (entry_id,)).fetchone()
        return _entry(found[0]) if found is not None and found[0] else None

    def ids(self, prefix: str, *, removed: bool = False, at_most: int = 200) -> list[str]:
        """The ids that begin so, of entries that stand or else of removed ones; ascending, the first 200."""
        query = "SELECT id FROM entry WHERE id >= ? AND id < ? AND removed = ? ORDER BY id LIMIT ?"
        return [name for (name,) in self._db.execute(query, (prefix, prefix + "~", removed, at_most))]

    def of_mail(self, digest: str, *, removed: bool = False) -> list[str]:
        """The ids of a mail's entries that stand, or else of the removed ones, the first article's first."""
        query = "SELECT id FROM entry WHERE digest = ? AND removed = ?"
        found = [str(name) for (name,) in self._db.execute(query, (digest, removed))]
        return sorted(found, key=lambda name: (len(name), name))

    def mails(self) -> int:
        """How many mails have entries that stand. Walks over all of them."""
        return int(self._db.execute("SELECT count(DISTINCT digest) FROM entry WHERE removed = 0").fetchone()[0])

    def has_mail(self, digest: str) -> bool:
        """Whether exactly this mail is, or was, filed."""
        return self._db.execute("SELECT 1 FROM entry WHERE digest = ? LIMIT 1", (digest,)).fetchone() is not None

    def folded(self, digest: str) -> str:
        """The digest of a filed mail with every line end as LF, as far as it is known."""
        query = "SELECT folded FROM entry WHERE digest = ? ORDER BY seq LIMIT 1"
        found = self._db.execute(query, (digest,)).fetchone()
        return digest if found is None else str(found[0])

    def same_as(self, url_key: str | None, text_key: str, digest: str) -> str | None:
        """The id of the first entry of another mail that is the same article.

        That is one of equal url, or where one of the two has none, of equal text.
        """
        either = "removed = 0 AND digest <> ?"
        if url_key is None:
            candidates = [(f"text_key = ? AND {either}", (text_key, digest))]
        else:
            candidates = [
                (f"url_key = ? AND {either}", (url_key, digest)),
                (f"text_key = ? AND url_key IS NULL AND {either}", (text_key, digest)),
            ]
        found = [
            self._db.execute(
                f"SELECT seq, id FROM entry WHERE {where} ORDER BY seq LIMIT 1",  # noqa: S608 - `where` is ours
                values,
            ).fetchone()
            for where, values in candidates
        ]
        first = min((row for row in found if row is not None), default=None)
        return None if first is None else str(first[1])

    # --- what people browse -----------------------------------------------------------------------------------------

    def dirty_months(self) -> list[str]:
        """The months whose pages are behind, oldest first."""
        return [name for (name,) in self._db.execute("SELECT name FROM month WHERE dirty ORDER BY name")]

    def dirtied(self, months: Iterable[str]) -> None:
        """Their pages are to be written again."""
        self._db.executemany("UPDATE month SET dirty = 1 WHERE name = ?", [(month,) for month in months])

    def cleaned(self, months: Iterable[str]) -> None:
        """Their pages are up to date."""
        self._db.executemany("UPDATE month SET dirty = 0 WHERE name = ?", [(month,) for month in months])

    def months(self) -> list[tuple[str, int]]:
        """Months and how many entries each has, newest first; months without any are left out."""
        query = "SELECT name, entries FROM month WHERE entries > 0 ORDER BY name DESC"
        return [(name, entries) for name, entries in self._db.execute(query)]

    def cards(self, month: str) -> list[Card]:
        """The entries of a month, newest first."""
        query = f"SELECT {CARD} FROM entry WHERE removed = 0 AND month = ? ORDER BY moment DESC, id DESC"  # noqa: S608
        return [_card(*row) for row in self._db.execute(query, (month,))]

    def newest(self, count: int) -> list[Card]:
        """The entries received last, newest first; without those of automatic mail."""
        query = (
            f"SELECT {CARD} FROM entry WHERE removed = 0 AND automatic = 0"  # noqa: S608 - `CARD` is ours
            " ORDER BY moment DESC, id DESC LIMIT ?"
        )
        return [_card(*row) for row in self._db.execute(query, (count,))]

    def entries(self, after: int, count: int) -> list[tuple[int, Entry]]:
        """The next `count` entries that stand, with their numbers, in the order of the manifest."""
        query = "SELECT seq, line FROM entry WHERE removed = 0 AND seq > ? ORDER BY seq LIMIT ?"
        return [(seq, _entry(line)) for seq, line in self._db.execute(query, (after, count))]


def _make_private(path: Path) -> None:
    """Create the file for its owner alone; SQLite gives its journal the same mode.

    QUIRK: never opens one that exists: closing it would drop the locks that this process holds on it by SQLite
    (https://www.sqlite.org/howtocorrupt.html §2.2).
    """
    if not path.exists():
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _base(entry_id: str) -> str:
    return entry_id.partition("-")[0]


def _entry(line: str) -> Entry:
    record = manifest.from_line(line.encode())
    assert isinstance(record, Entry), "the ledger holds only lines of entries"  # noqa: S101 - narrows the type
    return record


def _card(line: str, excerpt: str | None, direction: Direction, automatic: int) -> Card:
    return Card(_entry(line), excerpt, direction, bool(automatic))
