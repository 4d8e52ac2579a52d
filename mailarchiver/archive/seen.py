"""The part of the ledger that knows messages by where they lay, and what lies in quarantine."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from ..model import MessageRef

FIRST_PAUSE = timedelta(minutes=10)
LONGEST_PAUSE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Failure:
    """A message that could not be fetched: how often that was tried, when it is tried again (RFC 3339, UTC), why."""

    tries: int
    next_try: str
    why: str

    def is_due(self, now: datetime) -> bool:
        """Whether it may be tried again by now."""
        return datetime.fromisoformat(self.next_try) <= now


def select_done(db: sqlite3.Connection, account: str, folder: str, uidvalidity: int) -> frozenset[int]:
    """The UIDs that need not be fetched again, by any connection to a ledger."""
    query = "SELECT uid FROM seen WHERE account = ? AND folder = ? AND uidvalidity = ? AND path = ''"
    return frozenset(uid for (uid,) in db.execute(query, (account, folder, uidvalidity)))


def select_failures(db: sqlite3.Connection, account: str, folder: str, uidvalidity: int) -> dict[int, Failure]:
    """The messages of a folder that could not be fetched so far, by any connection to a ledger of today."""
    query = "SELECT uid, tries, next_try, why FROM failed WHERE account = ? AND folder = ? AND uidvalidity = ?"
    return {uid: Failure(*told) for uid, *told in db.execute(query, (account, folder, uidvalidity))}


def pause(tries: int) -> timedelta:
    """How long a message is left alone after it could not be fetched for the `tries`-th time in a row.

    Not at all after the first: it may have been a neighbour's fault, which the next round finds out, one by one.
    """
    return timedelta(0) if tries <= 1 else min(FIRST_PAUSE * (1 << min(tries - 2, 16)), LONGEST_PAUSE)


class Seen:
    """The tables `seen` and `quarantine`. Raises `sqlite3.Error`."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """`db` is a ledger, whose transactions are the caller's business."""
        self._db = db

    # --- messages, by where they lay --------------------------------------------------------------------------------

    def note(
        self,
        ref: MessageRef,
        digest: str,
        outcome: Literal["filed", "already", "quarantined"],
        same: str | None = None,
    ) -> None:
        """Record a message; `same` is the digest of the mail that was there before. What was done on the server stands
        only while it is the same message, in quarantine as before or out of it as before.
        """
        if ref.path is None and (ref.uid is None or ref.uidvalidity is None):
            return  # without UIDVALIDITY a UID names nothing that could be recognised (RFC 3501 §2.3.1.1)
        self._db.execute(
            "INSERT INTO seen (account, folder, uidvalidity, uid, path, digest, outcome, same)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET action = CASE WHEN"
            " digest = excluded.digest AND (outcome = 'quarantined') = (excluded.outcome = 'quarantined')"
            " THEN action END, outcome = excluded.outcome, digest = excluded.digest, same = excluded.same",
            (ref.account, ref.folder, ref.uidvalidity or 0, ref.uid or 0, ref.path or "", digest, outcome, same),
        )
        if ref.uid is not None and ref.uidvalidity is not None:
            self.forget_failures(ref.account, ref.folder, ref.uidvalidity, [ref.uid])

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

    # --- folders that mail is moved to ------------------------------------------------------------------------------

    def begin_looking(self) -> None:
        """This ledger was made from a manifest that may lack what was filed, and moved, since."""
        self._db.execute("DELETE FROM looked")
        self._db.execute("INSERT INTO looked VALUES ('', '')")

    def is_to_be_looked_through(self, account: str, folder: str) -> bool:
        """Whether mail that was moved to this folder may be unknown."""
        rows = self._db.execute(
            "SELECT account, folder FROM looked WHERE (account, folder) IN (('', ''), (?, ?))", (account, folder)
        )
        return rows.fetchall() == [("", "")]

    def looked_through(self, account: str, folder: str) -> None:
        """All mail in this folder is known."""
        self._db.execute("INSERT OR IGNORE INTO looked VALUES (?, ?)", (account, folder))

    # --- messages that could not be fetched ---------------------------------------------------------------------------

    def failures(self, account: str, folder: str, uidvalidity: int) -> dict[int, Failure]:
        """The messages of a folder that could not be fetched so far, by their UIDs."""
        return select_failures(self._db, account, folder, uidvalidity)

    def note_failures(
        self, account: str, folder: str, uidvalidity: int, uids: Sequence[int], why: str, now: datetime
    ) -> None:
        """Record that these could not be fetched once more."""
        known = self.failures(account, folder, uidvalidity)
        for uid in uids:
            tries = known[uid].tries + 1 if uid in known else 1
            next_try = (now + pause(tries)).astimezone(UTC).isoformat(timespec="seconds")
            values = (account, folder, uidvalidity, uid, tries, next_try, why)
            self._db.execute("INSERT OR REPLACE INTO failed VALUES (?, ?, ?, ?, ?, ?, ?)", values)

    def forget_failures(self, account: str, folder: str, uidvalidity: int, uids: Iterable[int]) -> None:
        """These came, or are gone."""
        self._db.executemany(
            "DELETE FROM failed WHERE account = ? AND folder = ? AND uidvalidity = ? AND uid = ?",
            [(account, folder, uidvalidity, uid) for uid in uids],
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

    def released(self, digest: str) -> None:
        """A mail of the quarantine is filed now: where it lay, it is still to be acknowledged as such."""
        self.forget_quarantined(digest)
        self._db.execute(
            "UPDATE seen SET outcome = 'filed', action = NULL WHERE outcome = 'quarantined' AND ? IN (digest, same)",
            (digest,),
        )

    def in_quarantine(self) -> int:
        """How many mails lie there."""
        return int(self._db.execute("SELECT count(*) FROM quarantine").fetchone()[0])
