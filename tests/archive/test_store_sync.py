"""The system calls below the store: what is written is whole, has its mode, and an error is never swallowed."""

from __future__ import annotations

import ctypes
import os
import platform
from pathlib import Path

import pytest

from mailarchiver.archive import sync
from mailarchiver.archive.sync import Flush, make_folder, write_new


def test_a_file_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "a", b"yours", 0o640)
    (tmp_path / "b").symlink_to("elsewhere")
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "b", b"yours", 0o640)
    assert (tmp_path / "a").read_bytes() == b"mine"


def test_a_file_that_came_out_short_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "write", lambda _, data: len(data))
    with pytest.raises(OSError, match="length"):
        write_new(tmp_path / "a", b"x", 0o640)


def test_a_folder_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    make_folder(tmp_path / "a", 0o700)
    make_folder(tmp_path / "a", 0o750)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o700
    (tmp_path / "b").touch()
    with pytest.raises(FileExistsError):
        make_folder(tmp_path / "b", 0o750)


def test_syncfs_tells_its_errors() -> None:
    syncfs = sync.system_syncfs.__wrapped__()
    if syncfs is None:
        pytest.skip("there is no syncfs that reports errors here")
    with pytest.raises(OSError, match="Bad file descriptor"):
        syncfs(-1)


@pytest.mark.parametrize(("system", "release"), [("Linux", "5.7.19"), ("Linux", "unknown"), ("FreeBSD", "14.1")])
def test_a_syncfs_that_cannot_be_trusted_is_not_used(
    system: str, release: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "release", lambda: release)
    assert sync.system_syncfs.__wrapped__() is None


def test_a_libc_without_syncfs_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "release", lambda: "6.1.0-18-amd64")
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: object())
    assert sync.system_syncfs.__wrapped__() is None


def test_without_syncfs_everything_is_synced_contents_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(sync, "system_syncfs", lambda: None)
    monkeypatch.setattr(sync, "fsync_path", synced.append)
    with Flush(tmp_path) as flush:
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / "b").touch()
        (tmp_path / "c").touch()
        flush.sync()
    assert synced.index(tmp_path / "a" / "b") < synced.index(tmp_path / "a") < synced.index(tmp_path)
    assert set(synced) == {tmp_path, *tmp_path.rglob("*")}
