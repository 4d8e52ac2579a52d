"""What the daemon does beside its rounds: reads a part of the archive each week, and keeps the browse pages up to date.

::

    APScheduler ─ now and then ─▶ verify: the week's sample ─▶ Publisher: status.json │ the log
                                ▶ pages: stale? ─▶ poll.refresh_pages

Both run in a thread that is nobody else's, one at a time, and end soon when `stop` is set.
"""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .archive import sample
from .archive.store import Store
from .errors import StoreError
from .events import Event, about
from .poll import are_of_this_version, refresh_pages
from .status import Verified

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .publishing import Publisher

log = logging.getLogger(__name__)

REST_SECONDS = 0.05
"""Between two articles: nobody else's mail is to wait for a disk that is read from end to end."""


class Maintenance:
    """The jobs, for the archive at `root`."""

    def __init__(self, root: Path, store: Store, publisher: Publisher, stop: threading.Event) -> None:
        self._root = root
        self._store = store
        self._publisher = publisher
        self._stop = stop
        self._at_work = threading.Lock()

    def verify(self) -> None:
        """Read the articles whose week it is, and those that were found damaged, unless that was done this week."""
        self._do(self._verify)

    def pages(self) -> None:
        """Write the browse pages that are behind what was filed; all of them where they are of another version."""
        self._do(self._pages)

    def ended(self, seconds: float) -> bool:
        """Whether no job is under way; waits for one to end, but no longer than that. After `stop` was set, none begins
        any more.
        """
        is_free = self._at_work.acquire(timeout=seconds)
        if is_free:
            self._at_work.release()
        return is_free

    def _do(self, job: Callable[[], None]) -> None:
        """One job at a time; none where the archive may be closed already."""
        with self._at_work:
            if not self._stop.is_set():
                _at_the_border(job)

    def _verify(self) -> None:
        before, now = self._publisher.verified, datetime.now(UTC)
        weeks = sample.due(before.week if before else None, now)
        if not weeks:
            return
        again = before.damaged if before else ()
        found = sample.verify_sample(self._root, weeks, again=again, rest=lambda: self._stop.wait(REST_SECONDS))
        if found is None:  # the daemon ends: the next one does it
            return
        for entry_id, findings in found.damaged.items():
            for each in findings:
                what = f"{each.path} {each.what}; {each.cure}"
                log.error("DAMAGE in the archive: %s", what, extra=about(Event.DAMAGE, entry=entry_id))
        self._publisher.note_verified(Verified(weeks[-1], now, found.articles, tuple(sorted(found.damaged))))
        log.info("%d articles were read in this week's check, %d damaged", found.articles, len(found.damaged))

    def _pages(self) -> None:
        if self._store.dirty_months() or not are_of_this_version(self._root):
            refresh_pages(self._store, stop=self._stop)


def _at_the_border(job: Callable[[], None]) -> None:
    """A job's trouble ends here: it is said, and the job comes again."""
    try:
        job()
    except (StoreError, OSError) as error:
        log.error("maintenance: %s", error, extra=about(Event.ARCHIVE_TROUBLE))  # noqa: TRY400 - expected
    except Exception:  # the border of a job: a defect must not end the daemon, nor pass unseen
        log.exception("maintenance was broken off by a defect of mailarchiver", extra=about(Event.DEFECT))
