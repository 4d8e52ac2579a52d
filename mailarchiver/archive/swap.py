"""The folder of an entry, replaced as a whole: the new version comes in, and the old one goes to `versions/`.

::

    staging/<id>  ─▶ versions/<id>/new ⇄ 2024/03/<folder>      one renameat2, so that the folder is always there
                                      └▶ versions/<id>/3       the old version

    2024/03/<folder> ─▶ versions/<id>/3                        where the file system cannot exchange: two renames
    staging/<id>     ─▶ 2024/03/<folder>

The exchange does not take place in staging, because staging is emptied: the old version lies, at each instant, where
nothing is deleted. Which of the two is the new one is told by its checksums.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from ..model import Entry
from . import altered, extras, folder, sync
from .layout import PRIVATE_FOLDER, Layout
from .sync import make_folder

COMING = "new"
"""In `versions/<id>/`: what changes its place with the entry's folder. Outside a commit, the rest of one."""
CANNOT_EXCHANGE = {errno.EINVAL, errno.ENOSYS}


def versions(layout: Layout, entry_id: str) -> list[Path]:
    """The earlier versions of an entry, oldest first."""
    home = layout.versions / entry_id
    found = [path for path in home.iterdir() if path.name.isdecimal()] if home.is_dir() else []
    return sorted(found, key=lambda path: int(path.name))


def swap(layout: Layout, entry: Entry) -> None:
    """Let the staged folder and the filed one change places; what others added meanwhile is carried on.

    Raises `OSError`, and may have come half-way then: `take_back` undoes that.
    """
    target, staged, coming = _places(layout, entry)
    make_folder(layout.versions, PRIVATE_FOLDER)
    make_folder(coming.parent, PRIVATE_FOLDER)
    altered.note_down(layout, entry.id, target)
    exchange = sync.system_exchange()
    if exchange is not None and _exchanged(exchange, staged, coming, target):
        old = _retire(layout, coming, entry.id)
    else:
        old = _retire(layout, target, entry.id)
        staged.rename(target)
    _carry(old, target)


def take_back(layout: Layout, entry: Entry) -> None:
    """Undo a `swap`, however far it came: the old version in its place, the new one in staging. Raises `OSError`."""
    target, staged, coming = _places(layout, entry)
    if os.path.lexists(coming):
        _back_into_staging(layout, entry) if _is_new(coming, entry) else _retire(layout, coming, entry.id)
    if _is_new(target, entry) and versions(layout, entry.id):
        target.rename(staged)
    if not os.path.lexists(target):
        versions(layout, entry.id)[-1].rename(target)
    forget_empty(layout, entry.id)


def has_begun(layout: Layout, entry: Entry) -> bool:
    """Whether the new version is in place, or the old one gone from there. Reads the folder."""
    target = layout.root / entry.folder
    return not os.path.lexists(target) or _is_new(target, entry)


def finish(layout: Layout, entry: Entry) -> bool:
    """Bring an interrupted swap to its end; whether the new version is in place then. Raises `OSError`.

    Where it is whole nowhere (a disk that lies about its syncs), the old one stays, or comes back.
    """
    target, staged, coming = _places(layout, entry)
    if os.path.lexists(coming):
        if _is_new(target, entry) or not _is_new(coming, entry):
            _retire(layout, coming, entry.id)
        else:
            coming.rename(staged)
    earlier = versions(layout, entry.id)
    if _is_new(target, entry):
        if earlier:
            _carry(earlier[-1], target)
        return True
    if not _is_new(staged, entry):
        if earlier and not os.path.lexists(target):
            earlier[-1].rename(target)
        return False
    if os.path.lexists(target):
        swap(layout, entry)
    else:
        staged.rename(target)
        if earlier:
            _carry(earlier[-1], target)
    return True


def abandon(layout: Layout, entry: Entry) -> None:
    """Of a swap that has not begun, leave nothing outside of staging. Raises `OSError`."""
    if os.path.lexists(layout.versions / entry.id / COMING):
        _back_into_staging(layout, entry)
    forget_empty(layout, entry.id)


def _carry(old: Path, target: Path) -> None:
    """Take along what others added since the new version was staged."""
    for path in extras.carry(old, target):
        sync.fsync_path(path)


def _places(layout: Layout, entry: Entry) -> tuple[Path, Path, Path]:
    return layout.root / entry.folder, layout.staging / entry.id, layout.versions / entry.id / COMING


def _exchanged(exchange: Callable[[Path, Path], None], staged: Path, coming: Path, target: Path) -> bool:
    staged.rename(coming)
    try:
        exchange(coming, target)
    except OSError as error:
        coming.rename(staged)
        if error.errno in CANNOT_EXCHANGE:
            return False
        raise
    return True


def _retire(layout: Layout, path: Path, entry_id: str) -> Path:
    """Make a folder the latest of the earlier versions; that new path."""
    earlier = versions(layout, entry_id)
    number = int(earlier[-1].name) + 1 if earlier else 1
    version = layout.versions / entry_id / str(number)
    path.rename(version)
    return version


def _back_into_staging(layout: Layout, entry: Entry) -> None:
    """A new version that did not come in: staging is where it may be thrown away."""
    _, staged, coming = _places(layout, entry)
    if staged.is_dir():
        shutil.rmtree(staged)
    coming.rename(staged)


def forget_empty(layout: Layout, entry_id: str) -> None:
    """Leave no empty folders where no versions are. Raises `OSError`."""
    home = layout.versions / entry_id
    if home.is_dir() and [path.name for path in home.iterdir()] == [altered.ALTERED]:
        (home / altered.ALTERED).unlink()
    for path in (home, layout.versions):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def _is_new(path: Path, entry: Entry) -> bool:
    return path.is_dir() and not path.is_symlink() and folder.fault(path, entry.sums) is None
