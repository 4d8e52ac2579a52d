"""Octets over pipes, in frames: eight octets that say how long it is, then the frame.

Both ends take what there is and wait for nothing: on a non-blocking pipe, the caller waits, for both directions at once
and for so long as it likes. On a blocking one they wait themselves: a child has nothing to do but wait for its parent.
"""

from __future__ import annotations

import contextlib
import fcntl
import os

PIPE_OCTETS = 1 << 20
"""What a pipe holds until it is read: most mails cross in one go. The most that Linux grants everybody (pipe(7))."""

BUFFER_OCTETS = 1 << 18
"""What is read at a time: head and frame of most mails, and of what was sent ahead behind it."""

PIECES = 1024
"""What writev(2) takes at a time: IOV_MAX of limits.h."""

_HEAD = 8


def widen(descriptor: int) -> None:
    """Let a pipe hold more than the usual 64 KB, if the system has that much left for us."""
    with contextlib.suppress(OSError):
        fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, PIPE_OCTETS)


class Outgoing:
    """Frames on their way into a pipe."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._rest: list[memoryview] = []

    def add(self, *pieces: bytes) -> None:
        """One more frame, of these pieces; `flush` writes it."""
        head = sum(map(len, pieces)).to_bytes(_HEAD, "big")
        self._rest += map(memoryview, (head, *pieces))

    def flush(self) -> bool:
        """Write what the pipe takes; whether that was all. Raises `BrokenPipeError`: nobody will read it."""
        rest = self._rest
        while rest:
            try:
                written = os.writev(self._descriptor, rest[:PIECES])
            except BlockingIOError:
                return False
            while rest and written >= len(rest[0]):
                written -= len(rest.pop(0))
            if rest:
                rest[0] = rest[0][written:]
        return True

    def clear(self) -> None:
        """Forget what was not written."""
        self._rest.clear()


class Incoming:
    """Frames on their way out of a pipe; several may come at once."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._buffer = memoryview(bytearray(BUFFER_OCTETS))
        self._start = self._end = 0
        self._whole = _HEAD

    def frame(self, at_most: int | None = None) -> memoryview | None:
        """The next frame, valid until the next `read`; None: it is not all there, `read` on.

        Raises `ValueError` where it says that it is longer than `at_most`.
        """
        held = self._buffer[self._start : self._end]
        if len(held) < _HEAD:
            return None
        self._whole = _HEAD + int.from_bytes(held[:_HEAD], "big")
        if at_most is not None and self._whole > _HEAD + at_most:
            raise ValueError(f"a frame of {self._whole - _HEAD} octets, of at most {at_most}")
        if len(held) < self._whole:
            return None
        self._start += self._whole
        if len(self._buffer) > BUFFER_OCTETS:  # it holds this frame and nothing else
            self._buffer = memoryview(bytearray(BUFFER_OCTETS))
            self._start = self._end = 0
        return held[_HEAD : self._whole]

    def read(self) -> None:
        """Take what is in the pipe.

        A buffer that is full is doubled, not made as long as the frame says it is: it may lie.

        Raises:
            BlockingIOError: there is nothing.
            EOFError: the pipe ended.
        """
        if self._start == self._end:
            self._start = self._end = 0
        if self._end == len(self._buffer):
            held = self._buffer[self._start : self._end]
            if len(held) == len(self._buffer):
                self._buffer = memoryview(bytearray(min(self._whole, 2 * len(held))))
            self._start, self._end = 0, len(held)
            self._buffer[: self._end] = held
        count = os.readv(self._descriptor, [self._buffer[self._end :]])
        if not count:
            raise EOFError("the pipe ended")
        self._end += count
