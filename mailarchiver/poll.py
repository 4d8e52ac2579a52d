"""One round of one account: fetch → understand → commit → acknowledge; and the same for files.

::

    mailbox.fetch | worker.understand | store.commit | mailbox.acknowledge      then: pages
                                        ▲ from here on the mail is safe; nothing is done on the server before
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from .archive import glance
from .archive.bundle import digests
from .archive.store import Store
from .config import Account, Archive, Limits
from .errors import MailboxError
from .mailbox.auth import read_secret
from .mailbox.imap import ImapMailbox, Selected
from .model import After, Bundle, Filing, RawMessage, Receipt, Rules
from .pages import browse
from .pipeline import where
from .workers import Pool, Worker

log = logging.getLogger(__name__)

BATCH_MESSAGES = 50
BATCH_BYTES = 64 << 20
BATCH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class RoundResult:
    """What a round did: `found` messages were pending, `filed` of them are new, `already` were in the archive,
    `failed` could not be fetched and stay pending. After a preview these three are 0. `troubles` tell what of the
    account could not be done: a folder that is missing, filed mail that could not be moved.
    """

    account: str
    found: int = 0
    filed: int = 0
    already: int = 0
    failed: int = 0
    seconds: float = 0.0
    troubles: tuple[str, ...] = ()

    def __add__(self, other: RoundResult) -> RoundResult:
        return RoundResult(
            self.account,
            self.found + other.found,
            self.filed + other.filed,
            self.already + other.already,
            self.failed + other.failed,
            self.seconds + other.seconds,
            tuple(dict.fromkeys(self.troubles + other.troubles)),
        )


def poll_account(account: Account, store: Store, worker: Worker, *, rules: Rules, stop: threading.Event) -> RoundResult:
    """One round over all folders of an account; ends after the batch in hand when `stop` is set.

    A folder that the server refuses does not hold up the others: that is told in `RoundResult.troubles`.
    Raises `MailboxError` (none of the account's folders can be read; what was committed before stays), `StoreError`
    (the archive's trouble).
    """

    def file(mailbox: ImapMailbox, selected: Selected, no_target: str | None) -> RoundResult:
        done = store.done_uids(account.name, selected.folder, selected.uidvalidity)
        listed = mailbox.search(account.since)
        folder_round = _FolderRound(mailbox, store, worker, account, selected, rules, no_target)
        return folder_round.run([uid for uid in listed if uid not in done], listed, stop)

    return _each_folder(account, file, stop, writable=account.after.action != "keep")


def preview_account(account: Account, root: Path) -> RoundResult:
    """How many messages a round would fetch into the archive at `root`. Nothing is written, here or on the server.

    Raises as `poll_account`.
    """

    def count(mailbox: ImapMailbox, selected: Selected, _no_target: str | None) -> RoundResult:
        done = glance.done_uids(root, account.name, selected.folder, selected.uidvalidity)
        return RoundResult(account.name, found=len(set(mailbox.search(account.since)) - done))

    return _each_folder(account, count, threading.Event(), writable=False)


def _each_folder(
    account: Account,
    work: Callable[[ImapMailbox, Selected, str | None], RoundResult],
    stop: threading.Event,
    *,
    writable: bool,
) -> RoundResult:
    """Select each folder of an account and do the work there; what is refused is told once all others are done."""
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
        filed = already = 0
        trouble = self.no_target or self.redo(listed)
        for raws in self.mailbox.fetch(pending):
            receipts = file_batch(raws, self.store, self.worker, rules=self.rules)
            new = sum(receipt.outcome == "filed" for receipt in receipts)
            filed, already = filed + new, already + len(receipts) - new
            uids = [receipt.ref.uid for receipt in receipts if receipt.ref.uid is not None]
            trouble = trouble or self.acknowledge(uids)
            if stop.is_set():
                break
        failed = 0 if stop.is_set() else len(pending) - filed - already
        troubles = (trouble,) if trouble else ()
        return RoundResult(self.account.name, len(pending), filed, already, failed, troubles=troubles)

    def redo(self, listed: Sequence[int]) -> str | None:
        """Acknowledge what an earlier round filed but was stopped before acknowledging. What has meanwhile left the
        folder needs no action, and is recorded as such. Returns as `acknowledge`.
        """
        if self.selected.uidvalidity is None:
            return None
        uids = self.store.unacknowledged(self.account.name, self.selected.folder, self.selected.uidvalidity)
        present = set(listed)
        self._record([uid for uid in uids if uid not in present], After("keep"))
        return self.acknowledge([uid for uid in uids if uid in present])

    def acknowledge(self, uids: Sequence[int]) -> str | None:
        """The server action on mail that is safely filed; what the server has against it, if it refuses: that must not
        keep the mail behind it from being filed. Raises `MailboxError` where the connection broke.

        Without UIDVALIDITY a UID names nothing for sure (RFC 3501 §2.3.1.1): then nothing is done.
        """
        if not uids or self.selected.uidvalidity is None:
            return None
        try:
            done = self.mailbox.acknowledge(uids, self.account.after)
        except MailboxError as error:
            if not self.mailbox.is_connected:
                raise
            return str(error)
        self._record([uid for uid in uids if uid in done], self.account.after)
        return None

    def _record(self, uids: Sequence[int], after: After) -> None:
        if uids and self.selected.uidvalidity is not None:
            action = f"move:{after.folder}" if after.action == "move" else after.action
            self.store.acknowledged(self.account.name, self.selected.folder, self.selected.uidvalidity, uids, action)


@contextmanager
def opened(archive: Archive, limits: Limits, *, jobs: int = 1) -> Iterator[tuple[Store, Pool]]:
    """An archive opened for filing, and `jobs` children that understand mail. Raises `StoreError`.

    The store comes first: run as root, it makes us the archive's owner, and so the children that read hostile mail.
    """
    with (
        Store.open(archive.root, min_free=archive.min_free) as store,
        closing(Pool(jobs, limits.mail_time.total_seconds(), limits.mail_memory)) as pool,
    ):
        yield store, pool


def file_messages(
    messages: Iterable[RawMessage],
    store: Store,
    worker: Worker,
    *,
    rules: Rules,
    on_receipts: Callable[[list[Receipt]], None],
) -> None:
    """File messages in batches; `on_receipts` hears of each batch when it is synced to disk. Raises `StoreError`."""
    for raws in batches(messages):
        on_receipts(file_batch(raws, store, worker, rules=rules))


def batches(messages: Iterable[RawMessage]) -> Iterator[list[RawMessage]]:
    """Groups of messages that share a commit: at most 50 messages, 64 MB, 1 s."""
    batch: list[RawMessage] = []
    size, opened = 0, 0.0
    for raw in messages:
        if not batch:
            opened = time.monotonic()
        batch.append(raw)
        size += len(raw.data)
        if len(batch) >= BATCH_MESSAGES or size >= BATCH_BYTES or time.monotonic() - opened >= BATCH_SECONDS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def file_batch(raws: Sequence[RawMessage], store: Store, worker: Worker, *, rules: Rules) -> list[Receipt]:
    """Understand and commit a batch. What the archive holds already is only noted in the ledger."""
    seen: set[str] = set()
    sums: list[tuple[str, str]] = []
    jobs: list[tuple[RawMessage, str] | None] = []
    for raw in raws:
        digest, folded = digests(raw.data)
        known = folded in seen or store.known(digest, folded) is not None
        sums.append((digest, folded))
        jobs.append(None if known else (raw, store.free_id(digest)))
        seen.add(folded)
    bundles = worker.understand_all([job for job in jobs if job is not None], rules=rules)
    made: list[tuple[Bundle, ...]] = [next(bundles) if job is not None else () for job in jobs]
    filings = [
        Filing(raw.ref, digest, folded, bundle) for raw, (digest, folded), bundle in zip(raws, sums, made, strict=True)
    ]
    receipts = store.commit(filings, now=datetime.now(UTC))
    for raw, receipt in zip(raws, receipts, strict=True):
        folders = ", ".join(folder for _, folder in receipt.entries)
        log.info("%s: %s %s", where(raw), receipt.outcome, folders)
    return receipts


def refresh_pages(store: Store) -> int:
    """Bring the browse pages up to date; the number of files written. Filing never waits for this."""
    as_of = store.position()
    dirty = store.dirty_months()
    files = browse.front(store.newest(100), store.months())
    for month in dirty:
        files |= browse.month(month, store.cards(month))
    return store.write_pages(files, cleaned=dirty, as_of=as_of)
