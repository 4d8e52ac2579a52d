"""What rounds note down is there for the next, also after the ledger was made again for a newer program."""

from __future__ import annotations

import fcntl
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mailarchiver.archive import schema
from mailarchiver.archive.noted import Copying, Paused
from mailarchiver.archive.store import Store
from mailarchiver.model import MessageRef
from tests.archive.filings import filing

if TYPE_CHECKING:
    from pathlib import Path

PLACE = ("articles", "INBOX", 77)
UNTIL = datetime(2024, 3, 6, 12, tzinfo=UTC)


def fill(store: Store) -> None:
    notes = store.notes
    store.commit(
        [filing(1, ref=MessageRef("articles", "INBOX", 77, 1)), filing(2, ref=MessageRef("articles", "INBOX", 77, 2))],
        now=UNTIL,
    )
    notes.note_copying(*PLACE, {1: Copying("Old", 5, 9), 2: Copying("Old", 5, 9)})
    store.acknowledged(*PLACE, [1], "move:Old")
    notes.note_doubtful(*PLACE, 3, "a" * 64)
    notes.note_doubtful(*PLACE, 3, "b" * 64)
    notes.note_doubtful(*PLACE, 4, "c" * 64)
    notes.forget_doubtful(*PLACE, [4, 5])
    notes.glimpse("articles", "INBOX", ["x", "y", "y"])
    notes.forget_glimpses("articles", "INBOX", ["x"])
    for name in ("articles", "other"):
        notes.pause(name, Paused(UNTIL, 2, "no", "mark"))
    notes.forget_pause("other")


def assert_filled(store: Store) -> None:
    notes = store.notes
    assert notes.copying(*PLACE) == {
        2: Copying("Old", 5, 9, filing(2, ref=MessageRef("articles", "INBOX", 77, 2)).digest)
    }
    assert notes.copying("articles", "INBOX", 78) == {}, "under another UIDVALIDITY these are other messages"
    assert notes.doubtful(*PLACE) == {3: "b" * 64}
    assert notes.glimpsed("articles", "INBOX") == {"y"}
    assert notes.paused() == {"articles": Paused(UNTIL, 2, "no", "mark")}


def test_what_is_noted_stays(tmp_path: Path) -> None:
    with Store.open(tmp_path / "archive", min_free=0) as store:
        fill(store)
        assert_filled(store)
    Store.rebuild(tmp_path / "archive")
    with Store.open(tmp_path / "archive", min_free=0) as store:
        assert_filled(store)


def test_a_ledger_of_before_gets_the_tables(tmp_path: Path) -> None:
    with Store.open(tmp_path / "archive", min_free=0):
        pass
    ledger = tmp_path / "archive/.mailarchiver/ledger.sqlite"
    db = sqlite3.connect(ledger)
    for table in ("copying", "doubtful", "glimpsed", "paused"):
        db.execute(f"DROP TABLE {table}")
    db.execute(f"PRAGMA user_version = {schema.SCHEMA_VERSION - 1}")
    db.close()
    with Store.open(tmp_path / "archive", min_free=0) as store:
        fill(store)
        assert_filled(store)


def test_whoever_asks_for_the_pauses_waits_for_nobody(tmp_path: Path) -> None:
    """A reload does, in the daemon's main thread, while a round waits for another process that holds the archive."""
    with Store.open(tmp_path / "archive", min_free=0) as store:
        store.notes.pause("articles", Paused(UNTIL, 2, "no", "mark"))
        is_held, let_go = threading.Event(), threading.Event()

        def hold() -> None:
            with store._access.exclusive():
                is_held.set()
                let_go.wait(60)

        holder = threading.Thread(target=hold)
        holder.start()
        assert is_held.wait(60)
        asked: list[object] = []
        asker = threading.Thread(target=lambda: asked.append(store.notes.paused()), daemon=True)
        asker.start()
        asker.join(5)
        told = list(asked)
        let_go.set()
        holder.join(60)
        asker.join(60)
    assert told == [{"articles": Paused(UNTIL, 2, "no", "mark")}]


def test_who_is_left_alone_is_told_while_others_wait_for_the_archive(tmp_path: Path) -> None:
    """The daemon asks in its main thread, which feeds the watchdog."""
    root = tmp_path / "archive"
    with Store.open(root, min_free=0, lock_wait=60.0) as store, ThreadPoolExecutor(2) as threads:
        store.notes.pause("articles", Paused(UNTIL, 2, "no", "mark"))
        assert store.notes.paused() == {"articles": Paused(UNTIL, 2, "no", "mark")}
        with (root / ".mailarchiver/lock").open("r+b") as lock:  # as by another process
            fcntl.flock(lock, fcntl.LOCK_EX)
            waiting = threads.submit(store.commit, [filing(1)], now=UNTIL)
            time.sleep(0.2)
            asked = threads.submit(store.notes.paused)
            assert set(asked.result(30)) == {"articles"}
            assert not waiting.done()
        assert waiting.result(30)[0].outcome == "filed"
