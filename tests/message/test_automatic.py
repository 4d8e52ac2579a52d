"""Mail that nobody wrote, and what is like it but was."""

from __future__ import annotations

import pytest

from mailarchiver.message.forward import unwrap
from mailarchiver.message.parse import parse
from mailarchiver.model import Original

from .making import mail, multipart, part

BODY = part(b"Your message was received.")
FORWARDED = part(
    b"---------- Forwarded message ---------\r\nFrom: Jane Roe <jane@example.org>\r\n"
    b"Date: Wed, Mar 6, 2024 at 6:21 PM\r\n"
    b"Subject: Rain in May\r\nTo: Fay <fay@example.org>\r\n\r\nIt rained.\r\n"
)
ENCLOSED = part(b"From: Jane Roe <jane@example.org>\r\nSubject: Rain in May\r\n\r\nIt rained.", "message/rfc822")


def with_field(field: str, entity: bytes = BODY, subject: str = "A subject") -> bytes:
    return field.encode() + b"\r\n" + mail(entity, subject)


def warned(data: bytes) -> list[str]:
    return [warning.detail for original in unwrap(parse(data)) for warning in original.warnings]


def first(data: bytes) -> Original:
    return unwrap(parse(data))[0]


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ("Auto-Submitted: auto-replied (vacation)", "Auto-Submitted: auto-replied"),
        ("Auto-Submitted: Auto-Generated", "Auto-Submitted: auto-generated"),
        ("Auto-Submitted: auto-notified; owner-email=me@example.org", "Auto-Submitted: auto-notified"),
        ("Return-Path: <>", "its return path is empty"),
        ("Return-Path:  < >", "its return path is empty"),
        ("X-Autoreply: yes", "its field x-autoreply"),
        ("X-Failed-Recipients: jane@example.org", "its field x-failed-recipients"),
        ("Precedence: auto_reply", "Precedence: auto_reply"),
    ],
)
def test_a_field_tells(field: str, told: str) -> None:
    assert warned(with_field(field)) == [f"nobody wrote this mail to be read: {told}"]


@pytest.mark.parametrize(
    "field",
    [
        "Auto-Submitted: no",
        "Auto-Submitted: No (by hand)",
        "Auto-Submitted:",
        "Return-Path: <jane@example.org>",
        "Precedence: bulk",
        "Precedence: list",
        "X-Auto-Response-Suppress: All",
    ],
)
def test_a_field_that_people_s_mail_has_too_tells_nothing(field: str) -> None:
    assert warned(with_field(field)) == []


@pytest.mark.parametrize("sender", ["MAILER-DAEMON@mx.example.org", "Postmaster <postmaster@example.org>"])
def test_a_sender_tells(sender: str) -> None:
    data = mail(BODY).replace(b"Fay Forwarder <fay@example.org>", sender.encode())
    assert [detail.partition(": ")[0] for detail in warned(data)] == ["nobody wrote this mail to be read"]


def test_gmail_s_request_to_confirm_a_forwarding_address() -> None:
    data = mail(BODY, "(#123) Example Forwarding Confirmation")
    data = data.replace(b"fay@example.org", b"forwarding-noreply@google.com")
    assert warned(data) == ["nobody wrote this mail to be read: sent by forwarding-noreply@google.com"]


@pytest.mark.parametrize(
    "subject",
    ["Automatic reply: Lunch", "Automatische Antwort: Essen", "Réponse automatique : déjeuner", "自動応答: 昼食"],
)
def test_a_subject_tells(subject: str) -> None:
    assert len(warned(mail(BODY, subject))) == 1


@pytest.mark.parametrize("subject", ["Automatic replies are a nuisance", "Out of office, into the woods", "Auto shows"])
def test_a_subject_about_such_mail_tells_nothing(subject: str) -> None:
    assert warned(mail(BODY, subject)) == []


def test_a_report_is_not_unwrapped() -> None:
    """RFC 6522: it encloses what could not be delivered, which nobody forwarded."""
    report = multipart("report; report-type=delivery-status", part(b"It failed."), ENCLOSED)
    original = first(mail(report, "Undelivered Mail Returned to Sender"))
    assert original.forwarded is None
    assert [part.content_type for part in original.parts] == ["message/rfc822"]
    assert len(original.warnings) == 1


@pytest.mark.parametrize("field", ["Auto-Submitted: auto-generated", "Return-Path: <>"])
@pytest.mark.parametrize("entity", [FORWARDED, multipart("mixed", part(b"Look"), ENCLOSED)])
def test_a_rule_that_forwards_a_person_s_mail_is_a_forward(field: str, entity: bytes) -> None:
    """QUIRK: Exchange marks what a user's own rule forwards as auto-generated, with an empty return path."""
    original = first(with_field(field, entity, "Fwd: Rain in May"))
    assert original.forwarded is not None
    assert original.headers.subject == "Rain in May"
    assert original.warnings == ()


@pytest.mark.parametrize("entity", [FORWARDED, multipart("mixed", part(b"Look"), ENCLOSED)])
def test_an_answering_machine_forwards_nothing(entity: bytes) -> None:
    original = first(with_field("Auto-Submitted: auto-replied", entity, "Fwd: Rain in May"))
    assert original.forwarded is None
    assert len(original.warnings) == 1


def test_automatic_mail_that_a_person_forwards_is_what_they_wanted_to_keep() -> None:
    enclosed = part(b"Auto-Submitted: auto-generated\r\nSubject: The news\r\n\r\nIt rained.", "message/rfc822")
    original = first(mail(multipart("mixed", part(b"Look"), enclosed), "Fwd: The news"))
    assert original.forwarded == "attached"
    assert original.warnings == ()
