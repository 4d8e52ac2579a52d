"""The scenes that the samples' pictures show."""
# ruff: noqa: S311  its dice are for painting, not for secrets

from __future__ import annotations

import math
import random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from mailkit.paint import SCALE, Colour, around, fill_below, finish, glow, gradient, ridge


def lake() -> Image.Image:
    """Dawn over an alpine lake, the mountains mirrored in it."""
    width, height = 1080 * SCALE, 640 * SCALE
    shore = round(height * 0.56)
    rng = random.Random(18)
    sky = gradient(
        (width, shore), [(0, (44, 62, 104)), (0.45, (120, 124, 164)), (0.75, (232, 170, 140)), (1, (255, 216, 160))]
    )
    sky = glow(sky, (width * 0.63, shore * 0.46), shore * 0.30, (255, 214, 150), 0.5)
    ImageDraw.Draw(sky).ellipse(around(width * 0.63, shore * 0.46, 32 * SCALE), fill=(255, 240, 206))
    for base, rough, colour in [
        (0.60, 0.34, (150, 132, 158)),
        (0.74, 0.30, (104, 100, 136)),
        (0.86, 0.17, (62, 72, 104)),
        (0.95, 0.08, (34, 48, 72)),
    ]:
        fill_below(sky, ridge(rng, width, shore * base, shore * rough), colour)
    image = Image.new("RGB", (width, height))
    image.paste(sky, (0, 0))
    mirror = sky.transpose(Image.Transpose.FLIP_TOP_BOTTOM).resize((width, height - shore))
    mirror = ImageChops.multiply(mirror, gradient(mirror.size, [(0, (214, 220, 232)), (1, (88, 108, 140))]))
    image.paste(mirror.filter(ImageFilter.GaussianBlur(3 * SCALE)), (0, shore))
    _ripples(image, shore, rng)
    _boat(ImageDraw.Draw(image), width * 0.33, height * 0.76)
    return finish(image)


def _ripples(image: Image.Image, shore: int, rng: random.Random) -> None:
    width, height = image.size
    strip = Image.new("RGB", image.size)
    draw = ImageDraw.Draw(strip)
    for _ in range(260):
        depth = rng.random() ** 1.6
        y = shore + 6 + depth * (height - shore - 8)
        length = (30 + 190 * depth) * SCALE * rng.uniform(0.4, 1)
        x = rng.gauss(width * 0.63, width * 0.28)
        tone = round(26 * (1 - abs(x - width * 0.63) / width))
        draw.line(
            (x - length / 2, y, x + length / 2, y),
            fill=(tone, tone, round(tone * 0.8)),
            width=round(1 + 2 * depth) * SCALE,
        )
    image.paste(ImageChops.add(image, strip.filter(ImageFilter.GaussianBlur(1.2 * SCALE))))


def _boat(draw: ImageDraw.ImageDraw, x: float, y: float) -> None:
    """A raft with a drilling tripod and two people."""
    s, dark = SCALE, (20, 26, 40)
    draw.rounded_rectangle((x - 74 * s, y, x + 74 * s, y + 11 * s), 4 * s, fill=dark)
    for foot in (-40, 0, 40):
        draw.line((x + foot * s, y, x, y - 92 * s), fill=dark, width=3 * s)
    draw.line((x, y - 92 * s, x, y + 8 * s), fill=(200, 190, 170), width=s)
    for person in (-58, 54):
        px = x + person * s
        draw.rounded_rectangle((px - 7 * s, y - 32 * s, px + 7 * s, y), 5 * s, fill=dark)
        draw.ellipse(around(px, y - 39 * s, 6 * s), fill=dark)


def train() -> Image.Image:
    """A night train with lit windows under the stars."""
    width, height = 1000 * SCALE, 560 * SCALE
    rng = random.Random(42)
    image = gradient(
        (width, height), [(0, (10, 14, 34)), (0.5, (26, 38, 78)), (0.72, (64, 78, 122)), (1, (30, 34, 58))]
    )
    draw = ImageDraw.Draw(image)
    for _ in range(240):
        x, y, r = rng.uniform(0, width), rng.uniform(0, height * 0.55), rng.uniform(0.3, 1.5) * SCALE
        tone = rng.randint(130, 250)
        draw.ellipse(around(x, y, r), fill=(tone, tone, min(255, tone + 12)))
    image = glow(image, (width * 0.82, height * 0.2), 90 * SCALE, (120, 120, 100), 0.5)
    ImageDraw.Draw(image).ellipse(around(width * 0.82, height * 0.2, 30 * SCALE), fill=(250, 244, 220))
    fill_below(image, ridge(rng, width, height * 0.58, height * 0.13), (30, 40, 72))
    fill_below(image, ridge(rng, width, height * 0.68, height * 0.07), (18, 25, 48))
    return finish(_carriages(image))


