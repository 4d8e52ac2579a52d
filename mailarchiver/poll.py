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
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import partial

from .archive.bundle import digests
from .archive.store import Store
from .config import Account
from .mailbox.auth import read_secret
from .mailbox.imap import ImapMailbox, Selected
from .model import After, Bundle, Filing, RawMessage, Receipt
from .pages import browse
from .pipeline import where
from .workers import Worker

log = logging.getLogger(__name__)

BATCH_MESSAGES = 50
BATCH_BYTES = 64 << 20
BATCH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class RoundResult:
    """What a round did: `found` messages were pending, `filed` of them are new, `already` were in the archive,
    `failed` could not be fetched and stay pending. After a dry run all but `found` are 0.
    """

    account: str
    found: int = 0
    filed: int = 0
    already: int = 0
    failed: int = 0
    seconds: float = 0.0

    def __add__(self, other: RoundResult) -> RoundResult:
        return RoundResult(
            self.account,
            self.found + other.found,
            self.filed + other.filed,
            self.already + other.already,
            self.failed + other.failed,
            self.seconds + other.seconds,
        )


def poll_account(
    account: Account, store: Store, worker: Worker, *, timezone: tzinfo, stop: threading.Event, dry_run: bool = False
) -> RoundResult:
    """One round over all folders of an account; ends after the batch in hand when `stop` is set.

    Raises `MailboxError` (the account's trouble; what was committed before stays), `StoreError` (the archive's).
    """
    start = time.monotonic()
    result = RoundResult(account.name)
    with ImapMailbox(account.name, account.server(), partial(read_secret, account.secret())) as mailbox:
        for folder in account.folders:
            if stop.is_set():
                break
            selected = mailbox.select(folder, writable=account.after.action != "keep" and not dry_run)
            done = store.done_uids(account.name, folder, selected.uidvalidity)
            listed = mailbox.search(account.since)
            pending = [uid for uid in listed if uid not in done]
            if dry_run:
                result += RoundResult(account.name, found=len(pending))
                continue
            folder_round = _FolderRound(mailbox, store, worker, account, selected, timezone)
            folder_round.redo(listed)
            result += folder_round.run(pending, stop)
    return result + RoundResult(account.name, seconds=time.monotonic() - start)


@dataclass(frozen=True, slots=True)
class _FolderRound:
    """The round of one selected folder."""

    mailbox: ImapMailbox
    store: Store
    worker: Worker
    account: Account
    selected: Selected
    timezone: tzinfo

    def run(self, pending: Sequence[int], stop: threading.Event) -> RoundResult:
        filed = already = 0
        for raws in self.mailbox.fetch(pending):
            receipts = file_batch(raws, self.store, self.worker, timezone=self.timezone)
            new = sum(receipt.outcome == "filed" for receipt in receipts)
            filed, already = filed + new, already + len(receipts) - new
            self.acknowledge([receipt.ref.uid for receipt in receipts if receipt.ref.uid is not None])
            if stop.is_set():
                return RoundResult(self.account.name, len(pending), filed, already)
        return RoundResult(self.account.name, len(pending), filed, already, len(pending) - filed - already)

    def redo(self, listed: Sequence[int]) -> None:
        """Acknowledge what an earlier round filed but was stopped before acknowledging. What has meanwhile left the
        folder needs no action, and is recorded as such.
        """
        if self.selected.uidvalidity is None:
            return
        uids = self.store.unacknowledged(self.account.name, self.selected.folder, self.selected.uidvalidity)
        present = set(listed)
        self.acknowledge([uid for uid in uids if uid in present])
        self._record([uid for uid in uids if uid not in present], After("keep"))

    def acknowledge(self, uids: Sequence[int]) -> None:
        """The server action on mail that is safely filed. Without UIDVALIDITY a UID names nothing for sure
        (RFC 3501 §2.3.1.1): then nothing is done.
        """
        if not uids or self.selected.uidvalidity is None:
            return
        done = self.mailbox.acknowledge(uids, self.account.after)
        self._record([uid for uid in uids if uid in done], self.account.after)

    def _record(self, uids: Sequence[int], after: After) -> None:
        if uids and self.selected.uidvalidity is not None:
            action = f"move:{after.folder}" if after.action == "move" else after.action
            self.store.acknowledged(self.account.name, self.selected.folder, self.selected.uidvalidity, uids, action)


def file_messages(
    messages: Iterable[RawMessage],
    store: Store,
    worker: Worker,
    *,
    timezone: tzinfo,
    on_receipts: Callable[[list[Receipt]], None],
) -> None:
    """File messages in batches; `on_receipts` hears of each batch when it is synced to disk. Raises `StoreError`."""
    for raws in batches(messages):
        on_receipts(file_batch(raws, store, worker, timezone=timezone))


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


def file_batch(raws: Sequence[RawMessage], store: Store, worker: Worker, *, timezone: tzinfo) -> list[Receipt]:
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
    bundles = worker.understand_all([job for job in jobs if job is not None], timezone=timezone)
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
