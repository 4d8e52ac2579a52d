"""When an account is polled, and when it is left alone. Pure: clocks and chance are passed in.

::

    every `interval` ─┐
    IDLE: new mail ───┼─ asked ─▶ Turn ─ due ─▶ a round ─ trouble? ─▶ pause ─▶ Turn.paused
    the clock jumped ─┘

Seconds here are those of a monotonic clock: nothing that is decided by it changes with the time of day. What the wall
clock decides is only when APScheduler asks for the next round; `Turn` does not wait for that much longer than a round
and a half.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from .errors import LoginRefused, MailboxError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

OVERDUE = 1.5
"""After so many intervals a round begins though nothing asked for it: the trigger waits for a clock that was set back.
Together with the round itself it is less than two."""
APART_SECONDS = 0.2
"""Rounds of an account begin no closer together: what comes in a burst is filed together."""
JUMP_SECONDS = 30.0
STEADY_SECONDS = 60.0
"""A connection that lasted for this long was a good one: its end is no failure that follows those before."""
LONGEST_HINT = timedelta(hours=1)
LONGEST_PAUSE = timedelta(hours=6)
SPENT_PAUSE = timedelta(hours=3)
"""Gmail lets a mailbox be read for 2,500 MB a day, and locks it for up to 24 hours where it is read for more
(support.google.com/a/answer/1071518): whoever asks again and again stays locked.
"""
SPENT = re.compile(r"exceeded[^\n]{0,80}bandwidth|bandwidth[^\n]{0,80}exceeded", re.IGNORECASE)
"""`Account exceeded command or bandwidth limits. (Failure)`, to LOGIN, to FETCH, or with BYE."""
_HINT = re.compile(r"suggested back-?off time: {0,8}(\d{1,12}) {0,8}(milli)?sec", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the first pause is, and the longest, as each is twice the one before; with `jitter` it is any part of
    that, but never less than a second ("full jitter": clients that failed together do not come back together).
    """

    first: timedelta
    longest: timedelta
    jitter: bool = False


PATIENCE: tuple[tuple[type[Exception], Patience], ...] = (
    (LoginRefused, Patience(timedelta(minutes=15), LONGEST_PAUSE)),  # a server locks whom it refuses too often
    (MailboxError, Patience(timedelta(seconds=2), timedelta(minutes=15), jitter=True)),
    (StoreError, Patience(timedelta(minutes=1), timedelta(minutes=15))),  # a full disk is not emptied by trying
    (Exception, Patience(timedelta(minutes=1), timedelta(hours=1))),  # a defect: it is logged whole each time
)


def pause(error: Exception, failures: int, chance: Callable[[], float]) -> timedelta:
    """How long a server is left alone after the `failures`-th failure in a row; at least for as long as it said itself.
    `chance` gives a number from 0 to 1, as `random.random` does.
    """
    patience = next(patience for kind, patience in PATIENCE if isinstance(error, kind))
    wait = min(patience.first * (1 << min(failures - 1, 20)), patience.longest)
    if patience.jitter:
        wait = max(wait * chance(), timedelta(seconds=1))
    return max(wait, hint([str(error)]))


def hint(texts: Iterable[str]) -> timedelta:
    """How long a server asks to be left alone, wherever that stands in its words; at most an hour, 0 if it does not.
    Where a day's allowance is spent, it is hours.

    Microsoft 365 says `NO Request is throttled. Suggested Backoff Time: 299910 milliseconds` (imap_tools #135).
    """
    texts = list(texts)
    if any(SPENT.search(text) for text in texts):
        return SPENT_PAUSE
    asked = [
        timedelta(milliseconds=int(found[1])) if found[2] else timedelta(seconds=min(int(found[1]), 10**6))
        for text in texts
        for found in _HINT.finditer(text)
    ]
    return min(max(asked, default=timedelta()), LONGEST_HINT)


def failures_in_a_row(before: int, lasted: float) -> int:
    """How many failures in a row a connection's end makes that lasted for so many seconds."""
    return 1 if lasted >= STEADY_SECONDS else before + 1


def jumped(then: tuple[float, float], now: tuple[float, float]) -> float | None:
    """By how much the clock was set between two moments, each told by the wall and by the monotonic clock; None if it
    was not. A machine that slept looks like one whose clock was set forward (Linux stops the monotonic clock then).
    """
    drift = (now[0] - now[1]) - (then[0] - then[1])
    return drift if abs(drift) > JUMP_SECONDS else None


@dataclass(frozen=True, slots=True)
class Turn:
    """When an account's next round begins. `begun` is when the last one did, `asked` whether one was asked for since,
    `resume` when a pause ends. A pause ends by nothing but time.
    """

    interval: float
    begun: float | None = None
    asked: bool = True
    resume: float | None = None

    def ask(self) -> Turn:
        """A round is wanted, as soon as may be; while one is under way, another after it."""
        return replace(self, asked=True)

    def begin(self, now: float) -> Turn:
        """A round begins: what was asked for until now is done by it."""
        return replace(self, begun=now, asked=False)

    def paused(self, now: float, wait: timedelta) -> Turn:
        """Nothing begins for a while; then a round does."""
        if not wait:
            return self
        end = now + wait.total_seconds()
        return replace(self, asked=True, resume=end if self.resume is None else max(end, self.resume))

    def planned(self, now: float) -> float:
        """When the next round is to begin, which may be over; the first one now."""
        if self.begun is None and self.resume is None:
            return now
        moments = [] if self.resume is None else [self.resume]
        if self.begun is not None:
            moments.append(self.begun + (APART_SECONDS if self.asked else OVERDUE * self.interval))
        return max(moments)

    def due(self, now: float) -> float:
        """In how many seconds the next round is to begin; 0 if now."""
        return max(0.0, self.planned(now) - now)
