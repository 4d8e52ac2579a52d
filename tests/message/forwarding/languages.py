"""The words of a language, program by program, and its printed dates."""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from babel import Locale
from babel.dates import format_date, format_datetime, format_skeleton, format_time

Style = Literal["gmail", "outlook", "apple", "yahoo", "rfc"]


@dataclass(frozen=True, slots=True)
class Words:
    """A language: its tag, and what each program prints in it, in the order of the program's fields."""

    tag: str
    prefix: str
    gmail: str
    at: str
    colon: str
    outlook: tuple[str, ...]
    apple: tuple[str, ...]
    thunderbird: tuple[str, ...]
    yahoo: tuple[str, ...]

    def field(self, label: str, value: str) -> str:
        """A line of a header block: `Label: value`, with the colon of the language."""
        return f"{label}{self.colon} {value}"

    def date(self, style: Style, moment: dt.datetime) -> str:
        """The moment as the program prints it in this language."""
        locale = Locale.parse(self.tag, sep="-")
        short = format_time(moment, "short", locale=locale)
        if style == "rfc":
            return moment.strftime("%a, %-d %b %Y %H:%M:%S %z")
        if style == "gmail":
            return f"{format_skeleton('yMMMEd', moment, locale=locale)}{self.at}{short}"
        if style == "outlook":
            return f"{format_date(moment, 'full', locale=locale)} {short}"
        day = "long" if style == "apple" else "full"
        time = format_datetime(moment, "HH:mm:ss 'GMT+1'", locale=locale)
        return f"{format_date(moment, day, locale=locale)}{self.at}{time}"


@cache
def languages() -> dict[str, Words]:
    """All of languages.toml."""
    table = tomllib.loads(Path(__file__).with_name("languages.toml").read_text("utf-8"))
    return {tag: _words(tag, row) for tag, row in table.items()}


def _words(tag: str, row: dict[str, list[str] | str]) -> Words:
    def several(key: str) -> tuple[str, ...]:
        return tuple(row.get(key, ()))

    return Words(
        tag,
        prefix=str(row.get("prefix", "Fwd")),
        gmail=str(row.get("gmail", "From")),
        at=str(row.get("at", " ")),
        colon=str(row.get("colon", ":")),
        outlook=several("outlook"),
        apple=several("apple"),
        thunderbird=several("thunderbird"),
        yahoo=several("yahoo"),
    )
