"""Names that every file system can hold."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailarchiver.text.slug import file_name, slug


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Five quiet days: a walk along the canal", "five-quiet-days-a-walk-along-the-canal"),
        ("Don’t stop: it's 5 o'clock", "dont-stop-its-5-oclock"),
        ("Größe & Übung", "grosse-ubung"),
        ("Gro\u0308ße", "grosse"),  # NFD, as macOS writes it
        ("ﬁne ①", "fine-1"),
        ("東京の朝", "dongjingnochao"),
        ("नमस्ते", "nmste"),
        ("--- ../../etc/passwd ---", "etc-passwd"),
        ("a\u202egpj.exe", "agpj-exe"),
        ("...", ""),
        ("", ""),
        ("\x00\n\t ", ""),
    ],
)
def test_a_title_becomes_plain_ascii(text: str, expected: str) -> None:
    assert slug(text) == expected


def test_a_long_title_is_cut_at_a_word() -> None:
    title = "the quick brown fox jumps over the lazy dog and then goes home to sleep"
    assert slug(title) == "the-quick-brown-fox-jumps-over-the-lazy-dog-and-then-goes"
    assert slug(title, 19) == "the-quick-brown-fox"


def test_a_long_word_is_cut_where_it_is() -> None:
    assert slug("a " + "x" * 100) == "a-" + "x" * 58


def test_a_huge_header_costs_no_more_than_a_title() -> None:
    assert slug("word " * 1_000_000).startswith("word-word-")


@given(st.text(), st.integers(1, 90))
def test_no_text_makes_a_bad_slug(text: str, limit: int) -> None:
    made = slug(text, limit)
    assert re.fullmatch(r"([a-z0-9]+(-[a-z0-9]+)*)?", made)
    assert len(made) <= limit
    assert slug(made, limit) == made


@pytest.mark.parametrize(
    ("number", "stem", "extension", "expected"),
    [
        (1, "Annual report", "pdf", "001-annual-report.pdf"),
        (12, "CON", "TXT", "012-con.txt"),
        (3, "\u200b", ".JPG", "003.jpg"),
        (3, "...", "jpg", "003.jpg"),
        (4, "readme", "", "004-readme"),
        (5, "", "", "005"),
        (6, "x", "../sh", "006-x.sh"),
        (1234, "many", "png", "1234-many.png"),
    ],
)
def test_a_file_name_is_number_slug_and_extension(number: int, stem: str, extension: str, expected: str) -> None:
    assert file_name(number, stem, extension) == expected


@given(st.integers(1, 99_999), st.text(), st.text())
def test_no_name_as_sent_makes_a_bad_file_name(number: int, stem: str, extension: str) -> None:
    made = file_name(number, stem, extension)
    assert re.fullmatch(r"\d{3,}(-[a-z0-9-]*[a-z0-9])?(\.[a-z0-9]+)?", made)
    assert len(made) <= 79
