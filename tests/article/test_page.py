"""A web page in a mail: its article is found, and written whole; what is around it stays out."""

from __future__ import annotations

import re

import pytest
from selectolax.lexbor import LexborHTMLParser

from mailarchiver.article.engines import opinions
from mailarchiver.article.page_blocks import blocks_of, words_of
from mailarchiver.article.page_signs import without_prefixes
from mailarchiver.model import Part

from .making import PNG, article

URL = "https://paper.example.org/2024/the-weir"
PARAGRAPHS = [
    (
        "The old weir below the mill has held the river back for two hundred years, and nobody thought of it until "
        "the spring flood carried three of its oak posts down to the bridge, where they still lie."
    ),
    (
        "Since then the water stands a hand lower in the pond. The miller's ducks, who know no engineering, "
        "have moved to the other bank, and the anglers have followed them with their folding chairs."
    ),
    (
        "The county has sent two surveyors. They measured for a day, ate their bread on the wall, and wrote that it "
        "was sound in principle, which is what surveyors write when they would rather not say."
    ),
    (
        "What it would cost to mend is a matter of some dispute. The mill's owner has a figure, the angling club has "
        "another, and the county treasurer has a third, which is a good deal larger than both of them together."
    ),
]
FIGURE = (
    '<figure class="photo"><img src="cid:weir" alt="Posts in the water"><figcaption>Three posts, below the bridge. '
    "Photo: A. Quill</figcaption></figure>"
)
TABLE = (
    "<table><tr><th>Who</th><th>Pounds</th></tr><tr><td>The mill</td><td>4,000</td></tr>"
    "<tr><td>The club</td><td>6,500</td></tr></table>"
)
LIST = "<ul><li>oak, as before</li><li>steel, as the county wants</li><li>nothing at all</li></ul>"
CODE = "<pre>level(t) = 1.2 - 0.3 * flood(t)</pre>"
BODY = (
    f"<p>{PARAGRAPHS[0]}</p>{FIGURE}<p>{PARAGRAPHS[1]}</p><h2>Two surveyors</h2><p>{PARAGRAPHS[2]}</p>{CODE}"
    f"<p>Three ways are open:</p>{LIST}<p>{PARAGRAPHS[3]}</p>{TABLE}"
    "<blockquote><p>It has always held, said the miller, and looked at the sky.</p></blockquote>"
    f"<p>{PARAGRAPHS[1].replace('ducks', 'geese')}</p>"
)
TEASERS = "".join(
    f'<div class="teaser"><a href="/{n}"><img src="cid:teaser{n}"><h3>Another story, number {n}</h3></a></div>'
    for n in range(4)
)
PAGE = f"""<div id="top"><header class="site-header"><a href="/"><img src="cid:logo" alt="The Paper"></a>
<nav class="menu"><ul><li><a href="/news">News</a></li><li><a href="/sport">Sport</a></li></ul></nav></header>
<main class="content"><article class="post"><h1 class="headline">The Weir</h1>
<div class="byline">By <a rel="author" href="/quill">Ada Quill</a></div>
<p class="standfirst">A structure that nobody looked at for two hundred years is looked at now.</p>
<div class="entry-content">{BODY}</div>
<div class="share-bar"><a href="#">Share on Bluebird</a> <a href="#">Share by mail</a></div>
<section class="related-stories"><h2>Read more</h2>{TEASERS}</section></article></main>
<section id="comments"><h2>Comments</h2><p>First! I have read this paper for years, and never agreed.</p></section>
<footer class="site-footer"><p>© The Paper. All rights reserved. Printed on the river.</p></footer></div>"""
HEAD = f'<html><head><title>The Weir - The Paper</title><link rel="canonical" href="{URL}"></head><body>'
LINK = f'<div dir="ltr"><div>For the river folder</div><div><br></div><div><a href="{URL}">{URL}</a></div><br>'
OUTSIDE = ["Another story", "Sport", "Share on", "First! I have", "All rights reserved", "Read more", "For the river"]
PICTURES = tuple(Part("image/png", PNG + bytes([n]), content_id=f"teaser{n}", disposition="inline") for n in range(4))
PARTS = (Part("image/png", PNG, content_id="weir", disposition="inline"), *PICTURES)


def mailed(prefix: str) -> str:
    """The page as a mail program sends it, with a prefix before every class and id."""
    return re.sub(r'\b(class|id)="([^"]*)"', lambda m: f'{m[1]}="{" ".join(prefix + n for n in m[2].split())}"', PAGE)


