"""Where each message of a mailbox is in the archive, looked up without writing: is what was filed still there?"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import StoreError
from ..model import Entry
from . import glance, manifest, quarantine
from .layout import Layout
from .seen import Failure, Large, select_failures, select_large


@dataclass(frozen=True, slots=True)
class Account:
    """A message that was seen: its outcome (`filed`, `already`, `quarantined`, `removed` by the user), and what is
    wrong where it is in the archive no longer. `action` is what was done on the server, None while nothing was.
    """

    digest: str
    outcome: str
    action: str | None = None
    lost: str | None = None


@dataclass(frozen=True, slots=True)
class Accounts:
    """What the ledger says of a folder of a mailbox, by UIDs: what was seen, what could not be fetched, and what is
    larger than it may be.
    """

    seen: Mapping[int, Account]
    failures: Mapping[int, Failure]
    large: Mapping[int, Large] = field(default_factory=dict)


def accounts(root: Path, account: str, folder: str, uidvalidity: int) -> Accounts:
    """What became of the messages of a folder; nothing where there is no archive or no ledger yet.

    Raises `StoreError`: as `glance.done_uids`, and for a ledger that is older than this program.
    """
    with glance.ledger(root) as db:
        if db is None:
            return Accounts({}, {})
        if not glance.is_of_today(db):
            raise StoreError(f"{root}: its ledger is of another mailarchiver: the next poll makes it new")
        place = (account, folder, uidvalidity)
        query = (
            "SELECT uid, digest, outcome, action, same FROM seen"
            " WHERE account = ? AND folder = ? AND uidvalidity = ? AND path = ''"
        )
        seen = {uid: _account(db, Layout(root), *told) for uid, *told in db.execute(query, place).fetchall()}
        return Accounts(seen, select_failures(db, *place), select_large(db, *place))


def _account(
    db: sqlite3.Connection, layout: Layout, digest: str, outcome: str, action: str | None, same: str | None
) -> Account:
    kept = same or digest
    rows = db.execute("SELECT removed, line FROM entry WHERE digest = ?", (kept,)).fetchall()
    entries = [manifest.from_line(line.encode()) for removed, line in rows if not removed]
    if entries:
        gone = [entry.folder for entry in entries if isinstance(entry, Entry) and not _lies(layout, entry)]
        lost = f"{gone[0]} is missing" if gone else None
        return Account(digest, "filed" if outcome == "quarantined" else outcome, action, lost)
    if rows:
        return Account(digest, "removed", action)
    if (layout.root / quarantine.relative(kept) / quarantine.MESSAGE).is_file():
        return Account(digest, "quarantined", action)
    return Account(digest, outcome, action, f"the mail {kept[:12]} is neither filed nor in quarantine")


def _lies(layout: Layout, entry: Entry) -> bool:
    return (layout.root / entry.folder / "message.eml").is_file()
