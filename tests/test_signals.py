"""Signals as something to wait for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

from mailarchiver.signals import END, Signals


def test_a_signal_ends_the_wait_and_is_told_once() -> None:
    before = signal.getsignal(signal.SIGHUP)
    with Signals() as signals:
        signals.heed_end()
        assert signals.wait(0) == set()
        os.kill(os.getpid(), signal.SIGHUP)
        os.kill(os.getpid(), signal.SIGTERM)
        assert signals.wait(30) == {signal.SIGHUP, signal.SIGTERM}
        assert signals.wait(0) == set()
        sender = threading.Timer(0.1, os.kill, [os.getpid(), signal.SIGINT])
        sender.start()
        start = time.monotonic()
        assert signals.wait(60) == {signal.SIGINT}
        assert time.monotonic() - start < 30
        sender.join()
    assert signal.getsignal(signal.SIGHUP) == before


def test_until_it_is_said_a_signal_to_end_does_so_and_the_other_waits() -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    with Signals() as signals:
        assert [signal.getsignal(number) for number in END] == [signal.SIG_DFL] * 2
        os.kill(os.getpid(), signal.SIGHUP)
        assert signals.wait(30) == {signal.SIGHUP}
        signals.heed_end()
        assert signal.SIG_DFL not in [signal.getsignal(number) for number in END]
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


BUSY = """
import os, signal, threading, time
from mailarchiver.signals import Signals
threading.Timer(0.3, os.kill, [os.getpid(), signal.SIGINT]).start()
with Signals(1.0) as signals:
    signals.heed_end()
    os.kill(os.getpid(), signal.SIGTERM)
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()
"""


def test_so_long_after_the_first_signal_to_end_there_is_no_process() -> None:
    start = time.monotonic()
    done = subprocess.run([sys.executable, "-c", BUSY], check=False, timeout=30)
    assert done.returncode == 0
    assert 1.0 <= time.monotonic() - start < 20
