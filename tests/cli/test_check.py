"""`mailarchiver check`: what it finds on real servers, and says where something is wrong, and that it looks only."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mailarchiver import check as checks
from mailarchiver.archive.noted import Paused
from mailarchiver.archive.store import Store
from mailarchiver.check_finding import Finding
from mailarchiver.cli.app import app
from mailarchiver.config import Account, load
from mailarchiver.forbearance import mark
from mailarchiver.workers import Pool
from tests.cli.test_poll import Site, mail
from tests.servers.fixtures import NOON, Mailbox, dovecot, mailbox
from tests.servers.scripted import HANG_UP, USUAL, Answer, ScriptedServer

__all__ = ["dovecot", "mailbox"]

on_embedded = pytest.mark.parametrize("mailbox", ["embedded"], indirect=True)
SCRIPT: dict[str, Answer] = {
    "LIST": b'* LIST () "/" INBOX\r\n* LIST (\\Archive) "/" Archive\r\n* LIST (\\Trash) "/" Bin\r\n{tag} OK done\r\n',
    "STATUS": b"* STATUS x (MESSAGES 3)\r\n{tag} OK done\r\n",
    "UID FETCH": b"".join(
        b'* %d FETCH (UID %d RFC822.SIZE 1000 INTERNALDATE " 6-Mar-2024 12:00:00 +0000")\r\n' % (uid, uid)
        for uid in (1, 2, 3)
    )
    + b"{tag} OK done\r\n",
}
QUIET = {"CAPABILITY", "AUTHENTICATE", "LIST", "STATUS", "EXAMINE", "UID SEARCH", "UID FETCH", "NOOP", "LOGOUT", "ID"}
"""What leaves no trace on a server."""


@pytest.fixture(autouse=True)
def _one_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that starts takes two seconds; one test lets it."""
    monkeypatch.setattr(checks, "_of_workers", lambda _: Finding(None, "workers", "ok", "left out"))


def write(folder: Path, *accounts: str, archive: str = 'root = "archive"') -> Path:
    path = folder / "config.toml"
    path.write_text("\n".join([f"[archive]\n{archive}", *accounts]), "utf-8")
    path.chmod(0o600)
    return path


def account(server: ScriptedServer, extra: str = "") -> str:
    return (
        f'[[account]]\nname = "articles"\nhost = "{server.host}"\nport = {server.port}\nsecurity = "none"\n'
        f'username = "jane"\npassword = "secret"\n{extra}\n'
    )


