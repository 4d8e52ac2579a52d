"""Octets over pipes, in frames: eight octets that say how long it is, then the frame.

Whoever waits for a process that may hang has a deadline; whoever waits for its parent has none.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import time

PIPE_OCTETS = 1 << 20
"""What a pipe holds until it is read: most mails cross in one go. The most that Linux grants everybody (pipe(7))."""

_LENGTH = 8


def widen(descriptor: int) -> None:
    """Let a pipe hold more than the usual 64 KB, if the system has that much left for us."""
    with contextlib.suppress(OSError):
        fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, PIPE_OCTETS)


def send(descriptor: int, frame: bytes, *, until: float | None = None) -> None:
    """Write a frame. With `until` (of the monotonic clock) the descriptor must be non-blocking.

    Raises:
        TimeoutError: it was not read in time.
        BrokenPipeError: nobody will read it.
    """
    length = len(frame).to_bytes(_LENGTH, "big")
    rest = [memoryview(length), memoryview(frame)]
    while rest:
        try:
            written = os.writev(descriptor, rest)
        except BlockingIOError:
            _wait(descriptor, select.POLLOUT, until)
            continue
        while rest and written >= len(rest[0]):
            written -= len(rest.pop(0))
        if rest:
            rest[0] = rest[0][written:]


def receive(descriptor: int, *, until: float | None = None, at_most: int | None = None) -> bytes | None:
    """The next frame; None where the pipe ended before it. With `until` the descriptor must be non-blocking.

    Raises:
        TimeoutError: it did not come in time.
        EOFError: the pipe ended in the middle of it.
        ValueError: it says that it is longer than `at_most`.
    """
    head = _read(descriptor, _LENGTH, until)
    if not head:
        return None
    length = int.from_bytes(head, "big")
    if at_most is not None and length > at_most:
        raise ValueError(f"a frame of {length} octets, of at most {at_most}")
    frame = _read(descriptor, length, until) if len(head) == _LENGTH else b""
    if len(head) < _LENGTH or len(frame) < length:
        raise EOFError("the pipe ended within a frame")
    return frame


def _read(descriptor: int, count: int, until: float | None) -> bytes:
    """So many octets, fewer where the pipe ends."""
    blocks: list[bytes] = []
    while count:
        if until is not None:
            _wait(descriptor, select.POLLIN, until)
        block = os.read(descriptor, min(count, PIPE_OCTETS))
        if not block:
            break
        blocks.append(block)
        count -= len(block)
    return blocks[0] if len(blocks) == 1 else b"".join(blocks)


def _wait(descriptor: int, event: int, until: float | None) -> None:
    """Return when the descriptor is ready, or its other end closed. Raises `TimeoutError`."""
    poll = select.poll()
    poll.register(descriptor, event)
    left = None if until is None else max(0.0, until - time.monotonic()) * 1000
    if not poll.poll(left):
        raise TimeoutError("the other end of the pipe did not answer in time")
