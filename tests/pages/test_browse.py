"""The browse pages: what is in an archive, newest first, from disk, without script."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import html5lib
import pytest

from mailarchiver.archive import page
from mailarchiver.model import Card, Entry
from mailarchiver.pages import browse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from xml.etree.ElementTree import Element

    from playwright.sync_api import Browser

HOSTILE = "</title><script>alert(1)</script>\" onclick='x' {{ 7*7 }} & \x1b\x9b\ufdd0\uffff"


def card(number: int = 1, *, excerpt: str | None = "It begins.", direction: Any = "ltr", **changes: Any) -> Card:
    """An entry that arrived `number` hours into March 2024."""
    received = datetime(2024, 3, 1, tzinfo=UTC) + timedelta(hours=number)
    known: dict[str, Any] = {
        "id": f"{number:012x}",
        "folder": f"{received:%Y/%m}/{received:%Y-%m-%d}-title-{number}-{number:012x}",
        "title": f"Title {number}",
        "byline": "Ines Falk",
        "site": "The Aldern Review",
        "url": "https://www.example.org/a",
        "published": "2024-02-29",
        "received": received.isoformat(),
        "filed": None,
        "kind": "page",
        "language": "en",
        "tags": (),
        "words": 300,
        "images": 0,
        "attachments": 0,
        "warnings": 0,
        "message_id": None,
        "sha256": "0" * 64,
        "sums": "0" * 64,
    }
    return Card(Entry(**(known | changes)), excerpt, direction)


def tree(data: bytes) -> Element:
    """The document, if it is valid HTML5 (html5lib raises at the first parse error)."""
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), strict=True, namespaceHTMLElements=False)
    document: Element = parser.parse(data.decode())
    return document


def words(data: bytes) -> str:
    return " ".join(" ".join(tree(data).itertext()).split())


def titles(data: bytes) -> list[str]:
    return ["".join(heading.itertext()) for heading in tree(data).iter("h3")]


def links(data: bytes) -> list[str]:
    return [link.get("href", "") for link in tree(data).iter("a")]


SAMPLES: Mapping[str, dict[str, bytes]] = {
    "front": browse.front([card(n) for n in range(1, 60)], [("2024/03", 59)]),
    "empty front": browse.front([], []),
    "month": browse.month("2024/03", [card(n) for n in range(1, 450)]),
    "empty month": browse.month("2024/03", []),
    "hostile": browse.front(
        [
            card(
                title=HOSTILE,
                byline=HOSTILE,
                site=HOSTILE,
                url=HOSTILE,
                language=HOSTILE,
                published=HOSTILE,
                excerpt=HOSTILE,
            )
        ],
        [("2024/03", 1)],
    ),
    "bare": browse.front(
        [card(title="", byline=None, site=None, url=None, published=None, language=None, excerpt=None)],
        [("2024/03", 1)],
    ),
}
PAGES = [
    pytest.param(name, data, id=f"{sample} {name}")
    for sample, files in SAMPLES.items()
    for name, data in files.items()
    if name.endswith(".html")
]


# --- what holds for every page --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "data"), PAGES)
def test_a_page_is_valid_and_runs_and_loads_nothing_but_its_stylesheet(name: str, data: bytes) -> None:
    document = tree(data)
    (policy,) = [meta.get("content") for meta in document.iter("meta") if meta.get("http-equiv")]
    assert policy == "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'"
    (style,) = document.iter("link")
    assert urljoin(f"file:///archive/{name}", style.get("href", "")) == "file:///archive/assets/archive.css"
    for element in document.iter():
        assert element.tag not in {"script", "style", "img", "iframe", "object", "base", "form"}
        assert not [key for key in element.attrib if key.startswith("on") or key in {"style", "src"}]


@pytest.mark.parametrize(("name", "data"), PAGES)
def test_no_link_leaves_the_archive(name: str, data: bytes) -> None:
    for link in links(data):
        assert urljoin(f"file:///archive/{name}", link).startswith("file:///archive/")
        assert ":" not in link


def test_the_same_cards_give_the_same_bytes_in_any_order() -> None:
    cards = [card(n) for n in range(300)]
    assert browse.month("2024/03", cards) == browse.month("2024/03", cards[::-1])
    assert browse.front(cards, []) == browse.front(cards[::-1], [])


# --- the front page -------------------------------------------------------------------------------------------------


def test_the_front_page_shows_source_byline_dates_and_excerpt() -> None:
    text = words(browse.front([card(20)], [("2024/03", 1)])["index.html"])
    for shown in (
        "Friday 1 March 2024",
        "Title 20",
        "The Aldern Review",
        "Ines Falk",
        "29 February 2024",
        "It begins.",
    ):
        assert shown in text
    assert "1 article" in text


def test_the_newest_is_first() -> None:
    shown = titles(browse.front([card(2), card(30), card(1)], [("2024/03", 3)])["index.html"])
    assert shown == ["Title 30", "Title 2", "Title 1"]


def test_the_moment_counts_not_the_hour_on_the_clock() -> None:
    """One hour of the last Sunday in October comes twice: its first pass is the earlier one."""
    summer, winter = "2024-10-27T02:30:00+02:00", "2024-10-27T02:15:00+01:00"
    shown = titles(browse.front([card(1, received=summer), card(2, received=winter)], [])["index.html"])
    assert shown == ["Title 2", "Title 1"]


def test_the_front_page_links_articles_and_months_with_their_counts() -> None:
    data = browse.front([card(1)], [("2024/03", 1), ("2024/02", 1203), ("2023/12", 5)])["index.html"]
    assert links(data) == [
        "#months",
        f"{card(1).entry.folder}/index.html",
        "2024/03/index.html",
        "2024/02/index.html",
        "2023/12/index.html",
    ]
    text = words(data)
    assert "The newest 1 of 1,209 articles" in text
    assert "2024 March 1 February 1,203 2023 December 5" in text


def test_an_empty_archive_is_friendly() -> None:
    data = browse.front([], [])["index.html"]
    assert "Nothing filed yet" in words(data)
    assert links(data) == []


def test_without_a_site_the_source_is_the_host() -> None:
    assert "example.org" in words(browse.front([card(1, site=None)], [])["index.html"])


def test_the_same_article_in_another_mail_says_so() -> None:
    assert "filed before" in words(browse.front([card(1, same_as="0123456789ab")], [])["index.html"])
    assert "filed before" not in words(browse.front([card(1)], [])["index.html"])


def test_an_arabic_title_runs_from_the_right_among_others() -> None:
    data = browse.front([card(1, title="حمدان", language="ar", direction="rtl"), card(2)], [])["index.html"]
    arabic = next(item for item in tree(data).iter("li") if item.get("lang") == "ar")
    assert arabic.get("dir") == "rtl"
    assert [link.get("dir") for link in arabic.iter("a")] == ["auto"]
    assert tree(data).get("dir") is None


def test_a_long_excerpt_is_cut() -> None:
    text = words(browse.front([card(1, excerpt="word " * 100)], [])["index.html"])
    assert 30 <= text.count("word ") <= 40
    assert "…" in text


# --- the months -----------------------------------------------------------------------------------------------------


def test_an_endless_title_does_not_fill_the_page() -> None:
    endless = "x" * 65_536
    cards = [card(title=endless, byline=endless[1:], site=endless[2:])]
    for files in (browse.front(cards, [("2024/03", 1)]), browse.month("2024/03", cards)):
        for name, data in files.items():
            assert not name.endswith(".html") or len(data) < 3_000
    assert titles(browse.front(cards, [])["index.html"])[0].endswith("x…")


def test_a_month_lists_its_articles_and_links_up() -> None:
    (name,), (data,) = zip(*browse.month("2024/03", [card(1), card(30)]).items(), strict=True)
    assert name == "2024/03/index.html"
    assert links(data)[0] == "../../index.html"
    assert [urljoin("2024/03/", link) for link in links(data)[1:]] == [
        f"{card(30).entry.folder}/index.html",
        f"{card(1).entry.folder}/index.html",
    ]
    assert words(data).count("March 2024") >= 3


@pytest.mark.parametrize(("entries", "sizes"), [(0, [0]), (200, [200]), (201, [200, 1]), (450, [200, 200, 50])])
def test_a_page_holds_200_entries(entries: int, sizes: list[int]) -> None:
    pages = browse.month("2024/03", [card(n) for n in range(entries)])
    assert list(pages) == [f"2024/03/index{'' if n == 1 else f'-{n}'}.html" for n in range(1, len(sizes) + 1)]
    assert [len(titles(data)) for data in pages.values()] == sizes
    assert len({title for data in pages.values() for title in titles(data)}) == entries


def test_the_pages_of_a_month_lead_to_each_other() -> None:
    pages = browse.month("2024/03", [card(n) for n in range(450)])
    reached, waiting = set[str](), ["2024/03/index.html"]
    while waiting:
        name = waiting.pop()
        reached.add(name)
        onward = [urljoin(name, link) for link in links(pages[name])]
        waiting += [link for link in onward if link in pages and link not in reached]
    assert reached == set(pages)


def test_another_article_changes_the_last_page_only() -> None:
    """What is written for one article must not grow with the month."""
    cards = [card(n) for n in range(650)]
    before, after = browse.month("2024/03", cards), browse.month("2024/03", [*cards, card(650)])
    assert [name for name in after if before[name] != after[name]] == ["2024/03/index-4.html"]


def test_what_one_article_costs_stays_small() -> None:
    """DESIGN budget: at most 200 KB beyond its own folder, for Japanese too, where a character takes three octets."""
    title, text = "夜行列車は、まだ眠りの中を走っている" * 2, "始発よりも早く、その列車は静かにホームを離れる。" * 12
    cards = [
        card(n, title=title, site="湖畔新聞", byline="佐藤葉子", excerpt=text[:280], language="ja") for n in range(200)
    ]
    front = browse.front(
        cards[:100], [(f"{year}/{month:02}", 99) for year in range(2004, 2024) for month in range(1, 13)]
    )
    month = browse.month("2024/03", cards)
    assert sum(map(len, (front | month).values())) <= 190_000


def test_an_empty_month_says_so() -> None:
    assert "Nothing filed in this month." in words(browse.month("2024/03", [])["2024/03/index.html"])


# --- the stylesheet -------------------------------------------------------------------------------------------------


def test_the_browse_pages_have_the_colours_and_types_of_the_articles() -> None:
    """They are two files because an article's folder stands alone; they must not drift apart."""
    own = browse.front([], [])["assets/archive.css"].decode()
    theirs = (Path(page.__file__).parent / "templates" / "article.css").read_text("utf-8")
    for style in (own, theirs):
        assert len(re.findall(r":root \{", style)) == 3
    for mine, other in zip(*(re.findall(r":root \{(.*?)\}", style, re.DOTALL) for style in (own, theirs)), strict=True):
        wanted = dict(re.findall(r"(--[\w-]+): (.*?);", other))
        got = dict(re.findall(r"(--[\w-]+): (.*?);", mine))
        assert got
        assert got.items() <= wanted.items()


# --- in a browser ---------------------------------------------------------------------------------------------------


@pytest.mark.chromium
@pytest.mark.parametrize("width", [320, 375, 1200])
def test_the_pages_work_from_disk_on_every_screen(browser: Browser, tmp_path: Path, width: int) -> None:
    long = "x" * 300
    cards = [
        card(1),
        card(2, title=long, site=long, byline=long, excerpt=long),
        card(3, direction="rtl", language="ar"),
    ]
    months = [(f"2024/{number:02}", 1000) for number in range(12, 0, -1)]
    for name, data in (browse.front(cards, months) | browse.month("2024/03", cards)).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    shown = browser.new_page(viewport={"width": width, "height": 800})
    requests: list[str] = []
    complaints: list[str] = []
    shown.on("request", lambda request: requests.append(request.url))
    shown.on("console", lambda message: complaints.append(message.text))
    for name in ("index.html", "2024/03/index.html"):
        shown.goto((tmp_path / name).as_uri())
        assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert shown.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(253, 252, 249)"
    assert len(requests) == 4
    assert all(url.startswith(tmp_path.as_uri()) for url in requests)
    assert complaints == []
    shown.close()
