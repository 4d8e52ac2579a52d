"""winmail.dat unpacked: Microsoft's Transport Neutral Encapsulation Format ([MS-OXTNEF]).

::

    attributes ─┬─ of the message: its body, in the property list ─▶ html, text
                └─ of attachments, one begun by each rendering record ─▶ parts; messages within are unpacked in turn

Why not tnefparse 1.4: 30 octets that announce four billion values take all memory, the time is quadratic in the number
of attributes, one damaged value loses all the others, and attachments in properties come out with the padding behind.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ..model import Part
from .charset import decode

CONTENT_TYPES = frozenset({"application/ms-tnef", "application/vnd.ms-tnef", "application/x-ms-tnef"})
FILE_NAME = "winmail.dat"
SIGNATURE = bytes.fromhex("789f3e22")
ATTRIBUTES, PROPERTIES, FILES = 10_000, 20_000, 500
"""Read of one winmail.dat, all messages in it together."""
DEPTH = 10
"""Messages within messages."""

_MESSAGE_CLASS, _BODY, _OEM_CODEPAGE, _MESSAGE_PROPERTIES = 0x8008, 0x800C, 0x9007, 0x9003
_RENDERING, _TITLE, _DATA, _ATTACHMENT_PROPERTIES = 0x9002, 0x8010, 0x800F, 0x9005
_P_CLASS, _P_SUBJECT, _P_BODY, _P_RTF, _P_HTML, _P_INTERNET_CODEPAGE = 0x001A, 0x0037, 0x1000, 0x1009, 0x1013, 0x3FDE
_P_DATA, _P_NAME, _P_LONG_NAME, _P_DISPLAY_NAME = 0x3701, 0x3704, 0x3707, 0x3001
_P_MIME_TYPE, _P_CONTENT_ID, _P_LOCATION = 0x370E, 0x3712, 0x3713
_FIXED = {0x00: 0, 0x01: 0, 0x02: 2, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 2, 0x14: 8,
          0x40: 8, 0x48: 16}  # fmt: skip
"""Property type → octets of a value ([MS-OXCDATA] §2.11.1)."""
_STRING, _UNICODE, _OBJECT, _BINARY = 0x1E, 0x1F, 0x0D, 0x102
_MANY, _NAMED = 0x1000, 0x8000
_INTERFACE = 16
"""Octets of the interface identifier before an object's data."""
_NOTES = ("ipm.note", "ipm.microsoft mail.note")
"""Classes of messages that are nothing but body and attachments; others are appointments, tasks, receipts."""
_CODEPAGES = {65001: "utf-8", 1200: "utf-16-le", 20127: "ascii", 20866: "koi8-r", 21866: "koi8-u", 10000: "mac-roman",
              50220: "iso-2022-jp", 50221: "iso-2022-jp", 50222: "iso-2022-jp", 50225: "iso-2022-kr", 51932: "euc-jp",
              51936: "gb18030", 51949: "euc-kr", 54936: "gb18030"}  # fmt: skip
"""Those whose name is not `cp` and their number; 28591 … are ISO 8859-1 …"""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What a winmail.dat holds. `whole` tells whether all of it was read that a person could miss."""

    subject: str | None
    html: str | None
    text: str | None
    parts: tuple[Part, ...]
    whole: bool

    def body_part(self, title: str) -> Part | None:
        """The body as a file, None where there is none. In UTF-8, with a mark that says so louder than a `<meta>`."""
        kind, ending, body = ("html", "html", self.html) if self.html is not None else ("plain", "txt", self.text)
        if body is None:
            return None
        octets = body.encode("utf-8-sig", "replace")
        return Part(f"text/{kind}", octets, f"{title}.{ending}", disposition="attachment")


def unpack(data: bytes, *, files: int = FILES) -> Unpacked | None:
    """The body and at most `files` attachments of a TNEF stream; None where it is none. Never raises.

    What is cut short, damaged or beyond the caps is left out, and `whole` False; so it is where formatted text is there
    as RTF only, or the message is of a class with data of its own (an appointment). The body of a message within
    becomes a part. Checksums are not checked; recipients, dates and the like are not read.
    """
    return _Reader(min(files, FILES)).message(memoryview(data), depth=0) if data.startswith(SIGNATURE) else None


@dataclass(slots=True)
class _Message:
    codepage: str = "cp1252"
    message_class: str = ""
    body: str | None = None
    properties: dict[int, _Value] = field(default_factory=dict)
    attachments: list[_Attachment] = field(default_factory=list)


@dataclass(slots=True)
class _Attachment:
    title: str | None = None
    data: memoryview | None = None
    properties: dict[int, _Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Value:
    """A property's first value: its type and its octets."""

    type: int
    data: memoryview

    def text(self, codepage: str) -> str:
        """As text, without the NUL that ends it."""
        if self.type == _UNICODE:
            return bytes(self.data).decode("utf-16-le", "replace").rstrip("\0")
        return _text(self.data, codepage)


