"""Dates, sizes and counts as pages and messages print them: English words, whatever the locale of the machine."""

from __future__ import annotations

import re
from datetime import date

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:T(\d\d:\d\d))?")


def day_in_words(iso: str) -> str:
    """`6 March 2024` for any ISO 8601 date or date-time; what is no such date is given back as it is."""
    match = _ISO.match(iso)
    if match is None or not 1 <= int(match[2]) <= 12:
        return iso
    return f"{int(match[3])} {MONTHS[int(match[2]) - 1]} {match[1]}"


def moment_in_words(iso: str) -> str:
    """`6 March 2024, 18:21` where a time is stated, else the day. Seconds and the offset are left out."""
    match = _ISO.match(iso)
    return f"{day_in_words(iso)}, {match[4]}" if match and match[4] else day_in_words(iso)


def weekday_in_words(iso: str) -> str:
    """`Wednesday 6 March 2024`. Raises `ValueError` for what is no ISO 8601 date."""
    return f"{WEEKDAYS[date.fromisoformat(iso[:10]).weekday()]} {day_in_words(iso)}"


def month_in_words(month: str) -> str:
    """`March 2024` for `2024/03`."""
    year, number = month.split("/")
    return f"{MONTHS[int(number) - 1]} {year}"


def size_in_words(octets: int) -> str:
    """`812 bytes`, `14 KB`, `2.3 MB`: decimal units, two figures at least."""
    if octets < 1000:
        return "1 byte" if octets == 1 else f"{octets} bytes"
    size = float(octets)
    for unit in ("KB", "MB", "GB"):
        size /= 1000
        if size < 999.5 or unit == "GB":
            break
    return f"{size:.1f} {unit}" if size < 9.95 else f"{size:.0f} {unit}"


def counted(number: int, thing: str) -> str:
    """`1 message`, `2 messages`."""
    return f"{number} {thing}{'s' if number != 1 else ''}"


def span_in_words(seconds: float) -> str:
    """`20 s`, `5 min`, `3 h`, `12 days`: rounded down to one unit; less than nothing is `0 s`."""
    whole = max(0, int(seconds))
    if whole < 120:
        return f"{whole} s"
    if whole < 2 * 3600:
        return f"{whole // 60} min"
    return f"{whole // 3600} h" if whole < 2 * 86400 else f"{whole // 86400} days"
