"""Pages of Instapaper, Pocket and Readwise Reader, in the dress of mail programs too; what only looks like them."""

from __future__ import annotations

import re

import pytest

from .making import article

URL = "https://www.example.org/2024/swifts"
BODY = "<p>They came on <em>Monday</em>.</p><ul><li>one</li><li>two</li></ul>"
INSTAPAPER = f"""<div id="titlebar"><h1>The Swifts Are Late</h1><div class="origin_line">
<a class="original" href="{URL}?utm_source=instapaper">example.org</a> by Ada Quill May 9, 2024</div></div>
<div id="story" class="story">{BODY}</div>"""
POCKET = f"""<div id="page_reader"><div class="reader_content"><div class="reader_head clearfix">
<h1>The Swifts Are Late</h1><ul class="sub"><li class="authorsdomain"><span class="authors">By
<a href="https://www.example.org/ada">Ada Quill</a></span><span class="domain"><a
href="https://getpocket.com/redirect?url=https%3A%2F%2Fwww.example.org%2F2024%2Fswifts&amp;formCheck=b8">example.org</a>
</span></li><li class="original"><a>View Original</a></li></ul></div><div class="text_body">{BODY}</div></div></div>"""
READWISE = f"""<div class="_page_1x9"><div id="document-header"><a href="https://read.readwise.io/home">Home</a>
<div class="_titleRow_8ab"><h1>The Swifts Are Late</h1></div><a href="{URL}">example.org</a></div>
<div id="document-text-content" class="document-content">{BODY}</div></div>"""

NESTED = '<div id="document-header"><h1>News</h1><p id="document-text-content">Words.</p></div>'


def dressed(html: str, prefix: str) -> str:
    """A page with a prefix before each class and id."""
    return re.sub(r'\b(class|id)="([^"]*)"', lambda m: f'{m[1]}="{" ".join(prefix + n for n in m[2].split())}"', html)


@pytest.mark.parametrize("prefix", ["", "gmail-", "x_"])
@pytest.mark.parametrize(
    ("page", "name", "byline", "published"),
    [
        pytest.param(INSTAPAPER, "Instapaper", "Ada Quill", "2024-05-09", id="instapaper"),
        pytest.param(POCKET, "Pocket", "Ada Quill", None, id="pocket"),
        pytest.param(READWISE, "Readwise Reader", None, None, id="readwise"),
    ],
)
def test_a_page(page: str, name: str, byline: str | None, published: str | None, prefix: str) -> None:
    found = article(f"<p>For Bea.</p>{dressed(page, prefix)}")
    assert (found.kind, found.title, found.url) == ("reader-view", "The Swifts Are Late", URL)
    assert (found.byline, found.published, found.site) == (byline, published, "example.org")
    assert found.note == "For Bea."
    assert found.text == "They came on Monday.\n\n- one\n- two\n"
    assert found.provenance["kind"].startswith(name)


def test_a_page_without_the_address() -> None:
    found = article(READWISE.replace(f'<a href="{URL}">example.org</a>', ""))
    assert (found.title, found.url, found.site) == ("The Swifts Are Late", None, None)


@pytest.mark.parametrize(
    "html",
    [
        pytest.param('<div id="titlebar"><h1>News</h1></div><div id="story"><p>Words.</p></div>', id="no credits"),
        pytest.param(INSTAPAPER.replace("h1>", "p>"), id="no title"),
        pytest.param(INSTAPAPER.replace(BODY, " "), id="no text"),
        pytest.param(NESTED, id="inside"),
        pytest.param(READWISE.replace('="document-header"', '="my-document-header"'), id="another name"),
    ],
)
def test_what_is_none(html: str) -> None:
    assert article(html).kind != "reader-view"
