"""Opening an archive: made where there is none, refused where it is not ours to write, cheap where all is well."""

from __future__ import annotations

import errno
import fcntl
import os
import pwd
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mailarchiver.archive import access, folder, recovery
from mailarchiver.archive.store import Store
from mailarchiver.errors import ArchiveRefused, StoreError
from tests.archive.filings import NOW, filing, tree

HERE = Path(__file__).parents[2]
COMMIT = """
import os, sys
from pathlib import Path
sys.path.insert(0, {here!r})
from tests.archive.filings import NOW, filing
from mailarchiver.archive.store import Store
from mailarchiver.errors import ArchiveRefused, StoreError
{switch}
try:
    with Store.open(Path({root!r}), min_free=0) as store:
        store.commit([filing(1)], now=NOW)
    print(os.getresuid(), os.getresgid(), os.getgroups())
except StoreError as error:
    sys.exit(str(error))
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "archive"


def test_an_archive_is_made_where_there_is_none(root: Path) -> None:
    Store.open(root).close()
    assert sorted(path.name for path in root.iterdir()) == [".mailarchiver", "README.txt", "manifest.jsonl"]
    assert (root / "README.txt").read_text("utf-8").startswith("mailarchiver archive, format 1\n")


def test_an_empty_folder_becomes_one(root: Path) -> None:
    (root / "lost+found").mkdir(parents=True)
    Store.open(root).close()
    assert (root / "README.txt").is_file()


def test_a_creation_that_was_interrupted_begins_again(root: Path) -> None:
    (root / ".mailarchiver" / "staging").mkdir(parents=True)
    (root / ".mailarchiver" / "staging" / "README.txt").write_text("mailarch")
    (root / "manifest.jsonl").touch()
    Store.open(root).close()
    assert (root / "README.txt").is_file()
    assert list((root / ".mailarchiver" / "staging").iterdir()) == []


def test_a_folder_of_other_things_is_refused_untouched(root: Path) -> None:
    root.mkdir(parents=True)
    (root / "holiday.jpg").write_bytes(b"x")
    with pytest.raises(ArchiveRefused, match="not empty and not an archive"):
        Store.open(root)
    assert [path.name for path in root.iterdir()] == ["holiday.jpg"]


def test_a_newer_format_is_refused_untouched(root: Path) -> None:
    root.mkdir(parents=True)
    (root / "README.txt").write_text("mailarchiver archive, format 2\n\nAll is different.\n")
    with pytest.raises(ArchiveRefused, match=r"format 2.*update mailarchiver"):
        Store.open(root)
    assert [path.name for path in root.iterdir()] == ["README.txt"]


@pytest.mark.parametrize(
    "first", ["", "Hello\n", "mailarchiver archive, format x\n", "mailarchiver archive, format 1.5\n"]
)
def test_a_readme_of_something_else_is_refused(root: Path, first: str) -> None:
    root.mkdir(parents=True)
    (root / "README.txt").write_text(first)
    with pytest.raises(ArchiveRefused, match="not an archive"):
        Store.open(root)


@pytest.mark.parametrize("first", ["mailarchiver archive, format 1\r\n", "\ufeffmailarchiver archive, format 1"])
def test_a_readme_that_an_editor_touched_is_still_ours(root: Path, first: str) -> None:
    Store.open(root).close()
    (root / "README.txt").write_text(first, "utf-8")
    Store.open(root).close()


def test_a_missing_readme_is_asked_for(root: Path) -> None:
    with Store.open(root, min_free=0) as store:
        store.commit([filing(1)], now=NOW)
    (root / "README.txt").unlink()
    with pytest.raises(ArchiveRefused, match="put it back"):
        Store.open(root)


def test_a_file_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "archive").write_text("x")
    with pytest.raises(ArchiveRefused, match="archive"):
        Store.open(tmp_path / "archive")


def test_opening_reads_neither_tree_nor_manifest(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open(root, min_free=0) as store:
        store.commit([filing(number) for number in range(30)], now=NOW)

    def never(*_: object) -> None:
        pytest.fail("there was nothing to recover")

    monkeypatch.setattr(recovery, "recover", never)
    monkeypatch.setattr(folder, "keys", never)
    with Store.open(root, min_free=0) as store:
        assert len(list(store.entries())) == 30


def test_two_stores_see_each_others_filings(root: Path) -> None:
    with Store.open(root, min_free=0) as one, Store.open(root, min_free=0) as two:
        one.commit([filing(1)], now=NOW)
        assert two.commit([filing(1)], now=NOW)[0].outcome == "already"
        two.commit([filing(2)], now=NOW)
        assert [entry.id for entry in one.entries()] == [filing(number).bundles[0].id for number in (1, 2)]


def test_a_moved_archive_is_the_same_archive(root: Path) -> None:
    with Store.open(root, min_free=0) as store:
        store.commit([filing(1)], now=NOW)
    copy = root.parent / "copy"
    shutil.copytree(root, copy)
    with Store.open(copy, min_free=0) as store:
        assert store.commit([filing(1)], now=NOW)[0].outcome == "already"
    assert tree(copy) == tree(root)


# --- who may write --------------------------------------------------------------------------------------------------

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")


def commit_as(user: str | None, root: Path) -> subprocess.CompletedProcess[str]:
    """Commit in another process, as root or as this user (after the imports: the interpreter may be root's alone)."""
    switch = f"os.setuid({pwd.getpwnam(user).pw_uid})" if user else ""
    script = COMMIT.format(here=str(HERE), root=str(root), switch=switch)
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)


