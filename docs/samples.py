"""Makes the sample mails of `mailarchiver demo` out of docs/articles and docs/pictures.

    python docs/samples.py [FOLDER]      default: mailarchiver/demo/samples

Run again, it makes the same octets: a test holds it to that.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from mailkit import clients, mime
from mailkit.page import fill, load, paste, plain
from mailkit.pdf import document
from mailkit.writing import write_all

HERE = Path(__file__).parent
ARTICLES, PICTURES = HERE / "articles", HERE / "pictures"
SAMPLES = HERE.parent / "mailarchiver" / "demo" / "samples"

ARCHIVE = "articles@example.net"
NORA = ("Nora Feld", "nora.feld@example.com")
TOMAS = ("Tomás Reyes", "tomas.reyes@example.org")
IRIS = ("Iris Caldwell", "iris.caldwell@example.com")
LAYLA = ("سلمى ناصر", "salma.nasser@example.org")
KENJI = ("山本 健二", "yamamoto@example.net")
EDDA = ("Edda Brandt", "edda.brandt@orchard.example.org")

LAKE = {"lake": "ii_lw7c0q4d0", "layers": "ii_lw7c1h9k1"}
LAKE_FILES = {"ii_lw7c0q4d0": "lake-at-dawn.jpg", "ii_lw7c1h9k1": "layers.png"}


def header(sender: tuple[str, str], date: str, subject: str, message_id: str, *, to: str = ARCHIVE) -> list[mime.Field]:
    """The header fields of a delivered mail, the trace above (RFC 5321 §4.4)."""
    host = sender[1].partition("@")[2]
    return [
        ("Delivered-To", ARCHIVE),
        ("Return-Path", f"<{sender[1]}>"),
        (
            "Received",
            f"from mail.{host} (mail.{host} [192.0.2.25])\n\tby mx.example.net with ESMTPS\n\tfor <{ARCHIVE}>; {date}",
        ),
        ("From", f"{sender[0]} <{sender[1]}>"),
        ("Date", date),
        ("Message-ID", f"<{message_id}>"),
        ("Subject", subject),
        ("To", to),
    ]


def body(html: str, pictures: Mapping[str, str] | None = None, *, encoding: str = "quoted-printable") -> mime.Entity:
    """Gmail's structure: related(alternative(plain, html), pictures); `pictures` are {Content-ID: file}."""
    alternative = mime.multipart(
        "alternative",
        [mime.text(plain(html), encoding=encoding), mime.text(html, "html", encoding=encoding)],
    )
    if not pictures:
        return alternative
    shown = [
        mime.file((PICTURES / name).read_bytes(), f"image/{'png' if name.endswith('.png') else 'jpeg'}", name, cid=cid)
        for cid, name in pictures.items()
    ]
    return mime.multipart("related", [alternative, *shown])


def gmail_reader_view() -> bytes:
    """A Reader View page with two pictures, pasted into Gmail; the date was typed over the reading time."""
    html = paste(fill(load(ARTICLES / "lake.html"), **LAKE))
    fields = header(
        NORA, "Wed, 15 May 2024 08:12:44 +0200", "The Lake That Keeps a Diary", "CAJ4x7Qm-lake@mail.example.com"
    )
    return mime.mail(fields, body(html, LAKE_FILES))


def gmail_forwarded() -> bytes:
    """The same page, forwarded by Gmail to somebody who forwards it to the archive, with a note above."""
    html = clients.gmail(
        paste(fill(load(ARTICLES / "lake.html"), **LAKE)),
        clients.Printed(*NORA, *TOMAS, "Sun, Jun 2, 2024 at 9:41\u202fPM", "The Lake That Keeps a Diary"),
        note="For the folder about rivers and lakes. The list on the laboratory wall is the best thing in it.",
    )
    fields = header(
        TOMAS, "Mon, 03 Jun 2024 07:55:02 +0200", "Fwd: The Lake That Keeps a Diary", "CAMk93bT-lake@mail.example.org"
    )
    return mime.mail(fields, body(html, LAKE_FILES))


def outlook() -> bytes:
    """A Reader View page that came through Outlook: `x_` before every class."""
    page = paste(fill(load(ARTICLES / "night-train.html"), train="image001.png@01DB7715.3C2A8F40"))
    subject = "Why the Night Train Came Back"
    html = clients.outlook(
        page,
        clients.Printed(*TOMAS, *IRIS, "Tuesday, February 4, 2025 6:48 PM", subject),
        note="You asked where the idea with the drawer came from.",
    )
    fields = header(
        IRIS, "Wed, 05 Feb 2025 09:03:17 +0000", f"FW: {subject}", "AM9PR07MB7410E1.train@eurprd07.prod.example.com"
    )
    return mime.mail(fields, body(html, {"image001.png@01DB7715.3C2A8F40": "night-train.jpg"}))


def newsletter() -> bytes:
    """A newsletter as a machine made it: tables, a preheader, a footer, remote pictures, a tracking pixel."""
    html = (ARTICLES / "newsletter.html").read_text("utf-8")
    fields = [
        *header(
            ("The Slow Letter", "letter@slowletter.example.org"),
            "Tue, 08 Apr 2025 06:00:03 +0000",
            "In praise of the paper map",
            "87.9f31c2@slowletter.example.org",
        ),
        ("List-Id", "The Slow Letter <letter.slowletter.example.org>"),
        ("List-Unsubscribe", "<https://slowletter.example.org/unsubscribe?u=9f31c2>"),
    ]
    return mime.mail(fields, body(html))


