"""`mailarchiver poll`: one round of every account, on a real server and on the embedded one."""

from __future__ import annotations

import hashlib
import json
import socket
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from mailarchiver import filing
from mailarchiver import poll as poll_module
from mailarchiver.cli import logs
from mailarchiver.cli.app import app
from mailarchiver.config import Account
from mailarchiver.errors import LoginRefused, StoreError
from mailarchiver.folder_round import RoundResult
from tests.cli.test_import import Wary
from tests.servers.fixtures import NOON, Mailbox, dovecot, mailbox

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.dovecot import Dovecot

__all__ = ["dovecot", "mailbox"]

on_embedded = pytest.mark.parametrize("mailbox", ["embedded"], indirect=True)
"""For what is the same on every server."""
on_dovecot = pytest.mark.parametrize("mailbox", [pytest.param("dovecot", marks=pytest.mark.dovecot)], indirect=True)


def mail(subject: str) -> bytes:
    text = (
        f"From: Jane Roe <jane@example.org>\r\nTo: articles@example.org\r\nSubject: {subject}\r\n"
        f"Date: Wed, 6 Mar 2024 12:00:00 +0000\r\nMessage-ID: <{subject}@example.org>\r\n\r\nAbout {subject}.\r\n"
    )
    return text.encode()


@dataclass(frozen=True, slots=True)
class Site:
    """A folder with a configuration for a mailbox, and what is run there."""

    folder: Path
    mailbox: Mailbox

    def account(self, name: str, extra: str = "", **changed: str | int) -> str:
        """The table of an account: the mailbox, but for what is changed."""
        server = self.mailbox.server
        password = changed.pop("password", self.mailbox.password)
        (self.folder / f"{name}.password").write_text(f"{password}\n")
        values: dict[str, str | int] = {
            "name": name,
            "host": server.host,
            "port": server.port,
            "security": server.security,
            "username": server.username,
            "password_file": f"{name}.password",
        }
        if server.ca_file:
            values["ca_file"] = str(server.ca_file)
        lines = (f"{key} = {json.dumps(value)}" for key, value in (values | changed).items())
        return "\n".join(["[[account]]", *lines, extra, ""])

    def poll(self, *accounts: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        config = self.folder / "config.toml"
        config.write_text("\n".join(['[archive]\nroot = "archive"\n[log]\nlevel = "error"\n', *accounts]))
        command = [sys.executable, "-m", "mailarchiver", "poll", "--config", str(config), *options]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def titles(self) -> list[str]:
        manifest = self.folder / "archive/manifest.jsonl"
        return [json.loads(line)["title"] for line in manifest.read_bytes().splitlines()] if manifest.exists() else []

    def flags(self, folder: str = "INBOX") -> list[set[bytes]]:
        return list(self.mailbox.other.flags(folder).values())


@pytest.fixture
def site(tmp_path: Path, mailbox: Mailbox) -> Site:
    for subject in ("tide", "moon"):
        mailbox.other.deliver(mail(subject), NOON)
    return Site(tmp_path, mailbox)


def test_a_round_files_what_is_there_and_the_next_what_is_new(site: Site) -> None:
    account = site.account("articles", after="seen")
    done = site.poll(account)
    assert (done.returncode, done.stdout, done.stderr) == (0, "articles: 2 filed, 0 already filed, 0 failed\n", "")
    assert site.titles() == ["tide", "moon"]
    assert all(rb"\Seen" in flags for flags in site.flags())
    assert "tide" in (site.folder / "archive/index.html").read_text("utf-8")
    site.mailbox.other.deliver(mail("wind"), NOON)
    assert site.poll(account).stdout == "articles: 1 filed, 0 already filed, 0 failed\n"
    assert site.titles() == ["tide", "moon", "wind"]


@on_embedded
def test_the_status_is_told_for_those_who_prefer_timers(site: Site) -> None:
    def status() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "mailarchiver", "status", "--config", str(site.folder / "config.toml")]
        return subprocess.run([*command, "--json"], capture_output=True, text=True, check=False)

    site.poll(site.account("articles", after="seen"), site.account("locked", password="wrong"))
    told = json.loads(status().stdout)
    assert (told["articles"], told["accounts"]["articles"]["filed_total"]) == (2, 2)
    assert told["accounts"]["locked"]["failures"] == 1
    assert "refused" in told["accounts"]["locked"]["error"]
    site.mailbox.other.deliver(mail("wind"), NOON)
    site.poll(site.account("articles", after="seen"))
    done = status()
    told = json.loads(done.stdout)
    assert (done.returncode, told["accounts"]["articles"]["filed_total"]) == (0, 3)
    assert told["accounts"].keys() == {"articles"}


