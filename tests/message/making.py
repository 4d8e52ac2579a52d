"""Mails of our own writing for the tests of message/."""

from __future__ import annotations

import base64
from collections.abc import Iterable

from mailarchiver.message.forward import unwrap
from mailarchiver.message.parse import parse
from mailarchiver.model import Message, Original

HEAD = b"From: Fay Forwarder <fay@example.org>\r\nTo: archive@example.net\r\nDate: Thu, 7 Mar 2024 09:00:00 +0100\r\n"


def part(content: bytes, content_type: str = "text/plain; charset=utf-8", *fields: str) -> bytes:
    """One entity, headers and content."""
    lines = [f"Content-Type: {content_type}", *fields]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def attached(content: bytes, content_type: str, *fields: str) -> bytes:
    """One entity in base64."""
    return part(base64.encodebytes(content), content_type, "Content-Transfer-Encoding: base64", *fields)


def multipart(kind: str, *parts: bytes, boundary: str = "=_outer", end: bool = True) -> bytes:
    """A multipart entity of these."""
    mark = f"--{boundary}".encode()
    body = b"".join(mark + b"\r\n" + entity + b"\r\n" for entity in parts) + (mark + b"--\r\n" if end else b"")
    return part(body, f'multipart/{kind}; boundary="{boundary}"')


def mail(entity: bytes, subject: str = "A subject") -> bytes:
    """A whole message around an entity."""
    return HEAD + f"Subject: {subject}\r\nMIME-Version: 1.0\r\n".encode() + entity


def html_mail(html: str, subject: str = "Fwd: A subject") -> Message:
    return parse(mail(part(html.encode(), "text/html; charset=utf-8"), subject))


def text_mail(lines: str | Iterable[str], subject: str = "Fwd: A subject") -> Message:
    text = lines if isinstance(lines, str) else "\n".join(lines)
    return parse(mail(part(text.encode()), subject))


def only(message: Message) -> Original:
    """The single original of a message."""
    originals = unwrap(message)
    assert len(originals) == 1
    return originals[0]
