"""Forwards unwrapped: who wrote it, who passed it on, what they said, and what it was."""

from __future__ import annotations

import pytest

from mailarchiver.message.forward import unwrap
from mailarchiver.message.parse import parse
from mailarchiver.model import Address, Headers, Original

from .making import HEAD, html_mail, mail, multipart, only, part, text_mail

JANE = Address("Jane Roe", "jane@example.org")
BLOCK = """---------- Forwarded message ---------
From: Jane Roe <jane@example.org>
Date: Wed, Mar 6, 2024 at 6:21\u202fPM
Subject: Rain in May
To: Fay Forwarder <fay@example.org>
"""
GMAIL = """<div dir="ltr">{note}<br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">\
---------- Forwarded message ---------<br>{From}: <strong class="gmail_sendername">Jane Roe</strong> <span dir="auto">\
&lt;<a href="mailto:jane@example.org">jane@example.org</a>&gt;</span><br>Date: {date}<br>Subject: Rain in May<br>\
To: Fay &lt;<a href="mailto:fay@example.org">fay@example.org</a>&gt;<br></div><br><br>{body}</div>\
<br clear="all"><span class="gmail_signature_prefix">-- </span><br><div class="gmail_signature">Fay</div></div>"""
ARTICLE = '<div class="m_12gmail-container" lang="en"><h1>Rain in May</h1><p>It rained &amp; rained.</p></div>'
OUTLOOK = """<html><head><style>p {{margin:0}}</style></head><body><p>{note}</p><div id="appendonsend"></div><hr>
<div id="divRplyFwdMsg" dir="ltr"><font face="Calibri"><b>{From}:</b> Jane Roe &lt;jane@example.org&gt;<br>
<b>{sent}:</b> {date}<br><b>{to}:</b> Fay Forwarder &lt;fay@example.org&gt;<br><b>{subject}:</b> Rain in May</font>
<div>&nbsp;</div></div><div>{article}</div></body></html>"""
APPLE = (
    '<html><body><div>Look</div><div><br><blockquote type="cite"><div>Begin forwarded message:</div><br>'
    '<div><span><b>From: </b></span><span>Jane Roe &lt;<a href="mailto:jane@example.org">jane@example.org</a>&gt;<br>'
    "</span></div><div><span><b>Subject: </b></span><span><b>Rain in May</b><br></span></div>"
    "<div><span><b>Date: </b></span><span>6 March 2024 at 18:21:00 CET<br></span></div>"
    f"<div><span><b>To: </b></span><span>fay@example.org<br></span></div><br>{ARTICLE}</blockquote></div>"
    "<div>Sent from my iPhone</div></body></html>"
)
THUNDERBIRD = (
    '<body><p>Look</p><div class="moz-forward-container"><br><br>-------- Forwarded Message --------'
    '<table class="moz-email-headers-table"><tbody><tr><th>Subject: </th><td>Rain in May</td></tr>'
    "<tr><th>Date: </th><td>Wed, 6 Mar 2024 18:21:00 +0100</td></tr>"
    "<tr><th>From: </th><td>Jane Roe <a href='mailto:jane@example.org'>&lt;jane@example.org&gt;</a></td></tr>"
    f"<tr><th>To: </th><td>fay@example.org</td></tr></tbody></table><br>{ARTICLE}</div></body>"
)
YAHOO = (
    '<div class="ydp1yahoo-style-wrap"><div>Look</div></div><div id="yahoo_quoted_1" class="yahoo_quoted"><div>'
    "<div>----- Forwarded Message -----</div><div><b>From:</b> Jane Roe &lt;jane@example.org&gt;</div>"
    "<div><b>To:</b> fay@example.org</div><div><b>Sent:</b> Wednesday, March 6, 2024 at 06:21:00 PM GMT+1</div>"
    f"<div><b>Subject:</b> Rain in May</div><div><br></div><div>{ARTICLE}</div></div></div>"
)


