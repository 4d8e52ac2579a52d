"""The archive is a folder, and others have hands: whatever they do to it, nothing crashes, and we lose nothing."""

from __future__ import annotations

import errno
import hashlib
import itertools
import os
import random
import shutil
import subprocess
import tempfile
import unicodedata
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailarchiver.archive.bundle import bundle
from mailarchiver.archive.naming import article_id, folder_name
from mailarchiver.archive.store import Store
from mailarchiver.archive.verify import verify
from mailarchiver.errors import StoreError
from mailarchiver.poll import refresh_pages
from mailarchiver.text.slug import file_name
from tests.archive.faults import faults
from tests.archive.filings import NOW, RECEIVED, at, entry_folders, filing, quarantined
from tests.archive.specimens import article, raw

KNOWN = [filing(1), filing(2, articles=2), filing(3), quarantined(4)]


@pytest.fixture
def filled(root: Path) -> Path:
    with faults(lambda _: None), Store.open(root, min_free=0) as store:
        store.commit(KNOWN, now=NOW)
        refresh_pages(store)
    return root


def goes_on(root: Path) -> None:
    """What was filed is known, what is new is filed, pages are written; with the ledger and without it."""
    for number in (20, 21):
        with Store.open(root, min_free=0) as store:
            again = store.commit([filing(2, ref=at(number + 50)), filing(number)], now=NOW)
            assert [receipt.outcome for receipt in again] == ["already", "filed"]
            assert list(store.entries())
            refresh_pages(store)
        for path in root.glob(".mailarchiver/ledger.sqlite*"):
            path.unlink()
    Store.open(root, min_free=0).close()


def found(root: Path) -> tuple[set[tuple[str, str]], set[str]]:
    """(kind, path) of damage; the paths of what others added."""
    findings = verify(root, jobs=1, patience=0.2).findings
    harm = {(str(each.kind), each.path) for each in findings if each.is_damage()}
    return harm, {each.path for each in findings if each.kind == "extra"}


