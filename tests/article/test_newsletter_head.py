"""What stands between a newsletter's title and its text: read, and not written again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailarchiver.article.extract import extract
from mailarchiver.model import Address, Article, TagRules

from .making import article, original

PROSE = (
    "The weir below the mill has held the river back for two hundred years, and nobody now living has seen what lies "
    "under the pond. This spring the miller's heirs gave it up, and the county will take it down, stone by stone."
)
TITLE = "What the weir held back"
HEAD = """<h1 class="post-title"><a href="https://click.mills.example.org/c/eJw1">{title}</a></h1>
<h3 class="subtitle">An old dam goes, and what is under it comes to light</h3>
<table><tr><td><table><tr><td><a href="https://click.mills.example.org/c/eJw2">Ada Quill</a></td></tr>
<tr><td{date_attribute}>{date}</td><td>∙</td><td>Paid</td></tr></table></td>
<td><a href="https://click.mills.example.org/c/eJw3">Save</a></td><td>12</td><td>▷ Listen</td></tr></table>"""
WEB = '<a href="https://click.mills.example.org/c/eJw0">Open in app or online</a>'
FOOT = """<p class="button-wrapper"><a href="https://click.mills.example.org/c/eJw4">Share The Mill Letter</a></p>
<p>© {year} The Mill Letter <a href="https://mills.example.org/out">Unsubscribe</a></p>"""


def letter(
    *,
    above: str = "",
    title: str = TITLE,
    date: str = "Apr 11",
    date_attribute: str = "",
    year: str = "",
    end: str = "",
) -> str:
    head = HEAD.format(title=TITLE, date=date, date_attribute=date_attribute)
    body = f"<p>{PROSE}</p><h2>The pond</h2><p>{PROSE}</p>"
    return f"<table><tr><td><p>{WEB}</p>{above}{head}{body}{end}{FOOT.format(year=year)}</td></tr></table>"


def passed_on(html: str, received: str = "2023-04-20T08:00:00+00:00") -> Article:
    return article(html, subject=f"Fwd: {TITLE}", received=received)


def test_the_head_is_read_and_not_repeated() -> None:
    found = passed_on(letter())
    assert found.kind == "newsletter"
    assert (found.title, found.byline, found.published) == (TITLE, "Ada Quill", "2023-04-11")
    assert found.text.splitlines()[0] == "An old dam goes, and what is under it comes to light"
    assert found.text.splitlines()[2] == PROSE
    for line in (TITLE, "Ada Quill", "Apr 11", "∙", "Paid", "Save", "12", "▷ Listen", "Share The Mill Letter"):
        assert line not in found.text.splitlines()


@pytest.mark.parametrize("line", ["By Ada • 5 Mar 2023", "5 Mar 2023 · By Ada", "By Ada | 5 Mar 2023"])
def test_author_and_date_may_share_a_line(line: str) -> None:
    body = f"<p>{WEB}</p><h1>{TITLE}</h1><p>{line}</p><p>{PROSE}</p><p>{PROSE}</p>{FOOT.format(year='')}"
    found = passed_on(f"<table><tr><td>{body}</td></tr></table>")
    assert (found.kind, found.byline, found.published) == ("newsletter", "Ada", "2023-03-05")
    assert found.text.startswith(PROSE)


def test_the_head_is_found_below_a_box_that_sells() -> None:
    peek = "<p>Below is a peek at what only those who pay for it get to read today: become one of them.</p>"
    found = passed_on(letter(above=peek))
    assert TITLE not in found.text.splitlines()
    assert "Apr 11" not in found.text
    assert (found.byline, found.published) == ("Ada Quill", "2023-04-11")


@pytest.mark.parametrize(
    ("year", "received", "published"),
    [
        ("", "2023-04-20T08:00:00+00:00", "2023-04-11"),
        ("", "2024-01-03T08:00:00+00:00", None),  # months ago, or a year and months
        ("", "2023-04-03T08:00:00+00:00", None),
        ("2022", "2023-04-20T08:00:00+00:00", "2022-04-11"),
        ("2019–2022", "2024-01-03T08:00:00+00:00", "2022-04-11"),
        ("2023", "2022-06-03T08:00:00+00:00", None),  # before it was sent: one of them is wrong
    ],
)
def test_a_day_without_its_year_is_the_last_before_the_mail_or_in_the_year_of_the_copyright(
    year: str, received: str, published: str | None
) -> None:
    assert passed_on(letter(year=year), received).published == published


def test_what_is_written_for_machines_beside_a_day_is_believed() -> None:
    dated = ' title="2021-04-11T14:00:51.198Z"'
    assert passed_on(letter(date_attribute=dated)).published == "2021-04-11T14:00:51+00:00"


def test_a_day_that_has_not_come_is_not_read_as_one_of_another_year() -> None:
    assert passed_on(letter(date_attribute=' title="2025-04-11T14:00:51.198Z"')).published is None


def test_a_day_in_the_text_is_not_that_of_the_newsletter() -> None:
    html = letter(date="").replace("<h2>The pond</h2>", "<h2>The pond</h2><p>Apr 11</p>")
    found = passed_on(html)
    assert found.published is None
    assert "Apr 11" in found.text


def test_a_linked_name_that_no_day_follows_is_no_byline() -> None:
    html = letter(date="A walk along the river")
    assert passed_on(html).byline is None


def test_credits_in_one_line() -> None:
    line = "<p>By Ada Quill · Apr 11 · 4 min read</p>"
    html = f"<p>{WEB}</p><h1>{TITLE}</h1>{line}<p>{PROSE}</p><p>{PROSE}</p>{FOOT.format(year=2023)}"
    found = passed_on(f"<table><tr><td>{html}</td></tr></table>")
    assert (found.byline, found.published) == ("Ada Quill", "2023-04-11")
    assert found.text.splitlines()[0] == PROSE


def test_boxes_that_sell_a_subscription_go() -> None:
    wall = (
        '<div class="paywall"><h2>Subscribe to The Mill Letter to read the rest.</h2><p>A subscription gets you:</p>'
        "<p>Every letter</p></div>"
    )
    widget = '<div class="captioned-button-wrap"><p class="cta-caption">Thanks for reading! It costs nothing.</p></div>'
    found = passed_on(letter(end=widget + wall))
    assert found.text.splitlines()[-1] == PROSE


def test_a_mail_from_a_service_that_sends_nothing_else_is_a_newsletter_without_its_footer() -> None:
    mail = original(f"{HEAD.format(title=TITLE, date='Mar 2', date_attribute='')}<p>{PROSE}</p><p>{PROSE}</p>")
    sender = Address("The Mill Letter", "mills@substack.com")
    headers = replace(mail.headers, subject=TITLE, sender=sender, date="2022-03-02T15:02:00+01:00")
    found = extract(replace(mail, headers=headers), TagRules())
    assert found.kind == "newsletter"
    assert (found.site, found.published) == ("The Mill Letter", "2022-03-02")
    assert TITLE not in found.text.splitlines()


@pytest.mark.parametrize("line", ["#459 — April 11, 2023", "Issue 459 · Apr 11", "Ausgabe Nr. 459 | 11. April 2023"])
def test_the_number_of_an_issue_beside_its_date(line: str) -> None:
    html = f"<p>{WEB}</p><p>{line}</p><h2>The pond</h2><p>{PROSE}</p><p>{PROSE}</p>{FOOT.format(year=2023)}"
    found = passed_on(f"<table><tr><td>{html}</td></tr></table>")
    assert found.published == "2023-04-11"
    assert "459" not in found.text


def test_a_numbered_heading_above_the_text_stays() -> None:
    html = f"<p>{WEB}</p><h2>1</h2><h2>The pond</h2><p>{PROSE}</p><p>{PROSE}</p>{FOOT.format(year=2023)}"
    assert passed_on(f"<table><tr><td>{html}</td></tr></table>").text.startswith("1\n")


def test_what_asks_for_a_subscription_above_the_title_goes() -> None:
    peek = "<p>Below is a peek at what only those who pay get to read. Subscribe today and read every letter.</p>"
    assert passed_on(letter(above=peek)).text.startswith("An old dam goes")


def test_all_that_follows_a_wall_goes() -> None:
    wall = (
        '<div class="paywall-content"><h2>Subscribe to read the rest.</h2></div><h3>A subscription gets you:</h3>'
        "<table><tr><td>Every letter</td></tr><tr><td>A walk along the river</td></tr></table>"
    )
    assert passed_on(letter(end=wall)).text.splitlines()[-1] == PROSE


def test_text_below_a_wall_stays() -> None:
    wall = f'<div class="paywall-jump"><p>Only for those who pay:</p></div><h2>More</h2>{"<p>" + PROSE + "</p>"}'
    assert "More" in passed_on(letter(end=wall)).text.splitlines()


@pytest.mark.parametrize("day", ["Thursday, September 13, 2029", "April 26", "Sept 13"])
def test_a_day_to_come_is_what_the_newsletter_speaks_of(day: str) -> None:
    found = passed_on(letter(date=day, year="2023"))
    assert day in found.text
    assert found.published is None


def test_a_day_long_before_the_newsletters_own_mail_is_not_its_day() -> None:
    mail = original(letter(date="Jan 11"))
    sender = Address("The Mill Letter", "mills@substack.com")
    headers = replace(mail.headers, subject=TITLE, sender=sender, date="2024-05-19T15:02:00+01:00")
    found = extract(replace(mail, headers=headers), TagRules())
    assert found.published == "2024-05-19"
    assert "Jan 11" in found.text


def test_a_rule_above_all_that_stays_goes() -> None:
    found = passed_on(letter(above="<hr>", end=f"<hr><p>{PROSE}</p>"))
    assert found.html.count("<hr>") == 1
    assert found.html.index("<hr>") > found.html.index("The pond")
