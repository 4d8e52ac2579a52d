"""The table of date words is what Babel gives, and with it the dates that Babel prints are read, in every language."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path

import pytest
from babel import Locale
from babel.dates import format_date, format_datetime

from mailarchiver.text import date_words
from mailarchiver.text.dates import read_date

GENERATOR = Path(__file__).resolve().parents[2] / ".ci" / "cldr_table.py"
DAYS = [dt.date(2024, 3, 6), dt.date(2023, 11, 28), dt.date(2019, 5, 19), dt.date(2021, 9, 30)]
LOCALES = """
    af am ar ar_LB ar_MA az be bg bn bs ca cs cy da de de_AT el en en_AU en_GB en_IN es es_MX et eu fa fi fil fr
    fr_CA ga gl gu he hi hr hu hy id is it ja ka kk km kn ko ky lo lt lv mk ml mn mr ms my nb ne nl nn pa pl ps
    pt pt_PT ro ru si sk sl so sq sr sr_Latn sv sw ta te th tk tr uk ur uz vi zh_Hans zh_Hant zu
""".split()  # noqa: SIM905  as a list it is a page


def test_the_table_is_what_babel_gives() -> None:
    # QUIRK: what Babel gives for one locale depends on those it was asked for before, so it is asked afresh.
    made = subprocess.run([sys.executable, "-X", "utf8", GENERATOR], check=True, capture_output=True, timeout=60)
    table = Path(date_words.__file__).with_name(date_words.TABLE)
    assert made.stdout.decode() == table.read_text("utf-8"), "run .ci/cldr_table.py --write"


@pytest.mark.parametrize("name", LOCALES)
@pytest.mark.parametrize("form", ["full", "long", "medium"])
def test_the_dates_of_a_language_are_read(name: str, form: str) -> None:
    locale = Locale.parse(name)
    for day in DAYS:
        text = format_date(day, form, locale=locale)
        assert read_date(text, language=name) == day.isoformat(), text


@pytest.mark.parametrize("name", LOCALES)
def test_the_times_of_a_language_are_read(name: str) -> None:
    moment = dt.datetime(2024, 3, 6, 18, 21, 5)  # noqa: DTZ001  printed without a zone
    text = format_datetime(moment, "medium", locale=Locale.parse(name))
    assert read_date(text, language=name) == "2024-03-06T18:21:05", text


@pytest.mark.parametrize("name", LOCALES)
def test_without_the_language_no_date_in_words_is_read_wrongly(name: str) -> None:
    for day in DAYS:
        assert read_date(format_date(day, "long", locale=Locale.parse(name))) in (day.isoformat(), None)


def test_the_lines_are_sorted_for_bisection() -> None:
    lines = date_words._lines()[:-1]
    assert lines == sorted(lines)
    assert len(lines) > 8_000
