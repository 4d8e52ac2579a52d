"""Newsletters are told from letters, lists and receipts, and lose their frame, nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailarchiver.article.extract import extract
from mailarchiver.article.newsletter_signs import hides_target, is_senders, shares
from mailarchiver.model import Address, Article, TagRules

from .making import article, original

PROSE = (
    "The swifts came back on the ninth of May, two days later than last year and in smaller numbers, as far as one can "
    "count what never sits still. They have taken the boxes under the eaves of the school, and left the old ones on "
    "the church tower to the starlings, who had been quarrelling about them since March with everybody in the yard."
)
BODY = f"<h2>Arrivals</h2><p>{PROSE}</p><ul><li>nine at the school</li><li>none at the church</li></ul><p>{PROSE}</p>"
WEB = '<p><a href="https://swifts.example.org/letters/9">View in browser</a></p>'
LEAVE = '<p>You receive this because you asked for it. <a href="https://swifts.example.org/u?1">Unsubscribe</a></p>'
LIST = (("List-Unsubscribe", "<https://swifts.example.org/u?1>"), ("List-Id", "Swift Letter <swifts.example.org>"))


def sent(html: str, *fields: tuple[str, str], subject: str = "The swifts are late", **headers: object) -> Article:
    """A mail straight from its sender, with these header fields."""
    mail = original(html, subject=subject)
    told = {"sender": Address("Swift Society", "letter@swifts.example.org"), "date": "2024-05-19T07:00:00+00:00"}
    given = replace(mail.headers, fields=fields, **(told | headers))  # type: ignore[arg-type]
    return extract(replace(mail, headers=given), TagRules())


def test_a_newsletter_keeps_its_text_and_loses_its_frame() -> None:
    found = sent(WEB + BODY + LEAVE, *LIST)
    assert found.kind == "newsletter"
    assert found.html.startswith("<h2>Arrivals</h2>")
    assert found.html.count("<li>") == 2
    assert "browser" not in found.text
    assert "Unsubscribe" not in found.text
    assert "You receive" not in found.text
    assert (found.url, found.site, found.published) == (
        "https://swifts.example.org/letters/9",
        "Swift Letter",
        "2024-05-19",
    )
    assert found.provenance["published"] == "date of the newsletter's mail"


@pytest.mark.parametrize(
    ("web", "leave"),
    [
        ("Im Browser ansehen", "Newsletter abbestellen"),
        ("Voir dans le navigateur", "Se désabonner"),
        ("Ver en el navegador", "Darse de baja"),
        ("Visualizza nel browser", "Annulla iscrizione"),
        ("Bekijk in browser", "Uitschrijven"),
        ("Zobacz w przeglądarce", "Wypisz się"),
        ("Посмотреть в браузере", "Отписаться"),
        ("Tarayıcıda görüntüle", "Abonelikten çık"),
        ("عرض في المتصفح", "إلغاء الاشتراك"),
        ("ブラウザで表示", "配信停止"),
        ("在浏览器中查看", "退订"),
        ("브라우저에서 보기", "수신거부"),
    ],
)
def test_links_of_many_languages_tell_a_newsletter(web: str, leave: str) -> None:
    html = f'<table><tr><td><a href="https://x.example.org/9">{web}</a></td></tr><tr><td>{BODY}</td></tr>'
    html += f'<tr><td><a href="https://x.example.org/out">{leave}</a></td></tr></table>'
    found = article(html)
    assert found.kind == "newsletter"
    assert web not in found.text
    assert leave not in found.text
    assert "nine at the school" in found.text


@pytest.mark.parametrize(
    "fields",
    [
        (*LIST, ("List-Post", "<mailto:swifts@lists.example.org>")),
        (*LIST, ("In-Reply-To", "<1@example.org>")),
        (*LIST, ("X-GitHub-Reason", "mention")),
    ],
    ids=["discussion", "answer", "notification"],
)
def test_what_somebody_answers_or_may_answer_is_no_newsletter(fields: tuple[tuple[str, str], ...]) -> None:
    found = sent(WEB + BODY + LEAVE, *fields)
    assert found.kind == "message"
    assert "View in browser" in found.text


@pytest.mark.parametrize(
    "subject", ["Your order 4711", "Ihre Bestellung", "Please confirm your address", "Reset your password"]
)
def test_mail_about_a_thing_of_the_readers_is_no_newsletter(subject: str) -> None:
    assert sent(WEB + BODY + LEAVE, *LIST, subject=subject).kind == "message"


def test_a_receipt_is_told_by_its_words() -> None:
    words = "<p>Order number: 12</p><p>Shipping address: 4 Ropewalk</p>"
    assert sent(BODY + words + LEAVE, *LIST).kind == "message"


@pytest.mark.parametrize(
    "letter",
    [
        f"<p>Dear Ada,</p>{BODY}<p>To leave their list say unsubscribe.</p><p>Yours, Jane</p>",
        f'<p>Dear Ada,</p>{BODY}<p>Then <a href="https://swifts.example.org/u?1">unsubscribe</a> there.</p><p>Jane</p>',
    ],
    ids=["a word", "a link"],
)
def test_a_letter_that_speaks_of_unsubscribing_is_a_letter(letter: str) -> None:
    found = article(letter)
    assert found.kind == "message"
    assert "unsubscribe" in found.text


def test_an_advertisement_of_pictures_is_no_newsletter() -> None:
    assert sent(f'{WEB}<img src="https://x.example.org/all.jpg">{LEAVE}', *LIST).kind == "message"


def test_bars_go_and_the_words_of_the_text_stay() -> None:
    bars = '<p><a href="https://twitter.com/intent/tweet?text=x">Tweet</a> | <a href="https://x.example.org/s">Share</a></p>'
    said = "<p>Share this letter with the starlings, said the swift, and flew away before anybody could ask it why.</p>"
    found = sent(WEB + BODY + bars + said + LEAVE, *LIST)
    assert "Tweet" not in found.text
    assert "said the swift" in found.text


def test_icons_of_sharing_and_the_pictures_of_the_footer_go() -> None:
    icon = '<a href="https://facebook.com/sharer/sharer.php?u=1"><img src="https://x.example.org/f.png" alt="F"></a>'
    photo = '<p><img src="https://x.example.org/swift.jpg" alt="A swift at the eaves"></p>'
    footer = LEAVE + '<p><img src="https://x.example.org/seal.png" alt="The seal"></p>'
    found = sent(WEB + BODY + photo + icon + footer, *LIST)
    assert [image.alt for image in found.images] == ["A swift at the eaves"]


def test_the_frame_that_buttondown_puts_around_a_letter() -> None:
    above = '<p><a href="https://buttondown.email/swifts/archive/late/">View this email online</a></p>'
    below = (
        '<p>You just read issue #12 of Swift Letter. You can also <a href="https://buttondown.email/swifts/archive">'
        "browse the full archives</a> of this newsletter.</p>"
        '<p>Share on <a href="https://facebook.com/sharer">Facebook</a></p>'
        '<p>Brought to you by <a href="https://buttondown.email">Buttondown</a>, the easiest way to write letters. '
        '<a href="https://buttondown.email/unsubscribe/x">Unsubscribe</a></p>'
    )
    found = sent(above + BODY + below, *LIST)
    assert found.url == "https://buttondown.email/swifts/archive/late/"
    assert found.html == sent(WEB + BODY + LEAVE, *LIST).html


def test_the_buttons_that_ghost_puts_below_a_letter_go() -> None:
    buttons = "".join(
        f'<td><a href="https://swifts.example.org/{way}">{words}</a></td>'
        for way, words in (("like", "More like this"), ("dislike", "Less like this"), ("talk", "Comment"))
    )
    found = sent(WEB + BODY + f"<table><tr>{buttons}</tr></table>" + LEAVE, *LIST)
    assert found.html == sent(WEB + BODY + LEAVE, *LIST).html


def test_icons_of_networks_go_wherever_they_lead() -> None:
    icon = '<a href="https://click.x.example.org/c/{0}"><img src="https://x.example.org/{0}" alt="{1}" width="32"></a>'
    icons = (
        icon.format("1.png", "Facebook")
        + icon.format("icon-instagram.png", "")
        + icon.format("2.png", "Follow us on X")
    )
    photo = '<p><img src="https://x.example.org/twitter-office.jpg" alt="Their office" width="600"></p>'
    found = sent(WEB + BODY + photo + icons + "<p>The Swift Society, for its friends</p>" + LEAVE, *LIST)
    assert [image.alt for image in found.images] == ["Their office"]


@pytest.mark.parametrize(
    ("line", "leave"),
    [
        ("You’re subscribed to The Swift Letter.", "Unsubscribe"),
        ("Vous recevez cet e-mail.", "Se désabonner de cette lettre d’information"),
    ],
)
def test_typographic_apostrophes_are_apostrophes(line: str, leave: str) -> None:
    foot = f'<p>{line}</p><p><a href="https://swifts.example.org/u?1">{leave}</a></p>'
    assert sent(WEB + BODY + foot, *LIST).text.splitlines()[-1] == PROSE


def test_what_counts_referrals_or_asks_what_one_thinks_goes() -> None:
    refer = (
        "<h2>Share The Swift Letter</h2><p>You currently have <b>0</b> referrals, only 1 away from a mug.</p>"
        '<p>Or copy and paste this link to others: <a href="https://x.example.org/s?r=1">https://x.example.org/s?r=1</a></p>'
    )
    poll = (
        "<p>What’d you think of today’s letter?</p>"
        '<ul><li><a href="https://x.example.org/v?1">Great</a></li><li><a href="https://x.example.org/v?2">Meh</a></li></ul>'
    )
    found = sent(WEB + BODY + refer + "<p>Until next week, Ada</p>" + poll + LEAVE, *LIST)
    assert found.text.splitlines()[-1] == "Until next week, Ada"
    assert "Share The" not in found.text
    assert "mug" not in found.text


def test_a_picture_above_the_text_stays_and_the_logo_goes() -> None:
    logo = '<p><img src="https://x.example.org/logo.gif" alt="Swift Society"></p>'
    hero = '<p><img src="https://x.example.org/sky.jpg" alt="The sky in May"></p>'
    found = sent(WEB + logo + hero + BODY + LEAVE, *LIST)
    assert [image.alt for image in found.images] == ["The sky in May"]


@pytest.mark.parametrize(
    "style",
    ["max-height:0;overflow:hidden", "mso-hide:all", "opacity:0", "font-size:1px;line-height:1px", "display:none"],
)
def test_a_hidden_preheader_goes(style: str) -> None:
    assert "In this issue" not in sent(f'<div style="{style}">In this issue: late.</div>{BODY}{LEAVE}', *LIST).text


def test_a_printed_date_beats_that_of_the_mail_and_is_not_repeated() -> None:
    found = sent(f"{WEB}<p>17 May 2024</p>{BODY}{LEAVE}", *LIST)
    assert found.published == "2024-05-17"
    assert "17 May" not in found.text


def test_a_pasted_newsletter_has_not_its_senders_date() -> None:
    found = article(f"<table><tr><td>{WEB}{BODY}{LEAVE}</td></tr></table>")
    assert found.kind == "newsletter"
    assert found.published is None
    assert found.site == "swifts.example.org"


@pytest.mark.parametrize(
    ("sender", "address", "byline", "site"),
    [
        ("Ada from Swift Letter", "swiftletter@mail.beehiiv.com", "Ada", "Swift Letter"),
        ("Ada Quill at Swift Letter", "ada@swift-letter.org", "Ada Quill", "Swift Letter"),
        ("Ada Quill | Swift Letter", "ada@swiftletter.org", "Ada Quill", "Swift Letter"),
        ("Ada Quill chez Martinets", "ada@martinets.example", "Ada Quill", "Martinets"),
        ("Ada de Oxbow", "ada@oxbow.example", None, "Ada de Oxbow"),
        ("Ada von Oxbow", "ada@oxbow.example", None, "Ada von Oxbow"),
        ("Quill, Marina", "marina@example.org", None, "Quill, Marina"),
        ("Ada de Quill", "ada@example.org", None, "Ada de Quill"),
        ("Ada from Oxbow", "ada@example.org", None, "Ada from Oxbow"),
        ("News from Swift Letter", "swiftletter@mail.beehiiv.com", None, "News from Swift Letter"),
    ],
)
def test_a_senders_name_may_say_author_and_newsletter(
    sender: str, address: str, byline: str | None, site: str | None
) -> None:
    found = sent(f"{WEB}{BODY}{LEAVE}", LIST[0], sender=Address(sender, address))
    assert found.kind == "newsletter"
    assert (found.byline, found.site) == (byline, site)


@pytest.mark.parametrize("joint", [" from", " |", ",", " –"])
def test_the_list_confirms_the_newsletter_of_a_senders_name(joint: str) -> None:
    found = sent(f"{WEB}{BODY}{LEAVE}", *LIST, sender=Address(f"Ada{joint} Swift Letter", "ada@example.org"))
    assert (found.byline, found.site) == ("Ada", "Swift Letter")


def test_the_bare_line_of_its_sender_is_the_byline_and_not_text() -> None:
    head = "<h1>The swifts are late</h1><p>And the farmer waits</p><p>Ada Quill</p><p>May 17, 2024</p>"
    sender = Address("Ada from Swift Letter", "swiftletter@mail.beehiiv.com")
    found = sent(f"{WEB}{head}{BODY}{LEAVE}", LIST[0], sender=sender)
    assert (found.byline, found.published) == ("Ada Quill", "2024-05-17")
    assert "Ada Quill" not in found.text
    assert "And the farmer waits" in found.text


def test_an_address_that_hides_where_it_leads_is_none() -> None:
    web = WEB.replace("https://swifts.example.org/letters/9", "https://click.swifts.example.org/CL0/abc")
    assert sent(web + BODY + LEAVE, *LIST).url is None


def test_hosts() -> None:
    assert is_senders("https://us3.list-manage.com/x")
    assert not is_senders("https://notlist-manage.com/x")
    assert shares("https://twitter.com/intent/tweet?u=1")
    assert shares("https://www.instagram.com/swifts/")
    assert not shares("https://twitter.com/swifts/status/12")
    assert hides_target("https://u1.ct.sendgrid.net/ls/click?upn=1")
    assert not hides_target("https://swifts.example.org/letters/9")
