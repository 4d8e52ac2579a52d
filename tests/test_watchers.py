"""Those who wait for mail: they wake rounds, come back after trouble, and bother no server."""

from __future__ import annotations

import logging
import random
import threading
import time
from itertools import pairwise
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Self

import pytest

from mailarchiver import watchers as watchers_module
from mailarchiver.config import Account
from mailarchiver.errors import LoginRefused, MailboxError
from mailarchiver.mailbox.idle import RENEW_SECONDS
from mailarchiver.watchers import WATCHED_FOLDERS, Watcher, Watchers
from tests.servers.idling import OK, PATIENCE, IdleServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOURS_72 = 72 * 3600.0


def account_on(port: int, **changed: object) -> Account:
    table = {"name": "a", "host": "127.0.0.1", "port": port, "security": "none", "username": "x", "password": "x"}
    return Account.model_validate({**table, **changed})


class Rounds:
    """What watchers know of the rounds: they are woken, and tell whether the account is well."""

    def __init__(self) -> None:
        self.woken: list[str] = []
        self.well = threading.Event()
        self.well.set()
        self._changed = threading.Condition()

    def wake(self, name: str) -> None:
        with self._changed:
            self.woken.append(name)
            self._changed.notify_all()

    def await_well(self, _: str, stop: threading.Event) -> bool:
        while not stop.is_set():
            if self.well.wait(0.05):
                return True
        return False

    def wait_for(self, number: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.woken) >= number, PATIENCE), self.woken


@pytest.fixture
def rounds() -> Rounds:
    return Rounds()


@pytest.fixture
def watch(rounds: Rounds) -> Iterator[Callable[..., Watchers]]:
    """Follows folders of an account until the test is over."""
    begun: list[Watchers] = []

    def watch(account: Account, *folders: str, renew: float = RENEW_SECONDS) -> Watchers:
        watchers = Watchers(rounds.wake, rounds.await_well, renew=renew)
        begun.append(watchers)
        watchers.follow(account, folders)
        return watchers

    yield watch
    for watchers in begun:
        watchers.stop()
        assert watchers.join(PATIENCE)


def test_it_wakes_a_round_when_it_is_there_and_when_mail_comes(rounds: Rounds, watch: Any) -> None:
    with IdleServer() as server:
        watch(account_on(server.port), "INBOX")
        server.wait_for("IDLE", lambda it: it.idling() == 1)
        rounds.wait_for(1)
        server.tell(b"* 1 EXISTS\r\n")
        rounds.wait_for(2)
        assert rounds.woken == ["a", "a"]
        assert server.count("IDLE") == 1


def test_it_is_renewed_and_wakes_nobody_by_that(rounds: Rounds, watch: Any) -> None:
    with IdleServer() as server:
        watch(account_on(server.port), "INBOX", renew=0.02)
        server.wait_for("IDLE", lambda it: it.count("IDLE") >= 5)
        assert (rounds.woken, server.connected) == (["a"], 1)


def test_it_comes_back_after_a_while_and_wakes_a_round_for_what_it_missed(rounds: Rounds, watch: Any) -> None:
    with IdleServer() as server:
        watch(account_on(server.port), "INBOX")
        server.wait_for("IDLE", lambda it: it.idling() == 1)
        server.hang_up()
        server.wait_for("IDLE again", lambda it: it.connected == 2 and it.idling() == 1)
        rounds.wait_for(2)


def test_it_does_not_come_back_before_the_account_is_well(rounds: Rounds, watch: Any) -> None:
    with IdleServer() as server:
        watch(account_on(server.port), "INBOX")
        server.wait_for("IDLE", lambda it: it.idling() == 1)
        rounds.well.clear()
        server.hang_up()
        server.wait_for("the end", lambda it: it.idling() == 0)
        assert not rounds.well.wait(3)
        assert server.connected == 1
        rounds.well.set()
        server.wait_for("IDLE again", lambda it: it.idling() == 1)


