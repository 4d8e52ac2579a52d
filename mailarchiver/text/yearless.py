"""Days that are printed without their year, as newsletters do: "Apr 11", "11. April", "4月11日"."""

from __future__ import annotations

import datetime as dt
import re

from .dates import read_date

_RECENT = dt.timedelta(days=180)
"""How long ago a day without a year is taken to be at most; of one that is further off, the year is open."""
_LONGEST = 40
_NUMBER = re.compile(r"\d+")


def read_yearless(
    text: str, *, language: str | None = None, latest: dt.date | None = None, year: int | None = None
) -> str | None:
    """The day that the whole string names without a year, as `2023-04-11`; None where it names none, or says its year.

    In `year` where that is known; else the last such day up to `latest`, if it is a recent one. None where that is
    after `latest`, or neither is known.
    """
    if not is_yearless(text, language=language):
        return None
    if year is not None:
        return _in_year(text, year, language, latest)
    if latest is None:
        return None
    for guess in (latest.year, latest.year - 1):
        day = _in_year(text, guess, language, latest)
        if day is not None:
            return day if latest - dt.date.fromisoformat(day) <= _RECENT else None
    return None


def is_yearless(text: str, *, language: str | None = None) -> bool:
    """Whether the whole string is a day without a year; in a year that has the 29th of February."""
    if len(text) > _LONGEST or len(_NUMBER.findall(text)) not in {1, 2} or re.search(r"\d{3}", text):
        return False
    return _in_year(text, 2024, language, None) is not None


def _in_year(text: str, year: int, language: str | None, latest: dt.date | None) -> str | None:
    day = read_date(f"{text}, {year}", language=language) or read_date(f"{year}年{text}", language=language)
    if day is None or len(day) > len("2023-04-11") or (latest is not None and dt.date.fromisoformat(day) > latest):
        return None
    return day
