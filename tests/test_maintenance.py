"""The jobs beside the rounds: what they find is told, and their trouble ends nothing."""

from __future__ import annotations

import json
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from mailarchiver import maintenance, poll
from mailarchiver.archive.sample import SLICES, week
from mailarchiver.archive.store import Store
from mailarchiver.config import Settings
from mailarchiver.errors import StoreError
from mailarchiver.events import Event, event_of
from mailarchiver.health import Health
from mailarchiver.maintenance import Maintenance
from mailarchiver.pages import browse
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


def test_of_those_who_wait_to_tell_how_it_is_one_does(
    root: Path, store: Store, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty rounds that end while the archive is somebody else's must not wait for twenty times a minute."""
    real, writes = store.write_status, []
    begun, free = threading.Event(), threading.Event()

    def write(told: dict[str, object]) -> None:
        writes.append(told)
        begun.set()
        assert free.wait(30)
        real(told)

    monkeypatch.setattr(store, "write_status", write)
    with ThreadPoolExecutor(20) as threads:
        first = threads.submit(publisher.publish, {"a": Health(failures=0)})
        assert begun.wait(30)
        others = [threads.submit(publisher.publish, {"a": Health(failures=number)}) for number in range(1, 19)]
        while sum(each.running() for each in others) < len(others):
            time.sleep(0.01)
        time.sleep(0.2)
        last = threads.submit(publisher.publish, {"a": Health(failures=99)})
        time.sleep(0.2)
        free.set()
        for each in (first, *others, last):
            each.result(30)
    assert len(writes) == 2
    assert read(root).accounts["a"].failures == 99


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

    def is_of(*_: object) -> bool:
        jobs._stop.set()
        return True

    monkeypatch.setattr("mailarchiver.archive.sample.is_of", is_of)
    jobs.verify()
    assert publisher.verified is before


def test_none_begins_once_the_daemon_ends(
    root: Path, store: Store, jobs: Maintenance, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One may have been waiting for the other: then the archive is closed when it is its turn."""

    def closed() -> list[str]:
        raise ZeroDivisionError("the archive is closed")

    jobs._stop.set()
    assert jobs.ended(0)
    monkeypatch.setattr(store, "dirty_months", closed)
    jobs.pages()
    assert not (root / "index.html").exists()
    assert caplog.records == []


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


MONTHS = ("2021/05", "2022/06", "2023/07", "2024/03")


@pytest.fixture
def aged(root: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> dict[Path, bytes]:
    """The pages as they should be, of several months; on the disk are those of a program before this one, which has
    the same stylesheet. One month is written at a time.
    """
    for number, month in enumerate(MONTHS[:-1], 20):
        received = datetime.strptime(f"{month}/01 +0000", "%Y/%m/%d %z")
        store.commit([filing(number, received=received)], now=NOW)
    refresh_pages(store)
    assert [name for name, _ in store.months()] == list(MONTHS[::-1])
    pages = {root / name: (root / name).read_bytes() for name in ("index.html", *(f"{m}/index.html" for m in MONTHS))}
    for path, data in pages.items():
        path.write_bytes(
            data.replace(browse.version().encode(), b"mailarchiver 0.1, pages 0").replace(b"<h1>", b"<h1 class=old>")
        )
    monkeypatch.setattr(poll, "MONTHS_AT_ONCE", 1)
    return pages


def as_they_should_be(pages: dict[Path, bytes]) -> list[bool]:
    return [path.read_bytes() == data for path, data in pages.items()]


def test_pages_of_another_version_are_all_written_anew(aged: dict[Path, bytes], jobs: Maintenance) -> None:
    jobs.pages()
    assert all(as_they_should_be(aged))


def test_whoever_files_first_after_another_version_leaves_no_old_page(
    aged: dict[Path, bytes], store: Store, jobs: Maintenance
) -> None:
    """`import`, `poll` and `remove` write the front page and the stylesheet, too."""
    store.commit([filing(9)], now=NOW)
    refresh_pages(store)
    jobs.pages()
    assert all(b"<h1 class=old>" not in path.read_bytes() for path in aged)
    assert not store.dirty_months()


def test_pages_are_left_when_the_daemon_ends_and_the_next_goes_on(
    aged: dict[Path, bytes], root: Path, store: Store, publisher: Publisher
) -> None:
    class EndsSoon(threading.Event):
        """Set while the first month is written; it is asked before the job, and before each month."""

        asked = 0

        def is_set(self) -> bool:
            self.asked += 1
            return self.asked > 2

    Maintenance(root, store, publisher, EndsSoon()).pages()
    assert as_they_should_be(aged) == [True, True, False, False, False]
    assert store.dirty_months() == list(MONTHS[1:])
    Maintenance(root, store, publisher, threading.Event()).pages()
    assert all(as_they_should_be(aged))


def test_pages_whose_writing_failed_halfway_are_written_by_the_next(
    aged: dict[Path, bytes], store: Store, jobs: Maintenance
) -> None:
    def fail(_: int) -> None:
        raise StoreError("the disk is full")

    with pytest.raises(StoreError):
        refresh_pages(store, step=fail)
    assert not all(as_they_should_be(aged))
    jobs.pages()
    assert all(as_they_should_be(aged))


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
