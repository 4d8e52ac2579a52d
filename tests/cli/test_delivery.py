"""`mailarchiver import -`: one mail from procmail, sieve or Postfix, which is on disk at exit 0, and only then."""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mailarchiver import delivery, filing
from mailarchiver.archive import lock, sync
from mailarchiver.archive.store import Store
from mailarchiver.cli.app import app
from tests.archive.aftermath import assert_nothing_is_half_there
from tests.archive.filings import entry_folders
from tests.cli.test_disk_trouble import refuse, run
from tests.cli.test_import import Wary, entries, mail

__all__ = ["run"]

FROM_LINE = b"From jane@example.org  Mon Mar 11 14:05:33 2024\n"
DATELESS = b"From: Jane Roe <jane@example.org>\nSubject: tide\n\nA word about the tide.\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An archive that is there, and empty."""
    root = tmp_path / "archive"
    Store.open(root, min_free=0).close()
    return root


def hand_over(root: Path, data: bytes, *options: str, **more: Any) -> subprocess.CompletedProcess[bytes]:
    """As a delivery agent does it."""
    command = [sys.executable, "-m", "mailarchiver", "import", "-", "--root", str(root), *options]
    return subprocess.run(command, input=data, capture_output=True, check=False, **more)


def kept(root: Path) -> list[bytes]:
    return [(root / entry["folder"] / "message.eml").read_bytes() for entry in entries(root)]


def test_a_mail_is_filed_in_silence_and_once(root: Path) -> None:
    for _ in range(2):
        done = hand_over(root, mail(b"tide"))
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert kept(root) == [mail(b"tide")]
    assert "tide" in (root / "index.html").read_text("utf-8")
    assert CliRunner().invoke(app, ["search", "tide", "--root", str(root)]).stdout


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(DATELESS, id="LF"),
        pytest.param(DATELESS.replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param(DATELESS.rstrip(), id="no line end at the end"),
        pytest.param(DATELESS + b"\n\n", id="empty lines at the end"),
        pytest.param(
            DATELESS + b"\n" + FROM_LINE + b"Subject: x\n\n>From me\n.\n", id="looks like an mbox further down"
        ),
        pytest.param(b"Delivered-To: archive@example.org\n" + DATELESS, id="a field of the agent's"),
        pytest.param(DATELESS + b"\xff\xfe\x00\x1a", id="octets"),
    ],
)
@pytest.mark.parametrize("from_line", [b"", FROM_LINE], ids=["alone", "behind a From_ line"])
def test_the_from_line_is_no_part_of_the_mail_and_all_else_is(root: Path, from_line: bytes, data: bytes) -> None:
    with delivery.deferring():
        filed = delivery.deliver(io.BytesIO(from_line + data), *parts(root))
    assert kept(root) == [data]
    if from_line:
        assert filed.entries[0][1].startswith("2024/03/2024-03-11-"), "its date is the From_ line's"


def parts(root: Path) -> Any:
    from mailarchiver.config import Archive, Limits
    from mailarchiver.model import Rules

    archive = Archive(root=root)
    return archive, Limits(), Rules(archive.timezone)


@pytest.mark.parametrize("line", [b"From: jane@example.org\n", b"From here to there\n\n"])
def test_a_first_line_that_only_begins_like_a_from_line_is_kept(root: Path, line: bytes) -> None:
    delivery.deliver(io.BytesIO(line + DATELESS), *parts(root))
    assert kept(root) == [line + DATELESS]


@pytest.mark.parametrize("data", [b"", b"\r\n", FROM_LINE])
def test_no_mail_at_all_is_somebodys_failure(root: Path, data: bytes) -> None:
    done = hand_over(root, data)
    assert done.returncode == 75
    assert b"mailarchiver: standard input: there is no message in it" in done.stderr
    assert entries(root) == []


