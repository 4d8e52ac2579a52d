"""A Reader View page is recognised in whatever dress mail clients put on it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from .making import article, reader_page

BODY = "<p>They came on the ninth of May.</p><p>Nobody had expected them so late.</p>"
DRESSES = [
    "",
    "gmail-",
    "m_-7788479545482505963gmail-",
    "gmail-m_1234567890gmail-",
    "x_",
    "x_gmail-",
    "yiv3245234580gmail-",
    "yiv3245234580_gmail-",
    "v1gmail-",
    "rps_1a2b_",
    "of-a-program-yet-to-come-",
]


@pytest.mark.parametrize("prefix", DRESSES)
def test_every_dress(prefix: str) -> None:
    found = article(reader_page(BODY, p=prefix))
    assert found.kind == "reader-view"
    assert found.title == "The Swifts Are Late"
    assert found.url == "https://www.example.org/2024/swifts"
    assert found.site == "example.org"
    assert found.byline == "Ada Quill"
    assert found.language == "en-GB"
    assert found.direction == "ltr"
    assert found.html == "<p>They came on the ninth of May.</p>\n<p>Nobody had expected them so late.</p>"


def test_the_dress_that_mail_ru_puts_behind() -> None:
    plain = reader_page(BODY)
    names = re.compile(r'(?:(?<=class=")|(?<=id="))[^"]+')
    dressed = names.sub(lambda found: " ".join(f"{name}_mr_css_attr" for name in found[0].split()), plain)
    assert dressed.count("_mr_css_attr") > 9
    assert article(dressed) == replace(article(plain), original=article(dressed).original)


def test_a_word_of_a_pages_own_is_no_dress() -> None:
    assert article(f'<div class="news-reader-content"><p>{BODY}</p></div>').kind != "reader-view"


def test_names_without_end_are_read_in_time() -> None:
    name = "-reader-title" * 20_000
    assert article(f'<div class="x{name}x moz-reader-content"><p>a</p></div>').kind == "reader-view"


def test_every_field_says_where_it_was_found() -> None:
    found = article(reader_page(BODY, time="12 May 2024"))
    assert found.provenance["title"] == "reader view: h1"
    assert found.provenance["url"] == "reader view: domain link"
    assert found.provenance["byline"] == "reader view: credits"
    assert found.provenance["published"] == "reader view: typed over the reading time"
    assert {"kind", "site", "language", "direction", "excerpt", "words"} <= set(found.provenance)
    assert "note" not in found.provenance


@pytest.mark.parametrize(
    ("time", "published"),
    [
        ("3–4 minutes", None),
        ("8–10 Minuten", None),
        ("12 May 2024<br>", "2024-05-12"),
        ("3–4 minutes<br>May 12, 2024", "2024-05-12"),
        ("2024年5月12日", "2024-05-12"),
        ("12 May 2024 • 4 min read", "2024-05-12"),
        ("3–4 minutes, 12 May 2024", "2024-05-12"),
        ("Updated 12 May 2024", "2024-05-12"),
        ("3–4 minutes 2024", None),
        ("21 May 2024", "2024-05-21"),  # it may be tomorrow already where it was printed
        ("22 May 2024", None),  # later than a day after the mail arrived
        ("12 May 2031", None),
    ],
)
def test_a_date_typed_over_the_reading_time(time: str, published: str | None) -> None:
    assert article(reader_page(BODY, time=time)).published == published


def test_a_date_in_the_credits_is_no_author() -> None:
    found = article(reader_page(BODY, credits="Ada Quill, 12 May 2024"))
    assert (found.byline, found.published) == ("Ada Quill", "2024-05-12")
    found = article(reader_page(BODY, credits="Sunday, 12 May 2024"))
    assert (found.byline, found.published) == (None, "2024-05-12")


@pytest.mark.parametrize("label", ["Updated", "Last updated on", "Aktualisiert am", "Mis à jour le", "First posted on"])
def test_what_says_what_the_date_is_of_goes_with_it(label: str) -> None:
    found = article(reader_page(BODY, credits=f"Ada Quill<br>\n{label} 12 May 2024"))
    assert (found.byline, found.published) == ("Ada Quill", "2024-05-12")


def test_a_date_typed_over_the_time_beats_the_credits() -> None:
    found = article(reader_page(BODY, credits="Ada Quill, 10 May 2024", time="12 May 2024"))
    assert (found.byline, found.published) == ("Ada Quill", "2024-05-12")


def test_without_its_header_the_subject_names_it() -> None:
    html = f'<div dir="ltr"><div id="gmail-readability-page-1" class="gmail-page">{BODY}</div></div>'
    found = article(html, subject="Fwd: The Swifts Are Late")
    assert (found.kind, found.title, found.url, found.byline) == ("reader-view", "The Swifts Are Late", None, None)
    assert found.provenance["title"] == "subject"


SHAPE = (
    '<div><div>{link}<h1>{title}</h1>{lines}</div><hr><div><div id="readability-page-1">' + BODY + "</div></div></div>"
)
LINK = '<a href="https://www.example.org/2024/swifts">example.org</a>'


@pytest.mark.parametrize(
    ("lines", "byline", "published"),
    [
        ("<div>Ada Quill</div><div><div>3–4 minutes</div></div>", "Ada Quill", None),
        ("<div>Ada Quill</div><div><div>12 May 2024</div></div>", "Ada Quill", "2024-05-12"),
        ("<div></div><div><div>3–4 minutes</div></div>", None, None),
        ("<div>Ada Quill</div>", "Ada Quill", None),
    ],
)
def test_a_header_without_classes_is_told_by_its_shape(lines: str, byline: str | None, published: str | None) -> None:
    html = SHAPE.format(link=LINK, title="The Swifts Are Late", lines=lines)
    found = article(f"<div>For the tower folder</div>{html}", subject="Fwd: The Swifts Are Late")
    assert (found.kind, found.title, found.site) == ("reader-view", "The Swifts Are Late", "example.org")
    assert (found.byline, found.published) == (byline, published)
    assert found.url == "https://www.example.org/2024/swifts"
    assert found.note == "For the tower folder"


@pytest.mark.parametrize(
    ("link", "title", "lines"),
    [
        (LINK, "Another title", "<div>Ada Quill</div><div>3 minutes</div>"),
        ('<a href="https://example.org/">Read this</a>', "The Swifts Are Late", "<div>Ada Quill</div>"),
        (LINK, "The Swifts Are Late", "<div>One</div><div>Two</div><div>Three</div>"),
    ],
)
def test_what_only_looks_like_a_header_is_a_note(link: str, title: str, lines: str) -> None:
    html = SHAPE.format(link=link, title=title, lines=lines)
    found = article(html, subject="Fwd: The Swifts Are Late")
    assert found.kind == "reader-view"
    assert found.byline is None
    assert found.note


@pytest.mark.parametrize(
    ("above", "below", "where"),
    [
        ('<div><a href="https://example.org/a">https://example.org/a</a></div>', "", "first line"),
        ("<div>https://example.org/a</div>", "", "first line"),
        (
            "",
            '<div><br></div><div>Source: <a href="https://example.org/a">https://example.org/a</a></div>',
            "last line",
        ),
        ('<div><b><a href="https://example.org/a">The Swifts Are Late</a></b></div>', "", "linked title"),
    ],
)
def test_the_url_given_by_hand(above: str, below: str, where: str) -> None:
    html = f'<div dir="ltr">{above}<div id="gmail-readability-page-1" class="gmail-page">{BODY}</div>{below}</div>'
    found = article(html, subject="The Swifts Are Late")
    assert found.url == "https://example.org/a"
    assert found.site == "example.org"
    assert found.provenance["url"] == where
    assert found.note is None


@pytest.mark.parametrize("subject", ["https://example.org/a", "The swifts are late https://example.org/a"])
def test_the_url_may_stand_in_the_subject(subject: str) -> None:
    found = article(f'<div id="gmail-readability-page-1" class="gmail-page">{BODY}</div>', subject=subject)
    assert (found.url, found.provenance["url"]) == ("https://example.org/a", "subject")


def test_the_address_of_a_signature_is_not_the_articles() -> None:
    signature = '<div>-- <br>Noor<br><a href="https://noor.example.com/">https://noor.example.com/</a></div>'
    found = article(f'<div id="gmail-readability-page-1" class="gmail-page">{BODY}</div>{signature}')
    assert (found.kind, found.url) == ("reader-view", None)


def test_words_above_the_page_are_the_note() -> None:
    found = article("<div>For the archive.<br><br>Thanks! #birds</div>" + reader_page(BODY) + "<div>--<br>Noor</div>")
    assert found.note == "For the archive.\n\nThanks! #birds"
    assert found.tags == ("birds",)
    assert "archive" not in found.text
    assert "Noor" not in found.text


def test_right_to_left() -> None:
    found = article(reader_page("<p>وصلت الطيور متأخرة هذا العام.</p>", lang="ar", dir="rtl"))
    assert (found.language, found.direction) == ("ar", "rtl")


def test_a_mail_that_talks_of_the_markup_is_none() -> None:
    found = article("<p>The element is called <code>moz-reader-content</code>, I think.</p>")
    assert found.kind == "message"


def test_the_language_told_stands_where_the_text_begins_in_it() -> None:
    english = "The old weir below the mill has held the river back for two hundred years, and nobody remembers why. "
    german = "Das alte Wehr unterhalb der Mühle staut den Fluss seit zweihundert Jahren, und niemand weiß noch warum. "
    assert article(reader_page(f"<p>{english * 20}</p>", lang="en-GB")).language == "en-GB"
    assert article(reader_page(f"<p>{german * 20}</p>", lang="en-GB")).language == "de"


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("https://example.org/a#:~:text=late%20swifts", "https://example.org/a"),
        ("https://example.org/a#nests:~:text=late", "https://example.org/a#nests"),
        ("https://example.org/a#nests", "https://example.org/a#nests"),
        ("https://example.org/a?q=:~:b", "https://example.org/a?q=:~:b"),
    ],
)
def test_the_words_that_a_browser_is_to_mark_are_not_of_the_url(url: str, canonical: str) -> None:
    assert article(reader_page(BODY, url=url)).url == canonical
