"""A mail that is nothing but a link, and letters that only hold one."""

from __future__ import annotations

import pytest

from mailarchiver.model import Part

from .making import PNG, article

URL = "https://example.org/2024/swifts"


@pytest.mark.parametrize(
    ("text", "subject", "title", "note"),
    [
        (URL, "The Swifts", "The Swifts", None),
        (URL, "", "(no subject)", None),
        (f"The Swifts Are Late\n{URL}\n\nSent from my iPhone", "", "The Swifts Are Late", None),
        (f"The Swifts Are Late\n{URL}", "The Swifts Are Late", "The Swifts Are Late", None),
        (f'Watch "The Swifts" on YouTube: {URL}', "", 'Watch "The Swifts" on YouTube', None),
        (
            f"For Ada.\n\n{URL}\n\nThe last part is the best.",
            "Swifts",
            "Swifts",
            "For Ada.\nThe last part is the best.",
        ),
        (f"<{URL}>", URL, URL, None),
    ],
)
def test_a_link(text: str, subject: str, title: str, note: str | None) -> None:
    found = article(None, text=text, subject=subject)
    assert (found.kind, found.url, found.title, found.note) == ("link", URL, title, note)
    assert f'href="{URL}"' in found.html


def test_several_links_the_first_is_the_articles() -> None:
    found = article(None, text=f"{URL}\n\nhttps://example.org/2024/swallows\n", subject="Birds")
    assert (found.kind, found.url) == ("link", URL)
    assert found.html.count("<a ") == 2


def test_words_that_are_a_link() -> None:
    found = article(f'<div dir="ltr"><a href="{URL}">The Swifts Are Late</a></div>', subject="")
    assert (found.kind, found.url, found.title) == ("link", URL, "The Swifts Are Late")


@pytest.mark.parametrize(
    "text",
    [
        f"Dear Ada, I have read at {URL} that they are late. Yours, Jane",
        f"Dear Ada,\n\nsee {URL}.\n\nYours, Jane",
        "Dear Ada, I come on Sunday.\n\nJane\nhttps://jane.example.org/",
        f"Thanks for the nice evening.\n\nJane\n{URL}",
        "I come on Sunday.\n\n[1] https://example.org/timetable",
        f"{'They are late this year. ' * 20}\n\n{URL}",
        "No link at all.",
    ],
    ids=["in a sentence", "at its end", "a home page", "below a name", "a footnote", "a long text", "none"],
)
def test_a_letter_is_no_link(text: str) -> None:
    assert article(None, text=text, subject="Swifts").kind in {"message", "text"}


def test_a_mail_with_a_file_is_no_link() -> None:
    part = Part("application/pdf", b"%PDF-1.4", "swifts.pdf", disposition="attachment")
    assert article(None, text=URL, parts=(part,)).kind == "message"
    assert (
        article(f'<a href="{URL}">x</a><img src="cid:a">', parts=(Part("image/png", PNG, content_id="a"),)).kind
        == "message"
    )


def test_a_button_of_a_machine_is_no_link() -> None:
    html = f'<p>Welcome! Please press the button to confirm.</p><p><a href="{URL}">Confirm</a></p>'
    assert article(html, subject="Confirm your address").kind == "message"


def test_a_link_in_a_signature_is_no_link() -> None:
    html = f'<p>Hi Bob, see you on Sunday!</p><p>Jane Roe<br><a href="{URL}">My page</a></p>'
    assert article(html).kind == "message"


@pytest.mark.parametrize("reader", ["about:reader?url=", "read://https_www.example.org/?url="])
def test_the_address_that_a_reader_shows(reader: str) -> None:
    """Copied from the bar of Firefox or Edge while the page is shown by its reader."""
    written = f"{reader}https%3A%2F%2Fwww.example.org%2F2024%2Fswifts"
    for html in (f"<p>{written}</p>", f'<p><a href="{written}">The swifts are late</a></p>'):
        found = article(html, subject="Fwd: The swifts are late")
        assert (found.kind, found.url, found.title) == (
            "link",
            "https://www.example.org/2024/swifts",
            "The swifts are late",
        )
