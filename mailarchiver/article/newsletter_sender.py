"""The name of a newsletter's sender, parted into its author and the newsletter: "Ada from Swift Letter"."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from importlib.resources import files
from typing import Any

from ..text.whitespace import fold

_TABLE: dict[str, Any] = tomllib.loads((files(__package__) / "newsletter_signs.toml").read_text("utf-8"))[
    "sender_names"
]
_JOINTS = re.compile(rf"\s+(?:{'|'.join(map(re.escape, _TABLE['joints']))})\s+|\s*[|,]\s+|\s+[-–—]\s+", re.IGNORECASE)
_NO_PERSON = frozenset(_TABLE["no_person"])
_MOST_NAMES = 4
_SHORTEST_NAME = 4
"""Letters and digits of a newsletter's name that is found in an address, and not by chance."""
_WORD = re.compile(r"[\w'’.-]+")


def parted(name: str, address: str, known: Iterable[str]) -> tuple[str, str] | None:
    """The author and the newsletter that a sender's name says; None where it does not, or it is not sure.

    It is where the second is the newsletter's name by something else: one of those `known` (folded), or the address
    spells it; and the first may be a person. A comma may stand between a surname and a first name, which addresses
    spell, too.
    """
    named = set(known)
    for joint in _JOINTS.finditer(name):
        person, letter = name[: joint.start()].strip(), name[joint.end() :].strip()
        is_spelt = "," not in joint[0] and _spells(address, letter)
        if _may_be_person(person) and (fold(letter) in named or is_spelt):
            return person, letter
    return None


def _may_be_person(text: str) -> bool:
    words = _WORD.findall(text)
    capital = bool(words) and all(not words[at][0].islower() and words[at][0].isalpha() for at in (0, -1))
    return capital and len(words) <= _MOST_NAMES and not any(word.casefold() in _NO_PERSON for word in words)


def _spells(address: str, name: str) -> bool:
    """Whether an address has all letters and digits of a name, in this order and nothing between."""
    letters = "".join(character for character in fold(name) if character.isalnum())
    return len(letters) >= _SHORTEST_NAME and letters in re.sub(r"[-._+]", "", address.lower())
