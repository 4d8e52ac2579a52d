"""How an account is said to be, and when it is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mailarchiver.errors import MailboxError
from mailarchiver.folder_round import RoundResult
from mailarchiver.health import Health, summary

NOON = datetime(2024, 3, 6, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=5)


def test_a_good_round_ends_the_trouble() -> None:
    troubled = Health().after_failure(MailboxError("no route"), NOON).after_failure(MailboxError("no route"), LATER)
    assert (troubled.error, troubled.error_since, troubled.failures) == ("no route", NOON, 2)
    assert (troubled.last_try, troubled.last_success) == (LATER, None)
    well = troubled.after_round(RoundResult("a", found=3, filed=2, already=1), LATER)
    assert (well.error, well.error_since, well.failures) == (None, None, 0)
    assert (well.filed, well.last_try, well.last_success, well.last_mail) == (2, LATER, LATER, LATER)
    assert (well.filed_total, well.rounds_total, well.failed_total) == (2, 3, 2)


def test_a_round_without_new_mail_keeps_the_date_of_the_last() -> None:
    health = Health().after_round(RoundResult("a", found=1, filed=1), NOON).after_round(RoundResult("a"), LATER)
    assert (health.filed, health.last_mail, health.last_success) == (1, NOON, LATER)


def test_mail_that_cannot_be_fetched_is_said_with_since_when() -> None:
    lacking = RoundResult("a", found=2, filed=1, failed=1)
    health = Health().after_round(lacking, NOON).after_round(lacking, LATER)
    assert health.error == "1 message could not be fetched"
    assert (health.error_since, health.last_success) == (NOON, LATER)


def test_what_the_server_refused_is_trouble_though_the_round_went_through() -> None:
    refused = RoundResult("a", found=2, filed=1, failed=1, troubles=("there is no folder 'Old'",))
    health = Health().after_round(refused, NOON)
    assert (health.filed, health.last_success) == (1, NOON)
    assert health.error == "there is no folder 'Old'; 1 message could not be fetched"


def test_as_it_stands_in_the_status() -> None:
    health = Health(60.0, filed=2, filed_total=9, last_try=NOON, error="x", error_since=NOON, failures=1, lag=2.5)
    assert health.as_dict() == {
        "interval": 60.0,
        "filed": 2,
        "filed_total": 9,
        "rounds_total": 0,
        "failed_total": 0,
        "since": None,
        "last_try": "2024-03-06T12:00:00+00:00",
        "last_success": None,
        "last_mail": None,
        "active": None,
        "lag": 2.5,
        "backlog": 0,
        "error": "x",
        "error_since": "2024-03-06T12:00:00+00:00",
        "failures": 1,
        "token_ends": None,
    }


def test_the_backlog_is_what_a_round_left() -> None:
    stopped = RoundResult("a", found=100, filed=40, already=5, quarantined=1, large=2, waiting=3)
    assert Health().after_round(stopped, NOON).backlog == 52 + 3
    going_on = Health().under_way(77, NOON)
    assert (going_on.backlog, going_on.active, going_on.last_success) == (77, NOON, None)
    assert going_on.after_round(RoundResult("a", found=77, filed=77), LATER).backlog == 0


def test_the_lag_is_that_of_the_last_mail() -> None:
    health = Health().after_round(RoundResult("a", found=1, filed=1, lag=3.5), NOON)
    assert health.after_round(RoundResult("a"), LATER).lag == 3.5
    total = RoundResult("a", lag=1.0) + RoundResult("a", lag=2.0) + RoundResult("a")
    assert total.lag == 2.0


def test_a_daemon_that_starts_takes_over_what_was_known() -> None:
    before = Health(
        60.0, filed=3, filed_total=9, since=NOON, last_success=NOON, failures=2, error="x", error_since=NOON
    )
    after = before.taken_over(300.0, LATER)
    assert (after.interval, after.filed, after.filed_total, after.failures) == (300.0, 0, 9, 0)
    assert (after.since, after.last_success, after.error) == (NOON, NOON, "x")
    assert Health().taken_over(300.0, LATER).since == LATER


def test_the_summary_names_who_is_in_trouble() -> None:
    assert summary({"a": Health(filed=1)}) == "1 account, 1 filed since the start"
    healths = {"b": Health(filed=2, error="x"), "a": Health(error="y")}
    assert summary(healths) == "2 accounts, 2 filed since the start; in trouble: a, b"
    assert summary(healths, 3) == "2 accounts, 2 filed since the start; 3 in quarantine; in trouble: a, b"
