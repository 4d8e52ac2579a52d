"""An mbox file cut into its messages, one at a time, without reading it whole.

There is no one format (RFC 4155 describes what is common): a message begins with a "From_ line", an envelope of sender
and date, and ends before an empty line and the next From_ line, or with the file. Of the ways by which writers keep
lines of the text apart from From_ lines:

* Content-Length (mboxcl, mboxcl2) is believed where a From_ line or the end of the file really follows.
* `>From ` is left as it is. Whether the writer put the `>` there (mboxo, mboxrd) or the author did cannot be told from
  the file, and a wrong guess would alter the only copy: the octets come out as they lie between the From_ lines.
* Nothing at all: so a line counts as a From_ line only if it has the form of one. `From Russia with love` has not.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ZONES = {"EDT": -4, "EST": -5, "CDT": -5, "CST": -6, "MDT": -6, "MST": -7, "PDT": -7, "PST": -8}
"""Hours; the names of RFC 5322 §4.3. Any other name is taken as UTC, which is what RFC 4155 asks for."""

_DATE = re.compile(
    rb"""[ ](?:(?:mon|tue|wed|thu|fri|sat|sun),?[ ]+)?
    (?:(?P<month>[a-z]{3})[ ]+(?P<day>\d{1,2}) | (?P<day2>\d{1,2})[ -](?P<month2>[a-z]{3})(?:[ -](?P<year2>\d{4}))?)
    [ ]+(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d))?
    (?:[ ]+(?P<zone>[+-]\d{4}|[a-z]{1,5}))?
    (?:[ ]+(?P<year>\d{4}))?
    (?:[ ]+(?P<zone2>[+-]\d{4}|[a-z]{1,5}))?
    (?:[ ]+remote[ ]from[ ].*)?\s*$""",
    re.IGNORECASE | re.VERBOSE,
)
"""`Mon Mar 11 14:05:33 2024` and its kin: zone before or after the year (Google Takeout, old Unix), no seconds, day
before month, UUCP's ending."""

_GIT = re.compile(rb"From [0-9a-f]{40}(?:[0-9a-f]{24})? Mon Sep 17 00:00:00 2001\s*$")
"""The first line of every `git format-patch`, always with this date."""

_BARE = re.compile(rb"From (?P<sender>-|\S+@\S+)\s*$")
_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")
_LENGTH = re.compile(rb"content-length[ \t]*:[ \t]*(\d{1,12})\s*$", re.IGNORECASE)
_LONGEST = 1000
"""Octets of a line that may still be a From_ line."""

_PART = 1 << 20
"""Octets of a line that are read at a time."""

_EMPTY = (b"\n", b"\r\n")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Enveloped:
    """A message of an mbox: its octets without From_ line and the empty line that ends it, and the From_ line's date
    (None where it has none; UTC where it has no zone). Of one that is too large only the number of `octets` is kept.
    """

    data: bytes = field(repr=False)
    date: datetime | None
    octets: int = 0


def is_mbox(start: bytes) -> bool:
    """Whether a file that starts with these octets (its first lines, whole) is an mbox: it begins with a From_ line."""
    lines = start.removeprefix(_BOM).lstrip(b"\r\n").split(b"\n", 2)
    return len(lines) > 1 and lines[0].startswith(b"From ") and _opens(lines[0], lines[1])


class _Lines:
    """The lines of a message, as long as there are no more octets in them than `largest`; and how many there are."""

    def __init__(self, largest: int) -> None:
        self.octets = 0
        self._largest = largest
        self._kept: list[bytes] = []

    def add(self, line: bytes) -> None:
        self.octets += len(line)
        if self.octets > self._largest:
            self._kept.clear()
        else:
            self._kept.append(line)

    def drop_empty(self) -> None:
        """Take the last line off if it is empty."""
        if self._kept and self._kept[-1] in _EMPTY:
            self.octets -= len(self._kept.pop())

    def ends_empty(self) -> bool:
        return bool(self._kept) and self._kept[-1] in _EMPTY

    def join(self) -> bytes:
        return b"".join(self._kept)


def split(stream: BinaryIO, *, largest: int = 1 << 30) -> Iterator[Enveloped]:
    """Cut a file for which `is_mbox` holds; it must be able to seek. One message is in memory at a time, and none that
    has more octets than `largest`: where From_ lines are missing, all of the file is one.
    """
    from_line = _skip_empty(stream, stream.readline().removeprefix(_BOM))
    lone_patch = not _GIT.match(from_line)  # then such a line further down is a patch within a mail
    while from_line:
        lines = _Lines(largest)
        length = _read_header(stream, lines)
        body = None if length is None or length > largest else _body_of(stream, length)
        if body is None:
            following = _read_body(stream, lines, lone_patch=lone_patch)
        else:
            lines.add(body)
            following = _skip_empty(stream, stream.readline())
        data = lines.join()
        if data.strip() or lines.octets > largest:  # else it is two From_ lines in a row
            yield Enveloped(data, read_date(from_line), lines.octets)
        from_line = following


