"""What browsers make of a file, told by the ending of its name."""

from __future__ import annotations

_PICTURES = frozenset({"jpg", "png", "gif", "webp", "avif", "svg", "bmp", "ico", "apng"})
"""Endings as this program writes them: `jpg`, never `jpeg` or `JPG`."""


def is_shown(name: str) -> bool:
    """Whether browsers show a file of this name as a picture; another kind of picture (HEIC, TIFF) is only linked."""
    return name.rpartition(".")[2] in _PICTURES