def assert_is_the_article(original: Original, *, note: str | None = "Look") -> None:
    assert original.forwarded == "inline"
    assert original.headers.sender == JANE
    assert original.headers.subject == "Rain in May"
    assert (original.headers.date or "")[:16] == "2024-03-06T18:21"
    assert original.note == note
    assert [hop.sender for hop in original.hops] == [Address("Fay Forwarder", "fay@example.org")]
    assert original.hops[0].note == note
    assert ARTICLE in (original.html or "")
    for boilerplate in ("Forwarded", "Subject", "gmail_signature", "iPhone", "Look"):
        assert boilerplate not in (original.html or "")


def gmail(
    note: str = "Look", label: str = "From", date: str = "Wed, Mar 6, 2024 at 6:21 PM", body: str = ARTICLE
) -> str:
    return GMAIL.format(note=note, From=label, date=date, body=body)


@pytest.mark.parametrize(
    "html",
    [
        gmail(),
        OUTLOOK.format(
            article=ARTICLE,
            note="Look",
            From="From",
            sent="Sent",
            to="To",
            subject="Subject",
            date="Wednesday, March 6, 2024 6:21 PM",
        ),
        APPLE,
        THUNDERBIRD,
        YAHOO,
        gmail().replace('class="gmail_', 'class="x_gmail_'),
    ],
    ids=["gmail", "outlook", "apple", "thunderbird", "yahoo", "gmail in outlook"],
)
def test_every_program_s_html(html: str) -> None:
    assert_is_the_article(only(html_mail(html)))


@pytest.mark.parametrize(
    ("label", "date"),
    [
        ("Von", "Mi., 6. März 2024 um 18:21 Uhr"),
        ("De", "mer. 6 mars 2024 à 18:21"),
        ("Saatja", "K, 6. märts 2024 kell 18:21"),
        ("Feladó", "2024. márc. 6., Sze, 18:21"),
        ("寄件者", "2024年3月6日 週三 下午6:21"),
        ("보낸사람", "2024년 3월 6일 (수) 오후 6:21"),
    ],
)
def test_gmail_in_other_languages(label: str, date: str) -> None:
    assert_is_the_article(only(html_mail(gmail(label=label, date=date))))


def test_outlook_in_german() -> None:
    html = OUTLOOK.format(
        article=ARTICLE,
        note="Look",
        From="Von",
        sent="Gesendet",
        to="An",
        subject="Betreff",
        date="Mittwoch, 6. März 2024 18:21",
    )
    assert_is_the_article(only(html_mail(html, subject="WG: Rain in May")))


def test_the_labels_language_tells_day_from_month() -> None:
    html = OUTLOOK.format(
        article=ARTICLE, note="", From="De", sent="Enviado", to="Para", subject="Asunto", date="06/03/2024 18:21"
    )
    assert only(html_mail(html)).headers.date == "2024-03-06T18:21"


def test_the_inner_markup_is_not_touched() -> None:
    body = '<div class="m_1gmail-x" style="color:red"><p data-a="1">two\n  lines</p><img src="cid:a@b"></div>'
    assert (only(html_mail(gmail(body=body))).html or "").strip() == body


def test_right_to_left_quotes_stay_right_to_left() -> None:
    html = gmail(body="<p>نص</p>").replace('class="gmail_quote', 'dir="rtl" class="gmail_quote')
    assert (only(html_mail(html)).html or "").startswith('<div dir="rtl">')


