"""Other people's words on their way to a terminal: they are read, and do nothing.

Control characters move the cursor, recolour the screen and type answers (ECMA-48 §8.3); marks of direction make text
read as what it is not (Unicode TR36 §2.6).
"""

from __future__ import annotations

import json
import re

from .controls import without_controls

_DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_BREAKS = re.compile("[\v\f\r\u2028\u2029]")
_NOT_IN_JSON = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def line(text: str) -> str:
    """The text as a part of one line."""
    return " ".join(block(text).split())


def block(text: str) -> str:
    """The text with its lines and tabs, and nothing else that a terminal would act on."""
    plain = _DIRECTIONS.sub("", without_controls(_BREAKS.sub("\n", text.replace("\r\n", "\n"))))
    return _SURROGATES.sub("\ufffd", plain)


def json_line(value: object) -> str:
    """The value as JSON on one line, with everything escaped that a terminal would act on."""
    text = json.dumps(value, ensure_ascii=False)
    return _NOT_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
