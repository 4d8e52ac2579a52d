"""From any message to an article: there always is one."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from mailarchiver.article.extract import UNTITLED

from .making import article, reader_page


def test_what_is_no_reader_view_is_filed_whole() -> None:
    found = article("<html><body><h1>Hello</h1><p>A plain mail.</p></body></html>")
    assert found.kind == "message"
    assert found.title == "The swifts"
    assert "<h1>Hello</h1>" in found.html
    assert (found.url, found.byline, found.published, found.language) == (None, None, None, None)


def test_plain_text_gets_paragraphs_and_links() -> None:
    text = (
        "Dear all,\n\nsee https://example.org/a?b=1&c=2.\n\n"
        + "A line that was wrapped by a client of mail at a column\n" * 2
        + "ends."
    )
    found = article(None, text=text)
    assert found.kind == "message"
    assert found.html.startswith("<p>Dear all,</p>")
    assert '<a href="https://example.org/a?b=1&amp;c=2">https://example.org/a?b=1&amp;c=2</a>.' in found.html
    assert "at a column ends." in found.html


def test_short_lines_of_plain_text_stay_lines() -> None:
    assert "<p>Roses<br>violets<br>swifts</p>" in article(None, text="Roses\nviolets\nswifts").html


@pytest.mark.parametrize("html", [None, "", "   ", "<!-- nothing -->", "<html>", "\0", "<p"])
def test_an_empty_mail_has_an_article_too(html: str | None) -> None:
    found = article(html, subject=None)
    assert found.title == UNTITLED
    assert found.html == ""
    assert found.words == 0
    assert found.excerpt is None


def test_markdown_does_not_bring_tags_to_life() -> None:
    found = article("<p>Write &lt;script&gt;alert(1)&lt;/script&gt; here.</p>")
    assert "\\<script>" in found.markdown
    assert MarkdownIt().render(found.markdown).count("<script>") == 0
    assert "<script>alert(1)</script>" in found.text


def test_plain_text_of_blocks() -> None:
    body = "<h2>Head</h2><p>One<br>two.</p><ul><li>a</li><li>b</li></ul><pre>x\n    y</pre>"
    body += "<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>"
    body += "<ul><li><p>one</p><p>more</p></li><li><ul><li>inner</li></ul></li></ul>"
    body += "<blockquote><p>said</p><p>twice</p></blockquote><ol start=4><li>four<ul><li>deep</li></ul></li></ol>"
    assert article(reader_page(body)).text.split("\n\n") == [
        "Head",
        "One\ntwo.",
        "- a\n- b",
        "x\n    y",
        "1 | 2\n3",
        "- one",
        "  more",
        "- - inner",
        "> said\n>\n> twice",
        "4. four\n   - deep\n",
    ]


def test_control_characters_reach_no_file() -> None:
    """`cat article.md` must not obey the mail, and HTML forbids them (WHATWG HTML §13.2.3.5)."""
    hostile = "a\x1b[31m\x07\x08\x9b\ufdd0\uffff&#27;b"
    for found in (
        article(reader_page(f"<p>{hostile}</p>", title=hostile, credits=hostile, site=hostile)),
        article(None, text=hostile, subject=hostile.replace("&#27;", "")),
    ):
        shown = (found.title, found.byline, found.site, found.html, found.markdown, found.text, found.excerpt)
        assert not set("\x1b\x07\x08\x9b\ufdd0\uffff") & set("".join(filter(None, shown)))
        assert found.title == "a[31mb"


def test_tracking_is_cut_from_the_url() -> None:
    found = article(reader_page("<p>x</p>", url="https://example.org/a?id=7&amp;utm_source=mail&amp;fbclid=1"))
    assert found.url == "https://example.org/a?id=7"


@pytest.mark.parametrize(
    ("lang", "tag"),
    [
        ("en", "en"),
        ("en-EN", "en"),
        ("de_DE", "de-DE"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("null", None),
        ("", None),
        ("x!", None),
    ],
)
def test_languages(lang: str, tag: str | None) -> None:
    assert article(reader_page("<p>x</p>", lang=lang)).language == tag


def test_the_same_mail_gives_the_same_article() -> None:
    one, two = article(reader_page("<p>x</p>")), article(reader_page("<p>x</p>"))
    assert one == two


@pytest.mark.parametrize(
    ("subject", "title"),
    [
        ("The Swifts - example.org", "The Swifts"),
        ("The Swifts | Example", "The Swifts"),
        ("The Swifts – The Example", "The Swifts – The Example"),  # of another name than the host tells
        ("Swifts - A Study", "Swifts - A Study"),
        ("| Example", "| Example"),
    ],
)
def test_the_name_of_the_site_is_cut_from_a_title_where_it_is_known(subject: str, title: str) -> None:
    assert article("<p>https://www.example.org/2024/swifts</p>", subject=subject).title == title
    assert article(reader_page("<p>They came late.</p>", title=subject), subject=None).title == title
