"""How long a text takes to read. The speeds are in reading_speed.toml."""

from __future__ import annotations

import tomllib
from importlib.resources import files

_SPEED: dict[str, int] = tomllib.loads(files(__package__).joinpath("reading_speed.toml").read_text("utf-8"))
_USUAL = _SPEED["en"]


def reading_minutes(text: str, language: str | None) -> int | None:
    """The minutes, at least 1, that the text takes at the usual speed of its language (BCP 47), of English where none
    was measured or it is unknown; None where there is no text.
    """
    characters = len(" ".join(text.split()))
    if not characters:
        return None
    speed = _SPEED.get((language or "").partition("-")[0].lower(), _USUAL)
    return max(1, round(characters / speed))
