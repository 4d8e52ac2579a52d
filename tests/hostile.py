"""Mail made to hurt, row by row: RELIABILITY's "MIME and HTML that hurts", and what grew of it.

`STRUCTURE` is for the parser, `HTML`, `PICTURES` and `TEXT` for what comes after it. Each row is a function, for some
are as large as a mail may be.
"""

from __future__ import annotations

import base64
import random
import struct
import zlib
from collections.abc import Callable

from tests.message.packing import LONG, attribute, cms, properties, tnef, value

HTML_MAIL = b"From: a@example.org\r\nSubject: Fwd: x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
TEXT_MAIL = b"From: a@example.org\r\nSubject: Fwd: x\r\n\r\n"
HEADERS = "---------- Forwarded message ---------\nFrom: a <a@example.org>\nDate: x\nSubject: y\n\n"


def nested(levels: int, boundary: Callable[[int], str]) -> bytes:
    head = "".join(
        f'Content-Type: multipart/mixed; boundary="{boundary(n)}"\r\n\r\n--{boundary(n)}\r\n' for n in range(levels)
    )
    return f"Subject: deep\r\n{head}Content-Type: text/plain\r\n\r\nthe bottom\r\n".encode()


def many(count: int, entity: bytes, kind: str = "mixed") -> bytes:
    return (
        b"Content-Type: multipart/" + kind.encode() + b"; boundary=b\r\n\r\n" + (b"--b\r\n" + entity + b"\r\n") * count
    )


def html(body: bytes) -> Callable[[], bytes]:
    return lambda: HTML_MAIL + body


def repeated(unit: bytes, count: int, before: bytes = b"", after: bytes = b"") -> Callable[[], bytes]:
    """A mail of HTML, made when it is asked for."""
    return lambda: HTML_MAIL + before + unit * count + after


def numbered(unit: str, count: int) -> Callable[[], bytes]:
    return lambda: HTML_MAIL + "".join(unit % number for number in range(count)).encode()


def nested_blocks(count: int) -> bytes:
    """Elements opened and closed by chance: a fixed one."""
    chance = random.Random(20240306)  # noqa: S311  no secret
    tags = ("div", "p", "b", "a", "table", "td", "ul", "li", "form", "h1", "pre", "font")
    return "".join(f"<{chance.choice(('', '/'))}{chance.choice(tags)}>x" for _ in range(count)).encode()


def png(width: int, height: int) -> bytes:
    """A PNG whose header claims a size; it holds no pixels."""
    header = struct.pack(">II5B", width, height, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1_000)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a0 "ha">'
    + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 12))
    + b']><svg xmlns="http://www.w3.org/2000/svg"><text>&a11;</text></svg>'
)


def with_picture(data: bytes, kind: bytes, html: bytes = b'<p>x<img src="cid:a">') -> bytes:
    """HTML and a picture in it."""
    encoded = base64.encodebytes(data)
    return (
        b"From: a@example.org\r\nSubject: x\r\nContent-Type: multipart/related; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/html\r\n\r\n" + html + b"\r\n--b\r\nContent-Type: image/" + kind + b"\r\n"
        b"Content-ID: <a>\r\nContent-Transfer-Encoding: base64\r\n\r\n" + encoded + b"\r\n--b--\r\n"
    )


