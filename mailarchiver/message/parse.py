"""Octets → Message: the one place that wraps mail-parser.

::

    data ─ structure ─▶ Entity tree ─ body ─▶ html, text, parts, enclosed ─▶ Message
                     └▶ fields ─ mail-parser ─▶ addresses, dates, defects ─▶ Headers

mail-parser sees one level at a time, and of it only the fields it is asked about: it flattens enclosed messages,
decodes every picture again, and takes a minute for parameters that `fields` reads in a millisecond.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from email.errors import HeaderParseError
from email.message import Message as Compat32

from mailparser import MailParser
from mailparser.exceptions import MailParserError

from ..errors import MessageError
from ..model import Address, Headers, MailWarning, Message, Part
from ..text.dates import read_date
from .addresses import ADDRESSES, read_addresses
from .body import read_body
from .charset import decode
from .fields import Fields, decode_words, split_header, unfolded
from .structure import DEPTH, Budget, read_structure

MAIL_OCTETS = 50_000_000
CUT_OCTETS = 100_000_000
"""Of all enclosed messages of a mail together, each within the other counted again; beyond, they stay attachments."""
SALVAGED_OCTETS = 1_000_000

ENCLOSED = 200
"""Messages opened in one mail; more than half of that are no articles any more, only attachments."""

logging.getLogger("mailparser").setLevel(logging.CRITICAL)
"""What it has to say comes back as defects; its log lines would carry strangers' words into ours."""

_ASKED = {"from", "to", "cc", "date"}
_OFFSET = re.compile(r"([+-])(\d\d)(\d\d)\b")
_HOURS = 24
_DEFECTS = 5


def parse(data: bytes) -> Message:
    """What the octets of a message say. Same octets, same message; nothing is fetched, executed or looked up.

    Damage degrades and leaves a warning. Beyond a cap (50 MB, 50 levels, 2,000 parts, 1 MB of header, 64 KB a field,
    2 KB a Content-Type) nothing is opened: it stays a part that holds all its octets, or, for the whole mail, the
    headers only.

    Raises:
        MessageError: mail-parser could not make anything of the header.
    """
    if len(data) > MAIL_OCTETS:
        return salvage(
            data, MailWarning("limit", f"larger than {MAIL_OCTETS // 1_000_000} MB: only the header was read")
        )
    try:
        return _Reader().read(data, depth=0)
    except (MailParserError, ValueError, LookupError, TypeError, AttributeError, HeaderParseError) as error:
        # What mail-parser 4.8 was seen to raise for hostile headers.
        raise MessageError(f"the message cannot be parsed: {type(error).__name__}: {error}") from error


def salvage(data: bytes, warning: MailWarning) -> Message:
    """The message as far as a scan of its lines tells, with `warning`. Never raises.

    The header fields are read without mail-parser; whatever stands below them is the text, untouched (the first
    megabyte: `message.eml` holds it all). No part is opened.
    """
    fields, body = split_header(data, 0, len(data))
    senders = read_addresses(decode_words(fields.text("from")))
    decoded = _decoded(fields)
    values = _values(decoded)
    headers = Headers(
        message_id=values.get("message-id"),
        subject=values.get("subject"),
        sender=senders[0] if senders else None,
        to=read_addresses(decode_words(fields.text("to"))),
        cc=read_addresses(decode_words(fields.text("cc"))),
        date_text=values.get("date"),
        fields=decoded,
    )
    text = decode(data[body : body + SALVAGED_OCTETS])[0]
    return Message(data=data, headers=headers, text=text or None, warnings=(warning,))


class _HeaderParser(MailParser):  # type: ignore[misc]  # it has no types
    """mail-parser without its summary of the mail: it is made twice for each mail, and never asked for here."""

    def _make_mail(self, complete: bool = True) -> dict[str, object]:  # noqa: ARG002, FBT001, FBT002  as it is there
        return {}


class _Reader:
    """One mail with all the messages in it: they share the caps."""

    def __init__(self) -> None:
        self._left = Budget()
        self._octets = CUT_OCTETS
        self._enclosed_left = ENCLOSED

    def read(self, data: bytes, *, depth: int) -> Message:
        budget = Budget(self._left.parts, self._left.weight)
        root = read_structure(data, budget, depth=depth)
        body = read_body(data, root, budget)
        self._left = budget
        headers = read_headers(root.fields, budget)
        enclosed, closed = self._enclosed(body.enclosed, depth + 1, budget)
        return Message(
            data=data,
            headers=headers,
            html=body.html,
            text=body.text,
            parts=(*body.parts, *closed),
            enclosed=enclosed,
            warnings=tuple(budget.warnings),
        )

    def _enclosed(
        self, cut: Iterable[bytes], depth: int, budget: Budget
    ) -> tuple[tuple[Message, ...], tuple[Part, ...]]:
        """The enclosed messages read, and as attachments those that a cap forbids to open."""
        messages: list[Message] = []
        closed: list[Part] = []
        for data in cut:
            if depth < DEPTH and len(data) <= self._octets and self._enclosed_left > 0:
                self._octets -= len(data)
                self._enclosed_left -= 1
                messages.append(self.read(data, depth=depth))
            else:
                budget.warn("limit", "enclosed messages are too many, too deep or too large: the rest were left closed")
                closed.append(Part("message/rfc822", data, disposition="attachment"))
        return tuple(messages), tuple(closed)


