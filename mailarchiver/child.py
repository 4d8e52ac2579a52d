"""A process that runs the pipeline: the parent's end (`Child`) and the child's (`serve`).

Tasks and answers are pickles over two pipes (0.1 ms a mail). An answer may name the types of `model` only: a child that
hostile mail took over cannot make its parent call anything. `message.eml` does not travel back.

`python -m mailarchiver.child SECONDS OCTETS` is started by `Child` and by nobody else. It ends with its input; if it
hangs when its parent is gone, an alarm ends it.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from . import pipeline
from .errors import StoreError
from .model import Bundle, RawMessage, Rules

MAIL = "message.eml"
START_SECONDS = 60.0
END_SECONDS = 5.0
OUT_OF_MEMORY = 77
"""The exit status of a child that reached its limit; there may be no memory left to say it in words."""


class _BundlesOnly(pickle.Unpickler):
    """Reads pickles that name nothing but the types of `model`."""

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401  as the base class has it
        if module != "mailarchiver.model":
            raise pickle.UnpicklingError(f"{module}.{name} is no part of a bundle")
        return super().find_class(module, name)


class Child:
    """The parent's end: a process that understands one mail after the other. One thread at a time may talk to it."""

    def __init__(self, command: Sequence[str]) -> None:
        """Raises `StoreError` where the program cannot be run: no fault of any mail."""
        # QUIRK: -P and this process's path: alone, `-m` imports first what lies in the current folder (CPython docs).
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        pipe = subprocess.PIPE
        try:
            self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment)  # noqa: S603  our own
        except OSError as error:
            who = f"the archive's owner (user {os.geteuid()})"
            cure = f"{who} must be able to run it, so it must not lie in another user's home"
            raise StoreError(f"{command[0]}: {error.strerror}: {cure}") from error
        assert self._process.stdin is not None  # noqa: S101  narrows the type
        assert self._process.stdout is not None  # noqa: S101  likewise
        self._tasks, self._answers = self._process.stdin, self._process.stdout
        self._greeted = False

    def started(self) -> bool:
        """Whether it is there; waits for its greeting."""
        with contextlib.suppress(EOFError):
            self._greeted = self._greeted or self._exchange(None, START_SECONDS) == "ready"
        return self._greeted

    def ask(self, task: tuple[RawMessage, str, Rules], seconds: float) -> tuple[Bundle, ...] | str:
        """Its answer, or in words why there is none: then it is dead."""
        start = time.monotonic()
        try:
            answer: tuple[Bundle, ...] = self._exchange(task, seconds)
        except Exception as error:  # noqa: BLE001  whatever came back instead of an answer
            late = time.monotonic() - start >= seconds
            return f"it took more than {seconds:g} s" if late else self._trouble(error)
        return answer

    def _trouble(self, error: Exception) -> str:
        """What became of a process whose answer could not be read."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        self.kill()
        status = self._process.wait()
        if status == OUT_OF_MEMORY:
            return "it needs more memory than a worker may have"
        how = f"signal {-status}" if status < 0 else f"exit status {status}"
        return f"the worker process ended ({how}; {type(error).__name__})"

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
        for pipe in (self._tasks, self._answers):
            with contextlib.suppress(BrokenPipeError):  # of a task that was still to be written
                pipe.close()

    def _exchange(self, task: object, seconds: float) -> Any:  # noqa: ANN401  whatever it sent
        """Send a task, if there is one, and read an answer. Past the time the child is killed, which ends its pipe."""
        timer = threading.Timer(seconds, self.kill)
        timer.start()
        try:
            if task is not None:
                pickle.dump(task, self._tasks, protocol=5)
                self._tasks.flush()
            return _BundlesOnly(self._answers).load()
        finally:
            timer.cancel()


def serve(work: Callable[..., tuple[Bundle, ...]] = pipeline.understand) -> None:
    """Answer tasks until the input ends. A mail past its limits ends the process: the parent sees that, and says so."""
    seconds, octets = (int(value) for value in sys.argv[-2:])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # meant for the parent: Ctrl-C and systemd signal the whole group, and the mail in work is to be finished
        signal.signal(number, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (octets, octets))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    tasks, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library may print must not come between the answers
    answers.write(pickle.dumps("ready"))
    answers.flush()
    while tasks.peek(1):
        raw, mail_id, rules = pickle.load(tasks)  # noqa: S301  from our parent
        _limit(seconds)
        try:
            bundles = work(raw, id=mail_id, rules=rules)
        except MemoryError:
            os._exit(OUT_OF_MEMORY)
        pickle.dump(tuple(_light(bundle, raw) for bundle in bundles), answers, protocol=5)
        answers.flush()
        signal.alarm(0)


def _limit(seconds: int) -> None:
    """Give the next mail so much processor time, and twice that by the clock: the parent's own watch is first."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    resource.setrlimit(
        resource.RLIMIT_CPU, (int(usage.ru_utime + usage.ru_stime) + seconds + 1, resource.RLIM_INFINITY)
    )
    signal.alarm(2 * seconds)


def _light(bundle: Bundle, raw: RawMessage) -> Bundle:
    """The bundle without the mail that the parent has anyway: 45 MB would cross the pipe twice."""
    if bundle.files[MAIL] != raw.data:
        return bundle
    return replace(bundle, files={**bundle.files, MAIL: b""})


if __name__ == "__main__":
    serve()
