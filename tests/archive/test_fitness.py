"""Whether an archive could be written to: told without writing."""

from __future__ import annotations

import fcntl
import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from mailarchiver.archive.fitness import look
from mailarchiver.archive.store import Store
from mailarchiver.errors import ArchiveRefused, StoreError


def state(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(path): (path.stat().st_mtime_ns, path.stat().st_mode) for path in [folder, *folder.rglob("*")]}


def test_a_place_where_an_archive_will_be_made(tmp_path: Path) -> None:
    before = state(tmp_path)
    found = look(tmp_path / "new" / "archive")
    assert found.owner == pwd.getpwuid(os.geteuid()).pw_name
    assert (found.is_there, found.writable, found.locked_by) == (False, True, None)
    assert found.free > 0
    assert state(tmp_path) == before


def test_an_archive(tmp_path: Path) -> None:
    root = tmp_path / "archive"
    Store.open(root).close()
    before = state(tmp_path)
    found = look(root)
    assert (found.is_there, found.writable, found.locked_by) == (True, True, None)
    assert state(tmp_path) == before


def test_who_is_writing_is_named(tmp_path: Path) -> None:
    root = tmp_path / "archive"
    with Store.open(root) as store:
        assert store.newest(1) == []
        lock = root / ".mailarchiver" / "lock"
        lock.write_text("mailarchiver poll (process 7)\n")
        with lock.open() as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            assert look(root).locked_by == "mailarchiver poll (process 7)"
        assert look(root).locked_by is None


@pytest.mark.parametrize("name", ["README.txt", "holiday.jpg"])
def test_what_is_no_archive_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mailarchiver archive, format 2\n")
    with pytest.raises(ArchiveRefused):
        look(tmp_path)


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="file"):
        look(tmp_path / "file" / "archive")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_another_users_folder_cannot_be_written_to(tmp_path: Path) -> None:
    root = tmp_path / "archive"
    Store.open(root).close()
    for folder in (tmp_path, *tmp_path.parents[:3]):
        if folder != Path("/tmp"):  # noqa: S108 - the folder of this test lies below it
            folder.chmod(0o755)
    root.chmod(0o755)
    program = (
        "import os, pathlib; from mailarchiver.archive.fitness import look; os.setresuid(65534, 65534, 65534);"
        f"found = look(pathlib.Path({str(root)!r})); print(found.writable, found.owner)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("False root\n", "")
