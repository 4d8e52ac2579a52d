#!/usr/bin/env python3
"""Writes mailarchiver/text/cldr_dates.txt from the CLDR data that Babel carries.

    .ci/cldr_table.py            prints the table
    .ci/cldr_table.py --write    writes it to its place

A test runs this again and compares, so that the table stays what Babel gives. Every language of CLDR is read in all its
regions: names of months and weekdays in every width but the one-letter one, day periods, and every word that a date or
time pattern holds between its fields.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import babel
from babel import Locale
from babel.localedata import locale_identifiers

from mailarchiver.text.date_words import TABLE, key

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "mailarchiver" / "text" / TABLE

AT_TIME = {
    # CLDR's dateTimeFormat type="atTime" and what mail programs write there; Babel does not carry it.
    "af": "om", "ar": "في الساعة", "be": "у а", "bg": "в", "bs": "u", "ca": "a les la", "cs": "v ve", "cy": "am",
    "da": "kl den d", "de": "um am den vom", "el": "στις", "en": "at on the of", "es": "a las la del de el",
    "et": "kell", "eu": "etan", "fa": "ساعت در", "fi": "klo kello", "fil": "nang ng", "fo": "kl", "fr": "à le du",
    "ga": "ag", "gl": "ás", "he": "בשעה", "hi": "को बजे", "hr": "u", "hu": "órakor", "hy": "ժամը", "is": "kl",
    "id": "pukul pada jam",
    "it": "alle ore il del", "ka": "საათზე", "lt": "val", "lv": "plkst", "mk": "во", "mr": "रोजी वाजता",
    "ms": "pukul pada", "nb": "kl den", "nl": "om op", "nn": "kl den", "no": "kl den", "pl": "o godz",
    "pt": "às à as s ás a", "ro": "la ora", "ru": "в во", "sk": "o", "sl": "ob", "sq": "në", "sr": "у u",
    "sv": "kl den", "sw": "saa", "ta": "அன்று", "te": "కి", "th": "เวลา ค.ศ. พ.ศ.",
    "tr": "saat", "uk": "о об", "vi": "lúc ngày năm", "zh": "于",
}  # fmt: skip
MODERN = frozenset(
    """af am ar as az be bg bn bs ca cs cv cy da de el en es et eu fa fi fil fr ga gl gu ha he hi hr hu hy id ig is it
    ja jv ka kk km kn ko kok ky lo lt lv mk ml mn mr ms my nb ne nl nn no or pa pl ps pt qu ro ru sc sd si sk sl so sq
    sr sv sw ta te th ti tk tr uk ur uz vi yo zh zu""".split()  # noqa: SIM905  as a list it is a page
)
"""Languages that CLDR covers at the level "modern". Where a word means something else in one of them, the month or
weekday that it is in smaller ones is left out: "May" would be October, "de" December."""
FIELD = re.compile(r"'([^']*)'|([A-Za-z])\2*|([^A-Za-z']+)")
PLACEHOLDER = re.compile(r"M\d\d$")

Table = dict[str, dict[str, set[str]]]


def pieces(pattern: str) -> list[tuple[str, str]]:
    """A CLDR pattern as ("field", "MMMM") and ("literal", " de ") in order; neighbouring literals joined."""
    found: list[tuple[str, str]] = []
    for match in FIELD.finditer(pattern):
        kind, value = ("field", match.group()) if match[2] else ("literal", match[1] if match[3] is None else match[3])
        if kind == "literal" and found and found[-1][0] == "literal":
            value = found.pop()[1] + value
        found.append((kind, value))
    return found


def patterns(locale: Locale) -> Iterator[list[tuple[str, str]]]:
    """All patterns of dates and times, but those that count weeks or quarters."""
    groups = (locale.date_formats, locale.time_formats, locale.datetime_skeletons)
    for pattern in sorted({str(getattr(p, "pattern", p)) for group in groups for p in group.values()}):
        parts = pieces(pattern)
        if not any(kind == "field" and value[0] in "QqWwY" for kind, value in parts):
            yield parts


def names(locale: Locale, what: str, width: str) -> Iterator[tuple[int, str]]:
    """The names of months or days in a width, as they stand within a date and alone."""
    for context in ("format", "stand-alone"):
        yield from getattr(locale, what)[context].get(width, {}).items()


def add_names(table: Table, locale: Locale, language: str) -> None:
    """The names of months and weekdays."""
    for number, name in (pair for width in ("wide", "abbreviated") for pair in names(locale, "months", width)):
        add_month(table, language, number, name)
    for number, name in (pair for width in ("wide", "abbreviated", "short") for pair in names(locale, "days", width)):
        table[key(name)][f"w{number}"].add(language)


def add_month(table: Table, language: str, number: int, name: str) -> None:
    """A month's name; where it is its number with a word (3月, tháng 3), the word as a marker."""
    digits = re.findall(r"\d+", name)
    if PLACEHOLDER.match(name) or (digits and [int(d) for d in digits] != [number]):
        return
    table[key(name)]["n" if digits else f"m{number}"].add(language)


def add_eras(table: Table, locale: Locale, language: str) -> None:
    """The name of our era, where a language writes it with every date (ค.ศ.)."""
    if any(value[0] == "G" for form in locale.date_formats.values() for _, value in pieces(form.pattern)):
        for width in ("wide", "abbreviated"):
            for word in key(locale.eras.get(width, {}).get(1, "")).split():
                table[word]["f"].add(language)


