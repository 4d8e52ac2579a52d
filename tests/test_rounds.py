"""The rounds: whose trouble stays whose, when the next one begins, and that all of them end."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import contextmanager
from itertools import pairwise
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from mailarchiver import publishing, supervision
from mailarchiver import rounds as rounds_module
from mailarchiver import upkeep as upkeep_module
from mailarchiver.archive.notes import Paused
from mailarchiver.config import Metrics, Settings
from mailarchiver.errors import ConfigError, LoginRefused, MailboxError, StoreError
from mailarchiver.events import Event, event_of, facts_of
from mailarchiver.folder_round import RoundResult
from mailarchiver.health import Health
from mailarchiver.model import MessageRef, Receipt
from mailarchiver.rounds import Rounds
from mailarchiver.schedule import Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PATIENCE = 30.0


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


class FakeNotes(dict[str, Paused]):
    """The accounts that are to be left alone."""

    def paused(self) -> dict[str, Paused]:
        return dict(self)

    def pause(self, account: str, paused: Paused) -> None:
        self[account] = paused

    def forget_pause(self, account: str) -> None:
        self.pop(account, None)


class FakeStore:
    """Takes the status; what else a store does is the rounds' business only through `poll`."""

    def __init__(self) -> None:
        self.status: Any = None
        self.notes = FakeNotes()
        self.revoked: list[threading.Event] = []

    def write_status(self, status: object) -> None:
        self.status = status

    def update_search(self, *, seconds: float) -> int:
        return 0

    def in_quarantine(self) -> int:
        return 3

    def lent(self, revoked: threading.Event) -> FakeStore:
        self.revoked.append(revoked)
        return self

    def rest(self) -> None:
        pass

    def dirty_months(self) -> list[str]:
        return []

    def months(self) -> list[tuple[str, int]]:
        return [("2024/03", 2), ("2024/02", 5)]


class FakePool:
    """Counts the shares that were taken back."""

    def __init__(self) -> None:
        self.revoked = 0

    def share(self) -> FakePool:
        return self

    def revoke(self) -> None:
        self.revoked += 1


def of_accounts(folder: Path, number: int, *, interval: str = "5m") -> Settings:
    account = {
        "interval": interval,
        "host": "localhost",
        "security": "none",
        "username": "x",
        "password": "x",
        "push": False,
    }
    accounts = [{**account, "name": f"a{index}"} for index in range(number)]
    return Settings.model_validate({"archive": {"root": str(folder / "archive")}, "account": accounts})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    account = {"host": "localhost", "security": "none", "username": "x", "password": "x", "push": False}
    accounts = [{**account, "name": "a"}, {**account, "name": "b"}]
    return Settings.model_validate({"archive": {"root": str(tmp_path / "archive")}, "account": accounts})


@contextmanager
def running(settings: Settings) -> Iterator[Rounds]:
    rounds, _ = make(settings)
    rounds.start()
    yield rounds
    assert rounds.end(PATIENCE)


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., RoundResult]], None]:
    """Put a function in place of a round over the network."""

    def play(poll_account: Callable[..., RoundResult]) -> None:
        monkeypatch.setattr(rounds_module, "poll_account", poll_account)
        monkeypatch.setattr(upkeep_module, "refresh_pages", lambda _store, **_: 0)
        monkeypatch.delenv("NOTIFY_SOCKET", raising=False)

    return play


def make(settings: Settings) -> tuple[Rounds, FakeStore]:
    store = FakeStore()
    return Rounds(settings, store, FakePool()), store  # type: ignore[arg-type]  # stand-ins


@pytest.mark.parametrize("error", [StoreError("disk full"), LoginRefused("no"), ZeroDivisionError("defect")])
def test_after_a_failure_an_account_is_left_alone_for_a_while(
    error: Exception, settings: Settings, play: Any, caplog: pytest.LogCaptureFixture
) -> None:
    tried: list[str] = []

    def poll_account(account: Any, *_: object, **__: object) -> RoundResult:
        tried.append(account.name)
        if account.name == "a":
            raise error
        return RoundResult("b", filed=1)

    play(poll_account)
    rounds, store = make(settings)
    for _ in range(3):
        for account in settings.account:
            rounds.wake(account.name)
            rounds.run(account)
    assert tried == ["a", "b", "b", "b"]
    told = store.status["accounts"]["a"]["error"]
    assert told == str(error) or (
        isinstance(error, ZeroDivisionError) and told.startswith("ZeroDivisionError in poll_account (test_rounds.py, ")
    )
    assert store.status["accounts"]["b"]["filed"] == 3
    assert store.status["quarantined"] == 3
    rounds.announcer.say()
    assert rounds.announcer._said.startswith(
        "2 accounts, last mail just now, 7 articles; 3 in quarantine; in trouble: a"
    )
    assert ("Traceback" in caplog.text) == isinstance(error, ZeroDivisionError), "a defect is shown whole"
    assert "is tried again in" in caplog.text


