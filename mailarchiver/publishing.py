"""How the service is, told to whoever asks: status.json for `mailarchiver status`, and figures for Prometheus."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from . import __version__, metrics
from .archive.store import Store
from .errors import MailboxError, StoreError
from .events import Event, about
from .health import Health
from .status import Behind, Status, Verified, carried, free_space

if TYPE_CHECKING:
    from .config import Account, Settings
    from .folder_round import RoundResult

log = logging.getLogger(__name__)

APART_SECONDS = 30.0
"""While a round is under way, this is told no more often: each time a file is synced to disk."""
QUIET_SECONDS = 300.0
"""While none is, it is told as often as this, or as the shortest interval where that is shorter: silence is an alarm,
and an account that is left alone for hours must not raise it.
"""


class Publisher:
    """Writes what is known of all accounts. Never raises: a daemon that cannot say how it is still files mail, and its
    silence is an alarm to who reads the file. Its methods may be called from any thread.
    """

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store
        self._started = datetime.now(UTC)
        self._turn = threading.Lock()
        self._news: deque[Mapping[str, Health]] = deque(maxlen=1)
        """What is to be told as soon as it is somebody's turn."""
        self._written = 0.0
        self._trouble: str | None = None
        self._healths = self.first(settings)
        self.quarantined = store.in_quarantine()
        self.articles = self._count()
        earlier = carried(settings.archive.root)
        self.verified = earlier.verified if earlier else None
        self._pages = earlier.pages if earlier else None

    def apply(self, settings: Settings) -> None:
        """Go on by another configuration, of the same archive."""
        self._settings = settings

    def first(self, settings: Settings) -> dict[str, Health]:
        """How the accounts of a configuration are at the start: as an earlier daemon left them."""
        earlier = carried(settings.archive.root)
        known = earlier.accounts if earlier else {}
        return {
            account.name: known.get(account.name, Health()).taken_over(account.interval.total_seconds(), self._started)
            for account in settings.account
        }

    def note_verified(self, verified: Verified) -> None:
        """What the weekly check found: told from now on."""
        self.verified = verified

    def note_pages(self, trouble: str | None) -> None:
        """Why browse pages and search index could not be brought up to date; None when they were: told from now on."""
        if trouble is None:
            self._pages = None
        else:
            since = self._pages.since if self._pages else datetime.now(UTC)
            self._pages = Behind(trouble, since)

    def note(self, account: Account, outcome: RoundResult | str) -> None:
        """What a round of an account did, or what its trouble is: for those who do one round of each, and `publish`."""
        now, health = datetime.now(UTC), self._healths[account.name]
        after = health.after_failure(outcome, now) if isinstance(outcome, str) else health.after_round(outcome, now)
        self._healths[account.name] = replace(after, token_ends=sign_in_ends(account))

    def publish(self, healths: Mapping[str, Health] | None = None) -> None:
        """Tell how all accounts are, now; without healths, as noted.

        The archive may be somebody else's for a minute: of those who wait for their turn meanwhile one tells it for
        all, so that none waits for longer than two such times.
        """
        self._news.append(self._healths if healths is None else healths)
        with self._turn:
            if self._news:
                self._publish(self._news.pop())

    def publish_at_times(self, healths: Mapping[str, Health], apart: float | None = None) -> None:
        """The same, from within a round: it is left out where it was done within `apart` seconds (`APART_SECONDS`), or
        is being done.
        """
        apart = APART_SECONDS if apart is None else apart
        if time.monotonic() - self._written < apart or not self._turn.acquire(blocking=False):
            return
        try:
            self._publish(healths)
        finally:
            self._turn.release()

    def _publish(self, healths: Mapping[str, Health]) -> None:
        trouble = None
        try:
            status = self._status(healths)
            self._store.write_status(status.as_json())
            if self._settings.metrics.textfile is not None:
                metrics.write(self._settings.metrics.textfile, status)
        except StoreError as error:
            trouble = f"how the service is cannot be told: {error}"
        self._written = time.monotonic()
        if trouble is not None and trouble != self._trouble:  # once is enough: it is tried after each round
            log.error("%s", trouble, extra=about(Event.ARCHIVE_TROUBLE))
        self._trouble = trouble

    def _status(self, healths: Mapping[str, Health]) -> Status:
        self.quarantined, self.articles = self._store.in_quarantine(), self._count()
        return Status(
            written=datetime.now(UTC),
            started=self._started,
            version=__version__,
            articles=self.articles,
            quarantined=self.quarantined,
            disk_free=free_space(self._settings.archive.root),
            accounts=dict(healths),
            verified=self.verified,
            pages=self._pages,
        )

    def _count(self) -> int:
        return sum(count for _, count in self._store.months())


def quiet_seconds(healths: Mapping[str, Health]) -> float:
    """How long nothing may be told while no round is under way."""
    shortest = min((health.interval for health in healths.values()), default=QUIET_SECONDS)
    return max(APART_SECONDS, min(shortest, QUIET_SECONDS))


def sign_in_ends(account: Account) -> datetime | None:
    """When the OAuth 2.0 sign-in of an account ends; None where it has none of its own, or nothing is known of it."""
    if account.auth != "oauth2" or account.client_id is None:
        return None
    try:
        found = account.microsoft().status()
        return None if found is None else datetime.fromtimestamp(found.ends, UTC)
    except (MailboxError, ValueError, OverflowError, OSError):  # the round that needs it tells what is wrong with it
        return None
