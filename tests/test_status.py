"""What the service says of itself, and when that is an alarm: a pure decision, for which a test is the clock."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailarchiver.archive.layout import Layout
from mailarchiver.archive.store import Store
from mailarchiver.errors import ServiceSilent
from mailarchiver.health import Health
from mailarchiver.status import Behind, Status, Verified, alarms, carried, of_json, read, trouble_of

NOON = datetime(2024, 3, 6, 12, tzinfo=UTC)
WELL = Health(
    filed=2, filed_total=90, rounds_total=1000, failed_total=3, since=NOON - timedelta(days=9),
    last_try=NOON, last_success=NOON, last_mail=NOON - timedelta(hours=1), active=NOON, lag=4.25,
    token_ends=NOON + timedelta(days=60),
)  # fmt: skip


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def status(written: datetime = NOON, **accounts: Health) -> Status:
    return Status(written, NOON - minutes(600), "0.2.0", 1204, 3, 12_345_678_901, accounts)


def test_damage_that_was_found_is_an_alarm_until_it_is_mended() -> None:
    checked = Verified(2835, NOON - minutes(9999), 24)
    assert alarms(replace(status(a=WELL), verified=checked), NOON) == []
    damaged = replace(status(a=WELL), verified=replace(checked, damaged=("0123456789ab", "cdef01234567")))
    assert alarms(damaged, NOON) == [
        "2 articles of the archive damaged: 0123456789ab, cdef01234567: run `mailarchiver verify`"
    ]
    assert of_json(json.dumps(damaged.as_json()).encode()) == damaged


def test_pages_that_stay_behind_are_an_alarm() -> None:
    behind = replace(status(a=WELL), pages=Behind("the disk is full: make room", NOON - minutes(14)))
    assert alarms(behind, NOON) == []
    [alarm] = alarms(behind, NOON + minutes(2))
    assert alarm.startswith("browse pages and search index are not brought up to date since 6 March 2024, 11:46 UTC")
    assert alarm.endswith(" (16 min): the disk is full: make room")
    assert of_json(json.dumps(behind.as_json()).encode()) == behind


def test_a_weekly_check_that_does_not_go_through_is_an_alarm() -> None:
    checked = Verified(2835, NOON - timedelta(weeks=5), 24)
    well = replace(status(a=WELL), verified=checked)
    assert alarms(well, NOON) == []
    late = replace(well, verified=replace(checked, at=NOON - timedelta(days=36)))
    assert alarms(late, NOON) == [
        "no weekly check of the archive went through since 30 January 2024, 12:00 UTC (36 days): see the log"
    ]
    assert alarms(replace(late, started=NOON - timedelta(hours=5)), NOON) == [], "it may still be made up for"
    polled = Status(
        NOON,
        NOON - minutes(2),
        "x",
        0,
        0,
        None,
        {"a": replace(WELL, interval=86400.0, since=NOON - timedelta(days=99))},
    )
    assert alarms(polled, NOON + timedelta(days=2)) == [], "a timer's `poll` checks nothing"


def test_a_weekly_check_that_never_went_through_is_an_alarm_over_restarts() -> None:
    watched = replace(WELL, since=NOON - timedelta(days=36))
    assert alarms(status(a=WELL, b=watched), NOON) == [
        "no weekly check of the archive went through since 30 January 2024, 12:00 UTC (36 days): see the log"
    ]
    assert alarms(status(a=replace(WELL, since=NOON - timedelta(days=34)), b=replace(WELL, since=None)), NOON) == []


# --- the decision ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("after", "is_alarm"), [(0, False), (14.9, False), (15, False), (15.1, True), (10**6, True)])
def test_a_good_round_is_good_for_three_intervals(after: float, is_alarm: bool) -> None:
    assert bool(alarms(status(a=WELL), NOON + minutes(after))) == is_alarm


def test_a_daemon_that_died_is_told_as_such() -> None:
    first, second = alarms(status(a=WELL), NOON + minutes(61))
    assert first == "the daemon has said nothing since 6 March 2024, 12:00 UTC (61 min): it does not run, or it hangs"
    assert second == (
        "account a: no round went through since 6 March 2024, 12:00 UTC (61 min), with an interval of 5 min"
    )


def test_an_account_of_several_that_fails_is_an_alarm_alone() -> None:
    failing = replace(
        WELL, last_success=NOON - minutes(16), failures=7, error="no route", error_since=NOON - minutes(11)
    )
    assert alarms(status(a=WELL, b=failing), NOON) == [
        "account b: no round went through since 6 March 2024, 11:44 UTC (16 min), with an interval of 5 min: no route"
    ]


def test_a_slow_account_is_given_its_own_time() -> None:
    slow = replace(WELL, last_success=NOON - timedelta(hours=2), active=NOON - timedelta(hours=2))
    told = Status(NOON, NOON, "x", 0, 0, None, {"a": WELL, "b": replace(slow, interval=3600.0)})
    assert alarms(told, NOON) == []


def test_trouble_of_rounds_that_go_through_is_an_alarm_when_it_stays() -> None:
    troubled = replace(WELL, error="there is no folder 'Old'", error_since=NOON - minutes(14))
    assert alarms(status(a=troubled), NOON) == []
    assert alarms(
        status(NOON + minutes(2), a=replace(troubled, last_success=NOON + minutes(2))), NOON + minutes(2)
    ) == ["account a: in trouble since 6 March 2024, 11:46 UTC (16 min): there is no folder 'Old'"]


def test_a_long_round_that_files_mail_is_no_silence() -> None:
    busy = replace(WELL, last_success=NOON - minutes(50), active=NOON - minutes(1), backlog=40_000)
    assert trouble_of(busy, NOON) is None
    assert trouble_of(busy, NOON + minutes(15)) is not None, "and one that hangs is"


def test_mail_filed_by_rounds_that_fail_does_not_hide_that() -> None:
    breaking = replace(WELL, last_success=NOON - minutes(50), active=NOON, failures=3, error="broke off")
    assert trouble_of(breaking, NOON) is not None


def test_a_new_account_is_given_time_and_no_more() -> None:
    new = Health(since=NOON)
    assert alarms(status(a=new), NOON + minutes(5)) == []
    late = status(NOON + minutes(16), a=replace(new, failures=4, error="refused", error_since=NOON + minutes(9)))
    assert alarms(late, NOON + minutes(16)) == [
        (
            "account a: no round has ever gone through, it is tried since 6 March 2024, 12:00 UTC (16 min), "
            "with an interval of 5 min: refused"
        )
    ]
    assert alarms(status(a=Health()), NOON) == ["account a: it was never polled"]


def test_times_far_ahead_of_the_clock_tell_nothing() -> None:
    """Else a daemon that died before the clock was set back would be well for years."""
    told = alarms(status(a=WELL), NOON - timedelta(days=400))
    assert len(told) == 3
    assert "which is 400 days ahead of this machine's clock" in told[0]
    assert alarms(status(a=WELL), NOON - minutes(2)) == []


def test_what_should_be_watched_and_is_not() -> None:
    assert alarms(status(a=WELL), NOON, ["a", "b"]) == ["account b: the daemon does not watch it: reload or restart it"]
    assert alarms(status(), NOON) == ["the daemon watches no account"]


def test_a_sign_in_that_has_ended_is_told() -> None:
    ended = replace(WELL, token_ends=NOON - timedelta(days=3))
    assert alarms(status(a=ended), NOON) == [
        "account a: its sign-in has ended since 3 March 2024, 12:00 UTC (3 days): run `mailarchiver auth login`"
    ]


@settings(deadline=None)
@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=9999)))
def test_once_an_alarm_it_stays_one_while_nothing_happens(age: timedelta) -> None:
    if alarms(status(a=WELL), NOON + age):
        assert alarms(status(a=WELL), NOON + age + timedelta(hours=1))


# --- the file -------------------------------------------------------------------------------------------------------


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    told = status(a=WELL, b=Health())
    with Store.open(tmp_path / "archive", min_free=0) as store:
        store.write_status(told.as_json())
    assert read(tmp_path / "archive") == told
    path = Layout(tmp_path / "archive").status
    assert stat.S_IMODE(path.stat().st_mode) == 0o640, "the group may read it"
    assert of_json(json.dumps({**told.as_json(), "later": 1}).encode()) == told, (
        "what a newer program adds is left aside"
    )


def test_the_next_daemon_goes_on_where_this_one_was(tmp_path: Path) -> None:
    assert carried(tmp_path) is None
    with Store.open(tmp_path / "archive", min_free=0) as store:
        store.write_status(status(a=replace(WELL, failures=3)).as_json())
    known = carried(tmp_path / "archive")
    assert known is not None
    assert known.accounts == {"a": replace(WELL, failures=3)}


def test_a_file_that_is_missing_is_an_alarm(tmp_path: Path) -> None:
    with pytest.raises(ServiceSilent, match=r"status\.json is missing: no daemon has run there yet"):
        read(tmp_path)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "{}", '{"format": 2}', '{"format": 1, "written": 3}', "[" * 10**5, "\0", '"x"']
)
def test_a_file_that_is_damaged_is_an_alarm(tmp_path: Path, text: str) -> None:
    layout = Layout(tmp_path)
    layout.state.mkdir()
    layout.status.write_text(text)
    with pytest.raises(ServiceSilent, match=r"status\.json is damaged"):
        read(tmp_path)
    assert carried(tmp_path) is None


def said(told: dict[str, Any]) -> list[str] | None:
    try:
        return alarms(of_json(json.dumps(told).encode()), NOON)
    except ValueError:
        return None


@settings(deadline=None)
@given(st.recursive(st.none() | st.text() | st.integers() | st.floats(), st.lists, max_leaves=3))
@example("2024-03-06T12:00:00")
@example(10**400)
def test_no_value_of_any_key_breaks_the_reading(value: object) -> None:
    sound: dict[str, Any] = json.loads(json.dumps(status(a=WELL).as_json()))
    assert said(sound) == []
    for key in ("written", "started", "articles", "quarantined", "disk_free", "accounts"):
        said({**sound, key: value})
    for key in sound["accounts"]["a"]:
        said({**sound, "accounts": {"a": {**sound["accounts"]["a"], key: value}}})


@pytest.mark.parametrize("value", ["2024-03-06T12:00:00", None, "yesterday", [], True])
def test_a_time_that_is_none_is_damage(value: object) -> None:
    assert said({**status(a=WELL).as_json(), "written": value}) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be several users")
@pytest.mark.parametrize(("group", "outcome"), [(4711, "well"), (4712, "cannot be read: Permission denied")])
def test_the_group_may_ask_and_nobody_else(group: int, outcome: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        root = Path(folder) / "archive"
        with Store.open(root, min_free=0) as store:
            store.write_status(status(a=WELL).as_json())
        assert read(root) == status(a=WELL)
        for path in (root, *root.rglob("*")):
            os.chown(path, 4710, 4711)
        assert outcome in _asked_by(4713, group, root)


def _asked_by(user: int, group: int, root: Path) -> str:
    """What a user of this group is told."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(group)
            os.setuid(user)
            told = "well" if read(root).articles else "nothing"
        except ServiceSilent as error:
            told = str(error)
        os.write(theirs, told.encode())
        os._exit(0)
    os.close(theirs)
    with open(ours, "rb") as answer:  # noqa: PTH123 - a descriptor, not a path
        told = answer.read().decode()
    os.waitpid(child, 0)
    return told
