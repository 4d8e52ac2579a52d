"""Posts of a network that a newsletter draws: quotes, with their author, date and link."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser

from mailarchiver.article.posts import quote_posts
from mailarchiver.model import Part

from .making import PNG, article, png

STATUS = "https://twitter.com/quill/status/42"
AVATAR = '<img class="{p}tweet-header-avatar" src="https://img.example.net/face.jpg" alt="Twitter avatar for @quill">'
SUBSTACK = """<div class="{p}tweet {p}static"><a class="{p}tweet-link-top" href="https://go.example.net/r/1">
<div class="{p}tweet-header">{avatar}<div class="{p}tweet-header-text">
<span class="{p}tweet-author-name">Ada Quill </span><span class="{p}tweet-author-handle">@quill</span></div></div>
<div class="{p}tweet-text">The weir has gone &amp; the
ducks with it.

See the pictures.</div>{more}</a>
<a class="{p}tweet-link-bottom" href="https://go.example.net/r/2"><div class="{p}tweet-footer">
<span class="{p}tweet-date">8:44 AM ∙ Mar 15, 2023</span><hr><div class="{p}tweet-ufi">{counts}</div></div></a></div>"""
COUNTS = f'<span href="{STATUS}/likes"><b>1,099</b><span>Likes</span></span><span><b>8</b><span>Retweets</span></span>'
QUOTED = """<div class="{p}quote-tweet"><div class="{p}quote-tweet-header"><span>Miller </span><span>@mill</span></div>
<span>Where are my ducks?</span></div>"""
GHOST = f"""<figure><table class="kg-twitter-card"><tr><td><table>
<tr><td><a href="{STATUS}" class="kg-twitter-link"><img src="https://pbs.example.com/profile_images/1.jpg"></a></td>
<td><a href="{STATUS}" class="kg-twitter-link">Ada Quill <br> <span>@quill</span></a></td>
<td><a href="{STATUS}"><img src="https://static.example.org/twitter-logo-small.png"></a></td></tr>
<tr><td colspan="3"><a href="{STATUS}" class="kg-twitter-link">The weir has gone.<br>And the ducks.</a></td></tr>
<tr><td colspan="3"><a href="{STATUS}"><img src="cid:weir"></a></td></tr>
<tr><td><table><tr><td><a href="{STATUS}"><span>2:14 PM &bull; May 13, 2021</span></a></td></tr></table></td></tr>
<tr><td><table><tr><td><a href="{STATUS}"><span>182</span> <span>likes &bull;</span> <span>29</span>
<span>retweets</span></a></td></tr></table></td></tr></table></td></tr></table></figure>"""


def quoted(html: str) -> tuple[int, str]:
    tree = LexborHTMLParser(f"<p>Before.</p>{html}<p>After.</p>")
    count = quote_posts(tree, tree.html or "")
    assert tree.body is not None
    return count, " ".join((tree.body.inner_html or "").split())


def substack(p: str = "", more: str = "", counts: str = COUNTS, avatar: str = AVATAR) -> str:
    return SUBSTACK.format(p=p, more=more.format(p=p), counts=counts, avatar=avatar.format(p=p))


@pytest.mark.parametrize("prefix", ["", "m_-123gmail-", "x_"])
def test_a_post_as_substack_draws_it(prefix: str) -> None:
    count, html = quoted(substack(prefix))
    assert count == 1
    assert html == (
        "<p>Before.</p><blockquote><p>The weir has gone &amp; the ducks with it.<br><br>See the pictures.</p>"
        f'<p>— Ada Quill (@quill), <a href="{STATUS}">8:44 AM ∙ Mar 15, 2023</a></p></blockquote><p>After.</p>'
    )


def test_a_post_without_its_address_keeps_the_link_it_has() -> None:
    assert '<a href="https://go.example.net/r/1">8:44 AM' in quoted(substack(counts=""))[1]


def test_a_post_within_a_post() -> None:
    html = quoted(substack(more=QUOTED))[1]
    assert "<blockquote><p>Where are my ducks?</p><p>— Miller (@mill)</p></blockquote><p>— Ada Quill" in html


def test_a_post_as_ghost_draws_it() -> None:
    count, html = quoted(GHOST)
    assert count == 1
    assert html == (
        "<p>Before.</p><figure><blockquote><p>The weir has gone.<br>And the ducks.</p>"
        f'<p><img src="cid:weir"></p><p>— Ada Quill (@quill), <a href="{STATUS}">2:14 PM • May 13, 2021</a></p>'
        "</blockquote></figure><p>After.</p>"
    )


@pytest.mark.parametrize(
    "html",
    [
        '<a class="tweet" href="https://twitter.com/intent/tweet?text=a">Tweet</a>',
        '<div class="tweet"></div>',
        '<div class="tweet"><p>@quill</p></div>',
        '<div class="tweet"><p>No author is named</p><p>though there is a text</p></div>',
        f'<div class="tweet"><p>Ada @quill</p><p>{"long " * 500}</p></div>',
        '<div class="tweet"><p>Ada @quill</p><p>99 Likes</p></div>',
    ],
)
def test_what_is_no_post_stays(html: str) -> None:
    before = LexborHTMLParser(f"<p>Before.</p>{html}<p>After.</p>").body
    assert before is not None
    assert quoted(html) == (0, " ".join((before.inner_html or "").split()))


def test_a_link_in_the_text_stays() -> None:
    html = quoted(GHOST.replace("And the ducks", '</a><a href="https://weir.example.org/a">And the ducks</a>'))[1]
    assert '<p>The weir has gone.<br><a href="https://weir.example.org/a">And the ducks</a>.</p>' in html


@pytest.mark.parametrize("name", ["tweet", "quote-tweet"])
def test_hostile_posts_end(name: str) -> None:
    html = f'<div class="tweet"><p>Ada @quill</p><p>a</p><div class="{name}"><p>Ada @quill</p><p>b</p>' * 2_000
    assert quoted(html)[0] <= 200


def test_pictures_that_came_with_the_mail_are_never_lost() -> None:
    words = "The old weir below the mill has held the river back for two hundred years, and nobody thought of it."
    face = '<img class="{p}tweet-header-avatar" src="cid:face" alt="Twitter avatar for @quill">'
    body = "".join(f"<p>{words} It is the time of the year number {n}.</p>" for n in range(3))
    page = (
        '<html><head><link rel="canonical" href="https://paper.example.org/weir"></head><body><article>'
        f"<h1>The Weir</h1>{body}{substack(avatar=face)}{body}</article></body></html>"
    )
    parts = (Part("image/png", PNG, content_id="weir"), Part("image/png", png(8, 8), content_id="face"))
    found = article(page, parts=parts, subject="The Weir")
    assert found.kind == "page"
    assert "> The weir has gone & the" in found.text
    assert [image.outcome for image in found.images] == ["cid", "unreferenced"]
    assert f'<a href="{STATUS}">8:44 AM ∙ Mar 15, 2023</a>' in found.html
