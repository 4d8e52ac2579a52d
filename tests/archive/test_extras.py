"""What others added to an entry's folder: found, and carried to its next version."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from mailarchiver.archive.extras import carry, closed, lacking, others
from tests.archive.filings import sums

OURS = {"index.html": b"<p>", "article.json": b"{}", "images/001-a.png": b"\x89", "message.eml": b"Subject: x"}


def make(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in {**files, "SHA256SUMS": sums(files)}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return make(tmp_path / "old", OURS)


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return make(tmp_path / "new", {**OURS, "article.md": b"# New", "attachments/001-a.pdf": b"%PDF"})


def add(folder: Path, name: str, data: bytes = b"mine") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_nothing_was_added(old: Path, new: Path) -> None:
    assert list(others(old)) == []
    before = sorted(new.rglob("*"))
    carry(old, new)
    assert sorted(new.rglob("*")) == before


def test_all_kinds_of_files_are_found_and_linked(old: Path, new: Path) -> None:
    add(old, "note.txt")
    add(old, "images/mine.png")
    add(old, "a/b/c.txt")
    add(old, os.fsdecode(b"\xff.txt"))
    (old / "empty").mkdir(mode=0o700)
    (old / "link").symlink_to("nowhere")
    (old / "folder link").symlink_to("images")
    os.mkfifo(old / "pipe")
    assert list(others(old)) == [
        *("a", "empty", "folder link", "link", "note.txt", "pipe", os.fsdecode(b"\xff.txt")),
        *("a/b", "a/b/c.txt", "images/mine.png"),
    ]
    carry(old, new)
    for name in ("note.txt", "images/mine.png", "a/b/c.txt", os.fsdecode(b"\xff.txt"), "pipe"):
        assert (new / name).samefile(old / name)
    assert stat.S_IMODE((new / "empty").stat().st_mode) == 0o700
    assert (new / "link").readlink() == Path("nowhere")
    assert (new / "folder link").is_symlink()
    assert lacking(old, new) is None


def test_it_may_be_done_again(old: Path, new: Path) -> None:
    add(old, "article.md", b"my own")
    add(old, "a/b.txt")
    carry(old, new)
    before = sorted(new.rglob("*"))
    carry(old, new)
    assert sorted(new.rglob("*")) == before


def test_a_name_that_is_taken_gets_a_number_and_ours_is_left_alone(old: Path, new: Path) -> None:
    add(old, "article.md", b"my own")
    add(old, "article.md~2", b"another")
    (old / "attachments").write_bytes(b"a file")
    carry(old, new)
    assert (new / "article.md").read_bytes() == b"# New"
    assert (new / "attachments/001-a.pdf").read_bytes() == b"%PDF"
    assert (new / "attachments~2").read_bytes() == b"a file"
    assert (new / "article.md~2").read_bytes() == b"my own"
    assert (new / "article.md~2~2").read_bytes() == b"another"


def test_a_folder_in_the_place_of_a_file_gets_a_number(old: Path, new: Path) -> None:
    add(old, "article.md/x/y.txt")
    carry(old, new)
    assert (new / "article.md").read_bytes() == b"# New"
    assert (new / "article.md~2/x/y.txt").read_bytes() == b"mine"


@pytest.mark.parametrize("listing", [None, b"", b"no sums\n", b"\xff\n"])
def test_without_sound_checksums_names_decide(old: Path, new: Path, listing: bytes | None) -> None:
    add(old, "note.txt")
    (old / "SHA256SUMS").unlink()
    if listing is not None:
        (old / "SHA256SUMS").write_bytes(listing)
    assert list(others(old)) == ["note.txt"]
    carry(old, new)
    assert (new / "note.txt").is_file()


def test_checksums_made_anew_do_not_make_others_files_ours(old: Path) -> None:
    add(old, "note.txt")
    (old / "SHA256SUMS").write_bytes(sums({**OURS, "note.txt": b"mine"}))
    assert list(others(old)) == ["note.txt"]


def test_without_links_there_are_copies(old: Path, new: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **_more: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    add(old, "note.txt")
    (old / "link").symlink_to("note.txt")
    carry(old, new)
    carry(old, new)
    assert (new / "note.txt").read_bytes() == b"mine"
    assert not (new / "note.txt").samefile(old / "note.txt")
    assert (new / "link").readlink() == Path("note.txt")
    assert not list(new.glob("*~2"))


def test_what_is_nowhere_else_is_told(old: Path, new: Path) -> None:
    add(old, "note.txt")
    assert lacking(old, new) == "note.txt"
    add(new, "note.txt", b"another")
    assert lacking(old, new) == "note.txt"
    carry(old, new)
    assert lacking(old, new) is None


def test_only_a_strangers_unreadable_file_is_closed(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = add(old, "note.txt")
    path.chmod(0)
    assert closed(old) is None
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert closed(old) == "note.txt"
