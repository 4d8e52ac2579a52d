"""The signals that the daemon heeds, as something to wait for."""

from __future__ import annotations

import os
import select
import signal
from contextlib import suppress
from types import TracebackType
from typing import Self

END = frozenset({signal.SIGTERM, signal.SIGINT})
HEEDED = (*END, signal.SIGHUP)


class Signals:
    """`with Signals() as signals:` in the main thread; until the block ends, SIGHUP does nothing but end a wait, and so
    do SIGTERM and SIGINT from `heed_end()` on. Before that they end the process at once, even where a shell had SIGINT
    ignored for what it started in the background.

    The kernel tells of them through a pipe (signal.set_wakeup_fd), so that no handler has anything to do: one that sets
    an event may meet the very lock that it needs.
    """

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
        for number in END:
            signal.signal(number, _nothing)

    def heed_no_more(self) -> None:
        """From here on another signal to end does so at once, whatever is in hand."""
        for number in END:
            signal.signal(number, signal.SIG_DFL)


def _nothing(*_: object) -> None:
    """It stands in the pipe."""
