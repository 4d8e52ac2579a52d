"""What is sent to the journal, read back as "Native Journal Protocol" says."""

from __future__ import annotations

import array
import fcntl
import logging
import os
import re
import socket
import struct
import sys
import tempfile
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mailarchiver import journal
from mailarchiver.events import Event, about

if TYPE_CHECKING:
    from collections.abc import Iterator


def read_back(data: bytes) -> dict[str, str]:
    """The fields of a datagram; fails on what the journal would not take."""
    told: dict[str, str] = {}
    while data:
        head, feed, rest = data.partition(b"\n")
        assert feed, "the last field has no end"
        key, equals, value = head.partition(b"=")
        if not equals:
            length = struct.unpack("<Q", rest[:8])[0]
            value, end, rest = rest[8 : 8 + length], rest[8 + length : 9 + length], rest[9 + length :]
            assert (len(value), end) == (length, b"\n")
        assert re.fullmatch(rb"[A-Z][A-Z0-9_]{0,63}", key), key
        assert key.decode() not in told
        told[key.decode()] = value.decode()
        data = rest
    return told


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A socket in the journal's place, under a path short enough for one."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as there:
        there.bind(f"{folder}/socket")
        there.settimeout(10)
        yield there


def logger_of(handler: logging.Handler) -> logging.Logger:
    """A logger that nobody else knows."""
    logger = logging.Logger("mailarchiver.testing")  # noqa: LOG001 - what is logged here is nobody else's business
    logger.addHandler(handler)
    return logger


@pytest.fixture
def log(listener: socket.socket) -> Iterator[logging.Logger]:
    """A logger that writes to it."""
    handler = journal.JournalHandler(listener.getsockname())
    with closing(handler):
        yield logger_of(handler)


def test_an_event_is_a_datagram_with_its_facts(log: logging.Logger, listener: socket.socket) -> None:
    facts = about(Event.FILED, account="articles", entry="3f9a1c2b7d40", folder="2024/03/x", ms=12, title=None)
    log.info("filed %s", "x", extra=facts)
    told = read_back(listener.recv(65536))
    assert told.pop("CODE_FILE") == __file__
    assert int(told.pop("CODE_LINE")) > 1
    assert told == {
        "MESSAGE": "filed x",
        "PRIORITY": "6",
        "SYSLOG_IDENTIFIER": "mailarchiver",
        "LOGGER": "mailarchiver.testing",
        "CODE_FUNC": "test_an_event_is_a_datagram_with_its_facts",
        "MESSAGE_ID": Event.FILED.value,
        "ACCOUNT": "articles",
        "MAILARCHIVER_ENTRY": "3f9a1c2b7d40",
        "MAILARCHIVER_FOLDER": "2024/03/x",
        "MAILARCHIVER_MS": "12",
    }


@pytest.mark.parametrize(
    ("level", "priority"),
    [("debug", 7), ("info", 6), ("warning", 4), ("error", 3), ("critical", 2)],
)
def test_levels_are_priorities(log: logging.Logger, listener: socket.socket, level: str, priority: int) -> None:
    getattr(log, level)("x")
    told = read_back(listener.recv(65536))
    assert told["PRIORITY"] == str(priority)
    assert "MESSAGE_ID" not in told


def test_nobody_smuggles_a_field_or_a_line_in(log: logging.Logger, listener: socket.socket) -> None:
    hostile = "Title\nPRIORITY=0\r\n\x1b[2Jx\u202e\ud800"
    log.warning("filed “%s”", hostile, extra=about(Event.FILED, title=hostile))
    told = read_back(listener.recv(65536))
    assert told["MESSAGE"] == "filed “Title PRIORITY=0 [2Jx\ufffd”"
    assert told["MAILARCHIVER_TITLE"] == "Title PRIORITY=0 [2Jx\ufffd"
    assert told["PRIORITY"] == "4"


def _fail() -> None:
    raise ZeroDivisionError("nothing goes into\nthis")


