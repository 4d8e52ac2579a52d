"""One round of one account: fetch → understand → commit → acknowledge.

::

    mailbox.fetch | filing.file_batch | mailbox.acknowledge      then: pages
                                      ▲ from here on the mail is safe; nothing is done on the server before
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from .archive import glance
from .archive.seen import Failure
from .archive.store import Store
from .config import Account
from .errors import FetchBrokeError, MailboxError
from .filing import file_batch
from .mailbox.auth import read_secret
from .mailbox.imap import ImapMailbox, Selected
from .model import After, RawMessage, Receipt, Rules
from .pages import browse
from .workers import Worker

MONTHS_AT_ONCE = 12
"""Months whose pages are in memory together when all are written again."""


@dataclass(frozen=True, slots=True)
class RoundResult:
    """What a round did: `found` messages were pending, `filed` of them are new, `already` were in the archive,
    `quarantined` were put into quarantine (`receipts` are theirs), `failed` could not be fetched, `waiting` could not
    be fetched before and are not tried again yet. After a preview all but `found` and `waiting` are 0. `troubles` tell
    what of the account could not be done: a folder that is missing, filed mail that could not be moved.
    """

    account: str
    found: int = 0
    filed: int = 0
    already: int = 0
    quarantined: int = 0
    failed: int = 0
    waiting: int = 0
    seconds: float = 0.0
    troubles: tuple[str, ...] = ()
    receipts: tuple[Receipt, ...] = ()

    def is_sound(self) -> bool:
        """Whether all that was to be done was done, and nothing went to quarantine."""
        return not (self.failed or self.waiting or self.troubles or self.quarantined)

    def __add__(self, other: RoundResult) -> RoundResult:
        return RoundResult(
            self.account,
            self.found + other.found,
            self.filed + other.filed,
            self.already + other.already,
            self.quarantined + other.quarantined,
            self.failed + other.failed,
            self.waiting + other.waiting,
            self.seconds + other.seconds,
            tuple(dict.fromkeys(self.troubles + other.troubles)),
            self.receipts + other.receipts,
        )


def poll_account(account: Account, store: Store, worker: Worker, *, rules: Rules, stop: threading.Event) -> RoundResult:
    """One round over all folders of an account; ends after the batch in hand when `stop` is set.

    A folder that the server refuses does not hold up the others: that is told in `RoundResult.troubles`. Where the
    ledger was made anew, the folder that mail is moved to is looked through, too: what is not in the archive is filed.
    Raises `MailboxError` (none of the account's folders can be read; what was committed before stays), `StoreError`
    (the archive's trouble).
    """

    def file(mailbox: ImapMailbox, selected: Selected, no_target: str | None) -> RoundResult:
        done = store.done_uids(account.name, selected.folder, selected.uidvalidity)
        listed = mailbox.search(account.since)
        folder_round = _FolderRound(mailbox, store, worker, account, selected, rules, no_target)
        return folder_round.run([uid for uid in listed if uid not in done], listed, stop)

    def look_through(mailbox: ImapMailbox) -> RoundResult:
        target = account.after.folder
        if target is None or stop.is_set() or not store.is_to_be_looked_through(account.name, target):
            return RoundResult(account.name)
        return _look_through(account, target, mailbox, store, worker, rules=rules, stop=stop)

    return _each_folder(account, file, stop, look_through, writable=account.after.action != "keep")


def _look_through(
    account: Account,
    target: str,
    mailbox: ImapMailbox,
    store: Store,
    worker: Worker,
    *,
    rules: Rules,
    stop: threading.Event,
) -> RoundResult:
    """File what was moved to this folder and is not in the archive, which came from a backup that is older than that.

    Nothing is done there on the server. Once all of it was seen, it is not looked through again.
    """
    selected = mailbox.select(target, writable=False)
    done = store.done_uids(account.name, target, selected.uidvalidity)
    pending = [uid for uid in mailbox.search(account.since) if uid not in done]
    kept = account.model_copy(update={"after": After("keep")})
    result = _FolderRound(mailbox, store, worker, kept, selected, rules, None).run(pending, pending, stop)
    if not (result.failed or stop.is_set()):
        store.looked_through(account.name, target)
    return result


def preview_account(account: Account, root: Path) -> RoundResult:
    """How many messages a round would fetch into the archive at `root`. Nothing is written, here or on the server.

    Raises as `poll_account`.
    """

    def count(mailbox: ImapMailbox, selected: Selected, _no_target: str | None) -> RoundResult:
        place = (account.name, selected.folder, selected.uidvalidity)
        pending = set(mailbox.search(account.since)) - glance.done_uids(root, *place)
        waiting = pending & {
            uid for uid, failure in glance.failures(root, *place).items() if not failure.is_due(datetime.now(UTC))
        }
        return RoundResult(account.name, found=len(pending - waiting), waiting=len(waiting))

    return _each_folder(account, count, threading.Event(), lambda _: RoundResult(account.name), writable=False)


def _each_folder(
    account: Account,
    work: Callable[[ImapMailbox, Selected, str | None], RoundResult],
    stop: threading.Event,
    then: Callable[[ImapMailbox], RoundResult],
    *,
    writable: bool,
) -> RoundResult:
    """Select each folder of an account and do the work there, `then` the rest, if mail can be moved where it is to go;
    what is refused is told once all others are done.
    """
    start = time.monotonic()
    result = RoundResult(account.name)
    refused: list[MailboxError] = []
    with ImapMailbox(account.name, account.server(), partial(read_secret, account.secret())) as mailbox:
        no_target = _target_trouble(mailbox, account.after)
        for folder in account.folders:
            if stop.is_set():
                break
            try:
                result += work(mailbox, mailbox.select(folder, writable=writable), no_target)
            except MailboxError as error:
                if not mailbox.is_connected:
                    raise
                refused.append(error)
        if len(refused) == len(account.folders):
            raise refused[0]
        try:
            result += then(mailbox) if no_target is None else RoundResult(account.name)
        except MailboxError as error:
            if not mailbox.is_connected:
                raise
            refused.append(error)
    troubles = tuple(str(trouble) for trouble in (no_target, *refused) if trouble)
    return result + RoundResult(account.name, seconds=time.monotonic() - start, troubles=troubles)


def _target_trouble(mailbox: ImapMailbox, after: After) -> str | None:
    """Why mail cannot be moved where `after` says, as far as the server can tell before any is: a wrong name is told
    by the first round, and by a dry run, not by the first mail.
    """
    if after.folder is None:
        return None
    try:
        mailbox.select(after.folder, writable=False)
    except MailboxError as error:
        if not mailbox.is_connected:
            raise
        return str(error)
    return None


@dataclass(frozen=True, slots=True)
class _FolderRound:
    """The round of one selected folder. `no_target` is why nothing can be acknowledged now; mail is filed all the
    same, and acknowledged by a later round.
    """

    mailbox: ImapMailbox
    store: Store
    worker: Worker
    account: Account
    selected: Selected
    rules: Rules
    no_target: str | None

    def run(self, pending: Sequence[int], listed: Sequence[int], stop: threading.Event) -> RoundResult:
        done: list[Receipt] = []
        trouble = self.no_target or self.redo(listed)
        known = self.failures(listed)
        fresh = [uid for uid in pending if uid not in known]
        again = [uid for uid in pending if uid in known and known[uid].is_due(datetime.now(UTC))]
        for raws in self.fetched(fresh, again):
            receipts = file_batch(raws, self.store, self.worker, rules=self.rules)
            done += receipts
            trouble = trouble or self.acknowledge_all(receipts)
            if stop.is_set():
                break
        failed = [] if stop.is_set() else self.withheld({*fresh, *again} - {receipt.ref.uid for receipt in done})
        outcomes = [receipt.outcome for receipt in done]
        return RoundResult(
            self.account.name,
            len(fresh) + len(again),
            *(outcomes.count("filed"), outcomes.count("already"), outcomes.count("quarantined")),
            failed=len(failed),
            waiting=len(pending) - len(fresh) - len(again),
            troubles=(trouble,) if trouble else (),
            receipts=tuple(receipt for receipt in done if receipt.outcome == "quarantined"),
        )

    def fetched(self, fresh: Sequence[int], again: Sequence[int]) -> Iterator[list[RawMessage]]:
        """The messages in batches. Those that could not be fetched before come last and one by one, so that one at
        which the connection breaks is known by it, and holds up no other for longer than a round.
        """
        try:
            yield from self.mailbox.fetch(fresh)
            yield from self.mailbox.fetch(again, at_once=1)
        except FetchBrokeError as error:
            self.note_failed(error.uids, str(error))
            raise

    def withheld(self, missing: set[int]) -> list[int]:
        """Those of the messages that did not come which are still there: that is recorded. The others are gone."""
        there = sorted(missing.intersection(self.mailbox.search(self.account.since))) if missing else []
        self.note_failed(there, "the server lists it and does not give it")
        return there

    def failures(self, listed: Sequence[int]) -> dict[int, Failure]:
        """What could not be fetched before and is still there; the rest of it is forgotten."""
        known = self.store.failures(self.account.name, self.selected.folder, self.selected.uidvalidity)
        gone = known.keys() - set(listed)
        if gone and self.selected.uidvalidity is not None:
            self.store.forget_failures(self.account.name, self.selected.folder, self.selected.uidvalidity, gone)
        return known

    def note_failed(self, uids: Sequence[int], why: str) -> None:
        """Record what could not be fetched; without UIDVALIDITY it could not be recognised."""
        if uids and self.selected.uidvalidity is not None:
            place = (self.account.name, self.selected.folder, self.selected.uidvalidity)
            self.store.note_failures(*place, uids, why=why, now=datetime.now(UTC))

    def redo(self, listed: Sequence[int]) -> str | None:
        """Acknowledge what an earlier round filed but was stopped before acknowledging. What has meanwhile left the
        folder needs no action, and is recorded as such. Returns as `acknowledge`.
        """
        if self.selected.uidvalidity is None:
            return None
        place = (self.account.name, self.selected.folder, self.selected.uidvalidity)
        present = set(listed)
        trouble = None
        for quarantined in (False, True):
            uids = self.store.unacknowledged(*place, quarantined=quarantined)
            self._record([uid for uid in uids if uid not in present], After("keep"))
            left = [uid for uid in uids if uid in present]
            trouble = trouble or self.acknowledge(left, quarantined=quarantined)
        return trouble

    def acknowledge_all(self, receipts: Sequence[Receipt]) -> str | None:
        """Acknowledge a batch. Returns as `acknowledge`."""
        trouble = None
        for quarantined in (False, True):
            some = [receipt.ref.uid for receipt in receipts if (receipt.quarantine is not None) == quarantined]
            trouble = trouble or self.acknowledge([uid for uid in some if uid is not None], quarantined=quarantined)
        return trouble

    def acknowledge(self, uids: Sequence[int], *, quarantined: bool) -> str | None:
        """The server action on mail that is safely in the archive: what `after` says of filed mail; mail in quarantine
        is only flagged, and not even that if `after` is `keep`. Returns what the server has against it, if it refuses:
        that must not keep the mail behind it from being filed. Raises `MailboxError` where the connection broke.

        Without UIDVALIDITY a UID names nothing for sure (RFC 3501 §2.3.1.1): then nothing is done.
        """
        if not uids or self.selected.uidvalidity is None:
            return None
        after = self.account.after
        if quarantined and after.action != "keep":
            after = After("flag")
        try:
            done = self.mailbox.acknowledge(uids, after)
        except MailboxError as error:
            if not self.mailbox.is_connected:
                raise
            return str(error)
        self._record([uid for uid in uids if uid in done], after)
        return None

    def _record(self, uids: Sequence[int], after: After) -> None:
        if uids and self.selected.uidvalidity is not None:
            action = f"move:{after.folder}" if after.action == "move" else after.action
            self.store.acknowledged(self.account.name, self.selected.folder, self.selected.uidvalidity, uids, action)


def refresh_pages(store: Store) -> int:
    """Bring the browse pages up to date; the number of files written. Filing never waits for this."""
    as_of = store.position()
    dirty = store.dirty_months()
    files = browse.front(store.newest(100), store.months())
    for month in dirty:
        files |= browse.month(month, store.cards(month))
    return store.write_pages(files, cleaned=dirty, as_of=as_of)


def rebuild_pages(store: Store, *, step: Callable[[int], None]) -> int:
    """Write all browse pages again, a year's worth at a time; how many were not as they should be. `step` hears how
    many months are done since the last time.
    """
    months = [name for name, _ in store.months()]
    written = 0
    for start in range(0, max(1, len(months)), MONTHS_AT_ONCE):
        some = months[start : start + MONTHS_AT_ONCE]
        store.dirty(some)
        written += refresh_pages(store)
        step(len(some))
    return written
