"""Uuencoded files within a text: cut out where they are sound, untouched where they are not."""

from __future__ import annotations

import binascii
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailarchiver.message import parse
from mailarchiver.message.uuencode import cut_out

from .making import mail, multipart, part

DATA = bytes(range(256))


def encoded(data: bytes, name: str = "report.pdf", *, backtick: bool = True, end: str = "`\nend\n") -> str:
    lines = [binascii.b2a_uu(data[at : at + 45], backtick=backtick).decode() for at in range(0, len(data), 45)]
    return f"begin 644 {name}\n{''.join(lines)}{end}"


@pytest.mark.parametrize("backtick", [True, False])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_file_is_cut_out(newline: str, *, backtick: bool) -> None:
    text = f"Here it is.\n\n{encoded(DATA, backtick=backtick)}\nRegards".replace("\n", newline)
    assert cut_out(text) == ("Here it is.\n\n\nRegards".replace("\n", newline), (("report.pdf", DATA),))


def test_several_files_keep_their_order_and_names() -> None:
    rest, files = cut_out(f"{encoded(b'one', 'a b.txt')}between\n{encoded(b'two', 'a b.txt')}")
    assert (rest, files) == ("between\n", (("a b.txt", b"one"), ("a b.txt", b"two")))


@pytest.mark.parametrize("end", ["end\n", "end", " \nend\n", "\nend\n"])
def test_ends_as_programs_write_them(end: str) -> None:
    assert cut_out(encoded(DATA, end=end)) == ("", (("report.pdf", DATA),))


def test_spaces_that_were_lost_on_the_way() -> None:
    text = "\n".join(line.rstrip() for line in encoded(bytes(90), backtick=False).split("\n"))
    assert cut_out(text)[1] == (("report.pdf", bytes(90)),)


@pytest.mark.parametrize(
    "text",
    [
        "begin 644 nothing to see here\n\nIt was the begin of an end.\nend\n",
        encoded(DATA, end=""),
        encoded(DATA, end="`\nand so on\n"),
        encoded(DATA).replace("begin", "Begin"),
        encoded(DATA).replace("\n", "\nlower case\n", 2),
        "begin 644 x\n",
        "begin 644 x",
    ],
)
def test_what_is_no_sound_file_stays(text: str) -> None:
    assert cut_out(text) == (text, ())


@given(st.binary(min_size=1, max_size=300), st.text(max_size=100))
def test_nothing_is_lost(data: bytes, words: str) -> None:
    rest, files = cut_out(f"{words}\n{encoded(data)}")
    assert (rest, files[-1:]) == (f"{words}\n", (("report.pdf", data),))


@given(st.text(alphabet="begin 64`\nd#A", max_size=300))
def test_any_text_is_borne(text: str) -> None:
    rest, files = cut_out(text)
    assert files or rest == text


@pytest.mark.parametrize("text", ["begin 644 x\n" * 100_000, "begin 644 x\n" + "#AAAA\n" * 200_000])
def test_hostile_texts_are_read_once(text: str) -> None:
    start = time.process_time()
    assert cut_out(text) == (text, ())
    assert time.process_time() - start < 4


def test_it_becomes_an_attachment_of_the_mail() -> None:
    text = part(f"Look\n\n{encoded(DATA)}".encode())
    for entity in (text, multipart("mixed", text, part(b"More"))):
        message = parse(mail(entity))
        assert (message.text or "").startswith("Look")
        assert "begin 644" not in (message.text or "")
        assert [(p.filename, p.data, p.disposition) for p in message.parts] == [("report.pdf", DATA, "attachment")]
        assert [warning.code for warning in message.warnings] == ["unpacked"]
