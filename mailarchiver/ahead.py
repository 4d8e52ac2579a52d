"""Stages that work at the same time: while one thing is in use, the next is being made."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_T = TypeVar("_T")


def ahead(things: Iterator[_T], *, is_heavy: Callable[[_T], bool]) -> Generator[_T, None, None]:
    """The same things in the same order, each made by a thread while the one before it is in use: one, no more.

    An exception comes when it is its turn. Behind a thing that `is_heavy` nothing is made until the next is asked for:
    so there are never two of them. Close it, and it returns when the thing that is being made is done.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as thread:
        coming = thread.submit(_next, things)
        while made := coming.result():
            (thing,) = made
            del made
            goes_ahead = not is_heavy(thing)
            if goes_ahead:
                coming = thread.submit(_next, things)
            yield thing
            del thing
            if not goes_ahead:
                del coming  # which holds the thing
                coming = thread.submit(_next, things)


def _next(things: Iterator[_T]) -> tuple[_T] | None:
    """QUIRK: a `StopIteration` cannot be raised into a generator (PEP 479), as a future's would be."""
    for thing in things:
        return (thing,)
    return None
