"""The protocol of sd_notify(3), on a socket of our own."""

from __future__ import annotations

import os
import socket
import time
from typing import TYPE_CHECKING

import pytest

from mailarchiver import notify as notify_module
from mailarchiver.notify import notify, reloading, watchdog_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def nothing_told() -> Iterator[None]:
    """As in a process that has just begun."""
    notify_module._told.clear()
    yield
    notify_module._told.clear()


@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_assignments_arrive_in_one_datagram(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = str(tmp_path / "notify") if kind == "path" else f"\0mailarchiver-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(name)
        listener.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", name.replace("\0", "@"))
        assert notify("READY=1", "STATUS=two\nlines — and a dash")
        assert listener.recv(4096).decode() == "READY=1\nSTATUS=two lines — and a dash"


def test_nothing_where_nobody_listens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert notify("READY=1"), "nobody wants to hear it"
    assert not caplog.records
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    assert not notify("READY=1"), "it is to be said again"
    assert not notify("READY=1")
    assert caplog.text.count("READY=1") == 1, "what is wrong is told once"


def test_a_listener_that_does_not_listen_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The queue of such a socket is short (net.unix.max_dgram_qlen), and sending to a full one blocks."""
    monkeypatch.setattr("mailarchiver.notify.PATIENCE_SECONDS", 0.01)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as deaf:
        deaf.bind(str(tmp_path / "notify"))
        while "timed out" not in caplog.text:
            assert notify("WATCHDOG=1") != ("timed out" in caplog.text)


def test_a_reload_is_told_with_the_moment_at_which_it_begins() -> None:
    """Type=notify-reload (systemd 253) waits for a READY=1 that is later than this, in CLOCK_MONOTONIC."""
    before = time.clock_gettime(time.CLOCK_MONOTONIC) * 1e6
    word, moment = reloading()
    assert word == "RELOADING=1"
    name, _, value = moment.partition("=")
    assert name == "MONOTONIC_USEC"
    assert before - 1 <= int(value) <= time.clock_gettime(time.CLOCK_MONOTONIC) * 1e6


@pytest.mark.parametrize(
    ("microseconds", "pid", "expected"),
    [
        ("300000000", None, 300.0),
        ("300000000", "own", 300.0),
        ("300000000", "1", None),
        ("0", None, None),
        ("soon", None, None),
        (None, None, None),
    ],
)
def test_the_watchdog_asks_by_the_environment(
    monkeypatch: pytest.MonkeyPatch, microseconds: str | None, pid: str | None, expected: float | None
) -> None:
    own = str(os.getpid())  # not among the parameters: their names must be the same in every process of a run
    for name, value in (("WATCHDOG_USEC", microseconds), ("WATCHDOG_PID", own if pid == "own" else pid)):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    assert watchdog_seconds() == expected
