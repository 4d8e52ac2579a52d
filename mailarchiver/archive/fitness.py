"""Whether an archive could be written to, found out without writing, locking, or making anything."""

from __future__ import annotations

import errno
import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from . import lock
from .layout import Layout, user_name
from .trouble import as_store_error


@dataclass(frozen=True, slots=True)
class Fitness:
    """How an archive's folder and disk are. `is_there` tells an archive from a place where one will be made; `owner` is
    whose it is, or will be: ours; `free` are octets. `locked_by` is who writes at this moment, in words.
    """

    is_there: bool
    owner: str
    writable: bool
    free: int
    locked_by: str | None


def look(root: Path) -> Fitness:
    """Look at the archive at `root`, or at the place where it will be. Raises `ArchiveRefused` for a folder that is no
    archive and a newer format, `StoreError` for what the disk refuses.
    """
    layout = Layout(root)
    with as_store_error(layout):
        is_there = layout.exists()
        place = _nearest(layout.state if is_there else root)
        disk = os.statvfs(place)
        return Fitness(
            is_there=is_there,
            owner=user_name(root.stat().st_uid if root.exists() else os.geteuid()),
            writable=all(_may_write(each) for each in {place, _nearest(root)}),
            free=disk.f_bavail * disk.f_frsize,
            locked_by=_locked_by(layout.lock),
        )


def _nearest(path: Path) -> Path:
    """The path itself, or the nearest folder above it that is there."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def _may_write(folder: Path) -> bool:
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK, effective_ids=True)


def _locked_by(path: Path) -> str | None:
    """A shared lock is refused while somebody has it; one that is granted is given back at once."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, PermissionError):
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in {errno.EAGAIN, errno.EACCES}:
            raise
        return lock.holder(path)
    finally:
        os.close(descriptor)
    return None
