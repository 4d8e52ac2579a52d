"""The rounds of all accounts: each in a thread of its own, so that none waits for another, and how they have gone.

::

    tick, wake ─▶ Turn ─ due ─▶ run: poll_account ─▶ Health: status.json, STATUS= ─▶ watchers
                                                 └─▶ Upkeep: pages, search
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from .announcing import Announcer
from .archive.store import Store
from .errors import MailboxError, StoreError
from .events import Event, about, of_error
from .forbearance import Forbearance, Left
from .health import Health
from .mailbox.auth import handed_over
from .memory import give_back
from .poll import poll_account
from .publishing import Publisher, sign_in_ends
from .reload import changes
from .schedule import Turn, hint
from .supervision import goes_on
from .tended import Round, State
from .told import failed, tell
from .upkeep import Upkeep
from .watchers import Watchers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .config import Account, Settings
    from .folder_round import RoundResult
    from .workers import Pool

COME_BACK = timedelta(seconds=1)
"""So often it is looked whether the last round of an account that was removed is over, where it came back."""

log = logging.getLogger(__name__)


class Rounds:
    """What the daemon runs. All methods may be called from any thread."""

    def __init__(self, settings: Settings, store: Store, pool: Pool) -> None:
        self._settings = settings
        self._store = store
        self._pool = pool
        self.publisher = Publisher(settings, store)
        self._forbearance = Forbearance(store)
        first = self.publisher.first(settings)
        left = self._forbearance.left(settings.account)
        names = {account.name: account for account in settings.account}
        self._states = {name: _state(account, first[name], left.get(name)) for name, account in names.items()}
        self._leaving: list[State] = []
        """Accounts that are no longer configured, until their last rounds have ended."""
        self._former: list[threading.Thread] = []
        self._stopping = False
        self._changed = threading.Condition()
        self._upkeep = Upkeep(store, self.publisher.note_pages)
        self._watchers = Watchers(self.wake, self.await_well)
        self.announcer = Announcer(self.publisher, self._healths)

    def start(self) -> None:
        """Begin the first round of each account now, and the others when they are due."""
        self.announcer.break_silence_aside()
        self._upkeep.start()
        self._upkeep.ask()  # what the daemon before left undone does not wait for an account that is left alone
        with self._changed:
            for state in self._states.values():
                self._start(state)

    def apply(self, settings: Settings, pool: Pool) -> str:
        """Go on by another configuration, with a round of every account at once, but of those that the server wants
        to be left alone, or whose log-in it refused, where nothing of that has changed; what became of the accounts, in
        words. A round under way of an account that changed ends after the batch in hand.

        All or nothing: what may fail comes first. Whatever it raises, all goes on as before.

        Raises:
            ConfigError: it takes a restart.
        """
        left = self._forbearance.left(settings.account)
        with self._changed:
            done, first = changes(self._settings, settings, handed_over()), self.publisher.first(settings)
            added = [_state(account, first[account.name], left.get(account.name)) for account in done.added]
            self._start_all(added)
            self._settings, self._pool = settings, pool
            self.publisher.apply(settings)
            for account in done.removed:
                state = self._states.pop(account.name)
                state.gone = True
                state.end_round()
                self._leaving.append(state)
                self._former += [state.thread] if state.thread else []
            self._states |= {state.account.name: state for state in added}
            for account in done.changed:
                self._states[account.name].change(account)
            for state in self._states.values():
                state.turn = replace(state.turn, resume=None).ask()
                if state.round is not None:
                    state.round.outdated = True
                state.forbear(left.get(state.account.name))
            for account in (*done.removed, *done.changed):
                self._unfollow(account)  # before another round of it may follow
            self._changed.notify_all()
        self.announcer.break_silence_aside()
        return str(done)

    def all_tried(self) -> bool:
        """Whether a connection was attempted for each account."""
        with self._changed:
            return all(state.tried for state in self._states.values())

    def tick(self, name: str) -> None:
        """The interval is over: a round, unless one is under way."""
        self._ask(name, even_if_running=False)

    def wake(self, name: str) -> None:
        """There may be new mail: a round at once; or, if one is under way, right after it. No pause ends by it."""
        self._ask(name, even_if_running=True)

    def run(self, account: Account) -> None:
        """One round, now, but while the account is left alone."""
        self._run(self._states[account.name])

    def _run(self, state: State) -> None:
        """One round, now, but while the account is left alone: the border at which its trouble ends."""
        round_ = self._begin(state)
        if round_ is None:
            return
        account, wait = state.account, timedelta()
        try:
            result = self._poll(account, round_)
            tell(result, state.health.failures, self._settings.archive.root)
            health = state.health.after_round(result, datetime.now(UTC))
            wait = hint(result.troubles)
            self._follow(state, round_, result.folders)
            if wait:
                self._forbearance.note(account, wait, 0, "; ".join(result.troubles))
            else:
                self._forbearance.forget(account)
        except (MailboxError, StoreError) as error:
            if not self._is_current(state, round_):
                return
            log.error("%s", error, extra=about(of_error(error), account=account.name))  # noqa: TRY400 - expected
            health, wait = failed(account.name, state.health, error)
            self._forbearance.note(account, wait, health.failures, error)
        except Exception as error:  # the border of a job: a defect must not end the daemon, nor pass unseen
            if not self._is_current(state, round_):
                return
            facts = about(Event.DEFECT, account=account.name)
            log.exception("%s: the round was broken off by a defect of mailarchiver", account.name, extra=facts)
            health, wait = failed(account.name, state.health, error)
        self._finish(state, round_, health, wait)

    def watch(self, now: float) -> bool:
        """Take measures about rounds that are past their deadlines; whether all rounds, and those who wait for mail,
        go on. `now` is monotonic.
        """
        with self._changed:
            self._leaving = [state for state in self._leaving if state.round is not None]
            for state in (*self._states.values(), *self._leaving):
                if state.supervise(now):
                    self._replace(state)
            self._former = [thread for thread in self._former if thread.is_alive()]
            pulses = [state.pulse(now) for state in self._states.values()]
        return all(goes_on(pulse, now) for pulse in pulses) and self._watchers.go_on(now)

    def end(self, seconds: float) -> bool:
        """Begin no more rounds, and wait for those under way to end after the batch in hand, and then for the pages of
        what they filed; whether all that did end.
        """
        end = time.monotonic() + seconds
        with self._changed:
            self._stopping = True
            for state in self._states.values():
                state.end_round()
            self._changed.notify_all()
        self._watchers.stop()
        with self._changed:
            ended = self._changed.wait_for(self._none_running, seconds)
        for thread in self._former:
            thread.join(max(0.0, end - time.monotonic()))
            ended = ended and not thread.is_alive()
        ended = self._upkeep.end(max(0.5, end - time.monotonic())) and ended
        self._watchers.join(end - time.monotonic())  # one that does not end keeps nobody: it has nothing in hand
        return ended

    def works_with(self, pool: Pool) -> bool:
        """Whether a round under way, or one to come, has its mail understood by this pool."""
        with self._changed:
            under_way = [state.round for state in (*self._states.values(), *self._leaving) if state.round is not None]
            return pool is self._pool or any(round_.pool is pool for round_ in under_way)

    def await_well(self, name: str, stop: threading.Event) -> bool:
        """Wait until the account is well, `stop` is set, or all ends; whether the account is well."""
        with self._changed:
            while not (self._stopping or stop.is_set()) and (state := self._states.get(name)):
                now = time.monotonic()
                if state.is_well(now):
                    return True
                self._changed.wait(state.turn.due(now) or None)
        return False

    def _start(self, state: State) -> None:
        """Give an account a thread; whichever it had before is not its own any more."""
        name = f"account {state.account.name}"
        thread = threading.Thread(target=self._live, args=[state], name=name, daemon=True)
        thread.start()  # it may raise, and waits for the lock that we hold
        state.thread = thread

    def _start_all(self, states: list[State]) -> None:
        """Give each of these accounts a thread, or none: they wait for the lock that we hold."""
        try:
            for state in states:
                self._start(state)
        except RuntimeError:  # there may be no more threads
            for state in states:
                state.gone = True
            raise

    def _live(self, state: State) -> None:
        """An account's thread."""
        while self._await_turn(state):
            try:
                self._run(state)
            except Exception:  # the border of a thread: no more mail would be filed if it ended
                name = state.account.name
                text = "%s: the end of a round was broken off by a defect of mailarchiver"
                log.exception(text, name, extra=about(Event.DEFECT, account=name))

    def _await_turn(self, state: State) -> bool:
        """Wait until a round is due, and meanwhile tell now and then how all are; False when there are to be no more by
        this thread.
        """
        while True:
            with self._changed:
                if self._stopping or state.gone or state.thread is not threading.current_thread():
                    return False
                wait = state.turn.due(time.monotonic())
                if not wait:
                    return True
                quiet = self.announcer.quiet_seconds()
                self._changed.wait(min(wait, quiet))
                if self._stopping:
                    return False
            self.announcer.break_silence(quiet)

    def _replace(self, state: State) -> None:
        """Have another thread poll an account whose round was abandoned, unless it is no longer configured."""
        if not state.gone:
            self._former += [state.thread] if state.thread else []
            self._start(state)
        self._changed.notify_all()

    def _ask(self, name: str, *, even_if_running: bool) -> None:
        with self._changed:
            state = self._states.get(name)
            if state is not None and (even_if_running or state.round is None):
                state.turn = state.turn.ask()
                self._changed.notify_all()

    def _begin(self, state: State) -> Round | None:
        """Note that a round begins; None when it must not: the daemon is ending, the account's pause is not over, or it
        was removed and came back, and a round from before that is still under way.
        """
        with self._changed:
            now = time.monotonic()
            if self._stopping or state.gone or (state.turn.resume is not None and now < state.turn.resume):
                return None
            if any(each.account.name == state.account.name and each.round is not None for each in self._leaving):
                state.turn = state.turn.paused(now, COME_BACK)
                return None
            revoked = threading.Event()
            store, share = self._store.lent(revoked), self._pool.share()
            state.turn, state.left = state.turn.begin(now), 0
            state.round = Round(now, now, store, self._pool, share, threading.Event(), revoked)
            return state.round

    def _poll(self, account: Account, round_: Round) -> RoundResult:
        try:
            return poll_account(
                account,
                round_.store,
                round_.share,
                rules=self._settings.rules(account),
                stop=round_.stop,
                bounds=self._settings.limits.bounds(),
                progress=partial(self._go_on, account.name, round_),
                on_mailbox=partial(setattr, round_, "mailbox"),
            )
        finally:  # after a failure too: what was committed before it is in the archive
            self._upkeep.ask()

    def _is_current(self, state: State, round_: Round) -> bool:
        """Whether somebody still waits for it."""
        with self._changed:
            return state.round is round_

    def _follow(self, state: State, round_: Round, folders: Iterable[str]) -> None:
        """Watch the folders of a round, but where its account is another or none by now: under the lock, so that no
        reload comes in between.
        """
        with self._changed:
            if state.round is round_ and not state.gone and not round_.outdated:
                self._watchers.follow(state.account, folders)

    def _unfollow(self, account: Account) -> None:
        """End the watchers of an account. The configuration is in force by then: a defect must not make it half so."""
        try:
            self._watchers.follow(account, ())
        except Exception:
            facts = about(Event.DEFECT, account=account.name)
            log.exception("%s: its watchers did not end, by a defect of mailarchiver", account.name, extra=facts)

    def _finish(self, state: State, round_: Round, health: Health, wait: timedelta) -> None:
        """Publish how the account is doing, and let the next round come."""
        if not self._is_current(state, round_):
            return
        try:
            ends = sign_in_ends(state.account)
            with self._changed:
                state.health, state.tried, state.abandoned = replace(health, token_ends=ends), True, 0
            self.announcer.publish()
            self.announcer.say()
        finally:
            with self._changed:
                if state.round is round_:
                    wait = timedelta() if round_.outdated else wait
                    state.turn, state.round = state.turn.paused(time.monotonic(), wait), None
                self._changed.notify_all()
        give_back()

    def _go_on(self, name: str, round_: Round, done: int, found: int) -> None:
        """A round tells that so many messages more are done, and so many more were found."""
        with self._changed:
            state = self._states.get(name)
            if state is None or state.round is not round_:
                return
            round_.moved, state.tried = time.monotonic(), True
            state.left += found - done
            state.health = state.health.under_way(state.left, datetime.now(UTC))
        self.announcer.publish_at_times()

    def _healths(self) -> dict[str, Health]:
        with self._changed:
            return {name: state.health for name, state in self._states.items()}

    def _none_running(self) -> bool:
        return all(state.round is None for state in self._states.values())


def _state(account: Account, health: Health, left: Left | None) -> State:
    state = State(account, Turn(account.interval.total_seconds()), health)
    state.forbear(left)
    return state