def test_a_refused_log_in_is_said_aloud_each_time(
    settings: Settings, play: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    tried: list[float] = []

    def poll_account(*_: object, **__: object) -> RoundResult:
        tried.append(now)
        raise LoginRefused("account a: refused the log-in")

    play(poll_account)
    monkeypatch.setattr(rounds_module, "time", SimpleNamespace(monotonic=lambda: now))
    rounds, _ = make(settings)
    for _ in range(24 * 60):
        rounds.wake("a")
        rounds.run(settings.account[0])
        now += 60
    told = [record for record in caplog.records if record.levelname == "ERROR"]
    gaps = [after - before for before, after in pairwise(tried)]
    assert gaps == [900, 1800, 3600, 7200, 14400, 21600, 21600]
    assert len(told) == len(tried)


def test_a_mailbox_in_trouble_is_tried_again_soon_and_by_itself(settings: Settings, play: Any) -> None:
    tried = threading.Semaphore(0)

    def poll_account(*_: object, **__: object) -> RoundResult:
        tried.release()
        raise MailboxError("no route to host")

    play(poll_account)
    with running(settings):
        for _ in range(2 * len(settings.account)):  # the interval is five minutes
            assert tried.acquire(timeout=PATIENCE)


def test_a_server_that_wants_to_be_left_alone_is(settings: Settings, play: Any) -> None:
    """It may say so of one folder, while the round goes through."""
    tried: list[str] = []

    def poll_account(account: Any, *_: object, **__: object) -> RoundResult:
        tried.append(account.name)
        return RoundResult(account.name, troubles=("throttled. Suggested Backoff Time: 299910 milliseconds",))

    play(poll_account)
    rounds, _ = make(settings)
    for _ in range(3):
        rounds.wake("a")
        rounds.run(settings.account[0])
    assert tried == ["a"]


def test_a_status_that_cannot_be_written_ends_nothing(
    settings: Settings, play: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise StoreError("read-only")

    play(lambda *_, **__: RoundResult("a"))
    rounds, store = make(settings)
    monkeypatch.setattr(store, "write_status", refuse)
    rounds.run(settings.account[0])
    assert "read-only" in caplog.text
    assert rounds.end(0)


def test_a_defect_at_the_end_of_a_round_does_not_end_the_rounds(
    settings: Settings, play: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Semaphore(0)

    def poll_account(account: Any, *_: object, **__: object) -> RoundResult:
        if account.name == "a":
            begun.release()
        return RoundResult(account.name)

    def defect(*_: object) -> None:
        raise ZeroDivisionError

    play(poll_account)
    with running(settings) as rounds:
        monkeypatch.setattr(FakeStore, "write_status", defect)
        for _ in range(5):
            assert begun.acquire(timeout=PATIENCE)
            rounds.wake("a")
    assert "Traceback" in caplog.text


def test_a_round_is_told_to_end_at_its_deadline_and_at_the_daemons_end(settings: Settings, play: Any) -> None:
    stops: dict[str, threading.Event] = {}
    begun = threading.Barrier(3)

    def poll_account(account: Any, *_: object, stop: threading.Event, **__: object) -> RoundResult:
        stops[account.name] = stop
        begun.wait(PATIENCE)
        assert stop.wait(PATIENCE)
        return RoundResult(account.name)

    play(poll_account)
    rounds, _ = make(settings)
    rounds.start()
    begun.wait(PATIENCE)
    now = time.monotonic()
    assert rounds.watch(now)
    assert not stops["a"].is_set()
    assert rounds.watch(now + supervision.STOP_SECONDS + 1)
    assert stops["a"].is_set()
    assert rounds.end(PATIENCE)
    rounds.run(settings.account[0])
    assert len(stops) == 2, "no round begins after the end"


def test_a_round_that_was_told_to_end_is_followed_by_another(tmp_path: Path, play: Any) -> None:
    settings = of_accounts(tmp_path, 1, interval="1d")
    begun = threading.Semaphore(0)

    def poll_account(account: Any, *_: object, stop: threading.Event, **__: object) -> RoundResult:
        begun.release()
        assert stop.wait(PATIENCE)
        return RoundResult(account.name)

    play(poll_account)
    with running(settings) as rounds:
        assert begun.acquire(timeout=PATIENCE)
        assert rounds.watch(time.monotonic() + supervision.STOP_SECONDS + 1)
        assert begun.acquire(timeout=PATIENCE), "it goes on with what is left of the mailbox"


def test_new_mail_during_a_round_is_found_by_another_right_after_it(settings: Settings, play: Any) -> None:
    begun, go_on = threading.Semaphore(0), threading.Semaphore(0)

    def poll_account(account: Any, *_: object, **__: object) -> RoundResult:
        if account.name == "a":
            begun.release()
            assert go_on.acquire(timeout=PATIENCE)
        return RoundResult(account.name)

    play(poll_account)
    with running(settings) as rounds:
        assert begun.acquire(timeout=PATIENCE)
        for _ in range(5):
            rounds.wake("a")
        go_on.release()
        assert begun.acquire(timeout=PATIENCE), "once more"
        rounds.tick("a")  # the interval is over while a round is under way: that is the round
        go_on.release()
        assert not begun.acquire(timeout=0.5), "and no more than once"
        rounds.tick("a")
        assert begun.acquire(timeout=PATIENCE)
        go_on.release()


def test_many_accounts_one_of_which_hangs(tmp_path: Path, play: Any) -> None:
    """Eleven others are polled again and again while one waits for a server."""
    settings = of_accounts(tmp_path, 12)
    hung, let_go = threading.Event(), threading.Event()
    polled: dict[str, threading.Semaphore] = {a.name: threading.Semaphore(0) for a in settings.account}

    def poll_account(account: Any, *_: object, **__: object) -> RoundResult:
        if account.name == "a0":
            hung.set()
            assert let_go.wait(PATIENCE)
        polled[account.name].release()
        return RoundResult(account.name)

    play(poll_account)
    with running(settings) as rounds:
        assert hung.wait(PATIENCE)
        for _ in range(3):
            for name, semaphore in list(polled.items())[1:]:
                rounds.wake(name)
                assert semaphore.acquire(timeout=PATIENCE)
        assert not polled["a0"].acquire(blocking=False)
        let_go.set()


def test_pages_that_take_long_delay_no_round(tmp_path: Path, play: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither of another account, nor the next of the one whose mail they are for."""
    settings = of_accounts(tmp_path, 2)
    begun, let_go = threading.Event(), threading.Event()
    polled: dict[str, threading.Semaphore] = {a.name: threading.Semaphore(0) for a in settings.account}

    def poll_account(account: Any, *_: object, **__: object) -> RoundResult:
        polled[account.name].release()
        return RoundResult(account.name, filed=1)

    def refresh_pages(*_: object, **__: object) -> int:
        begun.set()
        assert let_go.wait(PATIENCE)
        return 1

    play(poll_account)
    monkeypatch.setattr(upkeep_module, "refresh_pages", refresh_pages)
    monkeypatch.setattr(FakeStore, "dirty_months", lambda _: ["2024/03"])
    with running(settings) as rounds:
        assert begun.wait(PATIENCE)
        for name, semaphore in polled.items():
            for _ in range(3):
                rounds.wake(name)
                assert semaphore.acquire(timeout=PATIENCE)
        assert not rounds._states["a0"].health.failures
        let_go.set()


def test_who_waits_for_mail_waits_until_the_account_is_well(settings: Settings, play: Any) -> None:
    outcomes: list[Exception | None] = [MailboxError("no route"), MailboxError("no route"), None]
    well = threading.Event()
    go_on = threading.Semaphore(0)

    def poll_account(account: Any, *_: object, **__: object) -> RoundResult:
        if account.name == "b":
            return RoundResult("b")
        assert go_on.acquire(timeout=PATIENCE)
        error = outcomes.pop(0)
        if error:
            raise error
        return RoundResult("a")

    play(poll_account)
    with running(settings) as rounds:

        def wait() -> None:
            if rounds.await_well("a", threading.Event()):
                well.set()

        waiting = threading.Thread(target=wait)
        waiting.start()
        go_on.release(2)
        assert not well.wait(0.3)
        go_on.release()
        assert well.wait(PATIENCE)
        waiting.join()
        go_on.release(9)
    assert not rounds.await_well("b", threading.Event()), "nor is anything well after the end"


# --- rounds that hang ----------------------------------------------------------------------------------------------


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], float]:
    """A monotonic clock that can be set forward: gives what it shows then."""
    shown = [0.0]

    def forward(seconds: float) -> float:
        shown[0] += seconds
        return time.monotonic() + shown[0]

    monkeypatch.setattr(rounds_module, "time", SimpleNamespace(monotonic=lambda: forward(0)))
    return forward


def test_a_round_that_hangs_is_abandoned_and_the_account_polled_again(
    tmp_path: Path, play: Any, clock: Callable[[float], float], caplog: pytest.LogCaptureFixture
) -> None:
    settings = of_accounts(tmp_path, 1, interval="1d")
    begun, let_go, left = threading.Semaphore(0), threading.Event(), threading.Semaphore(0)
    tried: list[str] = []
    interrupted = threading.Event()

    def poll_account(account: Any, *_: object, on_mailbox: Callable[[Any], None], **__: object) -> RoundResult:
        on_mailbox(SimpleNamespace(interrupt=interrupted.set))
        tried.append("a0")
        begun.release()
        if len(tried) == 1:
            assert let_go.wait(PATIENCE)
            left.release()
        return RoundResult("a0", filed=1 if len(tried) == 2 else 10)

    play(poll_account)
    rounds, store = make(settings)
    rounds.start()
    assert begun.acquire(timeout=PATIENCE)
    assert rounds.watch(clock(supervision.CUT_SECONDS + 1)), "it is being seen to"
    assert interrupted.is_set()
    assert rounds._pool.revoked >= 1  # type: ignore[attr-defined]
    assert not any(event.is_set() for event in store.revoked)
    assert not begun.acquire(blocking=False)
    assert rounds.watch(clock(supervision.ABANDON_SECONDS - supervision.CUT_SECONDS))
    assert begun.acquire(timeout=PATIENCE), "another round, by another thread"
    wait_for(lambda: store.status["accounts"]["a0"]["filed"] == 1)
    assert "is abandoned" in caplog.text
    assert sum(event.is_set() for event in store.revoked) == 1, "the archive is closed to it"
    assert not rounds.end(0.1), "its thread is still there"
    let_go.set()
    assert left.acquire(timeout=PATIENCE)
    assert rounds.end(PATIENCE)
    assert store.status["accounts"]["a0"]["filed"] == 1, "what the abandoned one brought is discarded"


def test_rounds_that_hang_again_and_again_are_left_to_the_watchdog(
    tmp_path: Path, play: Any, clock: Callable[[float], float]
) -> None:
    settings = of_accounts(tmp_path, 1, interval="1d")
    begun, let_go = threading.Semaphore(0), threading.Event()

    def poll_account(account: Any, *_: object, **__: object) -> RoundResult:
        if account.name == "a0":
            begun.release()
            assert let_go.wait(PATIENCE)
        return RoundResult(account.name)

    play(poll_account)
    rounds, _ = make(settings)
    rounds.start()
    for expected in (True, False):
        assert begun.acquire(timeout=PATIENCE)
        assert rounds.watch(clock(supervision.ABANDON_SECONDS + 1)) == expected
    let_go.set()
    wait_for(lambda: rounds.watch(clock(0)))
    assert rounds.end(PATIENCE)


# --- another configuration -----------------------------------------------------------------------------------------


def test_accounts_come_go_and_change_while_it_runs(tmp_path: Path, play: Any) -> None:
    polled: list[tuple[str, str]] = []

    def poll_account(account: Any, *_: object, **__: object) -> RoundResult:
        polled.append((account.name, account.username))
        if account.username == "wrong":
            raise LoginRefused("no")
        return RoundResult(account.name)

    play(poll_account)
    old = of_accounts(tmp_path, 3)
    wrong = old.account[1].model_copy(update={"username": "wrong"})
    old = old.model_copy(update={"account": (old.account[0], wrong, old.account[2])})
    new = of_accounts(tmp_path, 4)
    new = new.model_copy(update={"account": (*new.account[:2], new.account[3])})
    with running(old) as rounds:
        wait_for(lambda: {("a0", "x"), ("a1", "wrong"), ("a2", "x")} <= set(polled))
        wait_for(rounds.all_tried)
        polled.clear()
        told = rounds.apply(new, FakePool())  # type: ignore[arg-type]
        assert told == "added: a3; removed: a2; changed: a1"
        wait_for(lambda: sorted(set(polled)) == [("a0", "x"), ("a1", "x"), ("a3", "x")])
        rounds.wake("a2")
        wait_for(rounds.all_tried)
        rounds.announcer.say()
        assert rounds.announcer._said.startswith("3 accounts, ")
        assert ("a2", "x") not in polled


@pytest.mark.parametrize("becomes", ["removed", "changed"])
def test_the_last_round_of_an_account_that_is_configured_otherwise_begins_no_push(
    becomes: str, tmp_path: Path, play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its watchers would wait for an account that is not there, or with credentials of before."""
    begun, let_go = threading.Semaphore(0), threading.Semaphore(0)
    followed: list[tuple[str, str]] = []

    def poll_account(account: Any, *_: object, **__: object) -> RoundResult:
        if account.name == "a1":
            begun.release()
            assert let_go.acquire(timeout=PATIENCE)
        return RoundResult(account.name, folders=("INBOX",))

    play(poll_account)
    old = of_accounts(tmp_path, 2)
    changed = old.account[1].model_copy(update={"username": "y"})
    new = old.model_copy(update={"account": (old.account[0], *([changed] if becomes == "changed" else []))})
    with running(old) as rounds:
        follow = rounds._watchers.follow

        def note(account: Any, folders: Any) -> None:
            followed.extend((account.name, account.username) for _ in folders)
            follow(account, folders)

        monkeypatch.setattr(rounds._watchers, "follow", note)
        assert begun.acquire(timeout=PATIENCE)
        leaving = rounds._states["a1"]
        rounds.apply(new, FakePool())  # type: ignore[arg-type]
        let_go.release()
        wait_for(lambda: leaving.round is None or leaving.account is changed)
        let_go.release(9)
        wait_for(lambda: becomes == "removed" or ("a1", "y") in followed)
    assert ("a1", "x") not in followed


def test_a_round_of_an_account_that_was_removed_is_still_cut_and_abandoned(
    tmp_path: Path, play: Any, clock: Callable[[float], float]
) -> None:
    begun, let_go = threading.Semaphore(0), threading.Event()

    def poll_account(account: Any, *_: object, **__: object) -> RoundResult:
        if account.name == "a1":
            begun.release()
            assert let_go.wait(PATIENCE)
        return RoundResult(account.name)

    play(poll_account)
    old = of_accounts(tmp_path, 2, interval="1d")
    rounds, store = make(old)
    rounds.start()
    assert begun.acquire(timeout=PATIENCE)
    wait_for(lambda: rounds._states["a0"].round is None)
    leaving = rounds._states["a1"]
    rounds.apply(old.model_copy(update={"account": old.account[:1]}), FakePool())  # type: ignore[arg-type]
    wait_for(lambda: rounds._states["a0"].round is None)
    rounds.watch(clock(supervision.ABANDON_SECONDS + 1))
    assert leaving.round is None
    assert sum(event.is_set() for event in store.revoked) == 1, "the archive is closed to it"
    assert not begun.acquire(timeout=0.3), "and no other begins"
    let_go.set()
    assert rounds.end(PATIENCE)


def test_an_account_that_comes_back_waits_for_its_last_round(tmp_path: Path, play: Any) -> None:
    """Two rounds of a mailbox at once would copy mail twice where the server knows no MOVE."""
    begun, let_go = threading.Semaphore(0), threading.Event()
    at_once: list[int] = []

    def poll_account(account: Any, *_: object, **__: object) -> RoundResult:
        if account.name == "a1":
            at_once.append(len(at_once))
            begun.release()
            assert let_go.wait(PATIENCE)
        return RoundResult(account.name)

    play(poll_account)
    both = of_accounts(tmp_path, 2, interval="1d")
    with running(both) as rounds:
        assert begun.acquire(timeout=PATIENCE)
        rounds.apply(both.model_copy(update={"account": both.account[:1]}), FakePool())  # type: ignore[arg-type]
        rounds.apply(both, FakePool())  # type: ignore[arg-type]
        assert not begun.acquire(timeout=0.5), "not while the other is under way"
        assert rounds.watch(time.monotonic()), "which is no trouble"
        let_go.set()
        assert begun.acquire(timeout=PATIENCE)
    assert at_once == [0, 1]


def test_a_reload_that_breaks_off_changes_nothing(tmp_path: Path, play: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second new account gets no thread: neither does the first, and all that was there goes on."""
    polled: list[str] = []

    def poll_account(account: Any, *_: object, **__: object) -> RoundResult:
        polled.append(account.name)
        return RoundResult(account.name)

    play(poll_account)
    old, new = of_accounts(tmp_path, 2), of_accounts(tmp_path, 5)
    new = new.model_copy(update={"account": new.account[1:]})
    with running(old) as rounds:
        wait_for(rounds.all_tried)
        before, start = dict(rounds._states), rounds._start
        started: list[Any] = []

        def fail_at_the_second(state: Any) -> None:
            if started:
                raise RuntimeError("can't start new thread")
            started.append(state)
            start(state)

        monkeypatch.setattr(rounds, "_start", fail_at_the_second)
        pool = FakePool()
        with pytest.raises(RuntimeError):
            rounds.apply(new, pool)  # type: ignore[arg-type]
        assert rounds._states == before
        assert not rounds.works_with(pool)  # type: ignore[arg-type]
        wait_for(lambda: not started[0].thread.is_alive())
        polled.clear()
        for name in ("a0", "a1", "a2"):
            rounds.wake(name)
        wait_for(lambda: sorted(polled) == ["a0", "a1"])
        monkeypatch.undo()
        play(poll_account)
        assert rounds.apply(new, pool) == "added: a2, a3, a4; removed: a0"  # type: ignore[arg-type]
        wait_for(lambda: {"a2", "a3", "a4"} <= set(polled))
        assert rounds.works_with(pool)  # type: ignore[arg-type]


def test_a_defect_while_watchers_end_makes_no_reload_half(
    tmp_path: Path, play: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    polled: list[str] = []

    def poll_account(account: Any, *_: object, **__: object) -> RoundResult:
        polled.append(account.username)
        return RoundResult(account.name)

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    play(poll_account)
    old = of_accounts(tmp_path, 2)
    new = old.model_copy(update={"account": (old.account[0].model_copy(update={"username": "y"}),)})
    with running(old) as rounds:
        wait_for(rounds.all_tried)
        pool = FakePool()
        with monkeypatch.context() as patch:
            patch.setattr(rounds._watchers, "follow", broken)
            assert rounds.apply(new, pool) == "removed: a1; changed: a0"  # type: ignore[arg-type]
        assert rounds.works_with(pool)  # type: ignore[arg-type]
        wait_for(lambda: "y" in polled)
    assert caplog.text.count("its watchers did not end, by a defect") == 2


def test_a_pool_is_needed_while_a_round_works_with_it(tmp_path: Path, play: Any) -> None:
    begun, let_go = threading.Semaphore(0), threading.Semaphore(0)

    def poll_account(account: Any, *_: object, **__: object) -> RoundResult:
        begun.release()
        assert let_go.acquire(timeout=PATIENCE)
        return RoundResult(account.name)

    play(poll_account)
    settings = of_accounts(tmp_path, 1)
    rounds, _ = make(settings)
    former: Any = rounds._pool
    rounds.start()
    assert begun.acquire(timeout=PATIENCE)
    rounds.apply(settings, FakePool())  # type: ignore[arg-type]
    assert rounds.works_with(former)
    let_go.release(9)
    wait_for(lambda: not rounds.works_with(former))
    assert rounds.end(PATIENCE)


def test_another_archive_takes_a_restart(settings: Settings, play: Any, tmp_path: Path) -> None:
    play(lambda account, *_, **__: RoundResult(account.name))
    elsewhere = settings.archive.model_copy(update={"root": tmp_path / "elsewhere"})
    rounds, _ = make(settings)
    with pytest.raises(ConfigError, match="restart the service"):
        rounds.apply(settings.model_copy(update={"archive": elsewhere, "account": settings.account[:1]}), FakePool())  # type: ignore[arg-type]
    assert len(rounds._states) == 2


# --- what a server wants outlives the daemon --------------------------------------------------------------------------


SPENT = "refused: Account exceeded command or bandwidth limits. (Failure)"


@pytest.mark.parametrize(
    ("trouble", "is_kept"),
    [
        (LoginRefused("no"), True),
        (MailboxError("throttled. Suggested Backoff Time: 299910 milliseconds"), True),
        (MailboxError(SPENT), True),
        (RoundResult("a", troubles=(SPENT,)), True),
        (MailboxError("no route to host"), False),
        (StoreError("disk full"), False),
        (RoundResult("a"), False),
    ],
    ids=str,
)
def test_a_restart_is_no_way_around_a_pause(
    trouble: Exception | RoundResult,
    is_kept: bool,
    settings: Settings,
    play: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    tried: list[str] = []

    def poll_account(account: Any, *_: object, **__: object) -> RoundResult:
        tried.append(account.name)
        if isinstance(trouble, Exception):
            raise trouble
        return trouble

    play(poll_account)
    rounds, store = make(settings)
    rounds.run(settings.account[0])
    for _ in range(5):
        again = Rounds(settings, store, FakePool())  # type: ignore[arg-type]  # stand-ins
        again.run(settings.account[0])
    assert tried == ["a"] * (1 if is_kept else 6)
    assert ("a: left alone for another" in caplog.text) == is_kept
    if isinstance(trouble, LoginRefused):
        assert again._states["a"].health.failures == 1, "the next pause is twice as long all the same"
        assert again._states["a"].tried, "READY does not wait for it"
    other = settings.account[0].model_copy(update={"username": "joan"})
    changed = settings.model_copy(update={"account": (other, settings.account[1])})
    Rounds(changed, store, FakePool()).run(other)  # type: ignore[arg-type]  # stand-ins
    assert len(tried) == (2 if is_kept else 7), "what was configured otherwise is tried at once"


def test_a_reload_ends_no_pause_but_that_of_an_account_that_changed(
    tmp_path: Path, play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    polled: list[str] = []
    secret = tmp_path / "password"
    secret.write_text("old")

    def poll_account(account: Any, *_: object, **__: object) -> RoundResult:
        polled.append(account.name)
        raise LoginRefused("no")

    play(poll_account)
    settings = of_accounts(tmp_path, 3, interval="1d")
    first = settings.account[0].model_copy(update={"password": None, "password_file": secret})
    settings = settings.model_copy(update={"account": (first, *settings.account[1:])})
    with running(settings) as rounds:
        wait_for(lambda: all(state.round is None and state.turn.resume for state in rounds._states.values()))
        for _ in range(3):
            rounds.apply(settings, FakePool())  # type: ignore[arg-type]
        time.sleep(0.5)
        assert sorted(polled) == ["a0", "a1", "a2"]
        secret.write_text("new")
        rounds._store.notes.forget_pause("a1")  # as `mailarchiver poll` does where it goes well
        rounds.apply(settings, FakePool())  # type: ignore[arg-type]
        wait_for(lambda: sorted(polled) == ["a0", "a0", "a1", "a1", "a2"])


# --- what is told of them -------------------------------------------------------------------------------------------


def test_the_status_is_told_before_the_first_round_has_ended(settings: Settings, play: Any) -> None:
    hold = threading.Event()

    def poll_account(account: Any, *_: object, **__: object) -> RoundResult:
        assert hold.wait(PATIENCE)
        return RoundResult(account.name)

    play(poll_account)
    rounds, store = make(settings)
    rounds.start()
    assert store.status["articles"] == 7
    assert store.status["accounts"]["a"]["interval"] == 300.0
    assert store.status["accounts"]["a"]["since"] == store.status["started"]
    assert store.status["accounts"]["a"]["last_success"] is None
    hold.set()
    assert rounds.end(PATIENCE)


def test_a_long_round_tells_how_far_it_is(settings: Settings, play: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, bool]] = []

    def poll_account(account: Any, *_: object, progress: Callable[[int, int], None], **__: object) -> RoundResult:
        for done, found in ((0, 100), (50, 0), (0, 7)):
            progress(done, found)
            told = store.status["accounts"]["a"]
            seen.append((told["backlog"], told["active"] is not None))
        return RoundResult("a", found=107, filed=107)

    play(poll_account)
    monkeypatch.setattr(publishing, "APART_SECONDS", 0.0)
    rounds, store = make(settings)
    rounds.run(settings.account[0])
    assert seen == [(100, True), (50, True), (57, True)]
    assert store.status["accounts"]["a"]["backlog"] == 0
    rounds.run(settings.account[0])
    assert seen[3:] == seen[:3], "the next round counts anew"


def test_while_all_accounts_are_left_alone_it_is_still_told(
    tmp_path: Path, play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log-in that is refused pauses for hours: that is no silence of the daemon."""
    polled: list[str] = []
    written: list[object] = []

    def poll_account(account: Any, *_: object, **__: object) -> RoundResult:
        polled.append(account.name)
        raise LoginRefused("no")

    play(poll_account)
    monkeypatch.setattr(publishing, "APART_SECONDS", 0.05)
    monkeypatch.setattr(publishing, "QUIET_SECONDS", 0.1)
    rounds, store = make(of_accounts(tmp_path, 1, interval="1s"))
    rounds.start()
    wait_for(lambda: bool(polled) and rounds._states["a0"].round is None)
    monkeypatch.setattr(store, "write_status", written.append)
    wait_for(lambda: len(written) >= 3)
    assert rounds.end(PATIENCE)
    assert polled == ["a0"]


def test_it_is_told_as_often_as_status_asks_but_no_more() -> None:
    def quiet(*intervals: float) -> float:
        return publishing.quiet_seconds({str(each): Health(interval=each) for each in intervals})

    assert quiet(86400.0) == publishing.QUIET_SECONDS
    assert quiet(86400.0, 60.0) == 60.0
    assert quiet(1.0, 60.0) == publishing.APART_SECONDS


def test_progress_is_told_at_times_only(settings: Settings, play: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[object] = []

    def poll_account(account: Any, *_: object, progress: Callable[[int, int], None], **__: object) -> RoundResult:
        for _attempt in range(1000):
            progress(1, 1)
        return RoundResult("a")

    play(poll_account)
    rounds, store = make(settings)
    rounds.start()
    monkeypatch.setattr(store, "write_status", written.append)
    rounds.run(settings.account[0])
    assert len(written) < 10
    assert rounds.end(PATIENCE)


def test_each_kind_of_trouble_is_an_event_of_its_account(
    settings: Settings, play: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    outcomes: list[Exception | RoundResult] = [
        LoginRefused("no"),
        RoundResult("a", troubles=("there is no folder 'Old'",)),
        RoundResult("a", receipts=(Receipt(MessageRef("a", "INBOX", 1, 2), "0" * 64, "quarantined", (), "q"),)),
    ]

    def poll_account(*_: object, **__: object) -> RoundResult:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    play(poll_account)
    rounds, _ = make(settings)
    for _ in range(3):
        rounds._states["a"].turn = Turn(300.0)
        rounds.run(settings.account[0])
    events = [(event_of(record), facts_of(record).get("account")) for record in caplog.records]
    kinds = (Event.LOGIN_REFUSED, None, Event.PART_REFUSED, Event.RECOVERED, Event.QUARANTINED)
    assert events == [(kind, "a") for kind in kinds]


def test_the_figures_are_written_and_their_trouble_said_once(
    settings: Settings, play: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    play(lambda *_, **__: RoundResult("a", filed=1))
    path = tmp_path / "metrics/mailarchiver.prom"
    rounds, _ = make(settings.model_copy(update={"metrics": Metrics(textfile=path)}))
    rounds.run(settings.account[0])
    rounds.run(settings.account[0])
    assert caplog.text.count("the figures cannot be written") == 1
    path.parent.mkdir()
    rounds.run(settings.account[0])
    assert 'mailarchiver_filed_messages_total{account="a"} 3\n' in path.read_text()
