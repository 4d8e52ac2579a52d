"""A receipt: a small mail that tells, in the mailbox, what became of another. Written by us, and known again by us.

::

    Facts ─ composed ─▶ octets ─ APPEND ─▶ the mailbox ─ fetched by a later round ─ told_by ─▶ the digest, so not filed

Its Message-ID is made of the digest of the mail that it tells of, so that one which was put there before a crash is
found, and not put there twice. It answers that mail (RFC 5322 §3.6.4), and says that no person wrote it (RFC 3834).
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ..text.terminal import line
from ..text.wording import MONTHS, WEEKDAYS

if TYPE_CHECKING:
    from .wire import Client

FIELD = "X-Mailarchiver-Receipt"
DOMAIN = "receipt.mailarchiver.invalid"
"""Nobody can have it (RFC 2606 §2)."""
HEADER_BYTES = 64 << 10
_LINE = 76
_WORD_BYTES = 42
"""Octets of an encoded word: 56 characters of Base64, which behind `Subject: ` keep a line below the 78 of RFC 5322."""
_ID = re.compile(r"<[!-;=?A-~]+@[!-;=?A-~]+>")
"""RFC 5322 §3.6.4, more or less: what could not stand in a field is refused."""
_ADDRESS = re.compile(r"[\w.+-]+@[\w.-]+", re.ASCII)
_VALUE_OF = rb"^%b:[ \t]*(?:\r?\n[ \t]+)?%b[ \t]*\r?$"
"""A field with a value that may have been folded on its way, as Exchange does with long ones."""
_FIELD_LINE = re.compile(_VALUE_OF % (b"x-mailarchiver-receipt", b"([0-9a-f]{64})"), re.IGNORECASE | re.MULTILINE)
_ID_LINE = re.compile(
    _VALUE_OF % (b"message-id", rb"<([0-9a-f]{64})@receipt\.mailarchiver\.invalid>"), re.IGNORECASE | re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is told: of a mail (`digest` is its SHA-256, hex; Message-ID and subject where it has them) that it is
    filed as these articles, a line or a few each, for the owner of a mailbox.
    """

    digest: str
    message_id: str | None
    subject: str | None
    address: str
    articles: tuple[str, ...]


def message_id(digest: str) -> str:
    """The Message-ID of the receipt for a mail."""
    return f"<{digest}@{DOMAIN}>"


def is_there(client: Client, digest: str) -> bool:
    """Whether the receipt for a mail is in the folder that is open: a question for `ImapMailbox.ask`."""
    return bool(client.search(["HEADER", "Message-ID", message_id(digest)]))


def composed(facts: Facts, now: datetime) -> bytes:
    """The receipt, with CRLF and in ASCII alone: no server need know more. `now` is aware."""
    address = facts.address if _ADDRESS.fullmatch(facts.address) else f"mailarchiver@{DOMAIN}"
    fields = [
        ("Date", _date(now)),
        ("From", f"mailarchiver <{address}>"),
        ("To", f"<{address}>"),
        ("Message-ID", message_id(facts.digest)),
    ]
    if facts.message_id is not None and len(facts.message_id) < 900 and _ID.fullmatch(facts.message_id):
        fields += [("In-Reply-To", facts.message_id), ("References", facts.message_id)]
    fields += [
        ("Subject", _words(f"Re: {line(facts.subject or '')}".strip())),
        ("Auto-Submitted", "auto-replied"),
        (FIELD, facts.digest),
        ("MIME-Version", "1.0"),
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Transfer-Encoding", "base64"),
    ]
    header = "".join(f"{name}: {value}\r\n" for name, value in fields)
    text = "\r\n".join([part for article in facts.articles for part in (*article.splitlines(), "")])
    body = base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")
    lines = (body[start : start + _LINE] for start in range(0, len(body), _LINE))
    return (header + "\r\n" + "".join(f"{each}\r\n" for each in lines)).encode("ascii")


def told_by(data: bytes) -> str | None:
    """The digest of the mail that a receipt of ours tells of; None for any other mail.

    Both our field and our Message-ID must stand in its header, once each, and name the same digest. Whether we wrote it
    is for the caller to find out: nobody else knows the digest of what was filed.
    """
    header = data[:HEADER_BYTES].partition(b"\r\n\r\n")[0]
    found, ids = _FIELD_LINE.findall(header), _ID_LINE.findall(header)
    if len(found) != 1 or found != ids:
        return None
    digest: bytes = found[0]
    return digest.decode("ascii").lower()


def _date(moment: datetime) -> str:
    """RFC 5322 §3.3, in English whatever the locale."""
    day, month = WEEKDAYS[moment.weekday()][:3], MONTHS[moment.month - 1][:3]
    return f"{day}, {moment.day} {month} {moment.year:04} {moment:%H:%M:%S %z}"


def _words(text: str) -> str:
    """A field's text, as encoded words where it is not plain ASCII (RFC 2047), each on a line of its own."""
    if len(text) <= 60 and re.fullmatch(r"[ -~]*", text) and "=?" not in text:
        return text
    words, word = [], b""
    for character in text[:500]:
        octets = character.encode("utf-8", "replace")
        if len(word) + len(octets) > _WORD_BYTES:
            words.append(word)
            word = b""
        word += octets
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(each).decode('ascii')}?=" for each in [*words, word])
