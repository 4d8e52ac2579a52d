"""Small mails for the tests of article/: an Original out of a piece of HTML."""

from __future__ import annotations

import struct
import zlib

from mailarchiver.article.extract import extract
from mailarchiver.model import Article, Headers, Message, Original, Part, TagRules


def png(width: int, height: int) -> bytes:
    """A grey picture of a size in pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(b"".join(b"\0" + b"\x80" * width for _ in range(height)))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


PNG = png(64, 48)
PIXEL = png(1, 1)

READER = """<div dir="ltr"><div class="{p}container" lang="{lang}" dir="{dir}">
<div class="{p}header {p}reader-header"><a class="{p}domain {p}reader-domain" href="{url}">{site}</a>
<h1 class="{p}reader-title">{title}</h1><div class="{p}credits {p}reader-credits">{credits}</div>
<div class="{p}meta-data"><div class="{p}reader-estimated-time" dir="ltr">{time}</div></div></div><hr>
<div class="{p}content"><div class="{p}moz-reader-content"><div id="{p}readability-page-1" class="{p}page">{body}</div>
</div></div></div></div>"""


def reader_page(body: str, **fields: str) -> str:
    given = {
        "p": "gmail-",
        "lang": "en-GB",
        "dir": "ltr",
        "url": "https://www.example.org/2024/swifts",
        "site": "example.org",
        "title": "The Swifts Are Late",
        "credits": "Ada Quill",
        "time": "3–4 minutes",
    }
    return READER.format(body=body, **(given | fields))


def original(
    html: str | None,
    *,
    text: str | None = None,
    subject: str | None = "Fwd: The swifts",
    parts: tuple[Part, ...] = (),
    received: str | None = "2024-05-20T08:00:00+02:00",
) -> Original:
    headers = Headers(subject=subject, received=received)
    message = Message(b"raw", headers, html, text, parts)
    return Original(message, message, headers, html, text, parts)


def article(html: str | None, **more: object) -> Article:
    return extract(original(html, **more), TagRules())  # type: ignore[arg-type]  # the keywords of original()
