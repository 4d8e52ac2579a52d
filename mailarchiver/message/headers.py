"""Fields → Headers: the one place that wraps mail-parser.

::

    fields ─┬─ mail-parser ──▶ addresses, dates, defects ─┬─▶ Headers
            ├─ usual dates ───────────────────────────────┤
            └─ encoded_words ▶ all fields as text ────────┘

mail-parser sees one level at a time, and of it only the fields it is asked about: it flattens enclosed messages,
decodes every picture again, and takes a minute for parameters that `fields` reads in a millisecond.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from email.errors import HeaderParseError
from email.message import Message as Compat32
from email.utils import parsedate_to_datetime
from functools import lru_cache
from itertools import islice

from mailparser import MailParser
from mailparser.exceptions import MailParserError

from ..model import Address, Headers
from ..text.dates import read_date
from .addresses import ADDRESSES, read_addresses
from .encoded_words import decode_words
from .fields import Fields, unfolded
from .structure import Budget

logging.getLogger("mailparser").setLevel(logging.CRITICAL)
"""What it has to say comes back as defects; its log lines would carry strangers' words into ours."""

BREAKS = (MailParserError, ValueError, LookupError, TypeError, AttributeError, HeaderParseError)
"""What mail-parser 4.8 was seen to raise for hostile headers."""

_ADDRESS_FIELDS = ("From", "To", "Cc")
_ONCE = ("From", "Sender", "To", "Cc", "Subject", "Date", "Message-ID")
_FORWARDERS = 16
"""Headers whose addresses are remembered: mail after mail comes from the same person, to the same mailbox."""
_SEPARATOR = re.compile("[,;]")
_SOUND = re.compile(r'(?:[^()\[\]<>"\\]++|\((?:[^()\\]++|\([^()\\]*+\))*\)|\[[^\[\]\\]*+\]|<[^()\[\]<>"\\]*+>)*')
"""Clauses in which every bracket is closed, and nothing is quoted."""
_OFFSET = re.compile(r"([+-])(\d\d)(\d\d)\b")
_HOURS = 24
_DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_USUAL_DATE = re.compile(
    rf"({'|'.join(_DAYS)}), (\d{{1,2}}) ({'|'.join(_MONTHS)}) ((?:19|20)\d\d)"
    r" (\d\d:\d\d:\d\d) (?!-0000)([+-](?:0\d|1[0-4]))([0-5]\d)(?: \([A-Z]{1,5}\))?",
    re.ASCII,
)
"""As RFC 5322 §3.3 has it and nearly all programs write it, with the zone's name behind it or without."""
_DEFECTS = 5

_Known = tuple[tuple[str, str], ...]
"""The fields that mail-parser is asked about: names and values."""


class _HeaderParser(MailParser):  # type: ignore[misc]  # it has no types
    """mail-parser without what it does besides: it looks for parts, and makes a summary of the mail twice."""

    def parse(self) -> None:
        self._reset()


def read_headers(fields: Fields, budget: Budget) -> Headers:
    """The headers that count. Addresses, dates and defects are mail-parser's; what it refuses is read as printed.

    Raises one of `BREAKS` where mail-parser refuses even no fields at all.
    """
    people = _asked(_ADDRESS_FIELDS, fields, budget)
    sent, stamp = _usual(fields.text("date")), _stamp(unfolded(fields.first("received") or b""))
    came = _usual(stamp[1:]) if stamp.startswith(";") else None  # the topmost only: the others do not count
    times = _asked(("Date",), fields, budget) if sent is None else ()
    if stamp and came is None:
        times = (*times, ("Received", stamp))
    for name in _doubled(fields):
        budget.warn("header", f"more than one {name} field: the first one counts")
    named = _understood(people, budget, _remembered)
    dated = _understood(times, budget, _parsed if times else _remembered)
    for defect in [*_defects(named), *_defects(dated)][:_DEFECTS]:
        budget.warn("header", defect)
    decoded = _decoded(fields)
    values = _values(decoded)
    senders = _addresses(named, fields, "from") or _printed(fields, "sender")
    return Headers(
        message_id=values.get("message-id"),
        subject=values.get("subject"),
        sender=senders[0] if senders else None,
        to=_addresses(named, fields, "to"),
        cc=_addresses(named, fields, "cc"),
        date=sent or _date(dated, values.get("date")),
        date_text=values.get("date"),
        received=came or _received(dated),
        fields=decoded,
    )


def printed_headers(fields: Fields) -> Headers:
    """The headers without mail-parser: the addresses as printed, no date understood. Never raises."""
    senders = _printed(fields, "from")
    decoded = _decoded(fields)
    values = _values(decoded)
    return Headers(
        message_id=values.get("message-id"),
        subject=values.get("subject"),
        sender=senders[0] if senders else None,
        to=_printed(fields, "to"),
        cc=_printed(fields, "cc"),
        date_text=values.get("date"),
        fields=decoded,
    )


def _doubled(fields: Fields) -> list[str]:
    """The fields that must stand once (RFC 5322 §3.6), and stand there again with another value."""
    once = {name.lower(): name for name in _ONCE}
    found = {once[key] for name, value in fields.items if (key := name.lower()) in once and value != fields.first(key)}
    return [name for name in _ONCE if name in found]


def _asked(names: Iterable[str], fields: Fields, budget: Budget) -> _Known:
    """The first field of each of these names, unfolded."""
    found = ((name, fields.first(name.lower())) for name in names)
    return tuple(
        (name, _limited(unfolded(value, fields.charset), budget)) for name, value in found if value is not None
    )


def _understood(known: _Known, budget: Budget, parsed: Callable[[_Known], MailParser]) -> MailParser:
    """mail-parser over these fields, or, where it breaks on them, over none: what it does not tell is read as printed.

    QUIRK: an RFC 2047 word in broken base64 makes it raise stdlib's HeaderParseError, which it does not expect.
    """
    try:
        return parsed(known)
    except BREAKS as error:
        budget.warn("header", f"a field cannot be parsed, and was read as printed: {type(error).__name__}: {error}")
    return parsed(())


def _parsed(known: _Known) -> MailParser:
    message = Compat32()
    for name, value in known:
        message[name] = value
    return _HeaderParser(message)


_remembered = lru_cache(maxsize=_FORWARDERS)(_parsed)


def _stamp(received: str) -> str:
    """A Received field without the clauses before its date, where these are sound: mail-parser reads a character at a
    time, and nothing but the date is asked for.
    """
    clauses, semicolon, date = received.partition(";")
    return f";{date}" if semicolon and ";" not in date and _SOUND.fullmatch(clauses) else received


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


def _usual(text: str) -> str | None:
    """A date of the usual form in ISO 8601 with its own offset: what mail-parser makes of it, in a tenth of the time.
    None for every other, and for one that is not in the calendar, or of another day of the week.
    """
    found = _USUAL_DATE.fullmatch(text.strip())
    if found is None:
        return None
    weekday, day, month, year, time, hours, minutes = found.groups()
    written = f"{year}-{_MONTHS.index(month) + 1:02}-{day:0>2}T{time}{hours}:{minutes}"
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return None
    return written if _DAYS[moment.weekday()] == weekday else None


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
