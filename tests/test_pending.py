"""What a round has to do with: only what is new or left undone, whatever the folder holds; what is too large."""

from __future__ import annotations

import json
import threading
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mailarchiver import folder_round, pending, poll
from mailarchiver.archive.store import Store
from mailarchiver.audit import FolderAudit, audit_account
from mailarchiver.cli.app import app
from mailarchiver.config import Account
from mailarchiver.errors import FetchBrokeError
from mailarchiver.folder_round import FolderRound, RoundResult
from mailarchiver.mailbox import imap
from mailarchiver.mailbox.fetch import read_bodies
from mailarchiver.mailbox.imap import Bounds, ImapMailbox
from mailarchiver.model import After, Rules
from mailarchiver.poll import poll_account, preview_account
from mailarchiver.workers import InProcess
from tests.servers.fixtures import NOON, Mailbox, dovecot, mailbox
from tests.servers.scripted import Answer, ScriptedServer

__all__ = ["dovecot", "mailbox"]

OK = b"{tag} OK done\r\n"
on_dovecot = pytest.mark.parametrize("mailbox", [pytest.param("dovecot", marks=pytest.mark.dovecot)], indirect=True)


def mail(number: int, octets: int = 0) -> bytes:
    text = f"From: jane@example.org\r\nSubject: Walk {number}\r\n\r\nUp the hill and down, {number}.\r\n"
    return text.encode() + (b"x" * 70 + b"\r\n") * (octets // 72)


class Site:
    """An account on a server, an archive, a clock that is moved by hand, and what was asked of the server."""

    def __init__(self, root: Path, mailbox: Mailbox, asked: list[str]) -> None:
        self.root = root
        self.mailbox = mailbox
        self.now = datetime(2024, 3, 7, 12, 0, tzinfo=UTC)
        self.searches = asked
        self.delivered = 0

    def deliver(self, *octets: int, received: datetime = NOON) -> None:
        for each in octets or (0,):
            self.delivered += 1
            self.mailbox.other.deliver(mail(self.delivered, each), received)

    def account(self, after: str = "keep", since: date | None = None, folder: str = "INBOX") -> Account:
        server = self.mailbox.server
        table = {"name": "articles", "host": server.host, "port": server.port, "security": server.security}
        more = {"username": server.username, "password": self.mailbox.password, "ca_file": server.ca_file}
        return Account.model_validate({**table, **more, "after": after, "since": since, "folders": [folder]})

    def round(
        self, after: str = "keep", *, largest: int = 10_000, since: date | None = None, folder: str = "INBOX"
    ) -> RoundResult:
        self.searches.clear()
        with Store.open(self.root, min_free=0) as store:
            bounds = Bounds(1_000_000, largest)
            account = self.account(after, since, folder)
            return poll_account(account, store, InProcess(), rules=Rules(UTC), stop=threading.Event(), bounds=bounds)

    def audit(self, *, largest: int = 10_000) -> FolderAudit:
        (found,) = audit_account(self.account(), self.root, largest=largest)
        assert isinstance(found, FolderAudit)
        return found

    def titles(self) -> list[str]:
        return sorted(json.loads(line)["title"] for line in (self.root / "manifest.jsonl").read_bytes().splitlines())

    def uids(self) -> list[int]:
        return sorted(self.mailbox.other.flags())

    def flags(self) -> list[set[bytes]]:
        return list(self.mailbox.other.flags().values())


@pytest.fixture
def site(tmp_path: Path, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> Site:
    asked: list[str] = []
    real = ImapMailbox.search

    def search(self: ImapMailbox, since: date | None, *, above: int = 0) -> list[int]:
        asked.append("beyond" if above else "all")
        return real(self, since, above=above)

    monkeypatch.setattr(ImapMailbox, "search", search)
    monkeypatch.setattr(pending, "LOOK_BACK", 0)
    site = Site(tmp_path / "archive", mailbox, asked)

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return site.now

    for module in (poll, folder_round):
        monkeypatch.setattr(module, "datetime", Clock)
    return site


# --- the cursor -----------------------------------------------------------------------------------------------------


def test_only_what_lies_beyond_the_cursor_is_asked_for(site: Site) -> None:
    site.deliver(0, 0, 0)
    assert (site.round().filed, site.searches) == (3, ["all"])
    assert (site.round().found, site.searches) == (0, ["beyond"])
    site.deliver()
    assert (site.round().filed, site.searches) == (1, ["beyond"])
    assert (site.round().found, site.searches) == (0, ["beyond"])
    assert site.audit().counts == {"filed": 4}


def test_a_message_that_turns_up_behind_a_later_one_is_found_by_the_next_round(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.deliver(*[0] * 6)
    monkeypatch.setattr(pending, "LOOK_BACK", 3)
    late, search = site.uids()[4], ImapMailbox.search

    def without(self: ImapMailbox, since: date | None, *, above: int = 0) -> list[int]:
        return [uid for uid in search(self, since, above=above) if uid != late]

    with monkeypatch.context() as patch:
        patch.setattr(ImapMailbox, "search", without)
        assert (site.round().filed, site.searches) == (5, ["all"])
    assert (site.round().filed, site.searches) == (1, ["beyond"])
    assert (site.round().found, site.searches) == (0, ["beyond"])


def test_once_a_day_the_whole_folder_is_compared(site: Site) -> None:
    site.deliver()
    assert (site.round().filed, site.searches) == (1, ["all"])
    site.now += timedelta(hours=23)
    assert (site.round().found, site.searches) == (0, ["beyond"])
    site.now += timedelta(hours=1)
    assert (site.round().found, site.searches) == (0, ["all"])
    assert (site.round().found, site.searches) == (0, ["beyond"])
    site.now -= timedelta(days=3650)
    assert (site.round().found, site.searches) == (0, ["all"]), "the clock was set back"


def test_another_since_and_another_ledger_end_the_cursor(site: Site) -> None:
    site.deliver(received=NOON - timedelta(days=9))
    site.deliver()
    assert (site.round(since=NOON.date()).filed, site.searches) == (1, ["all"])
    assert (site.round(since=NOON.date()).found, site.searches) == (0, ["beyond"])
    assert (site.round().filed, site.searches) == (1, ["all"])
    Store.rebuild(site.root)
    assert (site.round().found, site.searches) == (0, ["all"])


def test_a_round_that_is_stopped_leaves_the_cursor(site: Site) -> None:
    site.deliver(*[0] * 120)
    stop = threading.Event()
    with Store.open(site.root, min_free=0) as store:
        done = poll_account(
            *(site.account(), store, InProcess()),
            rules=Rules(UTC),
            stop=stop,
            progress=lambda done, _found: stop.set() if done else None,
        )
        assert (done.filed, store.cursor("articles", "INBOX")) == (100, None)
    assert (site.round().filed, site.searches) == (20, ["all"])


def test_what_was_left_undone_below_the_cursor_is_done(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.deliver(0, 0)
    with monkeypatch.context() as patch:
        patch.setattr(ImapMailbox, "acknowledge", lambda *_: set())
        assert site.round("seen").filed == 2
    site.mailbox.expunge(site.uids()[0])
    assert (site.round("seen").found, site.searches) == (0, ["beyond"])
    assert site.flags() == [{b"\\Seen"}]
    with Store.open(site.root) as store:
        assert store.unacknowledged("articles", "INBOX", store.cursor("articles", "INBOX").uidvalidity) == []  # type: ignore[union-attr]


# --- what is too large ----------------------------------------------------------------------------------------------


def test_what_is_too_large_is_flagged_told_once_and_listed(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site.deliver(0, 20_000, 0)
    uid = site.uids()[1]
    first = site.round("move:Archived")
    assert (first.found, first.filed, first.large, first.is_sound()) == (3, 2, 1, False)
    assert site.flags() == [{b"\\Flagged"}], "not moved"
    assert caplog.text.count(f"INBOX, UID {uid} has 20 KB, more than max_message (10 KB)") == 1
    again = site.round("move:Archived")
    assert (again.found, again.large, again.is_sound()) == (0, 0, True)
    assert caplog.text.count(f"UID {uid} has") == 1
    found = site.audit()
    assert (found.counts, found.is_sound()) == ({"large": 1}, True)
    assert 20_000 <= found.large[uid] < 20_200
    assert preview_account(site.account(), site.root, largest=10_000).found == 0


def test_a_larger_bound_brings_it(site: Site) -> None:
    site.deliver(20_000)
    assert site.round("seen").large == 1
    assert site.audit(largest=30_000).counts == {"pending": 1}
    assert preview_account(site.account(), site.root, largest=30_000).found == 1
    done = site.round("seen", largest=30_000)
    assert (done.filed, done.large, site.searches) == (1, 0, ["beyond"])
    assert site.flags() == [{b"\\Flagged", b"\\Seen"}]
    assert site.audit().counts == {"filed": 1}
    with Store.open(site.root) as store:
        assert store.large("articles", "INBOX", site.audit().uidvalidity) == {}


def test_with_keep_nothing_is_flagged(site: Site) -> None:
    site.deliver(20_000)
    assert site.round().large == 1
    assert site.flags() == [set()]


def test_a_flag_that_was_not_set_is_set_by_the_next_round(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.deliver(20_000)
    with monkeypatch.context() as patch:
        patch.setattr(ImapMailbox, "acknowledge", lambda *_: set())
        assert site.round("seen").large == 1
    assert site.flags() == [set()]
    assert site.round("seen").large == 0
    assert site.flags() == [{b"\\Flagged"}]


def test_a_round_that_is_stopped_flags_in_the_next(site: Site) -> None:
    """The connection is ended when a round is stopped: nothing more is asked of it."""
    site.deliver(20_000, *[0] * 120)
    stop = threading.Event()
    with Store.open(site.root, min_free=0) as store:
        done = poll_account(
            *(site.account("seen"), store, InProcess()),
            rules=Rules(UTC),
            stop=stop,
            bounds=Bounds(largest=10_000),
            progress=lambda done, _found: stop.set() if done else None,
        )
    assert (done.filed, done.large, done.troubles) == (100, 1, ())
    assert site.round("seen").filed == 20
    assert site.flags() == [{b"\\Flagged"}, *[{b"\\Seen"}] * 120]


def test_what_is_gone_is_forgotten(site: Site) -> None:
    site.deliver(20_000)
    assert site.round().large == 1
    site.mailbox.expunge(site.uids()[0])
    assert site.round().large == 0
    with Store.open(site.root) as store:
        assert store.large("articles", "INBOX", site.audit().uidvalidity) == {}


@pytest.mark.parametrize("mailbox", ["embedded"], indirect=True)
def test_the_commands_tell_of_it(site: Site, tmp_path: Path) -> None:
    site.deliver(0, 1_100_000)
    server = site.mailbox.server
    (tmp_path / "config.toml").write_text(
        f'[archive]\nroot = "archive"\nmin_free = 0\n[log]\nlevel = "error"\n[limits]\nmax_message = "1 MiB"\n'
        f'[[account]]\nname = "articles"\nhost = "{server.host}"\nport = {server.port}\nsecurity = "none"\n'
        f'username = "{server.username}"\npassword = "{site.mailbox.password}"\nafter = "flag"\n'
    )
    (tmp_path / "config.toml").chmod(0o600)
    options = ["--config", str(tmp_path / "config.toml")]
    first, second = (CliRunner().invoke(app, ["poll", *options]) for _ in range(2))
    assert (first.exit_code, second.exit_code, second.stderr) == (1, 0, "")
    assert "account articles: 1 message of more than 1.0 MB: left on the server; raise max_message" in first.stderr
    audit = CliRunner().invoke(app, ["audit", *options])
    assert (audit.exit_code, audit.stdout.splitlines()) == (
        0,
        [
            "articles: INBOX: 2 messages: 1 filed, 1 larger than `max_message`",
            f"articles: INBOX: UID {site.uids()[1]} has 1.1 MB, more than `max_message`: it is left on the server",
        ],
    )
    assert json.loads(CliRunner().invoke(app, ["audit", "--json", *options]).stdout)["counts"]["large"] == 1


def test_progress_hears_of_all_that_is_found_and_done(site: Site) -> None:
    site.deliver(*[0] * 120)
    heard: list[tuple[int, int]] = []
    with Store.open(site.root, min_free=0) as store:
        poll_account(
            *(site.account(), store, InProcess()),
            rules=Rules(UTC),
            stop=threading.Event(),
            progress=lambda done, found: heard.append((done, found)),
        )
    assert heard == [(0, 120), (50, 0), (50, 0), (20, 0)]


def test_a_long_round_is_told_in_the_log(
    site: Site, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_round, "TOLD_SECONDS", -1)
    caplog.set_level("INFO", "mailarchiver")
    site.deliver(*[0] * 60)
    site.round()
    assert "articles: INBOX: 50 of 60 messages" in caplog.text


# --- another UIDVALIDITY ----------------------------------------------------------------------------------------------


@on_dovecot
@pytest.mark.parametrize("after", ["keep", "seen", "move:Archived"])
def test_what_is_known_is_recognised_under_another_uidvalidity(
    site: Site, after: str, dovecot: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Three times in a row: the UIDs stay, so each names a message that was known under the old UIDVALIDITY, too."""
    user = site.mailbox.server.username
    site.deliver(0, 0, 0)
    total = 3
    site.round(after)
    for epoch in (700_000_001, 700_000_002, 700_000_003):
        site.deliver()
        with monkeypatch.context() as patch:  # filed, and stopped before anything is done on the server
            patch.setattr(ImapMailbox, "acknowledge", lambda *_: set())
            assert site.round(after).filed == 1
        left = len(site.flags())
        site.mailbox.other.flags("Archived")  # for the server sends away whoever has the folder open
        dovecot.doveadm("mailbox", "update", "-u", user, "--uid-validity", str(epoch), "INBOX")
        site.deliver()
        total += 2
        acts: list[tuple[int | None, set[int]]] = []
        real = ImapMailbox.acknowledge

        def watched(self: ImapMailbox, uids: Any, after: After, *more: Any) -> set[int]:
            acts.append((self._need_selected().uidvalidity, set(uids)))  # noqa: B023 - of this turn
            return real(self, uids, after, *more)  # noqa: B023 - likewise

        with monkeypatch.context() as patch:
            patch.setattr(ImapMailbox, "acknowledge", watched)
            done = site.round(after)
        assert (done.found, done.filed, done.already) == (left + 1, 1, left)
        assert {uidvalidity for uidvalidity, _ in acts} == {epoch}
        assert site.titles() == [f"Walk {number}" for number in range(1, total + 1)]
        assert f"numbered 'INBOX' anew (UIDVALIDITY {epoch} was" in caplog.text
        if after == "move:Archived":
            assert site.flags() == []
        else:
            assert site.flags() == [{b"\\Seen"} if after == "seen" else set()] * total
        assert site.audit().undone == 0
        again = site.round(after)
        assert (again.found, again.already) == (0, 0)
    if after == "move:Archived":
        assert len(site.mailbox.other.flags("Archived")) == total
    with Store.open(site.root) as store, store._access.reading() as ledger:
        assert ledger.open_count() == 0


@on_dovecot
def test_what_a_uid_meant_before_is_nothing_to_act_on(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """UID 1 was filed and not acknowledged; under the new UIDVALIDITY it is another message, which is too large."""
    other = site.mailbox.other
    other.create("Reading")
    other.deliver(mail(1), NOON, "Reading")
    with monkeypatch.context() as patch:
        patch.setattr(ImapMailbox, "acknowledge", lambda *_: set())
        assert site.round("move:Archived", folder="Reading").filed == 1
    other._client.delete_folder("Reading")
    other.create("Reading")
    other.deliver(mail(2, 20_000), NOON, "Reading")
    assert list(other.flags("Reading")) == [1]
    done = site.round("move:Archived", folder="Reading")
    assert (done.found, done.filed, done.already, done.large) == (1, 0, 0, 1)
    assert other.flags("Reading") == {1: {b"\\Flagged"}}
    assert other.flags("Archived") == {}


# --- stages that work at the same time --------------------------------------------------------------------------------


def fetch_by(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Fetch so many messages by one command, and hand on as many."""
    real = ImapMailbox.fetch

    def fetch(self: ImapMailbox, uids: Any, **options: Any) -> Any:
        return real(self, uids, **{**options, "at_once": number})

    monkeypatch.setattr(imap, "BODIES_AT_ONCE", number)
    monkeypatch.setattr(ImapMailbox, "fetch", fetch)


def test_batches_are_acknowledged_while_others_are_fetched(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    fetch_by(monkeypatch, 5)
    site.deliver(*[0] * 43)
    order: list[str] = []
    real = ImapMailbox.acknowledge

    def watched(self: ImapMailbox, uids: Any, after: After, *more: Any) -> set[int]:
        with Store.open(site.root) as store:
            assert set(uids) <= store.done_uids("articles", "INBOX", self._need_selected().uidvalidity)
        order.append("acknowledged")
        return real(self, uids, after, *more)

    monkeypatch.setattr(ImapMailbox, "acknowledge", watched)
    done = site.round("seen")
    assert (done.filed, done.is_sound(), len(order)) == (43, True, 9)
    assert site.flags() == [{b"\\Seen"}] * 43
    assert site.audit().undone == 0


def test_what_came_before_the_connection_broke_is_filed_and_acknowledged_later(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error of the batch that is fetched ahead comes when it is that batch's turn, with its own words."""
    fetch_by(monkeypatch, 5)
    site.deliver(*[0] * 12)
    real = read_bodies

    def breaking(client: Any, sizes: Any, **options: Any) -> Any:
        if site.uids()[7] in sizes:
            raise OSError("the line is cut")
        return real(client, sizes, **options)

    with monkeypatch.context() as patch:
        patch.setattr(imap, "read_bodies", breaking)
        with pytest.raises(FetchBrokeError, match="the line is cut") as broke:
            site.round("seen")
        assert list(broke.value.uids) == site.uids()[5:10]
    assert len(site.titles()) == 5
    done = site.round("seen")
    assert (done.found, done.filed) == (7, 7)
    assert site.flags() == [{b"\\Seen"}] * 12


@pytest.mark.parametrize("mailbox", ["embedded"], indirect=True)
@pytest.mark.parametrize("end", ["stop", "error"])
def test_the_end_of_a_round_does_not_wait_for_what_is_fetched_ahead(
    site: Site, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is interrupted has not failed."""
    body = mail(2)
    answers: dict[str, Answer] = {
        "UID SEARCH": b"* SEARCH 1 2\r\n" + OK,
        "UID FETCH 1 (RFC822.SIZE": b"* 1 FETCH (UID 1 RFC822.SIZE %d)\r\n" % len(body) + OK,
        "UID FETCH 2 (RFC822.SIZE": b"* 2 FETCH (UID 2 RFC822.SIZE %d)\r\n" % len(body) + OK,
        "UID FETCH 1 (BODY": b"* 1 FETCH (UID 1 BODY[] {%d}\r\n%b)\r\n" % (len(body), body) + OK,
        "UID FETCH 2 (BODY": b"* 2 FETCH (UID 2 BODY[] {%d}\r\nSubject: and then silence" % len(body),
    }
    fetch_by(monkeypatch, 1)
    stop = threading.Event()

    def hear(done: int, _found: int) -> None:
        if done and end == "error":
            raise KeyboardInterrupt
        (stop.set if done else stop.clear)()

    start = time.monotonic()
    with ScriptedServer(answers) as server, Store.open(site.root, min_free=0) as store:
        table = {"name": "articles", "host": "127.0.0.1", "port": server.port, "security": "none", "username": "jane"}
        account = Account.model_validate({**table, "password": "secret"})

        def poll() -> RoundResult:
            return poll_account(account, store, InProcess(), rules=Rules(UTC), stop=stop, progress=hear)

        monkeypatch.setattr(FolderRound, "acknowledge_all", lambda *_: hear(1, 0))
        if end == "stop":
            assert poll().filed == 1
        else:
            with pytest.raises(KeyboardInterrupt):
                poll()
        assert store.failures("articles", "INBOX", 77) == {}
    assert time.monotonic() - start < 20
    assert len(site.titles()) == 1
