"""Header fields: octets → names and values, and the parameters of structured ones.

RFC 5322 §2.2 as it is met in the wild: any line end, raw 8-bit octets, RFC 2047 words where they may not stand. All
of it takes time linear in the octets; what is longer than the caps below is cut, and said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from .charset import codec, decode
from .encoded_words import decode_words

HEADER_OCTETS = 1_000_000
"""Of the header of one entity; what stands beyond is not looked at."""
FIELD_OCTETS = 65_536
FIELDS = 5_000
STRUCTURED_OCTETS = 2_048
"""Of a Content-Type or Content-Disposition field."""
_REMEMBERED = 64
"""Of these fields: but for the boundaries, mail after mail has the same few."""

_BARE_BLANK = re.compile(rb"\r\r(?!\n)")
_END = rb"(?>\r+\n|\n|\r)"
_WRAPPED = rb"[^\r\n]*+(?:" + _END + rb"[ \t][^\r\n]*+)*"
"""A line with the lines that continue it (RFC 5322 §2.2.3), without its end.

QUIRK: no possessive quantifier on a group: Python 3.11.2 matches those wrongly (fixed in 3.11.5, cpython gh-106052).
"""
_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:[ \t]*(" + _WRAPPED + rb")(?:" + _END + rb"|\Z)")
_LINE = re.compile(_WRAPPED + rb"(?:" + _END + rb"|\Z)")
_DELIMITER = b"--"
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
_FOLD = re.compile(rb"\n[ \t]+")
"""Where all line ends are LF. Begins with a literal, which is found fast."""
_ANY_FOLD = re.compile(rb"[\r\n]+[ \t]+")
_MARKS_OF_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_NO_SUPERSET = re.compile(r"utf|iso2022|hz")
"""Codecs that nothing but UTF-8 itself, or no raw header at all, is in."""
_CONTROL = re.compile("[\0-\x08\x0a-\x1f\x7f]+")
_VALUE = re.compile(r'(?:[\s"]|\([^()]*\))*([^\s;,"()=/]++(?:\s*/\s*[^\s;,"()=/]++)?)(?!\s*=)[\s",]*')
"""The value in front of the parameters, whatever parts it from them; comments (RFC 5322 §3.2.2) before it passed over.
"""
_PARAMETER = re.compile(r'\s*([^\s=;"]+)\s*=\s*("(?:[^"\\]|\\.)*"?|[^;]*)[^;]*', re.DOTALL)
_QUOTED_PAIR = re.compile(r'\\([\\"])')
_SECTION = re.compile(r"(.*?)(?:\*(\d{1,3}))?(\*?)")


@dataclass(frozen=True, slots=True)
class Fields:
    """The header fields of one entity, in order, values unfolded octets. `notes` says what was cut or odd.

    `charset` is what raw octets in them may be in where they are not UTF-8: that of the text below.
    """

    items: tuple[tuple[str, bytes], ...] = ()
    notes: tuple[str, ...] = ()
    charset: str | None = None
    _first: Mapping[str, bytes] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_first", {name.lower(): value for name, value in reversed(self.items)})

    def first(self, name: str) -> bytes | None:
        """The value of the first field of that (lower case) name."""
        return self._first.get(name)

    def text(self, name: str) -> str:
        """The first value of that name as text, RFC 2047 not undone; `""` where there is none."""
        value = self.first(name)
        return unfolded(value, self.charset) if value else ""


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
    following = start
    while (line := following) < limit and len(items) < FIELDS:
        found = _FIELD.match(data, line, limit)
        following = found.end() if found else _line_end(data, line, limit)
        if found:
            items.append((found[1].decode("ascii"), _unfold(data, *found.span(2), notes)))
        elif (
            items
            and _may_wrap(data, line, notes)
            and _MORE_FIELDS.search(data, following - 1, min(limit, following + _NEAR))
        ):
            # QUIRK: mailers that wrap a field without the space that says so
            notes.append("a field is wrapped without indentation")
            items[-1] = (items[-1][0], items[-1][1] + b" " + _unfold(data, line, following, notes))
        elif data[line] not in b" \t" and not _ENVELOPE.match(data, line):
            notes.append("a line in the header is no field: the body was taken to begin there")
            body = line
            break
    if len(items) >= FIELDS:
        notes.append(f"more than {FIELDS} header fields; the rest was not read")
    return Fields(tuple(items), tuple(dict.fromkeys(notes))), body


def _may_wrap(data: bytes, line: int, notes: list[str]) -> bool:
    """Whether a line that is no field could belong to the field above; a boundary (RFC 2046 §5.1.1) does not."""
    return len(notes) < _WRAPS and not data.startswith(_DELIMITER, line)


def _line_end(data: bytes, start: int, end: int) -> int:
    """Where the line that begins there ends, those that continue it included."""
    found = _LINE.match(data, start, end)
    return found.end() if found else end


def _blank_line(data: bytes, start: int, end: int) -> tuple[int, int]:
    """Where the blank line below a header begins and ends; twice `end` where there is none."""
    first = data[start : start + 2]
    if first[:1] in {b"\r", b"\n"}:
        return start, start + (2 if first == b"\r\n" else 1)
    found = data.find(b"\n\r\n", start, end)
    plain = data.find(b"\n\n", start, found if found >= 0 else end)
    stop, body = (plain, plain + 2) if plain >= 0 else (found, found + 3) if found >= 0 else (end, end)
    limit = min(stop, start + HEADER_OCTETS)
    bare = _BARE_BLANK.search(data, start, limit) if data.find(b"\r\r", start, limit) >= 0 else None
    return (bare.start(), bare.end()) if bare else (stop, body)


def _unfold(data: bytes, start: int, end: int, notes: list[str]) -> bytes:
    """A field's value on one line, at most FIELD_OCTETS of it."""
    if end - start > FIELD_OCTETS:
        notes.append("a header field is longer than 64 KB; the rest was not read")
        end = start + FIELD_OCTETS
    value = data[start:end]
    if b"\n" in value or b"\r" in value:
        even = value.replace(b"\r\n", b"\n")
        value = _ANY_FOLD.sub(b" ", value) if b"\r" in even else _FOLD.sub(b" ", even)
    return value.strip(b" \t\r\n")


