"""The part of the ledger that knows messages by where they lay, and what lies in quarantine."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Literal

from ..model import MessageRef


def select_done(db: sqlite3.Connection, account: str, folder: str, uidvalidity: int) -> frozenset[int]:
    """The UIDs that need not be fetched again, by any connection to a ledger."""
    query = "SELECT uid FROM seen WHERE account = ? AND folder = ? AND uidvalidity = ? AND path = ''"
    return frozenset(uid for (uid,) in db.execute(query, (account, folder, uidvalidity)))


class Seen:
    """The tables `seen` and `quarantine`. Raises `sqlite3.Error`."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """`db` is a ledger, whose transactions are the caller's business."""
        self._db = db

    # --- messages, by where they lay --------------------------------------------------------------------------------

    def note(self, ref: MessageRef, digest: str, outcome: Literal["filed", "already", "quarantined"]) -> None:
        """Record a message. What was done on the server stands only while it is the same message, in quarantine as
        before or out of it as before.
        """
        if ref.path is None and (ref.uid is None or ref.uidvalidity is None):
            return  # without UIDVALIDITY a UID names nothing that could be recognised (RFC 3501 §2.3.1.1)
        self._db.execute(
            "INSERT INTO seen VALUES (?, ?, ?, ?, ?, ?, ?, NULL) ON CONFLICT DO UPDATE SET action = CASE WHEN"
            " digest = excluded.digest AND (outcome = 'quarantined') = (excluded.outcome = 'quarantined')"
            " THEN action END, outcome = excluded.outcome, digest = excluded.digest",
            (ref.account, ref.folder, ref.uidvalidity or 0, ref.uid or 0, ref.path or "", digest, outcome),
        )

    def done_uids(self, account: str, folder: str, uidvalidity: int) -> frozenset[int]:
        """The UIDs that need not be fetched again."""
        return select_done(self._db, account, folder, uidvalidity)

    def unacknowledged(self, account: str, folder: str, uidvalidity: int, *, quarantined: bool = False) -> list[int]:
        """The UIDs that are in the archive, as articles or in quarantine, with nothing done about them on the server
        yet; ascending.
        """
        query = (
            "SELECT uid FROM seen WHERE account = ? AND folder = ? AND uidvalidity = ? AND path = ''"
            " AND action IS NULL AND (outcome = 'quarantined') = ? ORDER BY uid"
        )
        return [uid for (uid,) in self._db.execute(query, (account, folder, uidvalidity, quarantined))]

    def open_count(self) -> int:
        """How many messages of all mailboxes are in the archive with nothing done about them on the server yet."""
        query = "SELECT count(*) FROM seen WHERE action IS NULL AND path = ''"
        return int(self._db.execute(query).fetchone()[0])

    def acknowledged(self, account: str, folder: str, uidvalidity: int, uids: Sequence[int], action: str) -> None:
        """Record what was done about them on the server."""
        self._db.executemany(
            "UPDATE seen SET action = ? WHERE account = ? AND folder = ? AND uidvalidity = ? AND uid = ? AND path = ''",
            [(action, account, folder, uidvalidity, uid) for uid in uids],
        )

    # --- what lies in quarantine ------------------------------------------------------------------------------------

    def quarantine(self, digest: str, folded: str) -> None:
        """A mail lies in quarantine."""
        self._db.execute("INSERT OR REPLACE INTO quarantine VALUES (?, ?)", (digest, folded))

    def quarantined(self, digest: str, folded: str) -> str | None:
        """The digest of the mail in quarantine that is this one, with these line ends or others; None if none is."""
        query = "SELECT digest FROM quarantine WHERE digest = ? OR folded = ? LIMIT 1"
        found = self._db.execute(query, (digest, folded)).fetchone()
        return None if found is None else str(found[0])

    def forget_quarantined(self, digest: str) -> None:
        """A mail lies in quarantine no longer."""
        self._db.execute("DELETE FROM quarantine WHERE digest = ?", (digest,))

    def in_quarantine(self) -> int:
        """How many mails lie there."""
        return int(self._db.execute("SELECT count(*) FROM quarantine").fetchone()[0])
