"""What the pages print is English, and the same on every machine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailarchiver.text.wording import (
    counted,
    day_in_words,
    moment_in_words,
    month_in_words,
    size_in_words,
    weekday_in_words,
)


@pytest.mark.parametrize(
    ("iso", "day", "moment"),
    [
        ("2024-03-06", "6 March 2024", "6 March 2024"),
        ("2024-12-31T18:21", "31 December 2024", "31 December 2024, 18:21"),
        ("2024-03-06T18:21:09+02:00", "6 March 2024", "6 March 2024, 18:21"),
        ("0999-01-01", "1 January 0999", "1 January 0999"),
        ("2024-13-06", "2024-13-06", "2024-13-06"),
        ("yesterday", "yesterday", "yesterday"),
        ("", "", ""),
    ],
)
def test_dates(iso: str, day: str, moment: str) -> None:
    assert (day_in_words(iso), moment_in_words(iso)) == (day, moment)


def test_weekdays_and_months() -> None:
    assert weekday_in_words("2024-03-06T23:59:00-05:00") == "Wednesday 6 March 2024"
    assert month_in_words("2024/03") == "March 2024"


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 KB"),
        (9_949, "9.9 KB"),
        (9_950, "10 KB"),
        (999_499, "999 KB"),
        (999_500, "1.0 MB"),
        (45_000_000, "45 MB"),
        (7 * 10**12, "7000 GB"),
    ],
)
def test_sizes(octets: int, words: str) -> None:
    assert size_in_words(octets) == words


def test_counts() -> None:
    assert [counted(number, "mail") for number in (0, 1, 2)] == ["0 mails", "1 mail", "2 mails"]


@given(st.text())
def test_nothing_printed_breaks_them(text: str) -> None:
    day_in_words(text)
    moment_in_words(text)