def test_a_disk_that_is_not_mounted_is_no_new_archive(tmp_path: Path) -> None:
    empty = tmp_path / "mount-point"
    empty.mkdir()
    for place in (empty, tmp_path / "nowhere"):
        done = hand_over(place, mail(b"tide"))
        assert done.returncode == 75
        assert b"there is no archive at " in done.stderr
    assert list(tmp_path.rglob("*")) == [empty]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), b"config"),
        (("--config", "missing.toml"), b"missing.toml"),
        (("--config", "wrong.toml"), b"wrong.toml"),
    ],
)
def test_a_slip_in_the_configuration_sends_no_mail_back(tmp_path: Path, options: tuple[str, ...], words: bytes) -> None:
    (tmp_path / "wrong.toml").write_text("[archiv]\n")
    command = [sys.executable, "-m", "mailarchiver", "import", "-", *options]
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, input=mail(b"tide"), capture_output=True, check=False, cwd=tmp_path, env=environment)
    assert done.returncode == 75
    assert words in done.stderr
    assert b"Traceback" not in done.stderr


def test_something_else_in_the_archives_place(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"x")
    done = hand_over(tmp_path, mail(b"tide"))
    assert (done.returncode, list(tmp_path.iterdir())) == (75, [tmp_path / "holiday.jpg"])


def test_an_archive_that_is_in_use_for_too_long(root: Path, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    held = lock.held
    monkeypatch.setattr(lock, "held", lambda path, *, wait, mode: held(path, wait=wait / 300, mode=mode))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(mail(b"tide"))))
    with (root / ".mailarchiver/lock").open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        code, said = run("import", "-", "--root", str(root))
    assert (code, entries(root)) == (75, [])
    assert "is in use by" in said


@pytest.mark.parametrize("number", [28, 122, 30, 5, 24])
def test_a_disk_in_trouble(root: Path, run: Any, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(mail(b"tide"))))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sync, "write_all", refuse(number))
        code, said = run("import", "-", "--root", str(root))
    assert code == 75
    assert "Traceback" not in said
    assert_nothing_is_half_there(root)
    assert hand_over(root, mail(b"tide")).returncode == 0
    assert kept(root) == [mail(b"tide")]


class Broken(io.RawIOBase):
    """A stream that breaks off."""

    def readable(self) -> bool:
        return True

    def readinto(self, _buffer: Any) -> int:
        raise OSError(5, "Input/output error")


def test_standard_input_that_cannot_be_read(root: Path, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Broken())))
    code, said = run("import", "-", "--root", str(root))
    assert (code, said) == (75, "mailarchiver: standard input: Input/output error: the mail was not read to its end\n")
    line = f"{sys.executable} -m mailarchiver import - --root {root} <&-"
    assert subprocess.run(["sh", "-c", line], check=False, stderr=subprocess.DEVNULL).returncode == 75


def test_a_defect_is_told_and_the_mail_stays(
    root: Path, run: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(mail(b"tide"))))
    monkeypatch.setattr(delivery, "file_messages", fail)
    code, said = run("import", "-", "--root", str(root))
    assert code == 75
    assert "by a defect of mailarchiver (ZeroDivisionError in fail (test_delivery.py, line " in said
    assert "Traceback" in caplog.text


def test_pages_that_cannot_be_written_do_not_make_a_filed_mail_come_again(
    root: Path, run: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(mail(b"tide"))))
    monkeypatch.setattr(delivery, "refresh_pages", refuse(28))
    assert run("import", "-", "--root", str(root)) == (0, "")
    assert "the mail is filed; the browse pages" in caplog.text
    assert kept(root) == [mail(b"tide")]


def test_mail_that_cannot_be_understood_is_kept_and_that_is_enough(
    root: Path, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(FROM_LINE + mail(b"moon"))))
    monkeypatch.setattr(filing, "Pool", Wary)
    code, said = run("import", "-", "--root", str(root))
    assert code == 0
    held = root / ".mailarchiver/quarantine" / hashlib.sha256(mail(b"moon")).hexdigest()
    assert (held / "message.eml").read_bytes() == mail(b"moon")
    assert f"standard input is in quarantine: it took more than 10 s; it lies in {held}" in said


def test_nobody_listens_to_what_it_says(root: Path) -> None:
    """Neither a full log nor closed streams make a filed mail an undelivered one."""
    line = f"{sys.executable} -m mailarchiver import - --root {root}"
    for number, streams in enumerate((">/dev/full 2>/dev/full", ">&- 2>&-")):
        data = mail(b"number%d" % number)
        assert subprocess.run(["sh", "-c", f"{line} {streams}"], input=data, check=False).returncode == 0
    assert len(entries(root)) == 2


