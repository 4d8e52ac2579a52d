"""Printed dates in any language, read as ISO 8601: "Wed, Mar 6, 2024 at 6:21 PM", "6. März 2024", "2024年3月6日".

The whole string must be a date: every word of it must be one that CLDR knows from dates, and day, month and year must
be there. So reading times ("4–5 minutes"), bylines and prices fail at their first word. What can be read in two ways
is None unless something decides: no date is better than a wrong one. Calendars other than the Gregorian are not
converted, but for the Thai one.

::

    text ─ date_words.items ─▶ numbers, names, marks ─ clock.clocks ─▶ time of day
                                                     └ day.read_day ─▶ day
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from .clock import clocks, could_be_zone
from .date_words import FIRST_UNSPACED, Item, items, normalise
from .day import BETWEEN, Context, read_day

_LONGEST_DATE = 100
_LONGEST_CREDITS = 400
_LONGEST_RUN = 30
"""Numbers, words and marks of a long date with weekday, time and zone."""

_ORDINALS = frozenset({
    "st", "nd", "rd", "th", "er", "ère", "re", "e", "ro", "o", "a", "ª", "º", "de", "ste",
    "й", "е", "го", "ое", "ος", "η",
})  # fmt: skip
"""Written right behind a number: 5th, 1er, 2:a."""
_VERSION_MARKS = frozenset("./-")
_CLOCK_MARKS = frozenset("+−")
_PUBLISHED = (
    "published|posted|veröffentlicht|erschienen|publié|paru|publicado|publicada|publicat|pubblicato|gepubliceerd|geplaatst|"
    "publicerad|udgivet|publisert|julkaistu|opublikowano|zveřejněno|publikováno|megjelent|yayınlanma|опубликовано|"
    "опубліковано|публикувано|δημοσιεύτηκε|פורסם|نشر|نشرت|منتشر|发布于|發佈於|发表于|公開日|掲載日|게시|입력|diterbitkan|dipublikasikan"
)
"""What stands before the date of an article when no colon says that it is a label."""
_LABEL = re.compile(rf"^(?:[^\d:]{{1,40}}:\s*|(?:{_PUBLISHED})\b[ .]*)", re.IGNORECASE)
_NUMBERED_WEEKDAY = re.compile(r"^\s*th(?:ứ)?\s?[2-7]\s*,", re.IGNORECASE)
"""Vietnamese counts its weekdays: "Th 3, 26 thg 3, 2024" is a Tuesday. The number is that of no day of a month."""
_COMMENT = re.compile(r"\s*\([^()\d]*\)\s*$")
_TWO_NUMBERS = re.compile(r"\d\D+\d")
_TWO_DIGITS = re.compile(r"\d\d")
_UPDATED = (
    "(?:last )?(?:updated|modified)|(?:zuletzt )?aktualisiert|mis à jour|actualizado|actualizada|aggiornato|atualizado|"
    "bijgewerkt|uppdaterad|opdateret|oppdatert|päivitetty|zaktualizowano|aktualizováno|обновлено|更新"
)
"""What stands before the date of a change."""
_LAST_LABEL = re.compile(
    rf"(?:^|(?<=\s))(?:[^\s\d:]+\s*:|(?:first |originally )?"
    rf"(?:{_PUBLISHED}|{_UPDATED})(?:\s(?:on|am|le|el|il|op|den|em|w dniu))?)\s*$",
    re.IGNORECASE,
)
_EDGE = " \t\r\n,;|·•–—-/"


def read_date(text: str, *, language: str | None = None, latest: dt.date | None = None) -> str | None:
    """The date that the whole string is, as `2024-03-06`, `2024-03-06T18:21` or `2024-03-06T18:21:05+02:00`; else None.

    Seconds and offset stand only where they were printed; the name of a zone states no offset, but for UTC, GMT and Z.
    A label before it ("Published:") and a comment in brackets behind it are passed over. Day and month in figures are
    told apart by a value over 12, the weekday, the `language` (BCP 47; plain `en` decides nothing), or because only one
    reading is not after `latest`; otherwise None. So is any date later than that.
    """
    if len(text) > _LONGEST_DATE or not _has_numbers(text):
        return None
    row: list[Item] = []
    for item in _items(_NUMBERED_WEEKDAY.sub("", _LABEL.sub("", _COMMENT.sub("", normalise(text).strip())))):
        if _is_ordinal(item, row):
            continue
        if item.kind == "word" and not item.senses and not could_be_zone(item):
            return None
        row.append(item)
    return _read(row, Context(language, latest))


def find_date(text: str, *, language: str | None = None, latest: dt.date | None = None) -> tuple[str, str] | None:
    """The first date within a short string such as credits, and what the string says besides; None where there is none.

    `"By Jane Roe, 6 March 2024"` gives `("2024-03-06", "By Jane Roe")`. What stands behind the date (an update, a
    counter, "Share") counts only where nothing stands before it. Two digits make no year here; strings of more than
    400 characters are not looked at. Else as `read_date`.
    """
    if len(text) > _LONGEST_CREDITS or not _has_numbers(text):
        return None
    plain = normalise(text)
    context = Context(language, latest, short_years=False)
    for run in _runs(plain):
        for window in _windows(run):
            iso = _read(window, context)
            if iso is not None:
                return iso, _rest(plain[: window[0].start], plain[window[-1].end :])
    return None


def _has_numbers(text: str) -> bool:
    """Whether there are two numbers, one of them long enough for a year."""
    return _TWO_NUMBERS.search(text) is not None and _TWO_DIGITS.search(text) is not None


def _read(row: Sequence[Item], context: Context) -> str | None:
    """The date of the row as a whole, with the surest time of day that leaves a day when taken out."""
    for clock in clocks(row):
        day = read_day([*row[: clock.start], *row[clock.end :]], context)
        if day is not None:
            return day.isoformat() + clock.isoformat()
    day = read_day(row, context)
    return None if day is None else day.isoformat()


def _items(plain: str) -> Iterator[Item]:
    """The items of a text. Numbers with a letter glued before them are one word with that, as in "v5.3.2024"."""
    letter: Item | None = None
    before: Item | None = None
    for item in items(plain):
        if letter is not None:
            is_version = letter.end - letter.start > 1
            if item.glued and (item.kind == "number" or (is_version and item.text in _VERSION_MARKS)):
                letter = replace(letter, text=letter.text + item.text, senses=(), end=item.end)
                continue
            yield letter
            before, letter = letter, None
        is_letter = item.kind == "word" and len(item.text) == 1 and item.text < FIRST_UNSPACED
        if is_letter and not (item.glued and before is not None and before.kind == "number"):  # 2024-03-06T18:21
            letter = item
        else:
            yield item
            before = item
    if letter is not None:
        yield letter


def _is_ordinal(item: Item, before: Sequence[Item]) -> bool:
    """Whether it is the ending of an ordinal number."""
    if item.kind != "word" or not item.glued or not before or before[-1].kind != "number":
        return False
    return item.text.casefold() in _ORDINALS


def _runs(plain: str) -> Iterator[list[Item]]:
    """The rows of items that could belong to a date, as long as they come; only those with two numbers or more."""
    run: list[Item] = []
    for item in [*_items(plain), None]:
        if item is not None and _is_ordinal(item, run):
            continue
        if item is not None and _could_belong(item):
            run.append(item)
            continue
        if sum(known.kind == "number" for known in run) > 1:
            yield run[:_LONGEST_RUN]
        run = []


def _could_belong(item: Item) -> bool:
    if item.kind == "mark":
        return item.text in BETWEEN or item.text in _CLOCK_MARKS
    return item.kind == "number" or bool(item.senses) or could_be_zone(item)


def _windows(run: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """All parts of a row that begin and end like a date, the longest first, and of those the leftmost."""
    for length in range(len(run), 2, -1):
        for start in range(len(run) - length + 1):
            window = run[start : start + length]
            if window[-1].kind != "mark" and _begins_date(window):
                yield window


def _begins_date(window: Sequence[Item]) -> bool:
    """A date begins with a number or a name; a filler ("on", "le") belongs to it only where no mark parts them."""
    first, second = window[:2]
    if first.kind == "number" or first.sense("month", "weekday", "am", "pm", "month-marker"):
        return True
    return first.kind == "word" and len(first.text) > 1 and second.kind != "mark" and bool(first.senses)


def _rest(before: str, behind: str) -> str:
    """What a string says besides its date, without the marks that parted them, and a label of the date ("Posted:")."""
    said = _LAST_LABEL.sub("", before).rstrip(_EDGE + "([")
    return " ".join((said if said.strip() else behind.lstrip(".").lstrip(_EDGE + ")]")).split())
