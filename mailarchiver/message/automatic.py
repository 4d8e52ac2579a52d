"""Mail that nobody wrote: bounces, answers in somebody's absence, confirmations. Told by the header alone."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ..model import Headers

_KEYWORD = re.compile(r"[\w-]+")


@dataclass(frozen=True, slots=True)
class Sign:
    """What says that a mail is automatic, in words. A `weak` sign is one that a rule which forwards a person's mail
    gives to its forwards as well.
    """

    words: str
    weak: bool = False


@dataclass(frozen=True, slots=True)
class _Signs:
    """The table automatic.toml, folded."""

    senders: frozenset[str]
    fields: frozenset[str]
    precedence: frozenset[str]
    subjects: tuple[str, ...]


def automatic(headers: Headers) -> Sign | None:
    """Why the mail with this header is automatic; None where a person may have sent it.

    By RFC 3834 §5 (Auto-Submitted), RFC 5321 §4.5.5 (the null return path), RFC 6522 (reports), and what answering
    machines write in the place of those. Lists are not automatic: their mail was written by somebody (Precedence: bulk
    or list says nothing).
    """
    table = _signs()
    values = {name.lower(): value.strip() for name, value in reversed(headers.fields)}
    if values.get("content-type", "").lower().startswith("multipart/report"):
        return Sign("a report about another mail (multipart/report)")
    named = next((name for name in values if name in table.fields), None)
    if named:
        return Sign(f"its field {named}")
    if values.get("precedence", "").lower() in table.precedence:
        return Sign(f"Precedence: {values['precedence']}")
    address = (headers.sender.address if headers.sender else "").lower()
    if address in table.senders or address.partition("@")[0] in table.senders:
        return Sign(f"sent by {address}")
    if (headers.subject or "").casefold().startswith(table.subjects):
        return Sign("its subject is that of an automatic answer")
    return _submitted(values.get("auto-submitted", "")) or _null_path(values.get("return-path"))


def _submitted(value: str) -> Sign | None:
    keyword = _KEYWORD.match(value)
    word = keyword.group().lower() if keyword else "no"
    return None if word == "no" else Sign(f"Auto-Submitted: {word}", weak=word != "auto-replied")


def _null_path(value: str | None) -> Sign | None:
    is_null = value is not None and "".join(value.split()) == "<>"
    return Sign("its return path is empty", weak=True) if is_null else None


@cache
def _signs() -> _Signs:
    table = tomllib.loads(files(__package__).joinpath("automatic.toml").read_text("utf-8"))
    return _Signs(
        senders=frozenset(word.lower() for word in table["senders"]),
        fields=frozenset(word.lower() for word in table["fields"]),
        precedence=frozenset(word.lower() for word in table["precedence"]),
        subjects=tuple(text.casefold() for texts in table["subjects"].values() for text in texts),
    )
