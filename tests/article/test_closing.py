"""What is left out at the end of a mail's body, and what becomes of the pictures there."""

from __future__ import annotations

import time

import pytest

from mailarchiver.model import Article, Part

from .making import PNG, article, png, reader_page

STORY = "<p>The swifts were late this year. They came on the ninth of May.</p>"
TEXT = "The swifts were late this year. They came on the ninth of May."
LOGO = Part("image/png", png(90, 30), filename="logo.png", content_id="logo@x")


def shown(found: Article) -> str:
    return found.text.strip("\n")


def closing(found: Article) -> str | None:
    return found.provenance.get("closing")


@pytest.mark.parametrize(
    "signature",
    [
        '<div class="gmail_signature">Jane Roe<br>Tower Press</div>',
        '<div class="gmail-m_-123gmail_signature" dir="ltr"><div>Jane Roe</div><div>Tower Press</div></div>',
        '<span class="gmail_signature_prefix">-- </span><br><div class="gmail_signature">Jane Roe</div>',
        '<div class="moz-signature">-- <br>Jane Roe</div>',
        '<pre class="x_moz-signature" cols="72">-- \nJane Roe</pre>',
        '<div id="x_AppleMailSignature">Jane Roe</div>',
        '<div id="ms-outlook-mobile-signature">Get <a href="https://aka.example.com/o">Outlook for iOS</a></div>',
        '<div id="Signature"><table><tr><td>Jane Roe</td><td>Tower Press</td></tr></table></div>',
        '<div class="protonmail_signature_block"><div>Jane Roe</div></div>',
    ],
)
def test_a_marked_signature_is_left_out(signature: str) -> None:
    found = article(f"<div>{STORY}<br>{signature}<br></div>")
    assert shown(found) == TEXT
    assert closing(found) == "left out: signature"


def test_a_signature_with_text_below_stays() -> None:
    found = article(f'<div class="gmail_signature">Jane Roe</div>{STORY}')
    assert shown(found) == f"Jane Roe\n\n{TEXT}"
    assert closing(found) is None


def test_what_only_bears_the_name_of_a_signature_stays() -> None:
    found = article(f'<p>See this:</p><div class="gmail_signature">{STORY * 40}</div>')
    assert found.text.count(TEXT) == 40


def test_a_mail_that_is_all_signature_stays() -> None:
    assert shown(article('<div class="gmail_signature">Jane Roe</div>')) == "Jane Roe"


@pytest.mark.parametrize(
    ("end", "told"),
    [
        ("<div>-- <br>Jane Roe<br>Tower Press</div>", "signature"),
        ("<p>-- <br>\nJane Roe</p>", "signature"),
        ("<div>--&nbsp;</div><div>Jane Roe</div>", "signature"),
        ("<br>Sent from my iPhone", "device"),
        ("<div>Envoyé de mon <b>iPhone</b></div><div><br></div>", "device"),
        ('<p>Get <a href="https://aka.example.com/o">Outlook for Android</a></p>', "device"),
        (
            (
                '<hr><table><tr><td><img src="https://avast.example.com/i.png" width="46" height="29"></td>'
                '<td>Virus-free. <a href="https://www.avast.com/sig">www.avast.com</a></td></tr></table>'
            ),
            "virus check",
        ),
        (
            (
                "-- <br>You received this message because you are subscribed to the Google Groups &quot;Swifts&quot;"
                " group.<br>To unsubscribe from this group, send an email to"
                ' <a href="mailto:s+u@g.example">s+u@g.example</a>.<br>'
            ),
            "list",
        ),
        (
            ('<p><a href="https://example.org/u?1">Unsubscribe</a> | <a href="https://example.org">Privacy</a></p>'),
            "list",
        ),
        (
            (
                '<img src="https://example.org/open.gif" width="1" height="1">'
                "<pre>_______________________________________________\nSwifts mailing list\nSwifts@example.org\n"
                "https://example.org/mailman/listinfo/swifts\n</pre>"
            ),
            "list",
        ),
        ("<div>-- <br>Jane</div><div>Sent from my iPhone</div>", "signature, device"),
    ],
)
def test_a_closing_is_found_in_what_is_shown(end: str, told: str) -> None:
    found = article(f"<div>{STORY}{STORY}{end}</div>")
    assert shown(found) == f"{TEXT}\n\n{TEXT}"
    assert found.html.count("<p>") == 2
    assert "<hr>" not in found.html
    assert closing(found) == f"left out: {told}"


