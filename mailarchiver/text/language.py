"""The language of a text, by its words; only where there is no doubt.

CLD2 (pycld2) decides. Where it is not installed, because there is no wheel for the machine, no language is found: an
article without one is complete.
"""

from __future__ import annotations

import re

from .controls import ASTRAL, is_printable
from .whitespace import count_words

try:
    import pycld2
except ImportError:  # no wheel for this machine
    pycld2 = None

FEWEST_WORDS = 60
"""Of a text whose language is told; in less, a name or a quotation decides."""
_LONGEST = 10_000
"""Characters that are read where the first of them decide nothing."""
_BEGINNING = 600
"""Characters in which most texts have so many words; they decide for most, in a fifth of the time."""
_GLANCE = 150
"""Characters that are enough where the language is told and only wants to be confirmed."""
_DAMAGE = re.compile(f"[^ -~\n\t\r\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd{ASTRAL}]")
"""What CLD2 takes for damage: controls, halves of surrogate pairs, noncharacters (Unicode 23.7). Said as all but what
is sound, which is faster.
"""
_PERCENT, _PERCENT_OF_BEGINNING, _TIMES = 60, 90, 2
"""Of the text, or of its beginning, in the first language; and so many times the part of the second: quotations and
names are foreign.
"""
_CHINESE = {"zh": "zh-Hans", "zh-Hant": "zh-Hant"}
_UNNAMED = re.compile(r"un|xx.*|tlh|x-.*", re.IGNORECASE)
"""CLD2's codes for what is no language: unknown, scripts, jests."""
_RENAMED = {"iw": "he", "in": "id", "ji": "yi", "jw": "jv", "mo": "ro", "sh": "sr", "no": "nb"}
"""Codes that BCP 47 has replaced; CLD2's Norwegian is Bokmål."""


def language_of(text: str) -> str | None:
    """The language of a text as BCP 47 tag, with the script for Chinese ("zh-Hans", "zh-Hant"); None where the text is
    short, is in several languages, or CLD2 is not sure. A beginning that is nearly all in one language decides.
    """
    if pycld2 is None:
        return None
    begins = _language_of(text[:_BEGINNING], _PERCENT_OF_BEGINNING)
    return begins if begins or len(text) <= _BEGINNING else _language_of(text[:_LONGEST], _PERCENT)


def first_language_of(text: str) -> str | None:
    """The language that a text begins in, as of `language_of` but by a few words: enough to confirm what is told, in
    a third of the time, not to tell it.
    """
    return _by_cld2(_sound(text[:_GLANCE]), _PERCENT_OF_BEGINNING) if pycld2 is not None else None


def _language_of(head: str, least: int) -> str | None:
    """The language of which CLD2 is sure, where there are words enough."""
    head = _sound(head)
    if count_words(head[:_BEGINNING]) < FEWEST_WORDS and count_words(head) < FEWEST_WORDS:
        return None
    return _by_cld2(head, least)


def _sound(text: str) -> str:
    return text if is_printable(text) else _DAMAGE.sub(" ", text)


def _by_cld2(head: str, least: int) -> str | None:
    """The language that CLD2 is sure of, where at least so many per cent of the text are in it."""
    try:
        reliable, _, found = pycld2.detect(head.encode("utf-8"), bestEffort=False)
    except pycld2.error:  # input it takes for damaged
        return None
    code, percent, second = found[0][1], found[0][2], found[1][2]
    if not reliable or percent < max(least, _TIMES * second) or _UNNAMED.fullmatch(code):
        return None
    return _CHINESE.get(code) or _RENAMED.get(code, code)
