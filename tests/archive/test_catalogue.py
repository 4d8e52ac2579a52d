"""Lists and look-ups: the newest first, by any beginning of an id, whatever of the databases is there."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest

from mailarchiver.archive import catalogue, manifest
from mailarchiver.archive.store import Store
from mailarchiver.errors import NoSuchEntry, StoreError
from mailarchiver.model import Entry
from tests.archive.articles import written
from tests.archive.filings import NOW, filing

DAYS = {1: "2024-01-10", 2: "2024-03-06", 3: "2024-02-20", 4: "2024-03-01"}
NEWEST = ["Walk 2", "Walk 4", "Walk 3", "Walk 1"]


def walk(number: int) -> object:
    received = datetime.fromisoformat(f"{DAYS[number]}T12:00:00").replace(tzinfo=UTC)
    return written(number, f"Walk {number}", received=received)


@pytest.fixture
def filled(root: Path) -> Path:
    with Store.open(root, min_free=0) as store:
        for number in DAYS:
            store.commit([walk(number)], now=NOW)  # type: ignore[list-item]
        store.update_search()
    return root


def newest(root: Path, month: str | None = None) -> list[str]:
    with catalogue.opened(root) as articles:
        return [entry.title for entry in articles.newest(month)]


def found(root: Path, name: str) -> str:
    with catalogue.opened(root) as articles:
        return articles.find(name).title


def entry_of(number: int) -> Entry:
    return walk(number).bundles[0].entry  # type: ignore[attr-defined, no-any-return]


def ledger(root: Path) -> Path:
    return root / ".mailarchiver" / "ledger.sqlite"


def delete_ledger(root: Path) -> None:
    ledger(root).unlink()


def damage_ledger(root: Path) -> None:
    ledger(root).write_bytes(b"no database at all" * 500)


def age_ledger(root: Path) -> None:
    with closing(sqlite3.connect(ledger(root))) as db:
        db.execute("PRAGMA user_version = 1")


def delete_both(root: Path) -> None:
    shutil.rmtree(root / ".mailarchiver")


STATES = {
    "whole": lambda _: None,
    "no ledger": delete_ledger,
    "damaged": damage_ledger,
    "older": age_ledger,
    "neither": delete_both,
}


@pytest.mark.parametrize("state", STATES)
def test_the_last_received_come_first(filled: Path, state: str) -> None:
    STATES[state](filled)
    assert newest(filled) == NEWEST
    assert newest(filled, "2024/03") == ["Walk 2", "Walk 4"]
    assert newest(filled, "2023/03") == []


@pytest.mark.parametrize("state", STATES)
def test_an_entry_is_found_by_any_name_for_it(filled: Path, state: str) -> None:
    STATES[state](filled)
    entry = entry_of(3)
    for name in (
        entry.id,
        entry.id[:4],
        entry.id[:7].upper(),
        entry.folder,
        f"{entry.folder}/",
        entry.folder[8:],
        f"/srv/archive/{entry.folder}",
    ):
        assert found(filled, name) == "Walk 3"


@pytest.mark.parametrize("state", STATES)
def test_what_the_manifest_says_since_counts(filled: Path, state: str) -> None:
    """A commit was interrupted between the manifest and the ledger, or the ledger is of yesterday."""
    STATES[state](filled)
    gone = entry_of(2)
    removal = f'{{"id":"{gone.id}","sha256":"{gone.sha256}","removed":"2024-04-01T00:00:00Z"}}\n'
    fifth = written(5, "Walk 5", received=datetime(2024, 2, 21, 12, tzinfo=UTC)).bundles[0].entry
    better = written(1, "Walk 1, read again", received=datetime(2024, 1, 10, 12, tzinfo=UTC)).bundles[0].entry
    lines = [removal.encode(), manifest.to_line(fifth), manifest.to_line(better), b'{"id": "torn']
    manifest.append(filled / "manifest.jsonl", lines, mode=0o640)
    assert newest(filled) == ["Walk 4", "Walk 5", "Walk 3", "Walk 1, read again"]
    assert found(filled, fifth.id) == "Walk 5"
    assert found(filled, better.id) == "Walk 1, read again"
    with pytest.raises(NoSuchEntry):
        found(filled, gone.id)


@pytest.mark.parametrize("name", ["000000000000", "123", "", "the lake", "../../etc", "2024-03-06-nothing", "%", "-1"])
def test_what_names_nothing_is_said(filled: Path, name: str) -> None:
    with pytest.raises(NoSuchEntry):
        found(filled, name)


def test_what_may_be_several_is_said_with_their_ids(root: Path) -> None:
    with Store.open(root, min_free=0) as store:
        store.commit([filing(1, articles=3)], now=NOW)
    ids = [bundle.id for bundle in filing(1, articles=3).bundles]
    with pytest.raises(NoSuchEntry, match=", ".join(ids)):
        found(root, ids[0][:6])
    with catalogue.opened(root) as articles:
        assert [articles.find(each).id for each in ids] == ids


def test_nothing_is_written(filled: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in filled.rglob("*")}
    newest(filled)
    found(filled, entry_of(1).id)
    assert {path: path.stat().st_mtime_ns for path in filled.rglob("*")} == before


def test_it_is_read_while_somebody_writes(root: Path) -> None:
    with Store.open(root, min_free=0) as store:
        store.commit([filing(1)], now=NOW)
        assert len(newest(root)) == 1
        store.commit([filing(2)], now=NOW)
        assert len(newest(root)) == 2


def test_where_there_is_no_archive_that_is_said_and_another_folder_is_refused(root: Path) -> None:
    with pytest.raises(NoSuchEntry, match="there is no archive"):
        newest(root)
    assert not root.exists()
    root.mkdir()
    (root / "holiday.jpg").write_bytes(b"x")
    with pytest.raises(StoreError, match="not an archive"):
        newest(root)


def test_the_first_of_many_need_no_walk(filled: Path) -> None:
    """Each statement is asked how it finds its rows; the newest are read as far as they are asked for."""
    with catalogue.opened(filled) as articles:
        db = articles._db
        assert db is not None
        statements: list[str] = []
        db.set_trace_callback(statements.append)
        assert len(list(islice(articles.newest(), 2))) == 2
        articles.find(entry_of(1).id[:5])
        db.set_trace_callback(None)
        assert not any("2024/01" in statement for statement in statements), "a month that was not asked for"
        for statement in statements:
            plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {statement}")]
            assert not [step for step in plan if step.startswith("SCAN") or "TEMP B-TREE" in step], (statement, plan)
