"""Mail made to hurt: read or refused within two seconds, never a crash, and every octet somewhere."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailarchiver.errors import MessageError
from mailarchiver.message.forward import unwrap
from mailarchiver.message.parse import parse, salvage
from mailarchiver.model import MailWarning
from tests.hostile import HEADERS, HTML, STRUCTURE, TEXT, TEXT_MAIL, many

from .making import mail, multipart, part

SECONDS = 2.0
ROWS = STRUCTURE | HTML | TEXT


@pytest.mark.parametrize("name", ROWS)
def test_hostile_mail_is_read_in_time(name: str) -> None:
    data = ROWS[name]()
    start = time.process_time()
    message = parse(data)
    originals = unwrap(message)
    assert time.process_time() - start < SECONDS
    assert message.data == data
    assert originals


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("300 nested multiparts", "50 deep"),
        ("5000 nested messages", "too deep"),
        ("50,000 texts", "2000 parts"),
        ("10,000 messages", "2000 parts"),
        ("10 MB of subject", "1 MB"),
        ("100,000 fields", "5000 header fields"),
        ("100,000 encoded words", "64 KB"),
        ("1 MB of semicolons", "content-type field is longer than 2 KB"),
        ("semicolons in a name", "content-type field is longer than 2 KB"),
        ("a name of 10,000 digits", "content-disposition field is longer than 2 KB"),
        ("2000 texts of 22 KB", "the text is too long"),
        ("100,000 addresses", "1000 addresses"),
        ("45 signatures around 10 MB", "too large"),
        ("200 nested signatures", "too deep"),
        ("2000 signatures in small pieces", "too many"),
        ("2000 winmail.dat of small properties", "too many"),
    ],
)
def test_a_cap_is_said(name: str, said: str) -> None:
    assert any(said in warning.detail for warning in unwrap(parse(STRUCTURE[name]()))[0].warnings)


def test_what_is_beyond_the_cap_of_parts_is_kept_in_one_piece() -> None:
    data = many(2_500, b"Content-Type: a/b\r\n\r\nx")
    message = parse(data)
    assert len(message.parts) == 2_001
    assert message.parts[-1].data.count(b"--b\r\n") == 499


def test_a_text_beyond_what_is_shown_is_kept_whole() -> None:
    lines = b"- x\r\n" * 200_000
    message = parse(TEXT_MAIL + lines)
    assert message.text is not None
    assert lines.decode().startswith(message.text)
    assert 100_000 < message.text.count("\n") < 200_000
    (whole,) = message.parts
    assert whole.data == lines
    assert [warning.code for warning in message.warnings] == ["limit"]


def test_all_messages_of_a_mail_share_what_is_shown() -> None:
    message = parse(STRUCTURE["90 messages of 480 KB"]())
    texts = [enclosed.html for enclosed in message.enclosed]
    assert len(texts) == 90
    assert texts[0] == "<p>x</p>" * 60_000
    assert texts[-1] == ""
    assert message.enclosed[-1].parts[0].data == b"<p>x</p>" * 60_000


def test_a_mail_beyond_50_mb_keeps_its_header() -> None:
    message = parse(b"Subject: big\r\n\r\n" + b"x" * 50_000_001)
    assert message.headers.subject == "big"
    assert message.warnings[0].code == "limit"


def test_more_than_100_messages_are_attachments() -> None:
    enclosed = [part(b"Subject: in\r\n\r\nx", "message/rfc822")] * 150
    originals = unwrap(parse(mail(multipart("mixed", *enclosed))))
    assert len(originals) == 1
    assert len(originals[0].parts) == 150
    assert originals[0].forwarded is None
    assert any(warning.code == "limit" for warning in originals[0].warnings)


SEED = mail(
    multipart(
        "mixed", part(HEADERS.encode()), part(b"<p>x</p>", "text/html"), part(b"Subject: a\r\n\r\nb", "message/rfc822")
    )
)


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, len(SEED)),
    st.integers(0, 40),
    st.binary(max_size=40)
    | st.sampled_from([b"\r\n\r\n", b"--=_outer", b"Content-Type: ", b"=?utf-8?b?", b"\0", b'"', b"<"]),
)
def test_mutated_mail_never_raises_but_message_error(at: int, length: int, octets: bytes) -> None:
    data = SEED[:at] + octets + SEED[at + length :]
    try:
        message = parse(data)
    except MessageError as error:
        message = salvage(data, MailWarning("unreadable", str(error)))
    assert unwrap(message)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=600))
def test_no_octets_at_all_raise_anything_else(data: bytes) -> None:
    with contextlib.suppress(MessageError):
        unwrap(parse(data))
    assert salvage(data, MailWarning("unreadable", "")).data == data
