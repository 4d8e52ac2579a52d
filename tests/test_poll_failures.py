"""A message that cannot be fetched holds up no other, is tried again later and later, and is told of."""

from __future__ import annotations

import json
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mailarchiver import folder_round, poll
from mailarchiver.archive.seen import FIRST_PAUSE, LONGEST_PAUSE, pause
from mailarchiver.archive.store import Store
from mailarchiver.audit import FolderAudit, audit_account
from mailarchiver.cli.app import app
from mailarchiver.config import Account
from mailarchiver.errors import MailboxError
from mailarchiver.folder_round import RoundResult
from mailarchiver.mailbox import pieces
from mailarchiver.mailbox.imap import ImapMailbox
from mailarchiver.model import After, Rules
from mailarchiver.poll import poll_account, preview_account
from mailarchiver.workers import InProcess
from tests.servers.scripted import HANG_UP, Answer, ScriptedServer

DATE = b'INTERNALDATE "06-Mar-2024 12:00:00 +0000"'
OK = b"{tag} OK done\r\n"
START = datetime(2024, 3, 7, 12, 0, tzinfo=UTC)


def body(uid: int) -> bytes:
    return b"From: jane@example.org\r\nSubject: Walk %d\r\n\r\nUp the hill and down, %d.\r\n" % (uid, uid)


def item(uid: int) -> bytes:
    return b"* %d FETCH (UID %d %b BODY[] {%d}\r\n%b)\r\n" % (uid, uid, DATE, len(body(uid)), body(uid))


def size(uid: int) -> bytes:
    return b"* %d FETCH (UID %d RFC822.SIZE %d)\r\n" % (uid, uid, len(body(uid)))


def resized(uid: int, octets: int) -> bytes:
    return b"* %d FETCH (UID %d RFC822.SIZE %d)\r\n" % (uid, uid, octets)


class Poisoned:
    """The answers of a server with the messages 1 to 4, of which some are fetched by an answer of one's own."""

    def __init__(self, **answers: bytes) -> None:
        self.listed = [1, 2, 3, 4]
        self.own = {int(name[1:]): answer for name, answer in answers.items()}

    def _answer(self, uids: list[int], sound: Any) -> bytes:
        given = b""
        for uid in uids:
            if uid in self.own and HANG_UP in self.own[uid]:
                return given + self.own[uid]
            given += self.own.get(uid) or sound(uid) if uid in self.listed else b""
        return given + OK

    def answers(self) -> dict[str, Answer]:
        made: dict[str, Answer] = {"UID SEARCH": b"* SEARCH %b\r\n" % " ".join(map(str, self.listed)).encode() + OK}
        for number in range(1, 16):
            uids = [uid for uid in (1, 2, 3, 4) if number >> (uid - 1) & 1]
            named = ",".join(map(str, uids))
            made[f"UID FETCH {named} (RFC822.SIZE"] = b"".join(map(size, uids)) + OK
            made[f"UID FETCH {named} (BODY"] = self._answer(uids, item)
        return made


