"""Content-Transfer-Encoding undone (RFC 2045 §6), keeping every octet that can be kept."""

from __future__ import annotations

import binascii
import re

from .uuencode import line_octets

_BASE64 = re.compile(rb"[A-Za-z0-9+/]+")
_ONLY_BASE64 = re.compile(rb"[A-Za-z0-9+/=\s]+")
_PIECES = 10_000
_SPACE = b" \t\r\n"
_PROSE = re.compile(rb"[A-Za-z]{2,}[,.]? [A-Za-z]{1,20}[,.]? [A-Za-z]{2,}")
_LOOKED_AT = 200
_UU_BEGIN = re.compile(rb"^begin [0-7]{3,4} .*$", re.MULTILINE)


def undo(data: bytes, encoding: str) -> tuple[bytes, str | None]:
    """The octets behind a transfer encoding, and what was damaged (None where nothing was). Never raises.

    `encoding` is the field's value; an unknown one is taken for `binary`, which loses nothing.
    """
    match encoding.strip(" \t\r\n\"';").lower():
        case "base64":
            return _base64(data)
        case "quoted-printable":
            return binascii.a2b_qp(data), None
        case "x-uuencode" | "uuencode" | "x-uue" | "uue":
            return _uuencode(data)
        case _:
            return data, None


def _base64(data: bytes) -> tuple[bytes, str | None]:
    """Base64 as mail clients read it: foreign characters skipped (RFC 2045 §6.8), missing padding forgiven.

    QUIRK: padding in the middle ends the data for `binascii`, but some mailers and list footers concatenate encoded
    pieces; each piece is decoded by itself, so that nothing behind the first is lost. Prose under the label base64
    is taken for what it is.
    """
    if b" " in data[:_LOOKED_AT] and _PROSE.search(data, 0, _LOOKED_AT):
        return data, "labelled base64, but is not"
    end = data.find(b"=")
    more = data[end:].lstrip(_SPACE + b"=") if end >= 0 else b""
    if more and _ONLY_BASE64.fullmatch(more):
        pieces = [_base64_piece(piece) for piece in [data[:end], *re.split(rb"=+", more, maxsplit=_PIECES)]]
        return b"".join(pieces), "base64 in several pieces"
    if more:
        return _base64_piece(data[:end]), "base64 with something else behind it"
    try:
        return binascii.a2b_base64(data), None
    except binascii.Error:
        return _base64_piece(data), "base64 cut short"


def _base64_piece(data: bytes) -> bytes:
    """One run of base64 without padding; a last lone character carries no whole octet and is dropped."""
    clean = b"".join(_BASE64.findall(data))
    clean = clean[: len(clean) - 1] if len(clean) % 4 == 1 else clean
    return binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))


def _uuencode(data: bytes) -> tuple[bytes, str | None]:
    """The first uuencoded file in `data`; the octets as they are where there is none."""
    begin = _UU_BEGIN.search(data)
    if begin is None:
        return data, "no uuencoded data"
    out = bytearray()
    for line in data[begin.end() :].splitlines()[1:]:
        if line.strip() in {b"end", b"`"} or not line:
            break
        octets = line_octets(line)
        if octets is None:
            return bytes(out), "uuencoded data is damaged"
        out += octets
    return bytes(out), None
