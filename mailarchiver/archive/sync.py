"""The few system calls by which files come to be on a disk, and stay there.

Every error is an `OSError` of the caller's business: after one, whatever was being written is to be thrown away.
A descriptor whose fsync failed is closed and never asked again, because the kernel reports a lost write once only
(https://wiki.postgresql.org/wiki/Fsync_Errors).
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import re
import stat
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self


def write_new(path: Path | str, data: bytes, mode: int) -> None:
    """Write a file that does not exist yet, with exactly this mode whatever the umask. Does not sync it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        write_all(descriptor, data)
        found = os.fstat(descriptor)
        if found.st_size != len(data):
            raise OSError(errno.EIO, "the file has not the length that was written", str(path))
        if stat.S_IMODE(found.st_mode) != mode:
            os.fchmod(descriptor, mode)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of it: write(2) may take less than it is given."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def make_folder(path: Path | str, mode: int) -> None:
    """Create a folder with exactly this mode; one that is there already is left as it is."""
    try:
        os.mkdir(path, mode)  # noqa: PTH102  a Path is made for many, and takes longer than that
    except FileExistsError:
        if not os.path.isdir(path):  # noqa: PTH112  likewise
            raise
    else:
        os.chmod(path, mode)  # noqa: PTH101  likewise


def fsync_path(path: Path) -> None:
    """Sync a file's content, or a folder's names."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def tree(folder: Path) -> Iterable[Path]:
    """The files and folders below a folder and the folder itself, contents before their folder; no links or pipes."""
    for base, _, files in os.walk(folder, topdown=False):
        paths = (Path(base, name) for name in sorted(files))
        yield from (path for path in paths if stat.S_ISREG(path.lstat().st_mode))
        yield Path(base)


class Flush:
    """Makes durable what is written below a folder while this object lives: one `syncfs`, else an fsync each.

    It is opened before the first byte is written, because syncfs reports only the errors since its descriptor was
    opened. It syncs the whole file system, also what others wrote.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)

    def sync(self) -> None:
        """Return when everything below the folder is on the disk. Raises `OSError`; not to be called again then."""
        syncfs = system_syncfs()
        if syncfs is not None:
            syncfs(self._descriptor)
            return
        for path in tree(self._folder):
            fsync_path(path)


@cache
def system_syncfs() -> Callable[[int], None] | None:
    """syncfs(2), None where it is missing or cannot be trusted.

    QUIRK: before Linux 5.8 syncfs reports no write-back error (syncfs(2), NOTES).
    """
    release = re.match(r"(\d+)\.(\d+)", platform.release())
    if platform.system() != "Linux" or release is None or (int(release[1]), int(release[2])) < (5, 8):
        return None
    function = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if function is None:
        return None

    def syncfs(descriptor: int) -> None:
        if function(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))

    return syncfs


AT_FDCWD, RENAME_EXCHANGE = -100, 2
"""linux/fcntl.h, linux/fs.h."""


@cache
def system_exchange() -> Callable[[Path, Path], None] | None:
    """renameat2(2) with RENAME_EXCHANGE, which lets two paths change their places in one step; None where the system
    has none. A file system that cannot do it says EINVAL.
    """
    if platform.system() != "Linux":
        return None
    function = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if function is None:
        return None

    def exchange(one: Path, other: Path) -> None:
        if function(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(one), None, str(other))

    return exchange
