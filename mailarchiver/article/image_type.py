"""What a picture is, by its bytes: type, extension, size in pixels. Nothing is decoded."""

from __future__ import annotations

import io
from dataclasses import dataclass
from zlib import crc32

import filetype
from PIL import Image, UnidentifiedImageError

# Only headers are read here, so a picture that would unpack to gigabytes is no danger: its size is told, not refused.
Image.MAX_IMAGE_PIXELS = None

_SVG_HEAD = 1024
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""JPEG's markers of a frame (ITU-T T.81, table B.1), which tells the size."""
_SCAN = 0xDA


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
    read = _READERS.get(kind.extension)
    told = read(data) if read else None
    return Picture(kind.extension, *(told if told and all(told) else _size(data)))


def _size_of_png(data: bytes) -> tuple[int, int] | None:
    """By its first chunk (W3C PNG §11.2.1), if that is sound."""
    sound = data[12:16] == b"IHDR" and crc32(data[12:29]).to_bytes(4, "big") == data[29:33]
    return (int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")) if sound else None


def _size_of_jpeg(data: bytes) -> tuple[int, int] | None:
    """By its frame (ITU-T T.81, B.2.2), if whole segments lead up to the first scan."""
    place, size = 2, None
    while data[place : place + 1] == b"\xff" and place + 9 <= len(data):
        if data[place + 1] == _SCAN:
            return size
        if data[place + 1] in _FRAMES:
            height, width = data[place + 5 : place + 7], data[place + 7 : place + 9]
            size = int.from_bytes(width, "big"), int.from_bytes(height, "big")
        place += 2 + max(2, int.from_bytes(data[place + 2 : place + 4], "big"))
    return None


def _size(data: bytes) -> tuple[int | None, int | None]:
    try:
        with Image.open(io.BytesIO(data)) as image:
            return image.size
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, OverflowError):
        return None, None  # a header that does not tell its size: browsers will find out, or not show it


def _is_svg(data: bytes) -> bool:
    head = data[:_SVG_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return head.startswith((b"<svg", b"<?xml", b"<!--", b"<!doctype svg")) and b"<svg" in head


_READERS = {"png": _size_of_png, "jpg": _size_of_jpeg}
"""Of most pictures; the others, and what these do not understand, Pillow reads."""
