"""What a picture is, by its bytes: type, extension, size in pixels. Nothing is decoded."""

from __future__ import annotations

import io
import re
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
_GIF_HEADER = 13
_EXTENT, _HEIF_HEAD = re.compile(rb"\x00\x00\x00\x14ispe\x00{4}"), 65_536
"""The box of an extent, and the octets of a file in which those are."""
_LOSSLESS, _KEY_FRAME = 0x2F, b"\x9d\x01\x2a"
"""What WebP's bitstreams begin with (RFC 9649, 3.4; RFC 6386, 9.1)."""


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


def _size_of_gif(data: bytes) -> tuple[int, int] | None:
    """By its logical screen (GIF89a, 18)."""
    sound = data[:6] in {b"GIF87a", b"GIF89a"} and len(data) >= _GIF_HEADER
    return (_little(data[6:8]), _little(data[8:10])) if sound else None


def _size_of_webp(data: bytes) -> tuple[int, int] | None:
    """By its first chunk (RFC 9649, 2.5 to 2.7): of an extended file, a lossless or a lossy one."""
    chunk, head = data[12:16], data[20:30]
    if data[8:12] != b"WEBP" or len(head) < 10:
        return None
    if chunk == b"VP8X":
        return _little(head[4:7]) + 1, _little(head[7:10]) + 1
    if chunk == b"VP8L" and head[0] == _LOSSLESS:
        bits = _little(head[1:5])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if chunk == b"VP8 " and head[3:6] == _KEY_FRAME:
        return _little(head[6:8]) & 0x3FFF, _little(head[8:10]) & 0x3FFF
    return None


def _size_of_heif(data: bytes) -> tuple[int, int] | None:
    """By the largest of its extents (ISO/IEC 23008-12, 6.5.3 "ispe"): the others are of tiles and of a thumbnail. As it
    is stored; a turn is not counted.
    """
    sizes = [
        (int.from_bytes(data[place + 12 : place + 16], "big"), int.from_bytes(data[place + 16 : place + 20], "big"))
        for place in (found.start() for found in _EXTENT.finditer(data[:_HEIF_HEAD]))
    ]
    return max(sizes, key=lambda size: size[0] * size[1], default=None)


def _little(octets: bytes) -> int:
    return int.from_bytes(octets, "little")


def _size(data: bytes) -> tuple[int | None, int | None]:
    try:
        with Image.open(io.BytesIO(data)) as image:
            return image.size
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, OverflowError):
        return None, None  # a header that does not tell its size: browsers will find out, or not show it


def _is_svg(data: bytes) -> bool:
    head = data[:_SVG_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return head.startswith((b"<svg", b"<?xml", b"<!--", b"<!doctype svg")) and b"<svg" in head


_READERS = {
    "png": _size_of_png, "jpg": _size_of_jpeg, "gif": _size_of_gif, "webp": _size_of_webp, "heic": _size_of_heif,
}  # fmt: skip
"""Of most pictures; the others, and what these do not understand, Pillow reads."""
