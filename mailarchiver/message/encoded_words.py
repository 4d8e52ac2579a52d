"""RFC 2047: text beyond ASCII in header fields, in the forms that mailers really write.

What §5 forbids is read all the same, as every mail program does: words within quotes, glued to their neighbours, with
spaces or question marks in them, with characters cut in two between them, encoded twice.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from .charset import decode, unmangled

_TEXT = r"(?:[^?=]|=(?!\?[^=])|\?(?!=))*"
"""Of a word: raw question marks are forgiven; where another word begins, this one had no end. So the time is linear."""
_WORD = re.compile(rf"=\?([^?\s*]{{0,60}})(?:\*[^?\s]{{0,60}})?\?([bBqQ])\?({_TEXT})\?=")
_CONTROL = re.compile("[\0-\x08\x0a-\x1f\x7f]+")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]+")
_WORDS = 1_000
"""Of RFC 2047 decoded in one value; the rest stays as it came."""
_LAYERS = 3
"""Of words within words."""


@dataclass(frozen=True, slots=True)
class _Word:
    """An encoded word without its language (RFC 2231 §5). `encoded` of Base64 is without what is none of it."""

    charset: str
    base64: bool
    encoded: bytes
    start: int
    end: int

    def octets(self) -> bytes:
        return _base64(self.encoded) if self.base64 else binascii.a2b_qp(self.encoded, header=True)


def decode_words(text: str) -> str:
    """RFC 2047 undone wherever it stands; words that do not decode stay as they came. Never raises.

    Neighbours of one charset are joined as octets first: mailers cut characters in two (against §5). A word whose text
    is a word again was encoded twice, and is decoded twice. UTF-8 that was read as Windows-1252 somewhere on its way
    is put right where that is certain (`charset.unmangled`).
    """
    for _ in range(_LAYERS):
        if "=?" not in text:
            break
        decoded = _decoded(text)
        if decoded == text:
            break
        text = decoded
    return text if text.isascii() else unmangled(text)


def _decoded(text: str) -> str:
    """The text with one layer of words undone."""
    out: list[str] = []
    run: list[_Word] = []
    position = 0
    for word in _words(text):
        gap = text[position : word.start]
        apart = position == 0 or bool(gap.strip())
        if run and (apart or word.charset != run[0].charset):
            out.append(_text_of(run))
            run = []
        if apart:
            out.append(gap)
        run.append(word)
        position = word.end
    return _CONTROL.sub("", "".join([*out, _text_of(run), text[position:]]))


def _words(text: str) -> Iterator[_Word]:
    """The words in it; none where Base64 is announced and is not there. A lone character is only a remainder."""
    cut = False
    for found in islice(_WORD.finditer(text), _WORDS):
        raw = found[3].encode("utf-8", "replace")
        base64 = found[2] in "bB"
        encoded = _NOT_BASE64.sub(b"", raw) if base64 else raw
        if len(encoded.strip(b"=")) > (base64 and not cut) or not raw:
            cut = base64 and len(encoded) % 4 != 0
            yield _Word(found[1].lower(), base64, encoded, *found.span())


def _text_of(run: list[_Word]) -> str:
    """The text of neighbours in one charset."""
    if not run:
        return ""
    encoded = b"".join(word.encoded for word in run)
    octets = _base64(encoded) if _cut_anywhere(run) else b"".join(word.octets() for word in run)
    return decode(octets, run[0].charset)[0]


def _cut_anywhere(run: list[_Word]) -> bool:
    """Whether it is one Base64 text in several words.

    QUIRK: mailers that cut the encoded text anywhere, not after four characters. Then only the whole has its padding.
    """
    *before, last = run
    return (
        all(word.base64 for word in run)
        and any(len(word.encoded) % 4 for word in before)
        and not any(b"=" in word.encoded for word in before)
        and sum(len(word.encoded) for word in run) % 4 == 0
        and bool(last.encoded)
    )


def _base64(encoded: bytes) -> bytes:
    """The octets, whatever the padding; a last lone character carries no whole octet and is dropped."""
    clean = encoded.replace(b"=", b"")
    clean = clean[: len(clean) - 1] if len(clean) % 4 == 1 else clean
    return binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))
