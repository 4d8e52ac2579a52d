"""The whole way of a mail, in memory."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from mailarchiver import pipeline
from mailarchiver.errors import MessageError
from mailarchiver.model import Bundle, Headers, MessageRef, Quarantine, RawMessage, Rules

REF = MessageRef("articles", "INBOX", 7, 42)
NOON = datetime(2024, 5, 20, 12, 0, tzinfo=timezone(timedelta(hours=2)))
MAIL = (
    b"From: Ada <ada@example.org>\r\nTo: archive@example.org\r\nSubject: Fwd: Swifts\r\n"
    b"Date: Mon, 20 May 2024 11:59:00 +0200\r\nMessage-ID: <1@example.org>\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n\r\nThey are back.\r\n"
)
ID = hashlib.sha256(MAIL).hexdigest()[:12]


def understand(data: bytes = MAIL, received: datetime | None = NOON, zone: str = "UTC") -> tuple[Bundle, ...]:
    digest = hashlib.sha256(data).hexdigest()
    answer = pipeline.understand(RawMessage(REF, received, data), id=digest[:12], rules=Rules(ZoneInfo(zone)))
    assert not isinstance(answer, Quarantine), answer
    return answer


def test_a_mail_becomes_the_files_of_format_1() -> None:
    (bundle,) = understand()
    assert bundle.folder == f"2024/05/2024-05-20-swifts-{ID}"
    assert {"index.html", "article.md", "article.txt", "article.json", "message.eml", "SHA256SUMS"} == set(bundle.files)
    assert bundle.files["message.eml"] == MAIL
    assert bundle.files["article.txt"] == b"They are back.\n"
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in bundle.files.items() if name != "SHA256SUMS"}
    assert bundle.files["SHA256SUMS"].decode() == "".join(f"{sums[name]}  {name}\n" for name in sorted(sums))
    assert bundle.entry.sums == hashlib.sha256(bundle.files["SHA256SUMS"]).hexdigest()


def test_a_digest_that_is_known_already_makes_no_difference() -> None:
    raw = RawMessage(REF, NOON, MAIL, digest=hashlib.sha256(MAIL).hexdigest())
    assert pipeline.understand(raw, id=ID, rules=Rules(ZoneInfo("UTC"))) == understand()


def test_the_same_mail_gives_the_same_bytes() -> None:
    assert understand() == understand()


def test_the_folder_is_dated_in_the_zone_of_the_archive() -> None:
    late = datetime(2024, 5, 31, 23, 30, tzinfo=UTC)
    assert understand(received=late)[0].folder.startswith("2024/05/2024-05-31-")
    assert understand(received=late, zone="Asia/Tokyo")[0].folder.startswith("2024/06/2024-06-01-")


@pytest.mark.parametrize(
    ("stage", "error", "reason"),
    [
        ("extract", ZeroDivisionError("a\n defect \x1b"), "defect"),
        ("unwrap", RecursionError("too deep"), "defect"),
        ("parse", MessageError("the message cannot be parsed"), "message"),
    ],
)
def test_what_breaks_the_pipeline_goes_to_quarantine(
    monkeypatch: pytest.MonkeyPatch, stage: str, error: Exception, reason: str
) -> None:
    def broken(*_: object) -> None:
        raise error

    monkeypatch.setattr(pipeline, stage, broken)
    held = pipeline.understand(RawMessage(REF, NOON, MAIL), id=ID, rules=Rules(UTC))
    assert isinstance(held, Quarantine)
    assert held.reason == reason
    assert (str(error) in held.detail) == (reason == "message")
    assert (f"{type(error).__name__} in broken (test_pipeline.py" in held.detail) == (reason == "defect")
    assert held.detail.isprintable()
    assert ("Traceback" in held.trace) == (reason == "defect")


def test_a_lack_of_memory_is_the_processs_business(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(pipeline, "extract", broken)
    with pytest.raises(MemoryError):
        understand()


@pytest.mark.parametrize("data", [b"", b"\r\n", b"\0", b"no headers at all", b"From \n", b"\xff" * 100, b":\n:\n\n"])
def test_whatever_comes_is_filed(data: bytes) -> None:
    (bundle,) = understand(data)
    assert bundle.files["message.eml"] == data


def test_when_a_mail_was_received() -> None:
    stamps = {
        "received": datetime(2024, 1, 1, tzinfo=UTC),
        "from_line": datetime(2024, 1, 3, tzinfo=UTC),
        "fallback": datetime(2024, 1, 5, tzinfo=UTC),
    }
    headers = Headers(received="2024-01-02T00:00:00+00:00", date="2024-01-04T00:00:00")

    def at(headers: Headers, **given: datetime) -> int:
        raw = RawMessage(REF, given.get("received"), b"", given.get("from_line"), given.get("fallback"))
        return pipeline.received_at(raw, headers).day

    assert at(headers, **stamps) == 1
    del stamps["received"]
    assert at(headers, **stamps) == 2
    assert at(Headers(date="2024-01-04T00:00:00"), **stamps) == 3
    del stamps["from_line"]
    assert at(Headers(date="2024-01-04T00:00:00"), **stamps) == 4
    assert at(Headers(date="2204-01-04T00:00:00"), **stamps) == 5
    assert pipeline.received_at(RawMessage(REF, None, b""), Headers()) == pipeline.EPOCH
