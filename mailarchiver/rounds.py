"""The rounds of all accounts: each in a thread of its own, so that none waits for another, and how they have gone.

::

    tick, wake ─▶ Turn ─ due ─▶ run: poll_account | pages, search ─▶ Health: status.json, STATUS= ─▶ watchers
"""

from __future__ import annotations

import logging
import random
import threading
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from .archive.store import Store
from .errors import MailboxError, StoreError
from .events import Event, about, of_error
from .filing import in_quarantine
from .health import Health, summary
from .notify import notify
from .poll import poll_account, refresh_pages
from .publishing import Publisher, sign_in_ends
from .schedule import Turn, hint, pause
from .text.wording import counted
from .watchers import Watchers

if TYPE_CHECKING:
    from .config import Account, Settings
    from .folder_round import RoundResult
    from .workers import Worker

log = logging.getLogger(__name__)

ROUND_SECONDS = 600.0
"""After this a round ends with the batch in hand, and the next goes on where it stood. The mailbox's own deadline, on
which it shuts the connection, is later (`mailbox.imap.Server.deadline`)."""
STALLED_SECONDS = 3600.0
"""A round that takes this long hangs: systemd's watchdog gets no more word from us."""
INDEXING_SECONDS = 30.0
"""So long a round may bring the search index up to date; where it is made anew, the next rounds go on with it."""


@dataclass(slots=True)
class _State:
    """Where an account stands. While a round is under way: since when (monotonic), and how it is told to end."""

    turn: Turn
    health: Health
    left: int = 0
    started: float | None = None
    stop: threading.Event = field(default_factory=threading.Event)

    def is_well(self, now: float) -> bool:
        """Whether its last round went through, and the server does not want to be left alone."""
        waits = self.turn.resume is not None and now < self.turn.resume
        return self.health.last_success is not None and not self.health.failures and not waits


