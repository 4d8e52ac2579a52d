"""winmail.dat: what is taken out of it, and what is left in peace."""

from __future__ import annotations

import struct
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailarchiver.message.parse import parse
from mailarchiver.message.tnef import DEPTH, FILES, unpack
from mailarchiver.model import Message, Part

from .making import attached, mail, multipart, part
from .packing import (
    BINARY,
    BODY,
    CODEPAGE,
    CONTENT_ID,
    DATA,
    HTML,
    IID_MESSAGE,
    LONG,
    LONG_NAME,
    MIME_TYPE,
    OBJECT,
    RTF,
    SHORT,
    STRING,
    SUBJECT,
    UNICODE,
    attachment,
    attribute,
    of_message,
    properties,
    tnef,
    value,
)

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(251))
RICH = of_message(value(BINARY, HTML, b"<p>gr\xfcn</p>\0"), value(LONG, CODEPAGE, struct.pack("<I", 28591)))
PICTURE = attachment(
    b"SHORT~1.PNG",
    PNG,
    value(SHORT, 0x7FFD, b"\1\0"),
    value(UNICODE, LONG_NAME, "kurz und gründlich.png\0".encode("utf-16-le")),
    value(STRING, MIME_TYPE, b"image/png\0"),
    value(STRING, CONTENT_ID, b"pic@x\0"),
)
TEXT = part("grün".encode())


def winmail(data: bytes, *beside: bytes, kind: str = "application/ms-tnef") -> Message:
    return parse(mail(multipart("mixed", *beside, attached(data, f'{kind}; name="winmail.dat"'))))


def said(message: Message) -> list[str]:
    return [warning.code for warning in message.warnings]


def test_an_attachment_with_its_long_name_its_type_and_its_content_id() -> None:
    message = winmail(tnef(PICTURE), TEXT)
    assert message.text == "grün"
    assert message.parts == (Part("image/png", PNG, "kurz und gründlich.png", "pic@x", None, "inline"),)
    assert said(message) == ["unpacked"]


@pytest.mark.parametrize("octets", [b"x", b"xy", b"xyz", b"wxyz"])
def test_data_in_properties_comes_without_its_padding(octets: bytes) -> None:
    found = unpack(tnef(attachment(b"a.bin", None, value(BINARY, DATA, octets))))
    assert found is not None
    assert [p.data for p in found.parts] == [octets]
    assert found.whole


def test_named_and_multiple_properties_are_passed_over() -> None:
    by_number = struct.pack("<HH", LONG, 0x8001) + bytes(16) + struct.pack("<III", 0, 7, 1)
    by_name = (
        struct.pack("<HH", STRING, 0x8002) + bytes(16) + struct.pack("<II", 1, 6) + "abc".encode("utf-16-le") + b"\0\0"
    )
    by_name += struct.pack("<II", 1, 2) + b"x\0\0\0"
    many = (
        struct.pack("<HHI", 0x1000 | STRING, 0x3A58, 2)
        + struct.pack("<I", 2)
        + b"a\0\0\0"
        + struct.pack("<I", 2)
        + b"b\0\0\0"
    )
    shorts = struct.pack("<HHI", 0x1000 | SHORT, 0x3A59, 3) + bytes(8)
    found = unpack(tnef(of_message(by_number, by_name, many, shorts, value(STRING, BODY, b"words\0"))))
    assert found is not None
    assert (found.text, found.whole) == ("words", True)


def test_the_body_stands_where_the_mail_has_none() -> None:
    message = winmail(tnef(RICH))
    assert (message.html, message.text, message.parts) == ("<p>grün</p>", None, ())
    assert winmail(tnef(RICH), part(b" \r\n")).html == "<p>grün</p>"
    root = parse(mail(attached(tnef(RICH), "application/ms-tnef; name=winmail.dat")))
    assert (root.html, root.parts) == ("<p>grün</p>", ())


def test_html_stands_for_the_plain_text_that_says_the_same() -> None:
    message = winmail(tnef(RICH), part("grün\r\n-- \r\nme".encode()))
    assert (message.html, message.text, message.parts) == ("<p>grün</p>", "grün\r\n-- \r\nme", ())


def test_a_body_beside_another_is_kept_as_a_file() -> None:
    for own in (part(b"Have a look at this"), part(b"<p>rich</p>", "text/html")):
        message = winmail(tnef(RICH), own)
        assert "grün" not in (message.html or message.text or "")
        assert [(p.filename, p.data.decode("utf-8-sig")) for p in message.parts] == [("message.html", "<p>grün</p>")]


def test_a_plain_body_that_the_mail_has_already_is_no_file() -> None:
    plain = attribute(1, 0x800C, b"gr\xfcn\r\n\0")
    message = winmail(tnef(plain), TEXT)
    assert (message.text, message.parts) == ("grün", ())
    assert winmail(tnef(plain)).text == "grün\r\n"


