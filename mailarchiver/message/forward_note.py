"""What a forwarder wrote above a forward, without what their mail program wrote there."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..text.closing_lines import is_device_line

_SIGNATURE = re.compile(r"-- ?")
"""RFC 3676 §4.3; most programs lose the trailing space."""
_RULE = re.compile(r"[-_=*~–—\s]{3,}")
_BLANK_LINES = re.compile(r"\n{3,}")


def says_nothing(line: str) -> bool:
    """Whether no person wrote the line: an empty one, a rule, "Sent from my …"."""
    return not line or _RULE.fullmatch(line) is not None or is_device_line(line)


def note_of(lines: Sequence[str]) -> str | None:
    """The note in these lines, None for nothing. Ends at the signature; rules and "Sent from my …" lines are left out.

    Does not guess at a name below the note: without a delimiter nothing says that it is no part of it.
    """
    kept: list[str] = []
    for line in lines:
        text = line.strip()
        if _SIGNATURE.fullmatch(text):
            break
        if not text or not says_nothing(text):
            kept.append(text)
    return _BLANK_LINES.sub("\n\n", "\n".join(kept)).strip() or None
