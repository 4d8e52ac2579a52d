"""mbox files of every making, cut into the messages that went in."""

from __future__ import annotations

import io
import mailbox as stdlib_mailbox
import tracemalloc
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailarchiver.mailbox.mbox import Enveloped, is_mbox, read_date, split

ONE = b"From: jane@example.org\nSubject: one\n\nFirst.\n"
TWO = b"From: john@example.org\nSubject: two\n\nSecond.\n"
STAMP = b"From jane@example.org Mon Mar 11 14:05:33 2024\n"
NEXT = b"From john@example.org Tue Mar 12 09:18:02 2024\n"


def cut(data: bytes, tmp_path: Path) -> list[Enveloped]:
    path = tmp_path / "box"
    path.write_bytes(data)
    assert is_mbox(data[:16_384])
    with path.open("rb") as stream:
        return list(split(stream))


def bodies(data: bytes, tmp_path: Path) -> list[bytes]:
    return [message.data for message in cut(data, tmp_path)]


def test_two_messages(tmp_path: Path) -> None:
    found = cut(STAMP + ONE + b"\n" + NEXT + TWO + b"\n", tmp_path)
    assert [message.data for message in found] == [ONE, TWO]
    assert [message.date for message in found] == [
        datetime(2024, 3, 11, 14, 5, 33, tzinfo=UTC),
        datetime(2024, 3, 12, 9, 18, 2, tzinfo=UTC),
    ]


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
@pytest.mark.parametrize(
    ("before", "between", "after"),
    [(b"", b"\n", b"\n"), (b"", b"", b""), (b"\n\n", b"\n", b""), (b"\xef\xbb\xbf", b"\n", b"\n")],
    ids=["by the book", "no empty lines", "empty lines first", "byte order mark"],
)
def test_line_ends_and_empty_lines(ending: bytes, before: bytes, between: bytes, after: bytes, tmp_path: Path) -> None:
    one, two = (mail.replace(b"\n", ending) for mail in (ONE, TWO))
    data = b"".join((before, STAMP, ONE, between, NEXT, TWO, after)).replace(b"\n", ending)
    assert bodies(data, tmp_path) == [one, two]


def test_only_one_empty_line_belongs_to_the_file(tmp_path: Path) -> None:
    assert bodies(STAMP + ONE + b"\n\n" + NEXT + TWO + b"\n\n\n", tmp_path) == [ONE + b"\n", TWO + b"\n\n"]


def test_what_does_not_end_with_a_line_end_is_kept_so(tmp_path: Path) -> None:
    assert bodies(STAMP + ONE.rstrip(), tmp_path) == [ONE.rstrip()]


def test_messages_without_a_body(tmp_path: Path) -> None:
    assert bodies(STAMP + b"Subject: x\n\n" + NEXT + TWO, tmp_path) == [b"Subject: x\n\n", TWO]
    assert bodies(STAMP + b"Subject: x\n" + NEXT + TWO, tmp_path) == [b"Subject: x\n", TWO]
    assert bodies(STAMP + b"Subject: x\n\n\n" + NEXT + b"\n" + NEXT + TWO, tmp_path) == [b"Subject: x\n\n", TWO]


@pytest.mark.parametrize(
    "line",
    [
        b"From Russia with love\n",
        b"From here\nto: there\n",
        b"From now on: jane@example.org\n",
        b">From jane@example.org Mon Mar 11 14:05:33 2024\n",
        b">>From me\n",
        b" From jane@example.org Mon Mar 11 14:05:33 2024\n",
        b"From: jane@example.org Mon Mar 11 14:05:33 2024\n",
        b"FROM jane@example.org Mon Mar 11 14:05:33 2024\n",
        b"From jane@example.org\nand others.\n",
        b"From -\nand others.\n",
        b"From jane@example.org Mon Mar 11 99:05:33 2024\n",
        b"From jane@example.org Mon Foo 11 14:05:33 2024\n",
        b"From jane@example.org Mon Mar 11 14:05:33\n",
        b"From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001\nFrom: Jane <jane@example.org>\n",
    ],
)
def test_lines_that_are_no_from_lines(line: bytes, tmp_path: Path) -> None:
    """Not even after an empty line; and their octets stay as they are."""
    mail = ONE + b"\n" + line + b"more\n"
    assert bodies(STAMP + mail + b"\n" + NEXT + TWO, tmp_path) == [mail, TWO]


