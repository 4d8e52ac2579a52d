"""Names for files and folders that every file system, shell and decade can read."""

from __future__ import annotations

import re
import unicodedata

from anyascii import anyascii

FILE_NAME_LIMIT = 79
"""With the longest name that an article's folder can have, that makes 240 octets (docs/archive-format.md, "Names")."""

_EXTENSION_LIMIT = 12
_LOOKED_AT = 2_000
"""Characters of the text that can matter: a header may hold 64 KB, a name never does."""

_APOSTROPHES = re.compile(r"(?<=\w)['’ʼ‘`´](?=\w)")
_OTHERS = re.compile(r"[^a-z0-9]+")


def slug(text: str, limit: int = 60) -> str:
    """The text as `[a-z0-9-]`, at most `limit` bytes, transliterated by anyascii; "" where nothing is left.

    Cut at a word border where one lies in the last third. Never begins or ends with a hyphen. Not unique, and not safe
    as a whole name: device names of Windows ("con", "nul") pass through, so callers put a date or a number in front.
    """
    plain = anyascii(_APOSTROPHES.sub("", unicodedata.normalize("NFC", text[:_LOOKED_AT])))
    words = _OTHERS.sub("-", plain.lower()).strip("-")
    if len(words) <= limit:
        return words
    border = words.rfind("-", limit * 2 // 3, limit + 1)
    return words[: border if border > 0 else limit].strip("-")


def file_name(number: int, stem: str, extension: str) -> str:
    """`001-<slug of the stem>.<extension>`, ASCII, at most 79 bytes; `001.<extension>` where the slug is empty.

    The number makes it unique within a folder and keeps it clear of device names, leading dots and hyphens. The
    extension is taken down to letters and digits; where nothing is left of it, the name has none.
    """
    prefix = f"{number:03d}"
    ending = _OTHERS.sub("", extension.lower())[:_EXTENSION_LIMIT]
    suffix = f".{ending}" if ending else ""
    name = slug(stem, FILE_NAME_LIMIT - len(prefix) - 1 - len(suffix))
    return f"{prefix}-{name}{suffix}" if name else f"{prefix}{suffix}"