def _carriages(image: Image.Image) -> Image.Image:
    width, height = image.size
    draw, s = ImageDraw.Draw(image), SCALE
    rail = round(height * 0.83)
    draw.rectangle((0, rail, width, height), fill=(10, 13, 26))
    lamps: list[tuple[float, float]] = []
    for car in range(5):
        x = (-60 + car * 226) * s
        draw.rounded_rectangle((x, rail - 84 * s, x + 218 * s, rail - 12 * s), 9 * s, fill=(30, 58, 96))
        draw.rectangle((x, rail - 30 * s, x + 218 * s, rail - 25 * s), fill=(216, 182, 92))
        for window in range(6):
            wx = x + (16 + window * 33) * s
            lit = (car * 5 + window * 3) % 7 not in {2, 5}
            draw.rounded_rectangle(
                (wx, rail - 70 * s, wx + 23 * s, rail - 42 * s), 3 * s, fill=(255, 214, 132) if lit else (24, 40, 68)
            )
            lamps += [(wx + 11 * s, rail - 56 * s)] if lit else []
        for wheel in (36, 62, 156, 182):
            draw.ellipse(around(x + wheel * s, rail - 8 * s, 9 * s), fill=(8, 10, 18))
    for lamp in lamps:
        draw.ellipse((lamp[0] - 14 * s, rail + 18 * s, lamp[0] + 14 * s, rail + 25 * s), fill=(84, 70, 46))
    blurred = image.crop((0, rail + 2, width, height)).filter(ImageFilter.GaussianBlur(7 * s))
    image.paste(blurred, (0, rail + 2))
    return glow(image, (width * 0.5, rail - 50 * s), 120 * s, (40, 30, 12), 0.6)


def library() -> Image.Image:
    """A cargo bicycle with a box of books on a hill road in the evening."""
    width, height = 960 * SCALE, 540 * SCALE
    rng, s = random.Random(7), SCALE
    image = gradient((width, height), [(0, (120, 176, 196)), (0.55, (250, 222, 178)), (1, (244, 190, 140))])
    image = glow(image, (width * 0.25, height * 0.42), 110 * s, (90, 70, 30), 0.8)
    for base, rough, colour in [(0.6, 0.1, (168, 176, 150)), (0.7, 0.07, (128, 150, 116)), (0.8, 0.03, (86, 116, 88))]:
        fill_below(image, ridge(rng, width, height * base, height * rough), colour)
    draw = ImageDraw.Draw(image)
    ground = height * 0.88
    draw.rectangle((0, ground, width, height), fill=(120, 100, 84))
    back, front = (width * 0.36, ground - 52 * s), (width * 0.68, ground - 44 * s)
    for centre, radius in ((back, 52), (front, 44)):
        draw.ellipse(around(*centre, radius * s), outline=(34, 34, 40), width=6 * s)
        for spoke in range(12):
            angle = spoke * math.pi / 6
            draw.line(
                (*centre, centre[0] + math.cos(angle) * radius * s, centre[1] + math.sin(angle) * radius * s),
                fill=(70, 70, 76),
                width=s,
            )
    seat, crank, bar = (
        (back[0] + 34 * s, back[1] - 84 * s),
        (back[0] + 76 * s, back[1] + 6 * s),
        (back[0] + 140 * s, back[1] - 92 * s),
    )
    for a, b in ((back, seat), (back, crank), (seat, crank), (crank, bar), (bar, front), (crank, front)):
        draw.line((*a, *b), fill=(168, 52, 44), width=8 * s)
    draw.rounded_rectangle(
        (seat[0] - 26 * s, seat[1] - 12 * s, seat[0] + 20 * s, seat[1] - 2 * s), 5 * s, fill=(40, 34, 32)
    )
    _books(draw, rng, bar[0] + 26 * s, front[1] - 22 * s)
    return finish(image)


def _books(draw: ImageDraw.ImageDraw, rng: random.Random, x: float, bottom: float) -> None:
    s, covers = SCALE, [(46, 86, 120), (190, 120, 52), (96, 124, 84), (140, 60, 70), (226, 206, 160), (70, 66, 92)]
    at = x + 6 * s
    while at < x + 174 * s:
        thick, tall = rng.uniform(9, 19) * s, rng.uniform(44, 76) * s
        draw.rectangle((at, bottom - 40 * s - tall, at + thick, bottom - 20 * s), fill=rng.choice(covers))
        at += thick + s
    draw.rounded_rectangle((x, bottom - 66 * s, x + 196 * s, bottom), 6 * s, fill=(150, 104, 62))
    draw.line((x, bottom - 33 * s, x + 196 * s, bottom - 33 * s), fill=(122, 82, 48), width=3 * s)


