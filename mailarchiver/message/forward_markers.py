"""What mail programs print around a forward, looked up: the table of forward_markers.toml, and how lines match it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal

from ..text.whitespace import folded

Field = Literal["from", "sender", "date", "to", "cc", "bcc", "reply_to", "subject", "other"]
Marker = Literal["forwarded", "original"]

_FIELDS: tuple[Field, ...] = ("other", "bcc", "reply_to", "cc", "sender", "date", "to", "subject", "from")
"""A word that means two things in two languages ("De", "Data") is the last of these that it can be."""
_DRESS = " \t\r\n*_~#=>|<\u00a0\u200e\u200f\u202a-\u202e\ufeff-–—―:：.…"
_RUN = re.compile(r"\s*[-–—_=*]{2,}\s*|\s+/\s+")
_ONE_LINE = re.compile(r"\s*-{2,}\s*([^-\s][^-]{3,60}?)\s*-{2,}(?!-)\s*([^-\s].*)", re.DOTALL)
_LONGEST_MARKER = 120
_LONGEST_LABEL = 40
_LONGEST_ONE_LINE = 10_000


@dataclass(frozen=True, slots=True)
class Markers:
    """The table of all languages at once: what is printed → what it means."""

    lines: Mapping[str, Marker]
    beginnings: tuple[str, ...]
    labels: Mapping[str, Field]
    from_language: Mapping[str, str]
    languages: tuple[tuple[str, ...], ...]
    ends: frozenset[str]
    wrote: Mapping[str, frozenset[str]]
    on_behalf_of: re.Pattern[str]


@cache
def markers() -> Markers:
    """The table, read once."""
    return read_markers(files(__package__).joinpath("forward_markers.toml").read_text("utf-8"))


def read_markers(toml: str) -> Markers:
    """A table in the form of forward_markers.toml. Raises `KeyError` or `TypeError` for a wrong one."""
    table = tomllib.loads(toml)
    languages = list(table.values())
    everywhere = table.get("mul", {})
    kinds: tuple[Marker, ...] = ("original", "forwarded")
    return Markers(
        lines={fold(text): kind for kind in kinds for words in languages for text in words.get(kind, ())},
        beginnings=tuple(fold(text) + " " for words in languages for text in words.get("forwarded_by", ())),
        labels={fold(text): name for name in _FIELDS for words in languages for text in words.get(name, ())},
        from_language={
            fold(text): language for language, words in reversed(table.items()) for text in words.get("from", ())
        },
        languages=tuple(
            tuple(text for name in _FIELDS for text in (*words.get(name, ()), *everywhere.get(name, ())))
            for words in table.values()
        ),
        ends=frozenset(fold(text) for words in languages for text in words.get("end", ())),
        wrote=_languages_of({tag: words.get("wrote", ()) for tag, words in table.items()}),
        on_behalf_of=_between(text for words in languages for text in words.get("on_behalf_of", ())),
    )


def _languages_of(words: Mapping[str, Iterable[str]]) -> dict[str, frozenset[str]]:
    """Each word, folded → the languages that it belongs to."""
    found: dict[str, set[str]] = {}
    for language, its_words in words.items():
        for word in its_words:
            found.setdefault(fold(word), set()).add(language)
    return {word: frozenset(tags) for word, tags in found.items()}


def _between(words: Iterable[str]) -> re.Pattern[str]:
    """Any of these words, white space around it."""
    return re.compile(rf"\s(?:{'|'.join(map(re.escape, words))})\s", re.IGNORECASE)


def fold(text: str) -> str:
    """The text as the table is searched: `folded`, without dashes and marks around it."""
    return folded(text, _DRESS)


def marker_of(line: str) -> Marker | None:
    """What a line of its own announces: `-------- Forwarded Message --------`; None for any other line.

    Without dashes before it or a colon behind it the same words are a heading or a sentence.
    """
    if not 4 <= len(line) <= _LONGEST_MARKER or (line[0] not in "-_=*~–—" and line[-1] not in ":："):
        return None
    table = markers().lines
    whole = table.get(fold(line))
    if whole:
        return whole
    if line.startswith("--") and fold(line).startswith(markers().beginnings):
        return "forwarded"
    pieces = [fold(piece) for piece in _RUN.split(line)]
    found = [table.get(piece) for piece in pieces if piece]
    return found[0] if found and None not in found else None


def is_end(line: str) -> bool:
    """Whether a line says that the forwarded message ends here."""
    return 4 <= len(line) <= _LONGEST_MARKER and line.startswith("--") and fold(line) in markers().ends


def one_line_marker(line: str) -> tuple[Marker, str] | None:
    """A marker with its header block behind it on the same line (Yahoo's plain text): the marker and the rest."""
    match = _ONE_LINE.match(line)
    kind = markers().lines.get(fold(match[1])) if match else None
    return (kind, match[2]) if match and kind else None


def label_of(line: str) -> tuple[Field, str] | None:
    """The field that a line of a header block prints, and its value: `*From:* Jane` → ("from", "Jane")."""
    colon = line.find(":", 0, _LONGEST_LABEL)
    wide = line.find("：", 0, _LONGEST_LABEL)
    end = min((at for at in (colon, wide) if at >= 0), default=-1)
    if end < 1:
        return None
    name = markers().labels.get(_folded_label(line[:end]))
    return (name, line[end + 1 :].strip(" \t*_\u00a0")) if name else None


@lru_cache(maxsize=256)
def _folded_label(text: str) -> str:
    """A short text, folded. Remembered: block after block has the same labels, and each is looked at several times."""
    return fold(text)


def language_of(lines: Sequence[str]) -> str | None:
    """The language of a header block by its label for the sender.

    Languages that share a label ("De") also share the order of day and month, which is all that this decides.
    """
    for line in lines:
        label = label_of(line)
        if label and label[0] == "from":
            return markers().from_language.get(fold(re.split("[:：]", line, maxsplit=1)[0]))
    return None


def split_one_line(text: str) -> list[str]:
    """A header block that lost its line breaks (`From: Jane <…>To: John <…>Subject: …`) as one line a field.

    Only labels of one language are looked for, the one that finds most: others would be found inside the values.
    QUIRK: Yahoo leaves out some colons ("DW Jan Nowak"); then a label must be glued to what stands before it.
    """
    first = re.match(r"\s*([^:：]{1,40}?)\s*[:：]", text)
    if first is None or len(text) > _LONGEST_ONE_LINE:
        return [text]
    found: list[re.Match[str]] = []
    for words in markers().languages:
        if fold(first[1]) in {fold(word) for word in words}:
            alternatives = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
            matches = list(re.finditer(rf"(?:{alternatives})\s?[:：]|(?<=\S)(?:{alternatives})(?<=\w\w)(?=\s)", text))
            found = max(found, matches, key=len)
    if not found:
        return [text]
    bounds = [*(match.start() for match in found), len(text)]
    labels = [match.group().strip(" :：") for match in found]
    return [
        f"{label}: {text[match.end() : end].strip()}"
        for label, match, end in zip(labels, found, bounds[1:], strict=True)
    ]
