"""Bylines: the names in a line of credits, without what stands around them.

`"By Ada Quill and Ben Oxbow, Staff Writers | @adaquill"` names Ada Quill and Ben Oxbow. The words are in bylines.toml.
Names stay as they are printed, capitals too.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import Any

from .dates import find_date, read_date
from .whitespace import collapse, fold

LONGEST = 120
"""Characters of a byline."""
_LONGEST_CREDITS = 400
_MOST_WORDS = 6
"""Of one name."""

_TABLE: dict[str, Any] = tomllib.loads(files(__package__).joinpath("bylines.toml").read_text("utf-8"))


def _words(names: Iterable[str]) -> str:
    return "|".join(re.escape(name).replace(r"\ ", r"\s") for name in sorted(names, key=len, reverse=True))


_SPACED = set(_TABLE["before"]) - set(_TABLE["only_with_colon"])
_BEFORE = re.compile(
    rf"(?:(?:{_words(_TABLE['before'])})\s?(?:[:：／]|/(?=[^\x00-\x7f]))|(?:{_words(_SPACED)})(?=\s|$))\s*",
    re.IGNORECASE,
)
_NOBODY = frozenset(_TABLE["nobody"])
_ALONE = re.compile(rf"(?:{_words(_TABLE['before'])})", re.IGNORECASE)
_AFTER = re.compile(rf"\s*(?:{_words(_TABLE['after'])})$")
_TRAILING = re.compile(rf"(?:\s+(?:{_words(_TABLE['trailing'])})[\s,:]*)+$", re.IGNORECASE)
_AND = re.compile(rf"\s+(?:{_words(_TABLE['and'])})\s+|\s*&\s*", re.IGNORECASE)
_CONNECTS = re.compile(rf"\s*(?:,\s*)?(?:(?:{_words(_TABLE['and'])}))?\s*", re.IGNORECASE)
_ROLE = re.compile(rf"\b(?:{_words(_TABLE['roles'])})\b", re.IGNORECASE)
_NO_AUTHOR = re.compile(rf"(?<!\w)(?:{_words(_TABLE['no_author'])})(?!\w)|©|\(c\)", re.IGNORECASE)

_MAIL = re.compile(r"[(<\[]?[^\s@<>()\[\]]{1,64}@[^\s@<>()\[\]]{1,190}\.\w{2,24}[)>\]]?")
_HANDLE = re.compile(r"[(\[]?@\w{1,40}[)\]]?")
_PHONE = re.compile(r"[+(]?\d[\d\s()./-]{5,20}\d")
_FOREIGN = re.compile(f"{_MAIL.pattern}|{_HANDLE.pattern}|{_PHONE.pattern}")
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_BAR = re.compile(r"\s*[|•·/›»]\s+|\s+[|•·/–—-]\s*|\s*\n\s*")
_READING = re.compile(
    r"(?:^|\s*[|•·,–—-]\s*|\s{2})\d{1,3}(?:\s?[-–]\s?\d{1,3})?\s?-?(?:min|mins|minutes?|minuten|minuti|minutos|минут\w?)\b\.?"
    r"(?:\s(?:read|reading time|lesezeit|de lecture|de lectura|di lettura|leestijd))?\s*$",
    re.IGNORECASE,
)
_EDGES = " \t,;:|•·/–—-"
_LETTER = re.compile(r"[^\W\d_]")


def bare(credits_shown: str) -> str | None:
    """A line of credits as it is printed, up to the first handle, address or telephone number, without a leading "By",
    a reading time behind and the marks at its ends. Roles stay: who wrote the line meant them.

    None where it credits a picture, is an address on the web, or no word is left. A line that is nothing but a "By"
    stays as it is printed: what it stands for is lost, and the line says so.
    """
    text = collapse(credits_shown).strip()[:_LONGEST_CREDITS]
    said = [part.strip(_EDGES) for part in _FOREIGN.split(text)]
    text = _READING.sub("", next((part for part in said if _LETTER.search(part)), ""))
    if not text or _NO_AUTHOR.match(text) or text.startswith("©") or _LINK.fullmatch(text):
        return None
    return _once(_without_label(text))


def names(pieces: Sequence[str], *, sure: bool) -> str | None:
    """The authors in the pieces of a line, each the text of an element or what stands between two; as they are
    printed, without roles and organisations behind them. None where no piece is a name.

    `sure` says that the markup calls the line a byline; else only what stands behind a "By" counts, and has to look
    like names.
    """
    parts = [part for piece in pieces for part in _parts(piece)]
    begin = next((number for number, part in enumerate(parts) if _is_label(part) or _BEFORE.match(part.lstrip())), 0)
    line = _Line(sure)
    for part in parts[begin:]:
        line.take(part)
    text = "".join(line.taken).strip(_EDGES)
    text = _once(text)
    return text if _LETTER.search(text) and len(text) <= LONGEST and text.casefold() not in _NOBODY else None


def joins(text: str) -> bool:
    """Whether a piece does no more than join two names: ", ", " and "."""
    return bool(text.strip()) and _CONNECTS.fullmatch(text) is not None


def adds_to(byline: str, other: str) -> bool:
    """Whether a byline has all the names of another, and more."""
    return _single(other) < _single(byline)


def _single(byline: str) -> frozenset[str]:
    """The names in a byline, folded, each by itself."""
    return frozenset(fold(name) for part in byline.split(",") for name in _AND.split(f" {part} ") if name.strip())


class _Line:
    """What has been taken of a line so far; ends at the first piece that is no name."""

    def __init__(self, sure: bool) -> None:  # noqa: FBT001 - private, and named where it is given
        self.taken: list[str] = []
        self._sure = sure
        self._labelled = False
        self._joined = True
        self._ended = False

    def take(self, part: str) -> None:
        if self._ended or not part.strip():
            return
        if self.taken and _CONNECTS.fullmatch(part):
            self.taken.append(" " + part.strip() + " " if part.strip() != "," else ", ")
            self._joined = True
            return
        if not self.taken and _ALONE.fullmatch(part.strip(_EDGES)):
            self._labelled = _is_label(part)
            return
        label = _BEFORE.match(part.lstrip())
        if label is not None:
            part = part.lstrip()[label.end() :]
            self._labelled = True
        if not (self._sure or self._labelled):
            self._ended = True
            return
        found = _leading_names(part, sure=self._sure)
        if self.taken and (not self._joined or " " not in found or _ROLE.search(found)):
            self._ended = True
        elif found:
            self.taken += [", ", found] if self.taken and not _CONNECTS.fullmatch(self.taken[-1]) else [found]
            self._joined = part.rstrip().endswith(",") or _ends_with_and(part)
        elif self.taken or not self._sure:
            self._ended = True


def _is_label(part: str) -> bool:
    """Whether a part is nothing but what stands before a name."""
    word = part.strip().casefold()
    return word in _SPACED or (word.endswith((":", "：")) and _ALONE.fullmatch(word.strip(_EDGES + "：")) is not None)


def _parts(piece: str) -> list[str]:
    """A piece, parted at what parts it and at what is no name for sure."""
    text = collapse(piece)
    dated = find_date(text)
    if dated is not None or read_date(text) is not None:
        text = dated[1] if dated else ""
    for pattern in (_MAIL, _LINK, _HANDLE, _PHONE):
        text = pattern.sub(" | ", text)
    parts = _BAR.split(text[:_LONGEST_CREDITS])
    return [_TRAILING.sub("", part) for part in parts if part.strip()]


def _ends_with_and(part: str) -> bool:
    return part.rstrip().rpartition(" ")[2].casefold() in _TABLE["and"]


def _leading_names(text: str, *, sure: bool) -> str:
    """The names that a text begins with: up to the first comma behind which there is a role, a place, or no name."""
    kept = ""
    for item in re.split(r",(?:\s+|$)", text):
        single = [name for name in _AND.split(f" {item.strip()}") if name.strip()]
        behind = bool(kept) and (all(" " not in name.strip() for name in single) or _ROLE.search(item) is not None)
        if not single or behind or not all(_is_name(name.strip(), sure=sure and not kept) for name in single):
            break
        kept += (", " if kept else "") + item.strip()
    return _AFTER.sub("", kept).strip(_EDGES)


def _is_name(text: str, *, sure: bool) -> bool:
    words = text.split()
    if not 0 < len(words) <= _MOST_WORDS or not _LETTER.search(text) or len(text) > LONGEST // 2:
        return False
    if _NO_AUTHOR.search(text) or re.search(r"\d|[!?:…\"“”]|\.$(?<!\b\w\.)(?<!r\.)", text):
        return False
    capital = all(word[0].isupper() or not word[0].isalpha() or not word[0].islower() for word in (words[0], words[-1]))
    return sure or (capital and (len(words) > 1 or not text.isascii() or text.isupper() or text[0].isupper()))


def _without_label(text: str) -> str:
    label = _BEFORE.match(text)
    return text[label.end() :].strip(_EDGES) if label and text[label.end() :].strip(_EDGES) else text


def _once(text: str) -> str:
    """A name that is printed twice in a row, once."""
    half = len(text) // 2
    one, other = text[:half].strip(_EDGES), text[half:].strip(_EDGES)
    return one if one and one == other else text
