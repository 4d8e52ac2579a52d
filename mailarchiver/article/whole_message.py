"""The last recogniser, which takes every mail: its whole body is the article."""

from __future__ import annotations

import re
from html import escape

from selectolax.lexbor import LexborHTMLParser

from .recognised import Recognised

_PARAGRAPHS = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_URL = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?'’”)\]]")
_WRAPPED = 50
"""A paragraph all of whose lines but the last are longer was wrapped by the mail client, not by its author."""


def recognise(tree: LexborHTMLParser) -> Recognised:
    """The body as it is."""
    body = tree.body
    regions = (body,) if body is not None else ()
    return Recognised("message", regions, provenance={"kind": "the whole message"})


def html_of(text: str) -> str:
    """Plain text as HTML: paragraphs at empty lines, links where URLs are."""
    paragraphs = _PARAGRAPHS.split(text.replace("\r\n", "\n").replace("\r", "\n").strip("\n"))
    return "\n".join(f"<p>{_linked(_unwrapped(paragraph))}</p>" for paragraph in paragraphs if paragraph.strip())


def _unwrapped(paragraph: str) -> str:
    lines = paragraph.split("\n")
    wrapped = len(lines) > 1 and all(len(line) >= _WRAPPED for line in lines[:-1])
    return "\n".join(lines) if wrapped else "\0".join(line.strip() for line in lines)


def _linked(text: str) -> str:
    pieces: list[str] = []
    place = 0
    for match in _URL.finditer(text):
        pieces.append(escape(text[place : match.start()], quote=False))
        pieces.append(f'<a href="{escape(match[0])}">{escape(match[0], quote=False)}</a>')
        place = match.end()
    pieces.append(escape(text[place:], quote=False))
    return "".join(pieces).replace("\0", "<br>\n")
