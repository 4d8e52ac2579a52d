"""A process that has imported what a child needs, and forks itself for each child: the import is paid for once.

::

    Nursery.child ─── its ends of three channels ──▶ tend ─ fork ─▶ the child
    Process.wait  ◀── how it ended ──────────────────┤
    Process.kill  ─── our end of that is shut ──────▶┘ kills it

The program itself cannot be forked: it has threads, files and connections. `tend` has one thread, and holds nothing but
these channels, of which a child keeps its own two. It reads no mail. Nobody else waits for its children, and nobody
else kills them, so that the number of a process is never that of another by then. When our end of its socket is closed,
be it that we were killed, it ends, and what is left of its children.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from typing import NamedTuple

from .errors import StoreError
from .text.traces import trace

END_SECONDS = 5.0
_READY, _ASKED = b"ready", b"a child"
_ENDS = 3
"""Descriptors that come with what is asked: the child's tasks, its answers, and where it is told how it ended."""


class Born(NamedTuple):
    """A child that was asked for, with our ends of its pipes. It may still be on its way: then it has not greeted."""

    process: Process
    tasks: int
    answers: int


class Nursery:
    """Our end of the process, which is `command`: it must come to call `tend`. May be used by several threads."""

    def __init__(self, command: Sequence[str]) -> None:
        """Starts it, so that it has imported everything by the time a child is needed. Raises as `child`."""
        self._command = command
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._begun()

    def child(self) -> Born:
        """Ask for a child, without waiting for it.

        Raises `StoreError` where the program cannot be run, or has no room for it: no fault of any mail.
        """
        with self._lock, ExitStack() as theirs, ExitStack() as ours:
            control = self._begun()
            try:
                reads, tasks = _pipe(theirs, ours)
                answers, writes = _pipe(ours, theirs)
                fate, told = socket.socketpair()
            except OSError as error:
                raise StoreError(f"no pipe for a worker process: {error.strerror}") from error
            with told, suppress(ConnectionError):  # it has just ended: the child will not greet
                socket.send_fds(control, [_ASKED], [reads, writes, told.fileno()])
            ours.pop_all()
            return Born(Process(fate), tasks, answers)

    def end(self) -> None:
        """End it with all its children; `child` starts it again."""
        with self._lock:
            self._end()

    def _begun(self) -> socket.socket:
        """The socket to the process, which is started where there is none."""
        if self._process is not None and self._process.poll() is not None:
            self._end()
        if self._control is None:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs, ExitStack() as on_failure:
                on_failure.callback(ours.close)
                self._process = self._started(theirs)
                on_failure.pop_all()
            self._control = ours
        return self._control

    def _started(self, control: socket.socket) -> subprocess.Popen[bytes]:
        # QUIRK: -P and this process's path: alone, `-m` imports first what lies in the current folder (CPython docs).
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        try:
            return subprocess.Popen(  # noqa: S603  our own
                self._command, stdin=control.fileno(), stdout=subprocess.DEVNULL, env=environment
            )
        except OSError as error:
            who = f"the archive's owner (user {os.geteuid()})"
            cure = f"{who} must be able to run it, so it must not lie in another user's home"
            raise StoreError(f"{self._command[0]}: {error.strerror}: {cure}") from error

    def _end(self) -> None:
        process, control = self._process, self._control
        self._process = self._control = None
        if process is None or control is None:
            return
        if not _readable(control.fileno(), seconds=0):  # not ready: it has no child yet, or one that has no mail yet
            process.kill()
        control.close()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Process:
    """A child, as a process. `kill` may be called by any thread, all else by one at a time."""

    def __init__(self, fate: socket.socket) -> None:
        """`fate` is where it is told how it ended."""
        self._fate = fate
        self._lock = threading.Lock()
        self._status: int | None = None

    def is_over(self) -> bool:
        """Whether it ended, or nobody is left who could tell."""
        is_known = self._status is not None or self._fate.fileno() < 0
        return is_known or bool(_readable(self._fate.fileno(), seconds=0))

    def wait(self, seconds: float) -> int | None:
        """Its exit status, or minus the number of the signal that ended it; None where it goes on for so many seconds,
        or nobody is left who could tell.
        """
        if self._status is None and self._fate.fileno() >= 0 and _readable(self._fate.fileno(), seconds=seconds):
            told = self._fate.recv(16)
            self._status = int(told) if told else None
        return self._status

    def kill(self) -> None:
        """Have it killed, whatever it does. If nobody is left to do that, it ends with its input, or by its alarm."""
        with self._lock, suppress(OSError):
            self._fate.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Have it killed, and wait for nothing."""
        with self._lock:
            self._fate.close()


def _pipe(reader: ExitStack, writer: ExitStack) -> tuple[int, int]:
    """A pipe: the descriptors to read from and to write to, which these close."""
    reads, writes = os.pipe()
    reader.callback(os.close, reads)
    writer.callback(os.close, writes)
    return reads, writes


def _readable(*descriptors: int, seconds: float | None = None) -> list[int]:
    """Those that can be read, or have come to their end; waits for one, at most so many seconds."""
    waiting = select.poll()
    for descriptor in descriptors:
        waiting.register(descriptor, select.POLLIN)
    return [descriptor for descriptor, _ in waiting.poll(None if seconds is None else seconds * 1000)]


# --- the other end ----------------------------------------------------------------------------------------------------


def tend() -> tuple[int, int]:
    """Fork a child whenever one is asked for. Returns in the child, with the descriptors of its tasks and its answers;
    the process that called it ends in here.
    """
    control, brood = socket.socket(fileno=0), _Brood()
    control.send(_READY)
    while True:
        ready = _readable(control.fileno(), *brood.descriptors())
        brood.attend(ready)
        if control.fileno() in ready:
            ends = _asked(control)
            if not ends:
                brood.end()
                os._exit(0)
            tasks, answers, fate = ends
            if (number := _forked()) == 0:
                brood.leave()
                os.dup2(1, control.detach())  # to /dev/null: nothing that reads standard input may find anything there
                os.close(fate)
                return tasks, answers
            os.close(tasks)
            os.close(answers)
            brood.add(number, socket.socket(fileno=fate))


def _asked(control: socket.socket) -> list[int]:
    """The descriptors of a child that is asked for; none where nobody is left to ask."""
    with suppress(ConnectionResetError):  # we said that we are ready, and nobody read that
        return socket.recv_fds(control, len(_ASKED), _ENDS)[1]
    return []


def _forked() -> int | None:
    """As fork(2); None where it is refused: the child does not greet."""
    try:
        return os.fork()
    except OSError as error:
        sys.stderr.write(f"{trace(error)}\n")
        return None


class _Brood:
    """The children of this process, by their numbers, each with the socket on which its end is told."""

    def __init__(self) -> None:
        self._fates: dict[int, socket.socket] = {}
        self._killed: set[int] = set()
        self._woken, self._wake = os.pipe()
        os.set_blocking(self._wake, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # a signal that is ignored wakes nobody
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)

    def add(self, number: int | None, fate: socket.socket) -> None:
        """One more, or none where it could not be forked."""
        if number is None:
            fate.close()
        else:
            self._fates[number] = fate

    def descriptors(self) -> list[int]:
        """What is to be waited for: that one ends, or that nobody wants one any more."""
        return [self._woken, *(fate.fileno() for number, fate in self._fates.items() if number not in self._killed)]

    def attend(self, ready: Sequence[int]) -> None:
        """Kill those that nobody wants any more, and tell how those ended that did."""
        for number, fate in self._fates.items():
            if fate.fileno() in ready:
                os.kill(number, signal.SIGKILL)
                self._killed.add(number)
        if self._woken in ready:
            os.read(self._woken, 512)
            for number in list(self._fates):
                self._tell(number, os.WNOHANG)

    def end(self) -> None:
        """Kill all of them."""
        for number in self._fates:
            os.kill(number, signal.SIGKILL)
        for number in list(self._fates):
            self._tell(number, 0)

    def leave(self) -> None:
        """In a child, which has nothing to do with the others."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for fate in self._fates.values():
            fate.close()
        os.close(self._woken)
        os.close(self._wake)

    def _tell(self, number: int, options: int) -> None:
        """How one ended, if it did."""
        found, status = os.waitpid(number, options)
        if found:
            self._killed.discard(number)
            with self._fates.pop(number) as fate, suppress(ConnectionError):
                fate.send(b"%d" % os.waitstatus_to_exitcode(status))
