"""Folders on their way into the archive: staged whole, then moved into place.

::

    staging/intent.jsonl            the manifest lines of the folders that are to be moved, written first
    staging/<id>/…                  the folders themselves
    staging/quarantine-<SHA-256>/…  and those on their way into quarantine

The intent is on the disk before the first folder moves. So whoever finds the rest of an interrupted commit knows what
was meant: if one of its folders is in place, all of them were synced, and the commit can be finished; if none is, it
can be forgotten. A folder in quarantine stands for itself: in place it is whole, staged it is forgotten.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ..model import Bundle, Entry
from . import manifest
from .layout import ENTRY_FOLDER, FILE_MODE, FOLDER_MODE, PRIVATE_FILE, PRIVATE_FOLDER, Layout
from .manifest import Removal
from .sync import Flush, fsync_path, make_folder, write_new

log = logging.getLogger(__name__)

INTENT = "intent.jsonl"


def is_empty(layout: Layout) -> bool:
    """Whether no commit was interrupted."""
    return not any(layout.staging.iterdir())


class Move(NamedTuple):
    """The way of a folder: where it is staged, and where it belongs."""

    staged: Path
    target: Path


def move_of(layout: Layout, entry: Entry) -> Move:
    """An entry's way to its month."""
    return moves_of(layout, [entry])[0]


def moves_of(layout: Layout, entries: Iterable[Entry]) -> list[Move]:
    """Those of several."""
    staged = layout.staging
    return [Move(staged / entry.id, layout.root / entry.folder) for entry in entries]


def move_into_quarantine(layout: Layout, digest: str) -> Move:
    """A mail's way into quarantine."""
    return Move(layout.staging / f"quarantine-{digest}", layout.quarantine / digest)


def stage(layout: Layout, bundles: Sequence[tuple[Bundle, Entry]], lines: Iterable[bytes]) -> None:
    """Write the intent and all files of entries, each with its mode. Syncs nothing.

    `lines` are those of the entries, and of what needs no files: of entries that come back, and of those that go.
    Raises `ValueError`, before anything is written, for a path that would leave its folder or the archive.
    """
    for bundle, entry in bundles:
        check(bundle, entry)
    staged = layout.staging
    write_new(staged / INTENT, b"".join(lines), PRIVATE_FILE)
    for bundle, entry in bundles:
        _write(f"{staged}/{entry.id}", bundle.files, FILE_MODE, FOLDER_MODE)


def stage_quarantined(layout: Layout, mails: Mapping[str, Mapping[str, bytes]]) -> None:
    """Write the folders of mails that go to quarantine: their files by their digest. After `stage`; syncs nothing."""
    for digest, files in mails.items():
        _write(str(move_into_quarantine(layout, digest).staged), files, PRIVATE_FILE, PRIVATE_FOLDER)


def _write(folder: str, contents: Mapping[str, bytes], file_mode: int, folder_mode: int) -> None:
    for parent in sorted({"", *(name.rpartition("/")[0] for name in contents)}):
        make_folder(f"{folder}/{parent}", folder_mode)
    for name, data in contents.items():
        write_new(f"{folder}/{name}", data, file_mode)


def make_way(layout: Layout, moves: Iterable[Move]) -> None:
    """Move to trash/ what has the name of a folder to come: neither manifest nor ledger know it, so it is none."""
    for path in (move.target for move in moves):
        if os.path.lexists(path):
            log.warning("%s is not known, and was moved to %s", path, set_aside(layout, path))


def place(layout: Layout, move: Move) -> None:
    """Move a staged folder to where it belongs.

    Raises `FileExistsError` where something is: rename(2) would silently replace an empty folder.
    """
    parent = move.target.parent
    if not parent.is_dir():  # as for the first mail of a month only
        if parent == layout.quarantine:
            make_folder(parent, PRIVATE_FOLDER)
        make_parents(layout, move.target)
    if os.path.lexists(move.target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(move.target))
    move.staged.rename(move.target)


