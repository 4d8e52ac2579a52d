"""The white space of running text: which of it means something, and which is the wrapping of the mail."""

from __future__ import annotations

import re
from typing import Final

_SPACES: Final = " \t\n\r\f\v\u00a0"
"""White space at the edges of a text; within it, a no-break space stays one."""
_INVISIBLE: Final = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f"
"""What newsletters fill their preheaders with: alone, it is nothing."""
_RUN: Final = re.compile("[ \t\n\r\f\v]{2,}|[\t\n\r\f\v]")
_HARD_SPACES: Final = re.compile("[ \u00a0]*(?:\u00a0 | \u00a0|\u00a0\u00a0)[ \u00a0]*")
_CJK: Final = re.compile("[\u2e80-\u303f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef]")
_CJK_BREAK: Final = re.compile(f"(?<={_CJK.pattern})[ \t]*\r?\n[ \t]*(?={_CJK.pattern})")


def edges(text: str) -> tuple[str, str, str]:
    """A text node as white space, words, white space; without words all of it is the first."""
    if text.isspace():
        return text, "", ""
    words = text.strip(_SPACES)
    if not words.strip(_INVISIBLE):
        return text, "", ""
    start = len(text) - len(text.lstrip(_SPACES))
    return text[:start], words, text[start + len(words) :]


def unwrapped(words: str) -> str:
    """Words without the line breaks of the transport; the looks ahead spare most texts the slow expressions."""
    if not words.isascii():
        if "\n" in words:
            words = _CJK_BREAK.sub("", words)
        if "\u00a0" in words:
            words = _HARD_SPACES.sub(" ", words)
    return _RUN.sub(" ", words)


def joins(last: str, following: str) -> bool:
    """Whether a line break between two characters means nothing: Chinese and Japanese put no space between words."""
    return _CJK.match(last) is not None and _CJK.match(following) is not None