def test_filed_mail_is_moved_away(site: Site) -> None:
    assert site.poll(site.account("articles", after="move:Archived")).returncode == 0
    assert (len(site.flags()), len(site.flags("Archived"))) == (0, 2)


@on_embedded
def test_a_dry_run_only_counts(site: Site) -> None:
    account = site.account("articles", after="seen")
    done = site.poll(account, options=("--dry-run",))
    assert (done.returncode, done.stdout) == (0, "articles: 2 to fetch\n")
    assert not (site.folder / "archive").exists()
    assert not any(rb"\Seen" in flags for flags in site.flags())
    site.poll(account)
    archive = site.folder / "archive"
    before = {path: path.stat().st_mtime_ns for path in archive.rglob("*")}
    assert site.poll(account, options=("--dry-run",)).stdout == "articles: 0 to fetch\n"
    assert {path: path.stat().st_mtime_ns for path in archive.rglob("*")} == before


@on_embedded
def test_one_account_fails_and_the_others_are_polled(site: Site) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        unused = probe.getsockname()[1]
    done = site.poll(
        site.account("locked", password="wrong"),
        site.account("unplugged", port=unused),
        site.account("lost", 'folders = ["Nowhere"]'),
        site.account("nameless", security="tls", host="no-such-host.invalid"),
        site.account("speechless", password_file="missing"),
        site.account("sound"),
    )
    assert (done.returncode, done.stdout) == (1, "sound: 2 filed, 0 already filed, 0 failed\n")
    locked, unplugged, lost, nameless, speechless = done.stderr.splitlines()
    for name, line, cure in (
        ("locked", locked, "password"),
        ("unplugged", unplugged, "port"),
        ("lost", lost, "Archived"),
        ("nameless", nameless, "no-such-host.invalid"),
        ("speechless", speechless, str(site.folder / "missing")),
    ):
        assert line.startswith(f"mailarchiver: account {name}: ")
        assert cure in line


@on_dovecot
@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"ca_file": ""}, "ca_file"),
        ({"host": "localhost"}, "set host to a name that the certificate has"),
    ],
)
def test_a_certificate_is_never_taken_on_trust(site: Site, changed: dict[str, str], words: str) -> None:
    account = site.account("articles", **changed).replace('ca_file = ""\n', "")
    done = site.poll(account)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("mailarchiver: account articles: ")
    assert words in done.stderr
    assert site.titles() == []


@on_dovecot
def test_starttls(site: Site, dovecot: Dovecot) -> None:
    done = site.poll(site.account("articles", security="starttls", port=dovecot.port))
    assert (done.returncode, done.stdout) == (0, "articles: 2 filed, 0 already filed, 0 failed\n")


@on_embedded
def test_json_is_a_line_an_account(site: Site) -> None:
    done = site.poll(site.account("sound"), site.account("locked", password="wrong"), options=("--json",))
    sound, locked = (json.loads(line) for line in done.stdout.splitlines())
    assert (sound["account"], sound["filed"], sound["already"], sound["failed"]) == ("sound", 2, 0, 0)
    assert sound["error"] is None
    assert locked["account"] == "locked"
    assert "password" in locked["error"]
    assert done.returncode == 1


@on_embedded
def test_the_same_mail_in_two_accounts_is_filed_once(site: Site) -> None:
    done = site.poll(site.account("one"), site.account("two"))
    assert done.stdout.splitlines()[1] == "two: 0 filed, 2 already filed, 0 failed"
    assert len(site.titles()) == 2


