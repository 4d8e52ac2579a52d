"""The daemon: a round of each account at once and then every `interval`, until a signal ends it.

::

    APScheduler ─ every interval ─▶ Rounds.run: poll_account | refresh_pages | status.json
    main thread ─ every few seconds ─▶ watch: stop asked? · clock jumped? · WATCHDOG=1 if the rounds go on

APScheduler is a trigger and nothing more. Its traps (3.11): a job that comes late is dropped unless
`misfire_grace_time=None`; a job that hangs is never started again, so a round is told to stop at a deadline and a
daemon whose rounds do not end is left to systemd's watchdog; after the clock was set back nothing runs until it has
caught up, so a jump of the clock starts every round anew.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NoReturn

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from .archive.store import Store
from .errors import MailboxError, StoreError
from .filing import in_quarantine, opened
from .health import Health, pause, stamp, summary
from .notify import notify, watchdog_seconds
from .poll import poll_account, refresh_pages

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
CLOCK_JUMP_SECONDS = 30.0
TICK_SECONDS = 5.0
EXIT_SECONDS = 8.0
"""How long the batches in hand may take after a signal; the whole exit has 10 s."""


def run(settings: Settings) -> None:
    """Watch all accounts until SIGTERM or SIGINT; then end after the batches in hand, within 10 s.

    Raises:
        StoreError: the archive cannot be opened at the start. Later on, trouble with it makes the rounds wait.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with opened(settings.archive, settings.limits) as (store, worker):
        rounds = Rounds(settings, store, worker)
        scheduler = _schedule(settings, rounds)
        scheduler.start()
        notify("READY=1", f"STATUS={rounds.summary()}")
        log.info("watching %s", ", ".join(account.name for account in settings.account))
        _watch(stop, scheduler, rounds)
        notify("STOPPING=1")
        scheduler.shutdown(wait=False)
        if not rounds.end(EXIT_SECONDS):
            _abandon(worker)


def _abandon(worker: Worker) -> NoReturn:
    """The last resort: a thread that waits for the network or the disk would keep the process alive for as long.

    Nothing is lost by it: what has not been committed is fetched again after the next start.
    """
    log.warning("a round did not end within %.0f s, and is abandoned", EXIT_SECONDS)
    worker.close()
    logging.shutdown()
    os._exit(0)


def _schedule(settings: Settings, rounds: Rounds) -> BackgroundScheduler:
    """A job an account, each with a thread of its own, so that none waits for another."""
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # it warns of every interval that a long round outlasts
    scheduler = BackgroundScheduler(
        timezone=UTC,
        executors={"default": ThreadPoolExecutor(len(settings.account))},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    for account in settings.account:
        seconds = account.interval.total_seconds()
        scheduler.add_job(rounds.run, "interval", [account], seconds=seconds, next_run_time=datetime.now(UTC))
    return scheduler


def _watch(stop: threading.Event, scheduler: BackgroundScheduler, rounds: Rounds) -> None:
    """Wait for the end, and meanwhile feed systemd's watchdog and look after the clock."""
    patience = watchdog_seconds()
    tick = min(TICK_SECONDS, patience / 3) if patience else TICK_SECONDS
    offset = time.time() - time.monotonic()
    while not stop.wait(tick):
        if rounds.watch(time.monotonic()):
            notify("WATCHDOG=1")
        drift = time.time() - time.monotonic() - offset
        if abs(drift) > CLOCK_JUMP_SECONDS:
            log.warning("the clock jumped by %.0f s: every account is polled at once", drift)
            offset += drift
            for job in scheduler.get_jobs():
                job.modify(next_run_time=datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class _Round:
    """A round under way: since when (monotonic), and how it is told to end after the batch in hand."""

    started: float
    stop: threading.Event


class Rounds:
    """The rounds of all accounts: what APScheduler calls, in a thread for each account, and how they have gone."""

    def __init__(self, settings: Settings, store: Store, worker: Worker) -> None:
        self._settings = settings
        self._store = store
        self._worker = worker
        self._health = {account.name: Health() for account in settings.account}
        self._resume = {account.name: 0.0 for account in settings.account}
        self._running: dict[str, _Round] = {}
        self._quarantined = store.in_quarantine()
        self._stopping = False
        self._changed = threading.Condition()
        self._publishing = threading.Lock()

    def run(self, account: Account) -> None:
        """One round, if it is time for one: the border at which an account's trouble ends."""
        current = self._begin(account.name)
        if current is None:
            return
        try:
            result = self._poll(account, current.stop)
            for trouble in result.troubles:
                log.error("%s", trouble)
            for receipt in result.receipts:
                log.warning("%s", in_quarantine(receipt, self._settings.archive.root))
            health = self._health[account.name].after_round(result, datetime.now(UTC))
        except (MailboxError, StoreError) as error:
            log.error("%s", error)  # noqa: TRY400 - expected: the text says it all
            health = self._failed(account.name, error)
        except Exception as error:  # the border of a job: a defect must not end the daemon, nor pass unseen
            log.exception("%s: the round was broken off by a defect of mailarchiver", account.name)
            health = self._failed(account.name, error)
        self._finish(account.name, health)

    def watch(self, now: float) -> bool:
        """Tell rounds that are past their deadline to end; whether all rounds go on. `now` is monotonic."""
        with self._changed:
            ages = [(now - current.started, current.stop) for current in self._running.values()]
        for age, stop in ages:
            if age > ROUND_SECONDS:
                stop.set()
        return all(age < STALLED_SECONDS for age, _ in ages)

    def end(self, seconds: float) -> bool:
        """Begin no more rounds, and wait for those under way to end after the batch in hand; whether they did."""
        with self._changed:
            self._stopping = True
            for current in self._running.values():
                current.stop.set()
            return self._changed.wait_for(lambda: not self._running, seconds)

    def summary(self) -> str:
        """How all accounts are doing, in a line."""
        return summary(self._health, self._quarantined)

    def _begin(self, name: str) -> _Round | None:
        """Note that a round begins; None when it must not: the daemon is ending, or the account's pause is not over."""
        with self._changed:
            now = time.monotonic()
            if self._stopping or now < self._resume[name]:
                return None
            self._running[name] = _Round(now, threading.Event())
            return self._running[name]

    def _poll(self, account: Account, stop: threading.Event) -> RoundResult:
        try:
            rules = self._settings.rules(account)
            return poll_account(account, self._store, self._worker, rules=rules, stop=stop)
        finally:  # after a failure too: what was committed before it is in the archive
            with self._publishing:
                refresh_pages(self._store)
                self._store.update_search(seconds=INDEXING_SECONDS)

    def _failed(self, name: str, error: Exception) -> Health:
        health = self._health[name].after_failure(error, datetime.now(UTC))
        wait = pause(error, health.failures)
        if wait:
            log.warning("%s: is tried again in %s", name, wait)
        self._resume[name] = time.monotonic() + wait.total_seconds()
        return health

    def _finish(self, name: str, health: Health) -> None:
        """Publish how the account is doing, and let the next round come."""
        with self._publishing:
            self._health[name] = health
            accounts = {account: each.as_dict() for account, each in self._health.items()}
            try:
                self._quarantined = self._store.in_quarantine()
                written = stamp(datetime.now(UTC))
                self._store.write_status({"written": written, "quarantined": self._quarantined, "accounts": accounts})
            except StoreError as error:
                log.error("status.json: %s", error)  # noqa: TRY400 - expected: the text says it all
            notify(f"STATUS={self.summary()}")
        with self._changed:
            del self._running[name]
            self._changed.notify_all()
