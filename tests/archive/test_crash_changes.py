"""As test_crash.py, while entries are replaced, removed and restored, and mail is let out of quarantine."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from mailarchiver.archive import folder, sync
from mailarchiver.archive.store import Store
from mailarchiver.errors import StoreError
from tests.archive.aftermath import FULL, sample
from tests.archive.changes import HELD, KEPT, OTHERS, change, prepare
from tests.archive.faults import faults
from tests.archive.filings import entry_folders
from tests.archive.test_crash import failing, open_descriptors

PROGRAM = Path(__file__).with_name("changes.py")
PRECIOUS = ("versions", "trash", "quarantine")
pytestmark = pytest.mark.timeout(7200 if FULL else 120)

Tree = dict[str, bytes]


def tree(root: Path) -> Tree:
    """Everything in an archive that is precious; of a link, where it leads."""
    return {
        path.relative_to(root).as_posix(): bytes(path.readlink()) if path.is_symlink() else path.read_bytes()
        for path in sorted(root.rglob("*"))
        if (path.is_file() or path.is_symlink())
        and (".mailarchiver" not in path.parts or any(name in path.parts for name in PRECIOUS))
    }


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("prepared") / "archive"
    prepare(root)
    return root


@pytest.fixture(scope="module")
def expected(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """The archive of a process that nothing happened to."""
    root = tmp_path_factory.mktemp("expected") / "archive"
    shutil.copytree(prepared, root, symlinks=True)
    change(root)
    found = tree(root)
    first, second, third = KEPT.bundles
    assert (root / first.folder / "article.md").read_bytes() == b"# Later\n"
    for made in (first, second):
        assert (root / made.folder / "article.md~2").read_bytes() == OTHERS["article.md"]
        assert (root / made.folder / "my notes/a/b.txt").read_bytes() == b"b"
        assert (root / made.folder / "images/mine.png").samefile(
            root / ".mailarchiver/versions" / made.id / "1/images/mine.png"
        )
        assert not (root / made.folder / "attachments").exists()
        assert folder.fault(root / ".mailarchiver/versions" / made.id / "1", made.entry.sums) is None
    assert (root / ".mailarchiver/trash" / Path(third.folder).name / "note.txt").read_bytes() == b"mine"
    assert len(entry_folders(root)) == 5
    assert not list((root / ".mailarchiver/quarantine").iterdir())
    return found


@pytest.fixture(scope="module")
def points(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> range:
    root = tmp_path_factory.mktemp("points") / "archive"
    shutil.copytree(prepared, root, symlinks=True)
    done = run(root, "count")
    assert done.returncode == 0, done.stderr
    count = int(done.stdout)
    assert count > 300, "too few: something is not counted"
    return range(1, count + 1)


def run(root: Path, mode: str, number: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(PROGRAM), str(root), mode, str(number)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def assert_nothing_is_half_there(root: Path) -> None:
    """What is seen right after the fault: whole folders, and what others added either in place or in a version."""
    for path in entry_folders(root):
        assert folder.fault(path) is None
    for made in KEPT.bundles:
        name = Path(made.folder).name
        places = [root / made.folder, root / ".mailarchiver/trash" / name]
        places += sorted((root / ".mailarchiver/versions").glob(f"{made.id}/*"))
        assert any((place / "note.txt").is_file() for place in places)


def assert_as_if_nothing_happened(root: Path, expected: Tree) -> None:
    with faults(lambda _: None):
        change(root)
    assert tree(root) == expected
    assert list((root / ".mailarchiver/staging").iterdir()) == []
    with Store.open(root) as store:
        assert store.unacknowledged("articles", "INBOX", 7) == [5], "released, it is to be acknowledged as filed"
        assert store.in_quarantine() == 0
        assert store.known(HELD.digest, HELD.folded)
        assert [count for _, count in store.months()] == [5]


def copied(prepared: Path, root: Path) -> Path:
    shutil.copytree(prepared, root, symlinks=True)
    return root


@pytest.mark.parametrize("mode", ["kill", "plain"])
def test_killed_at_any_call(tmp_path: Path, prepared: Path, points: range, expected: Tree, mode: str) -> None:
    for point in sample(points):
        root = copied(prepared, tmp_path / str(point))
        assert run(root, mode, point).returncode in {-signal.SIGKILL, 0 if mode == "plain" else -signal.SIGKILL}
        assert_nothing_is_half_there(root)
        assert_as_if_nothing_happened(root, expected)
        shutil.rmtree(root)


def test_killed_again_while_it_recovers(tmp_path: Path, prepared: Path, points: range, expected: Tree) -> None:
    for point in points[:: 7 if FULL else 60]:
        for second in (12, 25, 40, 60) if FULL else (25, 45):
            root = copied(prepared, tmp_path / f"{point}-{second}")
            assert run(root, "plain" if point % 2 else "kill", point).returncode in {-signal.SIGKILL, 0}
            assert run(root, "kill", second).returncode in {-signal.SIGKILL, 0}
            assert_nothing_is_half_there(root)
            assert_as_if_nothing_happened(root, expected)


@pytest.mark.parametrize("for_good", [False, True], ids=["once", "for good"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS], ids=errno.errorcode.get)
def test_the_disk_fails_at_any_call(
    tmp_path: Path, prepared: Path, points: range, expected: Tree, number: int, *, for_good: bool
) -> None:
    """Every other time on a file system that cannot exchange two folders."""
    for point in sample(points)[number % 2 :: 1 if FULL else 2]:
        root = copied(prepared, tmp_path / str(point))
        descriptors = open_descriptors()
        fault = failing(point, number, for_good=for_good)
        with faults(fault), pytest.MonkeyPatch.context() as patch, suppress(StoreError):
            if point % 2:
                patch.setattr(sync, "system_exchange", lambda: None)
            change(root)
        assert open_descriptors() == descriptors
        assert_nothing_is_half_there(root)
        assert_as_if_nothing_happened(root, expected)


def test_a_file_system_that_cannot_exchange(
    tmp_path: Path, prepared: Path, expected: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Path) -> None:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    monkeypatch.setattr(sync, "system_exchange", lambda: refuse)
    root = copied(prepared, tmp_path / "archive")
    change(root)
    assert tree(root) == expected


def test_a_file_system_without_hard_links(
    tmp_path: Path, prepared: Path, expected: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **_more: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    root = copied(prepared, tmp_path / "archive")
    change(root)
    assert tree(root) == expected


def test_a_system_without_syncfs(
    tmp_path: Path, prepared: Path, expected: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "system_syncfs", lambda: None)
    root = copied(prepared, tmp_path / "archive")
    change(root)
    assert tree(root) == expected
