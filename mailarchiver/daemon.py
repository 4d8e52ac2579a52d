"""The daemon: a round of each account at once and then every `interval`, until a signal ends it.

::

    APScheduler ─ every interval ─▶ Rounds.tick ┐
    mailbox.idle ─ new mail ──────▶ Rounds.wake ┴▶ the account's thread: poll_account | status.json | Upkeep: pages
                ─ now and then ──▶ Maintenance: the week's verify, stale pages
    main thread ─ a signal, or every few seconds ─▶ end? · new configuration? · clock jumped? · WATCHDOG=1 if all go on

APScheduler is a trigger and nothing more: its jobs take no time, and the rounds run in threads of our own. Its traps
(3.11): a job that comes late is dropped unless `misfire_grace_time=None`; a job that hangs is never started again;
after the clock was set back nothing runs until it has caught up, so a jump of the clock starts every round anew, and a
round that nobody asked for begins by itself after a while (`schedule.Turn`). What is done about a round that takes too
long, and when the daemon is left to systemd's watchdog, says `supervision`.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NoReturn

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from . import __version__, tasks
from .errors import ConfigError, StoreError
from .events import Event, about
from .filing import opened, pool_of
from .maintenance import Maintenance
from .memory import share_heaps
from .notify import notify, reloading, watchdog_seconds
from .rounds import Rounds
from .schedule import jumped
from .signals import END, Signals

if TYPE_CHECKING:
    from .archive.store import Store
    from .config import Account, Settings
    from .workers import Pool

log = logging.getLogger(__name__)

TICK_SECONDS = 5.0
STARTING_SECONDS = 0.2
"""A tick until READY=1."""
READY_SECONDS = 60.0
"""So long a server that does not answer keeps READY=1 back."""
JITTER = 0.1
"""Of the interval."""
LONGEST_JITTER = 30.0
EXIT_SECONDS = 8.0
"""How long the batches in hand may take after a signal; the whole exit has 10 s."""
CLOSE_SECONDS = 1.0
"""How long the children may take to be gone once all is abandoned: one that waits for a disk cannot be killed."""
LAST_SECONDS = 9.5
"""So long after a signal to end there is no process any more, whatever the main thread waits for."""
PAGES_EVERY = timedelta(hours=1)
VERIFY_EVERY = timedelta(hours=6)
"""How often it is looked whether this week's check is still to be done."""
VERIFY_AFTER = timedelta(minutes=10)
"""Not at the start, when everything else wants the disk."""

Reread = Callable[[Callable[["Settings"], None]], None]
"""Reads the configuration, and has it applied by what it is given, which may refuse it."""


def run(settings: Settings, reread: Reread | None = None) -> None:
    """Watch all accounts until SIGTERM or SIGINT; then end after the batches in hand, within 10 s; at once by another.

    While the archive is opened, and perhaps put in order, which takes as long as its size, a signal ends it at once:
    recovery may be broken off at any point. Nor does the main thread ever wait for another process that holds the
    archive.

    At SIGHUP `reread` gives the configuration as it is now, or raises `ConfigError`: then the old one stands.

    Raises:
        StoreError: the archive cannot be opened at the start. Later on, trouble with it makes the rounds wait.
    """
    share_heaps()
    with Signals(LAST_SECONDS) as signals, opened(settings.archive, settings.limits) as (store, pool):
        service = _Service(settings, store, pool, reread)
        signals.heed_end()
        service.start()
        service.watch(signals)
        signals.heed_no_more()
        notify("STOPPING=1")
        service.end()
        log.info("stopped", extra=about(Event.STOPPED))


