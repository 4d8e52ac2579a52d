"""The mails that older programs filed, in the order in which they lie in the mailbox: UID 1, 2, …"""

from __future__ import annotations

import base64
import struct
import zlib


def _picture() -> str:
    """A PNG of 64 × 48 grey pixels, in Base64."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes((16 * row + column) % 256 for column in range(64)) for row in range(48))
    head = struct.pack(">IIBBBBB", 64, 48, 8, 0, 0, 0, 0)
    data = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return base64.encodebytes(b"\x89PNG\r\n\x1a\n" + data).decode().replace("\n", "\r\n")


def _head(number: int, subject: str) -> str:
    return (
        "From: Jane Roe <jane@example.org>\r\nTo: articles@example.org\r\n"
        f"Subject: {subject}\r\nDate: Wed, 6 Mar 2024 12:00:0{number} +0000\r\nMessage-ID: <{number}@older.example>\r\n"
        "MIME-Version: 1.0\r\n"
    )


TIDE = (
    f"{_head(1, 'The tide')}Content-Type: text/plain; charset=utf-8\r\n\r\n"
    "The tide comes in twice a day, and goes out as often.\r\n\r\nNobody knows who sends it.\r\n"
).encode()
HARBOUR = (
    f"{_head(2, 'The harbour')}Content-Type: multipart/related; boundary=b\r\n\r\n"
    "--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<h1>The harbour</h1><p>Ships lie in it, row by row.</p>"
    '<p><img src="cid:ship@example" alt="A ship"></p><p>In the evening they are lit.</p>\r\n'
    "--b\r\nContent-Type: image/png; name=ship.png\r\nContent-ID: <ship@example>\r\n"
    f"Content-Transfer-Encoding: base64\r\n\r\n{_picture()}\r\n--b--\r\n"
).encode()
ECLIPSE = (
    f"{_head(3, 'The eclipse')}Content-Type: text/plain; charset=utf-8\r\n\r\nOlder programs stumbled over it.\r\n"
).encode()
MAILS = (TIDE, HARBOUR, TIDE, ECLIPSE)
"""The third is the first once more."""