def relative(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


# --- the user -------------------------------------------------------------------------------------------------------


def test_a_folder_is_renamed(filled: Path) -> None:
    folder = entry_folders(filled)[0]
    mine = folder.rename(folder.with_name("Das Schönste: über Züge"))
    goes_on(filled)
    assert found(filled) == ({("misplaced", relative(filled, mine))}, set())
    assert mine.is_dir()


def test_a_folder_is_deleted(filled: Path) -> None:
    folder = entry_folders(filled)[0]
    shutil.rmtree(folder)
    goes_on(filled)
    assert found(filled) == ({("missing", relative(filled, folder))}, set())
    assert not folder.exists(), "deleting it is the user's business"


def test_a_month_is_moved_out_of_the_archive(filled: Path) -> None:
    shutil.rmtree(filled / "2024")
    goes_on(filled)
    assert {kind for kind, _ in found(filled)[0]} == {"missing"}


@pytest.mark.parametrize("moved", ["2024", "2024/03"])
def test_a_year_or_a_month_lies_elsewhere_and_a_link_leads_there(filled: Path, tmp_path: Path, moved: str) -> None:
    (filled / moved).rename(tmp_path / "old")
    (filled / moved).symlink_to(tmp_path / "old")
    report = verify(filled, jobs=1)
    assert (report.articles, report.findings) == (4, ())
    goes_on(filled)
    with Store.open(filled, min_free=0) as store:
        gone = store.remove([KNOWN[0].bundles[0].id], now=NOW)
        assert store.restore([gone[0].id]) == gone
    assert found(filled) == (set(), set())


def test_a_link_that_leads_nowhere_is_named_and_its_articles_are_not_called_missing(filled: Path) -> None:
    (filled / "2024").rename(filled.parent / "old")
    (filled / "2024").symlink_to("/nowhere/2024")
    [finding] = [each for each in verify(filled, jobs=1, patience=0.2).findings if each.is_damage()]
    assert (finding.kind, finding.path, finding.cure) == ("unreadable", "2024", "mount the disk that it leads to")
    assert "/nowhere/2024" in finding.what


@pytest.fixture
def other_disk(tmp_path: Path) -> Iterator[Path]:
    shared = Path("/dev/shm")  # noqa: S108 - a file system of its own
    if not shared.is_dir() or shared.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no other file system at /dev/shm")
    with tempfile.TemporaryDirectory(dir=shared) as folder:
        yield Path(folder)


def test_a_year_on_another_disk_is_read_and_browsed_but_takes_nothing_in(filled: Path, other_disk: Path) -> None:
    shutil.move(filled / "2024", other_disk / "2024")
    (filled / "2024").symlink_to(other_disk / "2024")
    report = verify(filled, jobs=1)
    assert (report.articles, report.findings) == (4, ())
    next_year = RECEIVED.replace(year=2025)
    with Store.open(filled, min_free=0) as store:
        before = filled.joinpath("manifest.jsonl").read_bytes()
        for refused in (
            lambda: store.commit([filing(30)], now=NOW),
            lambda: store.remove([KNOWN[0].bundles[0].id], now=NOW),
        ):
            with pytest.raises(
                StoreError, match=r"/archive/2024/03/[^:]*: Invalid cross-device link: it lies on another file system"
            ):
                refused()
        assert filled.joinpath("manifest.jsonl").read_bytes() == before
        assert store.commit([filing(31, received=next_year)], now=NOW)[0].outcome == "filed"
        (filled / "2024/03/index.html").unlink()
        store.dirty(["2024/03"])
        refresh_pages(store)
    assert (filled / "2024/03/index.html").is_file()
    assert not list(filled.glob("2024/03/*-new.html"))
    assert found(filled) == (set(), set())


def test_an_article_is_annotated(filled: Path) -> None:
    folder = entry_folders(filled)[0]
    (folder / "my notes.md").write_text("Read it twice.")
    (folder / "scans").mkdir()
    (folder / "scans" / "page 1.png").write_bytes(b"x")
    goes_on(filled)
    assert found(filled) == (
        set(),
        {relative(filled, folder / "my notes.md"), relative(filled, folder / "scans/page 1.png")},
    )


def test_an_article_is_edited(filled: Path) -> None:
    path = entry_folders(filled)[0] / "article.txt"
    path.write_text("Better so.")
    goes_on(filled)
    assert found(filled) == ({("changed", relative(filled, path))}, set())
    assert path.read_text() == "Better so."


def test_the_pages_are_edited_or_deleted(filled: Path) -> None:
    (filled / "index.html").write_text("mine")
    shutil.rmtree(filled / "assets")
    goes_on(filled)
    assert found(filled) == (set(), set())
    assert "mine" not in (filled / "index.html").read_text()[:10]


def test_the_archive_is_moved(filled: Path) -> None:
    goes_on(filled.rename(filled.with_name("my archive (2)")))


# --- programs that copy -----------------------------------------------------------------------------------------------


def test_half_of_an_article_is_on_its_way_by_rsync(filled: Path) -> None:
    """rsync writes `.name.XXXXXX` and renames; it may come from an archive that has more than this one."""
    other = filled.with_name("other")
    with faults(lambda _: None), Store.open(other, min_free=0) as store:
        store.commit([filing(9)], now=NOW)
    [whole] = entry_folders(other)
    coming = filled / relative(other, whole)
    shutil.copytree(whole, coming, ignore=shutil.ignore_patterns("SHA256SUMS", "message.eml"))
    (coming / ".message.eml.Xa81bQ").write_bytes(b"Subject: ha")
    goes_on(filled)
    assert found(filled)[0] == {("unlisted", relative(filled, coming))}
    assert coming.is_dir()
    (coming / ".message.eml.Xa81bQ").unlink()
    shutil.copytree(whole, coming, dirs_exist_ok=True)
    assert Store.rebuild(filled).adopted == 1
    assert found(filled) == (set(), set())
    with Store.open(filled, min_free=0) as store:
        assert store.commit([filing(9)], now=NOW)[0].outcome == "already"


def test_syncthing_leaves_its_files(filled: Path) -> None:
    folder = entry_folders(filled)[0]
    theirs = [
        filled / ".stfolder" / "syncthing-folder-1a2b3c.txt",
        filled / ".stignore",
        filled / ".stversions" / "2024" / "03" / "article~20240306-172109.txt",
        filled / "manifest.sync-conflict-20240306-172109-ABCDEFG.jsonl",
        folder / ".syncthing.article.txt.tmp",
        folder / "article.sync-conflict-20240306-172109-ABCDEFG.txt",
        filled / ".mailarchiver" / "ledger.sync-conflict-20240306-172109-ABCDEFG.sqlite",
        filled / ".mailarchiver" / "staging" / ".syncthing.lock.tmp",
    ]
    for path in theirs:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    goes_on(filled)
    harm, extra = found(filled)
    assert harm == set()
    top = {".stfolder", ".stignore", ".stversions", theirs[3].name}
    assert extra == top | {relative(filled, theirs[4]), relative(filled, theirs[5])}


def test_a_manifest_of_two_machines_was_put_together(filled: Path) -> None:
    """As a merge of git does it: both sides' lines, some twice, in another order."""
    lines = (filled / "manifest.jsonl").read_bytes().splitlines(keepends=True)
    (filled / "manifest.jsonl").write_bytes(b"".join([*lines[1:], b"<<<<<<< ours\n", *lines]))
    goes_on(filled)
    assert {kind for kind, _ in found(filled)[0]} == {"torn"}
    assert Store.rebuild(filled, sift=True).dropped == 1
    assert found(filled)[0] == set()


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_a_clone_by_git_is_an_archive(filled: Path, tmp_path: Path) -> None:
    """git keeps neither modes nor empty folders."""
    clone = tmp_path / "clone"
    git = ["git", "-c", "user.name=Jane", "-c", "user.email=jane@example.org", "-c", "safe.directory=*"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "Today"]):
        subprocess.run([*git, *command], cwd=filled, check=True, capture_output=True)
    subprocess.run([*git, "clone", "-q", str(filled), str(clone)], check=True, capture_output=True)
    assert found(clone) == (set(), {".git"})
    goes_on(clone)
    goes_on(filled)
    assert found(clone) == found(filled) == (set(), {".git"})


