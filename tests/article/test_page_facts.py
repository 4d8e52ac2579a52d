"""Title, address, author and date of a web page: by its head, else by what stands above its article."""

from __future__ import annotations

from datetime import date

import pytest
from selectolax.lexbor import LexborHTMLParser

from mailarchiver.article.page_blocks import blocks_of
from mailarchiver.article.page_facts import PageFacts, page_facts
from mailarchiver.article.page_head import told

H1 = "<h1>The Weir</h1>"
URL = "https://paper.example.org/2024/the-weir"
LD = '<script type="application/ld+json">'
LATEST = date(2024, 5, 21)
TEXT = "The old weir below the mill has held the river back for two hundred years."


def facts(
    html: str, subject: str = "", *, address: str | None = None, latest: date | None = date(2024, 5, 21)
) -> PageFacts:
    tree = LexborHTMLParser(html)
    assert tree.body is not None
    blocks = list(blocks_of(tree.body))
    first = next(number for number, block in enumerate(blocks) if block.text == TEXT)
    return page_facts(tree, blocks, first, subject=subject, address=address, latest=latest)


def page(head: str = "", above: str = "", lang: str = "") -> str:
    return f"<html{lang and f' lang={lang}'}><head>{head}</head><body>{above}<p>{TEXT}</p></body></html>"


@pytest.mark.parametrize(
    ("head", "above", "subject", "title"),
    [
        ("<title>The Weir - The Paper</title>", "<h1>The Weir</h1>", "", "The Weir"),
        ("<title>The Weir - The Paper</title>", "<h1>The Paper</h1><h1>The Weir</h1>", "", "The Weir"),
        ('<meta property="og:title" content="The Weir">', "<h1>Paper</h1>", "", "The Weir"),
        ('<meta property="og:site_name" content="Paper"><title>The Weir | Paper</title>', "", "", "The Weir"),
        ("<title>The Weir | Paper</title>", "", "", "The Weir | Paper"),
        (
            '<link rel="canonical" href="https://www.weirpaper.org/a"><title>The Weir | Weir Paper</title>',
            "",
            "",
            "The Weir",
        ),
        ("", "<h1>The Weir</h1>", "", "The Weir"),
        ("", "<h1>The Weir</h1>", "Have a look", "The Weir"),
        ("", "<h1>The Weir</h1>", "https://paper.example.org/", "The Weir"),
        ("", "<h1>Paper</h1>", "Weir: the old river wall", "Weir: the old river wall"),
        ("", "<h1>The Weir</h1>", "The Weir – The Paper", "The Weir"),
        ("", "<h1>Rivers The Weir</h1>", "The Weir", "The Weir"),
        (
            LD + '{"@type": "NewsArticle", "headline": "The Weir"}</script>',
            "",
            "",
            "The Weir",
        ),
        (LD + '{"@type": "Organization", "headline": "Paper"}</script>', "", "", None),
        (
            LD + '{"@graph": [{"@type": ["Article"], "headline": "W"}]}</script>',
            "",
            "",
            "W",
        ),
        ('<script type="application/ld+json">not json</script>', "", "", None),
        ("", "", "Hello", None),
        ("<title>[Mill] The Weir</title>", "", "[Mill] The Weir", "[Mill] The Weir"),
        ("<title>The Weir</title>", "", "[list] The Weir", "The Weir"),
        (
            "<title>A weir holds the river</title>",
            "<h1>The Weir</h1>",
            "A weir holds the river",
            "A weir holds the river",
        ),
        (
            '<meta property="og:title" content="The mill"><meta name="twitter:title" content="The mill and the river">',
            "<h1>The mill and the river</h1>",
            "The mill",
            "The mill",
        ),
        ("", "<h2>Word of the Day</h2>", "", None),
    ],
)
def test_title(head: str, above: str, subject: str, title: str | None) -> None:
    assert facts(page(head, above), subject).title == title


@pytest.mark.parametrize(
    ("subject", "title"), [("", "Maudlin"), ("https://paper.example.org/", "Maudlin"), ("The word of today", None)]
)
def test_the_first_heading_in_an_article_is_its_title_where_nothing_else_is(subject: str, title: str | None) -> None:
    html = f"<h2>Word of the Day</h2><p>{TEXT}</p><p>with the miller</p><h3>Maudlin</h3><p>{TEXT} {TEXT}</p>"
    assert facts(html, subject).title == title


@pytest.mark.parametrize(
    ("head", "subject", "address", "url"),
    [
        (f'<link rel="canonical" href="{URL}">', "", None, URL),
        (f'<meta property="og:url" content="{URL}">', "", None, URL),
        ('<link rel="canonical" href="https://paper.example.org/">', "", None, None),
        ('<link rel="canonical" href="/2024/the-weir">', "", None, None),
        ('<link rel="canonical" href="javascript:alert(1)">', "", None, None),
        ("", URL, None, URL),
        ("", "The weir", None, None),
        (f'<link rel="canonical" href="{URL}">', "", "https://given.example.org/x", None),
    ],
)
def test_address(head: str, subject: str, address: str | None, url: str | None) -> None:
    assert facts(page(head), subject, address=address).url == url


