"""The writing half of a commit: what a batch holds, and the steps by which it comes to be on the disk.

Under the lock, and for `store.py` only, which decides what is written.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence

from ..errors import StoreError
from ..model import Bundle, Entry
from . import manifest, staging
from .layout import FILE_MODE, Layout
from .staging import Move
from .sync import Flush

log = logging.getLogger(__name__)


def check(bundle: Bundle, digest: str) -> None:
    """Raises `ValueError` for a bundle that is not of this mail, or that would be written outside its folder."""
    if bundle.entry.sha256 != digest or not digest.startswith(bundle.id.partition("-")[0]):
        raise ValueError(f"the bundle {bundle.id} is not of the mail {digest}")
    staging.check(bundle, bundle.entry)


class Batch:
    """What is to be written: `entries` with their lines in the manifest (with `filed` and `same_as`), and the files of
    mails that go to quarantine, by their digests.
    """

    def __init__(self, layout: Layout) -> None:
        """Nothing as yet."""
        self._layout = layout
        self.entries: list[tuple[Bundle, Entry]] = []
        self.quarantined: dict[str, Mapping[str, bytes]] = {}

    def __bool__(self) -> bool:
        return bool(self.entries or self.quarantined)

    def require_space(self, min_free: int) -> None:
        """Refuse before the disk is full: a full disk hurts more than this program. Raises `StoreError`."""
        disk = os.statvfs(self._layout.staging)
        free = disk.f_bavail * disk.f_frsize
        folders = [*(bundle.files for bundle, _ in self.entries), *self.quarantined.values()]
        needed = sum(len(data) for files in folders for data in files.values())
        if free - needed < min_free:
            keep = f"{needed / 10**6:.1f} MB are needed, and {min_free // 10**6} MB are to stay free (min_free)"
            raise StoreError(
                f"{self._layout.root}: {free // 10**6} MB are free on its disk; {keep}: make room; nothing was filed"
            )

    def write(self) -> None:
        """Stage, sync, rename, fsync the parents, append, fsync. Raises `OSError`, with everything undone."""
        layout, entries = self._layout, [entry for _, entry in self.entries]
        moves = [staging.move_of(layout, entry) for entry in entries]
        moves += [staging.move_into_quarantine(layout, digest) for digest in self.quarantined]
        before, placed = manifest.size(layout.manifest), list[Move]()
        try:
            with Flush(layout.staging) as flush:
                staging.stage(layout, self.entries)
                staging.stage_quarantined(layout, self.quarantined)
                flush.sync()
            staging.make_way(layout, moves)
            for move in moves:
                staging.place(layout, move)
                placed.append(move)
            staging.fsync_parents(layout, [move.target for move in moves])
            if entries:
                manifest.append(layout.manifest, map(manifest.to_line, entries), mode=FILE_MODE)
        except OSError:
            self._undo(placed, before)
            raise

    def _undo(self, placed: Sequence[Move], before: int) -> None:
        """Take back a commit that failed half-way, the last step first.

        Where even that fails, everything is left as after a crash: the folders in place are whole, and recovery
        finishes or forgets the batch.
        """
        try:
            manifest.cut(self._layout.manifest, before)
            staging.take_back(placed)
            staging.empty(self._layout)
        except OSError as error:
            log.warning(
                "%s: a failed batch could not be taken back (%s); the next start will", self._layout.root, error
            )
