"""When an account is polled, and when it is left alone: by clocks and dice that a test holds, up to three days."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate

import pytest
from apscheduler.triggers.interval import IntervalTrigger
from hypothesis import given
from hypothesis import strategies as st

from mailarchiver.daemon import JITTER, LONGEST_JITTER, TICK_SECONDS
from mailarchiver.errors import FetchBrokeError, LoginRefused, MailboxError, StoreError
from mailarchiver.schedule import (
    APART_SECONDS,
    LONGEST_HINT,
    OVERDUE,
    STEADY_SECONDS,
    Turn,
    failures_in_a_row,
    hint,
    jumped,
    pause,
)

HOUR = 3600.0
START = datetime(2024, 10, 26, 12, tzinfo=UTC)
"""In the night that follows, Europe puts its clocks back."""
YEAR = 365.25 * 86400
THROTTLED = "NO Request is throttled. Suggested Backoff Time: 299910 milliseconds"


# --- pauses -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "minutes"),
    [
        (LoginRefused("x"), [15, 30, 60, 120, 240, 360, 360]),
        (StoreError("x"), [1, 2, 4, 8, 15, 15]),
        (ZeroDivisionError("x"), [1, 2, 4, 8, 16, 32, 60, 60]),
    ],
)
def test_what_does_not_mend_by_itself_is_tried_slowly(error: Exception, minutes: list[int]) -> None:
    pauses = [pause(error, number + 1, lambda: 0.5) for number in range(len(minutes))]
    assert pauses == [timedelta(minutes=m) for m in minutes]


@pytest.mark.parametrize(
    ("chance", "seconds"),
    [
        (0.0, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]),
        (0.5, [1, 2, 4, 8, 16, 32, 64, 128, 256, 450, 450, 450]),
        (0.999999, [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]),
    ],
)
def test_a_broken_connection_is_tried_again_after_any_part_of_a_growing_time(chance: float, seconds: list[int]) -> None:
    for error in (MailboxError("x"), FetchBrokeError("x", (1,))):
        pauses = [pause(error, number + 1, lambda: chance).total_seconds() for number in range(len(seconds))]
        assert pauses == pytest.approx(seconds, rel=1e-4)


def test_those_that_failed_together_do_not_come_back_together() -> None:
    chance = random.Random(4).random  # noqa: S311 - no secret
    pauses = [pause(MailboxError("x"), 9, chance).total_seconds() for _ in range(1000)]
    assert min(pauses) < 60
    assert max(pauses) > 450
    assert 200 < sum(pauses) / len(pauses) < 320


@given(st.integers(1, 10**9), st.floats(0, 1, exclude_max=True))
def test_no_pause_is_shorter_than_a_second_or_longer_than_its_bound(failures: int, chance: float) -> None:
    for error, hours in ((MailboxError("x"), 0.25), (LoginRefused("x"), 6), (StoreError("x"), 0.25)):
        assert timedelta(seconds=1) <= pause(error, failures, lambda: chance) <= timedelta(hours=hours)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (THROTTLED, 299.91),
        ("account a: m365:993 refused to search 'INBOX' (BAD suggested backoff time: 5000 milliseconds.)", 5),
        ("* BYE Server busy. Suggested Back-Off Time: 30 seconds", 30),
        ("Suggested Backoff Time:   10 seconds; Suggested Backoff Time: 2000 milliseconds", 10),
        ("Suggested Backoff Time: 999999999999 milliseconds", 3600),
        ("Suggested Backoff Time: 999999999999 seconds", 3600),
        ("Suggested Backoff Time: 0 milliseconds", 0),
        ("Suggested Backoff Time: soon", 0),
        ("Suggested Backoff Time: ٣٠ seconds", 0),
        ("try again later", 0),
        ("", 0),
    ],
)
def test_a_server_may_say_itself_how_long(text: str, seconds: float) -> None:
    assert hint([text]) == timedelta(seconds=seconds)
    assert hint(["something else", text]) == timedelta(seconds=seconds)
    assert pause(MailboxError(text), 1, lambda: 0) == max(timedelta(seconds=seconds), timedelta(seconds=1))


def test_what_the_server_says_shortens_no_pause() -> None:
    assert pause(LoginRefused(THROTTLED), 1, lambda: 0) == timedelta(minutes=15)
    assert hint(["x", "refused (Account exceeded command or bandwidth limits. (Failure)): cure"]) == timedelta(hours=3)
    assert hint(["* BYE bandwidth limit exceeded"]) == timedelta(hours=3)
    assert hint([]) == timedelta()
    assert timedelta(hours=1) == LONGEST_HINT


def test_a_connection_that_lasted_was_a_good_one() -> None:
    assert failures_in_a_row(7, STEADY_SECONDS) == 1
    assert failures_in_a_row(7, STEADY_SECONDS - 1) == 8


# --- turns ------------------------------------------------------------------------------------------------------------


def test_the_first_round_is_now() -> None:
    assert Turn(300).due(12345.0) == 0


def test_a_round_that_nobody_asks_for_comes_all_the_same() -> None:
    turn = Turn(300).begin(1000.0)
    assert turn.due(1000.0) == OVERDUE * 300
    assert turn.due(1449.0) == pytest.approx(1)
    assert turn.due(1e9) == 0


def test_what_is_asked_for_during_a_round_comes_right_after_it() -> None:
    turn = Turn(300).begin(1000.0).ask().ask()
    assert turn.due(1007.0) == 0
    assert turn.begin(1007.0).due(1007.0) == OVERDUE * 300, "once"


def test_a_burst_is_one_round() -> None:
    assert Turn(300).begin(1000.0).ask().due(1000.0) == pytest.approx(APART_SECONDS)


def test_nothing_but_time_ends_a_pause() -> None:
    turn = Turn(300).begin(1000.0).paused(1001.0, timedelta(minutes=15))
    assert turn.due(1001.0) == 900
    assert turn.ask().due(1002.0) == 899
    assert turn.paused(1002.0, timedelta(seconds=1)).due(1002.0) == 899, "nor does a shorter one"
    assert turn.paused(1002.0, timedelta()).due(1002.0) == 899
    assert turn.paused(1002.0, timedelta(hours=1)).due(1002.0) == 3600
    assert turn.due(1901.0) == 0, "and then there is a round"


@pytest.mark.parametrize(
    ("then", "now", "jump"),
    [
        ((1e9, 50.0), (1e9 + 5, 55.0), None),
        ((1e9, 50.0), (1e9 + 25, 55.0), None),
        ((1e9, 50.0), (1e9 + 3605, 55.0), 3600),
        ((1e9, 50.0), (1e9 - 3595, 55.0), -3600),
        ((1e9, 50.0), (1e9 + 10 * YEAR + 5, 55.0), 10 * YEAR),
    ],
)
def test_a_clock_that_was_set(then: tuple[float, float], now: tuple[float, float], jump: float | None) -> None:
    assert jumped(then, now) == (None if jump is None else pytest.approx(jump))


# --- three days -------------------------------------------------------------------------------------------------------


class Clock:
    """The time that has passed, and what the clock on the wall shows: it is set, by so much, at these moments."""

    def __init__(self, sets: Mapping[float, float], start: datetime = START) -> None:
        self.passed = 0.0
        self._start = start.timestamp()
        self._moments = sorted(sets)
        self._sums = [0.0, *accumulate(sets[moment] for moment in self._moments)]

    def wall(self) -> float:
        return self._start + self.passed + self._sums[bisect_right(self._moments, self.passed)]


@dataclass
class Trigger:
    """APScheduler as it is, with its own trigger: it sleeps for as long as it was to the next run when it last looked,
    and then runs what is due by the wall.
    """

    clock: Clock
    interval: float
    seed: int

    def __post_init__(self) -> None:
        random.seed(self.seed)  # the trigger takes its jitter from there
        jitter = min(self.interval * JITTER, LONGEST_JITTER)
        self._trigger = IntervalTrigger(seconds=self.interval, jitter=jitter, timezone=UTC, start_date=self._now())
        self._next = self._after(None)
        self._sleep()

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.wall(), UTC)

    def _after(self, fired: datetime | None) -> datetime:
        found: datetime = self._trigger.get_next_fire_time(fired, self._now())
        return found

    def _sleep(self) -> None:
        self.awake_at = self.clock.passed + max(0.0, (self._next - self._now()).total_seconds())

    def modify(self) -> None:
        self._next = self._now()
        self.awake_at = self.clock.passed

    def runs(self) -> bool:
        if self.clock.passed < self.awake_at:
            return False
        due = self._next <= self._now()
        if due:
            fired = (
                self._next if self._now() - self._next < timedelta(days=1) else self._now()
            )  # it would take its time
            while fired <= self._now():  # coalesced
                fired = self._after(fired)
            self._next = fired
        self._sleep()
        return due


def polls(clock: Clock, interval: float, *, hours: float, looks: bool, step: float = 1.0) -> Iterator[float]:
    """When rounds begin, as the daemon decides it; a round takes a while. Without `looks` nobody looks for jumps."""
    chance = random.Random(4)  # noqa: S311 - no secret
    trigger = Trigger(clock, interval, seed=4)
    turn, busy_until = Turn(interval), -1.0
    then, looked = (clock.wall(), clock.passed), 0.0
    while clock.passed < hours * HOUR:
        if trigger.runs() and clock.passed >= busy_until:
            turn = turn.ask()
        if looks and clock.passed - looked >= TICK_SECONDS:
            looked = clock.passed
            if jumped(then, (clock.wall(), clock.passed)) is not None:
                trigger.modify()
            then = (clock.wall(), clock.passed)
        if clock.passed >= busy_until and turn.due(clock.passed) == 0:
            turn = turn.begin(clock.passed)
            busy_until = clock.passed + chance.uniform(0, interval / 4)
            yield clock.passed
        clock.passed += step


SETS = {
    "nothing happens": {},
    "an hour forward": {30 * HOUR: HOUR},
    "an hour back": {30 * HOUR: -HOUR},
    "back and forth": {10 * HOUR: -HOUR, 20 * HOUR: HOUR, 20.1 * HOUR: -HOUR, 20.2 * HOUR: HOUR},
    "ten years forward": {30 * HOUR: 10 * YEAR},
    "ten years back": {30 * HOUR: -10 * YEAR},
    "a clock without a battery": {60.0: 20 * YEAR},
    "drifts and is put right": {hour * HOUR: 20.0 for hour in range(1, 71)} | {71 * HOUR: -1400.0},
    "each minute a second back": {minute * 60.0: -1.0 for minute in range(1, 72 * 60)},
}


@pytest.mark.parametrize("looks", [True, False], ids=["watched", "unwatched"])
@pytest.mark.parametrize("sets", SETS.values(), ids=SETS)
def test_72_hours_are_polled_within_two_intervals(sets: dict[float, float], looks: bool) -> None:
    for interval, step in ((300.0, 1.0), (3600.0, 5.0)):
        moments = list(polls(Clock(sets), interval, hours=72, looks=looks, step=step))
        gaps = [after - before for before, after in zip([0.0, *moments], [*moments, 72 * HOUR], strict=True)]
        assert max(gaps) <= 2 * interval
        assert len(moments) <= 1.2 * 72 * HOUR / interval, "and not much more often either"


def test_the_night_in_which_the_clocks_change_is_like_any_other() -> None:
    """The trigger counts in UTC: local time does not come into it."""
    moments = list(polls(Clock({}), 300.0, hours=24, looks=True))
    assert len(moments) == pytest.approx(24 * HOUR / (300 + LONGEST_JITTER / 2), abs=5)


def test_three_days_of_trouble_hammer_nobody() -> None:
    """A server that refuses the log-in for three days hears of us about a dozen times, whatever asks for rounds."""
    tried = 0
    turn, now, failures = Turn(60.0), 0.0, 0
    while now < 72 * HOUR:
        if turn.due(now) == 0:
            tried, failures = tried + 1, failures + 1
            turn = turn.begin(now).paused(now, pause(LoginRefused("x"), failures, lambda: 0.5))
        turn = turn.ask()  # as watchers, the trigger and a reload would, each second
        now += 1
    assert 10 <= tried <= 20


Step = Callable[[Turn, float], Turn]
STEPS: list[Step] = [
    lambda turn, _: turn.ask(),
    lambda turn, now: turn.begin(now) if turn.due(now) == 0 else turn,
    lambda turn, now: turn.paused(now, timedelta(seconds=7)),
    lambda turn, _: turn,
]


@given(st.lists(st.tuples(st.sampled_from(STEPS), st.floats(0, 50))))
def test_whatever_happens_a_round_comes(steps: list[tuple[Step, float]]) -> None:
    turn, now = Turn(60.0), 0.0
    for step, seconds in steps:
        turn = step(turn, now)
        assert turn.due(now) < OVERDUE * 60 + 0.001
        if turn.resume is not None and now < turn.resume:
            assert turn.due(now) >= turn.resume - now
        now += seconds
