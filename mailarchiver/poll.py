"""One round of one account: fetch → understand → commit → acknowledge.

::

    mailbox.fetch | filing.filed | mailbox.acknowledge      then: pages
                                      ▲ from here on the mail is safe; nothing is done on the server before
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from . import receipts
from .archive import glance
from .archive.store import Store
from .config import Account
from .errors import MailboxError
from .folder_round import FolderRound, Progress, RoundResult
from .mailbox.imap import Bounds, ImapMailbox, Selected
from .model import After, Rules
from .pages import browse
from .pending import look
from .schedule import hint
from .workers import Worker

MONTHS_AT_ONCE = 12
"""Months whose pages are in memory together, and for which the archive's lock is held, when all are written again."""

log = logging.getLogger(__name__)


def poll_account(
    account: Account,
    store: Store,
    worker: Worker,
    *,
    rules: Rules,
    stop: threading.Event,
    bounds: Bounds = Bounds(),  # noqa: B008 - it is frozen
    progress: Progress = lambda _done, _found: None,
    on_mailbox: Callable[[ImapMailbox], None] = lambda _: None,
) -> RoundResult:
    """One round over all folders of an account; ends after the batch in hand when `stop` is set. `progress` hears how
    many messages more are done, and how many more were found; `on_mailbox` of the mailbox, before it connects, so that
    it can be interrupted.

    A folder that the server refuses does not hold up the others: that is told in `RoundResult.troubles`. Where the
    ledger was made anew, the folder that mail is moved to is looked through, too: what is not in the archive is filed.
    Raises `MailboxError` (none of the account's folders can be read; what was committed before stays), `StoreError`
    (the archive's trouble).
    """

    def file(account: Account, mailbox: ImapMailbox, selected: Selected, no_target: str | None) -> RoundResult:
        sight = look(mailbox, selected, account, store, largest=bounds.largest, now=datetime.now(UTC))
        folder_round = FolderRound(
            mailbox, store, worker, account, selected, rules, no_target, bounds, progress, sight.keys
        )
        result = folder_round.run(sight.pending, sight.listed, stop)
        if sight.cursor is not None and not stop.is_set():
            store.set_cursor(account.name, selected.folder, sight.cursor)
        return result

    def look_through(account: Account, mailbox: ImapMailbox) -> RoundResult:
        target = account.after.folder
        if target is None or stop.is_set() or not store.is_to_be_looked_through(account.name, target):
            return RoundResult(account.name)
        return _look_through(account, target, mailbox, store, worker, rules=rules, stop=stop, bounds=bounds)

    def finish(account: Account, mailbox: ImapMailbox) -> RoundResult:
        result = look_through(account, mailbox)
        trouble = receipts.send(account, mailbox, store, stop)
        return result + RoundResult(account.name, troubles=(trouble,) if trouble else ())

    return _each_folder(account, file, stop, finish, on_mailbox, writable=account.after.action != "keep")


def _look_through(
    account: Account,
    target: str,
    mailbox: ImapMailbox,
    store: Store,
    worker: Worker,
    *,
    rules: Rules,
    stop: threading.Event,
    bounds: Bounds,
) -> RoundResult:
    """File what was moved to this folder and is not in the archive, which came from a backup that is older than that.

    Nothing is done there on the server. Once all of it came, and none is in doubt, it is not looked through again.
    """
    selected = mailbox.select(target, writable=False)
    place = None if selected.uidvalidity is None else (account.name, target, selected.uidvalidity)
    done = store.done_uids(account.name, target, selected.uidvalidity)
    done -= store.notes.doubtful(*place).keys() if place else frozenset()
    pending = [uid for uid in mailbox.search(account.since) if uid not in done]
    kept = account.model_copy(update={"after": After("keep")})
    result = FolderRound(mailbox, store, worker, kept, selected, rules, None, bounds).run(pending, pending, stop)
    is_in_doubt = place is not None and store.notes.doubtful(*place)
    if not (result.failed or result.waiting or is_in_doubt or stop.is_set()):
        store.looked_through(account.name, target)
    return result


def preview_account(account: Account, root: Path, *, largest: int = Bounds().largest) -> RoundResult:
    """How many messages a round would fetch into the archive at `root`; what is known to have more than `largest`
    octets is not. Nothing is written, here or on the server.

    Raises as `poll_account`.
    """

    def count(account: Account, mailbox: ImapMailbox, selected: Selected, _no_target: str | None) -> RoundResult:
        place = (account.name, selected.folder, selected.uidvalidity)
        pending = set(mailbox.search(account.since)) - glance.done_uids(root, *place)
        pending -= {uid for uid, found in glance.large(root, *place).items() if found.size > largest}
        waiting = pending & glance.waiting(root, *place, datetime.now(UTC))
        return RoundResult(account.name, found=len(pending - waiting), waiting=len(waiting))

    nothing = RoundResult(account.name)
    return _each_folder(account, count, threading.Event(), lambda *_: nothing, lambda _: None, writable=False)