def test_json_and_paths(root: Path) -> None:
    told = json.loads(hand_over(root, mail(b"tide"), "--json").stdout)
    assert (told["filed"], told["already"], told["quarantined"], told["failed"]) == (1, 0, 0, 0)
    done = hand_over(root, mail(b"tide"), str(root))
    assert done.returncode == 75
    assert b"stands alone" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["import", "-", "x"], "there is no file or folder 'x'"),
        (["import", "x", "-"], "there is no file or folder 'x'"),
        (["import", "-", "--speed"], "No such option: --speed"),
        (["import", "--speed", "-"], "No such option: --speed"),
        (["import", "-", "--root"], "--root"),
        (["import", "-", "--jobs", "many"], "--jobs"),
        (["imprt", "-"], "imprt"),
        (["--speed", "import", "-"], "--speed"),
    ],
)
def test_a_slip_on_the_command_line_sends_no_mail_back(run: Any, words: list[str], said: str) -> None:
    code, told = run(*words)
    assert (code, said in told) == (75, True), told


def test_a_slip_where_no_mail_is_handed_over_is_wrong_usage(run: Any) -> None:
    assert run("import", "--speed")[0] == 2


def test_several_at_once_all_arrive(root: Path) -> None:
    """As a mail server delivers after a night of being down."""
    command = [sys.executable, "-m", "mailarchiver", "import", "-", "--root", str(root)]
    mails = [mail(b"number%d" % number) for number in range(6)]
    agents = [subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) for _ in mails]
    for agent, data in zip(agents, mails, strict=True):
        assert agent.stdin
        agent.stdin.write(data)
        agent.stdin.close()
    assert [(agent.wait(90), agent.stderr.read() if agent.stderr else b"") for agent in agents] == [(0, b"")] * 6
    for agent in agents:
        assert agent.stderr
        agent.stderr.close()
    assert sorted(kept(root)) == sorted(mails)


def test_killed_while_it_delivers_and_handed_over_again(root: Path) -> None:
    """What a mail system does after a command that died: it keeps the mail, and tries again."""
    command = [sys.executable, "-m", "mailarchiver", "import", "-", "--root", str(root)]
    for seconds in (0.2, 0.5, 0.8, 1.1):
        agent = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert agent.stdin
        agent.stdin.write(mail(b"tide"))
        agent.stdin.close()
        try:
            agent.wait(seconds)
        except subprocess.TimeoutExpired:
            agent.send_signal(signal.SIGKILL)
        agent.wait()
        assert_nothing_is_half_there(root)
    assert hand_over(root, mail(b"tide")).returncode == 0
    assert kept(root) == [mail(b"tide")]
    assert len(entry_folders(root)) == 1


# --- the agents themselves, where they are installed ----------------------------------------------------------------


@pytest.mark.procmail
def test_procmail_files_through_it(root: Path, tmp_path: Path) -> None:
    """As the README has it: what is not filed goes where mail went before."""
    rules = tmp_path / "procmailrc"
    rules.write_text(
        f"SHELL=/bin/sh\nDEFAULT={tmp_path}/left\nLOGFILE={tmp_path}/log\n"
        f"PYTHONPATH={os.pathsep.join(sys.path)}\n"  # it clears the environment
        f":0 w\n| {sys.executable} -m mailarchiver import - --root {root}\n"
    )
    left = tmp_path / "left"

    def deliver(data: bytes) -> None:
        command = ["procmail", "-f", "jane@example.org", str(rules)]
        assert subprocess.run(command, input=data, check=False, cwd=Path.cwd()).returncode == 0

    deliver(mail(b"tide"))
    # procmail itself adds the empty line that an mbox wants behind a mail
    assert (kept(root), left.exists()) == ([mail(b"tide") + b"\n"], False)
    (root / "README.txt").rename(tmp_path / "gone")
    deliver(mail(b"moon"))
    assert mail(b"moon") in left.read_bytes()