def test_text_of_every_program() -> None:
    quoted = "\n".join(f"> {line}" for line in [*BLOCK.splitlines()[1:], "", "It rained.", "And rained."])
    mails = {
        "gmail": f"Look\n\n{BLOCK}\n\nIt rained.\nAnd rained.\n",
        "apple": f"Look\n\n> Begin forwarded message:\n>\n{quoted}\n>\n\nFay\n",
        "mailmate": f"Look\n\nForwarded message:\n\n{quoted}\n",
        "outlook": "Look\n\n________________________________\n"
        + BLOCK.split("\n", 1)[1]
        + "\nIt rained.\nAnd rained.\n",
        "missive": f"Look\n\n{BLOCK}\n> It rained.\n> And rained.\n",
        "bold": "Look\n\n*From:* Jane Roe <jane@example.org>\n*Sent:* 6 March 2024 18:21\n*Subject:* Rain in May\n\n"
        "It rained.\nAnd rained.",
    }
    for name, text in mails.items():
        original = only(text_mail(text))
        assert (original.headers.sender, original.headers.subject, original.note) == (JANE, "Rain in May", "Look"), name
        assert original.headers.date == "2024-03-06T18:21", name
        assert original.text == "It rained.\nAnd rained.", name


@pytest.mark.parametrize(
    ("html", "text"), [("<p>It rained.</p>", None), ("", "It rained.")], ids=["beside the HTML", "instead of it"]
)
def test_the_plain_text_is_cut_out_only_where_the_html_has_none(html: str, text: str | None) -> None:
    """Nothing reads the one beside the other."""
    quote = '<div class="gmail_quote"><div class="gmail_attr">{}</div>{}</div>'.format(
        BLOCK.replace("<", "&lt;").replace("\n", "<br>"), html
    )
    both = multipart("alternative", part(f"{BLOCK}\n\nIt rained.\n".encode()), part(quote.encode(), "text/html"))
    original = only(parse(mail(both, subject="Fwd: Rain in May")))
    assert (original.headers.sender, original.html, original.text) == (JANE, html, text)


def test_a_block_that_lost_its_line_breaks() -> None:
    text = (
        "  ----- Forwarded Message ----- From: Jane Roe <jane@example.org>To: <fay@example.org>Cc Bob <bob@example.com>"
        "Sent: Wednesday, March 6, 2024 at 06:21:00 PM CETSubject: Rain in May\n It rained."
    )
    original = only(text_mail(text))
    assert original.headers.sender == JANE
    assert original.headers.subject == "Rain in May"
    assert original.headers.cc == (Address("Bob", "bob@example.com"),)
    assert original.text == "It rained."


@pytest.mark.parametrize("words", ["on behalf of", "im Auftrag von", "de la part de", "namens"])
def test_the_sender_is_who_sent_it_not_for_whom(words: str) -> None:
    block = BLOCK.replace("example.org>", f"example.org> {words} The Review <review@example.org>", 1)
    assert only(text_mail(f"{block}\nIt rained.\n", subject="Fwd: Rain in May")).headers.sender == JANE


def test_a_wrapped_subject_is_one_line() -> None:
    subject = "A subject that is so very long that the mail program had to wrap it"
    fields = f"From: Jane Roe <jane@example.org>\nSubject: {subject}\nand again\nTo: b@example.com"
    text = f"---------- Forwarded message ----------\n{fields}\n\nx"
    assert only(text_mail(text)).headers.subject == f"{subject} and again"


def test_a_body_that_follows_the_header_at_once_is_no_part_of_it() -> None:
    fields = "From: Jane Roe <jane@example.org>\nDate: 6 March 2024\nTo: <fay@example.org>\nSubject: Rain in May"
    text = f"{fields}\nIt rained.\n\nx"
    original = only(text_mail(text, subject="FW: Rain in May"))
    assert original.headers.subject == "Rain in May"
    assert original.text == "It rained.\n\nx"


def test_the_line_above_a_quote_in_a_forward() -> None:
    text = "Le 28/10/2021 12:46, « Jane Roe » <jane@example.org> a écrit :\n\n    It rained.\n\n    And rained."
    original = only(text_mail(text, subject="TR: Rain in May"))
    assert original.headers == Headers(
        subject="Rain in May", sender=JANE, date="2021-10-28T12:46", date_text="28/10/2021 12:46"
    )
    assert original.text == "It rained.\n\nAnd rained."


