"""What goes wrong with a disk, in the words of whoever has to mend it."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shlex import quote

from ..errors import OutputRefused, StoreError
from .layout import Layout, user_name

CURES = {
    errno.ENOSPC: "make room",
    errno.EDQUOT: "make room, or raise the quota",
    errno.EROFS: "the file system is mounted read-only: mount it for writing",
    errno.EIO: "the disk reports errors: look at `dmesg`, and check it",
    errno.EMFILE: "raise the limit of open files (`ulimit -n`)",
    errno.ENFILE: "the system has too many open files",
    errno.ENOTEMPTY: "something else is there: move it away",
    errno.ENOTDIR: "that is a file: name a folder",
    errno.EEXIST: "something else is there: move it away",
    errno.EXDEV: "it lies on another file system than the archive, as a link leads there: articles there can be read, "
    "but none can be filed, replaced or removed: put the folder in place of the link",
}
FORBIDDEN = {errno.EACCES, errno.EPERM}
OTHERWISE = "see to it, then try again"


@contextmanager
def as_store_error(layout: Layout) -> Iterator[None]:
    """Let what the disk and the database refuse leave the block as `StoreError`, with the file and the cure."""
    try:
        yield
    except (BrokenPipeError, OutputRefused):
        raise  # no archive is a pipe: that is about what a command prints
    except OSError as error:
        place = _place(error, layout)
        cure = _forbidden(layout) if error.errno in FORBIDDEN else CURES.get(error.errno or 0, OTHERWISE)
        raise StoreError(f"{place}: {error.strerror or error}: {cure}") from error
    except sqlite3.OperationalError as error:
        raise StoreError(f"{layout.ledger}: {error}: {_cure(error, layout)}") from error
    except sqlite3.DatabaseError as error:
        if type(error) is not sqlite3.DatabaseError:
            raise  # a wrong statement, a broken constraint: a defect of the program
        raise StoreError(f"{layout.ledger} is damaged ({error}): {rebuild_command(layout)}") from error


def _place(error: OSError, layout: Layout) -> object:
    """The path that an error is about: of two file systems, that of the year which is not on the archive's own."""
    found = [name for name in (error.filename, error.filename2) if isinstance(name, str | Path)]
    if error.errno == errno.EXDEV:
        found = [name for name in found if not Path(name).is_relative_to(layout.state)] or found
    return found[0] if found else layout.root


def _forbidden(layout: Layout) -> str:
    """What to do about a mode, or an owner, that is in the way: of writing or of reading."""
    try:
        owner = layout.root.stat().st_uid
    except OSError:  # what is in the way is above the archive
        return OTHERWISE
    if os.geteuid() in {0, owner}:
        return "the owner of the archive must be able to read and write there"
    name = user_name(owner)
    return f"it is for the archive's owner, {name}: run the command as `sudo -u {name} …`"


def rebuild_command(layout: Layout) -> str:
    """The command that makes a ledger anew, in words."""
    root = quote(str(layout.root))
    return f"`mailarchiver rebuild ledger --root {root}` makes it again from the manifest"


def _cure(error: sqlite3.OperationalError, layout: Layout) -> str:
    """What to do about an error that is not the database's own, as SQLite calls it."""
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}:
        return f"make it and its folder writable; {rebuild_command(layout)}"
    if code == sqlite3.SQLITE_ERROR and str(error).startswith(("no such table", "no such column", "table ")):
        return f"it lacks tables; {rebuild_command(layout)}"
    return "see that the disk has room and can be written to"