def run(config: Path, *arguments: str) -> tuple[int, list[str]]:
    done = CliRunner().invoke(app, ["check", "--config", str(config), *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout.splitlines()


def findings(config: Path, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    code, lines = run(config, "--json", *arguments)
    return code, [json.loads(line) for line in lines]


def of(found: list[dict[str, Any]], check: str) -> list[dict[str, Any]]:
    return [each for each in found if each["check"] == check]


def state(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(path): (path.stat().st_mtime_ns, path.stat().st_mode) for path in [folder, *folder.rglob("*")]}


@pytest.fixture
def site(tmp_path: Path, mailbox: Mailbox) -> Site:
    for subject in ("tide", "moon"):
        mailbox.other.deliver(mail(subject), NOON)
    return Site(tmp_path, mailbox)


def test_all_is_well(site: Site) -> None:
    config = write(site.folder, site.account("articles", after="move:Archived"))
    (site.folder / "articles.password").chmod(0o600)
    code, found = findings(config)
    assert code == 0
    assert {each["state"] for each in found} <= {"ok", "note", "unknown"}
    secured = site.mailbox.server.security == "tls"
    expected = ["name", "connection", *(["certificate"] if secured else []), "login"]
    own = [each["check"] for each in found if each["account"] == "articles"]
    assert own[: len(expected)] == expected
    assert {"capabilities", "folders", "pending", "after", "clock"} <= set(own)
    [pending] = of(found, "pending")
    octets = len(mail("tide")) + len(mail("moon"))
    assert pending["facts"] == {"folder": "INBOX", "messages": 2, "octets": octets, "large": 0, "waiting": 0}
    [folders] = of(found, "folders")
    listed = {each["name"]: (each["messages"], each["read"]) for each in folders["facts"]["folders"]}
    assert listed == {"INBOX": (2, True), "Archived": (0, False)}
    [clock] = of(found, "clock")
    if secured:  # Dovecot's searches tell the time
        assert (clock["state"], abs(clock["facts"]["ahead"]) <= 3) == ("ok", True)
    else:
        assert clock["state"] == "unknown"
        assert "WITHIN" in clock["text"]


def test_nothing_is_changed_here_or_there(site: Site) -> None:
    config = write(site.folder, site.account("articles", after="move:Archived"))
    before, flags = state(site.folder), site.mailbox.other.flags()
    assert run(config)[0] == 0
    assert (state(site.folder), site.mailbox.other.flags()) == (before, flags)
    assert not (site.folder / "archive").exists()
    site.poll(site.account("articles", after="seen"))
    site.mailbox.other.deliver(mail("wind"), NOON)
    config = write(site.folder, site.account("articles", after="seen"))
    before, flags = state(site.folder), site.mailbox.other.flags()
    code, found = findings(config)
    assert code == 0
    assert of(found, "pending")[0]["facts"]["messages"] == 1, "what is in the archive is not fetched again"
    assert (state(site.folder), site.mailbox.other.flags()) == (before, flags)


def test_the_server_hears_nothing_that_leaves_a_trace(tmp_path: Path) -> None:
    capable = USUAL | SCRIPT | {"CAPABILITY": b"* CAPABILITY IMAP4rev1 AUTH=PLAIN WITHIN\r\n{tag} OK done\r\n"}
    with ScriptedServer(capable) as server:
        config = write(tmp_path, account(server, 'after = "move:Archive"'))
        assert run(config)[0] == 0
        said = [" ".join(command.split()[: 2 if command.startswith("UID") else 1]) for command in server.commands]
    assert said
    assert set(said) <= QUIET
    fetched = [command for command in server.commands if command.startswith("UID FETCH")]
    assert all("BODY" not in command and "FLAGS" not in command for command in fetched)


def test_what_a_server_lacks_is_told_with_what_follows(tmp_path: Path) -> None:
    bare = USUAL | SCRIPT | {"CAPABILITY": b"* CAPABILITY IMAP4rev1 AUTH=PLAIN MOVE\r\n{tag} OK done\r\n"}
    with ScriptedServer(bare) as server:
        code, found = findings(write(tmp_path, account(server)))
    assert code == 0, "it does no harm"
    first, *notes = of(found, "capabilities")
    assert first["facts"] == {"has": ["MOVE"], "lacks": ["IDLE", "UIDPLUS", "CONDSTORE", "SPECIAL-USE"]}
    assert [note["facts"]["lacks"] for note in notes] == [["IDLE"], ["UIDPLUS"], ["CONDSTORE"], ["SPECIAL-USE"]]
    assert "found by the next round" in notes[0]["text"]


def test_folders_with_their_uses_and_those_that_are_missing(tmp_path: Path) -> None:
    missing: Answer = b"{tag} NO no such folder\r\n"
    script = USUAL | SCRIPT | {'EXAMINE "Archvie"': missing, 'EXAMINE "Xyz"': missing}
    with ScriptedServer(script) as server:
        config = write(tmp_path, account(server, 'folders = ["INBOX", "Archvie"]\nafter = "move:Xyz"'))
        code, lines = run(config)
        _, found = findings(config)
    assert code == 1
    assert "ok   articles: folders: 3 folders: *INBOX 3; Archive (\\Archive) 3; Bin (\\Trash) 3" in lines
    assert "FAIL articles: folder: there is no folder 'Archvie': did you mean 'Archive'?" in lines
    assert "FAIL articles: folder: there is no folder 'Xyz': there are INBOX, Archive, Bin" in lines
    assert [each["facts"]["near"] for each in of(found, "folder")] == [["Archive"], []]
    [pending] = of(found, "pending")
    assert pending["facts"] == {"folder": "INBOX", "messages": 3, "octets": 3000, "large": 0, "waiting": 0}


def test_folders_by_patterns_and_special_uses(tmp_path: Path) -> None:
    with ScriptedServer(USUAL | SCRIPT) as server:
        wanted = "folders = ['Arch*', '\\Trash', '\\Junk', 'X*']\nafter = 'move:\\Sent'"
        code, found = findings(write(tmp_path, account(server, wanted)))
    assert code == 1
    assert [each["name"] for each in of(found, "folders")[0]["facts"]["folders"] if each["read"]] == ["Archive", "Bin"]
    assert [each["facts"]["folder"] for each in of(found, "pending")] == ["Archive", "Bin"]
    failed = [each["text"] for each in found if each["state"] == "failed"]
    assert len(failed) == 3
    for words in ("no folder is marked \\Junk", "no folder matches 'X*'", "no folder is marked \\Sent"):
        assert sum(text.startswith(words) for text in failed) == 1


def test_what_is_too_large_is_told(tmp_path: Path) -> None:
    sizes = b"* 1 FETCH (UID 1 RFC822.SIZE 60000000)\r\n* 2 FETCH (UID 2 RFC822.SIZE 7)\r\n{tag} OK done\r\n"
    with ScriptedServer(USUAL | SCRIPT | {"UID FETCH": sizes}) as server:
        code, found = findings(write(tmp_path, account(server)))
    [pending] = of(found, "pending")
    assert (code, pending["state"]) == (0, "note")
    assert pending["facts"] == {"folder": "INBOX", "messages": 1, "octets": 7, "large": 1, "waiting": 0}
    assert "1 larger than 50 MB would stay there: see max_message" in pending["text"]


def test_what_waits_to_be_tried_again_is_not_what_a_round_would_fetch(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    with Store.open(tmp_path / "archive", min_free=0) as store:
        for uid, tries in ((1, 1), (2, 3)):
            for _ in range(tries):
                store.note_failures("articles", "INBOX", 77, [uid], why="not given", now=now)
    sizes = {
        f"UID FETCH {uids}": b"".join(b"* %d FETCH (UID %d RFC822.SIZE 1000)\r\n" % (uid, uid) for uid in (1, 3))
        + b"{tag} OK done\r\n"
        for uids in ("1,3 (RFC822.SIZE", "1,3 RFC822.SIZE")
    }
    with ScriptedServer(USUAL | SCRIPT | sizes) as server:
        _, found = findings(write(tmp_path, account(server)))
    [pending] = of(found, "pending")
    assert pending["facts"] == {"folder": "INBOX", "messages": 2, "octets": 2000, "large": 0, "waiting": 1}
    assert "1 message could not be fetched before" in pending["text"]


def test_alerts_are_shown_and_do_nothing_to_the_terminal(tmp_path: Path) -> None:
    script = USUAL | SCRIPT | {"password": b"* OK [ALERT] quota \x1b[31mfull\r\n{tag} OK welcome\r\n"}
    with ScriptedServer(script) as server:
        code, lines = run(write(tmp_path, account(server)))
    assert code == 0
    [alert] = [line for line in lines if line.startswith("note articles: alert")]
    assert alert.startswith("note articles: alert: the server says: quota")
    assert "\x1b" not in alert


@pytest.mark.parametrize(
    ("answers", "check", "words"),
    [
        ({"password": b"{tag} NO [ALERT] Application-specific password required\r\n"}, "login", "an app password"),
        ({"password": b"{tag} NO IMAP access is disabled for your domain\r\n"}, "login", "ask its administrator"),
        ({"password": b"{tag} NO [AUTHENTICATIONFAILED] no\r\n"}, "login", "check username and password"),
        ({"greeting": b"* BYE too many connections\r\n<hang up>"}, "connection", "too many connections"),
        ({"LIST": b"<hang up>"}, "mailbox", "broke at: list its folders"),
        ({"UID SEARCH": b"{tag} NO not today\r\n"}, "mailbox", "refused to search"),
        (
            {"password": b"{tag} NO [ALERT] Account exceeded command or bandwidth limits. (Failure)\r\n"},
            "connection",
            "than its provider allows a day (Gmail: 2,500 MB",
        ),
        (
            {"EXAMINE": b"* BYE Account exceeded command or bandwidth limits. e4mb1\r\n" + HANG_UP},
            "mailbox",
            "left alone for 3 hours",
        ),
    ],
)
def test_what_fails_is_told_with_its_cure(tmp_path: Path, answers: dict[str, Answer], check: str, words: str) -> None:
    with ScriptedServer(USUAL | SCRIPT | answers) as server:
        code, found = findings(write(tmp_path, account(server)))
    assert code == 1
    [failed] = [each for each in found if each["state"] == "failed"]
    assert failed["check"] == check
    assert words in failed["text"]
    assert not failed["text"].startswith("account articles"), "that is said already"


def test_a_name_that_is_not_found(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        text = account(server).replace("127.0.0.1", "imap.example.invalid").replace('security = "none"', "")
        code, found = findings(write(tmp_path, text))
    assert code == 1
    assert found[-1]["check"] == "name"
    assert "cannot be found" in found[-1]["text"]


@on_embedded
def test_only_the_accounts_that_are_named(site: Site) -> None:
    config = write(site.folder, site.account("one"), site.account("two"), site.account("three", password="wrong"))
    code, found = findings(config, "two", "one")
    assert code == 0
    assert list(dict.fromkeys(each["account"] for each in found if each["account"])) == ["two", "one"]
    assert findings(config)[0] == 1


def test_a_wrong_configuration_or_name_is_2(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        config = write(tmp_path, account(server))
        for text, name, words in (
            (config.read_text(), "artcles", "no account is named 'artcles': did you mean articles?"),
            (config.read_text() + "speed = 9\n", "articles", "speed: unknown key"),
        ):
            config.write_text(text)
            command = [sys.executable, "-m", "mailarchiver", "check", "--config", str(config), name]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert (done.returncode, done.stdout) == (2, "")
            assert words in done.stderr


# --- this machine -----------------------------------------------------------------------------------------------------


def test_the_archive_is_looked_at(tmp_path: Path) -> None:
    with ScriptedServer(USUAL | SCRIPT) as server:
        huge = 'root = "archive"\nmin_free = "4000 TB"'
        code, found = findings(write(tmp_path, account(server), archive=huge))
    assert code == 1
    assert of(found, "archive")[0]["state"] == "ok"
    assert of(found, "archive")[0]["facts"]["exists"] is False
    [disk] = of(found, "disk")
    assert disk["state"] == "failed"
    assert "make room, or nothing is filed" in disk["text"]
    assert of(found, "lock")[0]["facts"] == {"holder": None}


def test_a_root_that_is_no_archive_does_not_hide_the_accounts(tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "holiday.jpg").write_text("x")
    with ScriptedServer(USUAL | SCRIPT) as server:
        code, found = findings(write(tmp_path, account(server)))
    assert code == 1
    assert "is not empty and not an archive" in of(found, "archive")[0]["text"]
    assert of(found, "login")[0]["state"] == "ok"
    assert of(found, "pending")[0]["state"] == "unknown"


def test_files_that_others_may_read_or_change(tmp_path: Path) -> None:
    with ScriptedServer(USUAL | SCRIPT) as server:
        text = account(server).replace('password = "secret"', 'password_file = "pw"')
        (tmp_path / "pw").write_text("secret\n")
        (tmp_path / "pw").chmod(0o644)
        config = write(tmp_path, text)
        code, found = findings(config)
        assert (code, of(found, "secret")[0]["state"]) == (0, "note")
        assert f"chmod o-rwx {tmp_path / 'pw'}" in of(found, "secret")[0]["text"]
        (tmp_path / "pw").chmod(0o640)
        config.chmod(0o666)
        code, found = findings(config)
    assert of(found, "secret") == []
    assert (code, of(found, "configuration")[0]["facts"]["mode"]) == (1, "0666")
    assert "chmod go-w" in of(found, "configuration")[0]["text"]


@pytest.mark.parametrize("starts", [True, False])
def test_the_workers_are_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, starts: bool) -> None:
    monkeypatch.undo()  # for once
    if not starts:
        monkeypatch.setattr(checks, "pool_of", lambda _: Pool(entry=("-c", "raise SystemExit(3)")))
    with ScriptedServer(USUAL | SCRIPT) as server:
        code, found = findings(write(tmp_path, account(server)))
    [workers] = of(found, "workers")
    assert (code, workers["state"]) == ((0, "ok") if starts else (1, "failed"))


def test_as_root_it_looks_with_the_eyes_of_the_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A round becomes the archive's owner before it reads a password: what only root may read is of no use to it."""
    steps: list[object] = []
    (tmp_path / "archive").mkdir()

    def seen(account: Account, *_: object) -> tuple[Finding, ...]:
        steps.append(account.name)
        return ()

    monkeypatch.setattr(checks, "leave_root", steps.append)
    monkeypatch.setattr(checks, "check_account", seen)
    with ScriptedServer() as server:
        assert run(write(tmp_path, account(server)))[0] == 0
    assert steps == [tmp_path / "archive", "articles"]


def test_a_password_is_never_shown(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), ScriptedServer(USUAL | SCRIPT) as server:
        text = account(server).replace('"secret"', '"s3cr3t-word"')
        _, lines = run(write(tmp_path, text))
    assert "s3cr3t" not in "".join(lines) + caplog.text


def test_an_account_that_the_daemon_leaves_alone(tmp_path: Path) -> None:
    """It is told whatever the log-in comes to: a pause does not end by a check."""
    with ScriptedServer(USUAL | SCRIPT) as server:
        config = write(tmp_path, account(server))
        [watched] = load(config).account
        until = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2, minutes=30)
        with Store.open(tmp_path / "archive", min_free=0) as store:
            store.notes.pause("articles", Paused(until, 3, "it refused the log-in", mark(watched)))
        before = state(tmp_path / "archive")
        code, found = findings(config)
        assert state(tmp_path / "archive") == before
        [pause] = of(found, "pause")
        assert (code, pause["state"], pause["account"]) == (0, "note", "articles")
        assert pause["facts"] == {"until": until.isoformat(), "failures": 3, "why": "it refused the log-in"}
        assert "left alone for another 2 h" in pause["text"]
        assert "after 3 failures (it refused the log-in): `mailarchiver poll` tries at once" in pause["text"]
        assert of(found, "login")[0]["state"] == "ok"
        _, found = findings(write(tmp_path, account(server).replace('"secret"', '"other"')))
        assert "configured otherwise by now: a reload of the daemon ends the pause" in of(found, "pause")[0]["text"]
        with Store.open(tmp_path / "archive", min_free=0) as store:
            store.notes.pause("articles", Paused(datetime.now(UTC) - timedelta(hours=1), 3, "no", mark(watched)))
        assert of(findings(config)[1], "pause") == []
