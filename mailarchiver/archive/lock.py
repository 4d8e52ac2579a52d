"""The archive's lock: one writer at a time, each for a batch.

flock(2) on `.mailarchiver/lock`, so that the kernel releases it when its holder dies. The file's content names the
holder for those who wait; it means nothing while nobody holds the lock.
"""

from __future__ import annotations

import errno
import fcntl
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import StoreError
from .sync import write_all

PAUSE = 0.02
"""Seconds between two tries."""


@contextmanager
def held(path: Path, *, wait: float, mode: int) -> Iterator[None]:
    """Hold the lock for the length of the block.

    Waits up to `wait` seconds, then raises `StoreError` with the holder's name. Not reentrant: a second `held` in the
    same process waits for the first.
    """
    descriptor = _acquire(path, wait, mode)
    try:
        _sign(descriptor)
        yield
    finally:
        # Closing alone would leave the lock to a child that was forked meanwhile and shares the descriptor.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def holder(path: Path) -> str:
    """Who holds the lock, in words, as far as the file says."""
    text = path.read_bytes().decode("utf-8", "replace").strip()
    return text or "another process"


def _acquire(path: Path, wait: float, mode: int) -> int:
    deadline = time.monotonic() + wait
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, mode)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_file(descriptor, path):
                return descriptor
        except OSError as error:
            if error.errno not in {errno.EAGAIN, errno.EACCES}:
                os.close(descriptor)
                raise
        os.close(descriptor)
        if time.monotonic() >= deadline:
            raise StoreError(
                f"{path.parent.parent} is in use by {holder(path)}, who has held it for over {wait:g} s: "
                "wait until it is done, or end it, and try again"
            )
        time.sleep(PAUSE)


def _is_file(descriptor: int, path: Path) -> bool:
    """Whether the locked file is still the one of that name: `.mailarchiver/` may be deleted at any time."""
    try:
        named = path.stat()
    except FileNotFoundError:
        return False
    return os.path.samestat(named, os.fstat(descriptor))


def _sign(descriptor: int) -> None:
    program = " ".join([Path(sys.argv[0]).name or "python", *sys.argv[1:2]])
    os.ftruncate(descriptor, 0)
    write_all(descriptor, f"{program} (process {os.getpid()})\n".encode("utf-8", "replace"))
