"""`verify` finds whatever was done to an archive, names the file, and invents nothing.

By default a seeded tenth of the damages; all of them with MAILARCHIVER_FULL=1.
"""

from __future__ import annotations

import json
import os
import pwd
import random
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from mailarchiver.archive import manifest
from mailarchiver.archive import verify as archive
from mailarchiver.archive.findings import Finding, Report
from mailarchiver.archive.ledger import Ledger
from mailarchiver.archive.manifest import Removal
from mailarchiver.archive.store import Store
from mailarchiver.errors import StoreError
from tests.archive.faults import BATCHES, faults
from tests.archive.filings import NOW, RECEIVED, entry_folders, filing, quarantined

FULL = os.environ.get("MAILARCHIVER_FULL") == "1"
HERE = Path(__file__).parents[2]
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user, and mount")


def verify(root: Path) -> Report:
    return archive.verify(root, jobs=2, patience=0.3)


def damage(root: Path) -> set[tuple[str, str]]:
    """(kind, path) of what is damaged."""
    return {(found.kind, found.path) for found in verify(root).findings if found.is_damage()}


def harmless(root: Path) -> set[tuple[str, str]]:
    return {(found.kind, found.path) for found in verify(root).findings if not found.is_damage()}


def fill(root: Path, mails: int = 4) -> None:
    """Articles of two months, one mail of three, one removed, one replaced, one in quarantine."""
    april = RECEIVED + timedelta(days=30)
    with faults(lambda _: None), Store.open(root, min_free=0) as store:
        half = [filing(number, received=RECEIVED if number % 2 else april) for number in range(mails - 1)]
        store.commit([*half, filing(900, articles=3), quarantined(901)], now=NOW)
    gone = entry_folders(root)[0]
    kept = root / ".mailarchiver" / "versions" / "0123456789ab" / "1"
    shutil.copytree(entry_folders(root)[1], kept)
    trash = root / ".mailarchiver" / "trash"
    trash.mkdir()
    gone.rename(trash / gone.name)
    line = next(told for told in lines(root) if told["folder"].endswith(gone.name))
    removal = {"id": line["id"], "sha256": line["sha256"], "removed": NOW.isoformat()}
    with (root / "manifest.jsonl").open("a", newline="\n") as file:
        file.write(json.dumps(removal) + "\n")
    with faults(lambda _: None), Store.open(root, min_free=0):
        pass


def lines(root: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in (root / "manifest.jsonl").read_bytes().splitlines()]


@pytest.fixture
def filled(root: Path) -> Path:
    fill(root)
    return root


