"""The writing half of a commit: what a batch holds, and the steps by which it comes to be on the disk.

Under the lock, and for `store.py` only, which decides what is written.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import StoreError
from ..model import Bundle, Entry
from ..text.wording import size_in_words
from . import extras, manifest, staging
from .layout import FILE_MODE, Layout
from .manifest import Removal
from .staging import Move
from .steps import Place, PutBack, Step, Swap, TakeOut
from .sync import Flush

log = logging.getLogger(__name__)


def check(bundle: Bundle, digest: str) -> None:
    """Raises `ValueError` for a bundle that is not of this mail, or that would be written outside its folder."""
    if bundle.entry.sha256 != digest or not digest.startswith(bundle.id.partition("-")[0]):
        raise ValueError(f"the bundle {bundle.id} is not of the mail {digest}")
    staging.check(bundle, bundle.entry)


class Batch:
    """What is to be written, and moved: `entries` with their lines in the manifest (with `filed` and `same_as`), and
    the files of mails that go to quarantine, by their digests.

    `replaced` are new versions of entries that stand, `restored` entries whose folders lie in trash/, and where;
    `removed` those that go there, with their last lines. `released` are mails that are filed and leave quarantine.
    """

    def __init__(self, layout: Layout) -> None:
        """Nothing as yet."""
        self._layout = layout
        self.entries: list[tuple[Bundle, Entry]] = []
        self.replaced: list[tuple[Bundle, Entry]] = []
        self.restored: list[tuple[Entry, Path]] = []
        self.removed: list[tuple[Removal, Entry]] = []
        self.quarantined: dict[str, Mapping[str, bytes]] = {}
        self.released: list[str] = []

    def __bool__(self) -> bool:
        return bool(self.entries or self.replaced or self.restored or self.removed or self.quarantined)

    def require_space(self, min_free: int) -> None:
        """Refuse before the disk is full: a full disk hurts more than this program. Raises `StoreError`.

        What needs no room, as a removal, is not refused.
        """
        if not (self.entries or self.replaced or self.quarantined):
            return
        disk = os.statvfs(self._layout.staging)
        free = disk.f_bavail * disk.f_frsize
        staged = self.entries + self.replaced
        folders = [*(bundle.files for bundle, _ in staged), *self.quarantined.values()]
        needed = sum(len(data) for files in folders for data in files.values())
        if free - needed < min_free:
            keep = f"{size_in_words(needed)} are needed, and {size_in_words(min_free)} are to stay free (min_free)"
            raise StoreError(
                f"{self._layout.root}: {size_in_words(free)} are free on its disk; {keep}: make room; nothing was filed"
            )

    def write(self) -> None:
        """Stage, sync, rename, fsync the parents, append, fsync. Raises `OSError`, with everything undone."""
        layout = self._layout
        staged = self.entries + self.replaced
        more: list[Entry | Removal] = [
            *(entry for entry, _ in self.restored),
            *(removal for removal, _ in self.removed),
        ]
        lines = [*(manifest.to_line(entry) for _, entry in staged), *map(manifest.to_line, more)]
        before, begun = manifest.size(layout.manifest), list[Step]()
        try:
            with Flush(layout.staging) as flush:
                staging.stage(layout, staged, lines)
                staging.stage_quarantined(layout, self.quarantined)
                for _, entry in self.replaced:
                    extras.carry(layout.root / entry.folder, staging.move_of(layout, entry).staged)
                flush.sync()
            moves = self._moves()
            staging.make_way(layout, moves)
            for step in self._steps(moves):
                begun.append(step)
                step.do()
            staging.fsync_parents(layout, [path for step in begun for path in step.touched])
            if lines:
                manifest.append(layout.manifest, lines, mode=FILE_MODE)
        except OSError:
            self._undo(begun, before)
            raise

    def _moves(self) -> list[Move]:
        """The ways of the folders that are new where they go."""
        moves = staging.moves_of(self._layout, [entry for _, entry in self.entries])
        return moves + [staging.move_into_quarantine(self._layout, digest) for digest in self.quarantined]

    def _steps(self, moves: Sequence[Move]) -> list[Step]:
        layout = self._layout
        return [
            *(Place(layout, move) for move in moves),
            *(Swap(layout, entry) for _, entry in self.replaced),
            *(PutBack(layout, lies, entry) for entry, lies in self.restored),
            *(TakeOut(layout, entry) for _, entry in self.removed),
        ]

    def _undo(self, begun: Sequence[Step], before: int) -> None:
        """Take back a commit that failed half-way, the last step first.

        Where even that fails, everything is left as after a crash: the folders in place are whole, and recovery
        finishes or forgets the batch.
        """
        try:
            manifest.cut(self._layout.manifest, before)
            for step in reversed(begun):
                step.undo()
            staging.empty(self._layout)
        except OSError as error:
            log.warning(
                "%s: a failed batch could not be taken back (%s); the next start will", self._layout.root, error
            )
