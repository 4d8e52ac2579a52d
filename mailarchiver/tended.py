"""An account as the daemon tends it, and a round of it under way: `rounds.Rounds` changes both, under its lock."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .archive.store import Store
from .errors import MailboxError
from .events import Event, about
from .supervision import Measure, Pulse, measure

if TYPE_CHECKING:
    from .config import Account
    from .forbearance import Left
    from .health import Health
    from .mailbox.imap import ImapMailbox
    from .schedule import Turn
    from .workers import Pool, Share


log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Round:
    """A round under way: since when, when it last got on (both monotonic), and by what it is ended. It is `outdated`
    when the configuration was read again since it began: how it ends says nothing of what is configured now.
    """

    started: float
    moved: float
    store: Store
    pool: Pool
    share: Share
    stop: threading.Event
    revoked: threading.Event
    mailbox: ImapMailbox | None = None
    measure: Measure = Measure.NONE
    outdated: bool = False

    def cut(self) -> None:
        """Take away what it works with."""
        self.share.revoke()
        if self.mailbox is not None:
            self.mailbox.interrupt()


@dataclass(slots=True)
class State:
    """Where an account stands. `tried` is whether a connection was attempted; `thread` is the one that polls it: others
    that do were abandoned. `gone` is set when it is no longer in the configuration.
    """

    account: Account
    turn: Turn
    health: Health
    left: int = 0
    round: Round | None = None
    tried: bool = False
    abandoned: int = 0
    thread: threading.Thread | None = None
    gone: bool = False

    def is_well(self, now: float) -> bool:
        """Whether its last round went through, and the server does not want to be left alone."""
        waits = self.turn.resume is not None and now < self.turn.resume
        return self.health.last_success is not None and not self.health.failures and not waits

    def change(self, account: Account) -> None:
        """The account is configured in another way: what it is doing is not what is wanted any more."""
        self.account = account
        self.turn = replace(self.turn, interval=account.interval.total_seconds())
        self.health = replace(self.health, interval=account.interval.total_seconds())
        self.end_round()

    def forbear(self, left: Left | None) -> None:
        """Leave the account alone for as long as its server wants, if it does."""
        if left is not None:
            wait, why = left
            self.turn, self.tried = self.turn.paused(time.monotonic(), wait), True
            self.health = replace(self.health, failures=why.failures, error=why.why)

    def end_round(self) -> None:
        """Have a round under way end after the batch in hand."""
        if self.round is not None:
            self.round.stop.set()

    def supervise(self, now: float) -> bool:
        """Take the measures that the age of a round under way asks for, each once; whether it was abandoned."""
        if self.round is None:
            return False
        due, before = measure(now - self.round.started), self.round.measure
        self.round.measure = max(due, before)
        if before < Measure.STOP <= due:
            self.round.stop.set()
            self.turn = self.turn.ask()  # it goes on where this one ends
        facts = about(Event.ROUND_HANGS, account=self.account.name)
        if before < Measure.CUT <= due:
            text = "%s: the round hangs: its connection and its workers are ended"
            log.warning(text, self.account.name, extra=facts)
            self.round.cut()
        if due is Measure.ABANDON:
            then = "" if self.gone else ": another begins"
            log.error("%s: the round still hangs, and is abandoned%s", self.account.name, then, extra=facts)
            self._abandon(now)
        return due is Measure.ABANDON

    def _abandon(self, now: float) -> None:
        """Nobody waits for the round any more; what it still brings is refused."""
        if self.round is not None:
            self.round.revoked.set()
        self.turn = self.turn.begin(now).ask()
        self.round, self.abandoned = None, self.abandoned + 1
        self.health = self.health.after_failure(MailboxError("a round hung, and was abandoned"), datetime.now(UTC))

    def pulse(self, now: float) -> Pulse:
        """What its rounds last did."""
        return Pulse(self.round.moved if self.round else None, self.turn.planned(now), self.abandoned)