def towers() -> Image.Image:
    """Wind towers over the roofs of a desert town at dusk."""
    width, height = 1000 * SCALE, 580 * SCALE
    s, rng = SCALE, random.Random(3)
    image = gradient(
        (width, height),
        [
            (0, (52, 58, 112)),
            (0.4, (150, 96, 130)),
            (0.68, (240, 150, 104)),
            (0.8, (255, 202, 134)),
            (1, (220, 150, 96)),
        ],
    )
    image = glow(image, (width * 0.3, height * 0.66), 80 * s, (90, 70, 30), 0.9)
    ImageDraw.Draw(image).ellipse(around(width * 0.3, height * 0.66, 32 * s), fill=(255, 236, 186))
    fill_below(image, ridge(rng, width, height * 0.72, height * 0.03), (176, 104, 92))
    draw = ImageDraw.Draw(image)
    for layer, (roof, colour) in enumerate([(0.74, (148, 84, 78)), (0.82, (110, 62, 66)), (0.9, (70, 42, 54))]):
        x = -40.0 * s
        while x < width:
            wide, up = rng.uniform(90, 190) * s, rng.uniform(0, 44) * s
            draw.rectangle((x, height * roof - up, x + wide, height), fill=colour)
            if rng.random() < 0.5:
                _tower(draw, x + wide * 0.3, height * roof - up, (34 + layer * 12) * s, (110 + layer * 34) * s, colour)
            elif rng.random() < 0.45:
                draw.pieslice(
                    (x + wide * 0.2, height * roof - up - 40 * s, x + wide * 0.2 + 84 * s, height * roof - up + 44 * s),
                    180,
                    360,
                    fill=colour,
                )
            x += wide + rng.uniform(-8, 4) * s
    return finish(image)


def _tower(draw: ImageDraw.ImageDraw, x: float, foot: float, wide: float, tall: float, colour: Colour) -> None:
    dark = tuple(round(c * 0.55) for c in colour)
    draw.rectangle((x, foot - tall, x + wide, foot), fill=colour)
    draw.rectangle((x - 3 * SCALE, foot - tall - 6 * SCALE, x + wide + 3 * SCALE, foot - tall), fill=colour)
    for slot in range(4):
        left = x + wide * (0.1 + slot * 0.22)
        draw.rectangle((left, foot - tall * 0.9, left + wide * 0.12, foot - tall * 0.5), fill=dark)


def bathhouse() -> Image.Image:
    """The painted wall of a public bath: Mount Fuji behind a pine coast, steam before it."""
    width, height = 1000 * SCALE, 560 * SCALE
    s, rng = SCALE, random.Random(12)
    image = gradient((width, height), [(0, (70, 150, 204)), (0.55, (176, 218, 234)), (1, (120, 190, 214))])
    draw = ImageDraw.Draw(image)
    for cx, cy in ((0.16, 0.2), (0.8, 0.16), (0.66, 0.3)):
        for bump in range(6):
            draw.ellipse(
                around(
                    width * cx + (bump - 3) * 34 * s, height * cy + abs(bump - 3) * 4 * s, (30 - abs(bump - 3) * 5) * s
                ),
                fill=(244, 250, 252),
            )
    foot = height * 0.7
    _mountain(draw, width, height)
    draw.rectangle((0, foot, width, height), fill=(42, 116, 162))
    for wave in range(7):
        y = foot + (wave * 24 + 16) * s
        points = [(x, y + math.sin(x / (44 * s) + wave * 1.7) * 5 * s) for x in range(0, width + 1, 8)]
        draw.line(points, fill=(126, 190, 214), width=3 * s)
    _pines(draw, rng, width, foot)
    for line in range(0, width, 100 * s):
        draw.line((line, 0, line, height), fill=(104, 164, 200), width=s)
    for line in range(0, height, 80 * s):
        draw.line((0, line, width, line), fill=(104, 164, 200), width=s)
    steam = gradient((width, height), [(0, (0, 0, 0)), (0.55, (0, 0, 0)), (1, (120, 120, 120))])
    return finish(ImageChops.screen(image, steam)).resize((800, 448), Image.Resampling.LANCZOS)


def _mountain(draw: ImageDraw.ImageDraw, width: int, height: int) -> None:
    s = SCALE
    peak, foot = (width * 0.5, height * 0.16), height * 0.7
    draw.polygon(
        [
            (width * 0.04, foot),
            (width * 0.3, height * 0.42),
            (peak[0] - 52 * s, peak[1]),
            (peak[0] + 52 * s, peak[1]),
            (width * 0.7, height * 0.42),
            (width * 0.96, foot),
        ],
        fill=(58, 92, 150),
    )
    snow = [(peak[0] - 52 * s, peak[1]), (peak[0] + 52 * s, peak[1])]
    for step in range(9):
        t = step / 8
        snow.append((peak[0] + (150 - 300 * t) * s, height * (0.36 if step % 2 else 0.29)))
    draw.polygon(snow, fill=(250, 252, 255))


def _pines(draw: ImageDraw.ImageDraw, rng: random.Random, width: int, foot: float) -> None:
    s = SCALE
    for x in (0.05, 0.12, 0.9, 0.97):
        base = width * x
        draw.line(
            (base, foot + 30 * s, base + rng.uniform(-30, 30) * s, foot - 130 * s), fill=(92, 66, 48), width=11 * s
        )
        for _ in range(9):
            cx, cy, w = base + rng.uniform(-62, 62) * s, foot - rng.uniform(40, 160) * s, rng.uniform(34, 58) * s
            draw.ellipse((cx - w, cy - 13 * s, cx + w, cy + 13 * s), fill=(34, rng.randint(92, 116), 76))
