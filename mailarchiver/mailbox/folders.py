"""Folder names: modified UTF-7 on the wire (RFC 3501 §5.1.3), and what to do when one is not there."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from imapclient.imap_utf7 import decode, encode

if TYPE_CHECKING:
    from .wire import Client

_NOT_SELECTABLE = {b"\\noselect", b"\\nonexistent"}


def to_wire(name: str) -> bytes:
    """The name as it is sent: `Entwürfe` → `Entw&APw-rfe`."""
    return bytes(encode(name))


def from_wire(raw: bytes) -> str:
    """The name as it is shown. One that is no valid modified UTF-7 (`&A`) is shown as it came."""
    try:
        return str(decode(raw))
    except ValueError:  # of base64, or of UTF-16
        return raw.decode("ascii", "backslashreplace")


def listing(client: Client) -> dict[str, bytes]:
    """The folders that can be selected: shown name → name on the wire, in the server's order."""
    found = {}
    for flags, _delimiter, raw in client.list_folders():
        # QUIRK: imapclient reads a name of digits as a number, and gives it as a string.
        name = raw.encode() if isinstance(raw, str) else raw
        if not _NOT_SELECTABLE & {flag.lower() for flag in flags}:
            found[from_wire(name)] = name
    return found


def look_up(folders: dict[str, bytes], name: str) -> bytes | None:
    """How the server itself spells a name that it did not know as we spelt it; None where it is not there.

    That is so for names in another normal form (NFD, from a Mac), and for names that are no valid modified UTF-7.
    """
    wanted = unicodedata.normalize("NFC", name)
    for shown, raw in folders.items():
        if unicodedata.normalize("NFC", shown) == wanted and raw != to_wire(name) and raw.isascii():
            return raw
    return None
