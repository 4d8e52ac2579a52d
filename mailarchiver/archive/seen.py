"""The part of the ledger that knows messages by where they lay, and what lies in quarantine."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
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
        """Whether it may be tried again by now. It need not wait for longer than the longest pause: then the clock was
        set back.
        """
        left = datetime.fromisoformat(self.next_try) - now
        return left <= timedelta(0) or left > LONGEST_PAUSE


@dataclass(frozen=True, slots=True)
class Large:
    """A message that is larger than it may be: its octets, as the server states them, and what was done there."""

    size: int
    action: str | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """Up to `uid`, each message of a folder is recorded, or is older than the day `since` ('' for none); `looked` is
    when the whole folder was last listed. It holds for one UIDVALIDITY.
    """

    uidvalidity: int
    uid: int
    since: str
    looked: datetime


def select_done(
    db: sqlite3.Connection, account: str, folder: str, uidvalidity: int, *, above: int = 0
) -> frozenset[int]:
    """The UIDs beyond `above` that need not be fetched again, by any connection to a ledger."""
    query = "SELECT uid FROM seen WHERE account = ? AND folder = ? AND uidvalidity = ? AND uid > ? AND path = ''"
    return frozenset(uid for (uid,) in db.execute(query, (account, folder, uidvalidity, above)))


def select_large(db: sqlite3.Connection, account: str, folder: str, uidvalidity: int) -> dict[int, Large]:
    """The messages of a folder that are larger than they may be, by any connection to a ledger of today."""
    query = "SELECT uid, size, action FROM large WHERE account = ? AND folder = ? AND uidvalidity = ?"
    return {uid: Large(*told) for uid, *told in db.execute(query, (account, folder, uidvalidity))}


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
            self.forget_large(ref.account, ref.folder, ref.uidvalidity, [ref.uid])

    def done_uids(self, account: str, folder: str, uidvalidity: int, *, above: int = 0) -> frozenset[int]:
        """The UIDs beyond `above` that need not be fetched again."""
        return select_done(self._db, account, folder, uidvalidity, above=above)

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
        """How many messages of all mailboxes are in the archive with nothing done about them on the server yet; without
        those of another UIDVALIDITY than their folder has now.
        """
        query = (
            "SELECT count(*) FROM seen LEFT JOIN cursor USING (account, folder) WHERE action IS NULL AND path = ''"
            " AND ifnull(cursor.uidvalidity, seen.uidvalidity) = seen.uidvalidity"
        )
        return int(self._db.execute(query).fetchone()[0])

    def acknowledged(self, account: str, folder: str, uidvalidity: int, uids: Sequence[int], action: str) -> None:
        """Record what was done about them on the server; a copy that had begun is done with."""
        self._db.executemany(
            "UPDATE seen SET action = ? WHERE account = ? AND folder = ? AND uidvalidity = ? AND uid = ? AND path = ''",
            [(action, account, folder, uidvalidity, uid) for uid in uids],
        )
        self._db.executemany(
            "DELETE FROM copying WHERE account = ? AND folder = ? AND uidvalidity = ? AND uid = ?",
            [(account, folder, uidvalidity, uid) for uid in uids],
        )

    # --- how far a folder is done -------------------------------------------------------------------------------------

    def cursor(self, account: str, folder: str) -> Cursor | None:
        """How far it is done; None where that is not known."""
        query = "SELECT uidvalidity, uid, since, looked FROM cursor WHERE account = ? AND folder = ?"
        found = self._db.execute(query, (account, folder)).fetchone()
        if found is None:
            return None
        uidvalidity, uid, since, looked = found
        return Cursor(uidvalidity, uid, since, datetime.fromisoformat(looked))

    def set_cursor(self, account: str, folder: str, cursor: Cursor) -> None:
        """It is done so far."""
        values = (account, folder, cursor.uidvalidity, cursor.uid, cursor.since, cursor.looked.isoformat())
        self._db.execute("INSERT OR REPLACE INTO cursor VALUES (?, ?, ?, ?, ?, ?)", values)

    # --- messages that are larger than they may be --------------------------------------------------------------------

    def large(self, account: str, folder: str, uidvalidity: int) -> dict[int, Large]:
        """Those of a folder, by their UIDs."""
        return select_large(self._db, account, folder, uidvalidity)

    def note_large(self, account: str, folder: str, uidvalidity: int, sizes: Mapping[int, int]) -> None:
        """Record these (UID → octets); what was done about one that is known stands. They have not failed."""
        self._db.executemany(
            "INSERT INTO large VALUES (?, ?, ?, ?, ?, NULL) ON CONFLICT DO UPDATE SET size = excluded.size",
            [(account, folder, uidvalidity, uid, size) for uid, size in sizes.items()],
        )
        self.forget_failures(account, folder, uidvalidity, sizes)

    def flagged_large(self, account: str, folder: str, uidvalidity: int, uids: Iterable[int], action: str) -> None:
        """Record what was done about them on the server."""
        self._db.executemany(
            "UPDATE large SET action = ? WHERE account = ? AND folder = ? AND uidvalidity = ? AND uid = ?",
            [(action, account, folder, uidvalidity, uid) for uid in uids],
        )

    def forget_large(self, account: str, folder: str, uidvalidity: int, uids: Iterable[int]) -> None:
        """These came, or are gone."""
        self._db.executemany(
            "DELETE FROM large WHERE account = ? AND folder = ? AND uidvalidity = ? AND uid = ?",
            [(account, folder, uidvalidity, uid) for uid in uids],
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

    # --- receipts ---------------------------------------------------------------------------------------------------

    def want_receipts(self, account: str, digests: Iterable[str]) -> None:
        """These mails were filed, and that is to be told in the mailbox; what was told already is not told again."""
        rows = [(account, digest) for digest in digests]
        self._db.executemany("INSERT OR IGNORE INTO receipt VALUES (?, ?, 0, NULL)", rows)

    def wanted_receipts(self, account: str) -> dict[str, bool]:
        """The mails whose receipts are still to be sent: digest → whether one may be there all the same."""
        query = "SELECT digest, tried FROM receipt WHERE account = ? AND sent IS NULL ORDER BY digest"
        return {digest: bool(tried) for digest, tried in self._db.execute(query, (account,))}

    def trying_receipt(self, account: str, digest: str) -> None:
        """From now on, one may be there."""
        self._db.execute("UPDATE receipt SET tried = 1 WHERE account = ? AND digest = ?", (account, digest))

    def receipt_sent(self, account: str, digest: str, now: datetime) -> None:
        """It is there, or there is nothing to be told any more."""
        sent = now.astimezone(UTC).isoformat(timespec="seconds")
        self._db.execute("UPDATE receipt SET sent = ? WHERE account = ? AND digest = ?", (sent, account, digest))

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
