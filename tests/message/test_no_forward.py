"""What looks like a forward and is none: replies first of all. None of it may be unwrapped."""

from __future__ import annotations

import html as markup
from collections.abc import Callable

import pytest

from mailarchiver.message.forward import unwrap
from mailarchiver.message.parse import parse
from mailarchiver.model import Address, Original

from .forwarding import gmail, outlook, yahoo
from .forwarding.languages import Words, languages
from .forwarding.letters import FAY, JANE, Body, Letter, quoted
from .making import attached, multipart, part

Program = Callable[[Letter, Words, str], Body]
JANES = "Jane Roe <jane@example.org>"
BLOCK = (
    f"From: {JANES}\nSent: Wednesday, March 6, 2024 6:21 PM\nTo: Fay <fay@forwarder.example>\nSubject: Rain in May\n"
)
GMAIL = f"---------- Forwarded message ---------\n{BLOCK.replace('Sent', 'Date')}"
LETTER = Letter().saying(("It rained.", "And rained."))
REPLIES = {
    "en": "RE", "de": "AW", "fr": "RE", "es": "RE", "pt": "RES", "it": "R", "nl": "Antw", "sv": "SV", "da": "SV",
    "nb": "SV", "fi": "VS", "pl": "Odp", "hu": "Vá", "ro": "Re", "ru": "Отв", "el": "ΑΠ", "tr": "YNT", "ar": "رد",
    "he": "תגובה", "vi": "TL", "ko": "회신", "ja": "返信", "zh-Hans": "答复", "zh-Hant": "回覆", "id": "BLS",
    "lv": "Atb", "lt": "Ats", "hr": "Odg",
}  # fmt: skip


def mail(
    subject: str, body: str, *, to: str = "archive@example.net", form: str = "plain", fields: str = ""
) -> Original:
    """What became of a mail from Fay."""
    head = f"From: {FAY.name} <{FAY.address}>\r\nTo: {to}\r\nSubject: {subject}\r\n{fields}MIME-Version: 1.0\r\n"
    originals = unwrap(parse(head.encode() + part(body.encode(), f"text/{form}; charset=utf-8")))
    assert len(originals) == 1
    return originals[0]


def assert_none(original: Original, *, quotes: bool = True) -> None:
    assert original.forwarded is None
    assert (original.note, original.hops) == (None, ())
    assert original.headers is original.message.headers
    assert (original.reason or "").startswith("none: ") or not quotes


@pytest.mark.parametrize("words", languages().values(), ids=lambda words: words.tag)
@pytest.mark.parametrize("program", [outlook.classic, outlook.web, outlook.mobile, outlook.separate, outlook.marked])
def test_an_answer_by_outlook_goes_to_who_wrote(program: Program, words: Words) -> None:
    """Its header block is that of its forwards; with a prefix or without, with text above it or without."""
    for prefix in (f"{REPLIES.get(words.tag, 'Re')}: ", ""):
        for answer in ("I agree.", ""):
            body = program(LETTER, words, answer)
            for form, text in (("html", body.html), ("plain", body.text)):
                if text is not None:
                    assert_none(mail(f"{prefix}Rain in May", text, to=JANES, form=form))


@pytest.mark.parametrize(("tag", "prefix"), REPLIES.items())
def test_a_prefix_of_replies_decides_even_above_a_marker(tag: str, prefix: str) -> None:
    words = languages()[tag]
    for body in (gmail.web(LETTER, words, "No."), outlook.classic(LETTER, words, "No.")):
        if prefix != "VS":  # Gmail's labels but for one are English: nothing says which language the prefix is of
            assert_none(mail(f"{prefix}: Rain in May", body.html or "", form="html"))
            assert_none(mail(f"{prefix}: Rain in May", body.text or ""))
    assert_none(mail(f"{prefix}: Rain in May", outlook.classic(LETTER, words, "No.").html or "", form="html"))


