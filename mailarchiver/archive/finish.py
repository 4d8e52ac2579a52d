"""The commit that was interrupted: what its intent meant is brought to its end, or forgotten.

::

    new        its folder is in place                     ─┐
    restored   likewise, out of trash/                     │ one of them has begun ─▶ all are finished, and listed
    replaced   the new version is in place (swap.py)       │ none has             ─▶ all is forgotten
    removed    its folder is in place no longer           ─┘

A mail is filed whole or not at all: where one of its new folders is damaged, the others are taken out of view too, and
the mail, still unacknowledged, will be filed anew.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

from ..model import Entry
from . import folder, manifest, staging, swap
from .layout import FILE_MODE, Layout
from .ledger import Ledger
from .manifest import Removal
from .staging import Move
from .steps import TakeOut
from .sync import Flush
from .trash import in_trash

log = logging.getLogger(__name__)


def finish(layout: Layout, ledger: Ledger) -> list[Entry | Removal]:
    """Finish the commit whose intent is staged, if it had begun to move folders; what was added to the manifest.

    Under the lock, with a ledger that has taken in all of the manifest. Raises `OSError`, `sqlite3.Error`.
    """
    meant = [record for record in staging.intent(layout) if not _is_listed(ledger, record)]
    new = [record for record in meant if isinstance(record, Entry) and ledger.entry(record.id) is None]
    changed = [record for record in meant if isinstance(record, Entry) and record not in new]
    gone = [(record, entry) for record in meant if isinstance(record, Removal) and (entry := ledger.entry(record.id))]
    has_begun = (
        any((layout.root / entry.folder).is_dir() for entry in new)
        or any(swap.has_begun(layout, entry) for entry in changed)
        or any(not (layout.root / entry.folder).is_dir() for _, entry in gone)
    )
    if not has_begun:
        for entry in changed:
            swap.abandon(layout, entry)
        return []
    with Flush(layout.root) as flush:  # what has its name may also have been brought by other hands
        flush.sync()
    done: list[Entry | Removal] = [*_placed(layout, new), *_swapped(layout, changed), *_taken_out(layout, gone)]
    if done:
        manifest.append(layout.manifest, map(manifest.to_line, done), mode=FILE_MODE)
    return done


def _is_listed(ledger: Ledger, record: Entry | Removal) -> bool:
    """Whether the manifest has this line already."""
    standing = ledger.entry(record.id)
    return standing == record if isinstance(record, Entry) else standing is None


# --- new, or back ---------------------------------------------------------------------------------------------------


def _placed(layout: Layout, new: Iterable[Entry]) -> Sequence[Entry]:
    sound: list[Entry] = []
    for _, mail in groupby(new, key=lambda entry: entry.sha256):
        entries = list(mail)
        faults = [fault for entry in entries if (fault := folder.fault(_whereabouts(layout, entry), entry.sums))]
        if faults:
            _put_away(layout, entries, faults[0])
        else:
            sound.extend(entries)
    waiting = [
        Move(lies, layout.root / entry.folder)
        for entry in sound
        if (lies := _whereabouts(layout, entry)) != layout.root / entry.folder
    ]
    staging.make_way(layout, waiting)
    for move in waiting:
        staging.place(layout, move)
    staging.fsync_parents(layout, [layout.root / entry.folder for entry in sound] + [move.staged for move in waiting])
    return sound


def _whereabouts(layout: Layout, entry: Entry) -> Path:
    """Where the folder of an entry lies: in its place, in staging, or still in trash/, from where it was to return."""
    move = staging.move_of(layout, entry)
    if move.target.is_dir():
        return move.target
    return move.staged if move.staged.is_dir() else in_trash(layout, entry) or move.staged


def _put_away(layout: Layout, entries: Iterable[Entry], fault: str) -> None:
    for path in (layout.root / entry.folder for entry in entries):
        if path.is_dir():
            log.warning("%s: %s; it was moved to %s", path, fault, staging.set_aside(layout, path))


# --- another version, or gone ---------------------------------------------------------------------------------------


def _swapped(layout: Layout, changed: Iterable[Entry]) -> Sequence[Entry]:
    """The entries whose new versions are in place now; another keeps its old one."""
    done = [entry for entry in changed if swap.finish(layout, entry)]
    places = (layout.root / entry.folder for entry in done)
    staging.fsync_parents(layout, [*places, *(layout.versions / entry.id / swap.COMING for entry in done)])
    return done


def _taken_out(layout: Layout, gone: Sequence[tuple[Removal, Entry]]) -> Sequence[Removal]:
    for _, entry in gone:
        TakeOut(layout, entry).do()
    if gone and layout.trash.is_dir():
        places = [layout.root / entry.folder for _, entry in gone]
        staging.fsync_parents(layout, [*(place for place in places if place.parent.is_dir()), layout.trash / "any"])
    return [removal for removal, _ in gone]
