"""Several commands on one archive at the same time: all end well, and the archive is that of one after the other."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.archive.aftermath import assert_nothing_is_half_there
from tests.archive.filings import entry_folders
from tests.cli.test_import import entries, mail
from tests.cli.test_poll import Site, on_embedded, site
from tests.servers.fixtures import NOON, mailbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["mailbox", "site"]

MAILS = 150
OLD = 40


class Running:
    """Commands under way; what is left of them at the end is killed."""

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen[str]] = []

    def start(self, *words: str) -> None:
        command = [sys.executable, "-m", "mailarchiver", *words]
        pipe = subprocess.PIPE
        self._processes.append(subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True))

    def ends(self) -> list[tuple[int, str, str]]:
        """Exit code, standard output and standard error of each."""
        heard = [process.communicate(timeout=100) for process in self._processes]
        return [(process.returncode, *said) for process, said in zip(self._processes, heard, strict=True)]

    def stop(self, number: int) -> None:
        """Ask the command with that number to end."""
        self._processes[number].terminate()

    def kill(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()


@pytest.fixture
def running() -> Iterator[Running]:
    running = Running()
    yield running
    running.kill()


@on_embedded
def test_two_imports_and_a_round(site: Site, tmp_path: Path, running: Running) -> None:
    """Of the same mails in part: each is filed once, whoever comes first."""
    mails = tmp_path / "mails"
    mails.mkdir()
    for number in range(MAILS):
        (mails / f"{number:03}.eml").write_bytes(mail(b"number%d" % number))
        if number % 3 == 0:
            site.mailbox.other.deliver(mail(b"number%d" % number), NOON)
    config = tmp_path / "config.toml"
    config.write_text(f'[archive]\nroot = "archive"\n[log]\nlevel = "error"\n{site.account("articles", after="seen")}')
    root = tmp_path / "archive"
    for _ in range(2):
        running.start("import", str(mails), "--root", str(root), "--json")
    running.start("poll", "--config", str(config), "--json")
    ends = running.ends()
    assert [(code, error) for code, _, error in ends] == [(0, "")] * 3
    told = [json.loads(said) for _, said, _ in ends]
    in_mailbox = MAILS // 3 + 2
    assert [each["filed"] + each["already"] for each in told] == [MAILS, MAILS, in_mailbox]
    assert sum(each["filed"] for each in told) == MAILS + 2
    assert all(rb"\Seen" in flags for flags in site.flags())
    assert len(entry_folders(root)) == len(site.titles()) == len(set(site.titles())) == MAILS + 2
    assert_nothing_is_half_there(root)
    assert list((root / ".mailarchiver/staging").iterdir()) == []
    assert not (root / ".mailarchiver/trash").exists()


@on_embedded
def test_an_import_a_reprocess_and_the_daemon(site: Site, tmp_path: Path, running: Running) -> None:
    """On one archive: what is filed stays whole, what is made anew is made anew, and what arrives is filed."""
    old, new = tmp_path / "old", tmp_path / "new"
    for folder, start in ((old, 0), (new, OLD)):
        folder.mkdir()
        for number in range(start, start + OLD):
            (folder / f"{number:03}.eml").write_bytes(mail(b"number%d #kept" % number))
    for number in range(OLD):
        site.mailbox.other.deliver(mail(b"mailed%d" % number), NOON)
    root, config = tmp_path / "archive", tmp_path / "config.toml"
    account = site.account("articles", after="seen", interval="10s")
    config.write_text(f'[archive]\nroot = "archive"\n[log]\nlevel = "error"\n[tags]\nwords = false\n{account}')
    running.start("import", str(old), "--root", str(root))
    assert running.ends()[0][0] == 0
    running.start("run", "--config", str(config))
    running.start("import", str(new), "--root", str(root), "--json")
    running.start("reprocess", "--all", "--config", str(config), "--json")
    deadline = time.monotonic() + 80
    while not all(rb"\Seen" in flags for flags in site.flags()):
        assert time.monotonic() < deadline, "the daemon did not come to file what arrived"
        time.sleep(0.2)
    running.stop(1)
    ends = running.ends()[1:]
    assert [(code, error) for code, _, error in ends] == [(0, "")] * 3
    assert json.loads(ends[1][1])["filed"] == OLD
    assert len(entry_folders(root)) == 2 * OLD + OLD + 2
    titles = {f"number{number} #kept" for number in range(OLD)}
    standing = {entry["id"]: entry for entry in entries(root)}
    tagged = {entry["title"] for entry in standing.values() if entry["tags"]}
    assert titles.isdisjoint(tagged), "reprocessed under a configuration that takes no words for tags"
    assert_nothing_is_half_there(root)
    assert list((root / ".mailarchiver/staging").iterdir()) == []