FORMS = {
    "sent": f"{HEAD}{PAGE}</body></html>",
    "pasted": LINK + mailed("gmail-") + "</div>",
    "pasted and forwarded": LINK + mailed("m_-123gmail-") + "</div>",
    "pasted, no address": f'<div dir="ltr">{mailed("x_gmail-")}</div>',
}


@pytest.mark.parametrize("form", FORMS)
def test_the_article_of_a_page(form: str) -> None:
    found = article(FORMS[form], parts=PARTS, subject="The Weir")
    assert found.kind == "page"
    assert found.provenance["kind"].startswith("page: ")
    for text in PARAGRAPHS:
        assert text in found.text
    for words in OUTSIDE:
        assert words not in found.text
    assert "looked at now" in found.text
    assert [found.html.count(f"<{tag}") for tag in ("figure", "table", "pre", "blockquote", "h2")] == [1, 1, 1, 1, 1]
    assert found.html.count("<li>") == 3
    assert "Three posts, below the bridge" in found.html


def test_pictures_outside_of_the_article_are_kept_and_not_shown() -> None:
    found = article(FORMS["pasted"], parts=PARTS, subject="The Weir")
    outcomes = {image.source: image.outcome for image in found.images}
    assert outcomes["cid:weir"] == "cid"
    assert [outcomes[f"cid:teaser{n}"] for n in range(4)] == ["dropped"] * 4
    assert len([image for image in found.images if image.file]) == 5
    assert found.html.count("<img") == 1


def test_a_picture_to_share_by_goes() -> None:
    button = (
        '<p><a href="https://addthis.example.org/"><img src="https://e.org/b.png" alt="Bookmark and Share"></a></p>'
    )
    found = article(FORMS["sent"].replace("<h2>Two", f"{button}<h2>Two"), parts=PARTS, subject="The Weir")
    assert found.kind == "page"
    assert "Bookmark" not in found.html
    assert "Posts in the water" in found.html


@pytest.mark.parametrize("box", ["{}", '<div class="hero">{}</div>'])
def test_a_caption_behind_its_figure(box: str) -> None:
    told = "Three posts, below the bridge"
    figure = f'<figure><img src="cid:weir"></figure> <figcaption class="small">{told}</figcaption>'
    found = article(f"{HEAD}{PAGE.replace(FIGURE, box.format(figure))}</body></html>", parts=PARTS)
    assert f"<figcaption>{told}</figcaption>\n</figure>" in found.html
    assert found.images[0].caption == told


def test_a_caption_is_written_once() -> None:
    told = "The three posts of the weir as they lie below the bridge since the flood of last spring, seen by the mill."
    gallery = (
        f'<figure><img src="cid:weir"><div class="caption">{told}</div>'
        f'<div class="caption caption-cut">{told[:70]} … more</div></figure>'
    )
    found = article(f"{HEAD}{PAGE.replace(FIGURE, gallery)}</body></html>", parts=PARTS)
    assert found.text.count("The three posts of the weir") == 1
    assert "seen by the mill" in found.text


BARS = "".join(f'<rect x="{n}0" y="0" width="9" height="{n}0"/>' for n in range(1, 9))
CHART = f'<svg viewBox="0 0 400 300" role="img" aria-label="Water by month">{BARS}</svg>'


@pytest.mark.parametrize(
    ("drawing", "is_kept"),
    [
        (CHART, True),
        ('<svg width="400" height="300"><text x="1" y="9">0.3 m</text><path d="M0 0L9 9"/></svg>', True),
        (CHART.replace("<svg", '<svg aria-hidden="true"'), False),
        (f'<a href="https://paper.example.org/">{CHART}</a>', False),
        (f"<button>{CHART}</button>", False),
        (f'<span class="player-icon">{CHART}</span>', False),
        ('<svg viewBox="0 0 400 300"><path d="M0 0L9 9"/></svg>', False),
        ('<svg viewBox="0 0 24 24"><text>i</text></svg>', False),
    ],
)
def test_a_drawing_in_the_article_is_a_picture_of_it(drawing: str, is_kept: bool) -> None:
    figure = f"<figure>{drawing}<figcaption>The water of the pond.</figcaption></figure>"
    page = PAGE.replace(FIGURE, figure).replace('<nav class="menu">', f'<nav class="menu">{CHART}')
    found = article(f"{HEAD}{page}</body></html>")
    drawn = [image for image in found.images if image.source.startswith("svg")]
    assert bool(drawn) == is_kept
    if is_kept:
        assert [image.caption for image in drawn] == ["The water of the pond."]
        assert f'<img src="{drawn[0].file}"' in found.html


