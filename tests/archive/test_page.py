"""The page of an article: valid, safe whatever the article says, and good to read in every light, on every screen."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING, Any

import html5lib
import pytest

from mailarchiver.archive.page import page
from mailarchiver.model import Address, Article, Attachment, Headers, Image, MailWarning, Message, Original
from mailarchiver.text.reading_time import reading_minutes
from tests.archive.specimens import PIXEL, RECEIVED, article, forwarded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from playwright.sync_api import Browser, Page

HOSTILE = "</title></style><script>alert(1)</script>\" onload='x' {{ 7*7 }} & \x00\x1b\ufffe\u202e"


def rendered(of: Article) -> str:
    return page(of, received=RECEIVED, minutes=reading_minutes(of.text, of.language)).decode()


def tree(html: str) -> Element:
    """The document, if it is valid HTML5 (html5lib raises at the first parse error)."""
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), strict=True, namespaceHTMLElements=False)
    document: Element = parser.parse(html)
    return document


def words(of: Article) -> str:
    return " ".join("".join(tree(rendered(of)).find("body").itertext()).split())  # type: ignore[union-attr]


def hostile() -> Article:
    sender = Address(HOSTILE, HOSTILE)
    message = Message(b"", Headers(HOSTILE, HOSTILE, sender))
    original = Original(message, message, Headers(sender=sender, date=HOSTILE), None, None, forwarded="inline")
    return article(
        HOSTILE,
        original=original,
        byline=HOSTILE,
        site=HOSTILE,
        url="javascript:alert(1)",
        published=HOSTILE,
        language=HOSTILE,
        excerpt=HOSTILE,
        note=HOSTILE,
        tags=(HOSTILE,),
        images=(Image("cid:a", "unreferenced", alt=HOSTILE, file="images/001.png", data=PIXEL),),
        attachments=(Attachment("attachments/001.pdf", HOSTILE, HOSTILE, b""),),
        warnings=(MailWarning("x", HOSTILE),),
    )


def nothing() -> Article:
    message = Message(b"", Headers())
    original = Original(message, message, Headers(), None, None)
    return article("", "", original=original, text="", byline=None, published=None, language=None, kind="message")


ARTICLES = {"plain": article, "forwarded": forwarded, "hostile": hostile, "nothing": nothing}


# --- what holds for every page --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ARTICLES)
def test_the_page_is_valid_html5(name: str) -> None:
    assert tree(rendered(ARTICLES[name]())).tag == "html"


@pytest.mark.parametrize("name", ARTICLES)
def test_the_policy_allows_this_stylesheet_and_nothing_else(name: str) -> None:
    document = tree(rendered(ARTICLES[name]()))
    (style,) = document.iter("style")
    assert style.text is not None
    assert len(style.text.encode()) <= 8192
    digest = base64.b64encode(hashlib.sha256(style.text.encode()).digest()).decode()
    (policy,) = [meta.get("content") for meta in document.iter("meta") if meta.get("http-equiv")]
    assert policy == (
        f"default-src 'none'; img-src 'self' data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


@pytest.mark.parametrize("name", ARTICLES)
def test_nothing_runs_and_nothing_remote_is_loaded(name: str) -> None:
    for element in tree(rendered(ARTICLES[name]())).iter():
        assert element.tag not in {"script", "iframe", "object", "embed", "base", "form"}
        assert not [attribute for attribute in element.attrib if attribute.startswith("on") or attribute == "style"]
        assert not re.match(r"(?i)(\w+:)?//|javascript:", element.get("src", ""))
        if element.tag == "link":
            assert element.get("rel") == "canonical"


def test_what_the_article_says_about_itself_is_text() -> None:
    html = rendered(hostile())
    assert "<script" not in html
    assert "{{ 7*7 }}" in html
    assert "javascript:" not in html
    assert not set("\x00\x1b\ufffe") & set(html)


def test_links_to_elsewhere_tell_nothing_of_where_they_stand() -> None:
    document = tree(rendered(forwarded()))
    (referrer,) = [meta.get("content") for meta in document.iter("meta") if meta.get("name") == "referrer"]
    assert referrer == "no-referrer"
    source = [link for link in document.iter("a") if link.get("href", "").startswith("https://www.aldern")]
    assert {link.get("rel") for link in source} == {"noreferrer noopener nofollow"}


# --- what a page tells ----------------------------------------------------------------------------------------------


def test_the_page_tells_what_is_known() -> None:
    text = words(forwarded())
    for told in (
        "Read at The Aldern Review",
        "The last night train",
        "Ines Falk",
        "5 March 2024",
        "Forwarded by Miriam Adler, received 6 March 2024, 17:21",
        "For your weekend.",
        "Sent by Jonas Weil, 5 March 2024",
        "Forwarded by Jonas Weil Look at this!",
        "railways, slow travel",
        "1 left on the web, 1 missing from the mail",
        "Timetable, winter.pdf application/pdf, 9 bytes",
    ):
        assert told in text


def test_the_page_links_up_and_to_its_files_and_nowhere_else() -> None:
    links = [link.get("href") for link in tree(rendered(forwarded())).iter("a")]
    local = [link for link in links if link and not link.startswith("https://")]
    files = ["attachments/001-timetable.pdf", "message.eml", "article.md", "article.txt", "article.json"]
    assert local == ["../../../index.html", "../index.html", *files]


def test_a_mail_that_was_not_forwarded_was_sent() -> None:
    assert "Sent by Miriam Adler, received 6 March 2024, 17:21" in words(article())


def test_without_a_site_the_source_is_the_host() -> None:
    assert "Read at example.org" in words(article(url="https://www.example.org/a"))


def test_the_month_is_the_one_of_the_folder() -> None:
    html = rendered(article())
    assert '<a href="../index.html">March 2024</a>' in html


def test_an_article_without_anything_has_a_page_too() -> None:
    text = words(nothing())
    assert "Untitled" in text
    assert "There is no text in this mail." in text
    assert "Received 6 March 2024, 17:21" in text


def test_pictures_that_the_text_does_not_show_follow_it() -> None:
    document = tree(rendered(forwarded()))
    assert [image.get("src") for image in document.iter("img")] == ["images/001.png", "images/002-loose.png"]


def test_a_picture_that_browsers_cannot_show_is_linked() -> None:
    html = rendered(article(images=(Image("a.heic", "unreferenced", file="images/001-a.heic", data=b"x"),)))
    assert '<a href="images/001-a.heic">' in html
    assert "<img" not in html


@pytest.mark.parametrize(
    ("file", "filename", "content_type"),
    [
        ("attachments/001.html", "page.html", "application/octet-stream"),
        ("attachments/001.bin", "page.HTM", "application/octet-stream"),
        ("attachments/001.bin", "x", "text/html; charset=utf-8"),
        ("attachments/001.bin", "x", "image/svg+xml"),
        ("attachments/001.bin", "x", "application/xhtml+xml"),
        ("attachments/001.bin", "x", "TEXT/XML"),
        ("attachments/001.svg", None, "application/octet-stream"),
        ("attachments/001.mht", "page.mht", "application/octet-stream"),
    ],
)
def test_what_can_hold_scripts_is_named_but_not_linked(file: str, filename: str | None, content_type: str) -> None:
    of = article(attachments=(Attachment(file, filename, content_type, b"<script>alert(1)</script>"),))
    assert file not in [link.get("href") for link in tree(rendered(of)).iter("a")]
    assert f"open it from the folder, as {file}" in words(of)
    assert (filename or file) in words(of)


def test_no_attachment_hides_what_it_is() -> None:
    of = article(attachments=(Attachment("attachments/001.exe", "invoice\u202efdp.exe", "application/x-dosexec", b""),))
    assert "invoicefdp.exe" in words(of)


def test_an_arabic_article_runs_from_the_right_and_says_so() -> None:
    document = tree(rendered(article("حمدان", "<p>قال</p>", language="ar", direction="rtl")))
    (element,) = document.iter("article")
    for marked in (document, element):
        assert (marked.get("lang"), marked.get("dir")) == ("ar", "rtl")
    (footer,) = document.iter("footer")
    assert (footer.get("lang"), footer.get("dir")) == ("en", "ltr")


def test_an_unknown_language_is_not_claimed() -> None:
    assert tree(rendered(article(language=None))).get("lang") is None


# --- colours --------------------------------------------------------------------------------------------------------


def schemes() -> Iterator[dict[str, str]]:
    """The colours of each `:root` block: light, dark, print."""
    style = re.search(r"<style>(.*?)</style>", rendered(article()), re.DOTALL)
    assert style is not None
    for block in re.findall(r":root \{(.*?)\}", style[1], re.DOTALL):
        yield dict(re.findall(r"--(\w+): (#[0-9a-f]+)", block))


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2 §1.4.3."""
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    channels = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_every_text_has_contrast_in_light_dark_and_print() -> None:
    found = list(schemes())
    assert len(found) == 3
    for colours in found:
        for ink in ("ink", "muted", "link"):
            for ground in ("paper", "soft"):
                dark, light = sorted((luminance(colours[ink]), luminance(colours[ground])))
                assert (light + 0.05) / (dark + 0.05) >= 4.5, f"{ink} on {ground} in {colours}"


