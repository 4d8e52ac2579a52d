"""What is done about a round that takes too long, and whether the daemon goes on. Pure: clocks are passed in.

::

    a round's age ─▶ measure: let it run │ stop, after the batch in hand │ cut its connection and workers │ abandon it
    each account's Pulse ─▶ goes_on ─▶ WATCHDOG=1, or nothing more

A round ends by itself within its steps' own deadlines. One that does not is abandoned: the account gets another thread,
and what the old one still brings is refused. A daemon that has to abandon rounds of an account again and again, or
whose threads do not begin what is due, is left to systemd's watchdog. At the worst that is 25 minutes after everything
began to hang: 18 until the first round is abandoned (the deadline of one operation of a slow server is 15), 5 in which
the second gets on with nothing, 2 of the watchdog's (`WatchdogSec=`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

STOP_SECONDS = 600.0
"""After this a round ends with the batch in hand, and the next goes on where it stood."""
CUT_SECONDS = 960.0
"""After this its connection is shut and its workers are killed. The mailbox's own deadline for one operation
(`mailbox.imap.Server.deadline`) is earlier: a server that is merely slow is not what is met here."""
ABANDON_SECONDS = 1080.0
"""After this nobody waits for it any more."""
STALLED_SECONDS = 1200.0
"""So long a round may take to the next message that is done, or to its end."""
OVERDUE_SECONDS = 120.0
"""So long after it was due a round may begin: a busy machine is no trouble."""
SECOND_SECONDS = 300.0
"""So long, and no longer, where the round before was abandoned: what made that one hang may still be there, and
starting anew costs nothing but the mail in work, which is fetched again."""
ABANDONED_AT_MOST = 2
"""Rounds of an account that are abandoned in a row: their threads are still there, and so is what made them hang."""


class Measure(IntEnum):
    """What is done about a round, one after the other."""

    NONE = 0
    STOP = 1
    CUT = 2
    ABANDON = 3


def measure(age: float) -> Measure:
    """What a round of so many seconds has coming."""
    if age > ABANDON_SECONDS:
        return Measure.ABANDON
    if age > CUT_SECONDS:
        return Measure.CUT
    return Measure.STOP if age > STOP_SECONDS else Measure.NONE


@dataclass(frozen=True, slots=True)
class Pulse:
    """What an account's rounds last did, in monotonic seconds: `moved` is when the one under way got on, None where
    none is; `due`, when the next is to begin; `abandoned` counts those that were abandoned in a row.
    """

    moved: float | None
    due: float
    abandoned: int


def goes_on(pulse: Pulse, now: float) -> bool:
    """Whether an account's rounds make progress."""
    if pulse.abandoned >= ABANDONED_AT_MOST:
        return False
    if pulse.moved is not None:
        return now - pulse.moved < (SECOND_SECONDS if pulse.abandoned else STALLED_SECONDS)
    return now - pulse.due < OVERDUE_SECONDS
