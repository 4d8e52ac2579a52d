"""Who waits for new mail in the folders, and wakes the round of their account: push, as far as a server offers it.

::

    Rounds ─ a good round: its folders ─▶ Watchers.follow ─▶ a Watcher a folder: mailbox.idle ─ news ─▶ Rounds.wake

A watcher has a connection and a thread of its own, and never fetches. It connects only while the account is well, and
leaves the server alone after trouble for as long as a round would. What it misses meanwhile, the round finds that it
wakes once it is there again; beneath it all lies the account's interval.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from functools import partial
from typing import TYPE_CHECKING

from .errors import MailboxError
from .events import Event, about, words_of
from .mailbox.idle import DEADLINE_SECONDS, RENEW_SECONDS, FolderWatch
from .schedule import failures_in_a_row, pause
from .text.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .config import Account

log = logging.getLogger(__name__)

WATCHED_FOLDERS = 5
"""Folders of an account that are watched. Gmail takes 15 connections, and people have telephones, too."""
TOLD_AFTER = 3
"""Failures in a row after which they are worth a warning: that a connection ends now and then is nothing."""


class Watchers:
    """The watchers of all accounts. `wake` begins a round of an account; `await_well` waits until the account is well
    or the event is set, and tells whether it is well. All may be called from any thread.
    """

    def __init__(
        self,
        wake: Callable[[str], None],
        await_well: Callable[[str, threading.Event], bool],
        *,
        renew: float = RENEW_SECONDS,
    ) -> None:
        self._wake = wake
        self._await_well = await_well
        self._renew = renew
        self._lock = threading.Lock()
        self._watchers: dict[tuple[str, str], Watcher] = {}
        self._unwatched: dict[str, int] = {}
        self._without_push: set[str] = set()
        self._ending = False

    def follow(self, account: Account, folders: Iterable[str]) -> None:
        """Watch these folders of the account, as far as there may be connections, and no others of it."""
        wanted = list(folders) if account.push else []
        watched = wanted[:WATCHED_FOLDERS]
        with self._lock:
            if self._ending:
                return
            for (name, folder), watcher in list(self._watchers.items()):
                is_wanted = folder in watched and watcher.account == account and not watcher.is_over()
                if name == account.name and not is_wanted:
                    watcher.stop()
                    del self._watchers[name, folder]
            for folder in watched:
                if (account.name, folder) not in self._watchers:
                    watcher = Watcher(account, folder, self._wake, self._await_well, self._tell_no_push, self._renew)
                    watcher.start()  # it may raise: then it is not there
                    self._watchers[account.name, folder] = watcher
        self._tell_unwatched(account, len(wanted) - len(watched))

    def go_on(self, now: float) -> bool:
        """Whether none of them hangs. `now` is monotonic."""
        with self._lock:
            return all(watcher.goes_on(now) for watcher in self._watchers.values())

    def stop(self) -> None:
        """Hang up, and let no more begin."""
        with self._lock:
            self._ending = True
            for watcher in self._watchers.values():
                watcher.stop()

    def join(self, seconds: float) -> bool:
        """Wait for their end; whether all ended in time."""
        end = time.monotonic() + seconds
        return all(watcher.join(end - time.monotonic()) for watcher in self._watchers.values())

    def _tell_unwatched(self, account: Account, number: int) -> None:
        """Say once how many folders have to wait for their round."""
        if number and self._unwatched.get(account.name) != number:
            which = f"the first {WATCHED_FOLDERS} folders are watched for new mail"
            log.info("account %s: %s; %s every %s", account.name, which, counted(number, "other"), account.interval)
        self._unwatched[account.name] = number

    def _tell_no_push(self, account: Account) -> None:
        """Say once that the account's server knows no IDLE."""
        with self._lock:
            told = account.name in self._without_push
            self._without_push.add(account.name)
        if not told:
            log.info(
                "account %s: the server offers no push (IDLE); it is polled every %s", account.name, account.interval
            )


class Watcher:
    """Waits in one folder, until it is stopped or the server turns out to offer no push."""

    def __init__(
        self,
        account: Account,
        folder: str,
        wake: Callable[[str], None],
        await_well: Callable[[str, threading.Event], bool],
        no_push: Callable[[Account], None],
        renew: float,
    ) -> None:
        self.account = account
        self._folder = folder
        self._wake = partial(wake, account.name)
        self._await_well = partial(await_well, account.name)
        self._no_push = no_push
        self._renew = renew
        self._stop = threading.Event()
        self._connection: FolderWatch | None = None
        self._due = float("inf")
        self._is_offered = True
        self._thread = threading.Thread(target=self._live, name=f"watch {account.name} {folder}", daemon=True)

    def start(self) -> None:
        """Begin, as soon as the account is well."""
        self._thread.start()

    def stop(self) -> None:
        """End soon, from another thread; an open connection is shut."""
        self._stop.set()
        connection = self._connection
        if connection is not None:
            connection.interrupt()

    def join(self, seconds: float) -> bool:
        """Wait for the end; whether it came."""
        self._thread.join(max(0.0, seconds))
        return not self._thread.is_alive()

    def is_over(self) -> bool:
        """Whether it has ended, though the server may offer push: another may take its place."""
        return self._is_offered and not self._thread.is_alive()

    def goes_on(self, now: float) -> bool:
        """Whether it is not overdue with what it does."""
        return now < self._due

    def _live(self) -> None:
        """Connect, wait, reconnect: with pauses that grow while it does not go well."""
        failures = 0
        while self._await_well(self._stop):
            began = time.monotonic()
            trouble = self._watch()
            if trouble is None or self._stop.is_set():
                return
            failures = failures_in_a_row(failures, time.monotonic() - began)
            self._rest(trouble, failures)

    def _watch(self) -> Exception | None:
        """Wait on one connection until it breaks: why it did; None when there is nothing more to wait for."""
        try:
            self._connection = FolderWatch(self.account.name, self.account.server(), self.account.credentials())
            self._wait_on(self._connection)
        except MailboxError as error:
            return error
        except Exception as error:  # the border of a thread: a defect must not end it, nor pass unseen
            facts = about(Event.DEFECT, account=self.account.name)
            text = "%s: watching %r was broken off by a defect of mailarchiver"
            log.exception(text, self.account.name, self._folder, extra=facts)
            return error
        finally:
            self._connection = None
            self._due = float("inf")
        return None

    def _wait_on(self, connection: FolderWatch) -> None:
        """Return when there is nothing more to wait for."""
        self._expect(0)
        with connection:
            if not connection.open(self._folder):
                self._is_offered = False
                self._no_push(self.account)
                return
            on_start: Callable[[], None] = self._wake  # for what came before we were there
            while not self._stop.is_set():
                self._expect(self._renew)
                connection.idle(self._renew, self._wake, on_start=on_start)
                on_start = _nothing

    def _rest(self, error: Exception, failures: int) -> None:
        """Leave the server alone for a while."""
        wait = pause(error, failures, random.random)
        level = logging.WARNING if failures == TOLD_AFTER else logging.INFO
        log.log(level, "watching %r of %s (again in %s): %s", self._folder, self.account.name, wait, words_of(error))
        self._stop.wait(wait.total_seconds())

    def _expect(self, seconds: float) -> None:
        """The next step, which takes so many seconds by itself and has deadlines of its own, is to be done by then."""
        self._due = time.monotonic() + seconds + 10 * DEADLINE_SECONDS


def _nothing() -> None:
    """IDLE goes on where the last one ended."""
