"""Header fields: octets → names and values, and the parameters of structured ones.

RFC 5322 §2.2 as it is met in the wild: any line end, raw 8-bit octets, RFC 2047 words where they may not stand. All
of it takes time linear in the octets; what is longer than the caps below is cut, and said.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from urllib.parse import unquote_to_bytes

from .charset import decode

HEADER_OCTETS = 1_000_000
"""Of the header of one entity; what stands beyond is not looked at."""
FIELD_OCTETS = 65_536
FIELDS = 5_000
STRUCTURED_OCTETS = 2_048
"""Of a Content-Type or Content-Disposition field."""

_BARE_BLANK = re.compile(rb"\r\r(?!\n)")
_END = rb"(?>\r+\n|\n|\r)"
_LINE = re.compile(rb"[^\r\n]*+(?:" + _END + rb"[ \t][^\r\n]*+)*(?:" + _END + rb"|\Z)")
"""A line with the lines that continue it (RFC 5322 §2.2.3).

QUIRK: no possessive quantifier on a group: Python 3.11.2 matches those wrongly (fixed in 3.11.5, cpython gh-106052).
"""
_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:[ \t]*")
_ENVELOPE = re.compile(rb">?From ")
_MORE_FIELDS = re.compile(
    rb"[\r\n](?:Content-[a-z-]+|MIME-Version|Message-ID|Received|Return-Path|Delivered-To|DKIM-Signature|X-[\w-]+)"
    rb"[ \t]*:",
    re.IGNORECASE,
)
"""What proves that the header goes on behind a line that is no field."""
_WRAPS = 20
"""Of lines that continue a field without indentation; more are no header."""
_NEAR = 4_096
_FOLD = re.compile(rb"[\r\n]+[ \t]+")
_WORD = re.compile(r"=\?([^?\s*]{1,60})(?:\*[^?\s]*)?\?([bBqQ])\?([^?]*)\?=")
_CONTROL = re.compile("[\0-\x08\x0a-\x1f\x7f]+")
_PARAMETER = re.compile(r'\s*([^\s=;"]+)\s*=\s*("(?:[^"\\]|\\.)*"?|[^;]*)[^;]*', re.DOTALL)
_SECTION = re.compile(r"(.*?)(?:\*(\d{1,3}))?(\*?)")
_WORDS = 1_000
"""Of RFC 2047 decoded in one value; the rest stays as it came."""


@dataclass(frozen=True, slots=True)
class Fields:
    """The header fields of one entity, in order, values unfolded octets. `notes` says what was cut or odd."""

    items: tuple[tuple[str, bytes], ...] = ()
    notes: tuple[str, ...] = ()
    _first: Mapping[str, bytes] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_first", {name.lower(): value for name, value in reversed(self.items)})

    def first(self, name: str) -> bytes | None:
        """The value of the first field of that (lower case) name."""
        return self._first.get(name)

    def text(self, name: str) -> str:
        """The first value of that name as ASCII-safe text for structured fields; `""` where there is none."""
        value = self.first(name)
        return decode(value)[0] if value else ""


@dataclass(frozen=True, slots=True)
class Structured:
    """A Content-Type or Content-Disposition field: its value in lower case, its parameters decoded."""

    value: str
    parameters: Mapping[str, str] = field(default_factory=dict)


def split_header(data: bytes, start: int, end: int) -> tuple[Fields, int]:
    """The fields of the entity that begins at `start`, and where its body begins.

    The header ends at a blank line, or, where that is missing, at the first line that is no field (as stdlib's
    MissingHeaderBodySeparatorDefect). An mbox From_ line on top is passed over.
    """
    stop, body = _blank_line(data, start, end)
    limit = min(stop, start + HEADER_OCTETS)
    notes = ["the header is longer than 1 MB; the rest was not read"] if stop > limit else []
    items: list[tuple[str, bytes]] = []
    for line, line_end in _lines(data, start, limit):
        name = _FIELD.match(data, line, line_end)
        if name:
            items.append((name[1].decode("ascii"), _unfold(data, name.end(), line_end, notes)))
        elif items and len(notes) < _WRAPS and _MORE_FIELDS.search(data, line_end - 1, min(limit, line_end + _NEAR)):
            # QUIRK: mailers that wrap a field without the space that says so
            notes.append("a field is wrapped without indentation")
            items[-1] = (items[-1][0], items[-1][1] + b" " + _unfold(data, line, line_end, notes))
        elif data[line] not in b" \t" and not _ENVELOPE.match(data, line):
            notes.append("a line in the header is no field: the body was taken to begin there")
            body = line
            break
        if len(items) >= FIELDS:
            notes.append(f"more than {FIELDS} header fields; the rest was not read")
            break
    return Fields(tuple(items), tuple(dict.fromkeys(notes))), body


def _lines(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where each line begins and ends, those that continue it included."""
    while start < end:
        match = _LINE.match(data, start, end)
        line_end = match.end() if match else end
        yield start, line_end
        start = line_end