# --- in a browser ---------------------------------------------------------------------------------------------------

WIDE = (
    f"<p>{'Donaudampfschifffahrt' * 9} <a href='https://example.org/x'>https://example.org/{'a' * 300}</a> "
    f"<code>{'name_' * 60}</code></p><h2>{'Unbreakable' * 20}</h2>"
    f"<table><tr>{'<td>immovable-column</td>' * 30}</tr></table><pre><code>{'x = 1; ' * 80}</code></pre>"
    "<figure><img src='images/001.png' alt='' width='4000' height='300'>"
    f"<figcaption>{'caption' * 60}</figcaption></figure>"
    f"<ul><li><ul><li><blockquote><p>{'nested' * 50}</p></blockquote></li></ul></li></ul>"
    f"<dl><dt>{'term' * 40}</dt><dd>{'detail' * 40}</dd></dl>"
    + "<blockquote>" * 100
    + "quoted again and again"
    + "</blockquote>" * 100
    + "<ul><li>" * 60
    + "listed again and again"
    + "</li></ul>" * 60
)


def wide(direction: Any) -> Article:
    long = "x" * 300
    return article(
        f"A title {long}",
        WIDE,
        direction=direction,
        byline=long,
        site=long,
        url=f"https://example.org/{long}",
        note=long,
        tags=(long,),
        images=(Image("cid:a", "cid", file="images/001.png", data=PIXEL),),
        attachments=(Attachment("attachments/001.pdf", f"{long}.pdf", "application/pdf", b""),),
        warnings=(MailWarning("x", long),),
    )