@pytest.mark.parametrize(
    ("note", "kept"),
    [
        ("Worth reading\n\nSent from my iPhone", "Worth reading"),
        ("Lesenswert\n\nVon meinem iPhone gesendet", "Lesenswert"),
        ("One\n\nTwo\n-- \nFay\n+00 0000", "One\n\nTwo"),
        ("--\nFay", None),
        ("________________________________", None),
        ("", None),
    ],
)
def test_the_note_is_without_signatures(note: str, kept: str | None) -> None:
    assert only(text_mail(f"{note}\n\n{BLOCK}\nIt rained.")).note == kept


def test_forwards_of_forwards() -> None:
    inner = gmail(note="").replace("Jane Roe", "Ann Author").replace("jane@example.org", "ann@example.com")
    original = only(html_mail(gmail(body=inner), subject="Fwd: Fwd: Rain in May"))
    assert original.headers.sender == Address("Ann Author", "ann@example.com")
    assert [hop.sender for hop in original.hops] == [Address("Fay Forwarder", "fay@example.org"), JANE]
    assert original.hops[1].date == "2024-03-06T18:21"
    assert "Forwarded" not in (original.html or "")


@pytest.mark.parametrize("between", ["\n", ""])
def test_forwards_of_forwards_by_outlook(between: str) -> None:
    outer = (
        "From: Jane Roe <jane@example.org>\nSent: 7 March 2024 08:00\nTo: fay@example.org\nSubject: FW: Rain in May\n"
    )
    inner = "From: Ann Author <ann@example.com>\nSent: 6 March 2024 18:21\nTo: jane@example.org\nSubject: Rain in May\n"
    original = only(text_mail(f"Look\n\n{outer}{between}{inner}\nIt rained.", subject="FW: Rain in May"))
    assert original.headers.sender == Address("Ann Author", "ann@example.com")
    assert original.headers.date == "2024-03-06T18:21"
    assert [hop.date for hop in original.hops] == ["2024-03-07T09:00:00+01:00", "2024-03-07T08:00"]
    assert (original.note, original.text) == ("Look", "It rained.")


def test_a_body_that_begins_like_a_field_stays_whole() -> None:
    assert only(text_mail(f"{BLOCK}\n\nDate: Tuesday\nPlace: here")).text == "Date: Tuesday\nPlace: here"


def test_quoted_history_below_text_stays() -> None:
    original = only(text_mail(f"{BLOCK}\nMy answer.\n\n{BLOCK}\nOlder."))
    assert original.headers.sender == JANE
    assert (original.text or "").startswith("My answer.\n\n----------")
    assert (original.text or "").endswith("Older.")


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Re: Rain", f"I agree.\n\n{BLOCK}\nIt rained."),
        (
            "AW: Regen",
            "Ja.\n\n-----Ursprüngliche Nachricht-----\nVon: Jane <j@example.org>\nGesendet: heute\nBetreff: Regen\n\nx",
        ),
        ("Rain", "I agree.\n\nFrom: Jane <j@example.org>\nSent: 6 March 2024\nSubject: Rain\n\nIt rained."),
        ("Rain", f"I agree.\n\nOn 6 March 2024, Jane Roe wrote:\n{BLOCK}"),
        ("Rain", "On Wed, Mar 6, 2024 at 6:21 PM Jane Roe <jane@example.org> wrote:\n\n> It rained."),
        ("Forwarded message", "How do I stop the line\n\n---------- Forwarded message ---------\n\nfrom appearing?"),
        ("Tip", "A header is\nFrom: you\nand the rest."),
        ("Undelivered", "Could not be delivered:\n\nFrom: a@example.org\nTo: b@example.com\nSubject: x\nDate: y\n\nz"),
    ],
)
def test_answers_and_plain_mails_are_no_forwards(subject: str, text: str) -> None:
    original = only(text_mail(text, subject=subject))
    assert original.forwarded is None
    assert original.note is None
    assert original.hops == ()
    assert original.text == text


def test_an_answer_in_html_is_no_forward() -> None:
    quote = "<blockquote type='cite'><div>On 6 Mar 2024, at 18:21, Jane Roe wrote:</div><p>Rain</p></blockquote>"
    html = f"<div>I agree.</div>{quote}"
    original = only(html_mail(html, subject="Rain"))
    assert (original.forwarded, original.html) == (None, html)


