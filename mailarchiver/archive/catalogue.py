"""What an archive holds, looked up without writing, and without a walk over it.

::

    ledger, else search index, else nothing ─── entries, by their keys ───┐
    manifest, from where that has taken it in ─ what was filed since ─────┴─▶ Catalogue

So it is right at any moment, also between a commit's manifest and its ledger, without a ledger, and for a user who may
not read the ledger. Only with neither database the whole manifest is read.
"""

from __future__ import annotations

import heapq
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from ..errors import NoSuchEntry
from ..model import Entry
from . import manifest, search_index
from .glance import read_only
from .layout import ENTRY_FOLDER, Layout
from .manifest import Position
from .schema import SCHEMA_VERSION
from .trouble import as_store_error

SHORTEST = 4
"""Hex digits of an id that name an entry, if it is the only one."""
SHOWN = 10
"""How many entries are named that an ambiguous beginning may mean."""

_BEGINNING = re.compile(rf"[0-9a-f]{{{SHORTEST},64}}(?:-[0-9]*)?")


@contextmanager
def opened(root: Path) -> Iterator[Catalogue]:
    """The catalogue of the archive at `root`.

    Raises `NoSuchEntry` where there is none yet, `ArchiveRefused` for what is none, `StoreError` for what the disk
    refuses.
    """
    layout = Layout(root)
    with as_store_error(layout):
        if not root.exists() or not layout.exists():
            raise NoSuchEntry(f"there is no archive at {root}: the first `poll` or `import` makes it")
        db, known = _database(layout)
        try:
            since = {record.id: record for record in manifest.records(layout.manifest, known.size)}
            entries = {key: record if isinstance(record, Entry) else None for key, record in since.items()}
            yield Catalogue(db, entries)
        finally:
            if db is not None:
                db.close()


def _database(layout: Layout) -> tuple[sqlite3.Connection | None, Position]:
    """The first database that can be read and is of this manifest, and how much of it is in there."""
    for connect, path, version in (
        (read_only, layout.ledger, SCHEMA_VERSION),
        (search_index.read_only, layout.search, search_index.VERSION),
    ):
        # Missing, another's, older, damaged: then the next one, in the end none.
        with suppress(OSError, sqlite3.Error), ExitStack() as unless_taken:
            if path.exists():
                db = connect(path)
                unless_taken.callback(db.close)
                known = search_index.position(db)
                if search_index.version(db) == version and manifest.position(layout.manifest, known.size) == known:
                    unless_taken.pop_all()
                    return db, known
    return None, Position(0, "")


class Catalogue:
    """The entries that stand. Raises `sqlite3.Error` where the database is damaged."""

    def __init__(self, db: sqlite3.Connection | None, since: Mapping[str, Entry | None]) -> None:
        """`db` has the table `entry` of the ledger; `since` are the entries later than it, None for a removed one."""
        self._db = db
        self._since = since

    def newest(self, month: str | None = None) -> Iterator[Entry]:
        """The entries, or those of a month (`2024/03`), the last received first. Read as far as they are asked for."""
        since = [entry for entry in self._since.values() if entry and month in {None, entry.folder[:7]}]
        later = sorted(since, key=_order, reverse=True)
        months = self._months() if month is None else iter([month])
        earlier = (entry for name in months for entry in self._of_month(name) if entry.id not in self._since)
        return heapq.merge(later, earlier, key=_order, reverse=True)

    def find(self, name: str) -> Entry:
        """The entry that is meant by its id, the beginning of it (4 digits at least), or its folder.

        Raises `NoSuchEntry`: there is none, or there are several, which are named.
        """
        wanted = _id_in(name)
        found = self._beginning_with(wanted)
        exact = [entry for entry in found if entry.id == wanted]
        if exact or len(found) == 1:
            return (exact or found)[0]
        if not found:
            raise NoSuchEntry(f"no article has the id {wanted}: `mailarchiver list` and `search` show ids")
        named = ", ".join(entry.id for entry in found[:SHOWN]) + (" …" if len(found) > SHOWN else "")
        raise NoSuchEntry(f"{wanted} may be any of {named}: give more of the id")

    def _beginning_with(self, start: str) -> list[Entry]:
        """The entries whose id begins so, in the order of ids; eleven are enough."""
        query = "SELECT line FROM entry WHERE id >= ? AND id < ? AND removed = 0 ORDER BY id LIMIT ?"
        bounds = (start, start + "~", SHOWN + 1 + len(self._since))
        earlier = [_entry(line) for (line,) in self._db.execute(query, bounds)] if self._db else []
        later = [entry for entry in self._since.values() if entry and entry.id.startswith(start)]
        found = [entry for entry in earlier if entry.id not in self._since] + later
        return sorted(found, key=lambda entry: entry.id)

    def _months(self) -> Iterator[str]:
        """The months that have entries, the last first; each is one look into the index."""
        month = "~"
        query = "SELECT max(month) FROM entry WHERE removed = 0 AND month < ?"
        while self._db is not None:
            (found,) = self._db.execute(query, (month,)).fetchone()
            if found is None:
                return
            month = str(found)
            yield month

    def _of_month(self, month: str) -> Iterator[Entry]:
        query = "SELECT line FROM entry WHERE removed = 0 AND month = ? ORDER BY moment DESC, id DESC"
        if self._db is not None:
            yield from (_entry(line) for (line,) in self._db.execute(query, (month,)))


def _id_in(name: str) -> str:
    """The id, or the beginning of one, in what a user typed. Raises `NoSuchEntry` for anything else."""
    path = name.rstrip("/")
    within = re.search(r"(?:^|/)(\d{4}-\d{2}-\d{2}-[^/]*)$", path)
    if within is not None:
        folder = ENTRY_FOLDER.fullmatch(f"{within[1][:4]}/{within[1][5:7]}/{within[1]}")
        if folder is not None:
            return folder[2]
    if _BEGINNING.fullmatch(path.lower()):
        return path.lower()
    raise NoSuchEntry(f"{name!r} is neither an id, nor {SHORTEST} or more of its first digits, nor a folder")


def _order(entry: Entry) -> tuple[str, float, str]:
    return entry.folder[:7], manifest.moment(entry), entry.id


def _entry(line: str) -> Entry:
    record = manifest.from_line(line.encode())
    assert isinstance(record, Entry), "the databases hold only lines of entries"  # noqa: S101 - narrows the type
    return record
