"""OpenPGP's armor in the middle of a plain text (RFC 9580 §6.2, §7; before it RFC 4880)."""

from __future__ import annotations

import re

_SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----"
_BEGIN = re.compile(r"^-----BEGIN PGP SIGNED MESSAGE-----[ \t]*\r?\n", re.MULTILINE)
_HEADER = re.compile(r"[A-Za-z][A-Za-z-]{0,40}:[^\r\n]*\r?\n")
_BLANK = re.compile(r"[ \t]*\r?\n")
_SIGNATURE = re.compile(r"^-----BEGIN PGP SIGNATURE-----[ \t]*\r?$", re.MULTILINE)
_SIGNATURE_END = re.compile(r"^-----END PGP SIGNATURE-----[ \t]*(?:\r?\n|\Z)", re.MULTILINE)
_ESCAPED = re.compile(r"^- ", re.MULTILINE)
_ENCRYPTED = re.compile(
    r"^-----BEGIN PGP MESSAGE(?:, PART \d{1,4}(?:/\d{1,4})?)?-----[ \t]*\r?\n", re.MULTILINE
)  # fmt: skip
_HEADERS = 20
_TEXTS = 100
"""Signed texts read in one; what stands behind them stays as it came."""


def unsigned(text: str) -> tuple[str, tuple[str, ...]]:
    """The text without the cleartext signature framework (RFC 9580 §7) around parts of it, and the signatures, armored.

    Armor headers (`Hash: SHA256`) and signature blocks are gone, dash-escaping (§7.1) is undone; what stands before and
    behind is kept. A signed text counts only where its signature begins and ends: else it stays as it came. Nothing is
    verified. Takes time linear in the text.
    """
    if _SIGNED not in text:
        return text, ()
    kept: list[str] = []
    signatures: list[str] = []
    place = 0
    while len(signatures) < _TEXTS:
        begin = _BEGIN.search(text, place)
        signature = _SIGNATURE.search(text, begin.end()) if begin else None
        end = _SIGNATURE_END.search(text, signature.end()) if signature else None
        if begin is None or signature is None or end is None:
            break
        signed = text[_behind_headers(text, begin.end()) : signature.start()]
        kept += [text[place : begin.start()], _ESCAPED.sub("", signed)]
        signatures.append(text[signature.start() : end.end()])
        place = end.end()
    return "".join([*kept, text[place:]]), tuple(signatures)


def is_sealed(text: str) -> bool:
    """Whether an OpenPGP message stands in the text, encrypted or packed (RFC 9580 §6.2.1)."""
    return "-----BEGIN PGP MESSAGE" in text and _ENCRYPTED.search(text) is not None


def _behind_headers(text: str, place: int) -> int:
    """Where the signed text begins: behind the armor headers and the blank line that ends them.

    QUIRK: mailers that lose the blank line: the text begins behind the last line that is a header.
    """
    for _ in range(_HEADERS):
        header = _HEADER.match(text, place)
        if header is None:
            break
        place = header.end()
    blank = _BLANK.match(text, place)
    return blank.end() if blank else place
