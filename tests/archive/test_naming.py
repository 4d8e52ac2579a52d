"""Folders have one name, which every file system can hold, whatever the title."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailarchiver.archive.naming import article_id, folder_name

ID = "3f9a1c2b7d40"
EVENING = datetime(2024, 3, 6, 23, 30, tzinfo=UTC)


def test_a_folder_is_named_by_day_title_and_id() -> None:
    title = "Any aimless negotiations will not continue: Hamdan to Al Mayadeen"
    name = folder_name(title, EVENING, UTC, ID)
    assert name == f"2024/03/2024-03-06-any-aimless-negotiations-will-not-continue-hamdan-to-al-{ID}"


@pytest.mark.parametrize("title", ["", "…", "///", "..", "   ", "\u202e", "-"])
def test_a_title_without_letters_leaves_a_name_without_gap(title: str) -> None:
    assert folder_name(title, EVENING, UTC, ID) == f"2024/03/2024-03-06-{ID}"


@pytest.mark.parametrize(
    ("zone", "day"), [("UTC", "2024-03-06"), ("Europe/Berlin", "2024-03-07"), ("America/Lima", "2024-03-06")]
)
def test_the_day_is_the_one_in_the_archives_time_zone(zone: str, day: str) -> None:
    assert folder_name("", EVENING, ZoneInfo(zone), ID) == f"2024/03/{day}-{ID}"


def test_the_month_and_the_year_follow_the_time_zone_too() -> None:
    late = datetime(2023, 12, 31, 23, 59, tzinfo=UTC)
    assert folder_name("x", late, ZoneInfo("Asia/Tokyo"), ID) == f"2024/01/2024-01-01-x-{ID}"


def test_a_moment_without_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="no offset"):
        folder_name("x", datetime(2024, 3, 6), UTC, ID)  # noqa: DTZ001 - that is the point


def test_the_articles_of_one_mail_are_numbered() -> None:
    assert [article_id(ID, number) for number in (1, 2, 11)] == [ID, f"{ID}-2", f"{ID}-11"]


@given(
    title=st.text(),
    moment=st.datetimes(datetime(1970, 1, 2), datetime(2099, 1, 1)),  # noqa: DTZ001 - hypothesis wants naive bounds
    offset=st.integers(-12, 14),
)
def test_any_title_makes_a_safe_name(title: str, moment: datetime, offset: int) -> None:
    name = folder_name(title, moment.replace(tzinfo=UTC), timezone(timedelta(hours=offset)), ID)
    match = re.fullmatch(r"(\d{4})/(\d\d)/(\1-\2-\d\d)-(?:([a-z0-9]+(?:-+[a-z0-9]+)*)-)?" + ID, name)
    assert match is not None
    assert len(match[4] or "") <= 60
