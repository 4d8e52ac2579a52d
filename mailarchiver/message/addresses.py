"""Addresses as people and mail programs print them: `Jane Roe <jane@example.org>`, `Jane Roe [mailto:jane@…]`.

For header blocks of forwards, and for address fields that RFC 5322 cannot make sense of. A name that stands alone is
kept; nothing is looked up or guessed.
"""

from __future__ import annotations

import re

from ..model import Address

ADDRESSES = 1_000
"""Of one field; the rest is left out."""

_SPEC = r"[^\s<>()\[\],;:\"'“”„«»|*]{1,200}@[^\s<>()\[\],;:\"'“”„«»|*]{1,250}"
_BARE = re.compile(_SPEC)
_MAILTO = re.compile(r"mailto:\s*", re.IGNORECASE)
_PROTECTED = r'"(?:[^"\\]|\\.)*"|<[^<>]*>|\([^()]*\)|\[[^\[\]]*\]|["<(\[]'
_BETWEEN = {mark: re.compile(rf'(?:[^{mark}"<(\[]|{_PROTECTED})+') for mark in ",;"}
_QUOTED_PAIR = re.compile(r"\\(.)")
_WIDE = str.maketrans("＜＞＠；，（）［］、", "<>@;,()[],")
"""As Chinese and Japanese print brackets and separators."""
_EXCHANGE = re.compile(r"</[oO]=[^<>]*>?")
"""QUIRK: Outlook prints the path in its directory for addresses within an organisation."""
_GROUPS = re.compile(r"^'([^']+)' via ")
"""QUIRK: Google Groups puts the name of who wrote in quotation marks of its own."""
_DRESS = " \t\r\n\u00a0\u200e\u200f*_'\"“”„‚‘’«»|"
_LOCAL = re.compile(r"<([^\s<>()\[\],;:\"@]{1,64})>\s*$")
_NOBODY = re.compile(r"[^<>@,;:\"]{0,200}:\s*+;?")
_ANGLES = re.compile(r"<[^<>]{0,300}>")
_BRACKETS = re.compile(r"[<\[(]\s*[>\])]")
_FIELD_LENGTH, _MAILBOX_LENGTH = 65_536, 1_000


def read_addresses(text: str) -> tuple[Address, ...]:
    """All addresses of a printed list. Semicolons separate where there are any, else commas.

    Quotes and brackets protect both. Between commas, a piece without an address belongs to the next one
    (`Roe, Jane <jane@…>`). A group without members (RFC 5322 §3.4: `undisclosed-recipients:;`) is nobody.
    """
    text = _MAILTO.sub("", text[:_FIELD_LENGTH].translate(_WIDE))
    if _NOBODY.fullmatch(text.strip()):
        return ()
    by_semicolon = len(_BETWEEN[";"].findall(text)) > 1
    found: list[Address] = []
    held = ""
    for piece in _BETWEEN[";" if by_semicolon else ","].findall(text):
        address = read_address(f"{held}, {piece}" if held else piece)
        if address is None:
            continue
        if address.address or by_semicolon or "@" not in text:
            found.append(address)
            held = ""
        else:
            held = f"{held}, {piece}" if held else piece
        if len(found) >= ADDRESSES:
            return tuple(found)
    rest = read_address(held)
    return (*found, rest) if rest else tuple(found)


def read_address(text: str) -> Address | None:
    """One printed mailbox: its name and its address, either of which may be missing; None for nothing at all.

    The last address counts. In angle brackets a local part alone is one too (`Moderator <moderator>`).
    """
    clean = _EXCHANGE.sub("", _MAILTO.sub("", text[:_MAILBOX_LENGTH].translate(_WIDE))).strip().removesuffix(";")
    specs = _BARE.findall(clean)
    if not specs:
        local = _LOCAL.search(clean)
        if local is not None:
            return Address(_name(clean[: local.start()]), local[1])
        name = _name(clean)
        return Address(name, "") if name else None
    address = specs[-1].strip(".'")
    return Address(_name(clean.replace(address, "") if address else clean), address)


def _name(text: str) -> str:
    """What is printed beside an address, without what dresses it."""
    text = text.strip()
    text = _GROUPS.sub(r"\1 via ", text) if text.startswith("'") else text
    bare = " ".join(_BRACKETS.sub(" ", _ANGLES.sub(" ", text)).split()).strip(_DRESS + ",<>")
    if bare[:1] + bare[-1:] in {"()", "[]"}:
        bare = bare[1:-1]
    if not bare.strip("."):
        return ""
    return (_QUOTED_PAIR.sub(r"\1", bare) if "\\" in bare else bare).strip(_DRESS)
