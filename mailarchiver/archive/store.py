"""The archive's only writer.

The order of a commit, each step done for all of a batch before the next begins (docs/archive-format.md)::

    lock │ decide │ stage all files │ sync │ rename each folder │ fsync their parents │ append to the manifest │ fsync
         │ ledger, one transaction │ receipts ─▶ only now is anything done on the server

A crash anywhere ends, at the next start or commit, in the same archive as no crash (recovery.py).
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self, TypeAlias

from ..errors import StoreError
from ..model import Bundle, Card, Entry, Filing, Receipt
from . import manifest, staging
from .access import Access
from .layout import FILE_MODE, Layout, become_owner
from .ledger import Keys, Ledger
from .sync import Flush
from .trouble import as_store_error

log = logging.getLogger(__name__)

ID_DIGITS = range(12, 65, 4)
"""How long an id may be: the first length at which no other mail has it (docs/archive-format.md, "The id")."""

Pair: TypeAlias = tuple[Bundle, Entry]
"""A bundle, and its entry as the manifest will have it: with `filed` and `same_as`."""


class Store:
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
    def open(cls, root: Path, *, min_free: int = 500_000_000, lock_wait: float = 60.0) -> Store:
        """The archive at `root`, created where there is none, put in order where a commit was interrupted.

        `min_free`: octets of disk space below which nothing is filed; `lock_wait`: seconds to wait for another holder.
        Run as root, the process becomes the archive's owner for good. Raises `StoreError`: a newer format (nothing is
        touched), a folder that holds something else, another user's archive, a lock held too long, any disk trouble.
        """
        layout = Layout(root)
        with as_store_error(layout):
            is_new = not layout.exists()
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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the ledger. Nothing is written: what was committed is on the disk already."""
        self._access.close()

    # --- filing -----------------------------------------------------------------------------------------------------

    def known(self, digest: str, folded: str) -> tuple[tuple[str, str], ...] | None:
        """(id, folder) of the entries of a mail, by its digest and that with line ends as LF.

        () where the user removed them: it is not to be filed again. None where it was never filed.
        """
        with self._access.reading() as ledger:
            return ledger.known(digest, folded)

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
        with self._access.exclusive() as ledger:
            with ledger.transaction():
                decided = [self._decide(ledger, filing, now) for filing in filings]
                fresh = [pair for _, pairs in decided for pair in pairs]
                if fresh:
                    self._require_space(fresh)
                    self._write(fresh)
                    ledger.taken_in(manifest.end(self._layout.manifest))
            staging.empty(self._layout)
            for bundle, _ in fresh:
                self._handed_out.pop(bundle.id, None)
        return [receipt for receipt, _ in decided]

    def _decide(self, ledger: Ledger, filing: Filing, now: datetime) -> tuple[Receipt, list[Pair]]:
        """What is to be filed of a message: nothing if it is known. The ledger learns of it, uncommitted."""
        known = ledger.known(filing.digest, filing.folded)
        if known is not None:
            ledger.note(filing.ref, filing.digest, "already")
            return Receipt(filing.ref, filing.digest, "already", known), []
        if not filing.bundles:
            raise StoreError(f"the mail {filing.digest} was in the archive and is no longer: file it again")
        fresh: list[Pair] = []
        for bundle in filing.bundles:
            self._require_id(ledger, bundle, filing.digest)
            same_as = ledger.same_as(bundle.url_key, bundle.text_key, filing.digest)
            filed = now.astimezone(UTC).isoformat(timespec="seconds")
            entry = replace(bundle.entry, filed=filed, same_as=same_as)
            card = bundle.card
            ledger.add(entry, Keys(filing.folded, bundle.url_key, bundle.text_key, card.excerpt, card.direction))
            fresh.append((bundle, entry))
        ledger.note(filing.ref, filing.digest, "filed")
        entries = tuple((entry.id, entry.folder) for _, entry in fresh)
        return Receipt(filing.ref, filing.digest, "filed", entries), fresh

    def _require_id(self, ledger: Ledger, bundle: Bundle, digest: str) -> None:
        base = bundle.id.partition("-")[0]
        if bundle.entry.sha256 != digest or not digest.startswith(base):
            raise ValueError(f"the bundle {bundle.id} is not of the mail {digest}")
        if ledger.holder(base) not in {None, digest}:
            self._handed_out.pop(base, None)
            raise StoreError(f"{self._layout.root}: the id {base} was taken meanwhile: the next round finds another")

    def _require_space(self, fresh: Sequence[Pair]) -> None:
        """Refuse before the disk is full: a full disk hurts more than this program."""
        disk = os.statvfs(self._layout.staging)
        free = disk.f_bavail * disk.f_frsize
        needed = sum(len(data) for bundle, _ in fresh for data in bundle.files.values())
        if free - needed < self._min_free:
            keep = f"{needed / 10**6:.1f} MB are needed, and {self._min_free // 10**6} MB are to stay free (min_free)"
            raise StoreError(
                f"{self._layout.root}: {free // 10**6} MB are free on its disk; {keep}: make room; nothing was filed"
            )

    def _write(self, fresh: Sequence[Pair]) -> None:
        """Stage, sync, rename, fsync the parents, append, fsync. Raises `OSError`, with everything undone."""
        layout, entries = self._layout, [entry for _, entry in fresh]
        before, placed = manifest.size(layout.manifest), list[Entry]()
        try:
            with Flush(layout.staging) as flush:
                staging.stage(layout, fresh)
                flush.sync()
            staging.make_way(layout, entries)
            for entry in entries:
                staging.place(layout, entry)
                placed.append(entry)
            staging.fsync_parents(layout, [layout.root / entry.folder for entry in entries])
            manifest.append(layout.manifest, map(manifest.to_line, entries), mode=FILE_MODE)
        except OSError:
            self._undo(placed, before)
            raise

    def _undo(self, placed: Sequence[Entry], before: int) -> None:
        """Take back a commit that failed half-way, the last step first.

        Where even that fails, everything is left as after a crash: the folders in place are whole, and recovery
        finishes or forgets the batch.
        """
        try:
            manifest.cut(self._layout.manifest, before)
            staging.take_back(self._layout, placed)
            staging.empty(self._layout)
        except OSError as error:
            log.warning(
                "%s: a failed batch could not be taken back (%s); the next start will", self._layout.root, error
            )

    # --- messages, by where they lay --------------------------------------------------------------------------------

    def done_uids(self, account: str, folder: str, uidvalidity: int | None) -> frozenset[int]:
        """The UIDs of a folder that need not be fetched again; none where the server states no UIDVALIDITY."""
        with self._access.reading() as ledger:
            return frozenset() if uidvalidity is None else ledger.done_uids(account, folder, uidvalidity)

    def unacknowledged(self, account: str, folder: str, uidvalidity: int) -> list[int]:
        """The UIDs that are in the archive, with no action on the server recorded yet; ascending."""
        with self._access.reading() as ledger:
            return ledger.unacknowledged(account, folder, uidvalidity)

    def acknowledged(self, account: str, folder: str, uidvalidity: int, uids: Sequence[int], action: str) -> None:
        """Record what was done on the server. Lost with the ledger, it would be done again."""
        with self._access.reading() as ledger, ledger.transaction():
            ledger.acknowledged(account, folder, uidvalidity, uids, action)

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

    def months(self) -> list[tuple[str, int]]:
        """The months and how many entries each has, newest first."""
        with self._access.reading() as ledger:
            return ledger.months()

    def cards(self, month: str) -> list[Card]:
        """The entries of a month, newest first."""
        with self._access.reading() as ledger:
            return ledger.cards(month)

    def newest(self, count: int) -> list[Card]:
        """The entries received last, newest first."""
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
            changed = {path: data for path, data in paths.items() if not _holds(path, data)}
            staging.replace(self._layout, changed)
            with ledger.transaction():
                ledger.cleaned(cleaned)
        return len(changed)

    def write_status(self, status: Mapping[str, object]) -> None:
        """Replace `status.json`."""
        text = json.dumps(status, ensure_ascii=False, indent=1) + "\n"
        with self._access.exclusive():
            staging.replace(self._layout, {self._layout.status: text.encode()})


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except FileNotFoundError:
        return False
