"""What a picture is, by its bytes: type, extension, size in pixels. Nothing is decoded."""

from __future__ import annotations

import io
from dataclasses import dataclass

import filetype
from PIL import Image, UnidentifiedImageError

# Only headers are read here, so a picture that would unpack to gigabytes is no danger: its size is told, not refused.
Image.MAX_IMAGE_PIXELS = None

_SVG_HEAD = 1024


@dataclass(frozen=True, slots=True)
class Picture:
    """The bytes are a picture: its extension, and its width and height in pixels where its header tells them."""

    extension: str
    width: int | None
    height: int | None

    @property
    def tiny(self) -> bool:
        """Whether it is at most 2×2 pixels: a tracker or a spacer."""
        return self.width is not None and self.height is not None and max(self.width, self.height) <= 2


def look(data: bytes) -> Picture | None:
    """What picture the bytes are, by their magic number; None where they are none. The name they came under and the
    type they were declared as do not count.
    """
    if _is_svg(data):
        return Picture("svg", None, None)
    kind = filetype.image_match(data[:8192])
    if kind is None:
        return None
    width, height = _size(data)
    return Picture(kind.extension, width, height)


def _size(data: bytes) -> tuple[int | None, int | None]:
    try:
        with Image.open(io.BytesIO(data)) as image:
            return image.size
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, OverflowError):
        return None, None  # a header that does not tell its size: browsers will find out, or not show it


def _is_svg(data: bytes) -> bool:
    head = data[:_SVG_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return head.startswith((b"<svg", b"<?xml", b"<!--", b"<!doctype svg")) and b"<svg" in head
