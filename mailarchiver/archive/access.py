"""Who is in the archive: one writer at a time, and what the last one left half done is put in order first."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import StoreError
from . import lock, recovery, staging
from .layout import PRIVATE_FILE, Layout
from .ledger import Ledger
from .recovery import Rebuilt, Step
from .trouble import as_store_error

LEAST_SECONDS = 1.0
"""So long at least another process is waited for, also by a thread that has waited for others of this process before:
those may have been at work themselves.
"""

log = logging.getLogger(__name__)


class Access:
    """Hands out the ledger: `exclusive` to change the archive, `reading` to look something up.

    Both let one thread of this process in at a time, and raise `StoreError` for all trouble with disk and database.
    """

    def __init__(self, layout: Layout, *, wait: float, beside: Access | None = None) -> None:
        """`wait`: seconds to wait for another process; while that works on for longer, all threads that wait are told
        so together, and not one after the other. `beside` is closed with it when it fails. Opens nothing yet.
        """
        self._layout = layout
        self._wait = wait
        self._beside = beside
        self._threads = threading.RLock()
        self._ledger: Ledger | None = None

    def lent(self, revoked: threading.Event) -> Access:
        """The same access for somebody who loses it when the event is set."""
        return _Lent(self, revoked)

    def rest(self) -> None:
        """Keep no more memory than is needed while nothing is looked up."""
        with self._threads, as_store_error(self._layout), self._no_second_try():
            if self._ledger is not None:
                self._ledger.shrink()

    def close(self) -> None:
        """Close the ledger; the next use opens it again."""
        with self._threads:
            if self._ledger is not None:
                self._ledger.close()
                self._ledger = None

    @contextmanager
    def exclusive(self) -> Iterator[Ledger]:
        """The archive under its lock, put in order. Not reentrant."""
        came = time.monotonic()
        with self._threads, as_store_error(self._layout), self._no_second_try():
            self._layout.make_state()
            with lock.held(self._layout.lock, wait=self._left(came), mode=PRIVATE_FILE):
                ledger = self._connected()
                if recovery.is_needed(self._layout, ledger):
                    recovery.recover(self._layout, ledger)
                yield ledger

    @contextmanager
    def moving(self, account: str) -> Iterator[None]:
        """Be the only one, of all processes, who moves mail of this account on its server. The archive is not locked
        by that. Not reentrant.
        """
        with as_store_error(self._layout):
            self._layout.make_state()
            with lock.held(self._layout.moving(account), wait=self._wait, mode=PRIVATE_FILE):
                yield

    @contextmanager
    def reading(self) -> Iterator[Ledger]:
        """The ledger without the lock: SQLite keeps its readers and its one writer apart."""
        with self._threads, as_store_error(self._layout), self._no_second_try():
            if self._ledger is None or not self._ledger.is_in_place():
                with self.exclusive():
                    pass  # which opens it, and fills it if it is new
            yield self._connected()

    def rebuild(self, *, sift: bool, step: Step) -> Rebuilt:
        """Make the ledger again, whatever has become of it; `recovery.rebuild` says from what."""
        with self._threads, as_store_error(self._layout), self._no_second_try():
            self._layout.make_state()
            with lock.held(self._layout.lock, wait=self._wait, mode=PRIVATE_FILE):
                self.close()
                self._drop_if_damaged()
                self._connected().repage()
                return recovery.rebuild(self._layout, self._connected(), sift=sift, step=step)

    def _left(self, came: float) -> float:
        """How long another process is still waited for by a thread that came then, in monotonic seconds."""
        return max(min(LEAST_SECONDS, self._wait), self._wait - int(time.monotonic() - came))

    def _drop_if_damaged(self) -> None:
        """Delete a ledger that cannot be used: all of it can be made again."""
        try:
            self._connected().check()
        except (sqlite3.DatabaseError, StoreError) as error:
            if getattr(error, "sqlite_errorcode", None) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL}:
                raise
            log.warning("%s: %s; it is made anew", self._layout.ledger, error)
            self.close()
            staging.discard_ledger(self._layout)

    @contextmanager
    def _no_second_try(self) -> Iterator[None]:
        """Close the ledger when it fails, or the disk does: after an error of fsync its descriptors are not to be
        trusted, and an error of syncfs may be about any file.
        """
        try:
            yield
        except (sqlite3.Error, OSError):
            self.close()
            if self._beside is not None:  # the archive's lock is given back by now, for which that may wait
                self._beside.close()
            raise

    def _connected(self) -> Ledger:
        """The ledger; opened again where others deleted the file."""
        if self._ledger is not None and not self._ledger.is_in_place():
            self.close()
        if self._ledger is None:
            self._ledger = Ledger(self._layout.ledger, wait=self._wait)
        return self._ledger


class _Lent(Access):
    """Somebody's access while it is not revoked. That is looked at when it is this thread's turn and the archive is
    locked: so what is under way when it is revoked is done whole, and nothing begins after it.
    """

    def __init__(self, lender: Access, revoked: threading.Event) -> None:
        self._lender = lender
        self._revoked = revoked

    def rest(self) -> None:
        """As the lender's."""
        self._lender.rest()

    def close(self) -> None:
        """Nothing: the lender goes on."""

    @contextmanager
    def exclusive(self) -> Iterator[Ledger]:
        """As the lender's. Raises `StoreError` when it is revoked."""
        with self._lender.exclusive() as ledger:
            self._require()
            yield ledger

    @contextmanager
    def moving(self, account: str) -> Iterator[None]:
        """As the lender's. Raises `StoreError` when it is revoked."""
        with self._lender.moving(account):
            self._require()
            yield

    @contextmanager
    def reading(self) -> Iterator[Ledger]:
        """As the lender's. Raises `StoreError` when it is revoked."""
        with self._lender.reading() as ledger:
            self._require()
            yield ledger

    def _require(self) -> None:
        if self._revoked.is_set():
            raise StoreError("this round was given up: it may not go into the archive any more")
