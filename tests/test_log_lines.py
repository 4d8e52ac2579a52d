"""The log as lines: what a person sees of it, and what a program reads."""

from __future__ import annotations

import json
import logging

import pytest

from mailarchiver.errors import LoginRefused, MailboxError, StoreError
from mailarchiver.events import Event, about, of_error
from mailarchiver.log_lines import JsonLines, PlainLines


def record(
    message: str, extra: dict[str, object] | None = None, *, error: BaseException | None = None
) -> logging.LogRecord:
    exc_info = None if error is None else (type(error), error, error.__traceback__)
    made = logging.getLogger("mailarchiver.filing").makeRecord(
        "mailarchiver.filing", logging.INFO, "filing.py", 1, message, (), exc_info, extra=extra
    )
    made.created = 1709726400.25
    return made


def failure() -> BaseException:
    with pytest.raises(ValueError) as raised:
        int("x\u202ey")
    return raised.value


def test_a_plain_line() -> None:
    assert PlainLines(with_time=False).format(record("filed x")) == "INFO mailarchiver.filing: filed x"
    assert PlainLines().format(record("filed x")).endswith(" INFO mailarchiver.filing: filed x")


def test_words_of_others_begin_no_line_and_move_no_cursor() -> None:
    assert PlainLines(with_time=False).format(record("filed \x1b[1m“a\nERROR b”")) == (
        "INFO mailarchiver.filing: filed [1m“a ERROR b”"
    )


def test_a_traceback_follows_its_line() -> None:
    lines = PlainLines(with_time=False).format(record("broken off", error=failure())).splitlines()
    assert lines[:2] == ["INFO mailarchiver.filing: broken off", "Traceback (most recent call last):"]
    assert lines[-1] == "ValueError"


def test_a_json_line() -> None:
    extra = about(Event.LOGIN_REFUSED, account="articles", ms=3, entry=None)
    text = JsonLines().format(record("no\nentry", extra))
    assert "\n" not in text
    assert json.loads(text) == {
        "time": "2024-03-06T12:00:00.250+00:00",
        "level": "info",
        "logger": "mailarchiver.filing",
        "event": "login-refused",
        "message": "no entry",
        "account": "articles",
        "ms": 3,
    }


def test_a_traceback_is_a_string_of_a_json_line() -> None:
    text = JsonLines().format(record("broken off", error=failure()))
    assert "\n" not in text
    assert json.loads(text)["traceback"].startswith("Traceback (most")


@pytest.mark.parametrize(
    ("error", "event"),
    [
        (LoginRefused("x"), Event.LOGIN_REFUSED),
        (MailboxError("x"), Event.ROUND_FAILED),
        (StoreError("x"), Event.ARCHIVE_TROUBLE),
        (ValueError("x"), Event.DEFECT),
    ],
)
def test_which_event_an_error_is(error: Exception, event: Event) -> None:
    assert of_error(error) is event
