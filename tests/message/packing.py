"""Builders of TNEF ([MS-OXTNEF]) and CMS (RFC 5652) for the tests: a few lines that follow the two standards."""

from __future__ import annotations

import struct

STRING, UNICODE, OBJECT, BINARY, LONG, SHORT = 0x1E, 0x1F, 0x0D, 0x102, 0x03, 0x02
BODY, HTML, RTF, SUBJECT, CLASS, CODEPAGE = 0x1000, 0x1013, 0x1009, 0x0037, 0x001A, 0x3FDE
DATA, LONG_NAME, MIME_TYPE, CONTENT_ID = 0x3701, 0x3707, 0x370E, 0x3712
IID_MESSAGE = bytes.fromhex("0703020000000000c000000000000046")

DATA_OID = "2a864886f70d010701"
SIGNED_OID = "2a864886f70d010702"
ENVELOPED_OID = "2a864886f70d010703"


def attribute(level: int, name: int, octets: bytes) -> bytes:
    return struct.pack("<BHHI", level, name, 6, len(octets)) + octets + struct.pack("<H", sum(octets) & 0xFFFF)


def padded(octets: bytes) -> bytes:
    return octets + b"\0" * (-len(octets) % 4)


def value(kind: int, name: int, octets: bytes) -> bytes:
    """One property: fixed types as they are, the others with their count and length."""
    head = struct.pack("<HH", kind, name)
    if kind in {STRING, UNICODE, OBJECT, BINARY}:
        return head + struct.pack("<II", 1, len(octets)) + padded(octets)
    return head + padded(octets)


def properties(*values: bytes) -> bytes:
    return struct.pack("<I", len(values)) + b"".join(values)


def tnef(*attributes: bytes, message_class: bytes = b"IPM.Microsoft Mail.Note\0") -> bytes:
    head = struct.pack("<IH", 0x223E9F78, 7)
    first = attribute(1, 0x9006, struct.pack("<I", 0x10000)) + attribute(1, 0x9007, struct.pack("<II", 1252, 0))
    return head + first + attribute(1, 0x8008, message_class) + b"".join(attributes)


def of_message(*values: bytes) -> bytes:
    return attribute(1, 0x9003, properties(*values))


def attachment(title: bytes, data: bytes | None, *values: bytes) -> bytes:
    content = attribute(2, 0x800F, data) if data is not None else b""
    more = attribute(2, 0x9005, properties(*values)) if values else b""
    return attribute(2, 0x9002, b"\1\0" + b"\0" * 12) + attribute(2, 0x8010, title + b"\0") + content + more


def der(tag: int, *contents: bytes) -> bytes:
    """An element of definite length (X.690 §8.1.3)."""
    octets = b"".join(contents)
    size = (len(octets).bit_length() + 7) // 8
    length = bytes([len(octets)]) if len(octets) < 0x80 else bytes([0x80 + size]) + len(octets).to_bytes(size, "big")
    return bytes([tag]) + length + octets


def ber(tag: int, *contents: bytes) -> bytes:
    """An element of indefinite length (X.690 §8.1.3.6)."""
    return bytes([tag, 0x80]) + b"".join(contents) + b"\0\0"


def cms(content: bytes | None, *, oid: str = SIGNED_OID, indefinite: bool = False, piece: int = 7) -> bytes:
    """A ContentInfo: signed data with this content, in pieces where it is of indefinite length."""
    build = ber if indefinite else der
    octets = content or b""
    pieces = [der(0x04, octets[n : n + piece]) for n in range(0, len(octets), piece)] if indefinite else []
    held = [] if content is None else [build(0xA0, ber(0x24, *pieces) if indefinite else der(0x04, octets))]
    encap = build(0x30, der(0x06, bytes.fromhex(DATA_OID)), *held)
    algorithms = build(0x31, build(0x30, der(0x06, bytes.fromhex("608648016503040201"))))
    signed = build(0x30, der(0x02, b"\1"), algorithms, encap, der(0x31))
    return build(0x30, der(0x06, bytes.fromhex(oid)), build(0xA0, signed))
