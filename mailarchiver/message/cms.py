"""The content of an S/MIME message that is signed, not encrypted: it lies in clear within the signature (RFC 5652 §5).

::

    ContentInfo ─ signedData? ─▶ SignedData ─▶ encapContentInfo ─▶ the octets of a MIME entity

Reads only that path, in BER (X.690): Outlook writes it in DER, OpenSSL with indefinite lengths and the octets in
pieces. No signature, certificate or digest is looked at. Why no library: asn1crypto 1.5.1, of 2022, takes a second for
10 MB, and gives nothing at all of a structure that is cut short.
"""

from __future__ import annotations

from dataclasses import dataclass

_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")  # 1.2.840.113549.1.7.2, RFC 5652 §5.1
_INTEGER, _OCTETS, _OCTETS_IN_PIECES, _OID, _SEQUENCE, _SET, _EXPLICIT = 0x02, 0x04, 0x24, 0x06, 0x30, 0x31, 0xA0
_LONG_TAG, _INDEFINITE, _END_OF_CONTENTS = 0x1F, 0x80, 0x00
_LENGTH_OCTETS = 8
ELEMENTS = 50_000
"""Read in one structure; OpenSSL makes one of each 4 KB, so that 50 MB have some 12,000."""


@dataclass(frozen=True, slots=True)
class _Element:
    """One tag with its length: `data[start:end]` are its contents; `end` is None where the length is indefinite."""

    tag: int
    start: int
    end: int | None


def signed_content(data: bytes) -> tuple[bytes | None, str | None]:
    """The octets that were signed, and what is damaged (None where nothing is). Never raises, whatever the octets.

    The octets are None where there are none in clear: the data is encrypted, compressed, holds certificates only or a
    signature of something else, or is no CMS at all. A structure that is cut short gives what is there.
    """
    reader = _Reader(data)
    try:
        found = reader.find_content()
        return (None, None) if found is None else reader.octets(found)
    except _Unreadable as error:
        return None, str(error)


class _Unreadable(ValueError):  # noqa: N818 - says what the data is
    """Not BER, cut short, or more elements than are read."""


class _Reader:
    """A place in the octets that only goes forward: the time is linear in them."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0
        self._left = ELEMENTS

    def find_content(self) -> _Element | None:
        """The OCTET STRING of encapContentInfo (RFC 5652 §5.2); None where the structure is another one."""
        oid = self._next() if self._next().tag == _SEQUENCE else None
        if oid is None or oid.tag != _OID or self._data[oid.start : oid.end] != _SIGNED_DATA:
            return None
        self._skip(oid)
        for wanted, entered in (
            (_EXPLICIT, True),
            (_SEQUENCE, True),
            (_INTEGER, False),  # version
            (_SET, False),  # digestAlgorithms
            (_SEQUENCE, True),  # encapContentInfo
            (_OID, False),  # eContentType
            (_EXPLICIT, True),
        ):
            element = self._next()
            if element.tag != wanted:
                return None
            if not entered:
                self._skip(element)
        element = self._next()
        return element if element.tag in {_OCTETS, _OCTETS_IN_PIECES} else None

    def octets(self, element: _Element) -> tuple[bytes, str | None]:
        """The octets of an OCTET STRING, its pieces joined (X.690 §8.7.3), and what is damaged."""
        if element.tag == _OCTETS:
            return self._primitive(element)
        pieces: list[bytes] = []
        ends = [element.end]
        try:
            while ends:
                if ends[-1] is not None and self._place >= ends[-1]:
                    ends.pop()
                    continue
                piece = self._next()
                if piece.tag == _END_OF_CONTENTS:
                    ends.pop()
                elif piece.tag == _OCTETS_IN_PIECES:
                    ends.append(piece.end)
                elif piece.tag == _OCTETS:
                    octets, damage = self._primitive(piece)
                    pieces.append(octets)
                    if damage:
                        return b"".join(pieces), damage
                else:
                    return b"".join(pieces), "something else stands among the pieces of the content"
        except _Unreadable as error:
            return b"".join(pieces), str(error)
        return b"".join(pieces), None

    def _primitive(self, element: _Element) -> tuple[bytes, str | None]:
        self._place = end = len(self._data) if element.end is None else element.end
        return self._data[element.start : end], "cut short" if end > len(self._data) else None

    def _next(self) -> _Element:
        """The tag and length that stand here (X.690 §8.1); the place is then at its contents."""
        data, place = self._data, self._place
        self._left -= 1
        if self._left < 0:
            raise _Unreadable(f"more than {ELEMENTS} elements")
        try:
            tag, length = data[place], data[place + 1]
        except IndexError:
            raise _Unreadable("cut short") from None
        if tag & _LONG_TAG == _LONG_TAG:
            raise _Unreadable("a tag that CMS does not have")
        place += 2
        if length == _INDEFINITE:
            self._place = place
            return _Element(tag, place, None)
        if length > _INDEFINITE:
            size = length - _INDEFINITE
            if size > _LENGTH_OCTETS:
                raise _Unreadable("a length beyond all measure")
            length = int.from_bytes(data[place : place + size], "big")
            place += size
        self._place = place
        return _Element(tag, place, place + length)

    def _skip(self, element: _Element) -> None:
        """Go behind the contents of `element`; those of indefinite length end where all that was opened is closed."""
        if element.end is not None:
            self._place = element.end
            return
        depth = 1
        while depth:
            inner = self._next()
            if inner.tag == _END_OF_CONTENTS:
                depth -= 1
            elif inner.end is None:
                depth += 1
            else:
                self._place = inner.end