def relative(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def test_a_sound_archive_is_sound(filled: Path) -> None:
    report = verify(filled)
    assert report.findings == ()
    assert report.articles == 5
    assert report.files == 5 * 7
    assert report.octets == sum(
        path.stat().st_size for each in entry_folders(filled) for path in each.rglob("*.*")
    ) + sum((each / "SHA256SUMS").stat().st_size for each in entry_folders(filled))


def test_an_archive_without_articles_is_sound(root: Path) -> None:
    Store.open(root).close()
    assert verify(root) == Report(0, 0, 0, ())


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    for name in ("empty", "other", "nowhere"):
        if name != "nowhere":
            (tmp_path / name).mkdir()
    (tmp_path / "other" / "holiday.jpg").write_bytes(b"x")
    for name in ("empty", "other", "nowhere"):
        with pytest.raises(StoreError, match="archive"):
            verify(tmp_path / name)


# --- one file of each ------------------------------------------------------------------------------------------------


def vouched_for(root: Path) -> list[Path]:
    """Every file of which it is known what must be in it. Of the quarantine that is the mail alone."""
    trees = [path for path in root.rglob("*") if path.is_file() and ".mailarchiver" not in path.relative_to(root).parts]
    kept = [path for name in ("versions", "trash") for path in (root / ".mailarchiver" / name).rglob("*")]
    held = list((root / ".mailarchiver" / "quarantine").glob("*/message.eml"))
    return sorted(path for path in [*trees, *kept, *held] if path.is_file() and len(path.relative_to(root).parts) > 3)


def sample(paths: list[Path], count: int) -> list[Path]:
    """So many, or a tenth of that: the same every time."""
    return random.Random(5).sample(paths, min(len(paths), count if FULL else count // 10))  # noqa: S311 - a fixed choice


def flip(path: Path, chance: random.Random) -> None:
    data = bytearray(path.read_bytes())
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(data)


def each(root: Path, paths: list[Path], harm: Callable[[Path], object]) -> Iterator[Path]:
    """Harm one file after the other; between them all is as it was."""
    for path in paths:
        data = path.read_bytes()
        harm(path)
        yield path
        path.write_bytes(data)
    assert verify(root).findings == ()


@pytest.mark.timeout(600)
def test_one_flipped_bit_is_found_in_every_file(root: Path) -> None:
    fill(root, mails=72)
    files = vouched_for(root)
    assert len(files) >= 500
    chance = random.Random(7)  # noqa: S311 - a fixed choice
    for path in each(root, sample(files, 500), lambda path: flip(path, chance)):
        kept = ".mailarchiver" in path.parts
        found = {path for _, path in damage(root)}
        if kept and path.name == "SHA256SUMS" and "versions" in path.parts:
            assert len(found) in {1, 2}, "the listing of a version is not sealed: a file it names, or itself, is told"
        else:
            assert found == {relative(root, path)}


@pytest.mark.timeout(600)
def test_one_file_removed_is_missing(filled: Path) -> None:
    for path in each(filled, sample(vouched_for(filled), 500), Path.unlink):
        assert damage(filled) == {("missing", relative(filled, path))}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("length", [0, 0.5])
def test_one_file_cut_short_is_changed(filled: Path, length: float) -> None:
    def cut(path: Path) -> None:
        os.truncate(path, int(path.stat().st_size * length))

    for path in each(filled, sample(vouched_for(filled), 500), cut):
        found = damage(filled)
        assert relative(filled, path) in {where for _, where in found} or "versions" in path.parts
        assert {Path(where).parent for _, where in found} <= {
            Path(relative(filled, path)).parent,
            *Path(relative(filled, path)).parents,
        }


@pytest.mark.parametrize("place", ["", "2024", "2024/03", ".mailarchiver/quarantine", "ARTICLE", "ARTICLE/images"])
def test_one_file_added_is_extra_and_no_damage(filled: Path, place: str) -> None:
    folder = filled / place.replace("ARTICLE", relative(filled, entry_folders(filled)[0]))
    (folder / "my notes.txt").write_text("worth reading twice")
    assert damage(filled) == set()
    assert harmless(filled) == {("extra", relative(filled, folder / "my notes.txt"))}


@pytest.mark.timeout(600)
def test_one_flipped_bit_in_the_manifest_is_found(filled: Path) -> None:
    path = filled / "manifest.jsonl"
    sound = path.read_bytes()
    chance = random.Random(9)  # noqa: S311 - a fixed choice
    for _ in range(200 if FULL else 20):
        flip(path, chance)
        assert damage(filled), path.read_bytes()
        path.write_bytes(sound)
    assert damage(filled) == set()


@pytest.mark.parametrize("key", ["title", "received", "kind", "words", "tags", "sha256", "sums", "filed", "same_as"])
def test_a_line_of_the_manifest_edited_is_found(filled: Path, key: str) -> None:
    path = filled / "manifest.jsonl"
    told = lines(filled)
    told[2][key] = {"tags": ["other"], "words": 5, "sha256": "0" * 64, "sums": "0" * 64}.get(key, "other")  # type: ignore[assignment]
    path.write_text("".join(json.dumps(line) + "\n" for line in told))
    found = damage(filled)
    assert ("disagrees", ".mailarchiver/ledger.sqlite") in found
    assert any(told[2]["id"] in where for _, where in found) or key in {"filed", "same_as"}, (
        "only the ledger knows these"
    )


def test_a_damaged_line_is_named_by_its_number(filled: Path) -> None:
    path = filled / "manifest.jsonl"
    told = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([told[0], b'{"id": "cut sho\n', *told[1:]]))
    [torn] = [found for found in verify(filled).findings if found.kind == "torn"]
    assert torn.what.startswith("line 2 is damaged")
    assert "rebuild manifest" in torn.cure


def test_a_last_line_without_end_is_found(filled: Path) -> None:
    with (filled / "manifest.jsonl").open("ab") as file:
        file.write(b'{"id":"')
    assert damage(filled) == {("torn", "manifest.jsonl")}
    Store.open(filled, min_free=0).close()
    assert verify(filled).findings == ()


@pytest.mark.parametrize("name", ["README.txt", "manifest.jsonl"])
def test_what_lies_at_the_top_is_missed(filled: Path, name: str) -> None:
    (filled / name).unlink()
    assert ("missing", name) in damage(filled)


# --- whole folders ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("to", ["2024/03/kept", "2024/05/{name}", "Favourites/trains/{name}", "2024/favourites"])
def test_a_folder_that_was_moved_is_found_by_what_it_says(filled: Path, to: str) -> None:
    folder = entry_folders(filled)[0]
    target = filled / to.format(name=folder.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    folder.rename(target)
    (target / "notes.txt").write_text("x")
    (target / "article.txt").write_text("changed, too")
    [moved] = [found for found in verify(filled).findings if found.kind == "misplaced"]
    assert damage(filled) == {
        ("misplaced", relative(filled, target)),
        ("changed", relative(filled, target / "article.txt")),
    }
    assert ("extra", relative(filled, target / "notes.txt")) in harmless(filled)
    subprocess.run(moved.cure.partition(": ")[2], shell=True, cwd=filled, check=True)  # noqa: S602 - what it says
    assert damage(filled) == {("changed", relative(filled, folder / "article.txt"))}


def test_a_folder_that_was_deleted_is_missing(filled: Path) -> None:
    folder = entry_folders(filled)[0]
    shutil.rmtree(folder)
    assert damage(filled) == {("missing", relative(filled, folder))}


def test_a_month_that_was_deleted_is_missing_article_by_article(filled: Path) -> None:
    gone = {("missing", relative(filled, path)) for path in entry_folders(filled) if "2024/04" in str(path)}
    assert gone
    shutil.rmtree(filled / "2024" / "04")
    assert damage(filled) == gone


def test_a_copy_is_extra(filled: Path) -> None:
    folder = entry_folders(filled)[0]
    shutil.copytree(folder, folder.with_name("a copy"))
    shutil.copytree(folder, filled / "shelf" / folder.name)
    assert damage(filled) == set()
    assert harmless(filled) == {("extra", relative(filled, folder.with_name("a copy"))), ("extra", "shelf")}


def test_a_folder_without_a_line_is_unlisted(filled: Path) -> None:
    path = filled / "manifest.jsonl"
    told = path.read_bytes().splitlines(keepends=True)
    lost = json.loads(told[1])
    path.write_bytes(b"".join([told[0], *told[2:]]))
    assert ("unlisted", lost["folder"]) in damage(filled)
    [found] = [found for found in verify(filled).findings if found.kind == "unlisted"]
    assert "rebuild manifest" in found.cure


def test_a_removed_article_that_came_back_is_said(filled: Path) -> None:
    [trash] = (filled / ".mailarchiver" / "trash").iterdir()
    back = filled / trash.name[:4] / trash.name[5:7] / trash.name
    shutil.copytree(trash, back)
    assert damage(filled) == {("unlisted", relative(filled, back))}


def test_what_was_only_in_the_way_is_not_vouched_for(filled: Path) -> None:
    other = filled / ".mailarchiver" / "trash" / "2024-03-06-a-walk-0123456789ab~2"
    other.mkdir()
    (other / "article.txt").write_text("not whole")
    assert verify(filled).findings == ()


def test_of_an_article_that_was_removed_twice_one_folder_is_whole(filled: Path) -> None:
    [trash] = (filled / ".mailarchiver" / "trash").iterdir()
    shutil.copytree(trash, trash.with_name(f"{trash.name}~2"))
    (trash / "SHA256SUMS").write_text("of an earlier reading")
    assert verify(filled).findings == ()
    (trash.with_name(f"{trash.name}~2") / "article.txt").unlink()
    assert damage(filled) == {("missing", f".mailarchiver/trash/{trash.name}~2/article.txt")}


# --- the ledger ------------------------------------------------------------------------------------------------------


def test_a_missing_ledger_is_said_and_no_damage(filled: Path) -> None:
    (filled / ".mailarchiver" / "ledger.sqlite").unlink()
    assert damage(filled) == set()
    assert harmless(filled) == {("note", ".mailarchiver/ledger.sqlite")}


def test_an_archive_without_anything_disposable_is_sound(filled: Path) -> None:
    for name in ("ledger.sqlite", "lock"):
        (filled / ".mailarchiver" / name).unlink()
    (filled / ".mailarchiver" / "staging").rmdir()
    assert damage(filled) == set()


@pytest.mark.parametrize("statement", [
    "DELETE FROM entry WHERE seq = 2",
    "UPDATE entry SET removed = 1 WHERE seq = 2",
    "UPDATE entry SET line = replace(line, 'a-walk', 'a-ride') WHERE seq = 2",
    "UPDATE entry SET id = '0123456789ab' WHERE seq = 2",
    "UPDATE manifest SET tail = ''",
])  # fmt: skip
def test_a_ledger_that_says_something_else_is_found(filled: Path, statement: str) -> None:
    with closing(Ledger(filled / ".mailarchiver" / "ledger.sqlite", wait=1)) as ledger, ledger.transaction():
        ledger._db.execute(statement)
    assert damage(filled) == {("disagrees", ".mailarchiver/ledger.sqlite")}
    assert "rebuild ledger" in str(verify(filled).findings)


def test_a_ledger_of_garbage_is_found(filled: Path) -> None:
    (filled / ".mailarchiver" / "ledger.sqlite").write_bytes(b"no database at all" * 300)
    assert damage(filled) == {("disagrees", ".mailarchiver/ledger.sqlite")}


def test_a_folder_in_place_of_the_ledger_is_found(filled: Path) -> None:
    (filled / ".mailarchiver" / "ledger.sqlite").unlink()
    (filled / ".mailarchiver" / "ledger.sqlite").mkdir()
    assert damage(filled) == {("disagrees", ".mailarchiver/ledger.sqlite")}


def test_a_ledger_that_is_behind_is_no_damage(filled: Path) -> None:
    before = (filled / ".mailarchiver" / "ledger.sqlite").read_bytes()
    with Store.open(filled, min_free=0) as store:
        store.commit([filing(20)], now=NOW)
    removal = Removal(lines(filled)[0]["id"], lines(filled)[0]["sha256"], NOW.isoformat())
    (filled / ".mailarchiver" / "ledger.sqlite").write_bytes(before)
    assert damage(filled) == set(), removal
    assert harmless(filled) == {("note", ".mailarchiver/ledger.sqlite")}


# --- who may look, and when ------------------------------------------------------------------------------------------


def snapshot(root: Path) -> dict[str, tuple[int, int]]:
    return {str(path.relative_to(root)): (path.stat().st_mtime_ns, path.stat().st_size) for path in root.rglob("*")}


def test_it_leaves_no_trace(filled: Path) -> None:
    before = snapshot(filled)
    verify(filled)
    assert snapshot(filled) == before


LOOK = """
import os, sys
from pathlib import Path
sys.path.insert(0, {here!r})
from mailarchiver.archive.verify import verify
os.setgroups([]); os.setgid({gid}); os.setuid({uid})
for found in verify(Path({root!r}), jobs=1, patience=0.1).findings:
    print(found.kind, found.path)
"""


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that other users can reach: pytest's own are closed to them."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "archive"


def look_as_nobody(root: Path) -> set[tuple[str, ...]]:
    nobody = pwd.getpwnam("nobody")
    script = LOOK.format(here=str(HERE), root=str(root), uid=nobody.pw_uid, gid=nobody.pw_gid)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {tuple(line.split(" ", 1)) for line in done.stdout.splitlines()}


@needs_root
def test_whoever_may_read_the_articles_may_verify_them(public: Path) -> None:
    fill(public)
    public.chmod(0o755)
    for path in public.rglob("*"):
        if ".mailarchiver" not in path.relative_to(public).parts:
            path.chmod(0o755 if path.is_dir() else 0o644)
    state = {f".mailarchiver/{name}" for name in ("ledger.sqlite", "quarantine", "versions", "trash")}
    assert look_as_nobody(public) == {("note", path) for path in state}
    first, second, third = entry_folders(public)[:3]
    (first / "article.txt").chmod(0)
    (second / "images").chmod(0)
    third.chmod(0)
    hidden = [relative(public, path) for path in (first / "article.txt", second / "images/001.png", third)]
    assert {found for found in look_as_nobody(public) if found[0] != "note"} == {
        ("unreadable", path) for path in hidden
    }
    (public / "2024" / "03").chmod(0)
    found = {found for found in look_as_nobody(public) if found[0] != "note" and "2024/03" in found[1]}
    assert found == {("unreadable", "2024/03")}


@contextmanager
def read_only(root: Path, target: Path) -> Iterator[Path]:
    """The archive, mounted there."""
    target.mkdir()
    commands = [["mount", "--bind", str(root), str(target)], ["mount", "-o", "remount,bind,ro", str(target)]]
    if any(subprocess.run(command, check=False, capture_output=True).returncode for command in commands):
        pytest.skip("nothing may be mounted here")
    try:
        yield target
    finally:
        subprocess.run(["umount", str(target)], check=True)


@needs_root
def test_a_disk_that_is_mounted_read_only(filled: Path, tmp_path: Path) -> None:
    fill_ledger_wal = Store.open(filled, min_free=0)
    with closing(fill_ledger_wal), read_only(filled, tmp_path / "mounted") as mounted:
        assert verify(mounted).findings == ()
        fill_ledger_wal.close()
        assert verify(mounted).findings == ()
        with pytest.raises(OSError, match="Read-only"):
            (mounted / "x").touch()


@needs_root
def test_a_snapshot_of_an_archive_in_use_is_no_damage(filled: Path, tmp_path: Path) -> None:
    with Store.open(filled, min_free=0) as store:
        store.commit([filing(20)], now=NOW)
        taken = shutil.copytree(filled, tmp_path / "taken", ignore=shutil.ignore_patterns("*-shm"))
    assert (taken / ".mailarchiver" / "ledger.sqlite-wal").stat().st_size
    with read_only(taken, tmp_path / "mounted") as mounted:
        assert damage(mounted) == set()
        assert ("note", ".mailarchiver/ledger.sqlite") in harmless(mounted)


@pytest.mark.timeout(300)
def test_nothing_is_invented_while_others_file(root: Path) -> None:
    done = threading.Event()

    def work() -> None:
        with Store.open(root, min_free=0) as store:
            for number in range(0, 400 if FULL else 120, 4):
                store.commit([filing(each, articles=2) for each in range(number, number + 4)], now=NOW)
        done.set()

    with faults(lambda _: None):
        Store.open(root, min_free=0).close()
        writer = threading.Thread(target=work)
        writer.start()
        reports = []
        while not done.is_set():
            reports.append(archive.verify(root, jobs=2))
        writer.join()
    found = [each for report in reports for each in report.findings if each.is_damage()]
    assert found == []
    assert len(reports) >= 3
    assert verify(root).findings == ()


def test_a_commit_that_was_interrupted_is_said_and_no_damage(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the renames and the manifest; the next start finishes it."""

    class Killed(BaseException):
        pass

    def kill(*_: object, **__: object) -> None:
        raise Killed

    with Store.open(root, min_free=0) as store:
        monkeypatch.setattr(manifest, "append", kill)
        with pytest.raises(Killed):
            store.commit(BATCHES[0], now=NOW)
    monkeypatch.undo()
    assert entry_folders(root)
    assert damage(root) == set()
    assert ("note", ".mailarchiver/staging") in harmless(root)
    Store.open(root, min_free=0).close()
    assert verify(root).findings == ()


def test_names_that_no_text_can_hold(filled: Path) -> None:
    folder = entry_folders(filled)[0]
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff\x1b[2J")).write_bytes(b"x")
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to(folder)
    (folder / "nowhere").symlink_to(folder / "gone")
    report = verify(filled)
    assert report.is_sound()
    assert len(report.findings) == 4
    assert all(found.path.encode() for found in report.findings)


@pytest.mark.parametrize("says", [None, "{}", '["id"]', "[" * 100_000, '{"format": 1, "id": "aaaaaaaaaaaa"}'])
@pytest.mark.parametrize("sums", [None, b"", b"0  a\0b\n", b"\xff\n"])
def test_whatever_others_call_by_our_names(filled: Path, says: str | None, sums: bytes | None) -> None:
    """`None` is a pipe into which nobody ever writes."""
    for folder in (filled / "theirs", filled / "2024" / "03" / "2024-03-06-theirs-aaaaaaaaaaaa"):
        folder.mkdir()
        for name, octets in (("article.json", None if says is None else says.encode()), ("SHA256SUMS", sums)):
            if octets is None:
                os.mkfifo(folder / name)
            else:
                (folder / name).write_bytes(octets)
    report = verify(filled)
    assert {"theirs", "2024/03/2024-03-06-theirs-aaaaaaaaaaaa"} <= {found.path for found in report.findings}
    assert {found.kind for found in report.findings} <= {"extra", "unlisted"}


@pytest.mark.parametrize("replace", [os.mkfifo, os.mkdir])
def test_something_else_in_place_of_a_file(filled: Path, replace: Callable[[Path], None]) -> None:
    path = entry_folders(filled)[0] / "article.txt"
    path.unlink()
    replace(path)
    assert damage(filled) == {("missing", relative(filled, path))}


def test_a_file_that_became_a_link_to_the_same_is_as_it_was(filled: Path) -> None:
    path = entry_folders(filled)[0] / "article.txt"
    elsewhere = filled.parent / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    assert verify(filled).findings == ()


def test_paths_are_from_the_root_however_that_is_named(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (filled / "README.txt").unlink()
    (filled / ".mailarchiver" / "quarantine" / "x").touch()
    (entry_folders(filled)[0] / "article.txt").unlink()
    found = verify(filled).findings
    assert len(found) == 3
    monkeypatch.chdir(filled.parent)
    assert verify(Path(filled.name)).findings == found
    monkeypatch.chdir(filled)
    assert verify(Path()).findings == found


def test_findings_are_in_the_order_of_paths(filled: Path) -> None:
    for folder in reversed(entry_folders(filled)):
        (folder / "z").touch()
        (folder / "article.txt").unlink()
    found: list[Finding] = list(verify(filled).findings)
    assert [each.path for each in found] == sorted(each.path for each in found)