def test_a_server_without_push_is_said_once(rounds: Rounds, watch: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "mailarchiver")
    with IdleServer({"CAPABILITY": b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n" + OK}) as server:
        account = account_on(server.port)
        watchers = watch(account, "INBOX", "Other")
        server.wait_for("two attempts", lambda it: it.count("LOGOUT") == 2)
        watchers.follow(account, ["INBOX", "Other"])
        assert watchers.join(PATIENCE)
        assert server.connected == 2, "one for each folder, and never again"
    assert caplog.text.count("the server offers no push (IDLE); it is polled every 0:05:00") == 1
    assert rounds.woken == []


@pytest.mark.parametrize("answer", [b"{tag} NO not now\r\n", b"{tag} BAD what?\r\n"])
def test_a_server_that_refuses_idle_is_not_asked_in_a_loop(watch: Any, answer: bytes) -> None:
    with IdleServer({"IDLE": answer}) as server:
        watch(account_on(server.port), "INBOX")
        server.wait_for("a second attempt", lambda it: it.count("IDLE") == 2)
        assert server.connected == 2


def test_one_that_ended_because_its_account_was_away_is_replaced(rounds: Rounds) -> None:
    with IdleServer() as server:
        is_known = False
        account = account_on(server.port)
        watchers = Watchers(rounds.wake, lambda name, stop: is_known and rounds.await_well(name, stop))
        watchers.follow(account, ["INBOX"])
        assert watchers.join(PATIENCE)
        is_known = True
        watchers.follow(account, ["INBOX"])
        server.wait_for("IDLE", lambda it: it.idling() == 1)
        watchers.stop()
        assert watchers.join(PATIENCE)


def test_one_that_cannot_begin_is_tried_again(rounds: Rounds, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise RuntimeError("can't start new thread")

    with IdleServer() as server:
        account = account_on(server.port)
        watchers = Watchers(rounds.wake, rounds.await_well)
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", refuse)
            with pytest.raises(RuntimeError):
                watchers.follow(account, ["INBOX"])
        assert watchers.join(PATIENCE)
        watchers.follow(account, ["INBOX"])
        server.wait_for("IDLE", lambda it: it.idling() == 1)
        watchers.stop()
        assert watchers.join(PATIENCE)


def test_so_many_folders_are_watched_and_no_more(watch: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "mailarchiver")
    with IdleServer() as server:
        account = account_on(server.port)
        folders = [f"Folder {number}" for number in range(WATCHED_FOLDERS + 2)]
        watchers = watch(account, *folders)
        server.wait_for("IDLE", lambda it: it.idling() == WATCHED_FOLDERS)
        watchers.follow(account, folders)
        assert server.connected == WATCHED_FOLDERS
    assert caplog.text.count("2 others") == 1


def test_folders_come_and_go(rounds: Rounds, watch: Any) -> None:
    with IdleServer() as server:
        account = account_on(server.port)
        watchers = watch(account, "INBOX", "Old")
        server.wait_for("two in IDLE", lambda it: it.idling() == 2)
        watchers.follow(account, ["INBOX", "New"])
        server.wait_for("two others in IDLE", lambda it: it.connected == 3 and it.idling() == 2)
        watchers.follow(account_on(server.port, push=False), ["INBOX", "New"])
        server.wait_for("none in IDLE", lambda it: it.idling() == 0)
        assert server.connected == 3
        watchers.follow(account_on(server.port, interval="1h"), ["INBOX"])
        server.wait_for("the new settings", lambda it: it.idling() == 1)
    assert set(rounds.woken) == {"a"}


def test_accounts_do_not_disturb_each_other(watch: Any) -> None:
    with IdleServer() as server:
        watchers = watch(account_on(server.port), "INBOX")
        watchers.follow(account_on(server.port, name="b"), ["INBOX"])
        server.wait_for("two in IDLE", lambda it: it.idling() == 2)
        watchers.follow(account_on(server.port), [])
        server.wait_for("one in IDLE", lambda it: it.idling() == 1)


@pytest.mark.parametrize(
    "answers", [{"IDLE": b""}, {"EXAMINE": b""}, {"CAPABILITY": b""}, {}], ids=["IDLE", "EXAMINE", "greeting", "idling"]
)
def test_they_end_at_once_wherever_they_wait(rounds: Rounds, answers: dict[str, bytes]) -> None:
    with IdleServer(answers) as server:
        watchers = Watchers(rounds.wake, rounds.await_well)
        watchers.follow(account_on(server.port), ["INBOX"])
        last = next(iter(answers), "IDLE")
        server.wait_for(last, lambda it: it.count(last) == 1)
        assert watchers.go_on(0)
        watchers.stop()
        assert watchers.join(9)
        watchers.follow(account_on(server.port), ["Other"])
        assert server.connected == 1, "nothing begins after the end"


def test_one_that_hangs_is_noticed(rounds: Rounds, watch: Any) -> None:
    with IdleServer() as server:
        watchers = watch(account_on(server.port), "INBOX")
        rounds.wait_for(1)
        assert watchers.go_on(time.monotonic())
        assert not watchers.go_on(time.monotonic() + 2 * RENEW_SECONDS + 600)


# --- three days -------------------------------------------------------------------------------------------------------


class Days:
    """Three days of a watcher in no time: a clock that it moves by waiting, and a server with moods."""

    def __init__(self, seed: int, fails: Callable[[Days], Exception | None]) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - no secret
        self.now = 0.0
        self.fails = fails
        self.waits: list[float] = []
        self.connected: list[float] = []
        self.in_idle = 0.0
        self.woken: list[float] = []
        self.missed: list[float] = []

    # the event that stops it
    def is_set(self) -> bool:
        return self.now >= HOURS_72

    def wait(self, seconds: float) -> None:
        self.now += seconds

    # the connection
    def __call__(self, *_: object) -> Self:
        return self

    def __enter__(self) -> Self:
        self.now += 0.5
        self.connected.append(self.now)
        error = self.fails(self)
        if error:
            raise error
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def open(self, _: str) -> bool:
        return True

    def idle(self, seconds: float, on_news: Callable[[], None], *, on_start: Callable[[], None]) -> None:
        on_start()
        lasts = self.chance.uniform(0, 4 * seconds)
        self.waits.append(seconds)
        self.in_idle += min(lasts, seconds)
        self.now += min(lasts, seconds)
        if lasts < seconds / 2:
            on_news()
        elif lasts < seconds and (error := self.fails(self)):
            raise error

    def interrupt(self) -> None:
        pass


def live(days: Days, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three days of a watcher, in this thread."""
    monkeypatch.setattr(watchers_module, "FolderWatch", days)
    monkeypatch.setattr(watchers_module, "time", SimpleNamespace(monotonic=lambda: days.now))
    monkeypatch.setattr(watchers_module, "random", days.chance)
    watcher = Watcher(
        account_on(1),
        "INBOX",
        lambda _: days.woken.append(days.now),
        lambda *_: not days.is_set(),
        lambda _: None,
        540.0,
    )
    monkeypatch.setattr(watcher, "_stop", days)
    watcher._live()


def test_72_hours_on_a_server_that_hangs_up_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    days = Days(4, lambda it: MailboxError("hung up") if it.chance.random() < 0.3 else None)
    live(days, monkeypatch)
    assert max(days.waits) <= 9 * 60, "IDLE is renewed after 9 minutes"
    assert days.in_idle > 0.97 * HOURS_72, "and little time is spent elsewhere"
    gaps = [after - before for before, after in pairwise(days.connected)]
    assert min(gaps) >= 1
    assert len(days.connected) < 300


def test_72_hours_on_a_server_that_refuses_the_log_in(monkeypatch: pytest.MonkeyPatch) -> None:
    days = Days(4, lambda _: LoginRefused("no"))
    live(days, monkeypatch)
    assert len(days.connected) <= 20
    assert days.woken == []


def test_72_hours_on_a_server_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    days = Days(4, lambda _: MailboxError("no route to host"))
    live(days, monkeypatch)
    assert len(days.connected) < 72 * 60 / 5, "every 7.5 minutes, on average"


def test_72_hours_with_a_defect_of_ours(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    days = Days(4, lambda _: ZeroDivisionError())
    live(days, monkeypatch)
    assert 72 <= len(days.connected) <= 80, "once an hour"
    assert "Traceback" in caplog.text


def test_72_hours_on_a_server_that_hangs_up_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes the connection, and ends it: that is no success from which to begin anew."""
    days = Days(4, lambda _: None)

    def idle(*_: object, **__: object) -> None:
        days.now += 0.1
        raise MailboxError("hung up")

    monkeypatch.setattr(days, "idle", idle)
    live(days, monkeypatch)
    assert len(days.connected) < 72 * 60 / 5
