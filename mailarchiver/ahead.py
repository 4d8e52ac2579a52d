"""Stages that work at the same time: while one thing is in use, the next ones are being made."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_T = TypeVar("_T")


def ahead(things: Iterator[_T], *, weight: Callable[[_T], float], room: float) -> Generator[_T, None, None]:
    """The same things in the same order, made by a thread while those before them wait or are in use: as many as there
    is room for. One is made where those before it weigh less than that together, so with it they may weigh more.

    An exception comes when it is its turn. Close it, and it returns when the thing that is being made is done.
    """
    made: queue.SimpleQueue[tuple[_T] | None] = queue.SimpleQueue()
    scale = _Scale(room)
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as thread:
        making = thread.submit(_make, things, weight, scale, made)
        try:
            while found := made.get():
                (thing,) = found
                del found
                load = weight(thing)
                yield thing
                del thing
                scale.take(load)
            making.result()
        finally:
            scale.close()


class _Scale:
    """Weighs what is made and not yet used."""

    def __init__(self, room: float) -> None:
        self._room, self._load, self._is_closed = room, 0.0, False
        self._changed = threading.Condition()

    def put(self, load: float) -> bool:
        """More of it. Returns when there is room again; False where nobody wants any more."""
        with self._changed:
            self._load += load
            self._changed.wait_for(lambda: self._is_closed or self._load < self._room)
            return not self._is_closed

    def take(self, load: float) -> None:
        """Less of it."""
        with self._changed:
            self._load -= load
            self._changed.notify()

    def close(self) -> None:
        """Nobody wants any more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()


def _make(
    things: Iterator[_T], weight: Callable[[_T], float], scale: _Scale, made: queue.SimpleQueue[tuple[_T] | None]
) -> None:
    """Make one after the other; None behind the last, be it that the next could not be made."""
    try:
        for thing in things:
            load = weight(thing)
            made.put((thing,))
            del thing  # whoever uses it decides how long it is kept
            if not scale.put(load):
                return
    finally:
        made.put(None)