@pytest.mark.parametrize(
    ("head", "above", "published"),
    [
        (
            '<meta property="article:published_time" content="2024-05-19T08:00:00+02:00">',
            "",
            "2024-05-19T08:00:00+02:00",
        ),
        ('<meta property="article:published_time" content="2024-05-19">', "", "2024-05-19"),
        ('<meta property="article:published_time" content="2031-05-19">', "", None),
        ('<meta property="article:published_time" content="soon">', "", None),
        ("", "<h1>The Weir</h1><div>19 May 2024</div>", "2024-05-19"),
        ("", "<h1>The Weir</h1><div>4 minutes</div>", None),
        ("", f"{H1}<p>Last updated: 20 May 2024</p><p>19 May 2024</p>", "2024-05-19"),
        ("", f"{H1}<p>Updated 20 May 2024</p>", "2024-05-20"),
        ("", f"{H1}<p><b>Ada Quill</b><i>19 May 2024</i><i>4 comments</i></p>", "2024-05-19"),
        ("", f'{H1}<div class="related">3 May 2024</div>', None),
        ("", f"{H1}<p>20 August 2024</p>", None),
        ("", f"{H1}<p>19 May 1924</p>", None),
        ("", f'{H1}<p class="dateline">19 May 1984</p>', "1984-05-19"),
        ("", f'{H1}<time datetime="2024-05-19T21:04:00-04:00">yesterday at nine</time>', "2024-05-19T21:04:00-04:00"),
        ("", f'{H1}<time datetime="soon">19 May 2024</time>', "2024-05-19"),
        ("", f"<p>Copyright 19 May 2024</p>{'<p>Mill</p>' * 9}{H1}", None),
        ("", "<h1>The Weir</h1><div>3/4/2024</div>", None),
        ("", "", None),
    ],
)
def test_published(head: str, above: str, published: str | None) -> None:
    assert facts(page(head, above)).published == published


@pytest.mark.parametrize(
    ("head", "above", "byline"),
    [
        ('<meta name="author" content="Ada Quill">', "", "Ada Quill"),
        ('<meta property="article:author" content="https://paper.example.org/quill">', "", None),
        ("", '<div class="gmail-byline">Ada Quill</div>', "Ada Quill"),
        ("", '<div class="article-author"><span>Ada Quill</span>, 19 May 2024</div>', "Ada Quill"),
        ("", "<div>Ada Quill</div>", None),
        (
            LD + '{"@type": "Article", "author": [{"name": "Ada Quill"}, {"name": "Ben Oxbow"}]}</script>',
            "",
            "Ada Quill, Ben Oxbow",
        ),
        ('<meta name="author" content="By Ada Quill, Staff Writer">', "", "Ada Quill"),
        (
            '<meta name="author" content="Ada Quill">',
            f"{H1}<p>By Ada Quill and Ben Oxbow</p>",
            "Ada Quill and Ben Oxbow",
        ),
        ('<meta name="author" content="Ada Quill">', f"{H1}<p>By Ben Oxbow</p>", "Ada Quill"),
        ('<meta name="author" content="Ada Quill, Ben Oxbow">', f"{H1}<p>By Ada Quill</p>", "Ada Quill, Ben Oxbow"),
        ("", f'{H1}<p>By <a href="/x">Ada Quill</a> and <a href="/y">Ben Oxbow</a></p>', "Ada Quill and Ben Oxbow"),
        ("", f"{H1}<p>By Ada Quill | 19 May 2024</p>", "Ada Quill"),
        ("", f"{H1}<p>Von <b>Ada Quill</b> am 19. Mai 2024</p>", "Ada Quill"),
        ("", f'{H1}<p><a href="/authors/ada-quill">Ada Quill</a>Senior Contributor</p>', "Ada Quill"),
        ("", f'{H1}<p><a rel="author">Ada Quill</a>, <a rel="author">Ben Oxbow</a></p>', "Ada Quill, Ben Oxbow"),
        ("", f'{H1}<p>Posted in <i>Rivers</i> by <span itemprop="author">ada</span></p>', "ada"),
        ("", f'<div class="byline">Ada Quill</div>{H1}', "Ada Quill"),
        ("", f'{H1}<dl><dt class="author">AUTHOR</dt><dd class="author">Ada Quill</dd></dl>', "Ada Quill"),
        ("", f'{H1}<div class="author-image">© Agency/Ada Quill</div>', None),
        ("", f'{H1}<div class="caption"><p>By Ada Quill</p></div>', None),
        ("", f'{H1}<div class="byline">By</div>', None),
        ("", f"{H1}<p>By the river</p>", None),
        ("", f'{H1}<p class="byline">19 May 2024</p>', None),
        ("", "<p>By Cem Dale</p>" + "<p>Mill</p>" * 9 + H1, None),
    ],
)
def test_byline(head: str, above: str, byline: str | None) -> None:
    assert facts(page(head, above)).byline == byline


