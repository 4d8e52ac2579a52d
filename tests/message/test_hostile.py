"""Mail made to hurt: read or refused within two seconds, never a crash, and every octet somewhere."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailarchiver.errors import MessageError
from mailarchiver.message.forward import unwrap
from mailarchiver.message.parse import parse, salvage
from mailarchiver.model import MailWarning

from .making import mail, multipart, part
from .packing import LONG, attribute, cms, properties, tnef, value

SECONDS = 2.0
FORWARD = b"Subject: Fwd: x\r\nContent-Type: text/html\r\n\r\n"
HEADERS = "---------- Forwarded message ---------\nFrom: a <a@example.org>\nDate: x\nSubject: y\n\n"


def nested(levels: int, boundary: Callable[[int], str]) -> bytes:
    head = "".join(
        f'Content-Type: multipart/mixed; boundary="{boundary(n)}"\r\n\r\n--{boundary(n)}\r\n' for n in range(levels)
    )
    return f"Subject: deep\r\n{head}Content-Type: text/plain\r\n\r\nthe bottom\r\n".encode()


def many(count: int, entity: bytes, kind: str = "mixed") -> bytes:
    return (
        b"Content-Type: multipart/" + kind.encode() + b"; boundary=b\r\n\r\n" + (b"--b\r\n" + entity + b"\r\n") * count
    )


P7M = b"Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: binary\r\n\r\n"
WINMAIL = b"Content-Type: application/ms-tnef\r\n\r\n" + tnef(
    attribute(1, 0x9003, properties(*[value(LONG, 1, bytes(4))] * 2_000))
)


def sealed(levels: int, data: bytes) -> bytes:
    """An entity signed that many times, each around the other."""
    for _ in range(levels):
        data = P7M + cms(data)
    return data


HOSTILE: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "only a header": lambda: b"Subject: x",
    "no header": lambda: b"just text",
    "NULs": lambda: b"\0" * 1_000_000,
    "blank lines": lambda: b"\r\n" * 1_000_000,
    "bare CRs": lambda: b"\r" * 1_000_000,
    "spaces": lambda: b" " * 2_000_000,
    "300 nested multiparts": lambda: nested(300, lambda n: f"b{n}"),
    "5000 nested multiparts": lambda: nested(5_000, lambda n: f"b{n}"),
    "one boundary nested 2000 times": lambda: nested(2_000, lambda _: "b"),
    "5000 nested messages": lambda: b"Content-Type: message/rfc822\r\n\r\n" * 5_000 + b"Subject: in\r\n\r\nx",
    "a big message nested 45 times": lambda: b"Content-Type: message/rfc822\r\n\r\n" * 45 + b"\r\n" + b"x" * 10_000_000,
    "50,000 texts": lambda: many(50_000, b"Content-Type: text/plain\r\n\r\nx"),
    "50,000 attachments": lambda: many(50_000, b"Content-Type: a/b\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA"),
    "10,000 messages": lambda: many(10_000, b"\r\nSubject: a\r\n\r\nx", "digest"),
    "10 MB of subject": lambda: b"Subject: " + b"a" * 10_000_000 + b"\r\n\r\nx",
    "10 MB of folded subject": lambda: b"Subject: " + b"a\r\n " * 2_500_000 + b"\r\n\r\nx",
    "100,000 encoded words": lambda: b"Subject: " + b"=?utf-8?q?a?= " * 100_000 + b"\r\n\r\nx",
    "unended encoded words": lambda: b"Subject: " + b"=?a?q?" * 10_000 + b"\r\n\r\nx",
    "1 MB of semicolons": lambda: b"Content-Type: text/plain" + b";" * 1_000_000 + b"\r\n\r\nx",
    "semicolons in a name": lambda: b'Content-Type: text/plain; name="' + b";" * 100_000 + b'"\r\n\r\nx',
    "backslashes in a name": lambda: b'Content-Type: text/plain; name="' + b"\\" * 100_000 + b"\r\n\r\nx",
    "a NUL in the charset": lambda: b'Content-Type: text/plain; charset="utf-8\0"\r\n\r\nx\xe4',
    "a section number of 10,000 digits": lambda: b"Content-Type: a/b; filename*" + b"1" * 10_000 + b"=x\r\n\r\nx",
    "a name of 10,000 digits": lambda: (
        b"Content-Type: a/b\r\nContent-Disposition: a; filename*=" + b"1" * 10_000 + b"\r\n\r\nx"
    ),
    "100,000 fields": lambda: b"".join(b"X-%d: a\r\n" % n for n in range(100_000)) + b"\r\nx",
    "lines that are no fields": lambda: b"X: y\r\n" + b"a\r\n" * 200_000 + b"X-Last: 1\r\n\r\nx",
    "100,000 addresses": lambda: b"To: " + b"a@b.example, " * 100_000 + b"\r\n\r\nx",
    "semicolons for addresses": lambda: b"".join(n + b": " + b";" * 60_000 + b"\r\n" for n in (b"From", b"To", b"Cc")),
    "spaces in a type": lambda: b"Content-Type: " + b"a / " * 500 + b"\r\n\r\nx",
    "words encoded again and again": lambda: b"Subject: " + b"=?utf-8?q?=3D=3Fa=3Fq=3F?=" * 2_500 + b"\r\n\r\nx",
    "mangled text": lambda: b"Subject: " + "Ã¼".encode() * 16_000 + b"\r\n\r\nx",
    "open parentheses": lambda: b"To: " + b"(" * 60_000 + b"\r\nDate: " + b"(" * 60_000 + b"\r\n\r\nx",
    "open angles": lambda: b"From: " + b"<" * 60_000 + b"\r\n\r\nx",
    "open quotes": lambda: b"From: " + b'"' * 60_001 + b"\r\n\r\nx",
    "at signs": lambda: b"Cc: " + b"@" * 60_000 + b"\r\n\r\nx",
    "9000 Received fields": lambda: b"Received: from a by b; Thu, 7 Mar 2024 09:00:00 +0000\r\n" * 9_000 + b"\r\nx",
    "lines like a boundary": lambda: b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"\n--bb" * 1_000_000,
    "base64 in 300,000 pieces": lambda: b"Content-Transfer-Encoding: base64\r\n\r\n" + b"YQ==\r\n" * 300_000,
    "nothing but padding": lambda: b"Content-Transfer-Encoding: base64\r\n\r\n" + b"=" * 3_000_000,
    "a uuencoded line of 3 MB": lambda: b"Content-Transfer-Encoding: uuencode\r\n\r\nbegin 644 a\n" + b"M" * 3_000_000,
    "45 signatures around 10 MB": lambda: sealed(45, b"\r\n" + b"x" * 10_000_000),
    "200 nested signatures": lambda: sealed(200, b"\r\nx"),
    "2000 signatures in small pieces": lambda: many(2_000, P7M + cms(b"a" * 8_000, indefinite=True, piece=1)),
    "2000 winmail.dat of small properties": lambda: many(2_000, WINMAIL),
    "unended clear signatures": lambda: b"\r\n" + b"-----BEGIN PGP SIGNED MESSAGE-----\r\n\r\n" * 50_000,
    "delimiters before the first": lambda: (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--a\r\n" * 500_000 + b"--b\r\n\r\nx"
    ),
    "comments in a type": lambda: b"Content-Type: " + b"(a) " * 10_000 + b"(" * 10_000 + b"\r\n\r\nx",
    "100,000 nested elements": lambda: FORWARD + b"<div>" * 100_000,
    "20,000 nested quotes": lambda: FORWARD + b"<blockquote>" * 20_000 + b"<p>From: a@b.c<p>Date: x<p>Subject: y<p>z",
    "9000 nested signatures": lambda: FORWARD + b"<div class=gmail_signature>" * 9_000,
    "100,000 line breaks": lambda: FORWARD + b"<br>" * 100_000,
    "100,000 comments": lambda: FORWARD + b"<!--" * 100_000,
    "100,000 labels": lambda: b"Subject: Fwd: x\r\n\r\n" + b"From: a\n" * 100_000,
    "labels on one line": lambda: (
        b"Subject: Fwd: x\r\n\r\n----- Forwarded Message ----- From: a " + b"To: From: " * 100_000
    ),
    "a line of quote marks": lambda: b"Subject: Fwd: x\r\n\r\n" + b">" * 1_000_000,
    "3000 nested forwards": lambda: b"Subject: Fwd: x\r\n\r\n" + HEADERS.encode() * 3_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mail_is_read_in_time(name: str) -> None:
    data = HOSTILE[name]()
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
        ("100,000 addresses", "1000 addresses"),
        ("45 signatures around 10 MB", "too large"),
        ("200 nested signatures", "too deep"),
        ("2000 signatures in small pieces", "too many"),
        ("2000 winmail.dat of small properties", "too many"),
    ],
)
def test_a_cap_is_said(name: str, said: str) -> None:
    assert any(said in warning.detail for warning in unwrap(parse(HOSTILE[name]()))[0].warnings)


def test_what_is_beyond_the_cap_of_parts_is_kept_in_one_piece() -> None:
    data = many(2_500, b"Content-Type: a/b\r\n\r\nx")
    message = parse(data)
    assert len(message.parts) == 2_001
    assert message.parts[-1].data.count(b"--b\r\n") == 499


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