@pytest.mark.parametrize(
    "data",
    [
        tnef(PICTURE, of_message(value(BINARY, RTF, b"compressed"))),
        tnef(PICTURE, message_class=b"IPM.Microsoft Schedule.MtgReq\0"),
        tnef(PICTURE) + b"\2",
        tnef(PICTURE, attachment(b"gone.bin", None)),
        tnef(PICTURE)[:-1],
    ],
    ids=["RTF", "a meeting", "an end cut off", "an attachment without data", "cut short"],
)
def test_what_is_not_read_whole_is_kept_whole(data: bytes) -> None:
    message = winmail(data, TEXT)
    assert message.parts[-1] == Part("application/ms-tnef", data, "winmail.dat", None, None, None)
    assert ["kept as well" in warning.detail for warning in message.warnings] == [True]


def test_a_message_within_becomes_files() -> None:
    inner = tnef(of_message(value(STRING, SUBJECT, b"The inner one\0"), value(STRING, BODY, b"inner words\0")), PICTURE)
    outer = tnef(attachment(b"Untitled", None, value(OBJECT, DATA, IID_MESSAGE + inner)))
    message = winmail(outer, TEXT)
    assert [(p.filename, p.disposition) for p in message.parts] == [
        ("The inner one.txt", "attachment"),
        ("kurz und gründlich.png", "attachment"),
        ("winmail.dat", None),
    ]
    assert message.parts[0].data.decode("utf-8-sig") == "inner words"


def test_by_its_name_and_octets() -> None:
    assert [p.data for p in winmail(tnef(PICTURE), TEXT, kind="application/octet-stream").parts] == [PNG]
    assert [p.data for p in winmail(tnef(PICTURE), TEXT, kind="application/vnd.ms-tnef").parts] == [PNG]
    other = winmail(b"something else", TEXT, kind="application/octet-stream")
    assert ([p.data for p in other.parts], said(other)) == ([b"something else"], [])


def test_no_tnef_under_its_type_is_kept_and_said() -> None:
    message = winmail(PNG, TEXT)
    assert [p.data for p in message.parts] == [PNG]
    assert said(message) == ["sealed"]


def nested(levels: int) -> bytes:
    data = tnef(PICTURE)
    for _ in range(levels):
        data = tnef(attachment(b"in", None, value(OBJECT, DATA, IID_MESSAGE + data)))
    return data


HOSTILE = {
    "four billion properties": tnef(attribute(1, 0x9003, b"\xff" * 4 + bytes(8))),
    "four billion values": tnef(attribute(1, 0x9003, struct.pack("<IHHI", 1, 0x1003, 0x1000, 0xFFFFFFFF) + bytes(4))),
    "four billion strings": tnef(attribute(1, 0x9003, struct.pack("<IHHI", 1, STRING, 0x1000, 0xFFFFFFFF) + bytes(4))),
    "a length beyond the end": tnef(struct.pack("<BHHI", 1, 0x9003, 6, 0xFFFFFFFF)),
    "values of no octets": tnef(attribute(1, 0x9003, struct.pack("<IHHI", 1, 0x1001, 0x1000, 0xFFFFFFFF))),
    "empty properties": tnef(attribute(1, 0x9003, properties(*[struct.pack("<HH", 1, 2)] * 1_000_000))),
    "empty strings": tnef(of_message(*[value(STRING, BODY, b"")] * 300_000)),
    "empty attributes": tnef(attribute(1, 0x8020, b"") * 1_000_000),
    "attachments": tnef(attachment(b"a", b"b") * 50_000),
    "messages within": nested(200),
    "only the signature": tnef()[:4],
    "no attachment begun": tnef(attribute(2, 0x800F, b"x")),
    "a code page that is none": tnef(attribute(1, 0x9007, b"\xff\xff\xff\x7f"), attribute(1, 0x800C, b"\xe9")),
    "zeros": tnef() + bytes(5_000_000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_tnef_ends_at_once_and_stays(name: str) -> None:
    data = HOSTILE[name]
    start = time.process_time()
    message = winmail(data, TEXT)
    assert time.process_time() - start < 1
    assert "unpacked" in said(message)
    if name not in {"a code page that is none", "values of no octets"}:  # of which all was read
        assert message.parts[-1].data == data


def test_the_caps() -> None:
    found = unpack(HOSTILE["attachments"])
    assert found is not None
    assert len(found.parts) == FILES
    deepest = unpack(nested(DEPTH + 5))
    assert deepest is not None
    assert [p.content_type for p in deepest.parts] == ["application/ms-tnef"]
    many = [attached(tnef(PICTURE), "application/ms-tnef")] * 60
    mailful = parse(mail(multipart("mixed", *many)))
    assert [p.content_type for p in mailful.parts].count("image/png") == 50
    assert [p.content_type for p in mailful.parts].count("application/ms-tnef") == 10
    assert "limit" in said(mailful)


SEED = tnef(RICH, PICTURE, attachment(b"in", None, value(OBJECT, DATA, IID_MESSAGE + tnef(PICTURE))))


@settings(max_examples=300, deadline=None)
@given(st.integers(4, len(SEED)), st.integers(0, 40), st.binary(max_size=12))
def test_mutated_tnef_never_raises(at: int, length: int, octets: bytes) -> None:
    data = SEED[:at] + octets + SEED[at + length :]
    message = winmail(data, TEXT)
    assert message.text == "grün"
