"""A process that runs the pipeline: the parent's end (`Child`) and the child's (`serve`).

Tasks and answers cross two pipes (`frames`, `answers`; 0.2 ms a mail). A child that hostile mail took over cannot make
its parent call anything.

`python -m mailarchiver.child SECONDS OCTETS` is started by `Child` and by nobody else. It ends with its input; if it
hangs when its parent is gone, an alarm ends it.
"""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

from . import pipeline
from .answers import answer_frame, read_answer, read_task, task_frame
from .errors import StoreError
from .frames import receive, send, widen
from .model import Quarantine, RawMessage, Rules, Understood

START_SECONDS = 60.0
END_SECONDS = 5.0
OPEN_FILES = 32
"""Descriptors a child may have: five are in use, a module that is imported late, or a time zone, takes one or two."""

OUT_OF_MEMORY = 77
"""The exit status of a child that reached its limit; there may be no memory left to say it in words."""

READY = b"ready"
_TOO_LONG = {-signal.SIGXCPU: "processor time", -signal.SIGALRM: "time"}


class Child:
    """The parent's end: a process that understands one mail after the other. One thread at a time may talk to it."""

    def __init__(self, command: Sequence[str], *, memory: int) -> None:
        """`memory`: octets that no answer can be longer than.

        Raises `StoreError` where the program cannot be run: no fault of any mail.
        """
        # QUIRK: -P and this process's path: alone, `-m` imports first what lies in the current folder (CPython docs).
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        pipe = subprocess.PIPE
        try:
            self._process = subprocess.Popen(  # noqa: S603  our own
                command, stdin=pipe, stdout=pipe, env=environment, bufsize=0
            )
        except OSError as error:
            who = f"the archive's owner (user {os.geteuid()})"
            cure = f"{who} must be able to run it, so it must not lie in another user's home"
            raise StoreError(f"{command[0]}: {error.strerror}: {cure}") from error
        assert self._process.stdin is not None  # noqa: S101  narrows the type
        assert self._process.stdout is not None  # noqa: S101  likewise
        self._pipes = (self._process.stdin, self._process.stdout)
        self._tasks, self._answers = (stream.fileno() for stream in self._pipes)
        self._memory = memory
        self._greeted = False
        for descriptor in (self._tasks, self._answers):
            os.set_blocking(descriptor, False)
            widen(descriptor)

    def started(self) -> bool:
        """Whether it is there; waits for its greeting."""
        with contextlib.suppress(EOFError, TimeoutError, ValueError):
            until = time.monotonic() + START_SECONDS
            self._greeted = self._greeted or receive(self._answers, until=until, at_most=len(READY)) == READY
        return self._greeted

    def ask(self, raw: RawMessage, mail_id: str, rules: Rules, seconds: float) -> Understood:
        """Its answer; or, after a `limit` or a `crash`, what became of the process: it is dead."""
        until = time.monotonic() + seconds
        try:
            send(self._tasks, task_frame(raw, mail_id, rules), until=until)
            return read_answer(receive(self._answers, until=until, at_most=self._memory) or b"", raw)
        except TimeoutError:
            self.kill()
            return Quarantine("limit", f"it took more than {seconds:g} s")
        except Exception as error:  # noqa: BLE001  whatever came back instead of an answer
            return self._trouble(error)

    def _trouble(self, error: Exception) -> Quarantine:
        """What became of a process whose answer could not be read."""
        if not isinstance(error, EOFError | BrokenPipeError):  # it said something, and is still there
            self.kill()
            return Quarantine("crash", f"the worker process gave no sound answer ({type(error).__name__})")
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        self.kill()
        status = self._process.wait()
        if status == OUT_OF_MEMORY:
            return Quarantine("limit", "it needs more memory than a worker may have")
        if status in _TOO_LONG:
            return Quarantine("limit", f"it took more {_TOO_LONG[status]} than a worker may have")
        how = f"signal {-status}" if status < 0 else f"exit status {status}"
        return Quarantine("crash", f"the worker process ended ({how}; {type(error).__name__})")

    def ended(self) -> bool:
        """Whether the process is gone."""
        return self._process.poll() is not None

    def kill(self) -> None:
        """Kill it, whatever it does; may be called by any thread."""
        self._process.kill()

    def end(self) -> None:
        """Kill it and give back what it held; only by the thread that talks to it."""
        self._process.kill()
        self._process.wait()
        for stream in self._pipes:
            stream.close()


def serve(work: Callable[..., Understood] = pipeline.understand) -> None:
    """Answer tasks until the input ends. A mail past its limits ends the process: the parent sees that, and says so."""
    seconds, octets = (int(value) for value in sys.argv[-2:])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # meant for the parent: Ctrl-C and systemd signal the whole group, and the mail in work is to be finished
        signal.signal(number, signal.SIG_IGN)
    tasks, answers = os.dup(0), os.dup(1)
    _hush()
    _confine(octets)
    gc.freeze()  # what was imported stays: the collector need not look through it with every mail
    send(answers, READY)
    try:
        while _answered(tasks, answers, work, seconds):
            pass
    except MemoryError:
        os._exit(OUT_OF_MEMORY)


def _answered(tasks: int, answers: int, work: Callable[..., Understood], seconds: int) -> bool:
    """Do one task; False where there are no more."""
    frame = receive(tasks)
    if frame is None:
        return False
    _limit(seconds)
    raw, mail_id, rules = read_task(frame)
    del frame  # with a large mail, a second copy of it would be missed
    send(answers, answer_frame(work(raw, id=mail_id, rules=rules), raw))
    _unlimited()
    return True


def _hush() -> None:
    """What a library may print must not come between the answers; nor may it fail, where it would go to a file."""
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123  no path of anybody's
        os.dup2(nowhere.fileno(), 1)
        if stat.S_ISREG(os.fstat(2).st_mode):
            os.dup2(nowhere.fileno(), 2)


def _confine(octets: int) -> None:
    """The limits that hold for all mails: so much address space, no file of any length, few descriptors, no core."""
    sys.dont_write_bytecode = True  # of modules that are imported late: no file may be written from here on
    for limit, value in (
        (resource.RLIMIT_AS, octets),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))


def _limit(seconds: int) -> None:
    """Give the next mail so much processor time, and twice that by the clock: the parent's own watch is first.

    Nothing of Python need run when they are over: the kernel ends the process, whatever it hangs in.
    """
    usage = resource.getrusage(resource.RUSAGE_SELF)
    resource.setrlimit(
        resource.RLIMIT_CPU, (int(usage.ru_utime + usage.ru_stime) + seconds + 1, resource.RLIM_INFINITY)
    )
    signal.alarm(2 * seconds)


def _unlimited() -> None:
    """Between mails nothing is counted: what is left of one mail's time must not be all that the next one has."""
    signal.alarm(0)
    resource.setrlimit(resource.RLIMIT_CPU, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


if __name__ == "__main__":
    serve()
