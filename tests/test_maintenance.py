"""The jobs beside the rounds: what they find is told, and their trouble ends nothing."""

from __future__ import annotations

import json
import logging
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from mailarchiver import maintenance
from mailarchiver.archive.sample import SLICES, week
from mailarchiver.archive.store import Store
from mailarchiver.config import Settings
from mailarchiver.errors import StoreError
from mailarchiver.events import Event, event_of
from mailarchiver.maintenance import Maintenance
from mailarchiver.poll import refresh_pages
from mailarchiver.publishing import Publisher
from mailarchiver.status import Verified, read
from tests.archive.filings import NOW, filing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "archive"


@pytest.fixture
def store(root: Path) -> Iterator[Store]:
    with Store.open(root, min_free=0) as store:
        store.commit([filing(number) for number in range(4)], now=NOW)
        yield store


@pytest.fixture
def publisher(root: Path, store: Store) -> Publisher:
    account = {"name": "a", "host": "localhost", "security": "none", "username": "x", "password": "x"}
    return Publisher(Settings.model_validate({"archive": {"root": str(root)}, "account": [account]}), store)


@pytest.fixture
def jobs(root: Path, store: Store, publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> Maintenance:
    monkeypatch.setattr(maintenance, "REST_SECONDS", 0.0)
    return Maintenance(root, store, publisher, threading.Event())


def long_ago(publisher: Publisher, *damaged: str) -> None:
    """All slices are due, one after the other."""
    publisher.note_verified(Verified(week(datetime.now(UTC)) - SLICES, NOW, 0, damaged))


def test_damage_is_said_aloud_and_stands_in_the_status_until_it_is_mended(
    root: Path, jobs: Maintenance, publisher: Publisher, caplog: pytest.LogCaptureFixture
) -> None:
    paths = sorted(root.glob("*/*/*/article.txt"))
    ids = [path.parent.name.rpartition("-")[2] for path in paths]
    paths[1].write_bytes(paths[1].read_bytes() + b"x")
    long_ago(publisher)
    for _ in range(SLICES // 4):
        jobs.verify()
    told = [record for record in caplog.records if event_of(record) is Event.DAMAGE]
    assert {record.levelno for record in told} == {logging.ERROR}
    assert ids[1] in paths[1].as_posix()
    assert "article.txt differs from SHA256SUMS" in told[0].getMessage()
    assert publisher.verified is not None
    assert (publisher.verified.week, publisher.verified.damaged) == (week(datetime.now(UTC)), (ids[1],))
    publisher.publish()
    stands = read(root).verified
    assert stands is not None
    assert (stands.week, stands.damaged) == (publisher.verified.week, publisher.verified.damaged)
    told_before = publisher.verified
    jobs.verify()
    assert publisher.verified is told_before, "once a week"
    paths[1].write_bytes(paths[1].read_bytes()[:-1])
    publisher.note_verified(Verified(told_before.week - 1, NOW, 0, told_before.damaged))
    jobs.verify()
    assert publisher.verified.damaged == ()


def test_the_next_daemon_knows_what_was_verified(root: Path, store: Store, publisher: Publisher) -> None:
    known = Verified(2835, NOW - timedelta(days=3), 24, ("0123456789ab",))
    publisher.note_verified(known)
    publisher.publish()
    assert json.loads((root / ".mailarchiver/status.json").read_bytes())["verified"]["week"] == 2835
    assert Publisher(publisher._settings, store).verified == known


def test_a_check_that_was_broken_off_is_done_by_the_next_daemon(
    jobs: Maintenance, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    long_ago(publisher)
    before = publisher.verified
    jobs._stop.set()
    monkeypatch.setattr("mailarchiver.archive.sample.is_of", lambda *_: True)
    jobs.verify()
    assert publisher.verified is before


def test_pages_are_written_when_they_are_stale_and_only_then(root: Path, store: Store, jobs: Maintenance) -> None:
    jobs.pages()
    front, month, style = root / "index.html", root / "2024/03/index.html", root / "assets/archive.css"
    assert all(path.is_file() for path in (front, month, style))
    times = [path.stat().st_mtime_ns for path in (front, month, style)]
    jobs.pages()
    assert [path.stat().st_mtime_ns for path in (front, month, style)] == times
    store.commit([filing(9)], now=NOW)
    jobs.pages()
    assert not store.dirty_months()
    front.unlink()
    jobs.pages()
    assert front.is_file()


def test_pages_of_another_version_are_all_written_anew(root: Path, store: Store, jobs: Maintenance) -> None:
    refresh_pages(store)
    month, style = root / "2024/03/index.html", root / "assets/archive.css"
    made = month.read_bytes(), style.read_bytes()
    month.write_text("of another version")
    style.write_text("of another version")
    jobs.pages()
    assert (month.read_bytes(), style.read_bytes()) == made


@pytest.mark.parametrize("error", [StoreError("disk full"), ZeroDivisionError("defect"), PermissionError(13, "no")])
def test_trouble_is_said_and_ends_nothing(
    error: Exception, jobs: Maintenance, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(jobs, "_pages", fail)
    jobs.pages()
    assert str(error) in caplog.text
    assert ("Traceback" in caplog.text) == isinstance(error, ZeroDivisionError)
