"""Mail that lies in files: single messages (.eml), mbox, Maildir, MH, and folders of all these; or comes in by a pipe.

Nothing here writes. What a folder holds beside mail (pictures, notes, indexes) is passed over; what was named by the
user is taken as mail whatever it looks like. Compressed files are not opened.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO

from ..model import MessageRef, RawMessage
from . import mbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

ACCOUNT = "import"
"""What stands for an account where mail came from a file (docs/archive-format.md, `account`)."""

LARGEST = 1 << 30
"""Octets of a file that may still be one message."""

STREAM = "standard input"
"""What stands for the path of a message that came in by a pipe."""

_SNIFF = 16_384
_MBOX_NAMES = {".mbox", ".mbx"}
_MAIL_NAMES = {".eml", *_MBOX_NAMES}
_OTHER_NAMES = {".json", ".jsonl", ".txt", ".md", ".html", ".htm", ".xml", ".csv", ".pdf", ".py", ".toml", ".yaml"}
_MAIL_FIELDS = re.compile(
    rb"^(from|to|cc|date|subject|sender|received|return-path|delivered-to|message-id|mime-version|content-type"
    rb"|reply-to|x-[a-z-]+)[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
_FIRST_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")
_NO_MAIL = {
    b"\x1f\x8b": "it is compressed with gzip: unpack it first",
    b"BZh": "it is compressed with bzip2: unpack it first",
    b"\xfd7zXZ": "it is compressed with xz: unpack it first",
    b"\x28\xb5\x2f\xfd": "it is compressed with zstd: unpack it first",
    b"PK\x03\x04": "it is a ZIP archive: unpack it first",
    b"\xd0\xcf\x11\xe0": "it is in Outlook's own format: save it as .eml",
}
"""What certain first octets tell: no message begins so."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file or folder that could not be read, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Found:
    """A file to be read, and whether it holds one message or many."""

    path: Path
    is_mbox: bool


def scan(paths: Sequence[Path], *, now: datetime) -> Iterator[RawMessage | Unreadable]:
    """The messages of all `paths`, in the order given; within folders by name, the same on every machine.

    A folder is read with all below it, a Maildir (`cur` and `new`) without its `tmp`. Links to folders are not
    followed but for those named. `fallback` of a message is its file's time of last change, or `now` if that lies in
    the future; `from_line` is the date of its From_ line. What cannot be read is told as `Unreadable`, and the scan
    goes on.
    """
    for found in _locate(paths):
        if isinstance(found, Unreadable):
            yield found
        else:
            yield from _read(found, now)


def read_stream(stream: BinaryIO, *, now: datetime) -> RawMessage | Unreadable:
    """The one message of a stream, read to its end: a mail that is handed over for delivery. Raises `OSError`.

    A From_ line before it is no part of it: its date is `from_line`; `fallback` is `now`. All else is kept, octet for
    octet. Nothing at all is `Unreadable`: whoever was to write the message has failed.
    """
    data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        return Unreadable(STREAM, f"it has more than {LARGEST} bytes, more than any message")
    message = mbox.unwrap(data)
    if not message.data.strip():
        return Unreadable(STREAM, "there is no message in it")
    return RawMessage(MessageRef(ACCOUNT, "", path=STREAM), None, message.data, from_line=message.date, fallback=now)


def count(paths: Sequence[Path]) -> int:
    """How many items `scan` will yield if nothing changes meanwhile; mbox files are read for it."""
    total = 0
    for found in _locate(paths):
        if isinstance(found, Unreadable) or not found.is_mbox:
            total += 1
            continue
        try:
            with found.path.open("rb") as stream:
                total += sum(1 for _ in mbox.split(stream, largest=LARGEST))
        except OSError:
            total += 1  # told by `scan`
    return total


