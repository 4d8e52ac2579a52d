"""Control characters and noncharacters: they say nothing to a reader, and things of their own to a terminal."""

from __future__ import annotations

import re

_PLANES = "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17))
_CONTROLS = re.compile(f"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef{_PLANES}]")
"""What HTML forbids in a document (WHATWG HTML §13.2.3.5), in any text."""


def without_controls(text: str) -> str:
    """The text without them; white space, joiners and the marks of writing direction are none."""
    return _CONTROLS.sub("", text) if _CONTROLS.search(text) else text
