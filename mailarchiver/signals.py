"""The signals that the daemon heeds, as something to wait for."""

from __future__ import annotations

import os
import select
import signal
from contextlib import suppress
from types import TracebackType
from typing import NoReturn, Self

END = frozenset({signal.SIGTERM, signal.SIGINT})
HEEDED = (*END, signal.SIGHUP)


class Signals:
    """`with Signals() as signals:` in the main thread; until the block ends, SIGHUP does nothing but end a wait, and so
    do SIGTERM and SIGINT from `heed_end()` on. Before that they end the process at once, even where a shell had SIGINT
    ignored for what it started in the background.

    With `seconds`, a signal to end is the last that the process does: so long after it, at the latest, it is no more,
    whatever any of its threads waits for; also after the block.

    The kernel tells of them through a pipe (signal.set_wakeup_fd), so that no handler has anything to do: one that sets
    an event may meet the very lock that it needs.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self._seconds = seconds

    def __enter__(self) -> Self:
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._before = [(number, signal.getsignal(number)) for number in HEEDED]
        signal.signal(signal.SIGHUP, _nothing)
        for number in END:
            signal.signal(number, signal.SIG_DFL)
        self._fd_before = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.set_wakeup_fd(self._fd_before)
        for number, handler in self._before:
            signal.signal(number, handler)
        os.close(self._read)
        os.close(self._write)

    def wait(self, seconds: float) -> set[int]:
        """The signals that came since the last time; waits for one, but no longer than that."""
        select.select([self._read], [], [], seconds)
        with suppress(BlockingIOError):
            return set(os.read(self._read, 1024))
        return set()

    def heed_end(self) -> None:
        """From here on a signal to end is something to wait for."""
        if self._seconds is not None:
            signal.signal(signal.SIGALRM, _end_now)
        for number in END:
            signal.signal(number, _nothing if self._seconds is None else self._count_down)

    def heed_no_more(self) -> None:
        """From here on another signal to end does so at once, whatever is in hand."""
        for number in END:
            signal.signal(number, signal.SIG_DFL)

    def _count_down(self, *_: object) -> None:
        """It stands in the pipe, too. The kernel counts: no lock is taken here, and no thread begun."""
        if self._seconds is not None and not signal.getitimer(signal.ITIMER_REAL)[0]:  # the first one counts
            signal.setitimer(signal.ITIMER_REAL, self._seconds)


def _nothing(*_: object) -> None:
    """It stands in the pipe."""


def _end_now(*_: object) -> NoReturn:
    """Python calls this between two steps of the main thread, also where that waits for a lock or for the network."""
    os._exit(0)
