"""The browse pages and the search index, kept up beside the rounds: no account's mail ever waits for them.

::

    a round ends ─▶ ask ─┐
    a round ends ─▶ ask ─┴▶ one thread: pages of the months that are behind │ the index, some lines at a time

What is asked for while it works is one more turn, however often that was. What it does not get done stays marked in the
archive as undone: the next turn, the hourly look (maintenance.py) or the next start makes up for it. Its trouble is
told in status.json until a turn goes well.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from .errors import StoreError
from .events import Event, about
from .memory import give_back
from .poll import refresh_pages

if TYPE_CHECKING:
    from collections.abc import Callable

    from .archive.store import Store

SLICE_SECONDS = 2.0
"""So long the index is brought up to date before it is asked what else there is to do."""
LAST_SECONDS = 3.0
"""At the end, so long it may go on with what was asked for; then it stops at the next chance."""

log = logging.getLogger(__name__)


class Upkeep:
    """Its thread begins with `start`. All methods may be called from any thread, and none of them waits for the work
    but `end`.
    """

    def __init__(self, store: Store, on_outcome: Callable[[str | None], None] = lambda _: None) -> None:
        """`on_outcome` hears of each turn why it failed, or None."""
        self._store = store
        self._on_outcome = on_outcome
        self._changed = threading.Condition()
        self._asked = False
        self._ending = False
        self._stop = threading.Event()
        self._trouble: str | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to do what is asked for."""
        self._thread = threading.Thread(target=self._live, name="upkeep", daemon=True)
        self._thread.start()

    def ask(self) -> None:
        """Something may have been filed."""
        with self._changed:
            self._asked = True
            self._changed.notify_all()

    def end(self, seconds: float) -> bool:
        """Do what was asked for, as far as that is done soon, and no more; whether it has ended within so many seconds.
        It has not where the disk, or the archive's lock, is waited for.
        """
        end = time.monotonic() + seconds
        with self._changed:
            self._ending = True
            self._changed.notify_all()
        if self._thread is None:
            return True
        self._thread.join(max(0.0, min(seconds, LAST_SECONDS)))
        self._stop.set()
        self._thread.join(max(0.0, end - time.monotonic()))
        return not self._thread.is_alive()

    def _live(self) -> None:
        while self._await_turn():
            try:
                self._work()
                self._trouble = None
                self._on_outcome(None)
            except (StoreError, OSError) as error:
                if str(error) != self._trouble:  # once is enough: it is tried after each round
                    facts = about(Event.ARCHIVE_TROUBLE)
                    log.error("pages and search index: %s", error, extra=facts)  # noqa: TRY400 - expected
                self._trouble = str(error)
                self._on_outcome(str(error))
            except Exception:  # the border of a thread: a defect must not end it, nor pass unseen
                text = "pages and search index are not brought up to date, by a defect of mailarchiver"
                log.exception(text, extra=about(Event.DEFECT))
                self._on_outcome("a defect of mailarchiver: see the log")

    def _await_turn(self) -> bool:
        """Wait until something is asked for; False when nothing will be any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._asked or self._ending)
            asked, self._asked = self._asked, False
            return asked and not self._stop.is_set()

    def _work(self) -> None:
        if self._store.dirty_months():
            refresh_pages(self._store, stop=self._stop)
        while self._store.update_search(seconds=SLICE_SECONDS) and not (self._asked or self._stop.is_set()):
            continue
        self._store.rest()
        give_back()
