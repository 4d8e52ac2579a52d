"""A process that runs the pipeline: the parent's end (`Child`) and the child's (`serve`), which a nursery forks.

Tasks and answers cross two pipes (`frames`, `answers`). While a child works on a mail the next ones are in the pipe
already: it never sleeps, and finds its caches as it left them (`benchmarks/workers.py`). A child that hostile mail took
over cannot make its parent call anything.

`python -m mailarchiver.child SECONDS OCTETS` is started by `Nursery` and by nobody else; it forks the children. A child
ends with its input; if it hangs when nobody is left to kill it, an alarm ends it.
"""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import select
import signal
import stat
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator

from .answers import answer_frame, read_answer, read_task, task_frame
from .frames import Incoming, Outgoing, widen
from .model import Quarantine, RawMessage, Rules, Understood
from .nursery import END_SECONDS, Nursery, tend
from .text.traces import python_quotes_nobody, trace

START_SECONDS = 60.0
OPEN_FILES = 32
"""Descriptors a child may have: five are in use, a module that is imported late, or a time zone, takes one or two."""

OUT_OF_MEMORY = 77
"""The exit status of a child that reached its limit; there may be no memory left to say it in words."""

AHEAD = 2
"""So many mails wait in the pipe behind the one in work: more would wait in vain for a child that is free by then."""
AHEAD_OCTETS = 1 << 20
"""Nothing is sent ahead behind mails of so many octets: they take long, and what is packed and waits is memory."""

PID_DIGITS = 20
"""Octets of a greeting, which tells the number of the process, at most."""
_TOO_LONG = {-signal.SIGXCPU: "processor time", -signal.SIGALRM: "time"}

Task = tuple[int, tuple[RawMessage, str]]
"""A mail with its id, and its place among those that it is understood with."""


class Child:
    """The parent's end: a process that understands one mail after the other. One thread at a time may talk to it."""

    def __init__(self, nursery: Nursery, *, memory: int) -> None:
        """`memory`: octets that no answer can be longer than.

        Raises `StoreError` where the program cannot be run: no fault of any mail.
        """
        self._process, tasks, self._answers = nursery.child()
        self._pipes = (os.fdopen(tasks, "wb", 0), os.fdopen(self._answers, "rb", 0))
        for descriptor in (tasks, self._answers):
            os.set_blocking(descriptor, False)
            widen(descriptor)
        self._outgoing, self._incoming = Outgoing(tasks), Incoming(self._answers)
        self._either, self._answer = select.poll(), select.poll()
        self._either.register(tasks, select.POLLOUT)
        for poll in (self._either, self._answer):
            poll.register(self._answers, select.POLLIN)
        self._memory = memory
        self.pid: int | None = None
        """Its number, once it has greeted."""
        self._owed: deque[Task] = deque()

    def started(self) -> bool:
        """Whether it is there; waits for its greeting."""
        with contextlib.suppress(EOFError, TimeoutError, ValueError):
            if self.pid is None:
                self.pid = int(bytes(self._received(START_SECONDS, at_most=PID_DIGITS)))
        return self.pid is not None

    def ask_all(self, line: deque[Task], rules: Rules, seconds: float) -> Iterator[tuple[int, Understood]]:
        """Its answers to the mails in line, in their order, each with the mail's place; others may take from the line.

        After a `limit` or a `crash` it is dead, and that was the last answer: it is about the mail that was in work,
        and those behind it are in line again. It is no use any more to whoever did not hear it to the end.
        """
        while self._send_ahead(line, rules):
            place, (raw, _) = self._owed[0]
            try:
                # it begins with a mail when its answer to the one before is there, or later, when the mail is sent
                answer = read_answer(self._received(seconds, at_most=self._memory), raw)
            except Exception as error:  # noqa: BLE001  whatever came back instead of an answer
                line.extendleft(reversed([*self._owed][1:]))
                yield place, self._trouble(error, seconds)
                return
            self._owed.popleft()
            yield place, answer

    def _send_ahead(self, line: deque[Task], rules: Rules) -> bool:
        """Have it know the next mails; whether it owes an answer to any."""
        while not self._owed or (
            len(self._owed) <= AHEAD and sum(len(raw.data) for _, (raw, _) in self._owed) < AHEAD_OCTETS
        ):
            try:
                task = line.popleft()
            except IndexError:
                break
            self._outgoing.add(*task_frame(*task[1], rules))
            self._owed.append(task)
        return bool(self._owed)

    def _received(self, seconds: float, *, at_most: int) -> memoryview:
        """The next frame from it; what waits for it is written meanwhile.

        Raises `TimeoutError`, or as `Incoming` does.
        """
        until = time.monotonic() + seconds
        while (frame := self._incoming.frame(at_most)) is None:
            try:
                written = self._outgoing.flush()
            except BrokenPipeError:  # it is dead: what it had answered before comes first, then the end of the pipe
                self._outgoing.clear()
                written = True
            waiting = self._answer if written else self._either
            ready = waiting.poll(max(0.0, until - time.monotonic()) * 1000)
            if not ready:
                raise TimeoutError("the other end of the pipe did not answer in time")
            if any(descriptor == self._answers for descriptor, _ in ready):
                self._incoming.read()
        return frame

    def _trouble(self, error: Exception, seconds: float) -> Quarantine:
        """What became of a process whose answer could not be read."""
        if isinstance(error, TimeoutError):
            self.kill()
            return Quarantine("limit", f"it took more than {seconds:g} s")
        if not isinstance(error, EOFError):  # it said something, and is still there
            self.kill()
            return Quarantine("crash", f"the worker process gave no sound answer ({type(error).__name__})")
        status = self._process.wait(END_SECONDS)
        if status is None:
            self.kill()
            status = self._process.wait(END_SECONDS)
        if status is None:  # the nursery was killed
            return Quarantine("crash", "the worker process ended, and nobody is left who knows how")
        if status == OUT_OF_MEMORY:
            return Quarantine("limit", "it needs more memory than a worker may have")
        if status in _TOO_LONG:
            return Quarantine("limit", f"it took more {_TOO_LONG[status]} than a worker may have")
        how = f"signal {-status}" if status < 0 else f"exit status {status}"
        return Quarantine("crash", f"the worker process ended ({how}; {type(error).__name__})")

    def ended(self) -> bool:
        """Whether it can be asked no more: the process is gone, or what it says next answers an earlier question."""
        if self._owed or self._process.is_over():
            return True
        # the pipe knows of its end before the nursery can tell
        return any(event & select.POLLHUP for _, event in self._answer.poll(0))

    def kill(self) -> None:
        """Kill it, whatever it does; may be called by any thread."""
        self._process.kill()

    def end(self) -> None:
        """Kill it and give back what it held; only by the thread that talks to it."""
        self._process.kill()
        if self.pid is not None:
            self._process.wait(END_SECONDS)
        self._process.close()
        for stream in self._pipes:
            stream.close()


