"""Tables that set things side by side become paragraphs; tables of data stay tables."""

from __future__ import annotations

import pytest

from .making import article

TEXT = "The swifts came back on the ninth of May, two days later than last year, and in smaller numbers. " * 4


@pytest.mark.parametrize(
    "table",
    [
        '<table role="presentation"><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>',
        "<table><tr><td>one</td></tr><tr><td>two</td></tr></table>",
        "<table><tr><td>left</td><td>right</td></tr></table>",
        f"<table><tr><td>{TEXT}</td><td>{TEXT}</td></tr><tr><td>{TEXT}</td><td>{TEXT}</td></tr></table>",
        "<table><tr><td><h2>Seen</h2>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>",
        "<table><tr><td><p>1</p><p>2</p><p>3</p><p>4</p></td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>",
        '<table><tr><td>x</td><td><img src="https://x.example.org/a.png" alt="swift"></td></tr></table>',
    ],
    ids=["role", "one column", "one row", "long cells", "headings", "paragraphs", "a picture beside a word"],
)
def test_a_layout_becomes_paragraphs(table: str) -> None:
    assert "<table" not in article(table).html


@pytest.mark.parametrize(
    "table",
    [
        "<table><tr><td>a</td><td>1</td></tr><tr><td>b</td><td>2</td></tr></table>",
        "<table><tr><th>Day</th><th>Boat</th></tr><tr><td>Monday</td><td>7</td></tr></table>",
        "<table><tr><td><p class=Mso>a</p></td><td><p>1</p></td></tr><tr><td><p>b</p></td><td>2</td></tr></table>",
        "<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>",
        f"<table><caption>Boats</caption><tr><td>{TEXT}</td></tr></table>",
        f'<table role="table"><tr><td>{TEXT}</td></tr></table>',
    ],
    ids=["two by two", "header cells", "Word's paragraphs", "ragged", "caption", "role"],
)
def test_data_stays_a_table(table: str) -> None:
    assert "<table" in article(table).html


def test_a_table_of_data_in_a_layout_stays() -> None:
    inner = "<table><tr><td>a</td><td>1</td></tr><tr><td>b</td><td>2</td></tr></table>"
    html = article(f"<table><tr><td>above</td></tr><tr><td>{inner}</td></tr></table>").html
    assert html.count("<table>") == 1
    assert html.startswith("<p>above</p>")


def test_a_bullet_stands_in_one_line_with_its_words() -> None:
    rows = "<tr><td>•</td><td><a href='https://x.example.org/1'>The swifts</a> are late</td></tr>" * 2
    assert article(f"<table>{rows}</table>").text == "- The swifts are late\n- The swifts are late\n"


def test_short_words_side_by_side_stay_in_one_line() -> None:
    table = '<table role="presentation"><tr><td>48 swifts</td><td>2 swallows</td></tr></table>'
    assert article(f"<p>Seen:</p>{table}<p>today</p>").text == "Seen:\n\n48 swifts 2 swallows\n\ntoday\n"