def _blank_line(data: bytes, start: int, end: int) -> tuple[int, int]:
    """Where the blank line below a header begins and ends; twice `end` where there is none."""
    first = data[start : start + 2]
    if first[:1] in {b"\r", b"\n"}:
        return start, start + (2 if first == b"\r\n" else 1)
    found = data.find(b"\n\r\n", start, end)
    plain = data.find(b"\n\n", start, found if found >= 0 else end)
    stop, body = (plain, plain + 2) if plain >= 0 else (found, found + 3) if found >= 0 else (end, end)
    bare = _BARE_BLANK.search(data, start, min(stop, start + HEADER_OCTETS))
    return (bare.start(), bare.end()) if bare else (stop, body)


def _unfold(data: bytes, start: int, end: int, notes: list[str]) -> bytes:
    """A field's value on one line, at most FIELD_OCTETS of it."""
    if end - start > FIELD_OCTETS:
        notes.append("a header field is longer than 64 KB; the rest was not read")
        end = start + FIELD_OCTETS
    value = data[start:end]
    return (_FOLD.sub(b" ", value) if b"\n" in value or b"\r" in value else value).strip(b" \t\r\n")


def unfolded(value: bytes) -> str:
    """A field's octets as text, without decoding RFC 2047: control characters (also NUL) are gone."""
    return _CONTROL.sub("", decode(value)[0])


def decode_words(text: str) -> str:
    """RFC 2047 undone wherever it stands, also where it may not: within quotes, or without the space between.

    Neighbouring words of one charset are joined as octets first: mailers cut characters in two (against §5). Words
    that do not decode stay as they came.
    """
    if "=?" not in text:
        return text
    out: list[str] = []
    pending, charset, position = b"", "", 0
    for word in islice(_WORD.finditer(text), _WORDS):
        data = _word_octets(word[2], word[3])
        if data is None:
            continue
        gap = text[position : word.start()]
        apart = position == 0 or bool(gap.strip())
        if pending and (apart or word[1].lower() != charset):
            out.append(decode(pending, charset)[0])
            pending = b""
        if apart:
            out.append(gap)
        pending, charset, position = pending + data, word[1].lower(), word.end()
    if pending:
        out.append(decode(pending, charset)[0])
    return _CONTROL.sub("", "".join([*out, text[position:]]))


def _word_octets(encoding: str, encoded: str) -> bytes | None:
    """The octets of one encoded word; None where it is damaged beyond reading."""
    raw = encoded.encode("utf-8", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(raw, header=True)
    try:
        return binascii.a2b_base64(raw.rstrip(b"=") + b"=" * (-len(raw.rstrip(b"=")) % 4))
    except binascii.Error:
        return None


def structured(raw: bytes | None, default: str = "") -> Structured:
    """A Content-Type or Content-Disposition field read by RFC 2045 §5.1 and RFC 2231, in one pass. Never raises."""
    if raw is None:
        return Structured(default)
    text = unfolded(raw[:STRUCTURED_OCTETS])
    head, _, rest = text.partition(";")
    value = head.split("(")[0].strip().strip('"').lower() or default
    raw_parameters: dict[str, str] = {}
    position = 0
    while position < len(rest):
        match = _PARAMETER.match(rest, position)
        if match:
            raw_parameters.setdefault(match[1].lower(), _unquote(match[2]))
        position = (match.end() if match else max(rest.find(";", position), position)) + 1
    return Structured(value, _joined(raw_parameters))


def _unquote(value: str) -> str:
    """A parameter's value without its quotes and quoted pairs; a missing closing quote is forgiven."""
    value = value.strip()
    if not value.startswith('"'):
        return value
    inner = value[1:-1] if len(value) > 1 and value.endswith('"') else value[1:]
    return re.sub(r"\\(.)", r"\1", inner, flags=re.DOTALL)


def _joined(raw: Mapping[str, str]) -> dict[str, str]:
    """Parameters with RFC 2231 §3 continuations joined and §4 charsets applied; RFC 2047 in them is undone too."""
    sections: dict[str, list[tuple[int, bool, str]]] = {}
    plain: dict[str, str] = {}
    for key, value in raw.items():
        match = _SECTION.fullmatch(key)
        if match and (match[2] or match[3]):
            sections.setdefault(match[1], []).append((int(match[2] or 0), bool(match[3]), value))
        else:
            plain[key] = decode_words(value)
    return plain | {name: _extended(sorted(pieces)) for name, pieces in sections.items()}


def _extended(pieces: list[tuple[int, bool, str]]) -> str:
    """The text of an RFC 2231 value: `utf-8'en'%41` in its first section, percent-encoded where starred."""
    charset = None
    octets = bytearray()
    for index, (_, starred, value) in enumerate(pieces):
        encoded = value
        if index == 0 and starred and value.count("'") >= 2:
            charset, _, encoded = value.split("'", 2)
        octets += unquote_to_bytes(encoded) if starred else encoded.encode("utf-8", "replace")
    return _CONTROL.sub("", decode(bytes(octets), charset)[0])
