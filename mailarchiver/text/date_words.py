"""The words of printed dates: names of months and weekdays, a.m. and p.m., and what stands between, in any language.

They come from CLDR by way of `cldr_dates.txt` (written by `.ci/cldr_table.py`), one word a line with what it can mean
and in which languages. The file is read at the first lookup.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal

TABLE = "cldr_dates.txt"

Kind = Literal["number", "word", "mark"]
_KINDS: dict[str, Kind] = {"number": "number", "word": "word", "mark": "mark"}

Role = Literal["month", "weekday", "am", "pm", "month-marker", "hour-marker", "filler"]
ROLES: dict[str, Role] = {
    "m": "month",
    "w": "weekday",
    "a": "am",
    "p": "pm",
    "n": "month-marker",
    "h": "hour-marker",
    "f": "filler",
}
"""The letters of the table. A month marker (月, tháng) makes the number beside it a month, an hour marker (Uhr, 時) an
hour; a filler stands between the parts of a date (de, at, г.)."""

_PUNCTUATION = (
    r"\u0000-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7"
    r"\u02b9-\u02bc\u0589\u058a\u05be\u05f3\u05f4\u060c\u061b\u0964\u0965\u1362\u1363\u2000-\u2070\u207b\u2212"
    r"\u3000-\u3003\u3008-\u301f\u30fb\ufe63"
)
_TOKEN = re.compile(rf"(?P<number>\d+)|(?P<word>[^\d\s{_PUNCTUATION}]+)|(?P<mark>\S)")
_INVISIBLE = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_JOINTS = frozenset(".-'’ʼ‑‐־׳״")
"""Marks that may stand within a name: `terça-feira`, `p. m.`, `d’octubre`."""
_LONGEST_NAME = 4
_SHORTEST_PREFIX = 3
FIRST_UNSPACED = "\u0e00"
"""From Thai on, scripts that run words together are split into known ones."""


@dataclass(frozen=True, slots=True)
class Token:
    """A number, a word or one mark; `glued` when no white space stands before it."""

    text: str
    kind: Kind
    glued: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Sense:
    """What a word can mean: `value` is the month 1–12 or the weekday 0 (Monday) – 6; in `languages` (of BCP 47)."""

    role: Role
    value: int
    languages: frozenset[str]


def normalise(text: str) -> str:
    """NFKC without bidi controls and other invisible characters: U+202F becomes a space, full-width digits digits."""
    return _INVISIBLE.sub("", text if text.isascii() else unicodedata.normalize("NFKC", text))


def tokenise(text: str) -> list[Token]:
    """Numbers, words and marks of a normalised text; digits of every script count, white space is left out."""
    tokens: list[Token] = []
    end = 0
    for match in _TOKEN.finditer(text):
        kind = _KINDS[match.lastgroup or "mark"]
        tokens.append(Token(match.group(), kind, match.start() == end, match.start(), match.end()))
        end = match.end()
    return tokens


def key(words: str) -> str:
    """The form under which words stand in the table: case-folded, joined by single spaces, without marks and digits."""
    return " ".join(token.text for token in tokenise(normalise(words).casefold()) if token.kind == "word")


@cache
def _lines() -> list[str]:
    """The table's lines, sorted: looking one up by bisection beats making a dict of nine thousand for a few words."""
    return files(__package__).joinpath(TABLE).read_text("utf-8").split("\n")


def _line(word: str) -> str | None:
    """What stands behind a word in the table."""
    lines, start = _lines(), f"{word}\t"
    at = bisect_left(lines, start)
    return lines[at][len(start) :] if at < len(lines) and lines[at].startswith(start) else None


@cache
def tags(name: str) -> frozenset[str]:
    """A list of language tags at the table's head: `dmy`, `mdy`, `ymd` (numeric orders), `dotted` (6. March)."""
    return frozenset((_line(f"!{name}") or "").split())


