"""Commands on a disk in trouble: nothing is done in the mailbox, nothing is half there, and exit 75 says: try again."""

from __future__ import annotations

import errno
import os
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from mailarchiver import __main__
from mailarchiver.archive import lock, staging, sync
from mailarchiver.archive.store import Store
from mailarchiver.cli import logs
from tests.archive.aftermath import assert_nothing_is_half_there
from tests.archive.filings import entry_folders
from tests.cli.test_import import folder
from tests.cli.test_poll import Site, on_embedded, site
from tests.servers.fixtures import mailbox

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["folder", "mailbox", "site"]

CURES = {
    errno.ENOSPC: "make room",
    errno.EDQUOT: "quota",
    errno.EROFS: "read-only",
    errno.EIO: "dmesg",
    errno.EMFILE: "ulimit -n",
}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """The program in this process, whose disk is the test's to break: its exit code, and what it says of trouble."""

    def run(*words: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["mailarchiver", *words])
        monkeypatch.setattr(logs, "start_logging", lambda *_: None)
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            __main__.main()
        return int(ended.value.code or 0), capsys.readouterr().err

    return run


def refuse(number: int) -> Callable[..., Any]:
    def call(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return call


def break_write(patch: pytest.MonkeyPatch, number: int) -> None:
    patch.setattr(sync, "write_all", refuse(number))


def break_sync(patch: pytest.MonkeyPatch, number: int) -> None:
    patch.setattr(sync, "system_syncfs", lambda: refuse(number))


def break_rename(patch: pytest.MonkeyPatch, number: int) -> None:
    patch.setattr(staging, "place", refuse(number))


@on_embedded
@pytest.mark.parametrize(
    ("number", "break_it"),
    [
        *((number, break_write) for number in CURES),
        *((number, break_sync) for number in (errno.EIO, errno.EDQUOT)),
        (errno.ENOSPC, break_rename),
    ],
)
def test_a_round_that_the_disk_refuses(
    site: Site, run: Any, number: int, break_it: Callable[[pytest.MonkeyPatch, int], None]
) -> None:
    config = site.folder / "config.toml"
    config.write_text(f'[archive]\nroot = "archive"\n{site.account("articles", after="move:Archived")}')
    root = site.folder / "archive"
    Store.open(root).close()
    with pytest.MonkeyPatch.context() as patch:
        break_it(patch, number)
        code, said = run("poll", "--config", str(config))
    assert code == 75
    assert CURES[number] in said
    assert "Traceback" not in said
    assert (len(site.flags()), len(site.flags("Archived"))) == (2, 0)
    assert entry_folders(root) == []
    assert list((root / ".mailarchiver/staging").iterdir()) == []
    assert run("poll", "--config", str(config)) == (0, "")
    assert site.titles() == ["tide", "moon"]
    assert (len(site.flags()), len(site.flags("Archived"))) == (0, 2)


@on_embedded
def test_a_disk_that_is_almost_full_takes_no_mail_in(site: Site, run: Any) -> None:
    config = site.folder / "config.toml"
    account = site.account("articles", after="seen")
    config.write_text(f'[archive]\nroot = "archive"\nmin_free = "900000 GB"\n{account}')
    code, said = run("poll", "--config", str(config))
    assert code == 75
    assert "900000 GB are to stay free (min_free): make room; nothing was filed" in said
    assert site.titles() == []
    assert not any(rb"\Seen" in flags for flags in site.flags())


@pytest.mark.parametrize("number", CURES, ids=errno.errorcode.get)
def test_an_import_that_the_disk_refuses(folder: Path, tmp_path: Path, run: Any, number: int) -> None:
    root = tmp_path / "archive"
    words = ("import", str(folder), "--root", str(root))
    Store.open(root).close()
    with pytest.MonkeyPatch.context() as patch:
        break_write(patch, number)
        code, said = run(*words)
    assert code == 75
    assert CURES[number] in said
    assert entry_folders(root) == []
    assert run(*words) == (0, "")
    assert len(entry_folders(root)) == 3


def test_a_disk_that_takes_a_few_octets_at_a_time(
    folder: Path, tmp_path: Path, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, bytes(data[:1000])))
    assert run("import", str(folder), "--root", str(tmp_path / "archive")) == (0, "")
    assert len(entry_folders(tmp_path / "archive")) == 3
    assert_nothing_is_half_there(tmp_path / "archive")


def test_an_archive_that_another_holds_too_long(
    folder: Path, tmp_path: Path, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After 60 s; here after a fraction of one."""
    root = tmp_path / "archive"
    Store.open(root).close()
    defaults = Store.open.__func__.__kwdefaults__  # type: ignore[attr-defined]  # of a class method
    assert defaults["lock_wait"] == 60
    monkeypatch.setitem(defaults, "lock_wait", 0.3)
    start = time.monotonic()
    with lock.held(root / ".mailarchiver/lock", wait=0, mode=0o600):
        code, said = run("import", str(folder), "--root", str(root))
    assert time.monotonic() - start > 0.3
    assert code == 75
    assert f"{root} is in use by " in said
    assert f"(process {os.getpid()})" in said
    assert run("import", str(folder), "--root", str(root)) == (0, "")