def test_a_date_in_running_text_is_no_from_line(tmp_path: Path) -> None:
    mail = ONE + b"It came\nFrom Jane Roe on Mon Mar 11 14:05:33 2024\nas I said.\n"
    assert bodies(STAMP + mail + b"\n" + NEXT + TWO, tmp_path) == [mail, TWO]


@pytest.mark.parametrize("line", [b"From -\n", b"From - \n", b"From john@example.org\n", b"From MAILER@DAEMON  \n"])
def test_from_lines_without_a_date(line: bytes, tmp_path: Path) -> None:
    found = cut(line + ONE + b"\n" + line + TWO, tmp_path)
    assert [(message.data, message.date) for message in found] == [(ONE, None), (TWO, None)]


def test_netscape_leaves_the_empty_line_out(tmp_path: Path) -> None:
    assert bodies(b"From - \n" + ONE + b"From - \n" + TWO, tmp_path) == [ONE, TWO]


def test_git_patches_are_messages_where_they_come_first(tmp_path: Path) -> None:
    line = b"From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001\n"
    assert bodies(line + ONE + b"\n" + line + TWO, tmp_path) == [ONE, TWO]


def test_content_length_that_fits_is_believed(tmp_path: Path) -> None:
    body = b"First.\n\n" + NEXT + b"Subject: quoted\n\nnot a message of its own\n"
    one = b"Subject: one\nContent-Length: %d\n\n" % len(body) + body
    assert bodies(STAMP + one + b"\n" + NEXT + TWO, tmp_path) == [one, TWO]
    assert bodies(STAMP + one, tmp_path) == [one]
    assert bodies(STAMP + one + NEXT + TWO, tmp_path) == [one, TWO]


@pytest.mark.parametrize("length", [0, 3, 8, 20, 10_000, 999_999_999_999])
def test_content_length_that_does_not_fit_is_not(length: int, tmp_path: Path) -> None:
    one = b"Subject: one\nContent-Length: %d\n\nFirst.\nMore.\n" % length
    assert bodies(STAMP + one + b"\n" + NEXT + TWO, tmp_path) == [one, TWO]


@pytest.mark.parametrize(
    ("line", "date"),
    [
        (b"From a@b Mon Mar 11 14:05:33 2024", datetime(2024, 3, 11, 14, 5, 33, tzinfo=UTC)),
        (b"From a@b  Sun Mar  3 04:05:06 2024\r\n", datetime(2024, 3, 3, 4, 5, 6, tzinfo=UTC)),
        (b"From a@b Mon Mar 11 14:05 2024", datetime(2024, 3, 11, 14, 5, tzinfo=UTC)),
        (
            b"From a@b Mon Mar 11 14:05:33 PST 1993",
            datetime(1993, 3, 11, 14, 5, 33, tzinfo=timezone(-timedelta(hours=8))),
        ),
        (b"From a@b Mon Mar 11 14:05:33 1993 UTC", datetime(1993, 3, 11, 14, 5, 33, tzinfo=UTC)),
        (b"From 17@xxx Mon Mar 11 14:05:33 +0130 2024", datetime(2024, 3, 11, 12, 35, 33, tzinfo=UTC)),
        (b"From a@b Mon, 11 Mar 2024 14:05:33 -0500", datetime(2024, 3, 11, 19, 5, 33, tzinfo=UTC)),
        (b"From - Mon Mar 11 14:05:33 2024", datetime(2024, 3, 11, 14, 5, 33, tzinfo=UTC)),
        (b"From ???@??? Mon Mar 11 14:05:60 2024", datetime(2024, 3, 11, 14, 5, 59, tzinfo=UTC)),
        (b"From host!user Mon Mar 11 14:05:33 2024 remote from host", datetime(2024, 3, 11, 14, 5, 33, tzinfo=UTC)),
        (b"From a@b Mon Mar 11 14:05:33 +9999 2024", None),
        (b"From a@b Mon Feb 30 14:05:33 2024", None),
        (b"From a@b Mon Mar 11 14:05:33 0000", None),
        (b"From a@b yesterday", None),
        (b"From a@b " + b" " * 2000 + b"Mon Mar 11 14:05:33 2024", None),
    ],
)
def test_dates_of_from_lines(line: bytes, date: datetime | None) -> None:
    assert read_date(line) == date


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (STAMP + ONE, True),
        (b"From -\n" + ONE, True),
        (b"From whoever, whenever\nSubject: x\n", True),
        (ONE, False),
        (b"From : jane@example.org\nTo: x\n", False),
        (b"From here to eternity\nis a film.\n", False),
        (b"From ", False),
        (b"", False),
    ],
)
def test_what_is_an_mbox(start: bytes, expected: bool) -> None:
    assert is_mbox(start) is expected


