"""What is done about a round that takes too long, and when the daemon is left to the watchdog."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mailarchiver.mailbox.imap import Server
from mailarchiver.supervision import (
    ABANDON_SECONDS,
    CUT_SECONDS,
    OVERDUE_SECONDS,
    SECOND_SECONDS,
    STALLED_SECONDS,
    STOP_SECONDS,
    Measure,
    Pulse,
    goes_on,
    measure,
)


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (0, Measure.NONE),
        (STOP_SECONDS, Measure.NONE),
        (STOP_SECONDS + 1, Measure.STOP),
        (CUT_SECONDS + 1, Measure.CUT),
        (ABANDON_SECONDS + 1, Measure.ABANDON),
        (10 * ABANDON_SECONDS, Measure.ABANDON),
    ],
)
def test_measures_by_age(age: float, expected: Measure) -> None:
    assert measure(age) is expected


def test_the_order_of_the_deadlines() -> None:
    """A slow server meets the mailbox's own deadline first; what can be abandoned is, before the watchdog bites."""
    operation = Server("localhost", 993, "tls", "jane").deadline
    assert STOP_SECONDS < operation < CUT_SECONDS < ABANDON_SECONDS < STALLED_SECONDS


@pytest.mark.parametrize("unit", ["mailarchiver.service", "user/mailarchiver.service"])
def test_at_the_worst_a_daemon_that_hangs_is_killed_after_25_minutes(unit: str) -> None:
    """As the module says, and docs/service.md."""
    text = (Path(__file__).parents[1] / "systemd" / unit).read_text("utf-8")
    [minutes] = re.findall(r"(?m)^WatchdogSec=(\d+)min$", text)
    assert ABANDON_SECONDS + SECOND_SECONDS + 60 * int(minutes) == 25 * 60


@pytest.mark.parametrize(
    ("pulse", "expected"),
    [
        (Pulse(moved=None, due=1000, abandoned=0), True),
        (Pulse(moved=None, due=5000, abandoned=0), True),
        (Pulse(moved=None, due=1000 - OVERDUE_SECONDS, abandoned=0), False),
        (Pulse(moved=1000 - STALLED_SECONDS + 1, due=0, abandoned=0), True),
        (Pulse(moved=1000 - STALLED_SECONDS, due=0, abandoned=0), False),
        (Pulse(moved=1000, due=0, abandoned=1), True),
        (Pulse(moved=1000 - SECOND_SECONDS + 1, due=0, abandoned=1), True),
        (Pulse(moved=1000 - SECOND_SECONDS, due=0, abandoned=1), False),
        (Pulse(moved=1000, due=0, abandoned=2), False),
    ],
)
def test_what_counts_as_going_on(pulse: Pulse, *, expected: bool) -> None:
    assert goes_on(pulse, 1000.0) is expected
