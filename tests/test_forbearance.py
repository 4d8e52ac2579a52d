"""Which accounts are left alone, and for how long: by the clock on the wall, and only while nothing has changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from mailarchiver.archive.store import Store
from mailarchiver.config import Account
from mailarchiver.errors import LoginRefused, MailboxError, StoreError
from mailarchiver.events import Event, event_of, facts_of
from mailarchiver.folder_round import RoundResult
from mailarchiver.forbearance import Forbearance, mark

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START = datetime(2024, 3, 6, 12, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


def account(**settings: Any) -> Account:
    table = {"name": "articles", "host": "localhost", "security": "none", "username": "jane", "password": "secret"}
    return Account.model_validate({key: value for key, value in {**table, **settings}.items() if value is not None})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "archive", min_free=0) as store:
        yield store


class Clock:
    now = START

    def __call__(self) -> datetime:
        return self.now


def test_a_pause_lasts_as_long_as_it_should(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    Forbearance(store, clock).note(account(), QUARTER, 3, LoginRefused("no"))
    for minutes, left in ((15, None), (-60 * 24, None), (-60 * 5, 315), (14, 1), (0, 15)):
        clock.now = START + timedelta(minutes=minutes)
        found = Forbearance(store, clock).left([account(), account(name="other")])
        assert [wait for wait, _ in found.values()] == ([] if left is None else [timedelta(minutes=left)])
    (wait, why) = found["articles"]
    assert (wait, why.failures, why.why) == (QUARTER, 3, "no")
    (*_, record) = caplog.records
    assert event_of(record) is Event.LEFT_ALONE
    assert facts_of(record) == {"account": "articles", "seconds": 900}
    assert "left alone for another 15 min, after 3 failures (no)" in record.getMessage()


def test_it_ends_when_the_account_gets_on(store: Store) -> None:
    first = Forbearance(store, Clock())
    first.note(account(), QUARTER, 1, LoginRefused("no"))
    first.forget(account(name="other"))
    assert Forbearance(store, Clock()).left([account()])
    first.forget(account())
    assert not Forbearance(store, Clock()).left([account()])


def test_what_counts_as_another_configuration(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("one")
    of_file = {"password": None, "password_file": str(file)}
    usual, by_file = mark(account()), mark(account(**of_file))
    assert usual == mark(account(interval="1h", folders=["Other"], push=False, after="seen"))
    changes: list[dict[str, Any]] = [
        {"username": "joan"},
        {"host": "127.0.0.1"},
        {"port": 1143},
        {"password": "other"},
        {"password": None, "password_command": ["pass"]},
        of_file,
    ]
    assert len({usual, *(mark(account(**change)) for change in changes)}) == len(changes) + 1
    file.write_text("two")
    assert mark(account(**of_file)) != by_file
    file.unlink()
    assert mark(account(**of_file)).endswith("-?")
    assert "secret" not in usual


def test_an_archive_that_cannot_be_read_ends_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise StoreError("full")

    for method in ("paused", "pause", "forget_pause"):
        monkeypatch.setattr(f"mailarchiver.archive.notes.Notes.{method}", refuse)
    forbearance = Forbearance(store, Clock())
    assert forbearance.left([account()]) == {}
    forbearance.note(account(), QUARTER, 1, LoginRefused("no"))
    forbearance.forget(account())
    assert caplog.text.count("cannot be noted: full") == 3


def of_round(*troubles: str) -> RoundResult:
    return RoundResult("articles", troubles=troubles)


def test_what_a_round_of_its_own_came_to_is_heeded_by_the_next(store: Store) -> None:
    """`poll` counts no failures: what was noted does."""
    clock = Clock()
    for failures, minutes in ((1, 15), (2, 30), (3, 60)):
        Forbearance(store, clock).heed(account(), LoginRefused("no"))
        (wait, why) = Forbearance(store, clock).left([account()])["articles"]
        assert (wait, why.failures) == (timedelta(minutes=minutes), failures)
        clock.now += wait
    Forbearance(store, clock).heed(account(password="other"), LoginRefused("no"))
    assert Forbearance(store, clock).left([account(password="other")])["articles"][1].failures == 1
    Forbearance(store, clock).heed(account(), MailboxError("cut off"))
    Forbearance(store, clock).heed(account(), of_round("it is busy. Suggested Backoff Time: 60000 milliseconds"))
    assert Forbearance(store, clock).left([account()])["articles"][0] == timedelta(minutes=1)
    Forbearance(store, clock).heed(account(), of_round("a folder is missing"))
    assert Forbearance(store, clock).left([account()]) == {}
