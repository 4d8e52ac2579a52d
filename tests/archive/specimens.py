"""Articles of our own writing to file: short where a test counts, hard on a page where a test looks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from mailarchiver.model import (
    Address,
    Article,
    Attachment,
    Headers,
    Hop,
    Image,
    Message,
    MessageRef,
    Original,
    RawMessage,
)

MAIL = b"From: Miriam Adler <miriam@example.org>\r\nSubject: The night train\r\n\r\nRead this.\r\n"
RECEIVED = datetime(2024, 3, 6, 17, 21, 9, tzinfo=UTC)
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6364f8cf500f0003030180"
    "5a34a27b0000000049454e44ae426082"
)
READER = Address("Miriam Adler", "miriam@example.org")
AUTHOR = Address("Jonas Weil", "jonas@example.net")

TEXT = (
    "<p>The first train leaves before the bakers have lit their ovens. For forty years the sleeper has carried "
    "salesmen and students across the plain, and for forty years somebody in an office has tried to "
    '<a href="https://example.org/close">close it</a>. It does not <em>earn</em>, said the last of them, a man who had '
    "never slept on it, and who never would.</p>\n"
)


def article(title: str = "The last night train", html: str = TEXT, **changes: Any) -> Article:
    """An article that was not forwarded, changed as told."""
    headers = Headers(
        "<1@example.org>", title, READER, date="2024-03-06T18:20+01:00", date_text="Wed, 6 Mar 2024 18:20"
    )
    message = Message(MAIL, headers)
    plain = changes.pop("text", "The first train leaves before the bakers have lit their ovens.\n")
    original = changes.pop("original", Original(message, message, headers, html, None))
    known = {"kind": "reader-view", "language": "en", "byline": "Ines Falk", "published": "2024-03-05"} | changes
    return Article(original, title=title, html=html, markdown=plain, text=plain, **known)


def forwarded(**changes: Any) -> Article:
    """An article that came by an inline forward with a note above, with everything a page can show."""
    plain = article()
    original = replace(
        plain.original,
        forwarded="inline",
        headers=Headers(sender=AUTHOR, subject="The night train", date="2024-03-05T07:14+01:00"),
        hops=(Hop(READER, (), "2024-03-06T18:20+01:00", "For your weekend."), Hop(AUTHOR, note="Look at this!")),
    )
    pictures = (
        Image(
            "cid:a@x",
            "cid",
            alt="A train",
            caption="The 23:52",
            width=900,
            height=600,
            file="images/001.png",
            data=PIXEL,
        ),
        Image("https://example.org/b.png", "remote", reason="on example.org, not fetched"),
        Image("cid:c@x", "missing", reason="the mail has no part of this Content-ID"),
        Image("loose.png", "unreferenced", file="images/002-loose.png", data=PIXEL + b"\0"),
    )
    attachments = (
        Attachment("attachments/001-timetable.pdf", "Timetable, winter.pdf", "application/pdf", b"%PDF-1.4\n"),
        Attachment("attachments/002-map.svg", "map.svg", "image/svg+xml", b"<svg/>"),
    )
    figure = '<figure><img src="images/001.png" alt="A train"><figcaption>The 23:52</figcaption></figure>'
    known: dict[str, Any] = {
        "original": original,
        "site": "The Aldern Review",
        "url": "https://www.aldern-review.example/2024/03/night-train?utm_source=mail",
        "note": "For your weekend.",
        "tags": ("railways", "slow travel"),
        "images": pictures,
        "attachments": attachments,
        "excerpt": "The first train leaves before the bakers.",
        "provenance": {"title": "reader view: h1"},
    }
    return article(html=TEXT + figure + TEXT, **(known | changes))


def raw(data: bytes = MAIL, **changes: Any) -> RawMessage:
    """The mail, as fetched from a server."""
    return replace(RawMessage(MessageRef("articles", "INBOX", 7, 101), RECEIVED, data), **changes)
