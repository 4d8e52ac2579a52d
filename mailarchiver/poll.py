"""One round of one account: fetch → understand → commit → acknowledge.

::

    mailbox.fetch | filing.file_batch | mailbox.acknowledge      then: pages
                                      ▲ from here on the mail is safe; nothing is done on the server before
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from .archive import glance
from .archive.store import Store
from .config import Account
from .errors import MailboxError
from .folder_round import FolderRound, RoundResult
from .mailbox.auth import read_secret
from .mailbox.imap import ImapMailbox, Selected
from .model import After, Rules
from .pages import browse
from .workers import Worker

MONTHS_AT_ONCE = 12
"""Months whose pages are in memory together when all are written again."""


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
        folder_round = FolderRound(mailbox, store, worker, account, selected, rules, no_target)
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
    result = FolderRound(mailbox, store, worker, kept, selected, rules, None).run(pending, pending, stop)
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
