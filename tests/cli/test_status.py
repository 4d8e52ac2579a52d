"""`mailarchiver status`: what it prints, and when it says that something is wrong."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner, Result

from mailarchiver.archive.store import Store
from mailarchiver.cli.app import app
from mailarchiver.health import Health
from mailarchiver.status import Behind, Status, Verified

if TYPE_CHECKING:
    from pathlib import Path


def now() -> datetime:
    """What is judged is how long ago something was: the command has no clock but the machine's."""
    return datetime.now(UTC)


def well() -> Health:
    day = now()
    return Health(since=day - timedelta(days=9), last_try=day, last_success=day, last_mail=day - timedelta(minutes=200))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["status", *arguments])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "archive"


def test_pages_that_cannot_be_written_are_told(root: Path) -> None:
    behind = Behind("its disk is full: make room", now() - timedelta(hours=2))
    status = replace(tell(root, articles=well()), pages=behind)
    with Store.open(root, min_free=0) as store:
        store.write_status(status.as_json())
    done = run("--root", str(root))
    assert done.exit_code == 1
    assert "pages and search index are not brought up to date for 2 h: its disk is full: make room" in done.stdout
    assert "not brought up to date since" in done.stderr


def tell(root: Path, written: datetime | None = None, **accounts: Health) -> Status:
    status = Status(written or now(), now() - timedelta(days=2), "0.2.0", 1204, 1, 12_300_000_000, accounts)
    with Store.open(root, min_free=0) as store:
        store.write_status(status.as_json())
    return status


def test_a_service_that_is_well(root: Path) -> None:
    tell(root, articles=well(), letters=replace(well(), last_mail=None, backlog=1234))
    done = run("--root", str(root))
    assert (done.exit_code, done.stderr) == (0, "")
    first, second, third, empty, *rows = done.stdout.splitlines()
    assert first.startswith("mailarchiver 0.2.0: started 2 days ago, last heard of ")
    assert second == "1,204 articles, 1 mail in quarantine, 12 GB free on its disk"
    assert third == "no weekly check of the archive yet"
    assert empty == ""
    assert [row.split()[0] for row in rows] == ["account", "articles", "letters"]
    assert rows[1].split()[-5:] == ["3", "h", "ago", "0", "well"]
    assert rows[2].split()[-3:] == ["never", "1,234", "well"]


@pytest.mark.parametrize(("damaged", "told"), [((), "none damaged"), (("0123456789ab",), "1 damaged")])
def test_how_the_weekly_check_went(root: Path, damaged: tuple[str, ...], told: str) -> None:
    checked = Verified(2827, now() - timedelta(days=3), 24, damaged)
    status = replace(tell(root, articles=well()), verified=checked)
    with Store.open(root, min_free=0) as store:
        store.write_status(status.as_json())
    done = run("--root", str(root))
    assert done.exit_code == len(damaged)
    assert f"weekly check 3 days ago: 24 articles read, {told}" in done.stdout.splitlines()


def test_trouble_is_told_with_since_when(root: Path) -> None:
    since = now() - timedelta(minutes=61)
    tell(root, a=replace(well(), last_success=since, failures=9, error="no\x1b[2J route", error_since=since))
    done = run("--root", str(root))
    assert done.exit_code == 1
    assert re.search("in trouble for 6[1-9] min: no", done.stdout)
    assert "mailarchiver: account a: no round went through since " in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


def test_for_programs(root: Path) -> None:
    status = tell(root, a=well())
    done = run("--root", str(root), "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout) == {"healthy": True, "alarms": [], **status.as_json()}


def test_silence_is_an_alarm(root: Path) -> None:
    old = now() - timedelta(days=1)
    tell(root, old, a=replace(well(), last_success=old, last_try=old))
    done = run("--root", str(root), "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["healthy"], len(told["alarms"])) == (1, False, 2)
    assert "it does not run, or it hangs" in done.stderr


def test_no_word_at_all_is_an_alarm(tmp_path: Path) -> None:
    done = run("--root", str(tmp_path / "nowhere"))
    assert done.exit_code == 1
    assert "status.json is missing: no daemon has run there yet" in done.stderr
    assert not (tmp_path / "nowhere").exists()
    told = json.loads(run("--root", str(tmp_path / "nowhere"), "--json").stdout)
    assert (told["healthy"], len(told["alarms"])) == (False, 1)


def test_an_account_of_the_configuration_that_is_not_watched(root: Path, tmp_path: Path) -> None:
    tell(root, a=well())
    account = '[[account]]\nhost = "x"\nusername = "x"\npassword_file = "x"\n'
    config = tmp_path / "config.toml"
    config.write_text(f'[archive]\nroot = "{root}"\n{account}name = "a"\n{account}name = "b"\n')
    done = run("--config", str(config))
    assert done.exit_code == 1
    assert done.stderr == "mailarchiver: account b: the daemon does not watch it: reload or restart it\n"


def test_asking_changes_nothing(root: Path) -> None:
    tell(root, a=well())
    before = sorted((str(path), path.stat().st_mtime_ns) for path in root.rglob("*"))
    run("--root", str(root))
    assert sorted((str(path), path.stat().st_mtime_ns) for path in root.rglob("*")) == before
