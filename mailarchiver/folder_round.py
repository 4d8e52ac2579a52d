"""The round of one folder, opened already: fetch, understand, commit, acknowledge; and what a round reports."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from . import copies
from .doubts import Doubts
from .errors import FetchBrokeError, MailboxError
from .events import Event, about
from .filing import filed
from .mailbox import glimpse
from .mailbox.imap import Bounds
from .model import After, RawMessage, Receipt, Rules
from .receipts import without_own
from .text.wording import size_in_words

if TYPE_CHECKING:
    import threading

    from .archive.seen import Failure
    from .archive.store import Store
    from .config import Account
    from .mailbox.imap import ImapMailbox, Selected
    from .workers import Worker

Progress = Callable[[int, int], None]
"""Hears how many messages more are done, and how many more there are to do."""
TOLD_SECONDS = 10.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RoundResult:
    """What a round did: `found` messages were pending, `filed` of them are new, `already` were in the archive,
    `quarantined` were put into quarantine (`receipts` are theirs), `failed` could not be fetched, `waiting` could not
    be fetched before and are not tried again yet; `large` turned out to be larger than they may be, and are not looked
    at again. After a preview all but `found` and `waiting` are 0. `troubles` tell what of the account could not be
    done: a folder that is missing, filed mail that could not be moved. `lag` is that of the last message filed
    (`Receipt.lag`).
    """

    account: str
    found: int = 0
    filed: int = 0
    already: int = 0
    quarantined: int = 0
    failed: int = 0
    waiting: int = 0
    large: int = 0
    seconds: float = 0.0
    troubles: tuple[str, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    folders: tuple[str, ...] = ()
    lag: float | None = None

    def is_sound(self) -> bool:
        """Whether all that was to be done was done, and nothing went to quarantine."""
        return not (self.failed or self.waiting or self.large or self.troubles or self.quarantined)

    def __add__(self, other: RoundResult) -> RoundResult:
        return RoundResult(
            self.account,
            self.found + other.found,
            self.filed + other.filed,
            self.already + other.already,
            self.quarantined + other.quarantined,
            self.failed + other.failed,
            self.waiting + other.waiting,
            self.large + other.large,
            self.seconds + other.seconds,
            tuple(dict.fromkeys(self.troubles + other.troubles)),
            self.receipts + other.receipts,
            self.folders + other.folders,
            self.lag if other.lag is None else other.lag,
        )


@dataclass(frozen=True, slots=True)
class FolderRound:
    """The round of one selected folder. `no_target` is why nothing can be acknowledged now; mail is filed all the
    same, and acknowledged by a later round. `bounds` are those of a message; `progress` hears how many messages more
    are done, and how many more were found. `keys` are those of messages that have nothing better (glimpse.py): what is
    filed of these is noted.
    """

    mailbox: ImapMailbox
    store: Store
    worker: Worker
    account: Account
    selected: Selected
    rules: Rules
    no_target: str | None
    bounds: Bounds = field(default_factory=Bounds)
    progress: Progress = lambda _done, _found: None
    keys: Mapping[int, str] = field(default_factory=dict)

    def run(self, pending: Sequence[int], listed: Sequence[int], stop: threading.Event) -> RoundResult:
        """File what is pending of what the folder lists; ends after the batch in hand when `stop` is set."""
        done: list[Receipt] = []
        large: dict[int, int] = {}
        own: set[int] = set()
        doubts = Doubts(self.store, self.account.name, self.selected.folder, self.selected.uidvalidity)
        trouble = self.no_target or self.redo(listed, doubts.uids)
        doubts.forget(listed, self.mailbox.present)
        known = self.failures(listed)
        fresh = [uid for uid in pending if uid not in known and uid not in doubts.uids]
        is_due = {uid for uid, failure in known.items() if failure.is_due(datetime.now(UTC))}
        again = [uid for uid in pending if uid in is_due or (uid in doubts.uids and uid not in known)]
        if fresh or again:
            self.worker.prepare()
        fetched = without_own(doubts.settled(self.fetched(fresh, again, large)), self.store, own)
        batches = filed(fetched, self.store, self.worker, rules=self.rules)
        with closing(batches), self.interrupted():
            for receipts in self.told(batches, len(fresh) + len(again)):
                done += receipts
                self.want_receipts(receipts)
                self.note_glimpsed(receipts, doubts.unnoted)
                doubts.filed(receipt.ref.uid for receipt in receipts)
                trouble = trouble or self.acknowledge_all(receipts, doubts.uids)
                if stop.is_set():
                    self.mailbox.interrupt(is_unwanted=True)  # nobody wants what is being fetched ahead
                    break
        came = {receipt.ref.uid for receipt in done} | large.keys() | own
        failed = [] if stop.is_set() else self.withheld({*fresh, *again} - came)
        if not stop.is_set():
            trouble = trouble or self.flag_large(listed, large)
        outcomes = [receipt.outcome for receipt in done]
        return RoundResult(
            self.account.name,
            len(fresh) + len(again) - len(own),
            *(outcomes.count("filed"), outcomes.count("already"), outcomes.count("quarantined")),
            failed=len(failed),
            waiting=len(pending) - len(fresh) - len(again),
            large=len(large),
            troubles=(trouble,) if trouble else (),
            receipts=tuple(receipt for receipt in done if receipt.outcome == "quarantined"),
            lag=next((receipt.lag for receipt in reversed(done) if receipt.lag is not None), None),
        )

    @contextmanager
    def interrupted(self) -> Iterator[None]:
        """Where the round ends for another reason than the mailbox, nobody waits for what is being fetched ahead."""
        try:
            yield
        except MailboxError:
            raise
        except BaseException:
            self.mailbox.interrupt(is_unwanted=True)
            raise

    def told(self, batches: Iterable[list[Receipt]], found: int) -> Iterator[list[Receipt]]:
        """The same batches; how far the round has come is told, in the log every ten seconds."""
        self.progress(0, found)
        done, told = 0, time.monotonic()
        for receipts in batches:
            yield receipts
            done += len(receipts)
            self.progress(len(receipts), 0)
            if time.monotonic() - told > TOLD_SECONDS:
                told = time.monotonic()
                log.info(
                    "%s: %s: %s of %s messages", self.account.name, self.selected.folder, f"{done:,}", f"{found:,}"
                )

    def fetched(self, fresh: Sequence[int], again: Sequence[int], large: dict[int, int]) -> Iterator[list[RawMessage]]:
        """The messages in batches. Those that could not be fetched before come last and one by one, so that one at
        which the connection breaks is known by it, and holds up no other for longer than a round. Those that are
        larger than they may be are recorded, and entered in `large`.
        """

        def hear(sizes: Mapping[int, int]) -> None:
            large.update(sizes)
            self.note_large(sizes)

        try:
            yield from self.mailbox.fetch(fresh, bounds=self.bounds, on_large=hear)
            yield from self.mailbox.fetch(again, at_once=1, bounds=self.bounds, on_large=hear)
        except FetchBrokeError as error:
            self.note_failed(error.uids, str(error))
            raise

    def withheld(self, missing: set[int]) -> list[int]:
        """Those of the messages that did not come which are still there: that is recorded. The others are gone."""
        there = sorted(self.mailbox.present(missing))
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

    def note_large(self, sizes: Mapping[int, int]) -> None:
        """Record what is larger than it may be, and say it: it is not looked at again."""
        for uid, size in sizes.items():
            log.warning(
                "%s: %s, UID %d has %s, more than max_message (%s): it is left on the server",
                *(self.account.name, self.selected.folder, uid),
                *(size_in_words(size), size_in_words(self.bounds.largest)),
                extra=about(Event.TOO_LARGE, account=self.account.name, mailbox=self.selected.folder, uid=uid),
            )
        if self.selected.uidvalidity is not None:
            self.store.note_large(self.account.name, self.selected.folder, self.selected.uidvalidity, sizes)

    def flag_large(self, listed: Sequence[int], found: Mapping[int, int]) -> str | None:
        r"""Set \Flagged on what is larger than it may be, unless `after` is `keep`, where it is not done yet; what has
        left the folder is forgotten. Returns as `acknowledge`.
        """
        if self.selected.uidvalidity is None:
            return None
        place = (self.account.name, self.selected.folder, self.selected.uidvalidity)
        known = self.store.large(*place)
        gone = known.keys() - {*listed, *found}
        if gone:
            self.store.forget_large(*place, gone)
        left = [uid for uid in sorted(known.keys() - gone) if known[uid].action is None]
        after = self._after(held=True)
        done, trouble = self._act(left, after)
        if done:
            self.store.flagged_large(*place, done, after.action)
        return trouble

    def redo(self, listed: Sequence[int], doubtful: Container[int]) -> str | None:
        """Acknowledge what an earlier round filed but was stopped before acknowledging, but for what is in doubt. What
        has meanwhile left the folder needs no action, and is recorded as such, if a second look agrees: a search may
        come back empty by mistake, or know only what is newer than `since`. Returns as `acknowledge`.
        """
        if self.selected.uidvalidity is None:
            return None
        place = (self.account.name, self.selected.folder, self.selected.uidvalidity)
        undone = {held: self.store.unacknowledged(*place, quarantined=held) for held in (False, True)}
        unlisted = {uid for uids in undone.values() for uid in uids}.difference(listed)
        present = {*listed, *self.mailbox.present(unlisted)}
        trouble = None
        for quarantined, uids in undone.items():
            self._record([uid for uid in uids if uid not in present], After("keep"))
            left = [uid for uid in uids if uid in present and uid not in doubtful]
            trouble = trouble or self.acknowledge(left, quarantined=quarantined, is_again=True)
        return trouble

    def note_glimpsed(self, receipts: Sequence[Receipt], doubtful: Mapping[int, str]) -> None:
        """Record what has no UID to be known by. What is in doubt is known by what came of it, too, and so is fetched
        again, until that is the same twice.
        """
        keys = {uid: key for receipt in receipts if (key := self.keys.get(uid := receipt.ref.uid or 0))}
        if in_doubt := [uid for uid in keys if uid in doubtful]:
            known = self.store.notes.glimpsed(self.account.name, self.selected.folder)
            parts = {uid: glimpse.of_part(keys[uid], doubtful[uid]) for uid in in_doubt}
            keys |= {uid: part for uid, part in parts.items() if part not in known}
        if keys:
            self.store.notes.glimpse(self.account.name, self.selected.folder, keys.values())

    def want_receipts(self, receipts: Sequence[Receipt]) -> None:
        """Have what is new told of in the mailbox, where the owner wants that."""
        new = [receipt.digest for receipt in receipts if receipt.outcome == "filed" and receipt.quarantine is None]
        if new and self.account.receipt is not None:
            self.store.receipts.want(self.account.name, new)

    def acknowledge_all(self, receipts: Sequence[Receipt], doubtful: Container[int]) -> str | None:
        """Acknowledge a batch, but for what is in doubt. Returns as `acknowledge`."""
        trouble = None
        for quarantined in (False, True):
            some = [receipt.ref.uid for receipt in receipts if (receipt.quarantine is not None) == quarantined]
            uids = [uid for uid in some if uid is not None and uid not in doubtful]
            trouble = trouble or self.acknowledge(uids, quarantined=quarantined)
        return trouble

    def acknowledge(self, uids: Sequence[int], *, quarantined: bool, is_again: bool = False) -> str | None:
        """The server action on mail that is safely in the archive: what `after` says of filed mail; mail in quarantine
        is only flagged, and not even that if `after` is `keep`. Returns what the server has against it, if it refuses:
        that must not keep the mail behind it from being filed. Raises `MailboxError` where the connection broke.

        Without UIDVALIDITY a UID names nothing for sure (RFC 3501 §2.3.1.1): then nothing is done. Nor is it where the
        next batch, on its way already, broke the connection: the next round does it, and that error has its turn. Where
        it `is_again`, and nothing is being fetched, what was copied before a cut is looked for.
        """
        after = self._after(held=quarantined)
        done, trouble = self._act(uids, after, is_again=is_again)
        self._record(done, after)
        return trouble

    def _after(self, *, held: bool) -> After:
        """What is to be done; mail that is held in quarantine, or for its size, is never moved."""
        return After("flag") if held and self.account.after.action != "keep" else self.account.after

    def _act(self, uids: Sequence[int], after: After, *, is_again: bool = False) -> tuple[list[int], str | None]:
        """Those for which it is done, and what the server has against it."""
        if not uids or self.selected.uidvalidity is None or not self.mailbox.is_connected:
            return [], None
        try:
            # Moving is COPY and more where the server knows no MOVE: two rounds at once would copy all twice.
            with self.store.moving(self.account.name) if after.action == "move" else nullcontext():
                done = self.mailbox.acknowledge(uids, after, self._book(uids, after, is_again=is_again))
        except MailboxError as error:
            if not self.mailbox.is_connected:
                raise
            return [], str(error)
        return [uid for uid in uids if uid in done], None

    def _book(self, uids: Sequence[int], after: After, *, is_again: bool) -> copies.Book | None:
        """What is to be noted, and is known, of copies of these messages."""
        if after.folder is None or self.selected.uidvalidity is None:
            return None
        place = (self.account.name, self.selected.folder, self.selected.uidvalidity)
        known = self.store.notes.copying(*place) if is_again else {}
        begun = {uid: known[uid] for uid in uids if uid in known}
        copied = copies.found(self.mailbox, self.account.name, self.selected, begun) if begun else set()
        return copies.Book(self.store, place, after.folder, copied)

    def _record(self, uids: Sequence[int], after: After) -> None:
        if uids and self.selected.uidvalidity is not None:
            action = f"move:{after.folder}" if after.action == "move" else after.action
            self.store.acknowledged(self.account.name, self.selected.folder, self.selected.uidvalidity, uids, action)
