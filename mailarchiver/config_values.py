"""The small languages of the configuration's values: sizes, durations, folders' paths, zones, what is done afterwards.

Each function takes what TOML gave and returns the value, or raises `ValueError` with a sentence that says how to write
it; config.py makes them pydantic's validators. None of them touches the disk or reads the clock.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .model import After

LARGEST_SIZE = 2**63 - 1
LONGEST_DURATION = timedelta(days=366)
SIZE_UNITS = {
    "": 1,
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "tb": 10**12,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
    "tib": 2**40,
}
DURATION_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)\s*([a-z]*)", re.ASCII | re.IGNORECASE)
DURATION = re.compile(r"(?:\d{1,9}\s*[smhd]\s*)+", re.ASCII)
DURATION_STEP = re.compile(r"(\d+)\s*([smhd])", re.ASCII)


def read_size(value: object) -> int:
    """Bytes from `"500 MB"` (decimal: 10⁶), `"1 GiB"` (binary: 2³⁰) or a plain number of bytes."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    found = SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    factor = SIZE_UNITS.get(found[2].lower()) if found else None
    if found is None or factor is None:
        raise ValueError('must be a size such as "500 MB", "1 GB" or "64 MiB"')
    whole, _, fraction = found[1].partition(".")
    size: int = int(whole + fraction) * factor // 10 ** len(fraction)
    if size > LARGEST_SIZE:
        raise ValueError(f"must be at most {LARGEST_SIZE} bytes")
    return size


def read_duration(value: object) -> timedelta:
    """A time span from `"30s"`, `"5m"`, `"1h 30m"` or `"2d"`; at least a second, at most 366 days."""
    if isinstance(value, timedelta):
        return value
    text = value.strip() if isinstance(value, str) else ""
    if not DURATION.fullmatch(text):
        raise ValueError('must be a duration such as "30s", "5m", "1h 30m" or "2d"')
    seconds = sum(int(number) * DURATION_UNITS[unit] for number, unit in DURATION_STEP.findall(text))
    if not 1 <= seconds <= LONGEST_DURATION.total_seconds():
        raise ValueError("must be at least 1s and at most 366d")
    return timedelta(seconds=seconds)


def read_day(value: object) -> date:
    """A day from TOML's own date or the string `"2024-03-01"`; a time of day has no meaning here and is refused."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise ValueError(f"is no day of the calendar: {error}") from error
    raise ValueError('must be a day such as "2024-03-01"')


def read_zone(value: object) -> ZoneInfo:
    """A time zone by its name in the IANA data base; offsets and abbreviations are refused, as they know no summer."""
    if isinstance(value, ZoneInfo):
        return value
    try:
        return ZoneInfo(value if isinstance(value, str) else "")
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: the name of a folder of the data base
        raise ValueError('must be the name of a time zone such as "Europe/Berlin" or "UTC"') from error


def read_after(value: object) -> After:
    """What is done on the server after filing: `keep`, `seen`, `flag` or `move:Folder`."""
    if isinstance(value, After):
        return value
    text = value if isinstance(value, str) else ""
    if text in {"keep", "seen", "flag"}:
        return After(text)  # type: ignore[arg-type]  # mypy narrows no string by membership
    action, _, folder = text.partition(":")
    if action == "move" and folder.strip():
        return After("move", read_folder(folder.strip()))
    raise ValueError('must be "keep", "seen", "flag" or "move:FOLDER"')


def read_receipt(value: object) -> str | None:
    """The folder that receipts are put into: none (`off`), INBOX (`inbox`), or `folder:Name`."""
    if value is None or value == "off":
        return None
    if value == "inbox":
        return "INBOX"
    word, _, folder = value.partition(":") if isinstance(value, str) else ("", "", "")
    if word == "folder" and folder.strip() and not folder.strip().startswith("\\"):
        return folder.strip()
    raise ValueError('must be "off", "inbox" or "folder:NAME"')


def read_folder(text: str) -> str:
    """The name of a folder, a pattern, or a special use (RFC 6154), which starts with a backslash."""
    if text.startswith("\\") and not re.fullmatch(r"\\[A-Za-z]+", text):
        raise ValueError(r"must be a folder's name, or a special use such as '\Archive' or '\All'")
    return text


def read_host(value: object) -> str:
    """A host name or an address, without scheme and port."""
    text = value.strip() if isinstance(value, str) else ""
    if "://" in text or not re.fullmatch(r"[^\s/@\[\]]+", text):
        raise ValueError('must be a host name such as "imap.example.org"')
    if text.count(":") == 1:
        raise ValueError("must be a host name alone: write the port as `port = …`")
    return text


def read_path(value: object, folder: Path | None) -> Path:
    """A path; `~` is the home folder, and a relative one starts at `folder`, where the configuration lies."""
    if isinstance(value, Path):
        return value
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError("must be a path")
    try:
        path = Path(value).expanduser()
    except RuntimeError as error:
        raise ValueError(f"names a home folder that is unknown: {error}") from error
    return path if folder is None else folder / path


def read_textfile(value: Path) -> Path:
    """A file for node_exporter's textfile collector, which looks at no other than `*.prom`."""
    if value.suffix != ".prom":
        raise ValueError('must be the path of a file whose name ends in ".prom"')
    return value