def test_a_copy_without_anything_disposable(filled: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(filled, tmp_path / "copy", ignore=shutil.ignore_patterns("ledger*", "staging", "lock")))
    assert found(copy) == (set(), set())
    goes_on(copy)
    assert found(copy) == (set(), set())


# --- file systems -----------------------------------------------------------------------------------------------------


def test_nfs_keeps_deleted_files_under_a_name_of_its_own(filled: Path) -> None:
    folder = entry_folders(filled)[0]
    (folder / ".nfs000000000a1b2c3d00000001").write_bytes(b"x")
    (filled / ".mailarchiver" / ".nfs000000000a1b2c3d00000002").write_bytes(b"x")
    goes_on(filled)
    assert found(filled) == (set(), {relative(filled, folder / ".nfs000000000a1b2c3d00000001")})


@pytest.mark.parametrize("number", [errno.ESTALE, errno.EIO, errno.EACCES, errno.ETIMEDOUT])
def test_a_file_that_the_server_does_not_give_is_unreadable(
    filled: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, real = entry_folders(filled)[0] / "article.txt", os.open

    def refuse(name: str | Path, flags: int, mode: int = 0o777) -> int:
        if str(name) == str(path):
            raise OSError(number, os.strerror(number), str(name))
        return real(name, flags, mode)

    monkeypatch.setattr(os, "open", refuse)
    assert found(filled) == ({("unreadable", relative(filled, path))}, set())


def test_a_disk_that_is_gone_is_a_clear_error(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.open

    def refuse(self: Path, *more: str, **others: str) -> object:
        if self.name == "manifest.jsonl":
            raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), str(self))
        return real(self, *more, **others)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(StoreError, match=r"manifest\.jsonl: Stale"):
        verify(filled, jobs=1)


