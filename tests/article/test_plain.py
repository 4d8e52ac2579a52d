"""A text is told from a letter by its length or its headings; its title and its address are found."""

from __future__ import annotations

from .making import article

URL = "https://example.org/2024/swifts"
SENTENCE = "The swifts came back on the ninth of May, two days later than last year.\n\n"
LONG = SENTENCE * 9


def test_a_long_text_is_a_text_and_a_short_one_a_letter() -> None:
    assert article(None, text=LONG, subject="Swifts").kind == "text"
    assert article(None, text=SENTENCE, subject="Swifts").kind == "message"


def test_what_is_quoted_is_not_counted() -> None:
    quoted = "".join(f"> {line}\n" for line in LONG.split("\n"))
    assert article(None, text=f"Indeed.\n\n{quoted}", subject="Re: Swifts").kind == "message"


def test_a_text_with_headings_is_a_text() -> None:
    found = article(None, text=f"Arrival\n=======\n\n{SENTENCE}Departure\n=========\n\n{SENTENCE}", subject="Swifts")
    assert found.kind == "text"
    assert found.html.count("<h2>") == 2
    assert "with headings" in found.provenance["kind"]


def test_the_address_is_the_first_or_the_last_line() -> None:
    for text, place in ((f"{URL}\n\n{LONG}", "first line"), (f"{LONG}{URL}\n", "last line")):
        found = article(None, text=text, subject="Swifts")
        assert (found.kind, found.url, found.provenance["url"]) == ("text", URL, place)
        assert URL not in found.text


def test_the_address_may_stand_below_the_title() -> None:
    found = article(None, text=f"The Swifts\n==========\n\n{URL}\n\n{LONG}", subject="The swifts")
    assert (found.title, found.url, found.provenance["url"]) == ("The Swifts", URL, "line below the title")
    assert URL not in found.text


def test_an_address_within_the_text_or_of_a_home_page_is_not_its_own() -> None:
    assert article(None, text=f"{SENTENCE}{URL}\n\n{LONG}", subject="Swifts").url is None
    assert article(None, text=f"{LONG}https://jane.example.org/\n", subject="Swifts").url is None


def test_the_title_is_the_first_heading_where_there_is_no_subject() -> None:
    found = article(None, text=f"The Swifts\n==========\n\n{LONG}", subject=None)
    assert found.title == "The Swifts"
    assert "The Swifts" not in found.text


def test_a_first_line_that_repeats_the_subject_is_not_repeated() -> None:
    found = article(None, text=f"The Swifts\n\n{LONG}", subject="the swifts")
    assert found.title == "The Swifts"
    assert not found.text.startswith("The Swifts\n")


def test_html_is_no_plain_text() -> None:
    assert article(f"<p>{LONG}</p>", subject="Swifts").kind == "message"


def test_a_greeting_in_capitals_makes_no_text() -> None:
    assert article(None, text=f"HAPPY BIRTHDAY\n\n{SENTENCE}", subject="Ada").kind == "message"
