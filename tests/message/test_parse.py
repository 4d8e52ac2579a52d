"""Octets → Message: headers, body, parts and enclosed messages; every leaf in exactly one place."""

from __future__ import annotations

import base64
import random
from datetime import UTC, datetime, timedelta
from unittest.mock import Mock

import pytest

from mailarchiver.message import headers as headers_module
from mailarchiver.message.parse import parse, salvage
from mailarchiver.model import Address, MailWarning, Message, Part

from .making import HEAD, attached, mail, multipart, part

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
HTML = part(b"<p>rich</p>", "text/html; charset=utf-8")
TEXT = part(b"plain")
PICTURE = attached(
    PNG, 'image/png; name="a.png"', "Content-ID: <p%31@x>", "Content-Disposition: inline; filename=a.png"
)
INNER = b"From: ann@example.com\nSubject: =?utf-8?q?inn=C3=A9r?=\n\nbare LF lines\n\r\nand \0 octets\n"


def codes(message: Message) -> set[str]:
    return {warning.code for warning in message.warnings}


def test_the_headers_that_count() -> None:
    message = parse(
        b"Received: from b (b.example [192.0.2.1]) by mx.example; Thu, 7 Mar 2024 09:00:05 +0545\r\n"
        b"Received: from a by b; Thu, 7 Mar 2024 08:00:00 +0000\r\n"
        b"Message-ID: <1@example.org>\r\n"
        b"From: =?utf-8?q?J=C3=B6rg?= Roe <joerg@example.org>\r\n"
        b'To: "Roe, Jane" <jane@example.org>,\r\n bob@example.com\r\nCc: "=?utf-8?q?Zo=C3=AB?=" <zoe@example.net>\r\n'
        b"Date: Thu, 7 Mar 2024 09:00:00 +0530 (IST)\r\n"
        b"Subject: Gr\xc3\xbc\xc3\x9fe\r\n =?utf-8?q?_und?= mehr\r\n\r\nbody"
    )
    headers = message.headers
    assert headers.message_id == "<1@example.org>"
    assert headers.sender == Address("Jörg Roe", "joerg@example.org")
    assert headers.to == (Address("Roe, Jane", "jane@example.org"), Address("", "bob@example.com"))
    assert headers.cc == (Address("Zoë", "zoe@example.net"),)
    assert headers.date == "2024-03-07T09:00:00+05:30"
    assert headers.date_text == "Thu, 7 Mar 2024 09:00:00 +0530 (IST)"
    assert headers.received == "2024-03-07T09:00:05+05:45"
    assert headers.subject == "Grüße  und mehr"
    assert [name for name, _ in headers.fields].count("Received") == 2
    assert message.warnings == ()


@pytest.mark.parametrize(
    ("field", "sender"),
    [
        ("From: Jane Roe", Address("Jane Roe", "")),
        ('From: "Jane <jane@example.org>', Address("Jane", "jane@example.org")),
        ("Sender: jane@example.org", Address("", "jane@example.org")),
        ("X-None: 1", None),
    ],
)
def test_a_sender_is_found_where_the_standard_finds_none(field: str, sender: Address | None) -> None:
    assert parse(f"{field}\r\n\r\nx".encode()).headers.sender == sender


@pytest.mark.parametrize(
    ("clauses", "is_sound"),
    [
        ("from a.example (mx (Postfix) [192.0.2.1]) by b.example with ESMTPS id 1 for <c@example.org>", True),
        ("from a.example (unknown; helo x) by b.example", True),
        ('from "a;b" by b.example', True),
        ("", True),
        ("from a.example (mx by b.example", False),
        ("from a.example) by b.example", False),
        ("from a.example by b.example for <<c@example.org>>", False),
        ('from "a by b.example', False),
    ],
)
def test_the_date_of_a_trace_counts_where_its_clauses_are_sound(clauses: str, is_sound: bool) -> None:
    message = parse(f"Received: {clauses}; Thu, 7 Mar 2024 09:00:05 +0545\r\n\r\nx".encode())
    assert message.headers.received == ("2024-03-07T09:00:05+05:45" if is_sound else None)
    assert (message.warnings == ()) == is_sound


def test_what_is_wrong_with_an_address_is_said_of_each_mail_that_has_it() -> None:
    first, second = (parse(b"From: Jane <jane@example.org\r\nSubject: %d\r\n\r\nx" % number) for number in (1, 2))
    assert (first.headers.sender, first.warnings) == (second.headers.sender, second.warnings)
    assert any("address" in warning.detail.lower() for warning in second.warnings)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("Thu, 7 Mar 2024 09:00:00 GMT", "2024-03-07T09:00:00+00:00"),
        ("2024-03-07 09:00", "2024-03-07T09:00"),
        ("yesterday", None),
    ],
)
def test_dates(text: str, date: str | None) -> None:
    headers = parse(f"Date: {text}\r\n\r\nx".encode()).headers
    assert (headers.date, headers.date_text) == (date, text)