HOSTILE = [
    *("Tide", "TIDE", "tide", "tİde", "tıde", "ﬁre", "fire", "FIRE", "straße", "STRASSE", "Straße", "ſtraße"),
    *("café", "cafe\u0301", "CAFÉ", "Å", "A\u030a", "\u212b", "한글", unicodedata.normalize("NFD", "한글")),
    *("CON", "con", "NUL", "aux", "COM1", "LPT9.txt", "CONIN$", "$MFT", "desktop.ini", "Thumbs.db", ".DS_Store"),
    *("", ".", "..", "...", "/", "\\", "a/b", "a\\b", "../../etc/passwd", "C:\\Windows", "~", "~root", "-rf", "--help"),
    *(
        "a" * 300,
        "ä" * 300,
        "👩‍👩‍👧‍👦" * 60,
        "\u0301" * 100,
        "中" * 200,
        "e\u0301" * 200,
        "a " * 200,
        "-" * 300,
        "." * 300,
    ),
    *(
        "\0",
        "a\0b",
        "\n",
        "a\r\nb",
        "\t",
        "\x7f",
        "\x1b[31m",
        "\u202egnp.exe",
        "\u200b",
        "\ufeffx",
        "\ud800",
        "x\udfff",
    ),
    *(
        "con.",
        "con ",
        " con",
        "trailing.",
        "trailing ",
        "name?",
        "a*b",
        "a|b",
        "<a>",
        '"a"',
        "a:b",
        "file:stream:$DATA",
    ),
    *("index.html", "article.md", "SHA256SUMS", ".mailarchiver", "manifest.jsonl", "2024", "03", "assets", "lock"),
    *("%2e%2e%2f", "&amp;", "$(rm -rf ~)", "`id`", "; ls", "${HOME}", "%s%n", "{{7*7}}", "<script>", "'; DROP TABLE"),
]


def hostile_titles() -> list[str]:
    """200: those above, and pairs of them."""
    chance = random.Random(11)  # noqa: S311 - the same every time
    pairs = [f"{one} {two}" for one, two in itertools.product(HOSTILE, HOSTILE)]
    return [*HOSTILE, *chance.sample(pairs, 200 - len(HOSTILE))]


def folded(name: str) -> str:
    """A name as the file system sees it that folds the most: case, and all normal forms."""
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold()).rstrip(" .")


DEVICES = {"con", "prn", "aux", "nul", *(f"{name}{number}" for name in ("com", "lpt") for number in range(10))}


def check_path(path: str) -> None:
    """Any file system can hold it, any shell and any decade can read it."""
    assert len(path.encode()) <= 240
    for name in path.split("/"):
        assert 0 < len(name.encode()) <= 140
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.") or name == "SHA256SUMS"
        assert name[0] not in ".-"
        assert name[-1] not in " ."
        assert name.partition(".")[0] not in DEVICES


def test_two_hundred_hostile_titles_do_not_collide() -> None:
    titles = hostile_titles()
    assert len(titles) == 200
    paths: list[str] = []
    for number, title in enumerate(titles):
        digest = hashlib.sha256(b"%d" % number).hexdigest()
        made = bundle(article(title), raw(), received=RECEIVED, id=digest[:12], timezone=UTC)
        paths += [f"{made.folder}/{name}" for name in made.files]
    for path in paths:
        check_path(path)
    assert len({folded(path) for path in paths}) == len(paths)


@given(title=st.text(), other=st.text(), number=st.integers(1, 100), digits=st.sampled_from(range(12, 65, 4)))
def test_no_title_makes_a_name_that_collides_or_is_too_long(title: str, other: str, number: int, digits: int) -> None:
    one = folder_name(title, RECEIVED, UTC, article_id("a" * digits, number))
    two = folder_name(other, RECEIVED, UTC, article_id("b" * digits, number))
    check_path(one)
    assert folded(one) != folded(two)
    longest = max(file_name(number, title, "pdf"), file_name(number, "x" * 200, other), key=len)
    check_path(f"{one}/attachments/{longest}")
    if digits <= 32:  # longer ids need two mails that share 128 bits
        assert len(f".mailarchiver/trash/{one.rpartition('/')[2]}~99/attachments/{longest}") <= 240


@given(stems=st.lists(st.text(), min_size=2, max_size=8))
def test_no_names_as_sent_make_files_that_collide(stems: list[str]) -> None:
    names = [file_name(number, stem, "png") for number, stem in enumerate(stems, 1)]
    assert len({folded(name) for name in names}) == len(names)


def test_the_longest_path_has_240_octets() -> None:
    longest = folder_name("x" * 300, RECEIVED, UTC, article_id("f" * 64, 100))
    assert len(f"{longest}/attachments/{file_name(100, 'x' * 300, 'jpeg')}") == 240
