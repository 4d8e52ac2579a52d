"""Files that stand uuencoded in the middle of a plain text, from the time before MIME (POSIX.1, `uuencode`)."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from itertools import islice

_BEGIN = re.compile(r"^begin [0-7]{3,4} ([^\r\n]{1,255})\r?\n", re.MULTILINE)
_LINE = re.compile(r"([ -`]*)\r?(?:\n|\Z)")
_END = re.compile(r"end[ \t]*\r?(?:\n|\Z)")
_FILES = 100
"""Cut out of one text; what stands behind them stays."""
_TRIED = 10_000
"""Lines that look like the beginning of a file."""


def cut_out(text: str) -> tuple[str, tuple[tuple[str, bytes], ...]]:
    """The text without the uuencoded files in it, and those: (name as written, octets), in order.

    A file counts only where every line of it decodes, and its `end` is there: else the text stays as it is. Takes time
    linear in the text, as no line of data can begin like another file (data has no lower case).
    """
    if "begin " not in text:
        return text, ()
    kept: list[str] = []
    files: list[tuple[str, bytes]] = []
    place = 0
    for name, start, end, data in _files(text):
        kept.append(text[place:start])
        files.append((name, data))
        place = end
    return "".join([*kept, text[place:]]), tuple(files)


def _files(text: str) -> Iterator[tuple[str, int, int, bytes]]:
    """Each file that is sound: its name, where it begins and ends in the text, its octets."""
    found = 0
    for begin in islice(_BEGIN.finditer(text), _TRIED):
        decoded = _decoded(text, begin.end())
        if decoded is not None:
            yield begin[1].strip(), begin.start(), *decoded
            found += 1
        if found >= _FILES:
            return


def _decoded(text: str, place: int) -> tuple[int, bytes] | None:
    """Where the file whose data begins here ends, and its octets; None where it is damaged or has no end."""
    octets = bytearray()
    while True:
        line = _LINE.match(text, place)
        if line is None or line.end() == place:
            return None
        if line[1] in {"", " ", "`"}:  # a line of no octets comes before the end
            end = _END.match(text, line.end())
            return (end.end(), bytes(octets)) if end else None
        data = _octets(line[1])
        if data is None:
            return None
        octets += data
        place = line.end()
        end = _END.match(text, place)
        if end:  # QUIRK: encoders that leave out the empty line
            return end.end(), bytes(octets)


def _octets(line: str) -> bytes | None:
    """The octets of a line that is as long as it says, but for one character; None for any other."""
    length = ord(line[0]) - 32 & 63
    needed = 1 + (length + 2) // 3 * 4
    return None if len(line) > needed + 1 else line_octets(line.encode("ascii"))


def line_octets(line: bytes) -> bytes | None:
    """The octets of one line, which is not empty; None for what is none. Trailing spaces that were lost are forgiven.

    QUIRK: encoders that pad wrongly (https://github.com/python/cpython/issues/38347): the length counts.
    """
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        length = (((line[0] - 32) & 63) * 4 + 5) // 3
    try:
        return binascii.a2b_uu(line[:length])
    except binascii.Error:
        return None
