"""The archive's only writer.

The order of a commit, each step done for all of a batch before the next begins (docs/archive-format.md)::

    lock │ decide │ stage all files │ sync │ rename each folder │ fsync their parents │ append to the manifest │ fsync
         │ ledger, one transaction │ receipts ─▶ only now is anything done on the server

A crash anywhere ends, at the next start or commit, in the same archive as no crash (recovery.py).
"""

from __future__ import annotations

import copy
import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from ..errors import ArchiveRefused, NoSuchEntry, StoreError
from ..model import Bundle, Card, Entry, Filing, Quarantined, Receipt
from . import lock, quarantine, search_index, staging
from .access import Access
from .batch import Batch, check
from .changing import Changing, keys
from .layout import Layout, become_owner
from .ledger import Ledger
from .receipts import Receipts
from .recovery import Rebuilt, Step
from .seen import Cursor, Failure, Large
from .trouble import as_store_error

ID_DIGITS = range(12, 65, 4)
"""How long an id may be: the first length at which no other mail has it (docs/archive-format.md, "The id")."""


class Store(Changing):
    """An archive, open for writing. Every method raises `StoreError` where the disk or another holder is in the way.

    May be used from several threads, one at a time gets in. Holds the lock for a batch, never longer, so several
    processes may have the same archive open.
    """

    def __init__(self, layout: Layout, *, min_free: int, lock_wait: float) -> None:
        """`Store.open` makes one: this neither creates nor checks anything."""
        self._layout = layout
        self._min_free = min_free
        self._access = Access(layout, wait=lock_wait)
        self._handed_out: dict[str, str] = {}

    @classmethod
    def open(cls, root: Path, *, min_free: int = 500_000_000, lock_wait: float = 60.0, create: bool = True) -> Store:
        """The archive at `root`, created where there is none, put in order where a commit was interrupted.

        Without `create`, raises `NoSuchEntry` where there is none.
        `min_free`: octets of disk space below which nothing is filed; `lock_wait`: seconds to wait for another holder.
        Run as root, the process becomes the archive's owner for good. Raises `ArchiveRefused`: a newer format (nothing
        is touched), a folder that holds something else, another user's archive; `StoreError`: a lock held too long, any
        disk trouble.
        """
        layout = Layout(root)
        with as_store_error(layout):
            is_new = not layout.exists()
            if is_new and not create:
                raise NoSuchEntry(f"{root} is no archive: name one with --root DIR, or in the configuration")
            layout.make_root()
            become_owner(root)
            store = cls(layout, min_free=min_free, lock_wait=lock_wait)
            with ExitStack() as on_failure:
                on_failure.callback(store.close)
                with store._access.exclusive():
                    if is_new:
                        layout.make_readme()
                on_failure.pop_all()
        return store

    @classmethod
    def rebuild(
        cls, root: Path, *, sift: bool = False, step: Step = lambda _: None, lock_wait: float = 60.0
    ) -> Rebuilt:
        """Make the ledger of the archive at `root` again, even one that cannot be opened, and give each whole folder
        without a line in the manifest one. With `sift`, damaged lines of the manifest are left out. Reads every
        article; `step` hears of each. Raises as `open`, also where there is no archive.
        """
        layout = Layout(root)
        with as_store_error(layout):
            if not layout.exists():
                raise ArchiveRefused(f"{root} is no archive: name the folder that holds README.txt and manifest.jsonl")
            become_owner(root)
            access = Access(layout, wait=lock_wait)
            try:
                return access.rebuild(sift=sift, step=step)
            finally:
                access.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def lent(self, revoked: threading.Event) -> Store:
        """The same archive until the event is set: then each method raises `StoreError`, but for one under way."""
        borrowed = copy.copy(self)
        borrowed._access = self._access.lent(revoked)  # noqa: SLF001 - a store of our own making
        return borrowed

    def rest(self) -> None:
        """Keep no more memory than is needed while nothing is filed."""
        self._access.rest()

    def keep_free(self, octets: int) -> None:
        """Leave so much of the disk free from now on (`min_free`)."""
        self._min_free = octets

    def close(self) -> None:
        """Close the ledger. Nothing is written: what was committed is on the disk already."""
        self._access.close()

    # --- filing -----------------------------------------------------------------------------------------------------

    def known(self, digest: str, folded: str, *, again: bool = False) -> tuple[tuple[str, str], ...] | None:
        """(id, folder) of the entries of a mail, by its digest and that with line ends as LF.

        () where the user removed them, or where the mail lies in quarantine: it is not to be filed again. None where
        it was never filed, or has been taken out of quarantine by hand; with `again`, also where all was removed.
        """
        with self._access.reading() as ledger:
            known = ledger.known(digest, folded)
            lies = ledger.quarantined(digest, folded) if known is None else None
            if known == () and again:
                return None
            if lies is None or (self._layout.quarantine / lies / quarantine.MESSAGE).is_file():
                return known if lies is None else ()
            with ledger.transaction():
                ledger.forget_quarantined(lies)
            return None

    def free_id(self, digest: str) -> str:
        """The id for a mail: the first 12 hex digits of its digest.

        It has 16, 20 … of them where another mail has the shorter id, or was given it by this store since.
        """
        with self._access.reading() as ledger:
            for digits in ID_DIGITS:
                base = digest[:digits]
                if {ledger.holder(base), self._handed_out.get(base)} <= {None, digest}:
                    self._handed_out[base] = digest
                    return base
        raise StoreError(f"no id is free for {digest}")

    def commit(self, filings: Sequence[Filing], *, now: datetime) -> list[Receipt]:
        """File a batch; on return all of it is on the disk. One receipt for each filing, in their order.

        Raises `StoreError`: then nothing of the batch is to be acknowledged, and all of it may be filed again.
        """
        with self._batch() as (ledger, batch):
            receipts = [self._decide(ledger, filing, now, batch) for filing in filings]
        for bundle, _ in batch.entries:
            self._handed_out.pop(bundle.id, None)
        return receipts

    def _decide(self, ledger: Ledger, filing: Filing, now: datetime, batch: Batch) -> Receipt:
        """What is to be written of a message: nothing if it is known. The ledger learns of it, uncommitted."""
        known = ledger.known(filing.digest, filing.folded)
        if filing.again == "quarantined":
            ledger.released(filing.digest)
            batch.released.append(filing.digest)
        if known is not None and not (known == () and filing.again == "removed"):
            ledger.note(filing.ref, filing.digest, "already", ledger.kept(filing.digest, filing.folded))
            return Receipt(filing.ref, filing.digest, "already", known)
        lies = ledger.quarantined(filing.digest, filing.folded)
        if lies is not None:
            ledger.note(filing.ref, filing.digest, "quarantined", lies)
            return Receipt(filing.ref, filing.digest, "already", quarantine=quarantine.relative(lies))
        if filing.quarantined is not None:
            return self._quarantine(ledger, filing, filing.quarantined, now, batch)
        if not filing.bundles:
            raise StoreError(f"the mail {filing.digest} was in the archive and is no longer: file it again")
        entries: list[tuple[str, str]] = []
        for bundle in filing.bundles:
            self._require_id(ledger, bundle, filing.digest)
            same_as = ledger.same_as(bundle.url_key, bundle.text_key, filing.digest)
            filed = now.astimezone(UTC).isoformat(timespec="seconds")
            entry = replace(bundle.entry, filed=filed, same_as=same_as)
            ledger.add(entry, keys(bundle, filing.folded))
            batch.entries.append((bundle, entry))
            entries.append((entry.id, entry.folder))
        ledger.note(filing.ref, filing.digest, "filed")
        return Receipt(filing.ref, filing.digest, "filed", tuple(entries))

    def _quarantine(
        self, ledger: Ledger, filing: Filing, quarantined: Quarantined, now: datetime, batch: Batch
    ) -> Receipt:
        digest = filing.digest
        batch.quarantined[digest] = quarantine.files(quarantined, digest, now=now)
        ledger.quarantine(digest, filing.folded)
        ledger.note(filing.ref, digest, "quarantined")
        where = quarantine.relative(digest)
        return Receipt(filing.ref, digest, "quarantined", quarantine=where, why=quarantined.why)

    def _require_id(self, ledger: Ledger, bundle: Bundle, digest: str) -> None:
        check(bundle, digest)
        base = bundle.id.partition("-")[0]
        if ledger.holder(base) not in {None, digest}:
            self._handed_out.pop(base, None)
            raise StoreError(f"{self._layout.root}: the id {base} was taken meanwhile: the next round finds another")

    # --- messages, by where they lay --------------------------------------------------------------------------------

    def done_uids(self, account: str, folder: str, uidvalidity: int | None, *, above: int = 0) -> frozenset[int]:
        """The UIDs of a folder beyond `above` that need not be fetched again; none where the server states no
        UIDVALIDITY.
        """
        with self._access.reading() as ledger:
            return frozenset() if uidvalidity is None else ledger.done_uids(account, folder, uidvalidity, above=above)

    def unacknowledged(self, account: str, folder: str, uidvalidity: int, *, quarantined: bool = False) -> list[int]:
        """The UIDs that are filed, or else `quarantined`, with no action on the server recorded yet; ascending."""
        with self._access.reading() as ledger:
            return ledger.unacknowledged(account, folder, uidvalidity, quarantined=quarantined)

    def acknowledged(self, account: str, folder: str, uidvalidity: int, uids: Sequence[int], action: str) -> None:
        """Record what was done on the server. Lost with the ledger, it would be done again."""
        with self._access.reading() as ledger, ledger.transaction():
            ledger.acknowledged(account, folder, uidvalidity, uids, action)

    def is_to_be_looked_through(self, account: str, folder: str) -> bool:
        """Whether a folder that mail is moved to may hold mail that was filed and is unknown: the ledger was made from
        a manifest that may be older, as one from a backup is.
        """
        with self._access.reading() as ledger:
            return ledger.is_to_be_looked_through(account, folder)

    def looked_through(self, account: str, folder: str) -> None:
        """All mail in that folder is known now."""
        with self._access.reading() as ledger, ledger.transaction():
            ledger.looked_through(account, folder)

    def failures(self, account: str, folder: str, uidvalidity: int | None) -> dict[int, Failure]:
        """The messages of a folder that could not be fetched so far, by their UIDs."""
        with self._access.reading() as ledger:
            return {} if uidvalidity is None else ledger.failures(account, folder, uidvalidity)

    def note_failures(
        self, account: str, folder: str, uidvalidity: int, uids: Sequence[int], *, why: str, now: datetime
    ) -> None:
        """Record that these could not be fetched once more: each is left alone for a while, longer each time."""
        with self._access.reading() as ledger, ledger.transaction():
            ledger.note_failures(account, folder, uidvalidity, uids, why, now)

    def forget_failures(self, account: str, folder: str, uidvalidity: int, uids: Iterable[int]) -> None:
        """These are no longer where they could not be fetched from."""
        with self._access.reading() as ledger, ledger.transaction():
            ledger.forget_failures(account, folder, uidvalidity, uids)

    def large(self, account: str, folder: str, uidvalidity: int | None) -> dict[int, Large]:
        """The messages of a folder that are larger than they may be, by their UIDs."""
        with self._access.reading() as ledger:
            return {} if uidvalidity is None else ledger.large(account, folder, uidvalidity)

    def note_large(self, account: str, folder: str, uidvalidity: int, sizes: Mapping[int, int]) -> None:
        """Record messages that are larger than they may be (UID → octets)."""
        with self._access.reading() as ledger, ledger.transaction():
            ledger.note_large(account, folder, uidvalidity, sizes)

    def flagged_large(self, account: str, folder: str, uidvalidity: int, uids: Iterable[int], action: str) -> None:
        """Record what was done about them on the server."""
        with self._access.reading() as ledger, ledger.transaction():
            ledger.flagged_large(account, folder, uidvalidity, uids, action)

    def forget_large(self, account: str, folder: str, uidvalidity: int, uids: Iterable[int]) -> None:
        """These are no longer where they were."""
        with self._access.reading() as ledger, ledger.transaction():
            ledger.forget_large(account, folder, uidvalidity, uids)

    def cursor(self, account: str, folder: str) -> Cursor | None:
        """How far a folder is done; None where that is not known."""
        with self._access.reading() as ledger:
            return ledger.cursor(account, folder)

    def set_cursor(self, account: str, folder: str, cursor: Cursor) -> None:
        """A folder is done so far."""
        with self._access.reading() as ledger, ledger.transaction():
            ledger.set_cursor(account, folder, cursor)

    @property
    def receipts(self) -> Receipts:
        """Which filed mails are to be told of in their mailbox."""
        return Receipts(self._access, self._layout.root)

    def in_quarantine(self) -> int:
        """How many mails lie in quarantine."""
        with self._access.reading() as ledger:
            return ledger.in_quarantine()

    # --- what people browse -----------------------------------------------------------------------------------------

    def position(self) -> int:
        """How far the archive has come: grows with everything filed. For `write_pages(as_of=…)`."""
        with self._access.reading() as ledger:
            position = ledger.position()
            return 0 if position is None else position.size

    def dirty_months(self) -> list[str]:
        """The months whose pages are behind what was filed (`2024/03`), oldest first."""
        with self._access.reading() as ledger:
            return ledger.dirty_months()

    def dirty(self, months: Sequence[str]) -> None:
        """Have the pages of these months written again."""
        with self._access.reading() as ledger, ledger.transaction():
            ledger.dirtied(months)

    def months(self) -> list[tuple[str, int]]:
        """The months and how many entries each has, newest first."""
        with self._access.reading() as ledger:
            return ledger.months()

    def cards(self, month: str) -> list[Card]:
        """The entries of a month, newest first."""
        with self._access.reading() as ledger:
            return ledger.cards(month)

    def newest(self, count: int) -> list[Card]:
        """The entries received last, newest first; without those of automatic mail."""
        with self._access.reading() as ledger:
            return ledger.newest(count)

    def entries(self) -> Iterator[Entry]:
        """All entries that stand, in the order of the manifest."""
        last = 0
        while True:
            with self._access.reading() as ledger:
                page = ledger.entries(last, 500)
            if not page:
                return
            yield from (entry for _, entry in page)
            last = page[-1][0]

    def write_pages(self, files: Mapping[str, bytes], *, cleaned: Sequence[str], as_of: int | None = None) -> int:
        """Bring browse pages to the disk, each whole or not at all, and mark the months in `cleaned` as up to date.

        Returns how many files were written: those that are the same already are left alone. `as_of` is `position()`
        from before the entries were read: if something was filed since, nothing is written, and the months stay
        dirty, so that older pages never replace newer ones.
        """
        with self._access.exclusive() as ledger:
            position = ledger.position()
            if as_of is not None and (position is None or position.size != as_of):
                return 0
            paths = {self._layout.page(name): data for name, data in files.items()}
            changed = {path: data for path, data in paths.items() if not staging.holds(path, data)}
            staging.replace(self._layout, changed)
            with ledger.transaction():
                ledger.cleaned(cleaned)
        return len(changed)

    # --- what people search -----------------------------------------------------------------------------------------

    def update_search(self, *, seconds: float | None = None, step: Callable[[int], None] | None = None) -> int:
        """Bring the full-text index up to date; how many lines of the manifest it took in.

        A missing, damaged or older index is made anew. It ends after about `seconds`; the next call goes on where it
        stood. `step` hears how many were taken in since the last time. The lock is held for a few at a time.
        """
        start, total = time.monotonic(), 0
        while True:
            with self._access.exclusive():
                taken = search_index.update(self._layout, lines=search_index.AT_ONCE)
            total += taken
            if taken and step is not None:
                step(taken)
            is_late = seconds is not None and time.monotonic() - start >= seconds
            if is_late or (taken < search_index.AT_ONCE and not self._merge_search()):
                return total
            time.sleep(2 * lock.PAUSE)  # somebody who waits for the lock gets it

    def _merge_search(self) -> bool:
        with self._access.exclusive():
            return search_index.merge(self._layout)

    def rebuild_search(self, *, step: Callable[[int], None] | None = None) -> int:
        """Make the full-text index anew; how many lines of the manifest it took in."""
        with self._access.exclusive():
            search_index.delete(self._layout)
        return self.update_search(step=step)

    def write_status(self, status: Mapping[str, object]) -> None:
        """Replace `status.json`."""
        text = json.dumps(status, ensure_ascii=False, indent=1) + "\n"
        with self._access.exclusive():
            staging.replace(self._layout, {self._layout.status: text.encode()})