def test_a_box_that_repeats_the_title_goes() -> None:
    overlay = '<div class="overlay-title">The Weir</div>'
    found = article(f"{HEAD}{PAGE.replace(FIGURE, FIGURE + overlay)}</body></html>", parts=PARTS)
    assert "The Weir" not in found.text.splitlines()


def test_note_and_address_of_a_pasted_page() -> None:
    found = article(FORMS["pasted"], parts=PARTS, subject="The Weir")
    assert (found.url, found.note) == (URL, "For the river folder")


@pytest.mark.parametrize(
    "html",
    [
        "<p>Dear Jane,</p>" + "".join(f"<p>{text}</p>" for text in PARAGRAPHS),
        '<div class="gmail_default">' + "".join(f"<div>{text}</div>" for text in PARAGRAPHS) + "</div>",
        '<div class="WordSection1">' + "".join(f'<p class="MsoNormal">{text}</p>' for text in PARAGRAPHS) + "</div>",
    ],
    ids=["plain", "gmail", "outlook"],
)
def test_a_letter_is_no_page(html: str) -> None:
    found = article(html)
    assert found.kind == "message"
    for text in PARAGRAPHS:
        assert text in found.text


def test_a_page_without_an_article_is_left_to_the_next() -> None:
    html = HEAD + '<nav class="menu"><a href="/news">News</a></nav><p class="notice">Closed.</p></body></html>'
    found = article(html)
    assert found.kind == "message"
    assert "Closed." in found.text


def test_the_engines_are_asked_about_what_the_page_was() -> None:
    told = opinions(without_prefixes(LexborHTMLParser(FORMS["pasted"]).html or ""))
    assert len(told) == 3
    for text in told.values():
        assert words_of(PARAGRAPHS[2])[:8] == words_of(text[text.index("The county") :])[:8]


@pytest.mark.parametrize("html", ["", "<p>", "<div>" * 900, "\0" * 50, "<table>" * 900 + "x", "\ud800"])
def test_engines_never_fail(html: str) -> None:
    assert set(opinions(f"<!DOCTYPE html><html><body>{html}</body></html>")) == {
        "trafilatura, precise",
        "trafilatura",
        "readability",
    }


def test_blocks_are_what_a_browser_shows() -> None:
    body = LexborHTMLParser(
        "<div>one <b>two</b><p>three<br>four</p>five<script>no</script><p hidden>no</p>"
        '<p style="display: none">no</p><ul><li><a href="/">six seven</a> eight</li></ul></div>'
    ).body
    assert body is not None
    blocks = list(blocks_of(body))
    assert [block.text for block in blocks] == ["one two", "three four", "five", "six seven eight"]
    assert [block.linked for block in blocks] == [0, 0, 0, 2]


OLD = f"""<div dir="ltr"><h1>The Weir</h1><h3>by Ada Quill<br>Monday, May 19, 2014</h3>
{"".join(f"<p>{p}</p>" for p in PARAGRAPHS)}
<hr><p>Note: all comments are read before they are shown.</p></div>"""


def test_a_page_without_any_names_is_told_by_its_heading_and_credits() -> None:
    found = article(OLD, subject="The Weir")
    assert found.kind == "page"
    assert (found.title, found.byline, found.published) == ("The Weir", "Ada Quill", "2014-05-19")
    assert found.text.startswith(PARAGRAPHS[0][:40])


def test_a_line_that_says_more_than_the_credits_stays() -> None:
    found = article(OLD.replace("by Ada Quill<br>", "by Ada Quill, who lives by the river<br>"), subject="The Weir")
    assert found.text.startswith("by Ada Quill, who lives by the river")


@pytest.mark.parametrize(
    "html",
    [
        OLD.replace("<h3>by Ada Quill<br>Monday, May 19, 2014</h3>", ""),
        OLD.replace("The Weir", "Another thing"),
        "<h1>The Weir</h1><p>by Ada Quill</p><p>It is gone.</p>",
    ],
    ids=["no credits", "another heading", "short"],
)
def test_a_letter_with_a_heading_is_a_letter(html: str) -> None:
    assert article(html, subject="The Weir").kind == "message"