class _Reader:
    """One winmail.dat with all the messages in it: they share the caps."""

    def __init__(self, files: int) -> None:
        self._attributes, self._properties, self._files = ATTRIBUTES, PROPERTIES, files
        self._whole = True

    def message(self, data: memoryview, *, depth: int) -> Unpacked:
        """The message in a TNEF stream ([MS-OXTNEF] §2.1.3.1)."""
        message = _Message()
        for level, name, octets in self._read_attributes(data):
            if level == 1:
                self._of_message(message, name, octets)
            else:
                self._of_attachment(message, name, octets)
        html, text = self._bodies(message)
        parts = [part for each in message.attachments for part in self._parts(each, message.codepage, depth)]
        subject = message.properties[_P_SUBJECT].text(message.codepage) if _P_SUBJECT in message.properties else None
        return Unpacked(subject, html, text, tuple(parts), self._whole)

    def _read_attributes(self, data: memoryview) -> Iterator[tuple[int, int, memoryview]]:
        """Level, name and octets of each attribute; the type is implied by the name."""
        place = 6  # behind the signature and the key
        self._whole = self._whole and len(data) >= place
        while place < len(data):
            end = place + 11
            if end <= len(data):
                level, name, _, length = struct.unpack_from("<BHHI", data, place)
                end += length
            if end > len(data) or level not in {1, 2} or self._attributes <= 0:
                self._whole = False
                return
            self._attributes -= 1
            yield level, name, data[place + 9 : end - 2]
            place = end

    def _of_message(self, message: _Message, name: int, octets: memoryview) -> None:
        if name == _OEM_CODEPAGE:
            message.codepage = _charset(int.from_bytes(octets[:4], "little"))
        elif name == _MESSAGE_CLASS:
            message.message_class = _text(octets)
        elif name == _BODY:
            message.body = _text(octets, message.codepage)
        elif name == _MESSAGE_PROPERTIES:
            message.properties.update(self._read_properties(octets))

    def _of_attachment(self, message: _Message, name: int, octets: memoryview) -> None:
        if name == _RENDERING:
            message.attachments.append(_Attachment())
        elif not message.attachments:
            self._whole = False
        elif name == _TITLE:
            message.attachments[-1].title = _text(octets, message.codepage)
        elif name == _DATA:
            message.attachments[-1].data = octets
        elif name == _ATTACHMENT_PROPERTIES:
            message.attachments[-1].properties.update(self._read_properties(octets))

    def _read_properties(self, data: memoryview) -> dict[int, _Value]:
        """The properties of a list that are not named, by their identifiers ([MS-OXTNEF] §2.1.3.4)."""
        found: dict[int, _Value] = {}
        cursor = _Cursor(data)
        try:
            for _ in range(cursor.number()):
                self._count_value()
                kind, name = cursor.number(2), cursor.number(2)
                if name >= _NAMED:
                    cursor.take(16)
                    named_by_text = cursor.number() != 0
                    cursor.take(cursor.number() if named_by_text else 4)
                value = self._read_value(cursor, kind)
                if value is not None and name < _NAMED:
                    found.setdefault(name, value)
        except _Cut:
            self._whole = False
        return found

    def _count_value(self) -> None:
        self._properties -= 1
        if self._properties < 0:
            raise _Cut

    def _read_value(self, cursor: _Cursor, kind: int) -> _Value | None:
        """The first value of a property; None where it has none."""
        single = kind & ~_MANY
        if single in _FIXED:
            count = cursor.number() if kind & _MANY else 1
            data = cursor.take(_FIXED[single] * count)
            return _Value(single, data[: _FIXED[single]])
        if single not in {_STRING, _UNICODE, _OBJECT, _BINARY}:
            raise _Cut
        first: _Value | None = None
        for _ in range(cursor.number()):
            self._count_value()
            data = cursor.take(cursor.number())
            first = first or _Value(single, data)
        return first

    def _bodies(self, message: _Message) -> tuple[str | None, str | None]:
        properties = message.properties
        own = properties[_P_CLASS].text(message.codepage) if _P_CLASS in properties else message.message_class
        if own and not own.lower().startswith(_NOTES):
            self._whole = False
        codepage = message.codepage
        if _P_INTERNET_CODEPAGE in properties:
            codepage = _charset(int.from_bytes(properties[_P_INTERNET_CODEPAGE].data, "little"))
        html = properties[_P_HTML].text(codepage) if _P_HTML in properties else None
        text = properties[_P_BODY].text(message.codepage) if _P_BODY in properties else message.body
        if _P_RTF in properties and not html:
            self._whole = False
        return html or None, text or None

    def _parts(self, attachment: _Attachment, codepage: str, depth: int) -> list[Part]:
        properties = attachment.properties
        values = {name: value.text(codepage) for name, value in properties.items() if value.type in {_STRING, _UNICODE}}
        names = (values.get(_P_LONG_NAME), attachment.title, values.get(_P_NAME), values.get(_P_DISPLAY_NAME))
        name = next((each for each in names if each), None)
        held = properties.get(_P_DATA)
        data = held.data if held is not None and attachment.data is None else attachment.data
        if held is not None and held.type == _OBJECT:
            self._whole = False  # a message has a sender and a date, too, another object what only Outlook understands
            data = held.data[_INTERFACE:]
            if data[: len(SIGNATURE)] == SIGNATURE:
                return self._enclosed(data, name, depth)
        if data is None or self._files <= 0:
            self._whole = False
            return []
        self._files -= 1
        content_id = values.get(_P_CONTENT_ID, "").strip("<> ") or None
        kind = values.get(_P_MIME_TYPE, "").strip().lower() or "application/octet-stream"
        disposition = "inline" if content_id else "attachment"
        return [Part(kind, bytes(data), name, content_id, values.get(_P_LOCATION) or None, disposition)]

    def _enclosed(self, data: memoryview, name: str | None, depth: int) -> list[Part]:
        """The parts of a message within, and its body as one."""
        if depth >= DEPTH:
            return [Part("application/ms-tnef", bytes(data), FILE_NAME, disposition="attachment")]
        inner = self.message(data, depth=depth + 1)
        body = inner.body_part(inner.subject or name or "message")
        return [*([body] if body else []), *(replace(part, disposition="attachment") for part in inner.parts)]


class _Cut(Exception):  # noqa: N818 - says what the data is
    """The property list is cut short, damaged, or beyond the cap."""


class _Cursor:
    """A place in a property list that only goes forward."""

    def __init__(self, data: memoryview) -> None:
        self._data, self._place = data, 0

    def number(self, octets: int = 4) -> int:
        return int.from_bytes(self._raw(octets), "little")

    def take(self, length: int) -> memoryview:
        """That many octets; the padding to a multiple of four is passed over."""
        data = self._raw(length)
        self._place += -length % 4
        return data

    def _raw(self, length: int) -> memoryview:
        data = self._data[self._place : self._place + length]
        if len(data) < length:
            raise _Cut
        self._place += length
        return data


def _text(octets: memoryview, charset: str | None = None) -> str:
    """A string without the NUL that ends it."""
    return decode(bytes(octets).rstrip(b"\0"), charset)[0]


def _charset(codepage: int) -> str:
    """The name under which a Windows code page is known."""
    if 28591 <= codepage <= 28606:
        return f"iso-8859-{codepage - 28590}"
    return _CODEPAGES.get(codepage, f"cp{codepage}")