def text_with_pdf() -> bytes:
    """Plain text with a PDF."""
    text = (ARTICLES / "pear-tree.txt").read_text("utf-8")
    calendar = document(
        "Pruning calendar 2026, Lower Halm",
        [
            "January     old pears: dead and broken wood only",
            "February    apples, quinces; frost below -5: stay at home",
            "March       new plantings: cut back to a bud that looks outwards",
            "April       nothing. Let them flower.",
            "June        thin the fruit after the June drop: a fist apart",
            "July        cherries, straight after the harvest; walnuts",
            "September   plums, on a dry day",
            "November    clean the saws, mend the ladder",
        ],
    )
    fields = header(
        EDDA,
        "Sun, 18 Jan 2026 17:26:40 +0100",
        "The old pear by the gate, and what to cut in January",
        "pear.20260118@orchard.example.org",
    )
    attached = mime.file(calendar, "application/pdf", "Pruning calendar 2026.pdf")
    return mime.mail(fields, mime.multipart("mixed", [mime.text(text), attached]))


def three_attached() -> bytes:
    """Three mails attached to one: two Reader View pages and a plain text."""
    library = fill(load(ARTICLES / "library.html"), bicycle="ii_mfc2e8x10")
    square = load(ARTICLES / "square.html")
    mails = [
        mime.mail(
            _inner(NORA, "Wed, 10 Sep 2025 21:14:09 +0200", library.title, "CAJ4x7Qm-library@mail.example.com"),
            body(paste(library), {"ii_mfc2e8x10": "book-bicycle.jpg"}),
        ),
        mime.mail(
            _inner(TOMAS, "Tue, 03 Jun 2025 12:40:55 +0200", square.title, "CAMk93bT-square@mail.example.org"),
            body(paste(square)),
        ),
        mime.mail(
            _inner(
                IRIS, "Fri, 11 Apr 2025 08:31:20 +0100", "What the tide tables leave out", "tides.77@mail.example.com"
            ),
            mime.text((ARTICLES / "tides.txt").read_text("utf-8")),
        ),
    ]
    names = ["A Library on Two Wheels.eml", "The Sound of a Square.eml", "What the tide tables leave out.eml"]
    note = '<div dir="ltr">Three that I had kept in the wrong place.<br></div>'
    parts = [body(note), *(mime.enclosed(octets, name) for octets, name in zip(mails, names, strict=True))]
    fields = header(NORA, "Sun, 14 Sep 2025 10:02:31 +0200", "Three for the archive", "CAJ4x7Qm-three@mail.example.com")
    return mime.mail(fields, mime.multipart("mixed", parts))


def _inner(sender: tuple[str, str], date: str, subject: str, message_id: str) -> list[mime.Field]:
    """The header of a mail that was sent to Nora, and never to the archive."""
    fields = header(sender, date, subject, message_id, to="Nora Feld <nora.feld@example.com>")
    return [field for field in fields if field[0] in {"From", "Date", "Message-ID", "Subject", "To"}]


def arabic() -> bytes:
    """A page written from right to left, forwarded by a Gmail whose interface is Arabic."""
    page = fill(load(ARTICLES / "towers.html"), towers="ii_m84k2r7t0")
    html = clients.gmail(
        paste(page),
        clients.Printed("يوسف قاسم", "yousef.qasem@example.com", *LAYLA, "الخميس، 13 مارس 2025 في 9:31 م", page.title),
        note="مقال جميل عن أبراج الهواء، أرجو حفظه.",
        number="8812045377120946613",
        labels=clients.Labels(sender="من:"),
    )
    fields = header(LAYLA, "Fri, 14 Mar 2025 10:18:26 +0300", f"Fwd: {page.title}", "CAPz51Yd-towers@mail.example.org")
    return mime.mail(fields, body(html, {"ii_m84k2r7t0": "wind-towers.jpg"}, encoding="base64"))


def japanese() -> bytes:
    """A Japanese page; Firefox broke its lines inside the sentences, where no space belongs."""
    page = fill(load(ARTICLES / "bathhouse.html"), wall="ii_m3p9v6n20")
    fields = header(KENJI, "Wed, 20 Nov 2024 22:05:48 +0900", page.title, "CAEw08Hn-sento@mail.example.net")
    return mime.mail(fields, body(paste(page), {"ii_m3p9v6n20": "bath-wall.jpg"}, encoding="base64"))


MAILS = {
    "01-gmail-reader-view": gmail_reader_view,
    "02-gmail-forwarded": gmail_forwarded,
    "03-outlook": outlook,
    "04-newsletter": newsletter,
    "05-text-with-pdf": text_with_pdf,
    "06-three-attached": three_attached,
    "07-arabic": arabic,
    "08-japanese": japanese,
}


def main(arguments: Sequence[str]) -> None:
    """Writes all samples into the folder."""
    write_all(MAILS, arguments, SAMPLES)


if __name__ == "__main__":
    main(sys.argv[1:])
