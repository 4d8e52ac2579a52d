"""Which day a row of numbers and names means, once the time of day is taken out of it.

Every way to read the row is a `Reading` with what speaks for it; the weightiest stands. Two that weigh the same are no
date.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from .date_words import Item, tags

_FIRST_YEAR, _LAST_YEAR = 1583, 2199
"""From the Gregorian calendar's first whole year on: today's years of the Jalali and Hijri calendars lie before it."""
_THAI_ERA = 543
"""Thai years count from the Buddha: 2567 is 2024."""
_THAI_YEARS = range(2300, 2800)
_PIVOT = 68
"""Two-digit years up to here are of this century, the others of the last: the rule of POSIX strptime."""

BETWEEN = frozenset(",./-–—‑‐|·•()[]'’:;、。،׳״")
"""Marks that may stand between the parts of a date."""
_PARTING = frozenset("|·•:;[]")
_DASHES = frozenset("-–—‑‐")
_NUMERIC_SEPARATORS = frozenset("./-–‑‐")


@dataclass(frozen=True, slots=True)
class Context:
    """What is known besides the string: its language (BCP 47), and the day after which it cannot have been printed.

    `short_years` says whether two digits may be a year.
    """

    language: str | None
    latest: dt.date | None
    short_years: bool = True

    @property
    def tag(self) -> str:
        """The language in the form of CLDR's tags, "" where there is none."""
        return (self.language or "").replace("_", "-").casefold()

    @property
    def base(self) -> str:
        """The language without script and region."""
        return self.tag.split("-")[0]


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a date, with what speaks for it, the weightiest first."""

    date: dt.date
    weight: tuple[bool, ...] = ()


def read_day(row: Sequence[Item], context: Context) -> dt.date | None:
    """The one day that the row can be read as; None where there is none, or two, or it lies after the latest."""
    numbers = [at for at, item in enumerate(row) if item.kind == "number"]
    names = [item for item in row if item.kind == "word"]
    if len(numbers) not in (2, 3) or any(item.kind == "mark" and item.text not in BETWEEN for item in row):
        return None
    if any(_parts(item) for item in row[numbers[0] : numbers[-1]]):
        return None
    if not all(item.sense("month", "weekday", "filler", "month-marker") for item in names):
        return None
    read = _named if len(numbers) == 2 else _numeric
    readings = read(row, numbers, names, context)
    weight = max((reading.weight for reading in readings), default=())
    best = {reading.date for reading in readings if reading.weight == weight}
    if len(best) != 1:
        return None
    day = best.pop()
    return None if context.latest and day > context.latest else day


def _parts(item: Item) -> bool:
    """Whether it parts one thing from the next, and so cannot stand within a day: "6 March 2024 - 8 March"."""
    return item.text in _PARTING or (item.text in _DASHES and not item.glued)


def _weekdays(names: Sequence[Item]) -> frozenset[int]:
    return frozenset(sense.value for item in names for sense in item.sense("weekday"))


def _languages(item: Item) -> frozenset[str]:
    """The languages in which it is a weekday or stands between the parts of a date."""
    return frozenset[str]().union(*(sense.languages for sense in item.sense("weekday", "filler", "month-marker")))


def _date(year: int, month: int, day: int, languages: frozenset[str]) -> dt.date | None:
    """The date, None where the calendar has no such day or nobody would have printed it."""
    if year in _THAI_YEARS and "th" in languages:
        year -= _THAI_ERA
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def _year(digits: str, context: Context) -> int | None:
    """A year of four digits, or of two where such are taken."""
    if len(digits) == 4:
        return int(digits)
    if len(digits) != 2 or not context.short_years:
        return None
    return int(digits) + (1900 if int(digits) > _PIVOT else 2000)


# --- the month as a name ----------------------------------------------------------------------------------------------


def _named(row: Sequence[Item], numbers: Sequence[int], names: Sequence[Item], context: Context) -> list[Reading]:
    """Readings with the month as a name; any word that can be a month is tried as the month."""
    day_at, year = _day_and_year(row, numbers, context)
    if year is None:
        return []
    readings: list[Reading] = []
    for month in (item for item in names if item.sense("month")):
        others = [item for item in names if item is not month]
        if all(item.sense("weekday", "filler") for item in others):
            readings += _with_month(row, day_at, year, month, others, context)
    return readings


def _with_month(
    row: Sequence[Item], day_at: int, year: int, month: Item, others: Sequence[Item], context: Context
) -> list[Reading]:
    """Readings with this word as the month: listopada is October in Croatian, November in Polish.

    Weight: the weekday is right; it is the language given; a language has all the words; it dots days, or not, as here.
    """
    dotted = day_at + 1 < len(row) and row[day_at + 1].glued and row[day_at + 1].text == "."
    readings = []
    for sense in month.sense("month"):
        common = sense.languages.intersection(*(_languages(item) for item in others))
        date = _date(year, sense.value, int(row[day_at].text), sense.languages)
        if date is not None:
            right_day = date.weekday() in _weekdays(others)
            dots = any((language in tags("dotted")) == dotted for language in common)
            readings.append(Reading(date, (right_day, context.base in sense.languages, bool(common), dots)))
    return readings


def _day_and_year(row: Sequence[Item], numbers: Sequence[int], context: Context) -> tuple[int, int | None]:
    """The index of the day and the value of the year, of two numbers; the year None where neither can be one."""
    first, last = numbers
    if len(row[first].text) == 4 and len(row[last].text) <= 2:
        return last, int(row[first].text)
    return first, _year(row[last].text, context) if len(row[first].text) <= 2 else None


# --- the month as a number --------------------------------------------------------------------------------------------


def _numeric(row: Sequence[Item], numbers: Sequence[int], names: Sequence[Item], context: Context) -> list[Reading]:
    """Readings of three numbers: with a month marker (月), the year in front, or as day/month and month/day."""
    marked = _marked(row, numbers)
    if (marked is None and not _parted_alike(row, numbers)) or any(_only_month(item) for item in names):
        return []
    first, second, third = (row[at].text for at in numbers)
    languages = frozenset({context.base}).union(*(_languages(item) for item in names))
    if len(first) == 4 and marked in (None, 1):
        dates = [_date(int(first), int(second), int(third), languages)]
    else:
        year = _year(third, context) if max(len(first), len(second)) <= 2 and marked != 2 else None
        short = _short_year_first(first, second, third, context) if len(third) == 2 and marked is None else None
        if year is None or (short and not _order(context.tag)):
            return []
        if short and context.tag in tags("ymd"):
            return [Reading(short)]
        month_first = _date(year, int(first), int(second), languages) if marked != 1 else None
        day_first = _date(year, int(second), int(first), languages) if marked != 0 else None
        dates = [day_first, month_first]
        if day_first and month_first and day_first != month_first:
            return _weigh(day_first, month_first, row[numbers[0] + 1].text, names, context)
    return [Reading(date) for date in dates if date is not None]


def _short_year_first(first: str, second: str, third: str, context: Context) -> dt.date | None:
    """23/11/28 with the year in front, None where that is no date that was printed by now.

    Where the language writes the year first, that is what it means; where no language is known, it is one way too many.
    """
    if len(first) != 2 or context.base == "en":
        return None
    date = _date(2000 + int(first), int(second), int(third), frozenset())
    return date if date and date <= (context.latest or dt.date.max) else None


def _only_month(item: Item) -> bool:
    return bool(item.sense("month")) and not item.sense("weekday", "filler", "month-marker")


def _marked(row: Sequence[Item], numbers: Sequence[int]) -> int | None:
    """Which of the numbers a marker names the month: right behind it (3月, 3-р сарын), else before it (tháng 3)."""
    for which, at in enumerate(numbers):
        behind = at + 2 if at + 2 < len(row) and row[at + 1].text == "-" else at + 1
        if behind < len(row) and row[behind].glued and row[behind].sense("month-marker"):
            return which
    return next((n for n, at in enumerate(numbers) if at and row[at - 1].sense("month-marker")), None)


def _parted_alike(row: Sequence[Item], numbers: Sequence[int]) -> bool:
    """Whether the same single mark parts them: 6/3/2024, 27. 10. 2021, 2024-03-06."""
    first, second, third = numbers
    between = [row[first + 1 : second], row[second + 1 : third]]
    marks = {part[0].text for part in between if len(part) == 1}
    return all(len(part) == 1 for part in between) and len(marks) == 1 and marks <= _NUMERIC_SEPARATORS


def _weigh(
    day_first: dt.date, month_first: dt.date, separator: str, names: Sequence[Item], context: Context
) -> list[Reading]:
    """6/3/2024 as one reading where the weekday or the language decides, else as two. Weight: not after the latest day.

    Dots mean that the day comes first, unless the language puts the month first: then they decide nothing.
    """
    order = _order(context.tag)
    for date, decides in ((day_first, "dmy"), (month_first, "mdy")):
        other = month_first if decides == "dmy" else day_first
        if date.weekday() in _weekdays(names) and other.weekday() not in _weekdays(names):
            return [Reading(date)]
    if order == "mdy" and separator != ".":
        return [Reading(month_first)]
    if order == "dmy" or (order is None and separator == "."):
        return [Reading(day_first)]
    latest = context.latest or dt.date.max
    return [Reading(date, (date <= latest,)) for date in (day_first, month_first)]


def _order(tag: str) -> str | None:
    """In which order a language writes day and month in figures, after CLDR: "dmy" or "mdy"; None where that is open.

    Open is it in English without a region, or of a region that writes the year first (Canada has all three in use).
    """
    base = tag.split("-")[0]
    if base == "en":
        return next((name for name in ("mdy", "dmy") if tag in tags(name) and tag != "en"), None)
    known = tag if any(tag in tags(name) for name in ("dmy", "mdy", "ymd")) else base
    if known in tags("mdy"):
        return "mdy"
    return "dmy" if known in tags("dmy") or known in tags("ymd") else None