def test_a_forward_whose_subject_was_rewritten() -> None:
    assert_is_the_article(only(html_mail(gmail(), subject="For the archive")))


def test_a_marker_alone_is_enough_where_the_subject_says_forward() -> None:
    original = only(text_mail("Begin forwarded message:\nIt rained.", subject="Fwd: Rain in May"))
    assert original.forwarded == "inline"
    assert original.headers == Headers(subject="Rain in May")
    assert original.text == "It rained."


def enclosed(number: int) -> bytes:
    return part(
        f"From: a{number}@example.com\r\nSubject: Story {number}\r\n\r\nText {number}".encode(), "message/rfc822"
    )


def test_messages_below_a_note_are_one_original_each() -> None:
    pdf = part(b"%PDF", "application/pdf", "Content-Disposition: attachment; filename=a.pdf")
    message = parse(
        mail(multipart("mixed", part(b"Three good ones\r\n-- \r\nFay"), enclosed(1), enclosed(2), pdf, enclosed(3)))
    )
    originals = unwrap(message)
    assert [o.number for o in originals] == [1, 2, 3]
    assert [o.headers.subject for o in originals] == ["Story 1", "Story 2", "Story 3"]
    assert [o.text for o in originals] == ["Text 1", "Text 2", "Text 3"]
    assert {o.note for o in originals} == {"Three good ones"}
    assert {o.forwarded for o in originals} == {"attached"}
    assert [o.message for o in originals] == [message, message.enclosed[1], message.enclosed[2]]
    assert {id(o.outer) for o in originals} == {id(message)}
    assert [[p.filename for p in o.parts] for o in originals] == [["a.pdf"], [], []]


def test_a_digest_s_long_table_of_contents_is_a_note() -> None:
    enclosed = [
        part(f"From: p{n}@example.org\r\nSubject: s{n}\r\n\r\nText {n}.".encode(), "message/rfc822") for n in (1, 2)
    ]
    digest = multipart("digest", *enclosed, boundary="=_inner")
    contents = part(b"1. A thing that was said\r\n" * 100)
    originals = unwrap(parse(mail(multipart("mixed", contents, digest))))
    assert [original.headers.subject for original in originals] == ["s1", "s2"]
    assert {original.forwarded for original in originals} == {"attached"}


def test_an_enclosed_message_is_unwrapped_in_turn() -> None:
    inner = mail(part(f"Look\n\n{BLOCK}\nIt rained.".encode()), subject="Fwd: Rain in May")
    original = only(parse(HEAD + b"Subject: see\r\n" + multipart("mixed", part(b""), part(inner, "message/rfc822"))))
    assert original.forwarded == "attached"
    assert original.headers.sender == JANE
    assert (original.note, [hop.note for hop in original.hops]) == (None, [None, "Look"])
    assert original.text == "It rained."


def test_messages_below_an_article_are_attachments() -> None:
    article = " ".join(["word"] * 500).encode()
    original = only(parse(mail(multipart("mixed", part(article), enclosed(1)))))
    assert original.forwarded is None
    assert [p.content_type for p in original.parts] == ["message/rfc822"]
    assert original.parts[0].data.startswith(b"From: a1@example.com")


def test_a_delivery_report_forwards_nothing() -> None:
    original = only(parse(mail(multipart("report", part(b"failed"), enclosed(1)), subject="Undelivered")))
    assert original.forwarded is None
    assert len(original.parts) == 1


def test_a_marker_on_the_line_of_the_first_field() -> None:
    marker = "----- Forwarded Message ----- From: Jane Roe <jane@example.org>"
    text = f"{marker}\nDate: 6 March 2024\nSubject: Rain in May\n\nIt rained."
    original = only(text_mail(text))
    assert (original.headers.sender, original.headers.subject, original.text) == (JANE, "Rain in May", "It rained.")
