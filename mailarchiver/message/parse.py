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
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from email.errors import HeaderParseError
from email.message import Message as Compat32
from email.utils import parsedate_to_datetime
from itertools import islice

from mailparser import MailParser
from mailparser.exceptions import MailParserError

from ..errors import MessageError
from ..model import Address, Headers, MailWarning, Message, Part
from ..text.dates import read_date
from ..text.traces import spot
from .addresses import ADDRESSES, read_addresses
from .body import read_body
from .charset import decode
from .encoded_words import decode_words
from .fields import Fields, split_header, unfolded
from .structure import DEPTH, Budget, Entity, read_structure

MAIL_OCTETS = 50_000_000
SALVAGED_OCTETS = 1_000_000

ENCLOSED = 200
"""Messages opened in one mail; more than half of that are no articles any more, only attachments."""

logging.getLogger("mailparser").setLevel(logging.CRITICAL)
"""What it has to say comes back as defects; its log lines would carry strangers' words into ours."""

_ASKED = ("From", "To", "Cc", "Date")
_ADDRESS_FIELDS = ("From", "To", "Cc")
_ONCE = ("From", "Sender", "To", "Cc", "Subject", "Date", "Message-ID")
_BREAKS = (MailParserError, ValueError, LookupError, TypeError, AttributeError, HeaderParseError)
"""What mail-parser 4.8 was seen to raise for hostile headers."""
_SEPARATOR = re.compile("[,;]")
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
    except _BREAKS as error:
        raise MessageError(f"the message cannot be parsed: {spot(error)}") from error


