"""The command line as a whole: it answers at once, and says with words and an exit code what went wrong."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest
from typer.testing import CliRunner

import mailarchiver
from mailarchiver import __main__
from mailarchiver.cli.app import app
from mailarchiver.errors import (
    ArchiveRefused,
    ConfigError,
    LoginRefused,
    MailArchiverError,
    MailboxError,
    MessageError,
    StoreError,
)

HEAVY = {
    *("apscheduler", "asyncio", "babel", "bs4", "email", "imapclient", "jinja2", "lxml", "mailparser", "nh3", "PIL"),
    *("pydantic", "pymap", "rich", "selectolax", "sqlite3"),
}


def test_help_imports_nothing_heavy() -> None:
    """What makes `--help` quick, counted instead of timed: machines differ."""
    code = "import sys, mailarchiver.__main__; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(done.stdout.split())


def test_help_names_every_command() -> None:
    done = CliRunner().invoke(app, ["--help"])
    assert done.exit_code == 0
    for command in ("demo", "poll", "run", "import", "list", "show", "open", "search", "audit"):
        assert f"  {command} " in done.output


@pytest.mark.parametrize("command", [[], ["import"], ["quarantine"], ["quarantine", "retry"]])
def test_h_is_short_for_help(command: list[str]) -> None:
    short, long = (CliRunner().invoke(app, [*command, option]) for option in ("-h", "--help"))
    assert (short.exit_code, short.output) == (0, long.output)


def test_version() -> None:
    done = CliRunner().invoke(app, ["--version"])
    assert (done.exit_code, done.output) == (0, f"mailarchiver {mailarchiver.__version__}\n")


@pytest.mark.parametrize("arguments", [["import"], ["pol"], ["poll", "--speed"], ["import", "--jobs", "0", "."], []])
def test_wrong_usage_is_2(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, arguments).exit_code == 2


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MailArchiverError("x"), 1),
        (MailboxError("x"), 1),
        (LoginRefused("x"), 1),
        (MessageError("x"), 1),
        (ConfigError(["x"]), 2),
        (StoreError("x"), 75),
        (ArchiveRefused("x"), 2),
    ],
)
def test_an_expected_error_is_words_and_a_code(
    error: MailArchiverError, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(__main__, "app", fail)
    with pytest.raises(SystemExit) as end:
        __main__.main()
    assert end.value.code == code
    assert capsys.readouterr() == ("", "mailarchiver: x\n")


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_defect_is_shown_whole_on_a_terminal_and_nowhere_else(
    is_terminal: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise ZeroDivisionError("words of a mail")

    monkeypatch.setattr(__main__, "app", fail)
    monkeypatch.setattr("sys.stderr.isatty", lambda: is_terminal)
    with pytest.raises(ZeroDivisionError if is_terminal else SystemExit) as end:
        __main__.main()
    assert str(end.value) == ("words of a mail" if is_terminal else "1")
    told = capsys.readouterr().err
    assert ("in fail\nZeroDivisionError\n" in told) == (not is_terminal)
    assert "words of a mail" not in told


def test_a_thread_that_a_defect_ends_is_told_without_its_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise ZeroDivisionError("words of a mail")

    def start() -> None:
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()

    monkeypatch.setattr(__main__, "app", start)
    __main__.main()
    told = capsys.readouterr().err
    assert told.endswith("in fail\nZeroDivisionError\n")
    assert "words of a mail" not in told
