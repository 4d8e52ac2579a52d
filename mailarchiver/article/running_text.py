"""The white space of running text: which of it means something, and which is the wrapping of the mail."""

from __future__ import annotations

import re

from ..text.whitespace import is_even, unbroken

_SPACES = " \t\n\r\f\v\u00a0"
"""White space at the edges of a text; within it, a no-break space stays one."""
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f"
"""What newsletters fill their preheaders with: alone, it is nothing."""
_HARD_SPACES = re.compile("[ \u00a0]*(?:\u00a0 | \u00a0|\u00a0\u00a0)[ \u00a0]*")


def edges(text: str) -> tuple[str, str, str]:
    """A text node as white space, words, white space; without words all of it is the first."""
    if text.isspace():
        return text, "", ""
    words = text.strip(_SPACES)
    if not words.strip(_INVISIBLE):
        return text, "", ""
    if len(words) == len(text):
        return "", words, ""
    start = len(text) - len(text.lstrip(_SPACES))
    return text[:start], words, text[start + len(words) :]


def unwrapped(words: str) -> str:
    """Words without the line breaks of the transport; the looks ahead spare most texts the slow expressions."""
    if is_even(words):
        return words
    if words.isascii():
        return " ".join(words.split())
    if "\n" in words:
        words = unbroken(words)
    for mark in "\n\t\r\f\v":
        words = words.replace(mark, " ")
    while "  " in words:  # halves them
        words = words.replace("  ", " ")
    return _HARD_SPACES.sub(" ", words) if "\u00a0" in words else words