def serve(work: Callable[..., Understood] | None = None) -> None:
    """Fork children that answer tasks until their input ends, by default by `pipeline.understand`: it is imported once
    for all of them. A mail past its limits ends its child: the parent sees that, and says so.
    """
    gc.disable()  # what is imported stays: to look through it over and over takes a twentieth of the import
    from . import pipeline  # not for the parent, who would keep its 20 MB for nothing

    seconds, octets = (int(value) for value in sys.argv[-2:])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # meant for the parent: Ctrl-C and systemd signal the whole group, and the mail in work is to be finished
        signal.signal(number, signal.SIG_IGN)
    sys.dont_write_bytecode = True  # of modules that are imported late: no file may be written from here on
    gc.freeze()  # nor need the collector look through it with every mail
    gc.enable()
    with python_quotes_nobody():
        tasks, answers = tend()
        _hush()
        _confine(octets)
        _answer_all(Incoming(tasks), Outgoing(answers), work or pipeline.understand, seconds)


def _answer_all(tasks: Incoming, answers: Outgoing, work: Callable[..., Understood], seconds: int) -> None:
    answers.add(str(os.getpid()).encode())
    answers.flush()
    try:
        while _answered(tasks, answers, work, seconds):
            pass
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except Exception as error:  # noqa: BLE001  the border of a process: its standard error is the parent's log
        sys.stderr.write(f"{trace(error)}\n")
        sys.stderr.flush()
        os._exit(1)


def _answered(tasks: Incoming, answers: Outgoing, work: Callable[..., Understood], seconds: int) -> bool:
    """Do one task; False where there are no more."""
    while (frame := tasks.frame()) is None:
        try:
            tasks.read()
        except EOFError:
            return False
    _limit(seconds)
    raw, mail_id, rules = read_task(frame)
    del frame  # with a large mail, a second copy of it would be missed
    answers.add(*answer_frame(work(raw, id=mail_id, rules=rules), raw))
    answers.flush()
    _unlimited()
    return True


def _hush() -> None:
    """What a library may say must not fail, where it would go to a file."""
    if stat.S_ISREG(os.fstat(2).st_mode):
        os.dup2(1, 2)  # /dev/null


def _confine(octets: int) -> None:
    """The limits that hold for all mails: so much address space, no file of any length, few descriptors, no core."""
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
