"""Imports two mails and polls four, in a process that imports nothing but the store: what the fault suites disturb.

::

    python driver.py ROOT [fsync]

The two come from files. Then comes a round as poll.py does it, over a mailbox of four mails: the archive knows one of
them by then, so there are five mails in all, two of which cannot be understood. The mailbox is standard output: `ACK 2`
there is the server action on UID 2. What stands in standard input as `ACK 2` was done before, and the mail has left the
mailbox. `fsync`: as where there is no syncfs.

Exits 75 where the archive has trouble, 69 where the mailbox has.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a program, it finds the tests as a package

from mailarchiver.archive import sync
from mailarchiver.archive.store import Store
from mailarchiver.errors import MailboxError, StoreError
from mailarchiver.model import Filing, MessageRef
from tests.archive.filings import NOW, filing, quarantined

WALK = "https://example.org/walk"
UIDS = (1, 2, 3, 4)
BATCH = 3
LOCK_WAIT = 0.5
PLACE = ("articles", "INBOX", 7)
PAGES = {"index.html": b"<p>Walks", "2024/03/index.html": b"<p>March", "assets/style.css": b"p{}"}


def from_file(number: int) -> MessageRef:
    return MessageRef("import", "", path=f"/mails/{number}.eml")


def imported() -> list[Filing]:
    """The mails from files: 5 cannot be understood."""
    return [filing(1, ref=from_file(1), url=WALK), quarantined(5, ref=from_file(5))]


def pending(uid: int) -> Filing:
    """What lies in the mailbox: 1 is the mail that was imported, 3 one that cannot be understood."""
    if uid == 3:
        return quarantined(3, "limit")
    return filing(uid, articles=2 if uid == 2 else 1, url=WALK if uid == 4 else None)


def to_standard_output(text: str) -> None:
    os.write(1, text.encode())


class Round:
    """What is done on one open archive. `tell` is the way to the mailbox."""

    def __init__(self, store: Store, tell: Callable[[str], object]) -> None:
        self._store = store
        self._tell = tell

    def import_(self) -> None:
        self._store.commit(imported(), now=NOW)
        self._refresh_pages()

    def poll(self, present: set[int]) -> None:
        """A round: acknowledge what was filed before, then file, acknowledge and record, a batch after the other."""
        for held in (False, True):
            uids = self._store.unacknowledged(*PLACE, quarantined=held)
            self._store.acknowledged(*PLACE, [uid for uid in uids if uid not in present], "keep")
            self._acknowledge([uid for uid in uids if uid in present])
        waiting = sorted(present - self._store.done_uids(*PLACE))
        for start in range(0, len(waiting), BATCH):
            filings = [pending(uid) for uid in waiting[start : start + BATCH]]
            for each in filings:
                if self._store.known(each.digest, each.folded) is None:
                    self._store.free_id(each.digest)
            receipts = self._store.commit(filings, now=NOW)
            self._acknowledge([receipt.ref.uid for receipt in receipts if receipt.ref.uid is not None])
        self._refresh_pages()

    def _acknowledge(self, uids: list[int]) -> None:
        if not uids:
            return
        try:
            self._tell("".join(f"ACK {uid}\n" for uid in uids))
        except OSError as error:
            raise MailboxError(str(error)) from error
        self._store.acknowledged(*PLACE, uids, "seen")

    def _refresh_pages(self) -> None:
        as_of = self._store.position()
        self._store.write_pages(PAGES, cleaned=self._store.dirty_months(), as_of=as_of)


def work(root: Path, done: Iterable[int] = (), tell: Callable[[str], object] = to_standard_output) -> None:
    """The import and the round, on one archive; `done` are the UIDs that have left the mailbox."""
    with Store.open(root, min_free=0, lock_wait=LOCK_WAIT) as store:
        both = Round(store, tell)
        both.import_()
        both.poll(set(UIDS) - set(done))


def acknowledged(text: str) -> set[int]:
    """The UIDs on which there was a server action."""
    return {int(line.split()[1]) for line in text.splitlines() if line.startswith("ACK ")}


def main(root: Path, *words: str) -> int:
    if "fsync" in words:
        sync.system_syncfs = cache(no_syncfs)
    done = acknowledged(sys.stdin.read())
    sync.system_syncfs()  # looks itself up once
    os.getpriority(os.PRIO_PROCESS, 0)  # what a trace shows from here on is the store's doing
    try:
        work(root, done)
    except (StoreError, MailboxError) as error:
        with suppress(OSError):  # where every write fails, so does this one
            os.write(2, f"{error}\n".encode())
        return 75 if isinstance(error, StoreError) else 69
    return 0


def no_syncfs() -> Callable[[int], None] | None:
    """As where there is none."""
    return None


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
