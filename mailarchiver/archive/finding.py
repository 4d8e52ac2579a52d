"""Which entry the user means: by its id, the beginning of one, or the path of its folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import PurePath

from ..errors import NoSuchEntry
from .layout import ENTRY_FOLDER

SHORTEST = 4
SHOWN = 6
"""Ids that an error names."""

Ids = Callable[[str], Sequence[str]]
"""The ids that begin so, ascending."""


REMOVED = "{0} was removed: `mailarchiver restore {0}` brings it back"
NOT_REMOVED = "{0} was not removed"


def choose(word: str, ids: Ids, *, elsewhere: Ids = lambda _: (), hint: str = "", what: str = "entry") -> str:
    """The id that `word` means among `ids`: itself, its beginning (at least 4 digits) or its folder's path.

    The beginning of a mail's id means its first article. Raises `NoSuchEntry`, which names those that come near, or
    gives the `hint` where it is among the ids `elsewhere`. `what` is what they are ids of.
    """
    wanted = id_in(word)
    found = ids(wanted)
    if wanted in found:
        return wanted
    bases = list(dict.fromkeys(name.partition("-")[0] for name in found))
    if len(wanted) < SHORTEST:
        raise NoSuchEntry(f"{word!r} is too short for an id: give at least {SHORTEST} of its digits")
    if len(bases) == 1 and "-" not in wanted:
        return found[0]
    if found:
        raise NoSuchEntry(f"{word!r} may be {_or(found)}: give more of its digits")
    if other := elsewhere(wanted):
        raise NoSuchEntry(hint.format(other[0]))
    near = _nearest(wanted, ids)
    raise NoSuchEntry(f"there is no {what} {word!r}" + (f"; near to it: {', '.join(near)}" if near else ""))


def id_in(word: str) -> str:
    """The id that stands at the end of a folder's name in a path, else the word itself."""
    for name in reversed(PurePath(word).parts):
        match = ENTRY_FOLDER.fullmatch(f"{name[:4]}/{name[5:7]}/{name}")
        if match is not None:
            return match[2]
    return word.strip().lower()


def _or(found: Sequence[str]) -> str:
    names = list(found[:SHOWN])
    more = [f"{len(found) - SHOWN} more"] if len(found) > SHOWN else []
    return " or ".join(names + more)


def _nearest(wanted: str, ids: Ids) -> Sequence[str]:
    """The ids that share the longest beginning with a word."""
    for length in range(len(wanted) - 1, 1, -1):
        if found := ids(wanted[:length]):
            return found[:SHOWN]
    return ()
