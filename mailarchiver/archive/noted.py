"""The part of the ledger in which rounds note down what those that follow must know of the server."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Copying:
    """A message is being copied: to `target`, where a copy has a UID of `above` or more, while UIDVALIDITY is that.
    `digest` is the message's, where that is known.
    """

    target: str
    target_uidvalidity: int
    above: int
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Paused:
    """An account is left alone until then (aware), after so many failures in a row. `mark` stands for how it was
    configured.
    """

    until: datetime
    failures: int
    why: str
    mark: str


def select_paused(db: sqlite3.Connection) -> dict[str, Paused]:
    """The accounts that were to be left alone when that was noted, by any connection to a ledger of today."""
    rows = db.execute("SELECT account, until, failures, why, mark FROM paused")
    return {name: Paused(datetime.fromisoformat(until), *rest) for name, until, *rest in rows}


class Noted:
    """The tables `copying`, `doubtful`, `glimpsed` and `paused`. Raises `sqlite3.Error`."""

    _db: sqlite3.Connection

    # --- copies under way, where there is no MOVE ---------------------------------------------------------------------

    def copying(self, account: str, folder: str, uidvalidity: int) -> dict[int, Copying]:
        """The messages of a folder that may be copied already, by their UIDs."""
        query = (
            "SELECT uid, target, target_uidvalidity, above, digest FROM copying"
            " JOIN seen USING (account, folder, uidvalidity, uid)"
            " WHERE account = ? AND folder = ? AND uidvalidity = ? AND path = ''"
        )
        return {uid: Copying(*told) for uid, *told in self._db.execute(query, (account, folder, uidvalidity))}

    def note_copying(self, account: str, folder: str, uidvalidity: int, copies: Mapping[int, Copying]) -> None:
        """These are about to be copied."""
        self._db.executemany(
            "INSERT OR REPLACE INTO copying VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (account, folder, uidvalidity, uid, copy.target, copy.target_uidvalidity, copy.above)
                for uid, copy in copies.items()
            ],
        )

    # --- mail that may be less than it should -------------------------------------------------------------------------

    def doubtful(self, account: str, folder: str, uidvalidity: int) -> dict[int, str]:
        """The messages of a folder that are in doubt: UID → digest of what came."""
        query = "SELECT uid, digest FROM doubtful WHERE account = ? AND folder = ? AND uidvalidity = ?"
        return dict(self._db.execute(query, (account, folder, uidvalidity)))

    def note_doubtful(self, account: str, folder: str, uidvalidity: int, uid: int, digest: str) -> None:
        """This one is."""
        values = (account, folder, uidvalidity, uid, digest)
        self._db.execute("INSERT OR REPLACE INTO doubtful VALUES (?, ?, ?, ?, ?)", values)

    def forget_doubtful(self, account: str, folder: str, uidvalidity: int, uids: Iterable[int]) -> None:
        """These are in doubt no longer, or gone."""
        self._delete("doubtful", account, folder, uidvalidity, uids)

    def _delete(self, table: str, account: str, folder: str, uidvalidity: int, uids: Iterable[int]) -> None:
        self._db.executemany(
            f"DELETE FROM {table} WHERE account = ? AND folder = ? AND uidvalidity = ? AND uid = ?",  # noqa: S608 - ours
            [(account, folder, uidvalidity, uid) for uid in uids],
        )

    # --- folders without UIDVALIDITY ----------------------------------------------------------------------------------

    def glimpsed(self, account: str, folder: str) -> set[str]:
        """What is known of the messages of a folder without UIDVALIDITY that are in the archive."""
        query = "SELECT key FROM glimpsed WHERE account = ? AND folder = ?"
        return {key for (key,) in self._db.execute(query, (account, folder))}

    def glimpse(self, account: str, folder: str, keys: Iterable[str]) -> None:
        """These are in the archive."""
        rows = [(account, folder, key) for key in keys]
        self._db.executemany("INSERT OR IGNORE INTO glimpsed VALUES (?, ?, ?)", rows)

    def forget_glimpses(self, account: str, folder: str, keys: Iterable[str]) -> None:
        """These are in the folder no longer."""
        rows = [(account, folder, key) for key in keys]
        self._db.executemany("DELETE FROM glimpsed WHERE account = ? AND folder = ? AND key = ?", rows)

    # --- accounts that are left alone ---------------------------------------------------------------------------------

    def pause(self, account: str, pause: Paused) -> None:
        """An account is to be left alone."""
        until = pause.until.astimezone(UTC).isoformat(timespec="seconds")
        values = (account, until, pause.failures, pause.why, pause.mark)
        self._db.execute("INSERT OR REPLACE INTO paused VALUES (?, ?, ?, ?, ?)", values)

    def forget_pause(self, account: str) -> None:
        """An account need not be left alone any more."""
        self._db.execute("DELETE FROM paused WHERE account = ?", (account,))