def unwrap(data: bytes) -> Enveloped:
    """One message as it is handed over for delivery: procmail and Postfix put a From_ line before it, others do not.

    Nothing but that line is taken off; lines further down are the message's own, whatever they look like.
    """
    first, newline, rest = data.partition(b"\n")
    line = first + newline
    if line.startswith(b"From ") and _opens(line, rest[:_LONGEST]):
        return Enveloped(rest, read_date(line))
    return Enveloped(data, None)


def read_date(from_line: bytes) -> datetime | None:
    """The date of a From_ line, None where there is none that a calendar has."""
    envelope = _envelope(from_line)
    return envelope[1] if envelope else None


def _envelope(line: bytes) -> tuple[bytes, datetime] | None:
    """Sender and date of a From_ line that has both."""
    found = _DATE.search(line) if len(line) <= _LONGEST else None
    if not found:
        return None
    part = {name: value.decode("ascii").lower() for name, value in found.groupdict().items() if value}
    year, month = part.get("year") or part.get("year2"), part.get("month") or part["month2"]
    if year is None or month not in _MONTHS:
        return None
    try:
        date = datetime(
            *(int(year), _MONTHS.index(month) + 1, int(part.get("day") or part["day2"])),
            *(int(part["hour"]), int(part["minute"]), min(int(part.get("second", "0")), 59)),  # 60: a leap second
            tzinfo=_zone(part.get("zone") or part.get("zone2") or ""),
        )
    except ValueError:
        return None
    return line[len(b"From ") : found.start()].strip(), date


def _zone(text: str) -> timezone:
    if text[:1] in {"+", "-"}:
        offset = timedelta(hours=int(text[1:3]), minutes=int(text[3:]))
        return timezone(-offset if text[0] == "-" else offset)
    return timezone(timedelta(hours=_ZONES[text.upper()])) if text.upper() in _ZONES else UTC


def _opens(line: bytes, following: bytes) -> bool:
    """Whether a first line is a From_ line: it has a date, or a header follows (`From x: y` is a header itself)."""
    return read_date(line) is not None or (not _FIELD.match(line) and _FIELD.match(following) is not None)


def _read_header(stream: BinaryIO, lines: _Lines) -> int | None:
    """Add the lines up to the empty one, which is included. Returns the Content-Length that they state."""
    length = None
    begins = True
    while line := stream.readline(_PART):
        if begins and line.startswith(b"From ") and _separates(line, stream, after_empty=False, lone_patch=True):
            stream.seek(-len(line), os.SEEK_CUR)  # a header without a body: the next message begins at once
            break
        lines.add(line)
        if begins and line in _EMPTY:
            break
        if begins and (found := _LENGTH.match(line)):
            length = int(found[1])
        begins = line.endswith(b"\n")
    return length


def _read_body(stream: BinaryIO, lines: _Lines, *, lone_patch: bool) -> bytes:
    """Add the lines of the body, without the empty one that ends it. Returns the From_ line after it, or b""."""
    after_empty = lines.ends_empty()
    header = lines.octets
    begins = True
    while line := stream.readline(_PART):
        if (
            begins
            and line.startswith(b"From ")
            and _separates(line, stream, after_empty=after_empty, lone_patch=lone_patch)
        ):
            break
        after_empty = begins and line in _EMPTY
        begins = line.endswith(b"\n")
        lines.add(line)
    if lines.octets > header and after_empty:
        lines.drop_empty()
    return line


def _separates(line: bytes, stream: BinaryIO, *, after_empty: bool, lone_patch: bool) -> bool:
    """Whether a line that begins with `From ` is a From_ line, by its form and its surroundings.

    With a date: after an empty line always, elsewhere only if the sender is one word (some writers leave the empty
    line out). Without: `From -` (Netscape) where a header follows, a bare address after an empty line as well.
    """
    if lone_patch and _GIT.match(line):
        return False
    if envelope := _envelope(line):
        return after_empty or b" " not in envelope[0]
    bare = _BARE.match(line)
    if bare is None or not (after_empty or bare["sender"] == b"-"):
        return False
    here = stream.tell()
    following = stream.readline()
    stream.seek(here)
    return _FIELD.match(following) is not None


def _body_of(stream: BinaryIO, length: int) -> bytes | None:
    """The body of a stated length, if that is where the next message begins or the file ends; else None.

    Leaves the stream behind the body, or where it was.
    """
    start = stream.tell()
    if start + length > stream.seek(0, os.SEEK_END):
        stream.seek(start)
        return None
    stream.seek(start + length)
    following = _skip_empty(stream, stream.readline())
    fits = not following or (following.startswith(b"From ") and _opens(following, stream.readline()))
    stream.seek(start)
    return stream.read(length) if fits else None


def _skip_empty(stream: BinaryIO, line: bytes) -> bytes:
    """The first line that is not empty, from `line` on; b"" at the end."""
    while line in _EMPTY:
        line = stream.readline()
    return line
