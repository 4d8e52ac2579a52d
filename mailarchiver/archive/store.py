"""The archive's only writer.

The order of a commit, each step done for all of a batch before the next begins (docs/archive-format.md)::

    lock │ decide │ stage all files │ sync │ rename each folder │ fsync their parents │ append to the manifest │ fsync
         │ ledger, one transaction │ receipts ─▶ only now is anything done on the server

A crash anywhere ends, at the next start or commit, in the same archive as no crash (recovery.py). Here stands when a
step is taken, and what is decided of a mail; batch.py writes. Replacing and removing (changing.py) are commits, too;
what is remembered of messages (remembering.py) is the ledger's alone, and what is shown (publishing.py) comes later.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from ..errors import ArchiveRefused, NoSuchEntry, StoreError
from ..model import Bundle, Filing, Quarantined, Receipt
from . import manifest, quarantine, staging
from .access import Access
from .batch import Batch, check
from .changing import Changing, keys
from .layout import Layout, become_owner
from .ledger import Ledger
from .publishing import Publishing
from .recovery import Rebuilt, Step
from .remembering import Remembering
from .trouble import as_store_error

ID_DIGITS = range(12, 65, 4)
"""How long an id may be: the first length at which no other mail has it (docs/archive-format.md, "The id")."""


class Store(Publishing, Remembering, Changing):
    """An archive, open for writing. Every method raises `StoreError` where the disk or another holder is in the way.

    May be used from several threads: one at a time gets in, and beside it one that asks whether a mail is known. Holds
    the lock for a batch, never longer, so several processes may have the same archive open.
    """

    def __init__(self, layout: Layout, *, min_free: int, lock_wait: float) -> None:
        """`Store.open` makes one: this neither creates nor checks anything."""
        self._layout = layout
        self._min_free = min_free
        # Whoever looks something up does not wait for the commit under way: SQLite keeps readers and writer apart. To
        # read, a disk may seem well that has failed: what is open there is closed, so that it can be mounted anew.
        self._look_ups = Access(layout, wait=lock_wait)
        self._access = Access(layout, wait=lock_wait, beside=self._look_ups)
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
        borrowed._look_ups = self._look_ups.lent(revoked)  # noqa: SLF001 - likewise
        return borrowed

    def moving(self, account: str) -> AbstractContextManager[None]:
        """Be the only one who moves mail of this account on its server. Waits for another as for the archive's lock."""
        return self._access.moving(account)

    def rest(self) -> None:
        """Keep no more memory than is needed while nothing is filed."""
        self._access.rest()
        self._look_ups.rest()

    def keep_free(self, octets: int) -> None:
        """Leave so much of the disk free from now on (`min_free`)."""
        self._min_free = octets

    def close(self) -> None:
        """Close the ledger. Nothing is written: what was committed is on the disk already."""
        self._look_ups.close()
        self._access.close()

    # --- before a mail is filed ---------------------------------------------------------------------------------------

    def known(self, digest: str, folded: str, *, again: bool = False) -> tuple[tuple[str, str], ...] | None:
        """(id, folder) of the entries of a mail, by its digest and that with line ends as LF.

        () where the user removed them, or where the mail lies in quarantine: it is not to be filed again. None where
        it was never filed, or has been taken out of quarantine by hand; with `again`, also where all was removed.
        """
        with self._look_ups.reading() as ledger:
            known, gone = self._known(ledger, digest, folded, again=again)
        self._forget_quarantined(gone)
        return known

    def ids(self, mails: Sequence[tuple[str, str]], *, again: bool = False) -> list[str | None]:
        """The id for each mail, by its digests: as `free_id`. None where it is not to be filed, as `known` tells, or
        where one before it is the same.
        """
        with self._look_ups.reading() as ledger:
            found = [self._known(ledger, digest, folded, again=again) for digest, folded in mails]
        self._forget_quarantined(*(gone for _, gone in found))
        ids: list[str | None] = []
        seen: set[str] = set()
        with self._look_ups.reading() as ledger:
            for (digest, folded), (known, _) in zip(mails, found, strict=True):
                is_new = known is None and folded not in seen
                ids.append(self._free_id(ledger, digest) if is_new else None)
                seen.update([folded] if is_new else [])
        return ids

    def free_id(self, digest: str) -> str:
        """The id for a mail: the first 12 hex digits of its digest.

        It has 16, 20 … of them where another mail has the shorter id, or was given it by this store since.
        """
        with self._look_ups.reading() as ledger:
            return self._free_id(ledger, digest)

    def _known(
        self, ledger: Ledger, digest: str, folded: str, *, again: bool
    ) -> tuple[tuple[tuple[str, str], ...] | None, str | None]:
        """What `known` tells, and the digest of the mail that is in quarantine no longer, though the ledger has it."""
        known = ledger.known(digest, folded)
        if known is not None:
            return None if known == () and again else known, None
        lies = ledger.quarantined(digest, folded)
        if lies is None:
            return None, None
        return ((), None) if (self._layout.quarantine / lies / quarantine.MESSAGE).is_file() else (None, lies)

    def _forget_quarantined(self, *digests: str | None) -> None:
        """These were taken out of quarantine by hand. Not while something is looked up: that would be to wait for the
        commit under way, which may wait for that.
        """
        for digest in filter(None, digests):
            with self._access.reading() as ledger, ledger.transaction():
                ledger.forget_quarantined(digest)

    def _free_id(self, ledger: Ledger, digest: str) -> str:
        for base in (digest[:digits] for digits in ID_DIGITS):
            # in this order: a commit enters it in the ledger before it is taken out of what is handed out
            if {self._handed_out.get(base), ledger.holder(base)} <= {None, digest}:
                self._handed_out[base] = digest
                return base
        raise StoreError(f"no id is free for {digest}")

    # --- the commit ---------------------------------------------------------------------------------------------------

    def commit(self, filings: Sequence[Filing], *, now: datetime) -> list[Receipt]:
        """File a batch; on return all of it is on the disk. One receipt for each filing, in their order.

        Raises `StoreError`: then nothing of the batch is to be acknowledged, and all of it may be filed again.
        """
        with self._batch() as (ledger, batch):
            receipts = [self._decide(ledger, filing, now, batch) for filing in filings]
        for bundle, _ in batch.entries:
            self._handed_out.pop(bundle.id, None)
        return receipts

    @contextmanager
    def _batch(self) -> Iterator[tuple[Ledger, Batch]]:
        """What the block puts into the batch and the ledger is on the disk when it is left, or nothing of it is."""
        with self._access.exclusive() as ledger:
            with ledger.transaction():
                batch = Batch(self._layout)
                yield ledger, batch
                if batch:
                    batch.require_space(self._min_free)
                    batch.write()
                    ledger.taken_in(manifest.end(self._layout.manifest))
            self._let_out(ledger, batch)
            staging.empty(self._layout)

    def _let_out(self, ledger: Ledger, batch: Batch) -> None:
        """Delete from the quarantine what is filed now. Interrupted, recovery does it."""
        for digest in batch.released:
            path = self._layout.quarantine / digest
            if path.is_dir() and ledger.has_mail(digest):
                staging.discard(self._layout, path)
            elif path.is_dir():  # filed is the same mail with other line ends: these octets are nowhere else
                staging.set_aside(self._layout, path)

    # --- what is decided ----------------------------------------------------------------------------------------------

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
        return self._file(ledger, filing, now, batch)

    def _file(self, ledger: Ledger, filing: Filing, now: datetime, batch: Batch) -> Receipt:
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
