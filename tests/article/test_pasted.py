"""A web page pasted below a note and its address; letters that only name an address are left alone."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser

from mailarchiver.article.page_signs import unprefixed
from mailarchiver.article.pasted import Paste, take_frame

URL = "https://paper.example.org/2024/the-weir"
LINK = f'<div><a href="{URL}">{URL}</a></div><div><br></div>'
PAGE = (
    '<div class="{0}site-head"><nav class="{0}menu"><a href="https://paper.example.org/">Paper</a></nav></div>'
    '<div id="{0}content"><h1 class="{0}headline">The weir</h1><p class="{0}lead">It holds, for now.</p>'
    '<figure class="{0}photo"><img src="cid:weir"></figure><p>More of it.</p></div>'
)


def framed(html: str, title: str = "The weir") -> tuple[Paste | None, str]:
    tree = LexborHTMLParser(html)
    found = take_frame(tree, [title])
    return found, " ".join(tree.body.text().split()) if tree.body else ""


@pytest.mark.parametrize("prefix", ["gmail-", "m_123gmail-", "gmail-m_-77gmail-", "x_gmail-", "yiv42gmail-", ""])
@pytest.mark.parametrize(
    "wrapped", ["{}", '<div dir="ltr">{}</div>', '<div>&nbsp;</div>\n<div><div dir="ltr">{}</div></div><br>']
)
def test_note_and_address_above_a_page(prefix: str, wrapped: str) -> None:
    html = wrapped.format(f"<div>For the file, #water</div><div>Thanks!</div>{LINK}{PAGE.format(prefix)}")
    found, rest = framed(html)
    assert found == Paste(URL, "first line", "For the file, #water\n\nThanks!")
    assert rest.startswith("Paper")
    assert "Thanks" not in rest
    assert URL not in rest


def test_an_address_below_a_page() -> None:
    found, rest = framed(f"<div>{PAGE.format('gmail-')}<div><br></div>{LINK}</div>")
    assert found == Paste(URL, "last line", None)
    assert URL not in rest


def test_the_title_above_is_no_note() -> None:
    found, _ = framed(f"<div>The Weir</div><div>Look!</div>{LINK}{PAGE.format('gmail-')}")
    assert found == Paste(URL, "first line", "Look!")


def test_a_bare_text_line_is_an_address_too() -> None:
    found, rest = framed(f"see<br>{URL}<br>{PAGE.format('gmail-')}")
    assert found == Paste(URL, "first line", "see")
    assert "see" not in rest


@pytest.mark.parametrize(
    "html",
    [
        f"<div>Look at this:</div>{LINK}<div>It made me think of the weir at home.</div><div>Jane</div>",
        f'<div dir="ltr"><div class="gmail_default">Look:</div>{LINK}<div class="gmail_signature">Jane</div></div>',
        f'<div class="WordSection1"><p class="MsoNormal">{URL}</p>'
        + '<p class="MsoNormal">And more.</p>' * 20
        + "</div>",
        f"<p>Dear all,</p><p>{'a long letter, ' * 200}</p>{LINK}",
        PAGE.format("gmail-"),
        PAGE.format(""),
        "",
        "<table><tr><td></td></tr></table>",
    ],
    ids=["letter", "gmail letter", "outlook letter", "long letter", "page alone", "sent page", "empty", "empty table"],
)
def test_a_letter_stays_a_letter_and_a_page_alone_has_no_frame(html: str) -> None:
    before = LexborHTMLParser(html).html
    tree = LexborHTMLParser(html)
    assert take_frame(tree, []) is None
    assert tree.html == before


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("gmail-x", "x"),
        ("m_-12gmail-x", "x"),
        ("x_x_a", "a"),
        ("yiv0123a", "a"),
        ("content", "content"),
        ("x-y", "x-y"),
    ],
)
def test_prefixes_of_mail_programs(name: str, bare: str) -> None:
    assert unprefixed(name) == bare