def packed_text(size: int) -> bytes:
    """A PNG with a comment of a megabyte that unpacks to so many octets."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(b"\0" * 10_000_000) for _ in range(size // 10_000_000)) + packer.flush()
    body = b"zTXta\0\0" + packed
    return png(60, 60)[:33] + struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))


P7M = b"Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: binary\r\n\r\n"
WINMAIL = b"Content-Type: application/ms-tnef\r\n\r\n" + tnef(
    attribute(1, 0x9003, properties(*[value(LONG, 1, bytes(4))] * 2_000))
)


def sealed(levels: int, data: bytes) -> bytes:
    """An entity signed that many times, each around the other."""
    for _ in range(levels):
        data = P7M + cms(data)
    return data


STRUCTURE: dict[str, Callable[[], bytes]] = {
    "semicolons for addresses": lambda: b"".join(n + b": " + b";" * 60_000 + b"\r\n" for n in (b"From", b"To", b"Cc")),
    "spaces in a type": lambda: b"Content-Type: " + b"a / " * 500 + b"\r\n\r\nx",
    "words encoded again and again": lambda: b"Subject: " + b"=?utf-8?q?=3D=3Fa=3Fq=3F?=" * 2_500 + b"\r\n\r\nx",
    "mangled text": lambda: b"Subject: " + "Ã¼".encode() * 16_000 + b"\r\n\r\nx",
    "45 signatures around 10 MB": lambda: sealed(45, b"\r\n" + b"x" * 10_000_000),
    "200 nested signatures": lambda: sealed(200, b"\r\nx"),
    "2000 signatures in small pieces": lambda: many(2_000, P7M + cms(b"a" * 8_000, indefinite=True, piece=1)),
    "2000 winmail.dat of small properties": lambda: many(2_000, WINMAIL),
    "unended clear signatures": lambda: b"\r\n" + b"-----BEGIN PGP SIGNED MESSAGE-----\r\n\r\n" * 50_000,
    "delimiters before the first": lambda: (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--a\r\n" * 500_000 + b"--b\r\n\r\nx"
    ),
    "comments in a type": lambda: b"Content-Type: " + b"(a) " * 10_000 + b"(" * 10_000 + b"\r\n\r\nx",
    "empty": lambda: b"",
    "only a header": lambda: b"Subject: x",
    "no header": lambda: b"just text",
    "NULs": lambda: b"\0" * 1_000_000,
    "blank lines": lambda: b"\r\n" * 1_000_000,
    "bare CRs": lambda: b"\r" * 1_000_000,
    "spaces": lambda: b" " * 2_000_000,
    "300 nested multiparts": lambda: nested(300, lambda n: f"b{n}"),
    "5000 nested multiparts": lambda: nested(5_000, lambda n: f"b{n}"),
    "one boundary nested 2000 times": lambda: nested(2_000, lambda _: "b"),
    "5000 nested messages": lambda: b"Content-Type: message/rfc822\r\n\r\n" * 5_000 + b"Subject: in\r\n\r\nx",
    "a big message nested 45 times": lambda: b"Content-Type: message/rfc822\r\n\r\n" * 45 + b"\r\n" + b"x" * 10_000_000,
    "50,000 texts": lambda: many(50_000, b"Content-Type: text/plain\r\n\r\nx"),
    "50,000 attachments": lambda: many(50_000, b"Content-Type: a/b\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA"),
    "10,000 messages": lambda: many(10_000, b"\r\nSubject: a\r\n\r\nx", "digest"),
    "10 MB of subject": lambda: b"Subject: " + b"a" * 10_000_000 + b"\r\n\r\nx",
    "10 MB of folded subject": lambda: b"Subject: " + b"a\r\n " * 2_500_000 + b"\r\n\r\nx",
    "100,000 encoded words": lambda: b"Subject: " + b"=?utf-8?q?a?= " * 100_000 + b"\r\n\r\nx",
    "unended encoded words": lambda: b"Subject: " + b"=?a?q?" * 10_000 + b"\r\n\r\nx",
    "1 MB of semicolons": lambda: b"Content-Type: text/plain" + b";" * 1_000_000 + b"\r\n\r\nx",
    "semicolons in a name": lambda: b'Content-Type: text/plain; name="' + b";" * 100_000 + b'"\r\n\r\nx',
    "backslashes in a name": lambda: b'Content-Type: text/plain; name="' + b"\\" * 100_000 + b"\r\n\r\nx",
    "a NUL in the charset": lambda: b'Content-Type: text/plain; charset="utf-8\0"\r\n\r\nx\xe4',
    "a section number of 10,000 digits": lambda: b"Content-Type: a/b; filename*" + b"1" * 10_000 + b"=x\r\n\r\nx",
    "a name of 10,000 digits": lambda: (
        b"Content-Type: a/b\r\nContent-Disposition: a; filename*=" + b"1" * 10_000 + b"\r\n\r\nx"
    ),
    "100,000 fields": lambda: b"".join(b"X-%d: a\r\n" % n for n in range(100_000)) + b"\r\nx",
    "lines that are no fields": lambda: b"X: y\r\n" + b"a\r\n" * 200_000 + b"X-Last: 1\r\n\r\nx",
    "100,000 addresses": lambda: b"To: " + b"a@b.example, " * 100_000 + b"\r\n\r\nx",
    "open parentheses": lambda: b"To: " + b"(" * 60_000 + b"\r\nDate: " + b"(" * 60_000 + b"\r\n\r\nx",
    "open angles": lambda: b"From: " + b"<" * 60_000 + b"\r\n\r\nx",
    "open quotes": lambda: b"From: " + b'"' * 60_001 + b"\r\n\r\nx",
    "at signs": lambda: b"Cc: " + b"@" * 60_000 + b"\r\n\r\nx",
    "9000 Received fields": lambda: b"Received: from a by b; Thu, 7 Mar 2024 09:00:00 +0000\r\n" * 9_000 + b"\r\nx",
    "lines like a boundary": lambda: b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"\n--bb" * 1_000_000,
    "base64 in 300,000 pieces": lambda: b"Content-Transfer-Encoding: base64\r\n\r\n" + b"YQ==\r\n" * 300_000,
    "nothing but padding": lambda: b"Content-Transfer-Encoding: base64\r\n\r\n" + b"=" * 3_000_000,
    "a uuencoded line of 3 MB": lambda: b"Content-Transfer-Encoding: uuencode\r\n\r\nbegin 644 a\n" + b"M" * 3_000_000,
    "1000 nested multiparts": lambda: nested(1_000, lambda n: f"b{n}"),
    "50,000 attachments of 7.5 MB": lambda: many(
        50_000, b"Content-Type: a/b\r\nContent-Disposition: attachment; filename=a.bin\r\n\r\n" + b"x" * 75
    ),
    "2000 attachments, all of the caps used": lambda: many(1_990, b"Content-Type: a/b\r\n\r\n" + b"x" * 20_000),
    "45 MB of base64": lambda: (
        b"Content-Type: a/b\r\nContent-Transfer-Encoding: base64\r\n\r\n" + (b"QUFB" * 19 + b"\r\n") * 576_000
    ),
    "45 MB of base64 that is text": lambda: b"Content-Transfer-Encoding: base64\r\n\r\n" + b"QUFB" * 11_250_000,
    "45 MB of base64 that is HTML": lambda: (
        b"Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b"PGI+" * 11_250_000
    ),
    "45 MB of small boxes": lambda: HTML_MAIL + b"<p>x</p>\r\n" * 4_500_000,
    "45 MB of short lines": lambda: TEXT_MAIL + b"- x\r\n" * 9_000_000,
    "45 MB of quoted printable": lambda: (
        b"Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + b"=3Cb=\r\n>" * 5_000_000
    ),
    "45 MB of flowed lines": lambda: b"Content-Type: text/plain; format=flowed\r\n\r\n" + b"> x \r\n" * 7_000_000,
    "45 MB of begin lines": lambda: TEXT_MAIL + b"begin 644 a\r\n" * 3_500_000,
    "2000 texts of 22 KB": lambda: many(1_990, b"Content-Type: text/plain\r\n\r\n" + b"- a\n" * 5_500),
    "90 messages of 480 KB": lambda: many(90, b"\r\n" + HTML_MAIL + b"<p>x</p>" * 60_000, "digest"),
    "parentheses in Authentication-Results": lambda: (
        b"Authentication-Results: x; dkim=pass " + b"(" * 50_000 + b"\r\n" + TEXT_MAIL + b"x"
    ),
    "51 MB": lambda: b"Subject: big\r\n\r\n" + b"x" * 51_000_000,
}

HTML: dict[str, Callable[[], bytes]] = {
    "100,000 nested elements": lambda: HTML_MAIL + b"<div>" * 100_000,
    "20,000 nested quotes": lambda: HTML_MAIL + b"<blockquote>" * 20_000 + b"<p>From: a@b.c<p>Date: x<p>Subject: y<p>z",
    "9000 nested signatures": lambda: HTML_MAIL + b"<div class=gmail_signature>" * 9_000,
    "100,000 line breaks": lambda: HTML_MAIL + b"<br>" * 100_000,
    "100,000 comments": lambda: HTML_MAIL + b"<!--" * 100_000,
    "10,000 nested elements": repeated(b"<div>", 10_000),
    "a document of 50,000 boxes": repeated(b"<div>x</div>", 50_000),
    "a document of 100,000 empty boxes": repeated(b"<div></div>", 100_000),
    "100,000 nested inline elements": repeated(b"<b>x", 100_000),
    "100,000 misnested links": repeated(b"<a href=http://a.example><b>x", 100_000),
    "30,000 elements by chance": lambda: HTML_MAIL + nested_blocks(30_000),
    "100,000 attributes": lambda: HTML_MAIL + b"<p " + b" ".join(b"a%d=x" % n for n in range(100_000)) + b">x</p>",
    "990 attributes on 1000 elements": lambda: (
        HTML_MAIL + (b"<p " + b" ".join(b"a%d=x" % n for n in range(990)) + b">x</p>") * 1_000
    ),
    "an attribute of 10 MB": repeated(b"x", 10_000_000, b"<p title='", b"'>x</p>"),
    "a style of 1 MB": repeated(b"display : ", 100_000, b"<p style='", b"'>x</p>"),
    "an address of 1 MB": repeated(b"a%20", 250_000, b"<p><a href='http://a.example/", b"'>x</a>"),
    "5000 nested quotes, closed": lambda: HTML_MAIL + b"<blockquote>" * 5_000 + b"x" + b"</blockquote>" * 5_000,
    "1000 quotes, each a text": repeated(b"<blockquote type=cite><p>x</p>", 1_000),
    "100,000 cells": lambda: HTML_MAIL + b"<table>" + (b"<tr>" + b"<td>x</td>" * 100 + b"</tr>") * 1_000 + b"</table>",
    "one row of 50,000 cells": repeated(b"<td>x</td>", 50_000, b"<table><tr>"),
    "spans of 65,534 rows": repeated(b"<tr><td colspan=1000 rowspan=65534>x</td></tr>", 1_000, b"<table>"),
    "spans of 99,999 columns": repeated(b"<tr><td colspan=99999 rowspan=99999>x</td></tr>", 1_000, b"<table>"),
    "400 nested tables": repeated(b"<table><tr><td>x", 400),
    "60,000 inline elements in one paragraph": repeated(b"<b>x</b> ", 60_000, b"<p>", b"</p>"),
    "60,000 links in one paragraph": numbered("<a href='http://a.example/%d'>x</a> ", 60_000),
    "100,000 links": numbered("<p><a href='http://a.example/%d'>x</a></p>", 100_000),
    "1 MB of paragraphs of one word": repeated(b"<p>word</p>\n", 90_000),
    "paragraphs that are not closed": repeated(b"<p>word", 150_000),
    "100,000 list items": repeated(b"<li>x", 100_000, b"<ul>"),
    "500 nested lists": repeated(b"<ul><li>x", 500),
    "100,000 headings": repeated(b"<h1>x</h1>", 100_000),
    "100,000 definitions": repeated(b"<dt>x<dd>y", 100_000, b"<dl>"),
    "one text of 10 MB": repeated(b"word ", 2_000_000, b"<p>"),
    "one word of 10 MB": repeated(b"x", 10_000_000, b"<p>"),
    "a million entities": repeated(b"&amp;&lt;", 500_000, b"<p>"),
    "numeric entities": repeated(b"&#x1F600;&#27;&#160;", 200_000, b"<p>"),
    "ampersands": repeated(b"&", 2_000_000, b"<p>"),
    "less-than signs": repeated(b"<", 2_000_000, b"<p>"),
    "10 MB preformatted": repeated(b"a line of code\n", 700_000, b"<pre>", b"</pre>"),
    "preformatted in one line": repeated(b"x ", 2_500_000, b"<pre>", b"</pre>"),
    "50,000 elements in preformatted text": repeated(b"<b>x</b>\n", 50_000, b"<pre>", b"</pre>"),
    "1 MB of Markdown": repeated(b"*_[](`#\\", 125_000, b"<p>"),
    "1 MB of stars": repeated(b"* ", 500_000, b"<p>"),
    "1 MB of backticks": repeated(b"`", 1_000_000, b"<p><code>", b"</code>"),
    "line breaks and words": repeated(b"word<br>", 150_000),
    "doubled line breaks and words": repeated(b"word<br><br>", 100_000),
    "no-break spaces": repeated(b"&nbsp;", 500_000, b"<p>"),
    "100,000 rules": repeated(b"<hr>", 100_000),
    "50,000 styles": repeated(b"<style>p { color: red }</style>", 50_000, b"<p>x"),
    "10 MB of CSS": repeated(b"p { color: red }\n", 600_000, b"<style>", b"</style><p>x"),
    "an endless comment": repeated(b"x", 5_000_000, b"<p>x<!--"),
    "half-open tags": repeated(b"<a href='", 200_000),
    "end tags alone": repeated(b"</p></div></b>", 100_000),
    "NULs": repeated(b"<p>\0</p>", 100_000),
    "10,000 scripts": repeated(b"<script>a</script><p>x", 10_000),
    "50,000 details": repeated(b"<details><summary>x</summary>y</details>", 50_000),
    "50,000 frames": repeated(b"<iframe src=http://a.example></iframe>", 50_000),
    "100,000 unknown elements": numbered("<x-%d>x", 100_000),
    "2000 nested forms of reader view": repeated(b'<div class="moz-reader-content">', 900, b"", b"x"),
    "reader view of 50,000 names": repeated(b"<div class='gmail-reader-title moz-reader-content'>x</div>", 50_000),
    "a name of 1 MB": repeated(b"gmail-", 170_000, b"<div class='", b"moz-reader-content'>x</div>"),
    "10,000 signatures": repeated(b"<div class=gmail_signature>-- <br>x</div>", 10_000),
    "10,000 forwards": repeated(
        b"<div class=gmail_quote><div class=gmail_attr>---------- Forwarded message ---------<br>From: a "
        b"&lt;a@example.org&gt;<br>Date: x<br>Subject: y<br>To: b<br></div>z</div>",
        10_000,
    ),
}

PICTURES: dict[str, Callable[[], bytes]] = {
    "10,000 missing pictures": numbered("<img src='cid:a%d'>", 10_000),
    "10,000 remote pictures": numbered("<p><img src='http://a.example/%d.png'></p>", 10_000),
    "10,000 times one picture": lambda: with_picture(png(60, 60), b"png", b"<img src='cid:a'>" * 10_000),
    "10,000 pictures in the text": numbered("<img src='data:image/gif;base64,R0lGODlhAQAB%08d'>", 10_000),
    "2000 pictures in parts": lambda: many(1_990, b"Content-Type: image/png\r\n\r\n" + png(60, 60)),
    "a picture of 30 MB in the text": lambda: (
        HTML_MAIL + b"<p>x<img src='data:image/png;base64," + base64.b64encode(png(60, 60) + b"\0" * 22_000_000) + b"'>"
    ),
    "a picture of 30 MB, percent-encoded": lambda: (
        HTML_MAIL + b"<p>x<img src='data:image/svg+xml," + b"%3C" * 10_000_000 + b"'>"
    ),
    "a srcset of 1 MB": lambda: HTML_MAIL + b"<p><img srcset='" + b"http://a.example/x.png 1x, " * 40_000 + b"'>",
    "10,000 srcsets": repeated(b"<img srcset='a.png 1x, b.png 2x, c.png 3x'>", 10_000),
    "an alt text of 1 MB": lambda: HTML_MAIL + b"<p><img src='cid:a' alt='" + b"a.jpg " * 170_000 + b"'>",
    "a picture claims 60,000 × 60,000": lambda: with_picture(png(60_000, 60_000), b"png"),
    "a picture claims 2^31 × 2^31": lambda: with_picture(png(2**31 - 1, 2**31 - 1), b"png"),
    "a picture cut behind its magic number": lambda: with_picture(b"\x89PNG\r\n\x1a\n", b"png"),
    "a TIFF of a loop": lambda: with_picture(b"II*\0\x08\0\0\0" + b"\xff\xff" + b"\0\x01\x03\0" * 100_000, b"tiff"),
    "a WebP of no length": lambda: with_picture(b"RIFF\xff\xff\xff\xffWEBPVP8X" + b"\0" * 100, b"webp"),
    "a GIF of 5 MB of comments": lambda: with_picture(
        b"GIF89a\x3c\0\x3c\0\0\0\0" + b"!\xfe\x01a\0" * 1_000_000, b"gif"
    ),
    "a PNG of 100,000 chunks": lambda: with_picture(
        png(60, 60)[:33] + (struct.pack(">I", 3) + b"tEXta\0b" + struct.pack(">I", zlib.crc32(b"tEXta\0b"))) * 100_000,
        b"png",
    ),
    "a PNG of packed text": lambda: with_picture(packed_text(1_000_000_000), b"png"),
    "a JPEG of 50,000 segments": lambda: with_picture(b"\xff\xd8" + b"\xff\xe1\0\x04ab" * 50_000, b"jpeg"),
    "a billion laughs": lambda: with_picture(LAUGHS, b"svg+xml"),
    "a billion laughs in the text": lambda: (
        HTML_MAIL + b"<p>x<img src='data:image/svg+xml;base64," + base64.b64encode(LAUGHS) + b"'>" + LAUGHS
    ),
}

TEXT: dict[str, Callable[[], bytes]] = {
    "100,000 labels": lambda: TEXT_MAIL + b"From: a\n" * 100_000,
    "labels on one line": lambda: TEXT_MAIL + b"----- Forwarded Message ----- From: a " + b"To: From: " * 100_000,
    "a line of quote marks": lambda: TEXT_MAIL + b">" * 1_000_000,
    "3000 nested forwards": lambda: TEXT_MAIL + HEADERS.encode() * 3_000,
    "1 MB of quoted lines": lambda: TEXT_MAIL + b"> x\n" * 250_000,
    "1 MB of quotes ever deeper": lambda: TEXT_MAIL + b"".join(b">" * n + b" x\n" for n in range(1_400)),
    "1 MB of dashes": lambda: TEXT_MAIL + b"- " * 500_000,
    "1 MB of list items": lambda: TEXT_MAIL + b"- x\n" * 250_000,
    "1 MB of list items ever deeper": lambda: TEXT_MAIL + b"".join(b" " * n + b"- x\n" for n in range(1_400)),
    "10 MB in one line": lambda: TEXT_MAIL + b"word " * 2_000_000,
    "10 MB in one word": lambda: TEXT_MAIL + b"x" * 10_000_000,
    "10 MB of words, a line each": lambda: TEXT_MAIL + b"word\n" * 2_000_000,
    "1 MB of paragraphs": lambda: TEXT_MAIL + b"A paragraph.\n\n" * 70_000,
    "1 MB of From lines": lambda: TEXT_MAIL + b"From: x\n" * 125_000,
    "1 MB of forward headers": lambda: TEXT_MAIL + HEADERS.encode() * 9_000,
    "uuencoded files": lambda: TEXT_MAIL + b"begin 644 a\n#86)C\n`\nend\n" * 40_000,
    "begin lines": lambda: TEXT_MAIL + b"begin 644 a\n" * 100_000,
    "one uuencoded file of 20 MB": lambda: (
        TEXT_MAIL + b"begin 644 a\n" + (b"M" + b"8" * 60 + b"\n") * 320_000 + b"`\nend\n"
    ),
    "1 MB of addresses": lambda: TEXT_MAIL + b"http://a.example/ " * 60_000,
    "1 MB of mail addresses": lambda: TEXT_MAIL + b"a@example.org" * 80_000,
    "1 MB of at signs": lambda: TEXT_MAIL + b"@" * 1_000_000,
    "1 MB of tabs": lambda: TEXT_MAIL + b"a\tb\n" * 250_000,
    "1 MB of columns": lambda: TEXT_MAIL + b"a    b    c\n" * 90_000,
    "1 MB of code": lambda: TEXT_MAIL + b"    if (a) { b(); }\n" * 50_000,
    "1 MB of rules": lambda: TEXT_MAIL + b"-- \n" * 250_000,
    "1 MB of underscores": lambda: TEXT_MAIL + b"_" * 1_000_000,
    "1 MB of digits": lambda: TEXT_MAIL + b"1" * 1_000_000,
    "1 MB of numbered items": lambda: TEXT_MAIL + b"1. x\n" * 200_000,
    "1 MB of hash words": lambda: b"Subject: Fwd: x " + b"#a " * 20_000 + b"\r\n\r\n" + b"#a " * 300_000,
    "1 MB of soft breaks": lambda: (
        b"Content-Type: text/plain; format=flowed; delsp=yes\r\n\r\n" + b">> word \n" * 100_000
    ),
    "ISO-2022 escapes": lambda: TEXT_MAIL + b"\x1b$B\x1b(B" * 150_000,
    "HZ runs": lambda: TEXT_MAIL + b"~{" * 500_000,
    "8 bits of no charset": lambda: TEXT_MAIL + bytes(range(128, 256)) * 8_000,
    "UTF-7 of nothing": lambda: b"Content-Type: text/plain; charset=utf-7\r\n\r\n" + b"+" * 1_000_000,
    "Japanese lines": lambda: (
        b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + "日本語の文章です\n".encode() * 40_000
    ),
}

EVERY_ROW = {
    f"{kind}: {name}": row
    for kind, rows in (("structure", STRUCTURE), ("html", HTML), ("picture", PICTURES), ("text", TEXT))
    for name, row in rows.items()
}