def _each_folder(
    account: Account,
    work: Callable[[Account, ImapMailbox, Selected, str | None], RoundResult],
    stop: threading.Event,
    then: Callable[[Account, ImapMailbox], RoundResult],
    on_mailbox: Callable[[ImapMailbox], None],
    *,
    writable: bool,
) -> RoundResult:
    """Select each folder of an account and do the work there, `then` the rest, if mail can be moved where it is to go;
    what is refused is told once all others are done. Both get the account with its folders by their names, as patterns
    and special uses are resolved anew each time. A folder at which the connection breaks, once, is one that is refused:
    it may do so in every round, and those behind it would never be read.
    """
    start = time.monotonic()
    result = RoundResult(account.name)
    refused: list[MailboxError] = []
    again = False
    mailbox = ImapMailbox(account.name, account.server(), account.credentials())
    on_mailbox(mailbox)
    with mailbox:
        account, unmet, no_target = _resolved(account, mailbox)
        for folder in account.folders:
            if stop.is_set():
                break
            try:
                result += work(account, mailbox, mailbox.select(folder, writable=writable), no_target)
            except MailboxError as error:
                if not mailbox.is_connected:
                    unwanted = stop.is_set() or mailbox.is_interrupted or hint([str(error)])
                    if unwanted or again or len(account.folders) == 1:
                        raise
                    again = True
                    log.warning("%s; connecting once more, for the other folders", error)
                    mailbox.connect()
                refused.append(error)
        if len(refused) == len(account.folders):
            raise refused[0] if refused else MailboxError("; ".join(unmet))
        try:
            result += then(account, mailbox) if no_target is None else RoundResult(account.name)
        except MailboxError as error:
            if not mailbox.is_connected:
                raise
            refused.append(error)
    troubles = (*unmet, *(str(trouble) for trouble in (no_target, *refused) if trouble))
    done = RoundResult(account.name, seconds=time.monotonic() - start, troubles=troubles, folders=account.folders)
    return result + done


def _resolved(account: Account, mailbox: ImapMailbox) -> tuple[Account, list[str], str | None]:
    """The account with the names that its folders have on the server; what of them is not there; and why mail cannot be
    moved where `after` says, as far as the server can tell before any is: a wrong name is told by the first round, and
    by a dry run, not by the first mail.
    """
    choice = mailbox.choose(account.folders, account.after.folder)
    unmet = [f"account {account.name}: {trouble}" for trouble in choice.troubles]
    if choice.no_target is not None:
        return (
            account.model_copy(update={"folders": choice.folders}),
            unmet,
            f"account {account.name}: {choice.no_target}",
        )
    resolved = account.model_copy(
        update={"folders": choice.folders, "after": replace(account.after, folder=choice.target)}
    )
    return resolved, unmet, _target_trouble(mailbox, resolved.after)


def _target_trouble(mailbox: ImapMailbox, after: After) -> str | None:
    """Why the folder that mail is to be moved to cannot be opened."""
    if after.folder is None:
        return None
    try:
        mailbox.select(after.folder, writable=False)
    except MailboxError as error:
        if not mailbox.is_connected:
            raise
        return str(error)
    return None


def refresh_pages(
    store: Store, *, stop: threading.Event | None = None, step: Callable[[int], None] = lambda _: None
) -> int:
    """Bring the browse pages up to date; the number of files written. Filing never waits for this.

    Pages of another version are all made again, whoever comes first: all months are marked in the ledger before the
    front page says the version. So what is broken off is gone on with by the next. It ends after some months when
    `stop` is set; `step` hears how many are done since the last time.
    """
    if not are_of_this_version(store.root):
        store.dirty([name for name, _ in store.months()])
    dirty, written = store.dirty_months(), 0
    for start in range(0, max(1, len(dirty)), MONTHS_AT_ONCE):
        if stop is not None and stop.is_set():
            break
        as_of, some = store.position(), dirty[start : start + MONTHS_AT_ONCE]
        files = browse.front(store.newest(100), store.months())
        for month in some:
            files |= browse.month(month, store.cards(month))
        written += store.write_pages(files, cleaned=some, as_of=as_of)
        step(len(some))
    return written


def are_of_this_version(root: Path) -> bool:
    """Whether the front page was made by this program: then no month has older pages but those that are marked."""
    try:
        return browse.version_of((root / browse.FRONT).read_bytes()) == browse.version()
    except OSError:  # it is missing, or cannot be read: the pages are made again, and writing tells what is wrong
        return False


def rebuild_pages(store: Store, *, step: Callable[[int], None]) -> int:
    """Write all browse pages again, some months at a time; how many were not as they should be. `step` hears how many
    months are done since the last time.
    """
    store.dirty([name for name, _ in store.months()])
    return refresh_pages(store, step=step)