def _read(found: _Found, now: datetime) -> Iterator[RawMessage | Unreadable]:
    name = _printable(found.path)
    try:
        with found.path.open("rb") as stream:
            status = os.fstat(stream.fileno())
            fallback = min(datetime.fromtimestamp(status.st_mtime, UTC), now)
            if found.is_mbox:
                for number, message in enumerate(mbox.split(stream, largest=LARGEST), 1):
                    place = f"{name}#{number}"
                    if message.octets > LARGEST:
                        yield Unreadable(place, f"it has {message.octets} bytes, more than any message")
                        continue
                    ref = MessageRef(ACCOUNT, "", path=place)
                    yield RawMessage(ref, None, message.data, from_line=message.date, fallback=fallback)
            elif status.st_size > LARGEST:
                yield Unreadable(name, f"it has {status.st_size} bytes, more than any message")
            else:
                data = stream.read()
                yield RawMessage(MessageRef(ACCOUNT, "", path=name), None, data, fallback=fallback)
    except OSError as error:
        yield Unreadable(name, error.strerror or str(error))


def _locate(paths: Sequence[Path]) -> Iterator[_Found | Unreadable]:
    for path in paths:
        if path.is_dir():
            yield from _walk(path)
        else:
            yield from _look_at(path, named=True)


def _walk(folder: Path) -> Iterator[_Found | Unreadable]:
    """Everything below a folder that is mail, by name. Hidden files are passed over; hidden folders are too, unless
    they are Maildirs (Maildir++ keeps its subfolders as `.Name`).
    """
    try:
        children = sorted(folder.iterdir(), key=lambda child: child.name)
    except OSError as error:
        yield Unreadable(_printable(folder), error.strerror or str(error))
        return
    maildir = _is_maildir(folder)
    for child in children:
        hidden = child.name.startswith(".")
        if child.is_dir():
            skipped = child.is_symlink() or (hidden and not _is_maildir(child)) or (maildir and child.name == "tmp")
            if not skipped:
                yield from _walk(child)
        elif not hidden:
            # Names in cur and new say nothing of what is in the files; nothing but mail lies there.
            yield from _look_at(child, named=folder.name in {"cur", "new"} and _is_maildir(folder.parent))


def _is_maildir(folder: Path) -> bool:
    return (folder / "cur").is_dir() and (folder / "new").is_dir()


def _look_at(path: Path, *, named: bool) -> Iterator[_Found | Unreadable]:
    """Decide by name and first octets what a file is. With `named` it is mail: the user or its place says so."""
    suffix = path.suffix.lower()
    if not named and suffix in _OTHER_NAMES:
        return
    try:
        start = _start(path)
    except OSError as error:
        yield Unreadable(_printable(path), error.strerror or str(error))
        return
    named = named or suffix in _MAIL_NAMES
    is_mbox = mbox.is_mbox(start)
    if trouble := _trouble(start, suffix) if named else None:
        yield Unreadable(_printable(path), trouble)
    elif is_mbox or (named and start) or _looks_like_mail(start):
        yield _Found(path, is_mbox)


def _start(path: Path) -> bytes:
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(None, "it is no regular file")
    with path.open("rb") as stream:
        return stream.read(_SNIFF)


def _trouble(start: bytes, suffix: str) -> str | None:
    """Why a file that should be mail is none; None where nothing speaks against it."""
    if not start:
        return None if suffix in _MBOX_NAMES else "it is empty"  # an empty mbox is a mailbox without mail
    return next((reason for magic, reason in _NO_MAIL.items() if start.startswith(magic)), None)


def _looks_like_mail(start: bytes) -> bool:
    """Whether a file that may be anything begins with a header that has two of the fields every mail has some of."""
    header = re.split(rb"\r?\n\r?\n", start, maxsplit=1)[0]
    if b"\0" in header or not _FIRST_FIELD.match(header):
        return False
    return len({field.lower() for field in _MAIL_FIELDS.findall(header)}) >= 2


def _printable(path: Path) -> str:
    """The path as text that can be stored: octets that are no UTF-8 are escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
