"""Pages and index beside the rounds: asked for together, done once, ended in time, and no trouble of theirs spreads."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from mailarchiver import upkeep as upkeep_module
from mailarchiver.archive.store import Store
from mailarchiver.errors import StoreError
from mailarchiver.events import Event, event_of
from mailarchiver.upkeep import Upkeep
from tests.archive.filings import NOW, filing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE = 30.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "archive", min_free=0) as store:
        yield store


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Counts the turns, each of which waits until it is let go on."""

    class Turns:
        begun, go_on, count = threading.Semaphore(0), threading.Semaphore(0), 0

        def refresh(self, *_: object, stop: threading.Event) -> int:
            self.count += 1
            self.begun.release()
            while not (stop.is_set() or self.go_on.acquire(timeout=0.01)):
                continue
            return 0

    turns = Turns()
    monkeypatch.setattr(upkeep_module, "refresh_pages", turns.refresh)
    return turns


def test_what_was_asked_for_is_done_before_the_end(store: Store) -> None:
    upkeep = Upkeep(store)
    upkeep.start()
    store.commit([filing(number) for number in range(3)], now=NOW)
    upkeep.ask()
    assert upkeep.end(PATIENCE)
    assert store.dirty_months() == []
    assert store.update_search() == 0
    assert (store.root / "index.html").exists()


def test_many_askers_are_one_more_turn(store: Store, turns: Any) -> None:
    store.commit([filing(0)], now=NOW)
    upkeep = Upkeep(store)
    upkeep.start()
    upkeep.ask()
    assert turns.begun.acquire(timeout=PATIENCE)
    for _ in range(50):
        upkeep.ask()
    turns.go_on.release(3)
    assert upkeep.end(PATIENCE)
    assert turns.count == 2


def test_what_takes_too_long_at_the_end_is_left_for_the_next_start(
    store: Store, turns: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep_module, "LAST_SECONDS", 0.1)
    store.commit([filing(0)], now=NOW)
    upkeep = Upkeep(store)
    upkeep.start()
    upkeep.ask()
    assert turns.begun.acquire(timeout=PATIENCE)
    upkeep.ask()
    began = time.monotonic()
    assert upkeep.end(PATIENCE)
    assert time.monotonic() - began < PATIENCE / 2
    assert turns.count == 1, "and what was asked for meanwhile is not begun"
    assert store.dirty_months() != [], "which the next start makes up for"


def test_one_that_hangs_is_told_of(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, let_go = threading.Event(), threading.Event()

    def hang(*_: object, **__: object) -> int:
        begun.set()
        assert let_go.wait(PATIENCE)
        return 0

    monkeypatch.setattr(upkeep_module, "refresh_pages", hang)
    store.commit([filing(0)], now=NOW)
    upkeep = Upkeep(store)
    upkeep.start()
    upkeep.ask()
    assert begun.wait(PATIENCE)
    assert not upkeep.end(0.2)
    let_go.set()
    assert upkeep.end(PATIENCE)


def test_its_trouble_is_said_once_and_ends_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    outcomes: list[Exception | None] = [StoreError("full"), StoreError("full"), ZeroDivisionError("defect"), None]
    done = threading.Semaphore(0)

    def refresh(*_: object, **__: object) -> int:
        outcome = outcomes.pop(0)
        done.release()
        if outcome is not None:
            raise outcome
        return 0

    monkeypatch.setattr(upkeep_module, "refresh_pages", refresh)
    store.commit([filing(0)], now=NOW)
    told: list[str | None] = []
    upkeep = Upkeep(store, told.append)
    upkeep.start()
    for _ in range(4):
        upkeep.ask()
        assert done.acquire(timeout=PATIENCE)
    assert upkeep.end(PATIENCE)
    kinds = [event_of(record) for record in caplog.records if record.levelname == "ERROR"]
    assert kinds == [Event.ARCHIVE_TROUBLE, Event.DEFECT]
    assert outcomes == []
    assert told == ["full", "full", "a defect of mailarchiver: see the log", None]


def test_one_that_was_never_begun_has_ended(store: Store) -> None:
    upkeep = Upkeep(store)
    upkeep.ask()
    assert upkeep.end(0.0)
