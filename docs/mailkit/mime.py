"""Octets of a mail, written by hand: the standard library's generator changes its folding between Python versions."""

from __future__ import annotations

import base64
import hashlib
import quopri
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

Field = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Entity:
    """A MIME entity (RFC 2045 §2.4): its header fields, already encoded, and its body with LF line ends."""

    fields: tuple[Field, ...]
    body: bytes

    def octets(self) -> bytes:
        """Fields, an empty line, the body; LF line ends."""
        head = "".join(f"{name}: {value}\n" for name, value in self.fields)
        return head.encode("utf-8") + b"\n" + self.body


def text(content: str, subtype: str = "plain", *, charset: str = "UTF-8", encoding: str = "quoted-printable") -> Entity:
    """A text part; `encoding` is a Content-Transfer-Encoding of RFC 2045 §6."""
    codec = {"gb18030": "gb18030", "windows-1252": "cp1252"}.get(charset.lower(), charset)
    data = content.encode(codec)
    fields = [("Content-Type", f'text/{subtype}; charset="{charset}"')]
    if encoding == "quoted-printable":
        data = quopri.encodestring(data)
    elif encoding == "base64":
        data = base64.encodebytes(data)
    if encoding != "7bit":
        fields.append(("Content-Transfer-Encoding", encoding))
    return Entity(tuple(fields), data if data.endswith(b"\n") else data + b"\n")


def file(
    data: bytes, content_type: str, name: str, *, cid: str | None = None, disposition: str | None = None
) -> Entity:
    """A picture shown in the text (`cid` given) or an attachment. A name beyond ASCII is written
    as RFC 2231 §4 has it.
    """
    disposition = disposition or ("inline" if cid else "attachment")
    ascii_name = name.isascii()
    named = f'filename="{name}"' if ascii_name else f"filename*=UTF-8''{percent(name)}"
    fields = [
        ("Content-Type", f'{content_type}; name="{name}"' if ascii_name else content_type),
        ("Content-Disposition", f"{disposition}; {named}"),
        ("Content-Transfer-Encoding", "base64"),
    ]
    if cid:
        fields += [("Content-ID", f"<{cid}>"), ("X-Attachment-Id", cid)]
    return Entity(tuple(fields), base64.encodebytes(data))


def enclosed(mail_octets: bytes, name: str) -> Entity:
    """A whole mail attached to another (message/rfc822, RFC 2046 §5.2.1); `mail_octets` as `mail` makes them."""
    fields = (
        ("Content-Type", f'message/rfc822; name="{name}"'),
        ("Content-Disposition", f'attachment; filename="{name}"'),
    )
    return Entity(fields, mail_octets.replace(b"\r\n", b"\n"))


def multipart(subtype: str, parts: Sequence[Entity], **parameters: str) -> Entity:
    """The parts in one entity; the boundary is made from their octets, so that it is the same at every run."""
    octets = [part.octets() for part in parts]
    digest = hashlib.sha256(subtype.encode() + b"".join(octets)).hexdigest()
    boundary = f"000000000000{digest[:16]}"
    more = "".join(f'; {key}="{value}"' for key, value in parameters.items())
    body = b"".join(b"--" + boundary.encode() + b"\n" + part.rstrip(b"\n") + b"\n" for part in octets)
    fields = (("Content-Type", f'multipart/{subtype}; boundary="{boundary}"{more}'),)
    return Entity(fields, body + b"--" + boundary.encode() + b"--\n")


def mail(fields: Sequence[Field], content: Entity) -> bytes:
    """The whole mail with CRLF line ends (RFC 5322 §2.3). Values beyond ASCII become encoded words (RFC 2047)."""
    encoded = tuple((name, value if value.isascii() else _encoded(name, value)) for name, value in fields)
    whole = Entity((*encoded, ("MIME-Version", "1.0"), *content.fields), content.body)
    return whole.octets().replace(b"\n", b"\r\n")


def percent(name: str) -> str:
    """Every octet but letters, digits, `-`, `.` and `_` as %XX."""
    return quote(name, safe="")


def _encoded(name: str, value: str) -> str:
    """Encoded words for a display name before an address, else for the whole value."""
    display, angle, address = value.rpartition(" <")
    if angle and name in {"From", "To", "Cc", "Reply-To"}:
        return f"{_words(display)} <{address}"
    return _words(value)


def _words(value: str) -> str:
    """Base64 encoded words of at most 75 characters, cut between characters (RFC 2047 §2)."""
    words, chunk = [], ""
    for character in value:
        if len((chunk + character).encode()) > 42:
            words.append(chunk)
            chunk = ""
        chunk += character
    words.append(chunk)
    return "\n ".join(f"=?UTF-8?B?{base64.b64encode(word.encode()).decode()}?=" for word in words)
