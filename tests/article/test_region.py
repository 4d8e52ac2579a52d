"""Which blocks of a page are its article, given what engines say: votes, gaps, notices, the tail, the standfirst."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser

from mailarchiver.article.page_blocks import blocks_of
from mailarchiver.article.region import article_blocks


def kept(html: str, *texts: str) -> list[str]:
    body = LexborHTMLParser(html).body
    assert body is not None
    blocks = list(blocks_of(body))
    opinions = {str(number): text for number, text in enumerate(texts)}
    return [blocks[number].text for number in article_blocks(blocks, opinions)]


LONG = "one two three four five six seven eight nine ten"
OTHER = "red green blue yellow white black orange violet brown grey"


def test_two_votes_count_and_one_only_for_what_has_the_shape_of_text() -> None:
    html = f"<main><p>{LONG}</p><div>{OTHER}</div><p>{LONG} eleven twelve thirteen fourteen</p></main>"
    text = f"{LONG}\n{LONG} eleven twelve thirteen fourteen"
    assert OTHER not in kept(html, text, text, f"{text}\n{OTHER}")
    assert OTHER in kept(html, text, f"{text}\n{OTHER}", f"{text}\n{OTHER}")
    assert OTHER in kept(html.replace("div>", "p>"), text, text, f"{text}\n{OTHER}")


def test_links_to_other_articles_at_the_end_go() -> None:
    html = f'<main><p>{LONG}</p><p>{OTHER}</p><h3>More</h3><ul><li><a href="/a">{LONG} and more</a></li></ul></main>'
    text = f"{LONG}\n{OTHER}\nMore\n{LONG} and more"
    assert kept(html, text, text, text) == [LONG, OTHER]


def test_the_rest_of_a_list_comes_with_most_of_it() -> None:
    items = [f"{LONG} {word}" for word in ("a", "b", "c", "d")]
    html = f"<main><p>{OTHER}</p><ul>{''.join(f'<li>{item}</li>' for item in items)}</ul><p>{OTHER} end</p></main>"
    half = "\n".join([OTHER, *items[:3], f"{OTHER} end"])
    assert kept(html, half, half, half) == [OTHER, *items, f"{OTHER} end"]


def test_nothing_found_is_nothing() -> None:
    assert kept(f"<p>{LONG}</p>", "", "", "") == []
    assert kept("", LONG, LONG, LONG) == []


def told_by_all(html: str) -> list[str]:
    """What is kept where all engines keep everything."""
    body = LexborHTMLParser(html).body
    assert body is not None
    text = "\n".join(block.text for block in blocks_of(body))
    return kept(html, text, text, text)


NOTICES = [
    "<p>Advertisement</p>",
    "<p>ANZEIGE</p>",
    "<h3>You may also like …</h3>",
    "<p>Comments</p>",
    "<p>Lesezeit: ca. 4 Minuten</p>",
    "<p>Temps de lecture : 3 min</p>",
    "<p>5 min read</p>",
    "<p>3–4 minutes read</p>",
    '<p>Read more: <a href="/a">The anglers and the county have a word</a></p>',
    '<p>À lire aussi » <a href="/a">Les pêcheurs du moulin</a></p>',
    '<div class="nav-cta"><p>Become one of our friends on the river.</p></div>',
    '<p class="affiliate-note">The paper earns a penny.</p>',
]


@pytest.mark.parametrize("notice", NOTICES)
def test_what_is_no_part_of_an_article_goes_though_all_engines_keep_it(notice: str) -> None:
    html = f"<main><p>{LONG}</p>{notice}<p>{OTHER}</p><p>{LONG} eleven</p></main>"
    assert told_by_all(html) == [LONG, OTHER, f"{LONG} eleven"]


@pytest.mark.parametrize(
    "line",
    [
        "<p>Read more slowly, said the miller, and read it again.</p>",
        "<p>The comments of the county were read aloud.</p>",
        "<p>Reading time was what the prisoners had most of.</p>",
        '<p>It was related to <a href="/a">a cousin</a> of the miller by his elder sister.</p>',
        "<p>He went to sign up for the river police.</p>",
        '<h2>See also [<a href="#edit">edit</a>]</h2>',
        "<table><tr><th>Comment</th></tr></table>",
        '<p>Read more about mills that stand with their feet in the river: <a href="/a">Mills of the North</a>.</p>',
    ],
)
def test_a_sentence_that_begins_like_a_notice_stays(line: str) -> None:
    html = f"<main><p>{LONG}</p>{line}<p>{OTHER}</p></main>"
    assert len(told_by_all(html)) == 3


@pytest.mark.parametrize(
    "request_",
    [
        '<p>Do you want to hear more of the river? <a href="/list">Sign up here</a></p>',
        "<p>Like this story? Share it with a friend!</p>",
        '<p>Follow the paper on <a href="/f">Facebook</a> and <a href="/i">Instagram</a>.</p>',
        '<p>Folgen Sie uns auf <a href="/f">Facebook</a>!</p>',
        '<p>… weiter zu <a href="/next">„Die Fischer"</a></p>',
    ],
)
def test_what_a_page_asks_its_reader_for_below_the_article_goes(request_: str) -> None:
    html = f"<main><p>{LONG}</p><p>{OTHER}</p><h3>The end</h3>{request_}</main>"
    assert told_by_all(html) == [LONG, OTHER]


def test_the_box_of_a_name_is_no_box_where_it_holds_the_article() -> None:
    html = f'<main><div class="newsletter-archive"><p>{LONG}</p><p>{OTHER}</p></div></main>'
    assert told_by_all(html) == [LONG, OTHER]


def test_a_heading_goes_with_its_gallery() -> None:
    gallery = '<div class="series"><h2>The weir in pictures</h2><p>Gallery</p></div>'
    html = f"<main><p>{LONG}</p>{gallery}<p>{OTHER}</p></main>"
    text = f"{LONG}\n{OTHER}"
    assert kept(html, text, text, f"{LONG}\nThe weir in pictures\n{OTHER}") == [LONG, OTHER]
    plain = html.replace("<p>Gallery</p>", "")
    assert "The weir in pictures" in kept(plain, text, text, f"{LONG}\nThe weir in pictures\n{OTHER}")


@pytest.mark.parametrize(
    ("block", "votes"),
    [
        ('<h3><a href="/a">A charger for the boat</a></h3>', 1),
        ("<p><a href='https://example.org/a/b'>https://example.org/a/b</a></p>", 1),
        ("<p>Tickets: <a href='https://example.org'>www theatre example org</a></p>", 3),
        ('<div class="pf_subheadline">Who pays the cost of it?</div>', 1),
    ],
)
def test_what_stands_among_kept_paragraphs_is_kept(block: str, votes: int) -> None:
    html = f"<main><p>{LONG}</p>{block}<p>{OTHER}</p></main>"
    body = LexborHTMLParser(html).body
    assert body is not None
    texts = [f"{LONG}\n{OTHER}"] * (3 - votes) + ["\n".join(one.text for one in blocks_of(body))] * votes
    assert len(kept(html, *texts)) == 3
    apart = f"<main><p>{LONG}</p><section>{block}</section><p>{OTHER}</p></main>"
    assert len(kept(apart, *texts)) == 2


def test_a_box_is_kept_for_its_likes() -> None:
    more = f"{OTHER} silver golden rosy purple"
    html = (
        f'<main><div class="para">{LONG}</div><div class="para">{more}</div><div class="para">{LONG} end</div></main>'
    )
    text = f"{LONG}\n{LONG} end"
    assert more in kept(html, text, text, f"{text}\n{more}")
    assert more not in kept(html.replace('para">red', 'teaser">red'), text, text, f"{text}\n{more}")


def test_a_list_is_never_the_whole_article() -> None:
    items = "".join(f"<li>{LONG} {word} {OTHER}</li>" for word in "abcdefgh")
    html = f"<main><p>Good morning from the river, dear reader!</p><ol>{items}</ol><p>{OTHER} end</p></main>"
    assert told_by_all(html)[0] == "Good morning from the river, dear reader!"
    assert told_by_all(html)[-1] == f"{OTHER} end"


@pytest.mark.parametrize(("name", "is_kept"), [("standfirst", True), ("article-dek", True), ("photo-credit", False)])
def test_a_standfirst_is_kept_once(name: str, is_kept: bool) -> None:
    told = "What a weir is good for, and who is to pay for it now"
    twice = f'<div class="{name}">{told}</div><div class="{name}">{told}</div>'
    html = f"<main><h1>The Weir</h1>{twice}<p>{LONG}</p><p>{OTHER}</p></main>"
    text = f"{LONG}\n{OTHER}"
    assert kept(html, text, text, f"{told}\n{text}").count(told) == is_kept


def test_the_heading_of_a_table_that_is_kept_is_kept_without_a_vote() -> None:
    table = "<table><tr><th>Colour</th><th>Number</th></tr><tr><td>Red, as the roof is</td><td>12</td></tr></table>"
    html = f"<main><p>{LONG}</p><div><h2>What was counted</h2></div><div>{table}</div><p>{OTHER}</p></main>"
    text = f"{LONG}\nColour\nNumber\nRed, as the roof is\n12\n{OTHER}"
    assert "What was counted" in kept(html, text, text, text)
    assert "What was counted" not in kept(html.replace("<h2>", '<h2 class="related">'), text, text, text)
    assert "What was counted" not in kept(html.replace(f"<div>{table}</div>", ""), text, text, text)


def test_a_short_line_called_as_its_neighbours_are_is_kept_by_one_vote() -> None:
    lines = (LONG, "Three things", OTHER)
    html = "<main>" + "".join(f'<div class="para">{line}</div>' for line in lines) + "</main>"
    text, all_of_it = f"{LONG}\n{OTHER}", f"{LONG}\nThree things\n{OTHER}"
    assert kept(html, text, text, all_of_it) == [LONG, "Three things", OTHER]
    other_name = html.replace('"para">Three', '"note">Three')
    assert kept(other_name, text, text, all_of_it) == [LONG, OTHER]
    assert kept(html, text, text, text) == [LONG, OTHER]


def test_an_address_that_the_line_above_gives_is_kept_without_a_vote() -> None:
    link = '<ul><li><a href="https://example.org/25712">www.example.org/25712</a></li></ul>'
    html = f"<main><p>{LONG}. Registration at</p>{link}<p>{OTHER}</p></main>"
    text = f"{LONG}. Registration at\n{OTHER}"
    assert kept(html, text, text, text) == [f"{LONG}. Registration at", "www.example.org/25712", OTHER]
