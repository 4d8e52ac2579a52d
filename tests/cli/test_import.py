"""`mailarchiver import`: from files, through the same pipeline."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from mailarchiver import filing
from mailarchiver.cli.app import app
from mailarchiver.events import trace_of
from mailarchiver.model import Quarantine
from mailarchiver.workers import InProcess

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mailarchiver.model import RawMessage, Rules, Understood

MAIL = (
    b"From: Jane Roe <jane@example.org>\nTo: articles@example.org\nSubject: %s\n"
    b"Date: Wed, 6 Mar 2024 23:30:00 +0000\nMessage-ID: <%s@example.org>\n\nA word about %s.\n"
)


def mail(subject: bytes) -> bytes:
    return MAIL % (subject, subject, subject)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "mails"
    folder.mkdir()
    for subject in (b"tide", b"moon", b"wind"):
        (folder / f"{subject.decode()}.eml").write_bytes(mail(subject))
    return folder


def last_line(output: str) -> str:
    return output.splitlines()[-1]


def entries(root: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in (root / "manifest.jsonl").read_bytes().splitlines()]


def test_a_folder_is_filed_once(folder: Path, tmp_path: Path) -> None:
    arguments = ["import", str(folder), "--root", str(tmp_path / "archive")]
    done = CliRunner().invoke(app, arguments)
    assert (done.exit_code, done.stdout) == (0, "3 filed, 0 already filed, 0 failed\n")
    assert {entry["title"] for entry in entries(tmp_path / "archive")} == {"tide", "moon", "wind"}
    assert (tmp_path / "archive/index.html").is_file()
    again = CliRunner().invoke(app, arguments)
    assert (again.exit_code, again.stdout) == (0, "0 filed, 3 already filed, 0 failed\n")


def test_what_cannot_be_read_is_said_and_disturbs_no_other(folder: Path, tmp_path: Path) -> None:
    (folder / "gone.eml").symlink_to(folder / "nowhere.eml")
    arguments = ["import", str(folder), "--root", str(tmp_path / "archive")]
    done = CliRunner().invoke(app, arguments)
    assert (done.exit_code, last_line(done.stdout)) == (1, "3 filed, 0 already filed, 1 failed")
    assert "gone.eml" in done.stderr
    done = CliRunner().invoke(app, [*arguments, "--json"])
    told = json.loads(done.stdout)
    assert (told["filed"], told["already"], told["failed"]) == (0, 3, 1)
    assert told["failures"][0]["path"].endswith("gone.eml")
    assert told["failures"][0]["reason"]


def test_a_path_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["import", str(tmp_path / "nothing"), "--root", str(tmp_path / "archive")])
    assert done.exit_code == 2
    assert "nothing" in done.stderr
    assert not (tmp_path / "archive").exists()


def test_the_archive_of_a_configuration(folder: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        '[archive]\nroot = "kept"\ntimezone = "Asia/Tokyo"\n[[account]]\nname = "x"\nhost = "localhost"\n'
        'username = "x"\npassword_file = "never-read"\n'
    )
    done = CliRunner().invoke(app, ["import", str(folder / "tide.eml"), "--config", str(config)])
    assert (done.exit_code, last_line(done.stdout)) == (0, "1 filed, 0 already filed, 0 failed")
    [entry] = entries(tmp_path / "kept")
    assert entry["folder"].startswith("2024/03/2024-03-07-"), "the date is that of Tokyo"
    done = CliRunner().invoke(
        app, ["import", str(folder / "tide.eml"), "--config", str(config), "--root", str(tmp_path / "other")]
    )
    [entry] = entries(tmp_path / "other")
    assert entry["folder"].startswith("2024/03/2024-03-07-"), "--root stands in place of the root only"


def test_several_at_a_time_file_the_same(folder: Path, tmp_path: Path) -> None:
    for number in range(20):
        (folder / f"{number:02}.eml").write_bytes(mail(b"number%d" % number))
    trees = []
    for jobs in ("1", "3"):
        root = tmp_path / f"archive-{jobs}"
        done = CliRunner().invoke(app, ["import", str(folder), "--root", str(root), "--jobs", jobs])
        assert last_line(done.stdout) == "23 filed, 0 already filed, 0 failed"
        trees.append({
            path.relative_to(root).as_posix(): path.read_bytes()
            for path in root.glob("20*/**/*")
            if path.is_file() and path.name != "index.html"
        })  # fmt: skip
    assert trees[0] == trees[1]


def test_a_progress_bar_is_shown_on_a_terminal_only(folder: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mailarchiver", "import", str(folder), "--root", str(tmp_path / "archive")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("3 filed, 0 already filed, 0 failed\n", "")
    terminal, end = pty.openpty()
    with os.fdopen(terminal, "rb", buffering=0) as screen:
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=end, text=True, check=True, env=environment)
        os.close(end)
        shown = b""
        try:
            while block := screen.read(65536):
                shown += block
        except OSError:
            pass  # EIO: how a pseudo-terminal says that its other end is closed
    assert done.stdout == "0 filed, 3 already filed, 0 failed\n"
    assert b"Filing" in shown
    assert b"3/3" in shown


# --- mail that cannot be understood -----------------------------------------------------------------------------------


class Wary:
    """A worker for which some mail is too much."""

    def __init__(self, *_: object, **_more: object) -> None:
        self._worker = InProcess()

    def understand_all(self, mails: Sequence[tuple[RawMessage, str]], *, rules: Rules) -> Iterator[Understood]:
        for raw, mail_id in mails:
            if b"moon" in raw.data:
                yield Quarantine("limit", "it took more than 10 s")
            elif b"wind" in raw.data:
                yield Quarantine("defect", "ZeroDivisionError: a defect", "Traceback (most recent call last): …")
            else:
                yield from self._worker.understand_all([(raw, mail_id)], rules=rules)

    def prepare(self) -> None:
        """Nothing to make ready."""

    def close(self) -> None:
        """Nothing to end."""


def test_what_cannot_be_understood_goes_to_quarantine_and_disturbs_no_other(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(filing, "Pool", Wary)
    root = tmp_path / "archive"
    arguments = ["import", str(folder), "--root", str(root)]
    done = CliRunner().invoke(app, arguments)
    assert (done.exit_code, last_line(done.stdout)) == (1, "1 filed, 0 already filed, 2 quarantined, 0 failed")
    assert [entry["title"] for entry in entries(root)] == ["tide"]
    told = [line for line in done.stderr.splitlines() if line.startswith("mailarchiver: ")]
    assert len(told) == 2
    for name, line, why in (("moon", told[0], "it took more than 10 s"), ("wind", told[1], "a defect")):
        held = root / ".mailarchiver/quarantine" / hashlib.sha256(mail(name.encode())).hexdigest()
        assert (held / "message.eml").read_bytes() == mail(name.encode())
        assert str(folder / f"{name}.eml") in line
        assert why in line
        assert line.endswith(str(held))
    assert [trace_of(record) for record in caplog.records] == ["Traceback (most recent call last): …"]
    again = CliRunner().invoke(app, arguments)
    assert (again.exit_code, again.stdout) == (0, "0 filed, 3 already filed, 0 failed\n")


def test_json_lists_what_went_to_quarantine(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filing, "Pool", Wary)
    arguments = ["import", str(folder), "--root", str(tmp_path / "archive"), "--json"]
    first, second = (json.loads(CliRunner().invoke(app, arguments).stdout) for _ in range(2))
    assert (first["filed"], first["quarantined"], first["failed"]) == (1, 2, 0)
    assert [(held["path"], held["reason"]) for held in first["quarantine"]] == [
        (str(folder / "moon.eml"), "limit"),
        (str(folder / "wind.eml"), "defect"),
    ]
    assert first["quarantine"][0]["digest"] == hashlib.sha256(mail(b"moon")).hexdigest()
    assert (second["already"], second["quarantined"], second["quarantine"]) == (3, 0, [])


def test_what_is_imported_is_found(folder: Path, tmp_path: Path) -> None:
    root = tmp_path / "archive"
    assert CliRunner().invoke(app, ["import", str(folder), "--root", str(root)]).exit_code == 0
    found = CliRunner().invoke(app, ["search", "moon", "--json", "--root", str(root)])
    assert [json.loads(line)["title"] for line in found.stdout.splitlines()] == ["moon"]
