"""What the pictures of the samples are painted with: gradients, ridges of hills, light."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise

from PIL import Image, ImageChops, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
SCALE = 2
"""Everything is painted twice as large and scaled down: smooth edges."""


def gradient(size: tuple[int, int], stops: Sequence[tuple[float, Colour]]) -> Image.Image:
    """Colours from top to bottom; `stops` are (share of the height, colour), ascending."""
    width, height = size
    column = Image.new("RGB", (1, height))
    for y in range(height):
        share = y / (height - 1)
        (a, first), (b, second) = next(
            (pair for pair in pairwise(stops) if pair[0][0] <= share <= pair[1][0]),
            (stops[-1], stops[-1]),
        )
        t = (share - a) / (b - a) if b > a else 0.0
        column.putpixel((0, y), tuple(round(p + (q - p) * t) for p, q in zip(first, second, strict=True)))
    return column.resize((width, height))


def ridge(rng: random.Random, width: int, base: float, rough: float, *, passes: int = 8) -> list[tuple[float, float]]:
    """A line of hills by midpoint displacement, as points from the left to the right edge."""
    heights = [rng.uniform(-1, 1), rng.uniform(-1, 1)]
    spread = 1.0
    for _ in range(passes):
        made = [heights[0]]
        for left, right in pairwise(heights):
            made += [(left + right) / 2 + rng.uniform(-spread, spread), right]
        heights, spread = made, spread * 0.52
    step = width / (len(heights) - 1)
    return [(index * step, base + height * rough) for index, height in enumerate(heights)]


def fill_below(image: Image.Image, line: Sequence[tuple[float, float]], colour: Colour) -> None:
    """Paints everything below the line."""
    width, height = image.size
    ImageDraw.Draw(image).polygon([(0, height), *line, (width, height)], fill=colour)


def glow(
    image: Image.Image, centre: tuple[float, float], radius: float, colour: Colour, strength: float = 1.0
) -> Image.Image:
    """Light around a point, added to the picture."""
    layer = Image.new("RGB", image.size)
    x, y = centre
    shade = tuple(round(c * strength) for c in colour)
    ImageDraw.Draw(layer).ellipse((x - radius, y - radius, x + radius, y + radius), fill=shade)
    return ImageChops.add(image, layer.filter(ImageFilter.GaussianBlur(radius * 0.55)))


def around(x: float, y: float, radius: float) -> tuple[float, float, float, float]:
    """The box of a circle."""
    return (x - radius, y - radius, x + radius, y + radius)


def finish(image: Image.Image) -> Image.Image:
    """The picture in its final size."""
    return image.resize((image.width // SCALE, image.height // SCALE), Image.Resampling.LANCZOS)
