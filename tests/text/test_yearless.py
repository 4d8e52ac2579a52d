"""Days without their year."""

from __future__ import annotations

import datetime as dt

import pytest

from mailarchiver.text.yearless import is_yearless, read_yearless

SENT = dt.date(2023, 4, 20)


@pytest.mark.parametrize(
    "text", ["Apr 11", "April 11th", "11 April", "11. April", "Tuesday, April 11", "11 avril", "4月11日"]
)
def test_the_last_such_day_before_the_mail(text: str) -> None:
    assert read_yearless(text, latest=SENT) == "2023-04-11"


def test_the_year_before_where_this_years_has_not_come() -> None:
    assert read_yearless("Nov 20", latest=SENT) == "2022-11-20"


@pytest.mark.parametrize("text", ["Apr 21", "Oct 1"])
def test_a_day_long_ago_may_be_of_any_year(text: str) -> None:
    assert read_yearless(text, latest=SENT) is None


def test_a_year_that_is_known_decides() -> None:
    assert read_yearless("Oct 1", latest=SENT, year=2021) == "2021-10-01"
    assert read_yearless("Oct 1", latest=SENT, year=2023) is None
    assert read_yearless("Feb 29", latest=SENT, year=2023) is None


@pytest.mark.parametrize(
    "text",
    ["May", "12", "Apr 11, 2023", "April 2023", "3/4", "4 min", "5 comments", "Sunday 3", "Apr 11 at noon", "Apr 31"],
)
def test_what_names_no_day_or_its_year(text: str) -> None:
    assert not is_yearless(text)
    assert read_yearless(text, latest=SENT) is None


def test_without_a_mail_to_go_by_there_is_no_year() -> None:
    assert is_yearless("Apr 11")
    assert read_yearless("Apr 11") is None
