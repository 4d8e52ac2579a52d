"""Where a sign-in is kept between rounds: one file with mode 0600, replaced whole, written by one process at a time.

A refresh token may change with each use, and the one before may be dead then. So whoever uses it holds the lock from
reading to writing, and the new one is on disk, synced, before the lock is given back.
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import MailboxError

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCK_SECONDS = 60.0
"""So long we wait for another process; asking the token service takes at most half of that."""
_PAUSE = 0.05


def default_folder() -> Path:
    """Where programs keep their state: systemd's StateDirectory=, else `$XDG_STATE_HOME/mailarchiver`."""
    if given := os.environ.get("STATE_DIRECTORY"):
        return Path(given.split(":")[0])  # systemd.exec(5): several are separated by colons
    return Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser() / "mailarchiver"


@dataclass(frozen=True, slots=True)
class TokenFile:
    """The file at `path`, and beside it `<path>.lock`. Every method raises `MailboxError` with path and cure."""

    path: Path

    def read(self) -> str | None:
        """What is in it; None where there is none."""
        try:
            return self.path.read_text("utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise self._trouble(error) from error

    def write(self, text: str) -> None:
        """Replace it; after a crash it is the old one or the new one. Call it under the lock.

        Written by root, the file belongs to the owner of its folder: it is he who runs the service.
        """
        new = self.path.with_name(f".{self.path.name}.new")
        try:
            new.unlink(missing_ok=True)
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                _give_to_owner(descriptor, self.path.parent)
                file.write(text)
                file.flush()
                os.fsync(descriptor)
            new.replace(self.path)
            _sync_folder(self.path.parent)
        except OSError as error:
            raise self._trouble(error) from error

    def remove(self) -> bool:
        """Delete it; whether there was one. Call it under the lock."""
        try:
            self.path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise self._trouble(error) from error
        return True

    @contextmanager
    def locked(self, seconds: float = LOCK_SECONDS) -> Iterator[None]:
        """Keep other processes, and other threads, from writing; makes the folder if need be."""
        descriptor = -1
        try:
            _make_folder(self.path.parent)
            name = self.path.with_name(f"{self.path.name}.lock")
            descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            _give_to_owner(descriptor, self.path.parent)
            self._await(descriptor, seconds)
        except OSError as error:
            raise self._trouble(error) from error
        else:
            yield
        finally:
            if descriptor >= 0:
                os.close(descriptor)

    def _await(self, descriptor: int, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not _is_ours(descriptor):
            if time.monotonic() >= deadline:
                raise MailboxError(
                    f"token_cache {self.path}: another process has been using it for over {seconds:g} s; try again"
                )
            time.sleep(_PAUSE)

    def _trouble(self, error: Exception) -> MailboxError:
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        return MailboxError(
            f"token_cache {self.path}: {why}; the user that runs mailarchiver must be able to read and write it, and "
            f"its folder"
        )


def _is_ours(descriptor: int) -> bool:
    """Lock a file, unless somebody else has."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _make_folder(folder: Path) -> None:
    """Make it, and those above it; what root makes belongs to the owner of the folder above."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() == 0:
        owner = folder.parent.stat()
        os.chown(folder, owner.st_uid, owner.st_gid)


def _give_to_owner(descriptor: int, folder: Path) -> None:
    if os.geteuid() == 0:
        owner = folder.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