def test_a_closing_is_cut_out_of_one_text() -> None:
    found = article("<pre>The swifts\n   are late.\n\n-- \nJane Roe\n</pre>")
    assert shown(found) == "The swifts\n   are late."
    assert "   are late." in found.html
    assert closing(found) == "left out: signature"


def test_plain_text_has_a_closing_too() -> None:
    text = f"{TEXT}\n\n{TEXT}\n\nJane\n\n-- \nJane Roe\nTower Press\n\n{'_' * 47}\nSwifts mailing list\ns@example.org\n"
    found = article(None, text=text)
    assert shown(found).endswith("Jane")
    assert closing(found) == "left out: signature, list"


def test_a_mail_without_closing_says_nothing_of_it() -> None:
    found = article(STORY)
    assert shown(found) == TEXT
    assert "closing" not in found.provenance


def test_the_reader_view_is_not_cut() -> None:
    found = article(reader_page(f"{STORY}<p>-- <br>Jane Roe</p>"))
    assert "Jane Roe" in found.text
    assert closing(found) is None


def test_hidden_code_is_not_the_end() -> None:
    found = article(
        f"<body>{STORY}<p>Sent from my iPhone</p><style>p {{}}</style><!-- end --><script>x()</script></body>"
    )
    assert shown(found) == TEXT


def test_a_logo_in_a_signature_is_kept_and_listed_but_not_in_the_text() -> None:
    found = article(
        f'{STORY}<img src="cid:tower@x"><div class="gmail_signature">Jane<img src="cid:logo@x">'
        '<img src="https://example.org/remote.png"></div>',
        parts=(Part("image/png", PNG, filename="tower.png", content_id="tower@x"), LOGO),
    )
    assert [image.source for image in found.images] == ["cid:tower@x", "cid:logo@x", "https://example.org/remote.png"]
    tower, logo, remote = found.images
    assert logo.data == LOGO.data
    assert logo.file is not None
    assert logo.file not in found.html
    assert (logo.outcome, logo.reason) == ("dropped", "stands in the signature only: kept, not shown")
    assert tower.file is not None
    assert tower.file in found.html
    assert remote.outcome == "remote"
    assert not found.attachments


def test_a_logo_that_came_twice_is_not_shown_either() -> None:
    parts = tuple(Part("image/png", PNG, content_id=f"logo{n}@x") for n in (1, 2))
    logos = "".join(f'<img src="cid:logo{n}@x">' for n in (1, 2))
    found = article(f'{STORY}<div class="gmail_signature">Jane{logos}</div>', parts=parts)
    assert [image.outcome for image in found.images] == ["dropped", "dropped"]
    assert len({image.file for image in found.images}) == 1


def test_a_photograph_above_a_device_line_is_the_mail() -> None:
    parts = (Part("image/png", PNG, filename="tower.png", content_id="tower@x"),)
    found = article('<img src="cid:tower@x"><br><br>Sent from my iPhone', parts=parts)
    assert not found.text.strip()
    assert found.html.count("<img") == 1


def test_a_photograph_below_a_delimiter_stays() -> None:
    parts = (Part("image/png", PNG, filename="tower.png", content_id="tower@x"),)
    found = article(f'{STORY}-- <br>Jane<br><img src="cid:tower@x">', parts=parts)
    assert found.html.count("<img") == 1
    assert "Jane" in found.text


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<p>x</p>" + "<br>" * 200_000, id="line breaks"),
        pytest.param("<p>x</p><p>" + "a " * 500_000 + "</p>-- <br>Jane", id="a long line"),
        pytest.param("<pre>" + "word\n" * 200_000 + "-- \nJane</pre>", id="many lines"),
        pytest.param("x" + '<div class="gmail_signature">' * 900 + "Jane", id="nested signatures"),
        pytest.param("x" + '<div class="gmail_signature">Jane</div>' * 50_000, id="many signatures"),
    ],
)
def test_hostile_bodies_take_no_longer_than_others(html: str) -> None:
    start = time.perf_counter()
    article(html)
    assert time.perf_counter() - start < 10
