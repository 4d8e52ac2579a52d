"""The lines of closings, known one by one: the table of closings.toml, and how a line matches it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from .whitespace import folded

PICTURE = "\ufffc"
"""Stands in a line for a picture (OBJECT REPLACEMENT CHARACTER)."""
LONGEST_LINE = 2_000
"""Characters, with URLs; a longer line is text."""
LONGEST_SHORT = 100
"""Characters of a device's line or a list's name."""

_WEB = re.compile(r"[<\[(]?(?:https?://|www\.|mailto:)\S+", re.IGNORECASE)
_ADDRESS = re.compile(r"(?<!\S)\S+@\S+")
_DRESS = f" -–—*_~#=|.:…<>[]()!。：»«{PICTURE}"


@dataclass(frozen=True, slots=True)
class ClosingWords:
    """closings.toml, all languages at once, folded."""

    sent_from: tuple[str, ...]
    sent_from_end: tuple[str, ...]
    sent_whole: frozenset[str]
    device: re.Pattern[str]
    list_footer: tuple[str, ...]
    list_name: tuple[str, ...]
    unsubscribe: frozenset[str]
    beside: frozenset[str]
    virus_checked: tuple[str, ...]
    scanners: tuple[str, ...]
    list_pages: tuple[str, ...]
    signature_words: tuple[str, ...]
    signature_names: re.Pattern[str]


@cache
def closing_words() -> ClosingWords:
    """The table, read once. Raises `KeyError` or `TypeError` for a wrong table: a defect of the program."""
    table = tomllib.loads(files(__package__).joinpath("closings.toml").read_text("utf-8"))
    programs: Mapping[str, list[str]] = table.pop("programs")

    def every(key: str) -> tuple[str, ...]:
        return tuple(sorted({fold(text) for words in table.values() for text in words.get(key, ())}))

    names = "|".join(map(re.escape, programs["signature"]))
    whole = "|".join(map(re.escape, programs["signature_whole"]))
    return ClosingWords(
        sent_from=every("sent_from"),
        sent_from_end=every("sent_from_end"),
        sent_whole=frozenset(every("sent_whole")),
        device=_any_name((*every("device"), *map(fold, programs["devices"]))),
        list_footer=every("list_footer"),
        list_name=every("list_name"),
        unsubscribe=frozenset(every("unsubscribe")),
        beside=frozenset(every("beside")),
        virus_checked=every("virus_checked"),
        scanners=tuple(map(fold, programs["scanners"])),
        list_pages=tuple(programs["list_pages"]),
        signature_words=every("signature_word"),
        signature_names=re.compile(rf"{names}|(?<!\S)(?:x_)?(?:{whole})(?!\S)"),
    )


def _any_name(names: Iterable[str]) -> re.Pattern[str]:
    """Any of these names where a word begins; short ones as whole words only, for others languages have endings."""
    alternatives = "|".join(re.escape(name) + (r"(?![a-z])" if len(name) <= 4 else "") for name in names)
    return re.compile(rf"(?<![a-z0-9])(?:{alternatives})")


def fold(text: str) -> str:
    """The text as the table is searched: `folded`, without soft hyphens, and without dashes and brackets around."""
    return folded(text.replace("\u00ad", ""), _DRESS)


def bare_line(line: str) -> str:
    """A line as the table is searched: folded, without URLs and addresses; "" for one that is too long."""
    if len(line) > LONGEST_LINE:
        return ""
    rest = _WEB.sub(" ", line)
    return fold(_ADDRESS.sub(" ", rest) if "@" in rest else rest)


def is_signature_name(names: str) -> bool:
    """Whether an element of this id and these classes is a signature, by what mail programs call theirs."""
    return closing_words().signature_names.search(names) is not None


def is_device_line(line: str) -> bool:
    """Whether a line is what telephones and mail programs add: "Sent from my iPhone", in any language of the table.

    One that names no device and no program is a sentence of the author: "Sent with love".
    """
    bare = bare_line(line)
    if not 0 < len(bare) <= LONGEST_SHORT or line.lstrip().startswith(">"):
        return False
    table = closing_words()
    if bare in table.sent_whole:
        return True
    if not bare.startswith(table.sent_from) and not bare.endswith(table.sent_from_end):
        return False
    return table.device.search(bare) is not None


def points(line: str) -> bool:
    """Whether there is an URL or an address in it."""
    return _WEB.search(line) is not None or "@" in line
