"""The daemon: a round of each account at once and then every `interval`, until a signal ends it.

::

    APScheduler ─ every interval ─▶ Rounds.tick ┐
    mailbox.idle ─ new mail ──────▶ Rounds.wake ┴▶ the account's thread: poll_account | refresh_pages | status.json
    main thread ─ every few seconds ─▶ watch: stop asked? · clock jumped? · WATCHDOG=1 if the rounds go on

APScheduler is a trigger and nothing more: its jobs take no time, and the rounds run in threads of our own. Its traps
(3.11): a job that comes late is dropped unless `misfire_grace_time=None`; a job that hangs is never started again;
after the clock was set back nothing runs until it has caught up, so a jump of the clock starts every round anew, and a
round that nobody asked for begins by itself after a while (`schedule.Turn`). A round is told to stop at a deadline; a
daemon whose rounds do not end is left to systemd's watchdog.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NoReturn

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from . import __version__
from .events import Event, about
from .filing import opened
from .notify import notify, watchdog_seconds
from .rounds import Rounds
from .schedule import jumped

if TYPE_CHECKING:
    from .config import Settings
    from .workers import Worker

log = logging.getLogger(__name__)

TICK_SECONDS = 5.0
JITTER = 0.1
"""Of the interval."""
LONGEST_JITTER = 30.0
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
        rounds.start()
        scheduler.start()
        notify("READY=1", f"STATUS={rounds.summary()}")
        names = ", ".join(account.name for account in settings.account)
        log.info("watching %s", names, extra=about(Event.STARTED, version=__version__))
        _watch(stop, scheduler, rounds)
        notify("STOPPING=1")
        scheduler.shutdown(wait=False)
        if not rounds.end(EXIT_SECONDS):
            _abandon(worker)
        log.info("stopped", extra=about(Event.STOPPED))


def _abandon(worker: Worker) -> NoReturn:
    """The last resort: a thread that waits for the network or the disk would keep the process alive for as long.

    Nothing is lost by it: what has not been committed is fetched again after the next start.
    """
    log.warning("a round did not end within %.0f s, and is abandoned", EXIT_SECONDS)
    worker.close()
    logging.shutdown()
    os._exit(0)


def _schedule(settings: Settings, rounds: Rounds) -> BackgroundScheduler:
    """A job an account, which only asks for a round. The intervals vary a little, so that not all mailboxes of a server
    are polled in the same second.
    """
    logging.getLogger("apscheduler").setLevel(logging.WARNING)  # it tells of each of its jobs
    scheduler = BackgroundScheduler(
        timezone=UTC,
        executors={"default": ThreadPoolExecutor(1)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    for account in settings.account:
        seconds = account.interval.total_seconds()
        jitter = min(seconds * JITTER, LONGEST_JITTER)
        scheduler.add_job(rounds.tick, "interval", [account.name], seconds=seconds, jitter=jitter, id=account.name)
    return scheduler


def _watch(stop: threading.Event, scheduler: BackgroundScheduler, rounds: Rounds) -> None:
    """Wait for the end, and meanwhile feed systemd's watchdog and look after the clock."""
    patience = watchdog_seconds()
    tick = min(TICK_SECONDS, patience / 3) if patience else TICK_SECONDS
    then = (time.time(), time.monotonic())
    while not stop.wait(tick):
        now = (time.time(), time.monotonic())
        if rounds.watch(now[1]) and patience:
            notify("WATCHDOG=1")
        jump = jumped(then, now)
        if jump is not None:
            facts = about(Event.CLOCK_JUMPED, seconds=round(jump))
            log.warning("the clock jumped by %.0f s: every account is polled at once", jump, extra=facts)
            for job in scheduler.get_jobs():
                job.modify(next_run_time=datetime.now(UTC))
        then = now