@pytest.fixture
def public(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that other users can reach: pytest's own are closed to them."""
    base = tmp_path_factory.mktemp("public")
    ours = [path for path in base.parents if path.is_relative_to(tempfile.gettempdir())]
    for path in [base, *ours[:-1]]:  # the last is the folder of everybody's temporary files
        path.chmod(0o755)
    return base


@needs_root
def test_root_becomes_the_owner_for_good(public: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    root = public / "archive"
    root.mkdir()
    os.chown(root, nobody.pw_uid, nobody.pw_gid)
    done = commit_as(None, root)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"({nobody.pw_uid}, {nobody.pw_uid}, {nobody.pw_uid}) ({nobody.pw_gid}, ")
    assert "[0" not in done.stdout
    assert {path.stat().st_uid for path in root.rglob("*")} == {nobody.pw_uid}
    assert {path.stat().st_gid for path in root.rglob("*")} == {nobody.pw_gid}


@needs_root
def test_any_other_user_is_refused_by_name(public: Path) -> None:
    root = public / "archive"
    Store.open(root).close()
    root.chmod(0o777)
    before = sorted(root.rglob("*"))
    done = commit_as("nobody", root)
    assert done.returncode == 1
    assert "belongs to root" in done.stderr
    assert "not nobody" in done.stderr
    assert sorted(root.rglob("*")) == before


# --- the ledger is disposable ---------------------------------------------------------------------------------------


def test_a_damaged_ledger_is_an_error_that_says_how_to_mend_it(root: Path) -> None:
    with Store.open(root, min_free=0) as store:
        store.commit([filing(1)], now=NOW)
    ledger = root / ".mailarchiver" / "ledger.sqlite"
    ledger.write_bytes(b"this is no database, whatever its name says" * 200)
    with pytest.raises(StoreError, match=r"is damaged.*mailarchiver rebuild ledger --root"):
        Store.open(root)
    for path in root.glob(".mailarchiver/ledger.sqlite*"):
        path.unlink()
    with Store.open(root, min_free=0) as store:
        assert store.commit([filing(1)], now=NOW)[0].outcome == "already"


def test_the_ledger_of_a_newer_program_is_refused(root: Path) -> None:
    Store.open(root).close()
    with sqlite3.connect(root / ".mailarchiver" / "ledger.sqlite") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(ArchiveRefused, match="newer mailarchiver"):
        Store.open(root)


def test_a_ledger_deleted_while_it_is_open_is_made_again(root: Path) -> None:
    with Store.open(root, min_free=0) as store:
        store.commit([filing(1)], now=NOW)
        for path in root.glob(".mailarchiver/ledger.sqlite*"):
            path.unlink()
        assert store.known(filing(1).digest, "") is not None
        shutil.rmtree(root / ".mailarchiver")
        assert [receipt.outcome for receipt in store.commit([filing(1), filing(2)], now=NOW)] == ["already", "filed"]


def test_a_read_only_archive_is_said_to_be(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open(root, min_free=0) as store:
        real = os.open

        def refuse(path: str, flags: int, mode: int = 0o777, **more: int) -> int:
            if flags & (os.O_CREAT | os.O_EXCL) == os.O_CREAT | os.O_EXCL:
                raise OSError(30, os.strerror(30), str(path))
            return real(path, flags, mode, **more)

        monkeypatch.setattr(os, "open", refuse)
        with pytest.raises(StoreError, match="read-only"):
            store.commit([filing(1)], now=NOW)
        monkeypatch.undo()
        assert store.commit([filing(1)], now=NOW)[0].outcome == "filed"


def test_who_was_given_up_may_not_go_into_the_archive_any_more(root: Path) -> None:
    revoked = threading.Event()
    with Store.open(root, min_free=0) as store:
        borrowed = store.lent(revoked)
        assert [receipt.outcome for receipt in borrowed.commit([filing(1)], now=NOW)] == ["filed"]
        assert borrowed.months() == store.months()
        revoked.set()
        before = tree(root)
        with pytest.raises(StoreError, match="given up"):
            borrowed.commit([filing(2)], now=NOW)
        with pytest.raises(StoreError, match="given up"):
            borrowed.months()
        borrowed.close()
        assert tree(root) == before
        assert [receipt.outcome for receipt in store.commit([filing(2)], now=NOW)] == ["filed"], "the others go on"


def test_who_is_given_up_while_it_waits_for_the_archive_commits_nothing(root: Path) -> None:
    """It is looked at under the lock: nothing is between that and the commit."""
    revoked, inside = threading.Event(), threading.Event()
    with Store.open(root, min_free=0) as store, ThreadPoolExecutor(1) as thread:
        borrowed = store.lent(revoked)

        def commit() -> None:
            inside.set()
            borrowed.commit([filing(1)], now=NOW)

        with store._access.exclusive():
            waiting = thread.submit(commit)
            assert inside.wait(30)
            time.sleep(0.1)
            revoked.set()
        with pytest.raises(StoreError, match="given up"):
            waiting.result()
        assert store.months() == []


def test_after_trouble_with_the_disk_nothing_is_open_there(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody could mount it anew."""

    def is_open() -> bool:
        links = [link for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
        return any(str(link.readlink()).startswith(str(root.resolve())) for link in links)

    with Store.open(root, min_free=0) as store:
        store.known("1" * 64, "1" * 64)
        store.commit([filing(1)], now=NOW)
        assert is_open()

        def fail(*_: object) -> None:
            raise OSError(errno.EROFS, "Read-only file system")

        monkeypatch.setattr(store._layout.__class__, "make_state", fail)
        with pytest.raises(StoreError):
            store.commit([filing(2)], now=NOW)
        assert not is_open()
        monkeypatch.undo()
        assert store.commit([filing(2)], now=NOW)[0].outcome == "filed"


def test_threads_that_wait_for_another_process_wait_together(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One after the other they would take as many minutes as a daemon has accounts, and it for one that hangs."""
    monkeypatch.setattr(access, "LEAST_SECONDS", 0.1)
    with Store.open(root, min_free=0, lock_wait=3.0) as store, ThreadPoolExecutor(6) as threads:
        with (root / ".mailarchiver/lock").open("r+b") as lock:  # as by another process
            fcntl.flock(lock, fcntl.LOCK_EX)
            start = time.monotonic()
            waiting = [threads.submit(store.commit, [filing(number)], now=NOW) for number in range(6)]
            for each in waiting:
                with pytest.raises(StoreError, match="is in use by"):
                    each.result()
            assert 3 <= time.monotonic() - start < 9, "18 s are six waits"
        assert store.commit([filing(1)], now=NOW)[0].outcome == "filed"


def test_a_look_up_does_not_wait_for_the_commit_under_way(root: Path) -> None:
    """The mails of the next batch are understood meanwhile; what a look-up missed, the commit of that batch knows."""
    digest = "1" * 64
    with Store.open(root, min_free=0) as store, ThreadPoolExecutor(1) as thread:
        assert store.known(digest, digest) is None
        with store._access.exclusive() as ledger, ledger.transaction():
            assert thread.submit(store.known, digest, digest).result(30) is None
            assert thread.submit(store.free_id, digest).result(30) == "1" * 12


def test_who_was_given_up_looks_nothing_up(root: Path) -> None:
    revoked = threading.Event()
    with Store.open(root, min_free=0) as store:
        borrowed = store.lent(revoked)
        assert borrowed.known("1" * 64, "1" * 64) is None
        revoked.set()
        with pytest.raises(StoreError, match="given up"):
            borrowed.known("1" * 64, "1" * 64)


def test_how_much_is_to_stay_free_may_change(root: Path) -> None:
    with Store.open(root, min_free=0) as store:
        store.keep_free(10**18)
        with pytest.raises(StoreError, match="make room"):
            store.commit([filing(1)], now=NOW)
        store.keep_free(0)
        store.commit([filing(1)], now=NOW)


def test_at_rest_the_memory_of_the_ledgers_pages_is_given_back(root: Path) -> None:
    with Store.open(root, min_free=0) as store:
        store.rest()
        store.commit([filing(number) for number in range(200)], now=NOW)
        assert len(list(store.entries())) == 200
        with store._access.reading() as ledger:
            shrunk: list[str] = []
            ledger._db.set_trace_callback(shrunk.append)
            store.lent(threading.Event()).rest()
            ledger._db.set_trace_callback(None)
        assert shrunk == ["PRAGMA shrink_memory"]
        assert [receipt.outcome for receipt in store.commit([filing(7)], now=NOW)] == ["already"]