def salvage(data: bytes, warning: MailWarning) -> Message:
    """The message as far as a scan of its lines tells, with `warning`. Never raises.

    The header fields are read without mail-parser; whatever stands below them is the text, untouched (the first
    megabyte: `message.eml` holds it all). No part is opened.
    """
    fields, body = split_header(data, 0, len(data))
    senders = _printed(fields, "from")
    decoded = _decoded(fields)
    values = _values(decoded)
    headers = Headers(
        message_id=values.get("message-id"),
        subject=values.get("subject"),
        sender=senders[0] if senders else None,
        to=_printed(fields, "to"),
        cc=_printed(fields, "cc"),
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
        self._enclosed_left = ENCLOSED

    def read(self, data: bytes, *, depth: int) -> Message:
        budget = replace(self._left, warnings=[])
        root = read_structure(data, budget, depth=depth)
        body = read_body(data, root, budget)
        self._left = budget
        headers = read_headers(replace(root.fields, charset=_charset(root)), budget)
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
            if depth < DEPTH and len(data) <= self._left.octets and self._enclosed_left > 0:
                self._left.octets -= len(data)
                self._enclosed_left -= 1
                messages.append(self.read(data, depth=depth))
            else:
                budget.warn("limit", "enclosed messages are too many, too deep or too large: the rest were left closed")
                closed.append(Part("message/rfc822", data, disposition="attachment"))
        return tuple(messages), tuple(closed)


def _charset(entity: Entity) -> str | None:
    """The charset of the first text in the tree that states one."""
    own = entity.content_type.parameters.get("charset")
    if own and entity.content_type.value.startswith("text/"):
        return own
    return next((found for child in entity.children if (found := _charset(child))), None)


def read_headers(fields: Fields, budget: Budget) -> Headers:
    """The headers that count. Addresses, dates and defects are mail-parser's; what it refuses is read as printed."""
    known = Compat32()
    for name in _ASKED:
        value = fields.first(name.lower())
        if value is not None:
            known[name] = _limited(unfolded(value, fields.charset), budget)
    received = fields.first("received")
    if received is not None:
        known["Received"] = unfolded(received)  # the topmost only: the others do not count
    for name in _doubled(fields):
        budget.warn("header", f"more than one {name} field: the first one counts")
    parser = _understood(known, budget)
    for defect in _defects(parser)[:_DEFECTS]:
        budget.warn("header", defect)
    decoded = _decoded(fields)
    values = _values(decoded)
    senders = _addresses(parser, fields, "from") or _printed(fields, "sender")
    return Headers(
        message_id=values.get("message-id"),
        subject=values.get("subject"),
        sender=senders[0] if senders else None,
        to=_addresses(parser, fields, "to"),
        cc=_addresses(parser, fields, "cc"),
        date=_date(parser, values.get("date")),
        date_text=values.get("date"),
        received=_received(parser),
        fields=decoded,
    )


def _doubled(fields: Fields) -> list[str]:
    """The fields that must stand once (RFC 5322 §3.6), and stand there again with another value."""
    once = {name.lower(): name for name in _ONCE}
    found = {once[key] for name, value in fields.items if (key := name.lower()) in once and value != fields.first(key)}
    return [name for name in _ONCE if name in found]


def _understood(known: Compat32, budget: Budget) -> MailParser:
    """mail-parser over these fields; where it breaks on them, without the addresses, and then without any: what it
    does not tell is read as printed.

    QUIRK: an RFC 2047 word in broken base64 makes it raise stdlib's HeaderParseError, which it does not expect.
    """
    for left_out in ((), _ADDRESS_FIELDS, (*_ADDRESS_FIELDS, "Date", "Received")):
        for name in left_out:
            del known[name]
        try:
            return _HeaderParser(known)
        except _BREAKS as error:
            budget.warn("header", f"a field cannot be parsed, and was read as printed: {type(error).__name__}: {error}")
    raise MessageError("mail-parser refuses even an empty header")


def _decoded(fields: Fields) -> tuple[tuple[str, str], ...]:
    return tuple((name, decode_words(unfolded(value, fields.charset))) for name, value in fields.items)


def _values(decoded: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The first value of each (lower case) name, where it is not empty."""
    first = {name.lower(): text.strip() for name, text in reversed(decoded)}
    return {name: text for name, text in first.items() if text}


def _limited(value: str, budget: Budget) -> str:
    """An address field with at most ADDRESSES separators: more are another program's list, or an attack."""
    if value.count(",") + value.count(";") < ADDRESSES:
        return value
    last = next(islice(_SEPARATOR.finditer(value), ADDRESSES - 1, None))
    budget.warn("limit", f"more than {ADDRESSES} addresses in a field: the rest was not read")
    return value[: last.start()]


def _addresses(parser: MailParser, fields: Fields, name: str) -> tuple[Address, ...]:
    """The mailboxes of a field by mail-parser (RFC 5322 §3.4); as printed there where it finds none or leaves one out.

    It leaves out what the grammar forbids: `Roe, Jane <jane@…>` without quotes, lists parted by semicolons.
    """
    if fields.first(name) is None:
        return ()
    found: list[tuple[str, str]] = getattr(parser, "from_" if name == "from" else name)
    parsed = tuple(Address(decode_words(display).strip(), address) for display, address in found or ())
    left_out = any(
        defect["header"] == name and not defect["occurrence"] and not defect["recovered"]
        for defect in parser.address_header_defects
    )
    if parsed and not left_out:
        return parsed
    printed = _printed(fields, name)
    return printed if len(printed) >= len(parsed) else parsed


def _printed(fields: Fields, name: str) -> tuple[Address, ...]:
    """The addresses as printed. An RFC 2047 word holds names only (§5, rule 3), unless there are no addresses else."""
    found = read_addresses(fields.text(name))
    if any(address.address for address in found):
        return tuple(replace(address, name=decode_words(address.name)) for address in found)
    return read_addresses(decode_words(fields.text(name)))


def _date(parser: MailParser, text: str | None) -> str | None:
    """The Date field in ISO 8601 with its own offset (RFC 5322 §3.3), or as read_date understands it, or None."""
    if text is None:
        return None
    if isinstance(parser.date, datetime):
        return _with_offset(parser.date, text)
    return read_date(text) or _loosely(text)


def _loosely(text: str) -> str | None:
    """A date as stdlib reads it, which forgives a missing space before the zone, and numbers of one digit."""
    try:
        return parsedate_to_datetime(text.replace('"', " ")).isoformat()
    except (ValueError, OverflowError):
        return None


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
