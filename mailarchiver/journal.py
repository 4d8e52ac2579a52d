"""systemd's journal, in its own format: a datagram an event, with priority, kind and facts in fields of their own.

::

    LogRecord ─ fields ─▶ {"MESSAGE": …, "PRIORITY": "6", …} ─ encoded ─▶ bytes ─▶ /run/systemd/journal/socket

The format is that of systemd's "Native Journal Protocol": `KEY=value` and a line feed; where the value itself has line
feeds, `KEY`, a line feed, the value's length (64 bits, little-endian), the value, a line feed. A datagram that the
socket finds too large goes as a sealed file in memory (memfd), whose descriptor is sent in its place.
"""

from __future__ import annotations

import array
import errno
import fcntl
import logging
import os
import select
import socket
import struct
import sys
import time
from collections.abc import Mapping
from typing import TextIO

from .events import event_of, facts_of, trace_of
from .text.terminal import block, line

SOCKET = "/run/systemd/journal/socket"
IDENTIFIER = "mailarchiver"
PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (logging.NOTSET, 7))
"""From this level of the log on → the priority of syslog(3)."""
PATIENCE_SECONDS = 1.0
"""So long a full journal holds up a line, and whoever else has one to log."""
PAUSE_SECONDS = 0.01
SHORT = 2000
"""Characters of a line on standard error in the journal's place: a pipe that can be written to takes them at once."""
OWN_NAMES = {"account": "ACCOUNT"}
"""Facts whose fields have no prefix; the others are `MAILARCHIVER_<NAME>`."""


def is_stderr(stream: str | None, descriptor: int = 2) -> bool:
    """Whether a descriptor is the connection to the journal that `$JOURNAL_STREAM` names, `device:inode`.

    The variable alone tells nothing: it is inherited by a program whose standard error was turned elsewhere
    (systemd.exec(5)).
    """
    try:
        there = os.fstat(descriptor)
    except OSError:  # it is closed
        return False
    return stream == f"{there.st_dev}:{there.st_ino}"


def priority(level: int) -> int:
    """The priority of syslog(3) for a level of the log."""
    return next(number for lowest, number in PRIORITIES if level >= lowest)


def fields(record: logging.LogRecord) -> dict[str, str]:
    """What the journal is told of a line of the log. MESSAGE is one line; a traceback is EXCEPTION_TEXT."""
    event, trace = event_of(record), trace_of(record)
    told = {
        "MESSAGE": line(record.getMessage()),
        "PRIORITY": str(priority(record.levelno)),
        "SYSLOG_IDENTIFIER": IDENTIFIER,
        "LOGGER": record.name,
        "CODE_FILE": record.pathname,
        "CODE_LINE": str(record.lineno),
        "CODE_FUNC": record.funcName or "",
    }
    if event is not None:
        told["MESSAGE_ID"] = event.value
    for name, fact in facts_of(record).items():
        told[OWN_NAMES.get(name, f"MAILARCHIVER_{name.upper()}")] = line(str(fact))
    if trace:
        told["EXCEPTION_TEXT"] = block(trace)
    return told


def encoded(told: Mapping[str, str]) -> bytes:
    """The fields of one event, as they are sent."""
    return b"".join(_field(key.encode("ascii"), value.encode("utf-8", "replace")) for key, value in told.items())


def _field(key: bytes, value: bytes) -> bytes:
    if b"\n" not in value:
        return b"%b=%b\n" % (key, value)
    return b"%b\n%b%b\n" % (key, struct.pack("<Q", len(value)), value)


def _of_dropped(number: int) -> dict[str, str]:
    """What the journal is told of lines that it did not take."""
    told = f"{number} lines of the log are missing before this one: the journal did not take them"
    return {"MESSAGE": told, "PRIORITY": str(priority(logging.WARNING)), "SYSLOG_IDENTIFIER": IDENTIFIER}


def _is_writable(stream: TextIO | None) -> bool:
    """Whether a line can be written to it at once. Standard error may be a pipe or a socket that nobody reads."""
    if stream is None:
        return False
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):  # it is in memory
        return True
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return bool(poll.poll(0))


class JournalHandler(logging.Handler):
    """Sends what is logged to the journal. While that does not listen, lines go to standard error: none is lost.

    One that listens and does not read is no reason to stop filing: it is waited for once, for a second; then the lines
    that it does not take are counted, and how many they were is told as soon as it takes one.
    """

    def __init__(self, path: str = SOCKET) -> None:
        super().__init__()
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.settimeout(0)
        self._dropped = 0

    def emit(self, record: logging.LogRecord) -> None:
        """As `logging.Handler` has it; the caller holds the handler's lock."""
        try:
            if self._dropped:
                self._send(encoded(_of_dropped(self._dropped)))
                self._dropped = 0
            self._send_in_time(encoded(fields(record)))
        except BlockingIOError:
            self._dropped += 1
        except OSError as error:
            told = f"{record.levelname} {line(record.getMessage())} (the journal: {error.strerror})"
            if _is_writable(sys.stderr):
                sys.stderr.write(f"{told[:SHORT]}\n")
            else:
                self._dropped += 1
        except (TypeError, ValueError):  # the sentence and its values do not fit: a defect, which logging shows itself
            self.handleError(record)

    def close(self) -> None:
        """As `logging.Handler` has it."""
        self._socket.close()
        super().close()

    def _send_in_time(self, datagram: bytes) -> None:
        """Send it when the journal's queue has room. Raises `BlockingIOError`: it has none for a while.

        QUIRK: poll(2) on a socket that is not connected says nothing about the queue at the other end (unix_dgram_poll
        in Linux), so it is tried again and again.
        """
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return self._send(datagram)
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise
            time.sleep(PAUSE_SECONDS)

    def _send(self, datagram: bytes) -> None:
        try:
            self._socket.sendto(datagram, self._path)
        except OSError as error:
            if error.errno not in {errno.EMSGSIZE, errno.ENOBUFS}:
                raise
            self._send_as_file(datagram)

    def _send_as_file(self, datagram: bytes) -> None:
        """What is too large for a datagram. The journal takes only a file that nobody can change any more."""
        seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL
        descriptor = os.memfd_create("mailarchiver-log", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        with open(descriptor, "wb", buffering=0) as file:  # noqa: PTH123 - a descriptor, not a path
            rest = memoryview(datagram)
            while rest:
                rest = rest[file.write(rest) :]
            fcntl.fcntl(file, fcntl.F_ADD_SEALS, seals)
            rights = array.array("i", [file.fileno()])
            self._socket.sendmsg([], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)], 0, self._path)