@pytest.mark.parametrize(
    ("tag", "forward"), [("da", True), ("nb", True), ("fi", False)], ids=["Danish", "Norwegian", "Finnish"]
)
def test_vs_means_what_it_does_in_the_language_of_the_block(tag: str, *, forward: bool) -> None:
    body = outlook.classic(LETTER, languages()[tag], "Look.")
    for form, text in (("html", body.html), ("plain", body.text)):
        original = mail("VS: Rain in May", text or "", form=form)
        assert (original.forwarded == "inline") is forward
        assert original.note == ("Look." if forward else None)


@pytest.mark.parametrize("prefix", sorted({words.prefix for words in languages().values()} | {"Vs", "Fw"}))
def test_outlook_com_writes_english_below_any_prefix(prefix: str) -> None:
    """A reply with a prefix that means either goes to who wrote it, or to somebody else who had it."""
    letter = Letter(to=(Address("Rain", "rain@lists.example"),)).saying(("It rained.",))
    for note in ("", "Look."):
        body = outlook.web(letter, languages()["en"], note)
        for form, text in (("html", body.html), ("plain", body.text)):
            original = mail(f"{prefix}: Rain in May", text or "", form=form)
            assert (original.forwarded, original.note or "") == ("inline", note)
            for to in (JANES, "rain@lists.example") if prefix.upper() == "VS" and note else ():
                assert_none(mail(f"{prefix}: Rain in May", text or "", form=form, to=to))


ATTRIBUTIONS = [
    f"On Wed, Mar 6, 2024 at 6:21 PM {JANES} wrote:",
    "On 6 Mar 2024, at 18:21, Jane Roe wrote:",
    f"Am Mi., 6. März 2024 um 18:21 Uhr schrieb {JANES}:",
    f"Le mer. 6 mars 2024 à 18:21, {JANES} a écrit :",
    f"El mié, 6 mar 2024 a las 18:21, {JANES} escribió:",
    f"Em qua., 6 de mar. de 2024 às 18:21, {JANES} escreveu:",
    f"Il giorno mer 6 mar 2024 alle ore 18:21 {JANES} ha scritto:",
    f"Op wo 6 mrt 2024 om 18:21 schreef {JANES}:",
    f"Den ons 6 mars 2024 kl 18:21 skrev {JANES}:",
    f"ke 6. maalisk. 2024 klo 18.21 {JANES} kirjoitti:",
    f"śr., 6 mar 2024 o 18:21 {JANES} napisał(a):",
    f"st 6. 3. 2024 v 18:21 odesílatel {JANES} napsal:",
    f"ср, 6 мар. 2024 г. в 18:21, {JANES}:",
    f"2024年3月6日(水) 18:21 {JANES}:",
    f"{JANES} 于2024年3月6日周三 18:21写道：",
    f"\u202bבתאריך יום ד׳, 6 במרץ 2024 ב-18:21 מאת {JANES}:\u202c",
]


@pytest.mark.parametrize("line", ATTRIBUTIONS)
def test_an_attribution_makes_a_reply(line: str) -> None:
    for subject in ("Rain in May", "Re: Rain in May"):
        assert_none(mail(subject, f"I agree.\n\n{line}\n\n{quoted('It rained.')}\n", to=JANES))
        assert_none(mail(subject, f"{line}\n\n{quoted('It rained.')}\n\nI agree.\n", to=JANES))
        quote = f'<div class="gmail_quote"><div class="gmail_attr">{markup.escape(line)}</div>It rained.</div>'
        assert_none(mail(subject, f"<div>No.</div>{quote}", to=JANES, form="html"))


