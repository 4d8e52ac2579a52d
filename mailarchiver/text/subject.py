"""Subjects: what mail programs wrote before them, and what is left without it."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Kind = Literal["forward", "reply", "either"]

_PREFIX = re.compile(r"\s*\[?\s*([^\s:：\[\](){}][^:：\[\]{}\n]{0,20}?)\s*(?:[\[(^]\s*\d{1,3}\s*[\])]?)?\s*[:：]\s*")
_TAG = re.compile(r"\s*[\[【][^\[\]【】]{1,40}[\]】]\s*")
_ROUNDS = 50
"""Of prefixes taken off one subject; who has more than that has no title anyway."""


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("subject_prefixes.toml").read_text("utf-8"))


@cache
def _prefixes() -> dict[str, Kind]:
    """What each prefix says in whatever language."""
    kinds: tuple[Kind, ...] = ("either", "reply", "forward")
    return {_key(word): kind for kind in kinds for word in _table()[kind]}


def _in_language(word: str, language: str) -> Kind | None:
    """What a prefix that means either says in a language; None where it has no meaning there."""
    meanings = {_key(either): languages for either, languages in _table()["either"].items()}[word]
    kinds: tuple[Kind, ...] = ("forward", "reply")
    return next((kind for kind in kinds if language in meanings[kind]), None)


def _key(word: str) -> str:
    return word if len(word) == 1 else " ".join(word.casefold().replace("i̇", "i").split())


def prefix_kind(subject: str | None, language: str | None = None) -> Kind | None:
    """What the outermost prefix says of the mail: a forward, a reply, either, or (None) nothing.

    What means either is decided by the `language` (BCP 47), where it is one of those that use it.
    List names in brackets before it are passed over; a subject in brackets as a whole (`[Fwd: …]`) is seen through.
    """
    rest = subject or ""
    while True:
        found = _first(rest)
        if found is not None:
            kind, _, word = found
            return (_in_language(word, language) or kind) if kind == "either" and language else kind
        tag = _TAG.match(rest)
        if tag is None:
            return None
        rest = rest[tag.end() :]


def bare_subject(subject: str) -> str:
    """The subject without "Re:", "Fwd:", "WG:", "转发:" … in any language, and without `[list]` tags before it.

    Never empties a subject that says anything: one that is nothing but a tag keeps it. A word before a colon that is
    no known prefix stays.
    """
    rest = subject_with_tags(subject)
    for _ in range(_ROUNDS):
        tag = _TAG.match(rest)
        if tag is None or not rest[tag.end() :].strip():
            break
        rest = subject_with_tags(rest[tag.end() :])
    return rest


def subject_with_tags(subject: str) -> str:
    """The subject without the prefixes it begins with; `[…]` stays, for it may be part of a title."""
    rest = subject.strip()
    for _ in range(_ROUNDS):
        found = _first(rest)
        if found is None:
            break
        rest = _unbracketed(rest, found[1])
    return rest


def _first(subject: str) -> tuple[Kind, int, str] | None:
    """The kind of the first prefix, where it ends, and the prefix as it is looked up."""
    match = _PREFIX.match(subject)
    if match is None:
        return None
    word = _key(match[1])
    kind = _prefixes().get(word)
    return (kind, match.end(), word) if kind else None


def _unbracketed(subject: str, end: int) -> str:
    """What stands behind a prefix; the bracket around `[Fwd: …]` goes with it."""
    rest = subject[end:].strip()
    return rest[:-1].rstrip() if subject.lstrip().startswith("[") and rest.endswith("]") else rest
