"""What the log says of a message that was filed: who, where, how long; of an article, its title and no more."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from mailarchiver.config import Archive, Limits
from mailarchiver.events import Event, event_of, facts_of
from mailarchiver.filing import filed, opened
from mailarchiver.model import MessageRef, RawMessage, Receipt, Rules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RULES = Rules(UTC)
REF = MessageRef("articles", "INBOX", 7, 12)


def mail(subject: str = "A day at sea") -> bytes:
    return (
        f"From: Jane Roe <jane@example.org>\r\nTo: a@example.org\r\nSubject: {subject}\r\n"
        "Message-ID: <1@example.org>\r\nDate: Wed, 6 Mar 2024 12:00:00 +0000\r\n\r\nThe whole secret text of it.\r\n"
    ).encode()


def file(root: Path, *raws: RawMessage) -> list[Receipt]:
    def batches() -> Iterator[list[RawMessage]]:
        yield list(raws)

    with opened(Archive(root=root, min_free=0), Limits(), jobs=1) as (store, worker):
        return [receipt for receipts in filed(batches(), store, worker, rules=RULES) for receipt in receipts]


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.INFO, "mailarchiver.filing"):
        yield caplog


def only_line(log: pytest.LogCaptureFixture) -> logging.LogRecord:
    [record] = [record for record in log.records if record.name == "mailarchiver.filing"]
    return record


def test_an_article_is_a_line_with_its_facts(tmp_path: Path, log: pytest.LogCaptureFixture) -> None:
    [receipt] = file(tmp_path / "a", RawMessage(REF, datetime.now(UTC) - timedelta(seconds=90), mail()))
    record = only_line(log)
    [(entry, folder)] = receipt.entries
    facts = dict(facts_of(record))
    milliseconds = facts.pop("ms")
    assert isinstance(milliseconds, int)
    assert 0 < milliseconds < 60_000
    assert event_of(record) is Event.FILED
    assert facts == {
        "account": "articles",
        "mailbox": "INBOX",
        "uid": 12,
        "entry": entry,
        "folder": folder,
        "title": "A day at sea",
        "articles": 1,
        "warnings": 0,
    }
    assert record.getMessage() == (
        f"articles: INBOX, UID 12: filed {entry} “A day at sea” in {folder}, 0 warnings, {milliseconds} ms"
    )
    assert receipt.lag is not None
    assert 90 <= receipt.lag < 150


def test_the_text_of_an_article_is_in_no_line(tmp_path: Path, log: pytest.LogCaptureFixture) -> None:
    file(
        tmp_path / "a", RawMessage(REF, None, mail()), RawMessage(MessageRef("articles", "INBOX", 7, 13), None, mail())
    )
    assert len(log.records) >= 2
    assert not [record for record in log.records if "secret text" in f"{record.getMessage()}{facts_of(record)}"]


def test_what_is_there_already_names_the_entry(tmp_path: Path, log: pytest.LogCaptureFixture) -> None:
    [first] = file(tmp_path / "a", RawMessage(REF, None, mail()))
    log.clear()
    [second] = file(tmp_path / "a", RawMessage(MessageRef("articles", "INBOX", 7, 13), datetime.now(UTC), mail()))
    record = only_line(log)
    assert (second.outcome, second.lag) == ("already", None)
    assert event_of(record) is Event.ALREADY
    assert facts_of(record)["entry"] == first.entries[0][0]


def test_a_title_begins_no_line_of_its_own(tmp_path: Path, log: pytest.LogCaptureFixture) -> None:
    hostile = "=?utf-8?q?One=0AERROR_two=1B[2J?="
    file(tmp_path / "a", RawMessage(REF, None, mail(hostile)))
    record = only_line(log)
    assert "\x1b" not in record.getMessage()
    assert "\n" not in record.getMessage()
