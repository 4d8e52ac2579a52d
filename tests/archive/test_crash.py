"""Kill it, fill its disk, pull its disk: at every call that changes something, one after the other.

By default a seeded tenth of the points; all of them with MAILARCHIVER_FULL=1.
"""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from mailarchiver.archive.store import Store
from mailarchiver.errors import StoreError
from tests.archive.aftermath import FULL, assert_nothing_is_half_there, sample
from tests.archive.faults import BATCHES, FILED_UIDS, HELD_UIDS, faults, work
from tests.archive.filings import NOW, entry_folders, filing, tree

PROGRAM = Path(__file__).with_name("faults.py")
pytestmark = pytest.mark.timeout(7200 if FULL else 120)


def run(root: Path, mode: str, number: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(PROGRAM), str(root), mode, str(number)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The archive of a process that nothing happened to."""
    root = tmp_path_factory.mktemp("expected") / "archive"
    work(root)
    assert len(entry_folders(root)) == 6
    assert sum("quarantine" in name for name in tree(root)) == 4
    return tree(root)


@pytest.fixture(scope="module")
def points(tmp_path_factory: pytest.TempPathFactory) -> range:
    """The calls of an undisturbed run, counted in the process that is going to be killed."""
    done = run(tmp_path_factory.mktemp("points") / "archive", "count")
    assert done.returncode == 0, done.stderr
    count = int(done.stdout)
    assert count > 300, "too few: something is not counted"
    return range(1, count + 1)


def assert_as_if_nothing_happened(root: Path, expected: dict[str, bytes]) -> None:
    """Done once more, the archive is the one of an undisturbed run, and the ledger knows all of it."""
    with faults(lambda _: None):
        work(root)
    assert tree(root) == expected
    assert list((root / ".mailarchiver" / "staging").iterdir()) == []
    assert not (root / ".mailarchiver" / "trash").exists()
    with Store.open(root) as store:
        assert store.done_uids("articles", "INBOX", 7) == FILED_UIDS | HELD_UIDS
        assert store.unacknowledged("articles", "INBOX", 7) == sorted(FILED_UIDS)
        assert store.unacknowledged("articles", "INBOX", 7, quarantined=True) == sorted(HELD_UIDS)
        assert store.in_quarantine() == 2
        assert store.dirty_months() == []
        assert [count for _, count in store.months()] == [6]


def test_killed_at_any_call(tmp_path: Path, points: range, expected: dict[str, bytes]) -> None:
    for point in sample(points):
        root = tmp_path / str(point)
        assert run(root, "kill", point).returncode == -signal.SIGKILL
        assert_nothing_is_half_there(root)
        assert_as_if_nothing_happened(root, expected)


def test_killed_again_while_it_recovers(tmp_path: Path, points: range, expected: dict[str, bytes]) -> None:
    for point in points[:: 15 if FULL else 110]:
        for second in (3, 12, 25, 40, 60) if FULL else (12, 40):
            root = tmp_path / f"{point}-{second}"
            assert run(root, "kill", point).returncode == -signal.SIGKILL
            assert run(root, "kill", second).returncode in {-signal.SIGKILL, 0}
            assert_nothing_is_half_there(root)
            assert_as_if_nothing_happened(root, expected)


def failing(point: int, number: int, *, for_good: bool) -> Callable[[str], None]:
    """A fault that raises this error at the `point`-th call, or from there on at each."""
    calls = iter(range(1, 1_000_000))

    def fault(name: str) -> None:
        call = next(calls)
        if call == point or (for_good and call > point):
            raise (
                sqlite3.OperationalError("disk I/O error") if name == "sqlite" else OSError(number, os.strerror(number))
            )

    return fault


@pytest.mark.parametrize("for_good", [False, True], ids=["once", "for good"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EMFILE], ids=errno.errorcode.get)
def test_the_disk_fails_at_any_call(
    tmp_path: Path, points: range, expected: dict[str, bytes], number: int, *, for_good: bool
) -> None:
    for point in sample(points)[number % 3 :: 1 if FULL else 3]:
        root = tmp_path / str(point)
        descriptors = open_descriptors()
        with faults(failing(point, number, for_good=for_good)), suppress(StoreError):
            work(root)
        assert open_descriptors() == descriptors
        assert_nothing_is_half_there(root)
        if not for_good and (root / "manifest.jsonl").exists():
            assert_listed(root)
        assert_as_if_nothing_happened(root, expected)


def open_descriptors() -> set[str]:
    return {path.name for path in Path("/dev/fd").iterdir()}


def assert_listed(root: Path) -> None:
    """A batch that failed while the disk still worked was taken back."""
    listed = (root / "manifest.jsonl").read_text("utf-8")
    assert all(f'"folder":"{path.relative_to(root).as_posix()}"' in listed for path in entry_folders(root))


def test_a_store_that_failed_can_be_used_on(tmp_path: Path, points: range, expected: dict[str, bytes]) -> None:
    """The daemon keeps its store open over a full disk, and goes on when there is room again."""
    for point in sample(points)[::3]:
        root = tmp_path / str(point)
        with Store.open(root, min_free=0) as store:
            with suppress(StoreError), faults(failing(point, errno.ENOSPC, for_good=True)):
                for batch in BATCHES:
                    store.commit(batch, now=NOW)
            for batch in BATCHES:
                store.commit(batch, now=NOW)
        assert_as_if_nothing_happened(root, expected)


def test_write_may_take_less_than_it_is_given(
    tmp_path: Path, expected: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, bytes(data[:7])))
    work(tmp_path / "archive")
    assert tree(tmp_path / "archive") == expected


COMMITTER = """
import sys
sys.path.insert(0, {here!r})
from pathlib import Path
from tests.archive.filings import NOW, filing
from mailarchiver.archive.store import Store
with Store.open(Path({root!r}), min_free=0) as store:
    for start in range(0, 24, 3):
        store.commit([filing(number) for number in range(start, start + 3)], now=NOW)
"""


@pytest.fixture
def committers(tmp_path: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    script = COMMITTER.format(here=str(PROGRAM.parents[2]), root=str(tmp_path / "archive"))
    processes = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(3)]
    yield processes
    for process in processes:
        process.kill()
        process.wait()


def test_processes_that_commit_the_same_mails_at_once(
    tmp_path: Path, committers: list[subprocess.Popen[bytes]]
) -> None:
    assert [process.wait(100) for process in committers] == [0, 0, 0]
    root = tmp_path / "archive"
    folders = [filing(number).bundles[0].folder for number in range(24)]
    assert [path.relative_to(root).as_posix() for path in entry_folders(root)] == sorted(folders)
    assert (root / "manifest.jsonl").read_text("utf-8").count("\n") == 24
    assert_nothing_is_half_there(root)
