"""Stages that work at the same time: order, errors, and how much is under way."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator
from contextlib import closing

import pytest

from mailarchiver.ahead import ahead


class Thing:
    def __init__(self, number: int) -> None:
        self.number = number


def one(_: object) -> float:
    return 1


def test_the_same_things_in_the_same_order() -> None:
    assert list(ahead(iter(range(1000)), weight=one, room=2)) == list(range(1000))
    assert list(ahead(iter(()), weight=one, room=2)) == []
    assert list(ahead(iter([0, None, "", False]), weight=one, room=2)) == [0, None, "", False]


@pytest.mark.parametrize("room", [1, 2, 3])
def test_the_next_are_made_while_one_is_in_use_and_no_further_ones(room: int) -> None:
    made = [threading.Event() for _ in range(6)]

    def things() -> Iterator[int]:
        for number, event in enumerate(made):
            event.set()
            yield number

    coming = ahead(things(), weight=one, room=room)
    with closing(coming):
        for number in range(3):
            assert next(coming) == number
            assert made[number + room - 1].wait(5)
            assert not made[number + room].wait(0.05)


def test_behind_something_heavy_nothing_is_made_and_it_is_not_kept() -> None:
    alive: list[weakref.ref[Thing]] = []
    most = 0

    def things() -> Iterator[Thing]:
        nonlocal most
        for number in range(5):
            thing = Thing(number)
            alive.append(weakref.ref(thing))
            most = max(most, sum(each() is not None for each in alive))
            yield thing
            del thing

    numbers = []
    for thing in ahead(things(), weight=one, room=1):
        numbers.append(thing.number)
        del thing
    gc.collect()
    assert (numbers, most) == ([0, 1, 2, 3, 4], 1)


def test_an_error_comes_in_its_turn() -> None:
    def things() -> Iterator[int]:
        yield 1
        raise KeyError("two")

    coming = ahead(things(), weight=one, room=2)
    assert next(coming) == 1
    with pytest.raises(KeyError, match="two"):
        next(coming)


def test_closing_waits_for_what_is_being_made() -> None:
    begun, go_on, done = threading.Event(), threading.Event(), threading.Event()

    def things() -> Iterator[int]:
        yield 1
        begun.set()
        go_on.wait(5)
        done.set()
        yield 2

    coming = ahead(things(), weight=one, room=2)
    with closing(coming):
        assert next(coming) == 1
        assert begun.wait(5)
        threading.Timer(0.05, go_on.set).start()
    assert done.is_set()