@pytest.mark.parametrize(
    ("address", "published"),
    [
        ("https://paper.example.org/2024/05/19/the-weir", "2024-05-19"),
        ("https://paper.example.org/rivers/2024/may/19/the-weir", "2024-05-19"),
        ("https://paper.example.org/story/2024-05-19/the-weir", "2024-05-19"),
        ("https://paper.example.org/2024/05/the-weir", None),
        ("https://paper.example.org/2024/31/12/the-weir", None),
        ("https://paper.example.org/2024/05/23/the-weir", None),
        ("https://paper.example.org/?day=/2024/05/19/", None),
    ],
)
def test_the_day_in_an_address_comes_last(address: str, published: str | None) -> None:
    found = facts(page(), address=address)
    assert found.published == published
    assert found.provenance.get("published") == (published and "page: day in its address")
    dated = facts(page("", f"{H1}<p>18 May 2024</p>"), address=address)
    assert dated.published == "2024-05-18"


@pytest.mark.parametrize(
    ("above", "published"),
    [
        (f"{H1}<p>May 17</p>", "2024-05-17"),
        (f"{H1}<p>By Ada Quill · May 17</p>", "2024-05-17"),
        (f"{H1}<p><span>Ada Quill</span><span>17 Dec</span></p>", "2023-12-17"),
        (f"{H1}<p>Jul 17</p>", None),  # ten months ago, or next summer
        (f"{H1}<p>Updated May 17</p>", None),
        (f"{H1}<p>Open from May 17</p>", None),
        (f"{H1}<p>May 17</p><p>19 May 2024</p>", "2024-05-19"),
    ],
)
def test_a_day_without_year_is_a_recent_one(above: str, published: str | None) -> None:
    assert facts(page("", above)).published == published
    assert facts(page("", above), latest=None).published in {None, "2024-05-19"}


@pytest.mark.parametrize(
    ("text", "published"),
    [
        ("27.1.2022 – The weir", "2022-01-27"),
        ("Oxbow, 27.1.2022 – The weir", "2022-01-27"),
        ("2022-01-27 — The weir", "2022-01-27"),
        ("27.1.1945 – The weir", None),
        ("27 January 2022 – The weir", None),
        ("27.1.2022 saw the weir", None),
        ("27.1.2022–30.1.2022 The weir", None),
        ("27.1.2022 – 30.1.2022 – The weir", None),
    ],
)
def test_a_date_that_opens_the_text_comes_last(text: str, published: str | None) -> None:
    def read(head: str) -> str | None:
        tree = LexborHTMLParser(
            f"<html><head>{head}</head><body><p>{text} holds. {TEXT} {TEXT} {TEXT}</p></body></html>"
        )
        assert tree.body is not None
        return page_facts(tree, list(blocks_of(tree.body)), 0, subject="", address=None, latest=LATEST).published

    assert read("") == published
    assert read('<meta property="article:published_time" content="2024-05-19">') == "2024-05-19"


def test_a_date_in_figures_is_read_in_the_language_of_the_text() -> None:
    html = page("", f"{H1}<p>03/04/2024</p>", lang="en")
    tree = LexborHTMLParser(html)
    assert tree.body is not None
    blocks = list(blocks_of(tree.body))
    found = page_facts(tree, blocks, len(blocks) - 1, subject="", address=None, latest=date(2024, 5, 21), written="pt")
    assert found.published == "2024-04-03"
    assert facts(html).published is None


@pytest.mark.parametrize(
    ("head", "above", "lang", "language"),
    [
        ("", "", "de-DE", "de-DE"),
        ('<meta http-equiv="Content-Language" content="de">', "", "", "de"),
        ("", '<div lang="fr">', "de", "fr"),
        ("", "", "null", None),
    ],
)
def test_language(head: str, above: str, lang: str, language: str | None) -> None:
    assert facts(page(head, above, lang)).language == language


def test_language_and_site() -> None:
    found = facts(page('<meta property="og:site_name" content="The Paper">', lang="de-DE"))
    assert (found.language, found.site) == ("de-DE", "The Paper")
    assert found.provenance == {"site": "page: meta og:site_name", "language": "page: html lang"}


def test_hostile_credits_end() -> None:
    deep = '<b class="x">' * 3_000 + "By" + "</b>" * 3_000
    torn = "<i></i> \n" * 20_000
    html = page("", f"{H1}<p>{deep}</p><p>{torn}By Ada Quill</p>" + "<h2>The Weir</h2>" * 2_000)
    assert facts(html).published is None


def test_hostile_heads_end() -> None:
    deep = "[" * 50_000
    many = '{"@graph": [' + ",".join(['{"@type": "Article", "headline": "x"}'] * 5_000) + "]}"
    html = "".join(f"{LD}{text}</script>" for text in (deep, many, '"x"', "null")) * 20
    assert len(told(LexborHTMLParser(html))["title"]) <= 10_000
