"""`mailarchiver rebuild`: whatever is disposable comes back, and nothing that is not is lost."""

from __future__ import annotations

import json
import shlex
import shutil
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mailarchiver.archive.store import Store
from mailarchiver.archive.verify import verify
from mailarchiver.cli.app import app
from mailarchiver.errors import StoreError
from mailarchiver.poll import refresh_pages
from tests.archive.faults import faults
from tests.archive.filings import NOW, at, entry_folders, filing, quarantined, tree

LEDGER = ".mailarchiver/ledger.sqlite"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "archive"
    with faults(lambda _: None), Store.open(root, min_free=0) as store:
        store.commit([filing(1), filing(2, articles=2), filing(3), quarantined(4)], now=NOW)
        store.acknowledged("articles", "INBOX", 7, [1, 2], "seen")
        refresh_pages(store)
    return root


def rebuild(root: Path, *parts: str) -> dict[str, dict[str, int]]:
    done = CliRunner().invoke(app, ["rebuild", *parts, "--root", str(root), "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.stderr
    told: dict[str, dict[str, int]] = json.loads(done.stdout.splitlines()[-1])
    return told


def state(root: Path) -> tuple[object, ...]:
    with Store.open(root, min_free=0) as store:
        known = [store.known(filing(number).digest, filing(number).folded) for number in (1, 2, 3, 4, 5)]
        return known, list(store.entries()), store.months(), store.in_quarantine()


def test_all_is_made_again_and_comes_out_the_same(root: Path) -> None:
    before, filed = state(root), tree(root)
    told = rebuild(root)
    assert told["manifest"] == {"lines": 4, "added": 0, "dropped": 0, "cut": 0}
    assert told["pages"] == {"written": 0}
    assert (state(root), tree(root)) == (before, filed)
    done = CliRunner().invoke(app, ["rebuild", "--root", str(root)])
    assert done.stdout.splitlines() == [
        "manifest: 4 lines kept, 0 added",
        "ledger: made again from 4 lines",
        "search: indexed again, 4 lines of the manifest",
        "pages: 0 files written, the others were as they should be",
    ]


@pytest.mark.parametrize("harm", ["garbage", "cut", "tables", "newer", "folder", "foreign"])
def test_a_ledger_that_cannot_be_used_is_an_error_that_names_the_command_which_mends_it(root: Path, harm: str) -> None:
    before, path = state(root), root / LEDGER
    match harm:
        case "garbage":
            path.write_bytes(b"this is no database, whatever its name says" * 200)
        case "cut":
            path.write_bytes(path.read_bytes()[:6000])
        case "folder":
            path.unlink()
            path.mkdir()
        case "foreign":
            path.unlink()
            with sqlite3.connect(path) as db:
                db.execute("CREATE TABLE manifest (something TEXT)")
                db.execute("PRAGMA user_version = 3")
            db.close()
        case _:
            with sqlite3.connect(path) as db:
                db.execute("DROP TABLE entry" if harm == "tables" else "PRAGMA user_version = 99")
            db.close()
    with pytest.raises(StoreError, match=r"rebuild ledger"), Store.open(root, min_free=0) as store:
        list(store.entries())
    assert rebuild(root, "ledger")["ledger"] == {"lines": 4}
    assert state(root) == before
    assert verify(root, jobs=1).findings == ()


def test_a_ledger_that_may_not_be_written_is_an_error_with_the_cure(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, real = root / LEDGER, sqlite3.connect

    def read_only(database: Path, **more: object) -> sqlite3.Connection:
        db: sqlite3.Connection = real(f"file:{database}?mode=ro", uri=True, **more)  # type: ignore[call-overload]
        return db

    with monkeypatch.context() as patched:
        patched.setattr(sqlite3, "connect", read_only)
        told = rf"{path}: attempt to write a readonly.*writable.*rebuild ledger"
        with pytest.raises(StoreError, match=told), Store.open(root, min_free=0) as store:
            store.commit([filing(9)], now=NOW)
    with Store.open(root, min_free=0) as store:
        assert store.commit([filing(9)], now=NOW)[0].outcome == "filed"


def test_the_command_that_is_named_can_be_pasted(tmp_path: Path, root: Path) -> None:
    odd = tmp_path / "my 'archive'"
    root.rename(odd)
    (odd / LEDGER).write_bytes(b"no database" * 900)
    with pytest.raises(StoreError) as trouble:
        Store.open(odd)
    command = str(trouble.value).partition("`mailarchiver ")[2].partition("`")[0]
    assert CliRunner().invoke(app, shlex.split(command)).exit_code == 0
    Store.open(odd).close()


def test_what_was_done_in_the_mailbox_is_kept_by_a_ledger_that_is_sound(root: Path) -> None:
    rebuild(root, "ledger")
    with Store.open(root, min_free=0) as store:
        assert store.done_uids("articles", "INBOX", 7) == {1, 2, 3, 4}
        assert store.unacknowledged("articles", "INBOX", 7) == [3]


def test_the_whole_of_the_program_s_folder_may_be_missing(root: Path) -> None:
    before = state(root)
    shutil.rmtree(root / ".mailarchiver")
    rebuild(root)
    assert state(root)[:3] == ([*before[0][:3], None, None], *before[1:3])  # type: ignore[index]


def test_a_lost_manifest_is_made_from_the_folders(root: Path) -> None:
    before = {entry.id: entry.sums for entry in state(root)[1]}  # type: ignore[attr-defined]
    (root / "manifest.jsonl").unlink()
    assert rebuild(root, "manifest")["manifest"] == {"lines": 0, "added": 4, "dropped": 0, "cut": 0}
    assert {entry.id: entry.sums for entry in state(root)[1]} == before  # type: ignore[attr-defined]
    assert verify(root, jobs=1).findings == ()


def test_damaged_lines_are_left_out_and_kept_in_the_trash(root: Path) -> None:
    path = root / "manifest.jsonl"
    sound = path.read_bytes().splitlines(keepends=True)
    unknown = b'{"of a kind":"that comes later"}\n'
    harmed = b"".join([sound[0], b"{torn\n", sound[1][:70] + b"\n", unknown, *sound[2:], b'{"id":"cut'])
    path.write_bytes(harmed)
    assert rebuild(root, "manifest")["manifest"] == {"lines": 3, "added": 1, "dropped": 2, "cut": 10}
    assert path.read_bytes().startswith(b"".join([sound[0], unknown, *sound[2:]]))
    assert (root / ".mailarchiver" / "trash" / "manifest.jsonl").read_bytes() == harmed
    assert [found for found in verify(root, jobs=1).findings if found.is_damage()] == []
    assert state(root)[0][0] is not None  # type: ignore[index]


def test_a_line_for_a_folder_that_is_gone_stays(root: Path) -> None:
    before = (root / "manifest.jsonl").read_bytes()
    shutil.rmtree(entry_folders(root)[0])
    assert rebuild(root)["manifest"]["lines"] == 4
    assert (root / "manifest.jsonl").read_bytes() == before


def test_lost_and_edited_pages_are_written_again(root: Path) -> None:
    before = tree(root)
    (root / "index.html").write_text("mine now")
    (root / "2024/03/index.html").unlink()
    assert rebuild(root, "pages") == {"pages": {"written": 2}}
    assert tree(root) == before


def test_a_folder_that_is_no_archive_is_left_alone(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["rebuild", "--root", str(tmp_path / "nowhere")])
    assert isinstance(done.exception, StoreError)
    assert not (tmp_path / "nowhere").exists()
    assert CliRunner().invoke(app, ["rebuild", "everything", "--root", str(tmp_path)]).exit_code == 2


def test_an_open_store_goes_on_with_the_new_ledger(root: Path) -> None:
    with Store.open(root, min_free=0) as store:
        store.commit([filing(6)], now=NOW)
        rebuild(root, "ledger")
        assert store.commit([filing(6, ref=at(60)), filing(7)], now=NOW)[0].outcome == "already"
    assert verify(root, jobs=1).is_sound()


def test_a_damaged_index_is_made_again(root: Path) -> None:
    rebuild(root, "search")
    index = root / ".mailarchiver" / "search.sqlite"
    index.write_bytes(b"garbage")
    assert rebuild(root, "search") == {"search": {"lines": 4}}
    assert index.read_bytes().startswith(b"SQLite format 3")
