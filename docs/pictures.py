"""Draws the pictures of the samples into docs/pictures/: run once, checked in, so that no sample depends on an encoder.

python docs/pictures.py
"""
# ruff: noqa: S311  a script, in no package; its dice are for painting, not for secrets

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from mailkit import scenes
from mailkit.paint import SCALE, Colour, around, finish, gradient
from PIL import Image, ImageDraw, ImageFont

HERE = Path(__file__).parent / "pictures"


def chart() -> Image.Image:
    """The thickness of the layers over six hundred years, as the article tells it."""
    width, height = 1080 * SCALE, 560 * SCALE
    image = Image.new("RGB", (width, height), (252, 251, 247))
    draw = ImageDraw.Draw(image)
    left, right, top, bottom = 96 * SCALE, width - 40 * SCALE, 84 * SCALE, height - 72 * SCALE
    font, small = ImageFont.load_default(26 * SCALE), ImageFont.load_default(18 * SCALE)
    draw.text((left, 24 * SCALE), "Thickness of a year, in millimetres", font=font, fill=(40, 44, 52))

    def place(year: float, value: float) -> tuple[float, float]:
        return left + (year - 1400) / 620 * (right - left), bottom - value / 4 * (bottom - top)

    for value in range(5):
        y = place(1400, value)[1]
        draw.line((left, y, right, y), fill=(222, 220, 212), width=SCALE)
        draw.text((left - 34 * SCALE, y), str(value), font=small, fill=(110, 110, 110), anchor="lm")
    for year in range(1400, 2021, 100):
        draw.text((place(year, 0)[0], bottom + 14 * SCALE), str(year), font=small, fill=(110, 110, 110), anchor="ma")
    years = [*range(1400, 1816, 4), *range(1816, 1903, 2), *range(1903, 2019, 4)]
    line = [place(year, value) for year, value in zip(years, _thickness(years), strict=True)]
    draw.polygon([(line[0][0], bottom), *line, (line[-1][0], bottom)], fill=(214, 228, 232))
    draw.line(line, fill=(46, 108, 128), width=3 * SCALE, joint="curve")
    for year, words in [(1816, "1816, the year\nwithout a summer"), (1902, "1902,\nthe dam")]:
        x, y = place(year, _thickness([year])[0])
        draw.ellipse(around(x, y, 7 * SCALE), fill=(196, 84, 52))
        draw.multiline_text((x + 16 * SCALE, y - 8 * SCALE), words, font=small, fill=(196, 84, 52), anchor="ld")
    return image.resize((width // SCALE, height // SCALE), Image.Resampling.LANCZOS).quantize(48)


def _thickness(years: Sequence[int]) -> list[float]:
    rng = random.Random(1816)
    noise = {year: rng.uniform(-0.28, 0.28) for year in range(1400, 2021)}
    values = []
    for year in years:
        value = 1.35 + 0.35 * math.sin(year / 47) + 0.2 * math.sin(year / 13) + noise[year]
        value += 1.9 * math.exp(-(((year - 1816) / 5) ** 2))
        values.append(value * 0.45 if year > 1902 else value)
    return values


def stage(sky: Colour = (240, 190, 150)) -> Image.Image:
    """A landing stage in the evening: small, for the tests."""
    width, height, s = 240 * SCALE, 120 * SCALE, SCALE
    image = gradient((width, height), [(0, (70, 90, 140)), (0.5, sky), (0.51, (90, 110, 140)), (1, (40, 56, 84))])
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 74 * s, 150 * s, 80 * s), fill=(40, 32, 30))
    for x in (20, 60, 100, 140):
        draw.rectangle((x * s, 60 * s, (x + 5) * s, 104 * s), fill=(40, 32, 30))
    draw.arc((128 * s, 42 * s, 146 * s, 62 * s), 180, 360, fill=(40, 32, 30), width=3 * s)
    draw.pieslice((131 * s, 46 * s, 143 * s, 66 * s), 180, 360, fill=(210, 170, 70))
    return finish(image).quantize(24)


PICTURES: dict[str, Callable[[], Image.Image]] = {
    "lake-at-dawn.jpg": scenes.lake,
    "layers.png": chart,
    "night-train.jpg": scenes.train,
    "book-bicycle.jpg": scenes.library,
    "wind-towers.jpg": scenes.towers,
    "bath-wall.jpg": scenes.bathhouse,
    "stage.png": stage,
    "stage-by-night.png": partial(stage, (40, 50, 80)),
}


def main() -> None:
    """Draws every picture anew."""
    HERE.mkdir(exist_ok=True)
    for name, draw in PICTURES.items():
        options = (
            {"quality": 62, "optimize": True, "progressive": True} if name.endswith(".jpg") else {"optimize": True}
        )
        draw().save(HERE / name, **options)


if __name__ == "__main__":
    main()