LINES = st.lists(
    st.sampled_from([b"", b"text", b"From Russia", b">From x", b"From: a@b", b"\xff\xfe", b"--b--"]), max_size=8
)


@given(st.lists(LINES, min_size=1, max_size=6))
def test_what_goes_in_comes_out(texts: list[list[bytes]]) -> None:
    mails = [b"Subject: x\n\n" + b"\n".join(text) + b"\n" for text in texts]
    stream = io.BytesIO(b"".join(STAMP + mail + b"\n" for mail in mails))
    assert [message.data for message in split(stream)] == mails


@given(st.binary(max_size=400))
def test_any_octets_at_all(data: bytes) -> None:
    """Nothing is raised, and nothing is made up: what comes out is a part of what went in."""
    for message in split(io.BytesIO(STAMP + data)):
        assert message.data in data


def test_the_standard_library_agrees(tmp_path: Path) -> None:
    path = tmp_path / "box"
    box = stdlib_mailbox.mbox(str(path))
    for number in range(20):
        box.add(b"Subject: %d\n\nSome text\n\nof mail %d.\n" % (number, number))
    box.close()
    box = stdlib_mailbox.mbox(str(path))
    assert bodies(path.read_bytes(), tmp_path) == [box.get_bytes(key) for key in box.iterkeys()]
    box.close()


def test_a_large_file_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "box"
    mail = STAMP + b"Subject: x\n\n" + (b"y" * 75 + b"\n") * 1000 + b"\n"
    path.write_bytes(mail * 400)
    tracemalloc.start()
    with path.open("rb") as stream:
        assert sum(1 for _ in split(stream)) == 400
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000 < path.stat().st_size // 10


@pytest.mark.parametrize("body", [b"y" * 75 + b"\n", b"y" * 76], ids=["in lines", "in one line"])
@pytest.mark.parametrize(
    "header", [b"Subject: x\n\n", b"Content-Length: 15200000\n\n", b"X: "], ids=["", "stated", "header"]
)
def test_what_is_too_large_for_a_message_is_counted_and_not_kept(header: bytes, body: bytes, tmp_path: Path) -> None:
    """As where From_ lines are missing; what follows is found all the same."""
    path = tmp_path / "box"
    with path.open("wb") as file:
        file.write(STAMP + ONE + b"\n" + STAMP + header)
        for _ in range(200):
            file.write(body * 1000)
        file.write(b"\n\n" + NEXT + TWO)
    tracemalloc.start()
    with path.open("rb") as stream:
        found = list(split(stream, largest=500_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [message.data for message in found] == [ONE, b"", TWO]
    assert found[1].octets >= 15_200_000
    assert peak < 5_000_000


def test_a_long_line_is_kept_whole(tmp_path: Path) -> None:
    """Read in parts, of which one may look like an empty line, or a From_ line."""
    for more in (b"", b"\n", b"From a@b Mon Mar 11 14:05:33 2024\n"):
        mail = ONE + b"z" * (1 << 20) + more + b"end\n"
        assert bodies(STAMP + mail + b"\n" + NEXT + TWO, tmp_path) == [mail, TWO]