@lru_cache(maxsize=4096)
def senses(word: str) -> tuple[Sense, ...]:
    """What a word in the table's form can mean; () when CLDR knows it from no date."""
    line = _line(word)
    if line is None:
        return ()
    found = []
    for field in line.split("\t"):
        code, *languages = field.split(" ")
        found.append(Sense(ROLES[code[0]], int(code[1:] or 0), frozenset(languages)))
    return tuple(found)


@lru_cache(maxsize=4096)
def senses_of_prefix(word: str) -> tuple[Sense, ...]:
    """The one month or weekday that all names with this beginning mean (Septem, quart); () where they differ."""
    lines = _lines()
    found: dict[tuple[Role, int], frozenset[str]] = {}
    at = bisect_left(lines, word) if len(word) >= _SHORTEST_PREFIX else len(lines)
    while at < len(lines) and lines[at].startswith(word):
        for sense in senses(lines[at].partition("\t")[0]):
            if sense.role in ("month", "weekday"):
                known = (sense.role, sense.value)
                found[known] = found.get(known, frozenset()) | sense.languages
        at += 1
    return tuple(Sense(role, value, languages) for (role, value), languages in found.items()) if len(found) == 1 else ()


@dataclass(frozen=True, slots=True)
class Item:
    """A number, a mark, or a name of one or more words with what it can mean (`senses`, empty where unknown).

    `text` is as written, `glued` says that no white space stands before it, `start` and `end` are places in the
    normalised text.
    """

    kind: Kind
    text: str
    senses: tuple[Sense, ...]
    glued: bool
    start: int
    end: int

    def sense(self, *roles: Role) -> tuple[Sense, ...]:
        """What it can mean, of these roles only."""
        return tuple(sense for sense in self.senses if sense.role in roles)


def items(text: str) -> Iterator[Item]:
    """The numbers, names and marks of a normalised text, names as long as the table knows them."""
    tokens = tokenise(text)
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token.kind != "word":
            yield Item(token.kind, token.text, (), token.glued, token.start, token.end)
            at += 1
            continue
        known = _longest_name(tokens, at)
        if known is None:
            yield from _split(token)
            at += 1
            continue
        last, found = known
        yield Item("word", text[token.start : tokens[last].end], found, token.glued, token.start, tokens[last].end)
        at = last + 1


def _longest_name(tokens: list[Token], at: int) -> tuple[int, tuple[Sense, ...]] | None:
    """The longest run of words from `at` that is a name: the index of its last token, and its senses."""
    found, joined, word = None, [tokens[at].text.casefold()], at
    while True:
        here = senses(" ".join(joined)) or (senses("".join(joined)) if len("".join(joined)) == len(joined) > 1 else ())
        found = (word, here) if here else found
        following = word + 1
        if following < len(tokens) and tokens[following].text in _JOINTS:
            following += 1
        if following == len(tokens) or tokens[following].kind != "word" or len(joined) == _LONGEST_NAME:
            return found
        joined.append(tokens[following].text.casefold())
        word = following


def _split(token: Token) -> Iterator[Item]:
    """A word that is no name: as the beginning of one, or, in a script without spaces, as several names."""
    word = token.text.casefold()
    parts = _unspaced(word) if word[0] >= FIRST_UNSPACED and len(word) == len(token.text) else ()
    if not parts:
        yield Item("word", token.text, senses_of_prefix(word), token.glued, token.start, token.end)
    start = 0
    for part in parts:
        end = start + len(part)
        text = token.text[start:end]
        yield Item("word", text, senses(part), token.glued or start > 0, token.start + start, token.start + end)
        start = end


@lru_cache(maxsize=1024)
def _unspaced(word: str) -> tuple[str, ...]:
    """The word as a row of names, each the longest from where it begins; () when it is none."""
    parts = []
    while word:
        length = next((n for n in range(min(len(word), 24), 0, -1) if senses(word[:n])), 0)
        if not length:
            return ()
        parts.append(word[:length])
        word = word[length:]
    return tuple(parts)