def opened(
    browser: Browser, folder: Path, of: Article, width: int = 1200, *, dark: bool = False
) -> tuple[Page, list[str], list[str]]:
    """The page as Chromium opens it from disk, with every request it made and everything it complained of."""
    for image in of.images:
        if image.file and image.data:
            (folder / image.file).parent.mkdir(exist_ok=True)
            (folder / image.file).write_bytes(image.data)
    (folder / "index.html").write_text(rendered(of), "utf-8")
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme="dark" if dark else "light")
    shown = context.new_page()
    requests: list[str] = []
    complaints: list[str] = []
    shown.on("request", lambda request: requests.append(request.url))
    shown.on("console", lambda message: complaints.append(message.text))
    shown.goto((folder / "index.html").as_uri())
    return shown, requests, complaints


@pytest.mark.chromium
@pytest.mark.parametrize("direction", ["ltr", "rtl"])
@pytest.mark.parametrize("width", [320, 375, 1200])
def test_nothing_is_wider_than_the_screen(browser: Browser, tmp_path: Path, width: int, direction: str) -> None:
    shown, _, _ = opened(browser, tmp_path, wide(direction), width)
    assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")
    table = shown.locator(".text table")
    assert table.evaluate("table => table.scrollWidth > table.clientWidth"), "a wide table scrolls in its own box"
    shown.context.close()


LONG = (
    f"<p>{'漢字' * 5}<ruby>{'漢字' * 60}<rt>{'かんじ' * 60}</rt></ruby> <ruby>漢字<rt>かんじ</rt></ruby></p>"
    '<ol start="2147483600"><li>late</li></ol><ol start="3"><li>early</li></ol>'
)