class _Service:
    """What runs, and the configuration it runs by. Everything here is done by the main thread."""

    def __init__(self, settings: Settings, store: Store, pool: Pool, reread: Reread | None) -> None:
        self._settings = settings
        self._store = store
        self._pools = [pool]
        """The one in use; then those before it, while a round is under way that began with them."""
        self._reread = reread
        self._rounds = Rounds(settings, store, pool)
        self._stop = threading.Event()
        self._maintenance = Maintenance(settings.archive.root, store, self._rounds.publisher, self._stop)
        self._scheduler = _scheduler(self._maintenance)
        for account in settings.account:
            self._plan(account)
        self._is_ready = False
        self._owed: tuple[str, ...] = ()
        """What systemd is to hear, and did not take yet."""

    def start(self) -> None:
        """Begin the first rounds."""
        self._rounds.start()
        self._scheduler.start()
        names = ", ".join(account.name for account in self._settings.account)
        log.info("watching %s", names, extra=about(Event.STARTED, version=__version__))
        _warn_of_tasks(self._settings)

    def watch(self, signals: Signals) -> None:
        """Wait for the end, and meanwhile tend the service, and feed systemd's watchdog while that goes well."""
        patience = watchdog_seconds()
        tick = min(TICK_SECONDS, patience / 3) if patience else TICK_SECONDS
        begun = now = (time.time(), time.monotonic())
        while True:
            came = signals.wait(tick if self._is_ready else min(tick, STARTING_SECONDS))
            if came & END:
                return
            then, now = now, (time.time(), time.monotonic())
            try:
                if signal.SIGHUP in came:  # first: it is told but once
                    self._reload()
                goes_on = self._rounds.watch(now[1])
                self._tell(now[1] - begun[1])
                self._look_after_clock(jumped(then, now))
                self._pools[0].rest(now[1])
                self._drop_pools()
            except Exception:  # the border of the loop: mail is filed by other threads, and the watchdog is not fed
                log.exception("the service was not tended, by a defect of mailarchiver", extra=about(Event.DEFECT))
                continue
            if goes_on and patience:
                notify("WATCHDOG=1")

    def end(self) -> None:
        """End after the batches in hand; abandon what does not end by itself."""
        self._stop.set()
        self._scheduler.shutdown(wait=False)
        end = time.monotonic() + EXIT_SECONDS
        if not self._rounds.end(EXIT_SECONDS):
            _abandon("a round", self._pools)
        if not self._maintenance.ended(max(0.0, end - time.monotonic())):
            _abandon("maintenance", self._pools)  # Python would wait for its thread
        for pool in self._pools[1:]:
            pool.close()

    def _tell(self, age: float) -> None:
        """READY=1 once each account was tried, until it is taken; how all are doing, when that has changed."""
        if not self._is_ready and (self._rounds.all_tried() or age > READY_SECONDS):
            self._is_ready, self._owed = True, ("READY=1",)
        if self._is_ready and self._rounds.announcer.say(*self._owed):
            self._owed = ()

    def _look_after_clock(self, jump: float | None) -> None:
        if jump is None:
            return
        facts = about(Event.CLOCK_JUMPED, seconds=round(jump))
        log.warning("the clock jumped by %.0f s: every account is polled at once", jump, extra=facts)
        for job in self._scheduler.get_jobs():
            job.modify(next_run_time=datetime.now(UTC))

    def _reload(self) -> None:
        """Go on by the configuration as it is now, or, where that is wrong, as before."""
        if self._reread is None:
            return
        if self._is_ready:
            notify(*reloading())
        try:
            self._reread(self._apply)
        except (ConfigError, StoreError) as error:
            for line in str(error).splitlines():
                log.error("not reloaded: %s", line, extra=about(Event.RELOAD_REFUSED))  # noqa: TRY400 - expected
        except Exception:  # the border of a reload: mail is still to be filed
            log.exception("not reloaded, by a defect of mailarchiver", extra=about(Event.DEFECT))
        if self._is_ready:
            self._owed = () if self._rounds.announcer.say("READY=1") else ("READY=1",)

    def _apply(self, settings: Settings) -> None:
        before, pool = self._settings, self._pools[0]
        is_new = settings.limits != before.limits
        if is_new:
            pool = pool_of(settings.limits, jobs=settings.limits.workers)
        try:
            done = self._rounds.apply(settings, pool)
        except Exception:  # all goes on as before
            if is_new:
                pool.close()
            raise
        self._settings = settings
        self._pools = [pool, *self._pools] if is_new else self._pools
        self._store.keep_free(settings.archive.min_free)
        over = {account.name for account in before.account} - {account.name for account in settings.account}
        for job in self._scheduler.get_jobs():
            if job.id in over:
                job.remove()
        for account in settings.account:
            self._plan(account)
        log.info("reloaded: %s", done, extra=about(Event.RELOADED))
        _warn_of_tasks(settings)

    def _drop_pools(self) -> None:
        """Close the pools of before that no round needs any more. That waits for their children, so others do it."""
        over = [pool for pool in self._pools[1:] if not self._rounds.works_with(pool)]
        self._pools = [pool for pool in self._pools if pool not in over]
        for pool in over:
            threading.Thread(target=pool.close, name="a pool's end", daemon=True).start()

    def _plan(self, account: Account) -> None:
        """A job of an account only asks for a round. The intervals vary a little, so that not all mailboxes of a server
        are polled in the same second.
        """
        seconds = account.interval.total_seconds()
        jitter = min(seconds * JITTER, LONGEST_JITTER)
        self._scheduler.add_job(
            self._rounds.tick,
            "interval",
            [account.name],
            seconds=seconds,
            jitter=jitter,
            id=account.name,
            replace_existing=True,
        )


def _scheduler(maintenance: Maintenance) -> BackgroundScheduler:
    """The scheduler, with the jobs that are no account's; those take their time, and have a thread of their own."""
    logging.getLogger("apscheduler").setLevel(logging.WARNING)  # it tells of each of its jobs
    scheduler = BackgroundScheduler(
        timezone=UTC,
        executors={"default": ThreadPoolExecutor(1), "maintenance": ThreadPoolExecutor(1)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    now = datetime.now(UTC)
    for job, every, first in (
        (maintenance.pages, PAGES_EVERY, now),
        (maintenance.verify, VERIFY_EVERY, now + VERIFY_AFTER),
    ):
        seconds = every.total_seconds()
        scheduler.add_job(job, "interval", seconds=seconds, executor="maintenance", next_run_time=first)
    return scheduler


def _warn_of_tasks(settings: Settings) -> None:
    """Say so where the accounts may need more threads than there may be."""
    trouble = tasks.trouble(settings)
    if trouble is not None:
        log.warning("%s", trouble)


def _abandon(what: str, pools: list[Pool]) -> NoReturn:
    """The last resort: a thread that waits for the network or the disk would keep the process alive for as long.

    Nothing is lost by it: what has not been committed is fetched again after the next start.
    """
    log.warning("%s did not end within %.0f s, and is abandoned", what, EXIT_SECONDS)
    closing = [threading.Thread(target=pool.close, daemon=True) for pool in pools]
    for thread in closing:
        thread.start()
    end = time.monotonic() + CLOSE_SECONDS
    for thread in closing:
        thread.join(max(0.0, end - time.monotonic()))
    logging.shutdown()
    os._exit(0)