def make_parents(layout: Layout, path: Path) -> None:
    """Create the folders between the root and a path."""
    if path.parent.is_dir():
        return  # as for every page of a month but its first
    for parent in reversed(path.relative_to(layout.root).parents[:-1]):
        make_folder(layout.root / parent, FOLDER_MODE)


def fsync_parents(layout: Layout, paths: Iterable[Path]) -> None:
    """Sync the names on the way to these paths, innermost first.

    Also those that were there before: an interrupted process may have made them without coming to sync them.
    """
    places = {path.parent for path in paths}  # of a batch, mostly one
    parents = {layout.root / parent for place in places for parent in (place / "any").relative_to(layout.root).parents}
    for parent in sorted(parents, key=lambda path: (-len(path.parts), path)):
        fsync_path(parent)


def take_back(moves: Iterable[Move]) -> None:
    """Move folders that were placed by this commit back into staging."""
    for move in moves:
        move.target.rename(move.staged)


def replace(layout: Layout, files: Mapping[Path, bytes], *, mode: int = FILE_MODE) -> None:
    """Replace files outside the entries' folders, each whole or not at all, all of them on the disk on return."""
    if not files:
        return
    staged = {layout.staging / f"page-{number}": path for number, path in enumerate(files)}
    with Flush(layout.staging) as flush:
        for path, target in staged.items():
            write_new(path, files[target], mode)
        flush.sync()
    for path, target in staged.items():
        make_parents(layout, target)
        try:
            path.rename(target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            _replace_across(path, target, files[target], mode)
    fsync_parents(layout, files)


def _replace_across(staged: Path, target: Path, data: bytes, mode: int) -> None:
    """Replace a page of a year, or a month, that lies on another file system: what is interrupted leaves a page that
    nothing leads to, which the next time takes the place of.
    """
    beside = target.with_name(f"{target.stem}-new{target.suffix}")
    beside.unlink(missing_ok=True)
    write_new(beside, data, mode)
    fsync_path(beside)
    beside.rename(target)
    staged.unlink()


def holds(path: Path, data: bytes) -> bool:
    """Whether a file is there and holds just that."""
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except FileNotFoundError:
        return False


def intent(layout: Layout) -> Sequence[Entry | Removal]:
    """What an interrupted commit meant to write into the manifest, as far as its intent is whole."""
    return list(manifest.records(layout.staging / INTENT))


def empty(layout: Layout) -> None:
    """Throw away whatever is staged, the intent last: while it is there, what was meant is known."""
    for path in sorted(layout.staging.iterdir(), key=lambda path: (path.name == INTENT, path)):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def set_aside(layout: Layout, path: Path) -> Path:
    """Move something out of view, into `.mailarchiver/trash/`, under a name that is free there; that new path."""
    make_folder(layout.trash, PRIVATE_FOLDER)
    number, target = 1, layout.trash / path.name
    while os.path.lexists(target):
        number += 1
        target = layout.trash / f"{path.name}~{number}"
    path.rename(target)
    return target


def discard_ledger(layout: Layout) -> None:
    """Delete the ledger with its journal; what has its name and is no file goes to trash/."""
    for path in (layout.ledger, *(layout.ledger.with_name(layout.ledger.name + end) for end in ("-wal", "-shm"))):
        if path.is_dir() and not path.is_symlink():
            set_aside(layout, path)
        else:
            path.unlink(missing_ok=True)


def discard(layout: Layout, path: Path) -> None:
    """Put a folder where it is deleted by `empty`: others see it whole or not at all. Raises `OSError`."""
    path.rename(layout.staging / f"discarded-{path.name}")
    fsync_path(path.parent)


def check(bundle: Bundle, entry: Entry) -> None:
    """Raises `ValueError` where something of an entry would lie outside its folder, or that outside the archive."""
    found = ENTRY_FOLDER.fullmatch(entry.folder)
    if found is None or found[2] != entry.id:
        raise ValueError(f"{entry.folder!r} is no folder for the entry {entry.id}")
    for name in bundle.files:
        parts = name.split("/")
        if len(parts) > 2 or "\0" in name or not {"", ".", ".."}.isdisjoint(parts):
            raise ValueError(f"{name!r} is no name for a file of an entry")