def add_periods(table: Table, locale: Locale, language: str) -> None:
    """a.m. and p.m., and the parts of a day that lie wholly in either half by CLDR's own rules."""
    halves = {"am": "a", "pm": "p"}
    for rules in locale.day_period_rules.values():
        for span in (span for span in rules.items() if isinstance(span[1], list)):
            halves.update(half_of(*span))
    for context in ("format", "stand-alone"):
        for width in ("wide", "abbreviated", "narrow"):
            for period, name in locale.day_periods.get(context, {}).get(width, {}).items():
                if period in halves and len(key(name)) > (width == "narrow"):
                    table[key(name)][halves[period]].add(language)


def half_of(period: str, spans: list[dict[str, int]]) -> dict[str, str]:
    """Which half of the day a period lies in: {"evening1": "p"}; empty where it reaches over noon or midnight."""
    noon, midnight = 12 * 3600, 24 * 3600
    if all("from" in span and 0 <= span["from"] < span["before"] <= noon for span in spans):
        return {period: "a"}
    if all("from" in span and noon <= span["from"] < span["before"] <= midnight for span in spans):
        return {period: "p"}
    return {}


def add_literals(table: Table, locale: Locale, language: str) -> None:
    """What stands between the fields: hour markers, fillers, and what is written together with a name (במרץ)."""
    for parts in patterns(locale):
        for at, (kind, value) in enumerate(parts):
            if kind == "literal":
                before, after = (parts[n][1][:1] if 0 <= n < len(parts) else "" for n in (at - 1, at + 1))
                role = "h" if before and before in "HhKk" and after in ("", "m") else "f"
                for word in key(value).split():
                    table[word][role].add(language)
            elif value[0] in "MLEc" and len(value) > 2:
                neighbours = [
                    parts[n][1] if 0 <= n < len(parts) and parts[n][0] == "literal" else "" for n in (at - 1, at + 1)
                ]
                add_joined(table, locale, language, value, *neighbours)


def add_joined(table: Table, locale: Locale, language: str, field: str, before: str, after: str) -> None:
    """Names with what a pattern writes right beside them, without a space."""
    ends = (before if not before[-1:].isspace() else "").split(" ")[-1], after.split(" ")[0]
    if not any(key(end) for end in ends):
        return
    what, width = ("months" if field[0] in "ML" else "days"), ("abbreviated" if len(field) == 3 else "wide")
    for number, name in names(locale, what, width):
        joined = f"{ends[0]}{name}{ends[1]}"
        if what == "months":
            add_month(table, language, number, joined)
        else:
            table[key(joined)][f"w{number}"].add(language)


def without_rare_meanings(meanings: dict[str, set[str]]) -> dict[str, set[str]]:
    """A word's meanings but the months and weekdays of small languages, if it is known in MODERN ones."""
    known = {code for code, languages in meanings.items() if languages & MODERN}
    rare = {code for code in meanings if known and code[0] in "mw" and code not in known}
    return {code: languages for code, languages in meanings.items() if code not in rare}


def order(locale: Locale) -> str:
    """The order of the fields in a date of mere numbers: "dmy", "mdy", "ymd"."""
    fields = [value[0] for kind, value in pieces(locale.date_formats["short"].pattern) if kind == "field"]
    return "".join(dict.fromkeys(field.lower().replace("l", "m") for field in fields if field in "yMLd"))


def day_has_dot(locale: Locale) -> bool:
    """Whether the language writes a dot behind the day: 6. März."""
    parts = pieces(locale.date_formats["long"].pattern)
    return any(value[0] == "d" and after[1].startswith(".") for (_, value), after in pairwise(parts))


def without_accents(word: str) -> str:
    """The word as it stands in capitals or on a foreign keyboard (ΜΑΡΤΙΟΥ, KASIM, fevrier): Latin and Greek only."""
    plain = "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c)).replace("ı", "i")
    return plain if all(c == " " or unicodedata.name(c).startswith(("LATIN", "GREEK")) for c in plain) else word


def add_plain_forms(table: Table) -> None:
    """Names without their accents, where that is no other word."""
    plain: Table = defaultdict(lambda: defaultdict(set))
    for word, meanings in table.items():
        form = key(without_accents(word))
        for code in (code for code in meanings if code[0] in "mw" and form not in table):
            plain[form][code] |= meanings[code]
    table.update(plain)


def line(word: str, meanings: dict[str, set[str]]) -> str:
    """`word<tab>code language language<tab>code …`; a code is a letter of date_words.ROLES and a month or weekday."""
    return "\t".join([word, *(" ".join([code, *sorted(meanings[code])]) for code in sorted(meanings))])


def build() -> str:
    """The whole table as text."""
    table: Table = defaultdict(lambda: defaultdict(set))
    orders: dict[str, set[str]] = defaultdict(set)
    dotted: set[str] = set()
    for identifier in sorted(locale_identifiers()):
        locale = Locale.parse(identifier)
        for add in (add_names, add_eras, add_periods, add_literals):
            add(table, locale, locale.language)
        orders[order(locale)].add(identifier.replace("_", "-").casefold())
        if day_has_dot(locale):
            dotted.add(locale.language)
    for language, words in AT_TIME.items():
        for word in key(words).split():
            table[word]["f"].add(language)
    table.pop("", None)
    add_plain_forms(table)
    lines = [f"!source\tCLDR as of Babel {babel.__version__}, by .ci/{Path(__file__).name}; not to be edited"]
    lines += [f"!{name}\t{' '.join(sorted(orders[name]))}" for name in ("dmy", "mdy", "ymd")]
    lines += [f"!dotted\t{' '.join(sorted(dotted))}"]
    lines += [line(word, without_rare_meanings(table[word])) for word in sorted(table)]
    return "\n".join(sorted(lines)) + "\n"


if __name__ == "__main__":
    if "--write" in sys.argv[1:]:
        TARGET.write_text(build(), "utf-8")
    else:
        sys.stdout.write(build())