@pytest.mark.chromium
def test_long_ruby_and_large_numbers_fit_a_telephone(browser: Browser, tmp_path: Path) -> None:
    shown, _, _ = opened(browser, tmp_path, article("The weir", LONG), 360)
    assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")
    styles = "lists => lists.map(list => getComputedStyle(list).listStylePosition)"
    assert shown.locator(".text ol").evaluate_all(styles) == ["inside", "outside"]
    assert shown.locator(".text ruby").evaluate_all("all => all.map(one => getComputedStyle(one).display)") == [
        "inline",
        "ruby",
    ]
    shown.context.close()


@pytest.mark.chromium
def test_the_browser_loads_the_pictures_and_nothing_else(browser: Browser, tmp_path: Path) -> None:
    shown, requests, complaints = opened(browser, tmp_path, forwarded())
    folder = tmp_path.as_uri()
    assert sorted(requests) == [f"{folder}/images/001.png", f"{folder}/images/002-loose.png", f"{folder}/index.html"]
    assert complaints == []
    assert shown.evaluate("document.images[0].naturalWidth") == 1
    shown.context.close()


@pytest.mark.chromium
def test_the_browser_refuses_what_the_policy_forbids(browser: Browser, tmp_path: Path) -> None:
    script, style = "<script>document.title = 'run'</script>", "<p style='color: red'>y</p>"
    of = article(html=f"{script}<img src='http://127.0.0.1:9/x.png'>{style}")
    shown, _, complaints = opened(browser, tmp_path, of)
    assert shown.title() == "The last night train"
    assert len([line for line in complaints if "Content Security Policy" in line]) == 3
    shown.context.close()


@pytest.mark.chromium
def test_a_line_holds_60_to_75_letters(browser: Browser, tmp_path: Path) -> None:
    shown, _, _ = opened(browser, tmp_path, article())
    lines: list[int] = shown.evaluate(
        """() => {
            const text = document.querySelector('.text p')
            const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT)
            const range = document.createRange(), lines = new Map()
            for (let node; (node = walker.nextNode());) for (let i = 0; i < node.length; i++) {
                range.setStart(node, i); range.setEnd(node, i + 1)
                const bottom = Math.round(range.getBoundingClientRect().bottom / 10)
                lines.set(bottom, (lines.get(bottom) || 0) + 1)
            }
            return [...lines.values()]
        }"""
    )
    full = lines[:-1]
    assert len(full) >= 3
    assert 60 <= sum(full) / len(full) <= 75
    shown.context.close()


@pytest.mark.chromium
def test_the_page_is_dark_where_the_reader_wants_it_dark(browser: Browser, tmp_path: Path) -> None:
    grounds = []
    for dark in (False, True):
        shown, _, _ = opened(browser, tmp_path, article(), 800, dark=dark)
        grounds.append(shown.evaluate("getComputedStyle(document.documentElement).backgroundColor"))
        shown.context.close()
    assert grounds == ["rgb(253, 252, 249)", "rgb(25, 24, 21)"]


def test_a_large_picture_leads_to_its_file() -> None:
    small = '<img src="images/001.png" alt="" width="640" height="480">'
    large = '<img src="images/002.png" alt="a &gt; b" width="2048" height="900">'
    linked = f'<a href="https://example.org/">{large}</a>'
    html = rendered(article(html=f"<p>{small}</p><figure>{large}</figure><p>{linked}</p>"))
    assert f"<p>{small}</p>" in html
    assert f'<figure><a href="images/002.png">{large}</a></figure>' in html
    assert f"<p>{linked}</p>" in html
    tree(html)


def test_footnotes_are_valid_and_lead_within_the_page() -> None:
    notes = '<p>a<sup id="place-1"><a href="#place-2">1</a></sup></p>'
    notes += '<ol><li id="place-2">b <a href="#place-1">x</a></li></ol>'
    document = tree(rendered(article(html=notes)))
    ids = [element.get("id") for element in document.iter() if element.get("id")]
    assert ids == ["place-1", "place-2"]
