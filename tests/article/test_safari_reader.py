"""Pages that Safari's reader mails, in the dress of other programs too; what only looks like them is none."""

from __future__ import annotations

import re

import pytest

from .making import article

URL = "https://example.org/2024/swifts"
PAGE = f"""<div class="original-url"><br><a href="{URL}">{URL}</a><br></div><div id="article" class="system exported"
style="-webkit-locale: 'de'"><div class="page"><h1 class="title">Die Segler</h1><h2 class="subhead">Zu
spät</h2><div class="metadata"><span class="byline">Ada Quill</span>
<span class="date">9. Mai 2024</span></div><p>Sie sind da.</p></div>
<div class="page"><div class="page-number">2 / 2</div><p>Alle neun.</p></div></div>"""


def dressed(prefix: str) -> str:
    """The page with a prefix before each class and id."""
    return re.sub(r'\b(class|id)="([^"]*)"', lambda m: f'{m[1]}="{" ".join(prefix + n for n in m[2].split())}"', PAGE)


@pytest.mark.parametrize("prefix", ["", "gmail-", "x_", "m_-12gmail-"])
def test_a_page_of_safari(prefix: str) -> None:
    found = article(f"<p>Für Ada.</p>{dressed(prefix)}")
    assert (found.kind, found.title, found.byline, found.url) == ("reader-view", "Die Segler", "Ada Quill", URL)
    assert (found.published, found.language, found.note) == ("2024-05-09", "de", "Für Ada.")
    assert found.text == "Zu spät\n\nSie sind da.\n\nAlle neun.\n"
    assert found.provenance["kind"].startswith("Safari reader")


def test_a_page_without_header_and_address() -> None:
    found = article('<div id="article" class="exported"><div class="page"><p>Words.</p></div></div>', subject="Swifts")
    assert (found.kind, found.title, found.byline, found.url) == ("reader-view", "Swifts", None, None)


def test_an_article_that_is_not_safaris() -> None:
    assert article('<div id="article"><div class="page"><p>Words.</p></div></div>').kind == "message"
    assert article('<div id="article" class="exported"><p>Words.</p></div>').kind == "message"
