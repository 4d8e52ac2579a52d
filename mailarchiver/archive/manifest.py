"""`manifest.jsonl`: the record of every filing, one JSON object a line, only ever appended.

    Entry   ⇄ {"id": …, "folder": …, …, "source": …}     a filed article; for one id the last line stands
    Removal ⇄ {"id": …, "sha256": …, "removed": …}       an article the user took out

Reading is tolerant: unknown keys and lines of an unknown kind are passed over, a damaged line is named in the log and
passed over, and a line without its end (a crash while it was appended) is not there yet.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from ..model import Entry, Kind, Source
from . import given
from .sync import fsync_path, write_all

log = logging.getLogger(__name__)

TAIL = 4096
"""Octets before a position by which it is recognised as one in the same manifest."""

KEYS = tuple(field.name for field in dataclasses.fields(Entry))
SOURCE_KEYS = tuple(field.name for field in dataclasses.fields(Source))
ID = re.compile(r"[0-9a-f]{12,64}(?:-[0-9]{1,9})?")
FOLDER = re.compile(r"\d{4}/\d{2}/(?!\.)[^/\0]{1,255}")
INTEGERS = range(-(2**63), 2**63)
"""Those that a database holds."""
NOT_FOR_LINES = re.compile("[\x7f\u0085\u2028\u2029\ud800-\udfff]")
"""Line ends to some readers, and lone surrogates, which UTF-8 cannot hold: written as JSON escapes."""


@dataclass(frozen=True, slots=True)
class Removal:
    """The line that says that the user removed an article: `sha256` is its mail's, `removed` RFC 3339."""

    id: str
    sha256: str
    removed: str


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the manifest: its first `size` octets, recognised by the SHA-256 of the last 4096 of them."""

    size: int
    tail: str


# --- one line -------------------------------------------------------------------------------------------------------


def to_line(record: Entry | Removal) -> bytes:
    """The record as a line, its end included. Keys come in the order of docs/archive-format.md."""
    if isinstance(record, Removal):
        data = dataclasses.asdict(record)
    else:
        data = {key: getattr(record, key) for key in KEYS}
        data["source"] = record.source and {key: getattr(record.source, key) for key in SOURCE_KEYS}
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return escaped(text).encode() + b"\n"


def escaped(text: str) -> str:
    """JSON with the characters that a line, or UTF-8, cannot hold as JSON escapes."""
    return NOT_FOR_LINES.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def from_line(line: bytes) -> Entry | Removal | None:
    """The record in a line, None for a JSON object of a kind that is not known here.

    Raises `ValueError` for what is no JSON object, or lacks an id, a digest, a folder or a `received` that may be one.
    """
    data = given.parsed(line.decode())
    if not isinstance(data, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - the line has a bad value, the program no bad type
    if "removed" in data:
        return Removal(_id(data), _text(data, "sha256"), _text(data, "removed"))
    if "folder" not in data:
        return None
    return entry_of(data)


def entry_of(data: Mapping[str, object]) -> Entry:
    """The entry that these keys describe; unknown ones are passed over, and values that cannot be.

    Raises `ValueError` where it has no id, no place, or no time at which it was received.
    """
    if not FOLDER.fullmatch(_text(data, "folder")):
        raise ValueError(f"{data['folder']!r} is no folder of an archive")
    tags = data.get("tags")
    return Entry(
        id=_id(data),
        folder=_text(data, "folder"),
        title=_optional(data, "title") or "",
        byline=_optional(data, "byline"),
        site=_optional(data, "site"),
        url=_optional(data, "url"),
        published=_optional(data, "published"),
        received=_received(data),
        filed=_optional(data, "filed"),
        kind=cast("Kind", _optional(data, "kind") or "message"),
        language=_optional(data, "language"),
        tags=tuple(_whole(tag) for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else (),
        words=_number(data, "words") or 0,
        images=_number(data, "images") or 0,
        attachments=_number(data, "attachments") or 0,
        warnings=_number(data, "warnings") or 0,
        message_id=_optional(data, "message_id"),
        sha256=_text(data, "sha256"),
        sums=_optional(data, "sums") or "",
        same_as=_optional(data, "same_as"),
        source=_source(data.get("source")),
    )


def _source(data: object) -> Source | None:
    if not isinstance(data, dict):
        return None
    return Source(
        _optional(data, "account") or "",
        _optional(data, "folder") or "",
        _number(data, "uidvalidity"),
        _number(data, "uid"),
    )


def _id(data: Mapping[str, object]) -> str:
    found = _text(data, "id")
    if not ID.fullmatch(found):
        raise ValueError(f"{found!r} is no id")
    return found


def _received(data: Mapping[str, object]) -> str:
    found = _text(data, "received")
    try:
        moment = datetime.fromisoformat(found)
        moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{found!r} is no moment: {error}") from error
    if moment.tzinfo is None:
        raise ValueError(f"{found!r} has no offset: when it was depends on the machine")
    return found


def _text(data: Mapping[str, object], key: str) -> str:
    value = _optional(data, key)
    if not value:
        raise ValueError(f"{key} is missing")
    return value


def _optional(data: Mapping[str, object], key: str) -> str | None:
    value = data.get(key)
    return _whole(value) if isinstance(value, str) else None


def _number(data: Mapping[str, object], key: str) -> int | None:
    value = data.get(key)
    return value if isinstance(value, int) and value in INTEGERS else None


def _whole(text: str) -> str:
    """A lone surrogate, which neither UTF-8 nor a database can hold, as "?"."""
    return text.encode("utf-8", "replace").decode()


def moment(entry: Entry) -> float:
    """When it was received, in seconds since 1970."""
    return datetime.fromisoformat(entry.received).timestamp()


# --- the file -------------------------------------------------------------------------------------------------------


def size(path: Path) -> int:
    """How long the manifest is, 0 where there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def end(path: Path) -> Position:
    """Where the manifest ends now. Reads 4 KB of it, at any size."""
    return position(path, size(path)) or Position(0, "")