BOBS = GMAIL.replace("Fay <fay@forwarder.example>", "Bob <bob@example.com>")
PATCH = """diff --git a/rain b/rain
--- a/rain
+++ b/rain
@@ -1 +1 @@
-dry
+wet
"""
PLAIN = {
    "a how-to that quotes marker and block": (
        "How forwards look",
        f"Gmail puts this above a forward:\n\n{quoted(BOBS)}\nFive lines.\n\n{BOBS}\nand so on.",
    ),
    "an answer that quotes a forward": ("Rain", f"I agree.\n\nOn 6 March 2024, Jane Roe wrote:\n{quoted(GMAIL)}"),
    "a marker and no block": ("Forwarded message", "How do I get rid of\n\n--- Forwarded message ---\n\nin my mails?"),
    "a timetable": ("Your journey", "Guten Tag\n\nVon: Berlin Hbf\nNach: Hamburg\nDatum: 6. März 2024\nZug: ICE 704"),
    "a timetable with An": (
        "Ihre Reise",
        "Guten Tag\n\nVon: Berlin\nAn: Hamburg\nDatum: 6. März 2024\nGleis: 7\n\nGute Reise",
    ),
    "an itinerary": ("Itinerary", "Dear traveller,\n\nFrom: London\nTo: Paris\nDate: 6 March 2024\nSeat: 12A\n\nEnjoy"),
    "a parcel": (
        "Your parcel",
        "Hello\n\nFrom: The Shop\nTo: Jane Roe, 1 High Street\nSent: 6 March 2024\n\nTrack it here.",
    ),
    "an invoice": (
        "Invoice 7",
        "Invoice\n\nFrom: Shop Ltd\nTo: Jane Roe\nDate: 6/3/2024\nSubject: Order 7\n\n10.00 EUR",
    ),
    "a bug report": ("Crash on import", f"It crashes on this header:\n\n{BLOCK}X-Mailer: Other 1.0\n\nWhat is wrong?"),
    "a bug report, fenced": ("Crash", f"Steps:\n\n```\n{BLOCK}\n```\n\nExpected: no crash"),
    "headers alone, without From": ("x", "Date: 6 March 2024\nTo: all\nSubject: x\n\nText"),
    "a screenplay": ("Act one", "JANE\nFrom: where?\n\nFAY\nTo: nowhere.\n\nJANE\nDate: unknown.\n"),
    "a format-patch": (
        "[PATCH] rain: be wet",
        f"From: Jane Roe <jane@example.org>\n\nIt was dry.\n---\n rain | 2 +-\n\n{PATCH}",
    ),
    "a pasted patch": (
        "A patch for you",
        (f"Here it is:\n\nFrom 3f9a1c2 Mon Sep 17 00:00:00 2001\nFrom: {JANES}\nDate: Wed, 6 Mar 2024 18:21:00 +0100\n"
        f"Subject: [PATCH] rain\n\n---\n{PATCH}"),
    ),
    "a digest": (
        "Rain Digest, Vol 3, Issue 6",
        ("Today's Topics:\n\n   1. Rain (Jane Roe)\n\n------------------------------\n\nMessage: 1\n"
        f"Date: Wed, 6 Mar 2024 18:21:00 +0100\nFrom: {JANES}\nTo: rain@example.org\nSubject: Rain\n\nIt rained.\n"),
    ),
    "an invitation": (
        "Lunch",
        "When: Wednesday, 6 March 2024 12:00\nWhere: the usual place\nFrom: Jane\n\nBring bread.",
    ),
    "Fwd without anything": ("Fwd: Rain in May", "It rained in May, and I was there."),
    "FW without a colon": ("FW Rain in May", f"Look\n\n{BLOCK}\nIt rained."),
    "Forward as a word": ("Forward thinking: a plan", f"The plan\n\n{BLOCK}\nIt rained."),
    "a marker within a sentence": (
        "Tip",
        "The line ---------- Forwarded message --------- is what Gmail writes.\n\nFrom: me",
    ),
    "a table of contents": ("News", "From: the editor\nTo: you\n\nSubject: rain\n"),
    "an answer inside": ("Rain", f"{quoted('It rained.')}\n\nDid it?\n\n{quoted('And rained.')}\n\nOh."),
    "a block below text": ("Rain", f"I think so too.\n\n{BLOCK}\nIt rained."),
    "a quoted block below text": ("Rain", f"I think so too.\n\n{quoted(BLOCK)}\n> It rained."),
    "Original Message below text": ("Rain", f"I think so too.\n\n-----Original Message-----\n{BLOCK}\nIt rained."),
    "a rule above a block, to nobody in particular": (
        "Rain",
        f"I agree.\n\n{'_' * 32}\n{BLOCK.replace('fay@', 'all@')}\nIt rained.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("subject", "text"), PLAIN.values(), ids=PLAIN.keys())
def test_plain_mails_and_answers(subject: str, text: str) -> None:
    to = JANES if "Original Message" in text else "archive@example.net"
    original = mail(subject, text, to=to)
    assert_none(original, quotes=False)
    assert original.text == text
    html = f"<div>{'<br>'.join(markup.escape(line) for line in text.split(chr(10)))}</div>"
    assert_none(mail(subject, html, to=to, form="html"), quotes=False)
    assert_none(mail(subject, f"<p>See:</p><pre>{markup.escape(text)}</pre>", to=to, form="html"), quotes=False)


def test_a_patch_in_an_attachment() -> None:
    patch = attached(f"From: {JANES}\nDate: Wed, 6 Mar 2024\nSubject: [PATCH] rain\n\n{PATCH}".encode(), "text/x-patch")
    head = f"From: {FAY.address}\r\nTo: {JANES}\r\nSubject: A patch\r\nMIME-Version: 1.0\r\n".encode()
    (original,) = unwrap(parse(head + multipart("mixed", part(b"Here it is."), patch)))
    assert_none(original, quotes=False)


@pytest.mark.parametrize("subject", ["Undelivered Mail Returned to Sender", "Fwd: Rain in May"])
def test_a_bounce_says_that_it_is_none(subject: str) -> None:
    text = f"Could not be delivered:\n\n{GMAIL}\n> It rained.\n"
    original = mail(subject, text, fields="X-Failed-Recipients: jane@example.org\r\n")
    assert_none(original)


def test_a_forward_without_a_block_says_so() -> None:
    original = mail("Fwd: Rain in May", "It rained in May.")
    assert original.reason == "none: its subject says that it is a forward, but nothing in it is"


def test_an_answer_that_quotes_outlook_s_block_to_somebody_else() -> None:
    inner = outlook.classic(LETTER, languages()["en"], "").html or ""
    html = f'<p>No.</p><blockquote type="cite"><div>On 6 Mar 2024, at 18:21, Jane Roe wrote:</div>{inner}</blockquote>'
    assert_none(mail("Rain", html, form="html"))


def test_an_answer_to_yahoo_s_block() -> None:
    body = yahoo.web(LETTER, languages()["en"], "I agree.")
    html = (body.html or "").replace("Forwarded Message", "Original Message")
    assert_none(mail("Rain in May", html, to=JANES, form="html"))


# --- forwards whose subject a person wrote anew: forward_evidence.py --------------------------------------------------


@pytest.mark.parametrize("words", languages().values(), ids=lambda words: words.tag)
@pytest.mark.parametrize("program", [outlook.classic, outlook.web, outlook.mobile, outlook.separate, outlook.marked])
def test_outlook_s_block_below_a_note_to_somebody_new_is_a_forward(program: Program, words: Words) -> None:
    body = program(LETTER, words, "For the archive.")
    for form, text in (("html", body.html), ("plain", body.text)):
        if text is not None and "border" not in text and program is outlook.classic:
            continue  # nothing but words parts its plain text from the note
        if text is not None:
            original = mail("A good read", text, form=form)
            assert original.forwarded == "inline", text
            assert (original.headers.sender, original.headers.subject) == (JANE, "Rain in May")
            assert original.note == "For the archive."


@pytest.mark.parametrize(
    ("to", "letter"),
    [
        (JANES, LETTER),
        (f"archive@example.net, {JANES}", LETTER),
        ("somebody.else@example.org", LETTER),
        (FAY.address, LETTER),
        ("archive@example.net", Letter(to=(JANE,)).saying(("It rained.",))),
        (f"bob@example.com, {FAY.address}, {JANES}", LETTER),
        ("", LETTER),
    ],
    ids=[
        "to the author",
        "to the author too",
        "to the author's house",
        "to oneself, who got it",
        "never had it",
        "x",
        "to nobody",
    ],
)
def test_what_evidence_is_not_enough(to: str, letter: Letter) -> None:
    assert_none(mail("A good read", outlook.classic(letter, languages()["en"], "Hm.").html or "", to=to, form="html"))
