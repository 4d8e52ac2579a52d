"""Header fields and their parameters, as the standards have them and as they are met."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailarchiver.message.encoded_words import decode_words
from mailarchiver.message.fields import split_header, structured, unfolded


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r"])
def test_fields_are_unfolded_under_every_line_end(end: bytes) -> None:
    data = end.join([b"Subject: one", b"  two", b"X-A:b", b"", b"body"])
    fields, body = split_header(data, 0, len(data))
    assert fields.items == (("Subject", b"one two"), ("X-A", b"b"))
    assert data[body:] == b"body"


@pytest.mark.parametrize(
    ("data", "items", "body"),
    [
        (b"", (), b""),
        (b"\r\njust a body", (), b"just a body"),
        (b"Subject: only", (("Subject", b"only"),), b""),
        (b"no header at all\nmore", (), b"no header at all\nmore"),
        (b"From j@example.org Wed\nSubject: a\n\nb", (("Subject", b"a"),), b"b"),
        (b"Subject: a\nbody begins", (("Subject", b"a"),), b"body begins"),
        (
            b"Content-Type: a/b;\nname=x\nContent-ID: <c>\n\nb",
            (("Content-Type", b"a/b; name=x"), ("Content-ID", b"<c>")),
            b"b",
        ),
    ],
)
def test_where_a_header_ends(data: bytes, items: tuple[tuple[str, bytes], ...], body: bytes) -> None:
    fields, start = split_header(data, 0, len(data))
    assert fields.items == items
    assert data[start:] == body


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?utf-8?B?R3LDvMOfZQ?=", "Grüße"),  # padding missing
        ("=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
        ("=?utf-8?q?a?=\t=?iso-8859-1?q?=E4?=", "aä"),
        ("=?utf-8?q?caf=C3?= =?utf-8?q?=A9?=", "café"),  # a character cut in two
        ('"=?utf-8?q?J=C3=B6rg?=" and =?utf-8?q?x?=y', '"Jörg" and xy'),
        ("=?utf-8*de?q?=C3=A4?=", "ä"),  # RFC 2231 §5
        ("=?utf-8?q?a b?=", "a b"),
        ("=?x-none?q?=C3=A4?=", "ä"),
        ("1 =? 2 ?= 3", "1 =? 2 ?= 3"),
        ("plain", "plain"),
    ],
)
def test_encoded_words(raw: str, text: str) -> None:
    assert decode_words(raw) == text


@pytest.mark.parametrize(
    ("raw", "value", "parameters"),
    [
        (b'text/HTML; charset="utf-8"', "text/html", {"charset": "utf-8"}),
        (b"text/plain;charset=utf-8;format = flowed", "text/plain", {"charset": "utf-8", "format": "flowed"}),
        (b'attachment; filename="a;b \\"c\\".pdf"', "attachment", {"filename": 'a;b "c".pdf'}),
        (b"attachment; filename=annual report.pdf", "attachment", {"filename": "annual report.pdf"}),
        (b"attachment; filename*=utf-8'en'%E2%82%AC.pdf", "attachment", {"filename": "€.pdf"}),
        (b"attachment; filename*0*=utf-8''%C3; filename*1*=%A4; filename*2=.pdf", "attachment", {"filename": "ä.pdf"}),
        (b"attachment; filename*1=b; filename*0=a", "attachment", {"filename": "ab"}),
        (b'a/b; name="=?utf-8?q?=C3=A4?="', "a/b", {"name": "ä"}),
        ("a/b; name=Größe".encode("latin-1"), "a/b", {"name": "Größe"}),
        (b'a/b; name="never closed', "a/b", {"name": "never closed"}),
        (b"a/b;;; ;x=1;", "a/b", {"x": "1"}),
        (b"", "text/plain", {}),
    ],
)
def test_structured_fields(raw: bytes, value: str, parameters: dict[str, str]) -> None:
    found = structured(raw, "text/plain")
    assert found.value == value
    assert dict(found.parameters) == parameters


@given(st.binary(max_size=400))
def test_no_octets_make_the_readers_raise(data: bytes) -> None:
    fields, body = split_header(data, 0, len(data))
    assert 0 <= body <= len(data)
    for _, value in fields.items:
        decode_words(unfolded(value))
        structured(value)
    structured(data)
