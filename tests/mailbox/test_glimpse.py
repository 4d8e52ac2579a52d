"""What tells messages apart where UIDs do not; and whatever a server says, nobody is held up by it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import pytest

from mailarchiver.mailbox.glimpse import keys
from mailarchiver.mailbox.wire import IMAPError

NAME = b"BODY[HEADER.FIELDS (MESSAGE-ID DATE FROM SUBJECT)]"
NOON = datetime(2024, 3, 6, 12, tzinfo=UTC)


class Odd(tzinfo):
    """A zone of +9999."""

    def utcoffset(self, _moment: datetime | None) -> timedelta:
        return timedelta(hours=100)

    def dst(self, _moment: datetime | None) -> None:
        return None

    def tzname(self, _moment: datetime | None) -> str:
        return "odd"


class Server:
    """Answers with these items, or raises."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def fetch(self, uids: list[int], _items: list[str]) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return {uid: self.answer[uid] for uid in uids if uid in self.answer}


def told(fields: bytes | None = b"Subject: Walk\r\n\r\n", size: Any = 100, date: Any = NOON) -> dict[bytes, Any]:
    return {NAME: fields, b"RFC822.SIZE": size, b"INTERNALDATE": date}


def named(*answers: dict[bytes, Any]) -> dict[int, str]:
    return keys(Server(dict(enumerate(answers, 1))), range(1, len(answers) + 2))  # type: ignore[arg-type]


def test_any_difference_makes_another_message() -> None:
    others = [told(b"Subject: Other\r\n\r\n"), told(size=101), told(date=NOON + timedelta(seconds=1))]
    found = named(told(), *others)
    assert len(set(found.values())) == 4
    assert named(told())[1] == found[1], "and the same is the same, whatever stands beside it"


def test_what_looks_alike_has_no_key() -> None:
    assert list(named(told(), told(), told(size=5))) == [3]


@pytest.mark.parametrize(
    "lacking",
    [told(None), told(b"\r\n"), told(size=None), told(date=None), told(date=NOON.replace(tzinfo=Odd())), {}],
)
def test_what_lacks_something_has_no_key(lacking: dict[bytes, Any]) -> None:
    assert named(lacking) == {}


@pytest.mark.parametrize("error", [IMAPError("NO"), ValueError("31-Feb"), RecursionError()])
def test_an_answer_that_is_none_names_nothing(error: Exception) -> None:
    assert keys(Server(error), [1, 2]) == {}  # type: ignore[arg-type]


def test_a_broken_connection_is_no_answer() -> None:
    with pytest.raises(IMAPError, match="gone"):
        keys(Server(IMAPError.__subclasses__()[0]("gone")), [1])  # type: ignore[arg-type]