def position(path: Path, at: int) -> Position | None:
    """The position at octet `at`; None where the manifest is shorter."""
    if at == 0:
        return Position(0, "")
    if size(path) < at:
        return None
    with path.open("rb") as file:
        file.seek(max(0, at - TAIL))
        return Position(at, hashlib.sha256(file.read(min(at, TAIL))).hexdigest())


def records(path: Path, start: int = 0) -> Iterator[Entry | Removal]:
    """The records from octet `start` on, in order. A line that is damaged is passed over with a warning in the log."""
    return (record for _, record in placed_records(path, start) if record is not None)


def placed_records(path: Path, start: int = 0) -> Iterator[tuple[int, Entry | Removal | None]]:
    """The whole lines from octet `start` on, in order: where each ends, and its record, None where it holds none that
    is known here, or is damaged, which the log says.
    """
    if size(path) <= start:
        return
    with path.open("rb") as file:
        file.seek(start)
        for line in file:
            if not line.endswith(b"\n"):
                return
            start += len(line)
            try:
                record = from_line(line)
            except ValueError as error:
                log.warning(
                    "%s: the line that ends at octet %d is damaged (%s) and was passed over", path, start, error
                )
                record = None
            yield start, record


def append(path: Path, lines: Iterable[bytes], *, mode: int) -> None:
    """Append whole lines and sync them. Raises `OSError`; what was written until then is the caller's to cut off."""
    is_new = not path.exists()
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, mode)
    try:
        os.fchmod(descriptor, mode)
        write_all(descriptor, b"".join(lines))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if is_new:
        fsync_path(path.parent)


def cut(path: Path, end: int) -> None:
    """Take back what was appended after octet `end`, and sync that."""
    if size(path) <= end:
        return
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.ftruncate(descriptor, end)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def end_of_lines(path: Path) -> int:
    """Where the last whole line ends. Reads all of the manifest."""
    if size(path) == 0:
        return 0
    with path.open("rb") as file:
        return sum(len(line) for line in file if line.endswith(b"\n"))


def mend(path: Path, start: int) -> int:
    """Make whole what a crash may have left after octet `start`: sound lines stay, the rest goes; octets cut off.

    The lines are written again where they stand even if all are sound: whether they ever reached the disk is not
    known, and pages that the kernel takes for written are not written by an fsync alone. A last line that is complete
    but for its end gets one.
    """
    if size(path) <= start:
        return 0
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        os.lseek(descriptor, start, os.SEEK_SET)
        with os.fdopen(os.dup(descriptor), "rb") as file:
            found = file.read()
        sound = b"".join(line + b"\n" for line in found.split(b"\n") if _is_object(line))
        os.lseek(descriptor, start, os.SEEK_SET)
        write_all(descriptor, sound)
        os.ftruncate(descriptor, start + len(sound))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return max(0, len(found) - len(sound))


def is_sound(line: bytes) -> bool:
    """Whether a line is a record, or a JSON object of a kind that is not known here: those are kept."""
    try:
        from_line(line)
    except ValueError:
        return False
    return True


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(given.parsed(line), dict)
    except ValueError:
        return False