class Site:
    """An account on a scripted server, an archive, and a clock that is moved by hand."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.now = START

    def account(self, port: int) -> Account:
        table = {"name": "articles", "host": "127.0.0.1", "port": port, "security": "none", "username": "jane"}
        return Account.model_validate({**table, "password": "secret"})

    def round(self, mail: Poisoned) -> RoundResult | str:
        with ScriptedServer(mail.answers()) as server, Store.open(self.root, min_free=0) as store:
            try:
                return poll_account(
                    self.account(server.port), store, InProcess(), rules=Rules(UTC), stop=threading.Event()
                )
            except MailboxError as error:
                return str(error)

    def preview(self, mail: Poisoned) -> RoundResult:
        with ScriptedServer(mail.answers()) as server:
            return preview_account(self.account(server.port), self.root)

    def audit(self, mail: Poisoned) -> FolderAudit:
        with ScriptedServer(mail.answers()) as server:
            (found,) = audit_account(self.account(server.port), self.root)
        assert isinstance(found, FolderAudit)
        return found

    def filed(self) -> list[str]:
        lines = (self.root / "manifest.jsonl").read_bytes().splitlines() if self.root.exists() else []
        return [json.loads(line)["title"] for line in lines]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    site = Site(tmp_path / "archive")

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return site.now

    for module in (poll, folder_round):
        monkeypatch.setattr(module, "datetime", Clock)
    return site


def told(result: RoundResult | str) -> tuple[int, int, int, int]:
    assert isinstance(result, RoundResult), result
    return result.found, result.filed, result.failed, result.waiting


def test_a_message_that_is_not_given_waits_longer_each_time(site: Site) -> None:
    mail = Poisoned(u2=b"* 2 FETCH (UID 2 " + DATE + b" BODY[] NIL)\r\n")
    first = site.round(mail)
    assert told(first) == (4, 3, 1, 0)
    assert isinstance(first, RoundResult)
    assert not first.is_sound()
    assert sorted(site.filed()) == ["Walk 1", "Walk 3", "Walk 4"]
    assert told(site.round(mail)) == (1, 0, 1, 0), "the second try comes with the next round"
    assert told(site.round(mail)) == (0, 0, 0, 1)
    assert site.preview(mail).waiting == 1
    site.now += FIRST_PAUSE
    assert told(site.round(mail)) == (1, 0, 1, 0)
    site.now += FIRST_PAUSE
    assert told(site.round(mail)) == (0, 0, 0, 1)
    found = site.audit(mail)
    assert found.counts == {"failed": 1, "filed": 3}
    failure = found.failures[2]
    assert (failure.tries, failure.next_try) == (3, "2024-03-07T12:30:00+00:00")
    assert "does not give it" in failure.why
    assert not found.is_sound()
    site.now += FIRST_PAUSE
    assert told(site.round(Poisoned())) == (1, 1, 0, 0)
    assert site.audit(Poisoned()).counts == {"filed": 4}
    assert site.audit(Poisoned()).is_sound()


def test_a_clock_that_was_set_back_makes_no_message_wait_for_years(site: Site) -> None:
    mail = Poisoned(u2=b"* 2 FETCH (UID 2 BODY[] NIL)\r\n")
    site.now += timedelta(days=3650)
    for expected in ((4, 3, 1, 0), (1, 0, 1, 0), (0, 0, 0, 1)):
        assert told(site.round(mail)) == expected
    site.now = START
    assert told(site.round(Poisoned())) == (1, 1, 0, 0)


def test_a_message_that_breaks_the_connection_holds_up_no_other(site: Site) -> None:
    """Three rounds: it takes its batch along, then is found out one by one, then the others are through."""
    mail = Poisoned(u2=b"* 2 FETCH (UID 2 BODY[] {9999}\r\nSubject: short" + HANG_UP)
    assert "broke" in str(site.round(mail))
    assert site.filed() == []
    assert "broke" in str(site.round(mail))
    assert site.filed() == ["Walk 1"]
    assert told(site.round(mail)) == (2, 2, 0, 1)
    assert sorted(site.filed()) == ["Walk 1", "Walk 3", "Walk 4"]
    found = site.audit(mail)
    assert [(uid, failure.tries) for uid, failure in found.failures.items()] == [(2, 2)]
    site.now += timedelta(days=2)
    assert told(site.round(Poisoned())) == (1, 1, 0, 0)
    assert site.audit(Poisoned()).counts == {"filed": 4}


def test_new_mail_comes_before_what_failed(site: Site) -> None:
    mail = Poisoned(u2=b"* 2 FETCH (UID 2 BODY[] {9999}\r\n" + HANG_UP)
    mail.listed = [1, 2]
    assert "broke" in str(site.round(mail))
    mail.listed = [1, 2, 3, 4]
    assert "broke" in str(site.round(mail))
    assert sorted(site.filed()) == ["Walk 1", "Walk 3", "Walk 4"]


def test_what_is_gone_has_not_failed_and_is_forgotten(site: Site) -> None:
    mail = Poisoned(u2=b"* 2 FETCH (UID 2 BODY[] NIL)\r\n")
    assert told(site.round(mail)) == (4, 3, 1, 0)
    mail.listed.remove(2)
    assert told(site.round(mail)) == (0, 0, 0, 0)
    with Store.open(site.root) as store:
        assert store.failures("articles", "INBOX", 77) == {}


def test_a_refusal_of_the_sizes_is_one_messages_too(site: Site) -> None:
    mail = Poisoned()
    answers = mail.answers()
    for named in ("1,2,3,4", "1,2", "2"):
        answers[f"UID FETCH {named} (RFC822.SIZE"] = b"{tag} NO the message is damaged\r\n"
    with ScriptedServer(answers) as server, Store.open(site.root, min_free=0) as store:
        account = site.account(server.port)
        result = poll_account(account, store, InProcess(), rules=Rules(UTC), stop=threading.Event())
    assert told(result) == (4, 3, 1, 0)


def test_an_empty_search_does_not_make_what_is_there_gone(site: Site) -> None:
    """What was filed is still acknowledged: the server listed nothing, once, when all of the folder was compared."""

    def flagging_round(**answers: Answer) -> tuple[RoundResult, list[str]]:
        given = Poisoned().answers() | {"UID SEARCH UID": b"* SEARCH 1 2 3 4\r\n" + OK} | answers
        with ScriptedServer(given) as server, Store.open(site.root, min_free=0) as store:
            account = site.account(server.port).model_copy(update={"after": After("flag")})
            result = poll_account(account, store, InProcess(), rules=Rules(UTC), stop=threading.Event())
            return result, server.commands

    result, _ = flagging_round(**{"UID STORE": b"{tag} NO not now\r\n"})
    assert (result.filed, len(result.troubles)) == (4, 1)
    site.now += timedelta(days=2)
    _, commands = flagging_round(**{"UID SEARCH": b"* SEARCH\r\n" + OK, "UID STORE": OK})
    assert any(command.startswith("UID STORE") for command in commands)


def of_several(site: Site, **answers: Answer) -> tuple[RoundResult | str, list[str]]:
    """A round over the folders A, B and C, each with what `Poisoned` has, and the commands that came."""
    with ScriptedServer(Poisoned().answers() | answers) as server, Store.open(site.root, min_free=0) as store:
        account = site.account(server.port).model_copy(update={"folders": ("A", "B", "C")})
        try:
            result = poll_account(account, store, InProcess(), rules=Rules(UTC), stop=threading.Event())
        except MailboxError as error:
            return str(error), server.commands
        return result, server.commands


BYE = b"* BYE internal error\r\n" + HANG_UP


@pytest.mark.parametrize("broken", ["A", "B", "C"])
def test_a_folder_that_breaks_the_connection_does_not_starve_the_others(site: Site, broken: str) -> None:
    """As a server does whose index of one folder is damaged: in every round."""
    for _ in range(2):
        result, commands = of_several(site, **{f'EXAMINE "{broken}"': BYE, f"EXAMINE {broken}": BYE})
        assert isinstance(result, RoundResult), result
        assert len([command for command in commands if command.startswith("EXAMINE")]) == 3
        (trouble,) = result.troubles
        assert f"open the folder '{broken}'" in trouble
        assert "broke" in trouble
        assert not result.is_sound()
    assert len(site.filed()) == 4


def test_a_log_in_that_is_refused_the_second_time_ends_the_round(site: Site) -> None:
    log_in: Answer = [b"{tag} OK welcome\r\n", b"{tag} NO [AUTHENTICATIONFAILED] no\r\n"]
    result, commands = of_several(site, EXAMINE=BYE, password=log_in)
    assert "refused the log-in" in str(result)
    assert len([command for command in commands if command.startswith("EXAMINE")]) == 1


def test_a_connection_that_breaks_twice_ends_the_round(site: Site) -> None:
    result, commands = of_several(site, EXAMINE=BYE)
    assert "open the folder 'B'" in str(result)
    assert len([command for command in commands if command.startswith("EXAMINE")]) == 2


def test_a_server_that_asks_for_a_pause_is_left_alone(site: Site) -> None:
    busy = b"* BYE Server busy. Suggested Back-Off Time: 30 seconds\r\n" + HANG_UP
    result, commands = of_several(site, **{"EXAMINE B": busy, 'EXAMINE "B"': busy})
    assert "30 seconds" in str(result)
    assert len([command for command in commands if command.startswith("EXAMINE")]) == 2


def test_a_message_that_the_server_cannot_read_holds_up_no_other(site: Site) -> None:
    """Dovecot says [SERVERBUG] to the whole FETCH where one file of it is damaged."""
    mail = Poisoned()
    answers = mail.answers()
    for named in ("1,2,3,4", "1,2", "2"):
        answers[f"UID FETCH {named} (BODY"] = b"{tag} NO [SERVERBUG] Internal error occurred\r\n"
    for expected in ((4, 3, 1, 0), (1, 0, 1, 0), (0, 0, 0, 1)):
        with ScriptedServer(answers) as server, Store.open(site.root, min_free=0) as store:
            account = site.account(server.port)
            result = poll_account(account, store, InProcess(), rules=Rules(UTC), stop=threading.Event())
        assert told(result) == expected


def test_a_large_message_for_which_there_is_no_room_holds_up_no_other(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def round_() -> tuple[int, int, int, int]:
        answers = Poisoned().answers()
        answers["UID FETCH 1,2,3,4 (RFC822.SIZE"] = size(1) + resized(2, 9_000_000) + size(3) + size(4) + OK
        answers["UID FETCH 2 (RFC822.SIZE"] = resized(2, 9_000_000) + OK
        with ScriptedServer(answers) as server, Store.open(site.root, min_free=0) as store:
            account = site.account(server.port)
            return told(poll_account(account, store, InProcess(), rules=Rules(UTC), stop=threading.Event()))

    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "tempdir", "/nowhere/at/all")
        assert round_() == (4, 3, 1, 0)
    assert sorted(site.filed()) == ["Walk 1", "Walk 3", "Walk 4"]
    assert round_() == (1, 1, 0, 0), "its size is stated wrongly, and it comes all the same"


@pytest.mark.parametrize("stated", [70, 9_000_000])
def test_a_message_far_longer_than_stated_comes_when_it_is_tried_alone(site: Site, stated: int) -> None:
    long = item(2).split(b"{")[0] + b"{%d}\r\n%b)\r\n"
    data = body(2) + b"A word about the tide.\r\n" * (3 * stated // 24 + 60_000)
    mail = Poisoned(u2=long % (len(data), data))
    answers = mail.answers()
    for named in ("1,2,3,4", "2"):
        rest = b"" if named == "2" else size(1) + size(3) + size(4)
        answers[f"UID FETCH {named} (RFC822.SIZE"] = resized(2, stated) + rest + OK
    with ScriptedServer(answers) as server, Store.open(site.root, min_free=0) as store:
        account = site.account(server.port)
        rounds = partial(poll_account, account, store, InProcess(), rules=Rules(UTC), stop=threading.Event())
        with pytest.raises(MailboxError, match=f"announced {len(data)} bytes"):
            rounds()
        filed = len(site.filed())
        done = rounds()
    assert (done.failed, done.waiting, filed + done.filed) == (0, 0, 4)


@pytest.mark.parametrize("is_unwanted", [False, True])
def test_a_large_message_that_was_interrupted_comes_last(
    site: Site, monkeypatch: pytest.MonkeyPatch, is_unwanted: bool
) -> None:
    """By a round that takes too long, it is; not by one whose end does not want it any more."""
    piece = b"x" * pieces.PIECE
    answers = Poisoned().answers()
    answers["UID FETCH 1,2,3,4 (RFC822.SIZE"] = resized(1, 9_000_000) + size(2) + size(3) + size(4) + OK
    answers["UID FETCH 1 (RFC822.SIZE"] = resized(1, 9_000_000) + OK
    answers["UID FETCH 1 (BODY.PEEK[]<0."] = b"* 1 FETCH (UID 1 BODY[]<0> {%d}\r\n%b)\r\n" % (len(piece), piece) + OK
    answers[f"UID FETCH 1 (BODY.PEEK[]<{len(piece)}."] = b"* 1 FETCH (UID 1 BODY[]<%d> {9}\r\nSlow" % len(piece)
    mailboxes: list[ImapMailbox] = []
    real = pieces._write

    def watched(file: Any, data: bytes) -> None:
        real(file, data)
        threading.Timer(0.2, partial(mailboxes[-1].interrupt, is_unwanted=is_unwanted)).start()

    monkeypatch.setattr(pieces, "_write", watched)

    def round_() -> str:
        with ScriptedServer(answers) as server, Store.open(site.root, min_free=0) as store:
            stop = threading.Event()
            with pytest.raises(MailboxError, match="was ended at") as ended:
                poll_account(
                    site.account(server.port),
                    store,
                    InProcess(),
                    rules=Rules(UTC),
                    stop=stop,
                    on_mailbox=mailboxes.append,
                )
            assert store.failures("articles", "INBOX", 77).keys() == (set() if is_unwanted else {1})
        return str(ended.value)

    round_()
    assert site.filed() == []
    round_()
    assert sorted(site.filed()) == ([] if is_unwanted else ["Walk 2", "Walk 3", "Walk 4"])


def test_the_pause_grows_to_a_day() -> None:
    assert [pause(tries) / FIRST_PAUSE for tries in (1, 2, 3, 4, 5)] == [0, 1, 2, 4, 8]
    assert pause(50) == LONGEST_PAUSE == timedelta(days=1)


# --- the audit ------------------------------------------------------------------------------------------------------


def config(tmp_path: Path, *ports: int) -> Path:
    path = tmp_path / "config.toml"
    tables = [
        f'[[account]]\nname = "a{number}"\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\n'
        'username = "jane"\npassword = "secret"\n'
        for number, port in enumerate(ports)
    ]
    path.write_text("\n".join(['[archive]\nroot = "archive"\nmin_free = 0\n', *tables]))
    path.chmod(0o600)
    return path


def test_the_command_tells_each_heading_and_its_exit_code(tmp_path: Path) -> None:
    mail = Poisoned(u2=b"* 2 FETCH (UID 2 BODY[] NIL)\r\n")
    with ScriptedServer(mail.answers()) as server:
        path = str(config(tmp_path, server.port))
        before = CliRunner().invoke(app, ["audit", "--config", path])
        assert (before.exit_code, before.stdout) == (0, "a0: INBOX: 4 messages: 4 pending\n")
        assert not (tmp_path / "archive").exists()
        assert CliRunner().invoke(app, ["poll", "--config", path]).exit_code == 1
        tree = {file: file.stat().st_mtime_ns for file in (tmp_path / "archive").rglob("*")}
        done = CliRunner().invoke(app, ["audit", "--config", path])
        asked = CliRunner().invoke(app, ["audit", "--config", path, "--json"])
        assert {file: file.stat().st_mtime_ns for file in (tmp_path / "archive").rglob("*")} == tree
        assert not any(command.startswith(("SELECT", "UID STORE")) for command in server.commands[-20:])
    assert done.exit_code == asked.exit_code == 3
    first, second = done.stdout.splitlines()
    assert first == "a0: INBOX: 4 messages: 3 filed, 1 could not be fetched"
    assert second.startswith("a0: INBOX: UID 2 could not be fetched, 1 time; next try 20")
    told = json.loads(asked.stdout)
    assert (told["counts"], told["failures"]["2"]["tries"], told["error"]) == ({"failed": 1, "filed": 3}, 1, None)


def test_what_was_filed_and_is_gone_is_lost(tmp_path: Path, site: Site) -> None:
    assert told(site.round(Poisoned())) == (4, 4, 0, 0)
    third = next(path for path in site.root.glob("2024/03/*") if "walk-3" in path.name)
    third.rename(tmp_path / "elsewhere")
    found = site.audit(Poisoned())
    assert found.counts == {"filed": 3, "lost": 1}
    assert found.lost == {3: f"{third.relative_to(site.root)} is missing"}
    assert not found.is_sound()


def test_an_account_that_cannot_be_reached_is_said(tmp_path: Path) -> None:
    with ScriptedServer(Poisoned().answers()) as server:
        path = str(config(tmp_path, 1, server.port))
        done = CliRunner().invoke(app, ["audit", "--config", path])
    assert (done.exit_code, done.stdout) == (1, "a1: INBOX: 4 messages: 4 pending\n")
    assert "account a0" in done.stderr


def test_a_server_without_uidvalidity_is_said(site: Site) -> None:
    answers = Poisoned().answers() | {"EXAMINE": b"* 4 EXISTS\r\n{tag} OK [READ-ONLY] done\r\n"}
    with ScriptedServer(answers) as server:
        (found,) = audit_account(site.account(server.port), site.root)
    assert isinstance(found, FolderAudit)
    assert found.counts == {"untold": 4}