def test_a_traceback_is_a_field_of_its_own(log: logging.Logger, listener: socket.socket) -> None:
    try:
        _fail()
    except ZeroDivisionError:
        log.exception("broken off", extra=about(Event.DEFECT))
    told = read_back(listener.recv(65536))
    assert told["MESSAGE"] == "broken off"
    assert told["EXCEPTION_TEXT"].startswith("Traceback (most recent call last):\n")
    assert told["EXCEPTION_TEXT"].endswith("in _fail\nZeroDivisionError")


def test_a_traceback_from_a_child_is_told_the_same(log: logging.Logger, listener: socket.socket) -> None:
    log.error("broken off", extra={**about(Event.DEFECT), "trace": "Traceback:\n  here"})
    assert read_back(listener.recv(65536))["EXCEPTION_TEXT"] == "Traceback:\n  here"


def test_what_is_too_large_for_a_datagram_comes_as_a_sealed_file(log: logging.Logger, listener: socket.socket) -> None:
    log.info("%s", "long " * 500_000)
    data, ancillary, _, _ = listener.recvmsg(65536, socket.CMSG_SPACE(4))
    assert data == b""
    [(level, kind, rights)] = ancillary
    assert (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS)
    [descriptor] = array.array("i", rights)
    with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor, not a path
        seals = fcntl.fcntl(file, fcntl.F_GET_SEALS)
        size = os.fstat(descriptor).st_size
        told = read_back(os.pread(descriptor, size, 0))
    assert seals == fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
    assert told["MESSAGE"] == ("long " * 500_000).strip()


def test_while_the_journal_does_not_listen_lines_go_to_standard_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    handler = journal.JournalHandler(str(tmp_path / "nobody"))
    with closing(handler):
        logger_of(handler).error("the disk is\nfull")
    assert capsys.readouterr().err == "ERROR the disk is full (the journal: No such file or directory)\n"


def test_a_journal_that_does_not_read_holds_nobody_up_and_hears_how_many_lines_it_missed(
    log: logging.Logger, listener: socket.socket, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The queue of such a socket is short (net.unix.max_dgram_qlen)."""
    monkeypatch.setattr(journal, "PATIENCE_SECONDS", 0.2)
    begun = time.monotonic()
    for number in range(1000):
        log.info("line %d", number)
    assert time.monotonic() - begun < 5, "it is waited for once, not for each line"
    listener.setblocking(False)
    kept = read_all(listener)
    log.info("back")
    missed, back = read_all(listener)
    assert kept == [f"line {number}" for number in range(len(kept))]
    assert missed == f"{1000 - len(kept)} lines of the log are missing before this one: the journal did not take them"
    assert back == "back"
    assert capsys.readouterr().err == "", "which is the journal's as a rule"


def read_all(listener: socket.socket) -> list[str]:
    told = []
    try:
        while True:
            told.append(read_back(listener.recv(65536))["MESSAGE"])
    except BlockingIOError:
        return told


def test_standard_error_that_nobody_reads_holds_nobody_up_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, write = os.pipe()
    with os.fdopen(read, "rb"), os.fdopen(write, "w", buffering=1) as stream:
        os.set_blocking(write, False)
        with suppress(BlockingIOError):
            while True:
                os.write(write, b"x" * 4096)
        os.set_blocking(write, True)
        monkeypatch.setattr(sys, "stderr", stream)
        with closing(journal.JournalHandler(str(tmp_path / "nobody"))) as handler:
            logger_of(handler).error("the disk is full")


def test_the_variable_counts_only_for_the_descriptor_that_it_names(tmp_path: Path) -> None:
    with (tmp_path / "one").open("w") as one, (tmp_path / "other").open("w") as other:
        there = os.fstat(one.fileno())
        stream = f"{there.st_dev}:{there.st_ino}"
        assert journal.is_stderr(stream, one.fileno())
        assert not journal.is_stderr(stream, other.fileno())
        assert not journal.is_stderr(None, one.fileno())
        assert not journal.is_stderr("", one.fileno())
        closed = one.fileno()
    assert not journal.is_stderr(stream, closed)


def test_each_kind_has_an_id_of_its_own() -> None:
    ids = [event.value for event in Event]
    assert len(set(ids)) == len(Event)
    assert all(re.fullmatch(r"[0-9a-f]{32}", each) and each != "0" * 32 for each in ids)