def unfolded(value: bytes, charset: str | None = None) -> str:
    """A field's octets as text, without decoding RFC 2047: control characters (also NUL) are gone.

    Octets beyond ASCII are UTF-8 (RFC 6532 §3.2), else in that `charset` where it can be one of a header's. A mark of
    UTF-16 means nothing here: header fields are made of octets.
    """
    if value.isascii() and b"~{" not in value and (text := value.decode("ascii")).isprintable():
        return text  # as nearly all are
    known = None if value.isascii() else codec(charset)
    if value.startswith(_MARKS_OF_UTF16):
        value = value[2:]
    return _CONTROL.sub("", decode(value, known if known and not _NO_SUPERSET.match(known) else None)[0])


def structured(raw: bytes | None, default: str = "") -> Structured:
    """A Content-Type or Content-Disposition field read by RFC 2045 §5.1 and RFC 2231, in one pass. Never raises.

    QUIRK: mailers that leave out the semicolon before the first parameter, or the value before it.
    """
    return Structured(default) if raw is None else _structured(raw[:STRUCTURED_OCTETS], default)


@lru_cache(maxsize=_REMEMBERED)
def _structured(raw: bytes, default: str) -> Structured:
    text = unfolded(raw)
    found = _VALUE.match(text)
    value = "".join(found[1].split()).lower() if found else default
    rest = text[found.end() :] if found else text
    raw_parameters: dict[str, str] = {}
    position = 0
    while position < len(rest):
        match = _PARAMETER.match(rest, position)
        if match:
            raw_parameters.setdefault(match[1].lower(), _unquote(match[2]))
        position = (match.end() if match else max(rest.find(";", position), position)) + 1
    return Structured(value, _joined(raw_parameters))


def _unquote(value: str) -> str:
    """A parameter's value without its quotes and quoted pairs; a missing closing quote is forgiven.

    QUIRK: only a quote or a backslash is taken for quoted (as by stdlib), since mailers write paths of Windows as
    they are.
    """
    value = value.strip()
    if not value.startswith('"'):
        return value
    inner = value[1:-1] if len(value) > 1 and value.endswith('"') else value[1:]
    return _QUOTED_PAIR.sub(r"\1", inner) if "\\" in inner else inner


def _joined(raw: Mapping[str, str]) -> dict[str, str]:
    """Parameters with RFC 2231 §3 continuations joined and §4 charsets applied; RFC 2047 in them is undone too.

    Of a name in both forms the extended one counts (RFC 6266 §4.3), unless it is empty or has no beginning. Percents
    in the plain form are left alone: nothing says that they encode anything (RFC 6266 appendix D).
    """
    sections: dict[str, list[tuple[int, bool, str]]] = {}
    plain: dict[str, str] = {}
    for key, value in raw.items():
        match = _SECTION.fullmatch(key) if "*" in key else None
        if match and (match[2] or match[3]):
            sections.setdefault(match[1], []).append((int(match[2] or 0), bool(match[3]), value))
        else:
            plain[key] = decode_words(value)
    for name, pieces in sections.items():
        text = _extended(sorted(pieces))
        if name not in plain or (text and any(number == 0 for number, _, _ in pieces)):
            plain[name] = text
    return plain


def _extended(pieces: list[tuple[int, bool, str]]) -> str:
    """The text of an RFC 2231 value: `utf-8'en'%41` in its first section, percent-encoded where starred.

    QUIRK: mailers that cut an RFC 2047 word into sections, none of them starred.
    """
    if not any(starred for _, starred, _ in pieces):
        return decode_words("".join(value for _, _, value in pieces))
    charset = None
    octets = bytearray()
    for index, (_, starred, value) in enumerate(pieces):
        encoded = value
        if index == 0 and starred and value.count("'") >= 2:
            charset, _, encoded = value.split("'", 2)
        octets += unquote_to_bytes(encoded) if starred else encoded.encode("utf-8", "replace")
    return _CONTROL.sub("", decode(bytes(octets), charset)[0])