def test_usual_dates_are_read_as_mail_parser_reads_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those that look usual and are not: the wrong weekday, a day, a time or a zone that there is not."""
    chance = random.Random(5322)  # noqa: S311 - dates, not secrets
    days, months = headers_module._DAYS, headers_module._MONTHS
    mails = []
    for _ in range(2_000):
        moment = datetime(1901, 1, 1, tzinfo=UTC) + timedelta(seconds=chance.randrange(150 * 365 * 86_400))
        day = chance.choice([*[moment.day] * 5, 31])
        zone = chance.choice(["+0000", "-0000", "+0530", "-0800 (PST)", "+1545", "+0175", "GMT", "-0100 (a (b) c)"])
        weekday = chance.choice([*[days[moment.weekday()]] * 5, "Mon"])
        time = chance.choice([*[f"{moment:%H:%M:%S}"] * 5, f"{moment:%H:%M}", f"{moment:%H:%M}:60", "24:00:00"])
        text = f"{weekday}, {day} {months[moment.month - 1]} {moment.year} {time} {zone}"
        mails.append(f"Received: from a by b; {text}\r\nDate: {text}\r\n\r\nx".encode())
    read = [parse(data) for data in mails]
    asked = Mock(wraps=headers_module._parsed)
    monkeypatch.setattr(headers_module, "_parsed", asked)
    assert [parse(data) for data in mails] == read
    usual = len(mails) - asked.call_count
    monkeypatch.setattr(headers_module, "_usual", lambda _: None)
    assert [parse(data) for data in mails] == read
    assert len(mails) // 10 < usual < len(mails) // 2


def test_an_address_that_mail_parser_chokes_on_is_read_as_printed() -> None:
    message = parse(b"From: =?utf-8?b?a?= Jane <jane@example.org>\r\nDate: Thu, 7 Mar 2024 09:00:00 +0100\r\n\r\nx")
    assert message.headers.sender is not None
    assert message.headers.sender.address == "jane@example.org"
    assert message.headers.date == "2024-03-07T09:00:00+01:00"


def test_an_offset_beyond_a_day_is_none() -> None:
    assert (parse(b"Date: Thu, 7 Mar 2024 09:00:00 +9900\r\n\r\nx").headers.date or "")[:4] == "2024"


def test_alternatives_related_and_mixed_nested_both_ways() -> None:
    related = multipart("related", HTML, PICTURE, boundary="r")
    inside = parse(mail(multipart("alternative", TEXT, related)))
    around = parse(mail(multipart("related", multipart("alternative", TEXT, HTML, boundary="a"), PICTURE)))
    for message in (inside, around):
        assert (message.text, message.html) == ("plain", "<p>rich</p>")
        assert message.parts == (Part("image/png", PNG, "a.png", "p%31@x", None, "inline"),)


def test_alternatives_not_chosen_are_kept() -> None:
    calendar = part(b"BEGIN:VCALENDAR", "text/calendar; method=REQUEST")
    poor = part(b"<p>poor</p>", "text/html")
    message = parse(mail(multipart("alternative", TEXT, poor, HTML, calendar)))
    assert (message.text, message.html) == ("plain", "<p>rich</p>")
    assert {(p.content_type, p.data) for p in message.parts} == {
        ("text/calendar", b"BEGIN:VCALENDAR"),
        ("text/html", b"<p>poor</p>"),
    }


def test_several_body_parts_are_joined_in_order() -> None:
    message = parse(mail(multipart("mixed", TEXT, PICTURE, part(b"more & more"))))
    assert message.text == "plain\n\nmore & more"
    mixed = parse(mail(multipart("mixed", TEXT, HTML, part(b"a < b\r\nc"))))
    assert mixed.html == "<p>plain</p>\n<p>rich</p>\n<p>a &lt; b<br>\nc</p>"


def test_named_and_attached_texts_are_parts() -> None:
    named = part(b"notes", 'text/plain; name="notes.txt"')
    called = part(b"<p>page</p>", "text/html", "Content-Disposition: attachment")
    message = parse(mail(multipart("mixed", TEXT, named, called)))
    assert message.text == "plain"
    assert [(p.filename, p.disposition, p.data) for p in message.parts] == [
        ("notes.txt", None, b"notes"),
        (None, "attachment", b"<p>page</p>"),
    ]


def test_enclosed_messages_come_out_byte_for_byte() -> None:
    direct = part(INNER, "message/rfc822")
    encoded = attached(INNER, "message/rfc822", "Content-Disposition: attachment; filename=x.eml")
    message = parse(mail(multipart("mixed", TEXT, direct, encoded)))
    assert [inner.data for inner in message.enclosed] == [INNER, INNER]
    assert message.enclosed[0].headers.subject == "innér"
    assert message.parts == ()


def test_a_digest_holds_messages_by_default() -> None:
    message = parse(mail(multipart("digest", b"\r\n" + INNER, b"\r\n" + INNER)))
    assert [inner.headers.subject for inner in message.enclosed] == ["innér", "innér"]


def test_hardened_spaces_are_spaces_where_there_are_no_others() -> None:
    hard = "<div\u00a0dir='ltr'>two\u00a0words</div>"
    assert parse(mail(part(hard.encode(), "text/html; charset=utf-8"))).html == "<div dir='ltr'>two words</div>"
    mixed = hard + " <b>x</b>"
    assert parse(mail(part(mixed.encode(), "text/html; charset=utf-8"))).html == mixed


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r"])
def test_every_line_end(end: bytes) -> None:
    message = parse(mail(multipart("mixed", TEXT, PICTURE)).replace(b"\r\n", end))
    assert message.text == "plain"
    assert [p.data for p in message.parts] == [PNG]


def test_a_missing_end_a_wrong_boundary_and_parts_after_the_end() -> None:
    unclosed = parse(mail(multipart("mixed", TEXT, PICTURE, end=False)))
    wrong = parse(mail(multipart("mixed", TEXT, PICTURE)).replace(b'boundary="=_outer"', b'boundary="other"'))
    late = parse(mail(multipart("mixed", TEXT)) + b"--=_outer\r\n" + PICTURE)
    for message in (unclosed, wrong, late):
        assert message.text is not None
        assert message.text.strip() == "plain"
        assert [p.data for p in message.parts] == [PNG]
        assert "structure" in codes(message)


def test_what_stands_behind_the_end_is_left_out_and_said() -> None:
    message = parse(mail(multipart("mixed", TEXT) + b"an advertisement of a virus scanner"))
    assert message.text == "plain"
    assert [warning.detail for warning in message.warnings if "behind the end" in warning.detail]
    assert not parse(mail(multipart("mixed", TEXT) + b"\r\n\r\n")).warnings


def test_a_multipart_whose_parts_are_headers_only_is_read_as_text() -> None:
    message = parse(b"Content-Type: multipart/mixed; boundary=a--\n\n--a--\nContent-Type: multipart/mixed; "
                    b"boundary=a----\n\n--a----\nContent-Type: text/plain\n\nbody\n--a------\n")  # fmt: skip
    assert "body" in (message.text or "")
    assert "structure" in codes(message)


def test_a_multipart_without_parts_is_read_as_text() -> None:
    message = parse(mail(part(b"nothing but words", "multipart/mixed")))
    assert message.text == "nothing but words"


@pytest.mark.parametrize("kind", ["message/partial; id=1; number=1", "message/external-body", "application/pkcs7-mime"])
def test_what_cannot_be_opened_is_kept_and_said(kind: str) -> None:
    message = parse(mail(multipart("mixed", TEXT, part(b"sealed", kind))))
    assert [p.data for p in message.parts] == [b"sealed"]
    assert "sealed" in codes(message)


def test_encrypted_parts_are_kept_and_said() -> None:
    secret = multipart("encrypted", part(b"v", "application/pgp-encrypted"), part(b"s", "application/octet-stream"))
    message = parse(mail(secret))
    assert [p.data for p in message.parts] == [b"v", b"s"]
    assert "sealed" in codes(message)


def test_a_whole_mail_that_is_a_picture() -> None:
    message = parse(mail(attached(PNG, "image/png")))
    assert (message.html, message.text, [p.data for p in message.parts]) == (None, None, [PNG])


def test_salvage_reads_the_fields_and_leaves_the_rest_untouched() -> None:
    data = mail(multipart("mixed", TEXT, PICTURE), subject="=?utf-8?q?S=C3=BCbject?=")
    message = salvage(data, MailWarning("unreadable", "why"))
    assert message.data == data
    assert message.headers.subject == "Sübject"
    assert message.headers.sender == Address("Fay Forwarder", "fay@example.org")
    assert base64.b64encode(PNG)[:40].decode() in (message.text or "")
    assert message.parts == ()
    assert message.warnings == (MailWarning("unreadable", "why"),)


def test_the_same_octets_give_the_same_message() -> None:
    data = HEAD + multipart("mixed", TEXT, PICTURE, part(INNER, "message/rfc822"))
    assert parse(data) == parse(bytes(bytearray(data)))


def test_a_sealed_message_says_so_at_the_top_too() -> None:
    message = parse(b"Content-Type: application/pkcs7-mime; name=smime.p7m\r\nSubject: x\r\n\r\nsealed")
    assert [part.data for part in message.parts] == [b"sealed"]
    assert "sealed" in codes(message)


def test_html_that_no_parser_bears_is_bounded_with_a_warning() -> None:
    message = parse(b"Content-Type: text/html\r\n\r\n" + b"<div>" * 50_000 + b"deep")
    assert message.html is not None
    assert message.html.count("<div>") == 1_000
    assert "limit" in codes(message)
