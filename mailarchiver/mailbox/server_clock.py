"""What time a server has, asked without leaving a trace: IMAP has no command for it, but some searches know.

With WITHIN (RFC 5032) `SEARCH YOUNGER n` finds messages whose INTERNALDATE lies within n seconds of the *server's* now.
So the smallest n for which a message is found is its age on the server's clock; that and its INTERNALDATE are the time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .wire import Client

OLDEST = 1 << 31
"""Seconds, 68 years; servers count them in 32 bits."""


@dataclass(frozen=True, slots=True)
class ServerClock:
    """By how many seconds the server's clock is ahead of ours, to about 2 s; None where it cannot be known, and `why`.

    `at_least` is what a message from the future tells: somebody's clock, the server's as a rule, is that far ahead.
    """

    ahead: float | None = None
    at_least: float | None = None
    why: str = ""


def ask(client: Client, uids: Sequence[int], clock: Callable[[], float] = time.time) -> ServerClock:
    """The clock of the server, by messages of the folder that is open: the oldest has an age, where there are
    searches by age, and the newest may come from the future.
    """
    if not uids:
        return ServerClock(why="there is no message to tell it by")
    answers = client.fetch(sorted({uids[0], uids[-1]}), ["INTERNALDATE"])
    dates = [answers.get(uid, {}).get(b"INTERNALDATE") for uid in (uids[0], uids[-1])]
    oldest, newest = (each.timestamp() if each is not None else None for each in dates)
    if oldest is not None and client.has_capability("WITHIN"):
        age = find_age(lambda n: uids[0] in client.search(["UID", str(uids[0]), "YOUNGER", n]), round(clock() - oldest))
        if age is not None:
            return ServerClock(ahead=oldest + age - clock())
    if newest is not None and newest > clock():
        return ServerClock(at_least=newest - clock(), why="the newest message is from the future")
    return ServerClock(why="the server has no command that tells it (WITHIN, RFC 5032)")


def find_age(found_within: Callable[[int], bool], guess: int) -> int | None:
    """The smallest number of seconds within which the message is found; two questions where the guess is right.

    None where there is none: for a message from the server's future, or a server that does not mean it. Pure.
    """
    step = 2
    low, high = max(0, min(guess, OLDEST) - step), max(1, min(guess, OLDEST - step) + step)
    while not found_within(high):
        if high >= OLDEST:
            return None
        low, high, step = high, min(high + step, OLDEST), step * 2
    step = 2
    while low > 0 and found_within(low):
        low, high, step = max(0, low - step), low, step * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if found_within(middle) else (middle, high)
    return high if high > 1 else None
