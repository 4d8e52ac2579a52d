"""Headings of plain text without a rule below them."""

from __future__ import annotations

import time

import pytest

from mailarchiver.text.reflow import html_of

PROSE = "The swifts came back on the ninth of May, two days later than last year."


def both(first: str, second: str) -> str:
    return f"Dear Ada,\n\n{first}\n\n{PROSE}\n\n{second}\n\n{PROSE}\n"


@pytest.mark.parametrize(
    ("first", "second", "tags"),
    [
        ("# Arrival", "## Nests", ["<h2>Arrival</h2>", "<h3>Nests</h3>"]),
        ("ARRIVAL", "WHERE THEY NEST", ["<h2>ARRIVAL</h2>", "<h2>WHERE THEY NEST</h2>"]),
        ("1. Arrival", "2. Nests", ["<h2>1. Arrival</h2>", "<h2>2. Nests</h2>"]),
        ("1.1 Arrival", "1.2 Nests", ["<h3>1.1 Arrival</h3>", "<h3>1.2 Nests</h3>"]),
        ("Kapitel 1: Ankunft", "Kapitel 2: Nester", ["<h2>Kapitel 1: Ankunft</h2>", "<h2>Kapitel 2: Nester</h2>"]),
        ("ПРИЛЁТ", "ГНЁЗДА", ["<h2>ПРИЛЁТ</h2>", "<h2>ГНЁЗДА</h2>"]),
    ],
)
def test_two_of_a_kind_are_headings(first: str, second: str, tags: list[str]) -> None:
    html = html_of(both(first, second))
    assert all(tag in html for tag in tags), html


@pytest.mark.parametrize("line", ["# Arrival", "ARRIVAL"])
def test_one_is_a_heading_only_in_the_first_line(line: str) -> None:
    assert html_of(f"{line}\n\n{PROSE}\n").startswith("<h2>")
    assert "<h2>" not in html_of(f"Dear Ada,\n\n{line}\n\n{PROSE}\n")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("DEAR ADA,", "YOURS,"),
        ("HURRY!", "COME!"),
        ("1. Swifts", "2. Swallows"),
        ("#birds #may", "#birds #june"),
        ("1945", "1946"),
        ("# apt install swifts\n\n# swifts --start", "Then tell me."),
    ],
)
def test_what_is_none(first: str, second: str) -> None:
    text = f"{first}\n\n{second}\n\n3. Martins\n" if first == "1. Swifts" else both(first, second)
    assert "<h" not in html_of(text)


def test_headings_count_over_a_quotation() -> None:
    html = html_of(f"Dear Ada,\n\nARRIVAL\n\n{PROSE}\n\n> So late.\n\nNESTS\n\n{PROSE}\n")
    assert html.count("<h2>") == 2


def test_many_lines_take_linear_time() -> None:
    text = f"A B C\n\n1. X\n\n# Y\n\n{PROSE}\n\n" * 4_000
    begun = time.process_time()
    html_of(text)
    assert time.process_time() - begun < 10
