"""A link around a picture that is not to be seen is kept where its reader would miss it."""

from __future__ import annotations

import pytest

from .making import article, reader_page

FILM = "https://films.example.net/watch/7"
PICTURE = '<img src="https://cdn.example.org/a.jpg">'


@pytest.mark.parametrize(
    ("html", "words"),
    [
        (f'<p><a href="{FILM}">{PICTURE}</a></p>', "films.example.net"),
        (f'<div><div><a href="{FILM}" title="The swifts, filmed"><span>{PICTURE}</span></a></div> </div>',
         "The swifts, filmed (films.example.net)"),
    ],
)  # fmt: skip
def test_a_link_that_is_a_paragraph_is_kept(html: str, words: str) -> None:
    found = article(reader_page(f"<p>Before.</p>{html}<p>After.</p>"))
    assert f'<p><a href="{FILM}"><span data-embed="link">{words}</span></a></p>' in found.html
    assert found.images[0].outcome == "remote"


@pytest.mark.parametrize(
    "html",
    [
        f'<p><a href="https://films.example.net/">{PICTURE}</a></p>',
        f'<p><a href="https://cdn.example.net/large/a.JPG?w=9">{PICTURE}</a></p>',
        f'<p><a href="https://photos.example.org/7">{PICTURE}</a></p>',
        f'<p><a href="https://click.example.net/c/eJw1">{PICTURE}</a></p>',
        f'<p><a href="{FILM}">{PICTURE}</a> And words.</p>',
        f"<p>{PICTURE}</p>",
    ],
)
def test_other_links_go_with_their_picture(html: str) -> None:
    found = article(reader_page(f"<p>Before.</p>{html}<p>After.</p>"))
    assert "data-embed" not in found.html
    assert "<a " not in found.html


def test_a_link_with_an_alt_text_is_as_it_was() -> None:
    html = f'<p><a href="{FILM}"><img src="https://cdn.example.org/a.jpg" alt="The film"></a></p>'
    found = article(reader_page(f"<p>Before.</p>{html}"))
    assert "data-embed" not in found.html
    assert "The film" in found.html