class Rounds:
    """What the daemon runs. All methods may be called from any thread."""

    def __init__(self, settings: Settings, store: Store, worker: Worker) -> None:
        self._settings = settings
        self._store = store
        self._worker = worker
        self._publisher = Publisher(settings, store)
        first = self._publisher.first()
        self._states = {a.name: _State(Turn(a.interval.total_seconds()), first[a.name]) for a in settings.account}
        self._stopping = False
        self._changed = threading.Condition()
        self._publishing = threading.Lock()
        self._watchers = Watchers(self.wake, self.await_well)

    def start(self) -> None:
        """Begin the first round of each account now, and the others when they are due."""
        try:
            self._publisher.publish(self._healths())
        except Exception:  # nor must it keep the daemon from filing
            log.exception(
                "how the service is could not be told, by a defect of mailarchiver", extra=about(Event.DEFECT)
            )
        for account in self._settings.account:
            name = f"account {account.name}"
            threading.Thread(target=self._live, args=[account], name=name, daemon=True).start()

    def tick(self, name: str) -> None:
        """The interval is over: a round, unless one is under way."""
        self._ask(name, even_if_running=False)

    def wake(self, name: str) -> None:
        """There may be new mail: a round at once; or, if one is under way, right after it. No pause ends by it."""
        self._ask(name, even_if_running=True)

    def run(self, account: Account) -> None:
        """One round, now, but while the account is left alone: the border at which its trouble ends."""
        stop = self._begin(account.name)
        if stop is None:
            return
        state, wait = self._states[account.name], timedelta()
        try:
            result = self._poll(account, stop)
            self._tell(result)
            health = state.health.after_round(result, datetime.now(UTC))
            wait = hint(result.troubles)
            self._watchers.follow(account, result.folders)
        except (MailboxError, StoreError) as error:
            log.error("%s", error, extra=about(of_error(error), account=account.name))  # noqa: TRY400 - expected
            health, wait = _failed(account.name, state.health, error)
        except Exception as error:  # the border of a job: a defect must not end the daemon, nor pass unseen
            facts = about(Event.DEFECT, account=account.name)
            log.exception("%s: the round was broken off by a defect of mailarchiver", account.name, extra=facts)
            health, wait = _failed(account.name, state.health, error)
        self._finish(account.name, health, wait)

    def watch(self, now: float) -> bool:
        """Tell rounds that are past their deadline to end; whether all rounds, and those who wait for mail, go on.
        `now` is monotonic.
        """
        with self._changed:
            running = [(state, now - state.started) for state in self._states.values() if state.started is not None]
            for state, age in running:
                if age > ROUND_SECONDS and not state.stop.is_set():
                    state.stop.set()
                    state.turn = state.turn.ask()  # it goes on where this one ends
        return all(age < STALLED_SECONDS for _, age in running) and self._watchers.go_on(now)

    def end(self, seconds: float) -> bool:
        """Begin no more rounds, and wait for those under way to end after the batch in hand; whether they did."""
        end = time.monotonic() + seconds
        with self._changed:
            self._stopping = True
            for state in self._states.values():
                state.stop.set()
            self._changed.notify_all()
        self._watchers.stop()
        with self._changed:
            ended = self._changed.wait_for(self._none_running, seconds)
        self._watchers.join(end - time.monotonic())  # one that does not end keeps nobody: it has nothing in hand
        return ended

    def summary(self) -> str:
        """How all accounts are doing, in a line."""
        return summary(self._healths(), self._publisher.quarantined)

    def await_well(self, name: str, stop: threading.Event) -> bool:
        """Wait until the account is well, `stop` is set, or all ends; whether the account is well."""
        state = self._states[name]
        with self._changed:
            while not (self._stopping or stop.is_set()):
                now = time.monotonic()
                if state.is_well(now):
                    return True
                self._changed.wait(state.turn.due(now) or None)
        return False

    def _live(self, account: Account) -> None:
        """An account's thread."""
        while self._await_turn(account.name):
            try:
                self.run(account)
            except Exception:  # the border of a thread: no more mail would be filed if it ended
                log.exception("%s: the end of a round was broken off by a defect of mailarchiver", account.name)

    def _await_turn(self, name: str) -> bool:
        """Wait until a round is due; False when all ends."""
        with self._changed:
            while not self._stopping:
                wait = self._states[name].turn.due(time.monotonic())
                if not wait:
                    return True
                self._changed.wait(wait)
        return False

    def _ask(self, name: str, *, even_if_running: bool) -> None:
        with self._changed:
            state = self._states[name]
            if even_if_running or state.started is None:
                state.turn = state.turn.ask()
                self._changed.notify_all()

    def _begin(self, name: str) -> threading.Event | None:
        """Note that a round begins; None when it must not: the daemon is ending, or the account's pause is not over."""
        with self._changed:
            state, now = self._states[name], time.monotonic()
            if self._stopping or (state.turn.resume is not None and now < state.turn.resume):
                return None
            state.turn, state.started, state.stop = state.turn.begin(now), now, threading.Event()
            state.left = 0
            return state.stop

    def _poll(self, account: Account, stop: threading.Event) -> RoundResult:
        try:
            rules = self._settings.rules(account)
            bounds, progress = self._settings.limits.bounds(), partial(self._go_on, account.name)
            return poll_account(
                account, self._store, self._worker, rules=rules, stop=stop, bounds=bounds, progress=progress
            )
        finally:  # after a failure too: what was committed before it is in the archive
            with self._publishing:
                refresh_pages(self._store)
                self._store.update_search(seconds=INDEXING_SECONDS)

    def _finish(self, name: str, health: Health, wait: timedelta) -> None:
        """Publish how the account is doing, and let the next round come."""
        try:
            ends = sign_in_ends(self._settings.named(name))
            with self._changed:
                self._states[name].health = replace(health, token_ends=ends)
            self._publisher.publish(self._healths())
            notify(f"STATUS={self.summary()}")
        finally:
            with self._changed:
                state = self._states[name]
                state.turn, state.started = state.turn.paused(time.monotonic(), wait), None
                self._changed.notify_all()

    def _go_on(self, name: str, done: int, found: int) -> None:
        """A round tells that so many messages more are done, and so many more were found."""
        with self._changed:
            state = self._states[name]
            state.left += found - done
            state.health = state.health.under_way(state.left, datetime.now(UTC))
        self._publisher.publish_at_times(self._healths())

    def _tell(self, result: RoundResult) -> None:
        """What a round that went through leaves to say."""
        for trouble in result.troubles:
            log.error("%s", trouble, extra=about(Event.PART_REFUSED, account=result.account))
        for receipt in result.receipts:
            facts = about(Event.QUARANTINED, account=result.account, quarantine=receipt.quarantine)
            log.warning("%s", in_quarantine(receipt, self._settings.archive.root), extra=facts)
        failures = self._states[result.account].health.failures
        if failures:
            facts = about(Event.RECOVERED, account=result.account)
            log.info("%s: well again, after %s", result.account, counted(failures, "failure"), extra=facts)

    def _healths(self) -> dict[str, Health]:
        with self._changed:
            return {name: state.health for name, state in self._states.items()}

    def _none_running(self) -> bool:
        return all(state.started is None for state in self._states.values())


def _failed(name: str, health: Health, error: Exception) -> tuple[Health, timedelta]:
    """How the account is after a failure, and how long it is left alone."""
    health = health.after_failure(error, datetime.now(UTC))
    wait = pause(error, health.failures, random.random)
    again = timedelta(seconds=round(wait.total_seconds()))
    log.warning("%s: is tried again in %s", name, again, extra=about(None, account=name))
    return health, wait
