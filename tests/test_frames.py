"""Frames over pipes: in pieces, several at once, longer than a pipe; and what is no frame."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Iterator

import pytest

from mailarchiver.frames import PIPE_OCTETS, Incoming, Outgoing

LONG = bytes(range(256)) * (PIPE_OCTETS // 100)
"""More than a pipe holds, and than is read at a time."""


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Both ends, non-blocking: to read and to write."""
    ends = os.pipe2(os.O_NONBLOCK)
    yield ends
    for descriptor in ends:
        try:
            os.close(descriptor)
        except OSError:
            continue  # the test closed it


def taken(incoming: Incoming) -> list[bytes]:
    """What frames there are when the pipe was read once."""
    incoming.read()
    found = []
    while (frame := incoming.frame()) is not None:
        found.append(bytes(frame))
    return found


def framed(octets: bytes) -> bytes:
    return len(octets).to_bytes(8, "big") + octets


def test_frames_that_come_in_one_go_are_taken_one_by_one(pipe: tuple[int, int]) -> None:
    out, incoming = Outgoing(pipe[1]), Incoming(pipe[0])
    for pieces in ((b"one",), (), (b"th", b"", b"ree")):
        out.add(*pieces)
    assert out.flush()
    assert taken(incoming) == [b"one", b"", b"three"]
    with pytest.raises(BlockingIOError):
        incoming.read()


def test_a_frame_may_come_octet_by_octet(pipe: tuple[int, int]) -> None:
    incoming = Incoming(pipe[0])
    octets = framed(b"one") + framed(b"two")
    got: list[tuple[int, bytes]] = []
    for at in range(len(octets)):
        os.write(pipe[1], octets[at : at + 1])
        got += [(at, frame) for frame in taken(incoming)]
    assert got == [(10, b"one"), (21, b"two")]


def test_frames_longer_than_a_pipe_cross_between_short_ones(pipe: tuple[int, int]) -> None:
    out, incoming = Outgoing(pipe[1]), Incoming(pipe[0])
    sent = [b"a", LONG, b"b" * 600_000, b"c" * 600_000, LONG[7:], b"d"]
    for frame in sent:
        out.add(frame)
    got: list[bytes] = []
    while len(got) < len(sent):
        out.flush()
        got += taken(incoming)
    assert got == sent
    assert out.flush()


def test_a_frame_may_be_of_thousands_of_pieces(pipe: tuple[int, int]) -> None:
    out, incoming = Outgoing(pipe[1]), Incoming(pipe[0])
    pieces = [b"%d," % number for number in range(5000)]
    out.add(*pieces, b"", b"")
    assert out.flush()
    assert taken(incoming) == [b"".join(pieces)]


def test_the_end_of_the_pipe_is_told_after_what_came_before_it(pipe: tuple[int, int]) -> None:
    incoming = Incoming(pipe[0])
    os.write(pipe[1], framed(b"one") + framed(b"two")[:-1])
    os.close(pipe[1])
    assert taken(incoming) == [b"one"]
    for _ in range(2):
        with pytest.raises(EOFError):
            incoming.read()


def test_a_frame_may_not_be_longer_than_it_may(pipe: tuple[int, int]) -> None:
    incoming = Incoming(pipe[0])
    os.write(pipe[1], framed(b"12345") + (1 << 40).to_bytes(8, "big"))
    incoming.read()
    frame = incoming.frame(at_most=5)
    assert frame is not None
    assert bytes(frame) == b"12345"
    with pytest.raises(ValueError, match="of at most 5"):
        incoming.frame(at_most=5)


def test_a_frame_that_says_it_is_long_takes_no_memory_before_it_comes(pipe: tuple[int, int]) -> None:
    incoming = Incoming(pipe[0])
    os.write(pipe[1], (1 << 40).to_bytes(8, "big"))
    assert taken(incoming) == []
    tracemalloc.start()
    try:
        for _ in range(10):
            os.write(pipe[1], b"x" * 50_000)
            assert taken(incoming) == []
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


def test_nobody_reads_any_more(pipe: tuple[int, int]) -> None:
    out = Outgoing(pipe[1])
    os.close(pipe[0])
    out.add(b"one")
    with pytest.raises(BrokenPipeError):
        out.flush()