def read_headers(fields: Fields, budget: Budget) -> Headers:
    """The headers that count. Addresses, dates and defects are mail-parser's; what it refuses is read as printed."""
    known = Compat32()
    for name, value in fields.items:
        if name.lower() in _ASKED and name not in known:
            known[name] = _limited(unfolded(value), budget)
    received = fields.first("received")
    if received is not None:
        known["Received"] = unfolded(received)  # the topmost only: the others do not count
    parser = _understood(known, budget)
    for defect in _defects(parser)[:_DEFECTS]:
        budget.warn("header", defect)
    decoded = _decoded(fields)
    values = _values(decoded)
    senders = _addresses(parser, values, "from") or read_addresses(values.get("sender", ""))
    return Headers(
        message_id=values.get("message-id"),
        subject=values.get("subject"),
        sender=senders[0] if senders else None,
        to=_addresses(parser, values, "to"),
        cc=_addresses(parser, values, "cc"),
        date=_date(parser, values.get("date")),
        date_text=values.get("date"),
        received=_received(parser),
        fields=decoded,
    )


def _understood(known: Compat32, budget: Budget) -> MailParser:
    """mail-parser over these fields; without the addresses where it breaks on them (they are read as printed then).

    QUIRK: an RFC 2047 word in broken base64 makes it raise stdlib's HeaderParseError, which it does not expect.
    """
    try:
        return _HeaderParser(known)
    except HeaderParseError as error:
        budget.warn("header", f"an address field cannot be parsed: {error}")
        for name in ("From", "To", "Cc"):
            del known[name]
        return _HeaderParser(known)


def _decoded(fields: Fields) -> tuple[tuple[str, str], ...]:
    return tuple((name, decode_words(unfolded(value))) for name, value in fields.items)


def _values(decoded: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The first value of each (lower case) name, where it is not empty."""
    first = {name.lower(): text.strip() for name, text in reversed(decoded)}
    return {name: text for name, text in first.items() if text}


def _limited(value: str, budget: Budget) -> str:
    """An address field with at most ADDRESSES commas: more are another program's list, or an attack."""
    pieces = value.split(",", ADDRESSES)
    if len(pieces) <= ADDRESSES:
        return value
    budget.warn("limit", f"more than {ADDRESSES} addresses in a field: the rest was not read")
    return ",".join(pieces[:ADDRESSES])


def _addresses(parser: MailParser, values: Mapping[str, str], name: str) -> tuple[Address, ...]:
    """The mailboxes of a field by mail-parser (RFC 5322 §3.4); by what is printed there where it finds none."""
    found: list[tuple[str, str]] = getattr(parser, "from_" if name == "from" else name)
    if found:
        return tuple(Address(decode_words(display).strip(), address) for display, address in found)
    return read_addresses(values.get(name, ""))


def _date(parser: MailParser, text: str | None) -> str | None:
    """The Date field in ISO 8601 with its own offset (RFC 5322 §3.3), or as read_date understands it, or None."""
    if text is None:
        return None
    if isinstance(parser.date, datetime):
        return _with_offset(parser.date, text)
    return read_date(text)


def _received(parser: MailParser) -> str | None:
    """When the topmost Received field was written, ISO 8601 with offset."""
    for hop in parser.received:
        if hop.get("date_utc"):
            return _with_offset(datetime.fromisoformat(hop["date_utc"]), hop["date"])
    return None


def _with_offset(moment: datetime, text: str) -> str:
    """The moment in the offset that the text states; UTC where it states none in digits."""
    found = _OFFSET.search(text)
    if found is None or int(found[2]) >= _HOURS:
        return moment.isoformat()
    offset = timedelta(hours=int(found[2]), minutes=int(found[3])) * (-1 if found[1] == "-" else 1)
    return moment.astimezone(timezone(offset)).isoformat()


def _defects(parser: MailParser) -> list[str]:
    """mail-parser's findings, one line each."""
    groups: list[dict[str, list[str]]] = parser.defects
    return [text[:200] for group in groups for texts in group.values() for text in texts]