@on_embedded
def test_a_wrong_configuration_is_2_and_nothing_is_done(site: Site) -> None:
    done = site.poll(site.account("articles", "pasword_command = []"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "account[0].pasword_command: unknown key; did you mean password_command?" in done.stderr
    assert not (site.folder / "archive").exists()


@on_embedded
@pytest.mark.parametrize("case", ["a file", "a newer format", "other things"])
def test_a_folder_that_is_no_archive_of_ours_is_2(site: Site, case: str) -> None:
    """Trying again would mend nothing: systemd does not start the daemon again after a 2."""
    archive = site.folder / "archive"
    if case == "a file":
        archive.write_text("a file is in the way")
    else:
        archive.mkdir()
        name, text = ("README.txt", "mailarchiver archive, format 2\n") if "format" in case else ("holiday.jpg", "x")
        (archive / name).write_text(text)
    done = site.poll(site.account("articles", after="seen"))
    assert done.returncode == 2
    assert str(archive) in done.stderr
    assert "Traceback" not in done.stderr
    assert not any(rb"\Seen" in flags for flags in site.flags())


def test_a_missing_folder_does_not_hold_up_the_others(site: Site) -> None:
    done = site.poll(site.account("articles", 'folders = ["Nowhere", "INBOX"]'))
    assert (done.returncode, done.stdout) == (1, "articles: 2 filed, 0 already filed, 0 failed\n")
    assert "account articles: there is no folder 'Nowhere'" in done.stderr
    assert site.titles() == ["tide", "moon"]


def test_the_folders_of_a_pattern_are_read_but_never_the_one_that_mail_is_moved_to(site: Site) -> None:
    account = site.account("articles", 'folders = ["INBOX", "*", "Nothing*"]', after="move:Archived")
    for subject in ("wind", "rain"):
        site.mailbox.other.create(subject)
        site.mailbox.other.deliver(mail(subject), NOON, subject)
        done = site.poll(account)
        assert (done.returncode, done.stderr.count("account articles: no folder matches 'Nothing*'")) == (1, 1)
    assert site.titles() == ["tide", "moon", "wind", "rain"]
    assert len(site.flags("Archived")) == 4


def test_a_pattern_that_matches_nothing_at_all_is_trouble(site: Site) -> None:
    done = site.poll(site.account("articles", 'folders = ["Nothing*", "Else*"]'))
    assert (done.returncode, done.stdout) == (1, "")
    for pattern in ("Nothing*", "Else*"):
        assert f"no folder matches '{pattern}'" in done.stderr


@on_dovecot
def test_special_uses(site: Site) -> None:
    account = site.account("articles", after=r"move:\Archive")
    done = site.poll(account)
    assert done.returncode == 1
    assert r"account articles: no folder is marked \Archive" in done.stderr
    assert site.titles() == ["tide", "moon"], "filed all the same"
    site.mailbox.other.create("Kept")
    assert site.poll(account).returncode == 0
    assert (len(site.flags("INBOX")), len(site.flags("Kept"))) == (0, 2)
    again = site.poll(site.account("articles", r"folders = ['\archive']"))
    assert again.stdout == "articles: 0 filed, 2 already filed, 0 failed\n"


def test_mail_is_filed_though_the_folder_it_is_to_be_moved_to_is_missing(site: Site) -> None:
    account = site.account("articles", after="move:Nowhere")
    for subject in ("wind", "rain"):
        done = site.poll(account)
        assert done.returncode == 1
        assert done.stderr.count("there is no folder 'Nowhere'") == 1
        site.mailbox.other.deliver(mail(subject), NOON)
    assert site.titles() == ["tide", "moon", "wind"]
    assert site.poll(site.account("articles", after="move:Archived")).stderr == ""
    assert (len(site.flags()), len(site.flags("Archived"))) == (0, 4)


@on_embedded
def test_a_missing_target_is_told_before_there_is_anything_to_move(site: Site) -> None:
    account = site.account("articles", after="move:Nowhere")
    dry = site.poll(account, options=("--dry-run",))
    assert (dry.returncode, dry.stdout) == (1, "articles: 2 to fetch\n")
    assert "there is no folder 'Nowhere'" in dry.stderr
    done = site.poll(account, options=("--json",))
    answer = json.loads(done.stdout)
    assert answer["filed"] == 2
    assert "there is no folder 'Nowhere'" in answer["error"]


# --- mail that cannot be understood -----------------------------------------------------------------------------------


def trapped(site: Site, monkeypatch: pytest.MonkeyPatch, after: str, *options: str) -> Any:
    """A round for which the mail about the moon is too much."""
    config = site.folder / "config.toml"
    account = site.account("articles", after=after)
    config.write_text(f'[archive]\nroot = "archive"\n{account}')
    monkeypatch.setattr(logs, "start_logging", lambda *_: None)  # this process is the tests' own
    monkeypatch.setattr(filing, "Pool", Wary)
    return CliRunner().invoke(app, ["poll", "--config", str(config), *options])


@pytest.mark.parametrize("after", ["keep", "seen", "flag", "move:Archived"])
def test_mail_in_quarantine_is_only_flagged(site: Site, monkeypatch: pytest.MonkeyPatch, after: str) -> None:
    done = trapped(site, monkeypatch, after)
    assert (done.exit_code, done.stdout) == (1, "articles: 1 filed, 0 already filed, 1 quarantined, 0 failed\n")
    digest = hashlib.sha256(mail("moon")).hexdigest()
    (line,) = (line for line in done.stderr.splitlines() if "quarantine" in line)
    assert line.startswith("mailarchiver: articles: INBOX, UID ")
    assert "it took more than 10 s" in line
    assert line.endswith(str(site.folder / "archive/.mailarchiver/quarantine" / digest))
    assert site.titles() == ["tide"]
    flags = {uid: found - {rb"\Recent"} for uid, found in site.mailbox.other.flags("INBOX").items()}
    moon = max(flags)
    assert flags.pop(moon) == (set() if after == "keep" else {rb"\Flagged"})
    other = {"keep": [set()], "seen": [{rb"\Seen"}], "flag": [{rb"\Flagged"}], "move:Archived": []}
    assert list(flags.values()) == other[after]
    again = trapped(site, monkeypatch, after)
    assert (again.exit_code, again.stdout) == (0, "articles: 0 filed, 0 already filed, 0 failed\n")


@on_embedded
def test_mail_in_quarantine_stays_where_it_is_though_all_that_was_known_of_it_is_lost(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    trapped(site, monkeypatch, "keep")
    for path in (site.folder / "archive/.mailarchiver").glob("ledger.sqlite*"):
        path.unlink()
    site.mailbox.other.deliver(mail("moon"), NOON)
    done = trapped(site, monkeypatch, "move:Archived")
    # one in INBOX; and one in the folder that it was just moved to, which is looked through without a ledger
    assert (done.exit_code, done.stdout) == (0, "articles: 0 filed, 2 already filed, 0 failed\n")
    assert [flags - {rb"\Recent"} for flags in site.flags()] == [{rb"\Flagged"}, {rb"\Flagged"}]
    assert len(site.flags("Archived")) == 1


@on_embedded
def test_json_lists_the_mail_in_quarantine(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    told = json.loads(trapped(site, monkeypatch, "keep", "--json").stdout)
    assert (told["filed"], told["quarantined"], told["failed"]) == (1, 1, 0)
    (held,) = told["quarantine"]
    assert held["digest"] == hashlib.sha256(mail("moon")).hexdigest()
    assert (held["reason"], held["path"].startswith("articles: INBOX, UID")) == ("limit", True)


# --- what needs no server -------------------------------------------------------------------------------------------


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """A configuration of two accounts."""
    account = 'host = "localhost"\nsecurity = "none"\nusername = "jane"\npassword = "secret"\n'
    tables = [f'[[account]]\nname = "{name}"\n{account}' for name in ("a", "b")]
    path = tmp_path / "config.toml"
    path.write_text("\n".join(['[archive]\nroot = "archive"\nmin_free = 0', *tables]), "utf-8")
    path.chmod(0o600)
    return path


def test_a_patient_poll_leaves_alone_who_wants_it(two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    polled: list[str] = []

    def poll_account(account: Account, *_: object, **__: object) -> RoundResult:
        polled.append(account.name)
        if account.name == "a" and len(polled) < 5:
            raise LoginRefused("account a: it refused the log-in")
        return RoundResult(account.name)

    monkeypatch.setattr(poll_module, "poll_account", poll_account)
    arguments = ["poll", "--config", str(two)]
    assert CliRunner().invoke(app, arguments).exit_code == 1
    assert polled == ["a", "b"]
    done = CliRunner().invoke(app, [*arguments, "--patient"])
    assert (done.exit_code, polled[2:]) == (1, ["b"])
    assert "account a: left alone for another 14 min, after 1 failure (account a: it refused" in done.stderr
    assert "without --patient it is tried at once" in done.stderr
    assert CliRunner().invoke(app, arguments).exit_code == 1
    assert "another 29 min, after 2 failures" in CliRunner().invoke(app, [*arguments, "--patient"]).stderr
    assert CliRunner().invoke(app, arguments).exit_code == 0
    assert CliRunner().invoke(app, [*arguments, "--patient"]).exit_code == 0, "what went well ends the pause"


def test_a_defect_at_one_account_does_not_starve_the_others(two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def poll_account(account: Account, *_: object, **__: object) -> RoundResult:
        if account.name == "a":
            raise ZeroDivisionError("defect")
        return RoundResult(account.name, found=1, filed=1)

    monkeypatch.setattr(poll_module, "poll_account", poll_account)
    done = CliRunner().invoke(app, ["poll", "--config", str(two)])
    assert (done.exit_code, done.stdout) == (1, "b: 1 filed, 0 already filed, 0 failed\n")
    assert "account a: the round was broken off by a defect of mailarchiver" in done.stderr


def test_pages_that_cannot_be_written_are_told_in_the_status(two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refresh(_: object) -> int:
        raise StoreError("its disk is full: make room")

    monkeypatch.setattr(poll_module, "poll_account", lambda account, *_, **__: RoundResult(account.name, filed=1))
    status = two.parent / "archive/.mailarchiver/status.json"
    since: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr(poll_module, "refresh_pages", refresh)
        for _ in range(2):
            assert CliRunner().invoke(app, ["poll", "--config", str(two)]).exit_code != 0
            told = json.loads(status.read_bytes())
            assert told["pages"]["error"] == "its disk is full: make room"
            assert told["accounts"]["b"]["filed"] == 1
            since.append(told["pages"]["since"])
    assert since[0] == since[1], "since it began"
    assert CliRunner().invoke(app, ["poll", "--config", str(two)]).exit_code == 0
    assert json.loads(status.read_bytes())["pages"] is None
