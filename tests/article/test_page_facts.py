"""Title, address, author and date of a web page: by its head, else by what stands above its article."""

from __future__ import annotations

from datetime import date

import pytest
from selectolax.lexbor import LexborHTMLParser

from mailarchiver.article.page_blocks import blocks_of
from mailarchiver.article.page_facts import PageFacts, page_facts
from mailarchiver.article.page_head import told

URL = "https://paper.example.org/2024/the-weir"
LD = '<script type="application/ld+json">'
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
    ],
)
def test_title(head: str, above: str, subject: str, title: str | None) -> None:
    assert facts(page(head, above), subject).title == title


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
            LD + '{"@type": "Article", "author": [{"name": "A"}, {"name": "B"}]}</script>',
            "",
            "A, B",
        ),
    ],
)
def test_byline(head: str, above: str, byline: str | None) -> None:
    assert facts(page(head, above)).byline == byline


def test_language_and_site() -> None:
    found = facts(page('<meta property="og:site_name" content="The Paper">', lang="de-DE"))
    assert (found.language, found.site) == ("de-DE", "The Paper")
    assert found.provenance == {"site": "page: meta og:site_name", "language": "page: html lang"}


def test_hostile_heads_end() -> None:
    deep = "[" * 50_000
    many = '{"@graph": [' + ",".join(['{"@type": "Article", "headline": "x"}'] * 5_000) + "]}"
    html = "".join(f"{LD}{text}</script>" for text in (deep, many, '"x"', "null")) * 20
    assert len(told(LexborHTMLParser(html))["title"]) <= 10_000
