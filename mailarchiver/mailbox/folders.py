r"""Which folders there are, which of them are meant, and how their names are spelt on the wire.

::

    LIST ─▶ listed: Folder… ─ choose: names, patterns, special uses ─▶ Choice: folders to read, the one to move to

Names are modified UTF-7 on the wire (RFC 3501 §5.1.3). They are decoded here, and patterns are matched here: a server
would match them against the names as encoded, and takes no name that is no valid modified UTF-7.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imapclient.imap_utf7 import decode, encode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .wire import Client

_NOT_SELECTABLE = {"\\noselect", "\\nonexistent"}
_NOT_A_USE = {"\\noinferiors", "\\haschildren", "\\hasnochildren", "\\marked", "\\unmarked", "\\subscribed", "\\remote"}
NAMES_TOLD = 20


@dataclass(frozen=True, slots=True)
class Folder:
    r"""A folder that can be selected. `name` is as it is shown, `raw` as on the wire. `delimiter` parts the levels of
    the name; None: there are none. `flags` are its attributes, among them its special use (RFC 6154, `\archive`), in
    lower case, for servers write them as they like.
    """

    name: str
    raw: bytes
    delimiter: str | None
    flags: frozenset[str]


@dataclass(frozen=True, slots=True)
class Choice:
    """The folders that a round reads, in order, and the one it moves mail to, by their names on this server. `troubles`
    tell what of the wish names nothing; `no_target` is why there is none to move to.
    """

    folders: tuple[str, ...]
    target: str | None
    troubles: tuple[str, ...] = ()
    no_target: str | None = None


def to_wire(name: str) -> bytes:
    """The name as it is sent: `Entwürfe` → `Entw&APw-rfe`."""
    return bytes(encode(name))


def from_wire(raw: bytes) -> str:
    """The name as it is shown. One that is no valid modified UTF-7 (`&A`) is shown as it came."""
    try:
        return str(decode(raw))
    except ValueError:  # of base64, or of UTF-16
        return raw.decode("ascii", "backslashreplace")


def listed(client: Client) -> list[Folder]:
    """The folders that can be selected, in the server's order, with their special uses where it tells them.

    QUIRK: Cyrus tells special uses only if it is asked for them, which takes LIST-EXTENDED (RFC 6154 §2); Gmail and
    others tell them always, and do not understand the question.
    """
    found = []
    asks = client.has_capability("SPECIAL-USE") and client.has_capability("LIST-EXTENDED")
    for flags, delimiter, raw in client.list_special_uses() if asks else client.list_folders():
        # QUIRK: imapclient reads a name of digits as a number, and gives it as a string.
        name = raw.encode() if isinstance(raw, str) else raw
        attributes = frozenset(flag.decode("ascii", "replace").lower() for flag in flags)
        if not _NOT_SELECTABLE & attributes:
            parts = delimiter.decode("ascii", "replace") if isinstance(delimiter, bytes) else None
            found.append(Folder(from_wire(name), name, parts, attributes))
    return found


def listing(client: Client) -> dict[str, bytes]:
    """The folders that can be selected: shown name → name on the wire, in the server's order."""
    return {folder.name: folder.raw for folder in listed(client)}


def look_up(folders: dict[str, bytes], name: str) -> bytes | None:
    """How the server itself spells a name that it did not know as we spelt it; None where it is not there.

    That is so for names in another normal form (NFD, from a Mac), and for names that are no valid modified UTF-7.
    """
    wanted = _normal(name)
    for shown, raw in folders.items():
        if _normal(shown) == wanted and raw != to_wire(name) and raw.isascii():
            return raw
    return None


def is_plain(wanted: str) -> bool:
    """Whether an entry of `folders` is the name of a folder, which needs no list to be known."""
    return not (wanted.startswith("\\") or "*" in wanted or "%" in wanted)


def choose(wanted: Sequence[str], target: str | None, there: Sequence[Folder]) -> Choice:
    r"""What is meant by `wanted`: names, patterns (`Articles/*`, where `%` stays on one level), special uses (`\All`).

    Each folder is read once, and the one that mail is moved to never. Plain names are taken as they are: a server need
    not list all it has. Pure.
    """
    goal, no_target = _resolved_target(target, there)
    chosen: dict[str, str] = {}
    troubles = []
    for entry in wanted:
        found = [entry] if is_plain(entry) else _meant(entry, there)
        if not found:
            troubles.append(_nothing(entry, there))
        for name in found:
            if goal is None or _same(name) != _same(goal):
                chosen.setdefault(_same(name), name)
            elif is_plain(entry) or entry.startswith("\\"):
                troubles.append(f"{name!r} is where filed mail is moved to, and so is not read itself")
    return Choice(tuple(chosen.values()), goal, tuple(troubles), no_target)


def matches(pattern: str, name: str, delimiter: str | None) -> bool:
    """Whether a pattern fits a whole name: `*` stands for anything, `%` for anything without the delimiter (RFC 3501
    §6.3.8). Takes time in proportion to both lengths: names come from a server.
    """
    places = _beyond_wildcards({0}, pattern)
    for letter in name:
        wildcards = "*" if letter == delimiter else "*%"
        stay = {at for at in places if at < len(pattern) and pattern[at] in wildcards}
        step = {at + 1 for at in places if at < len(pattern) and pattern[at] == letter not in "*%"}
        places = _beyond_wildcards(stay | step, pattern)
    return len(pattern) in places


def _beyond_wildcards(places: set[int], pattern: str) -> set[int]:
    """The places in the pattern that are reached: a wildcard may also stand for nothing."""
    reached = set(places)
    for start in places:
        at = start
        while pattern[at : at + 1] in {"*", "%"}:
            at += 1
            reached.add(at)
    return reached


def _meant(entry: str, there: Sequence[Folder]) -> list[str]:
    """The names that a pattern, or a special use, stands for: INBOX first, then by the alphabet. A folder whose very
    name looks like a pattern is meant by that name alone.
    """
    if entry.startswith("\\"):
        return [folder.name for folder in there if entry.lower() in folder.flags - _NOT_A_USE]
    exact = [folder.name for folder in there if _normal(folder.name) == _normal(entry)]
    fits = (folder.name for folder in there if matches(_normal(entry), _normal(folder.name), folder.delimiter))
    return exact or sorted(fits, key=lambda name: (name.upper() != "INBOX", name))


def _resolved_target(target: str | None, there: Sequence[Folder]) -> tuple[str | None, str | None]:
    """The name of the folder to move to, and why there is none: of a special use there must be exactly one."""
    if target is None or not target.startswith("\\"):
        return target, None
    found = _meant(target, there)
    if len(found) == 1:
        return found[0], None
    why = f"several folders are marked {target}: {_told(found)}" if found else _nothing(target, there)
    return None, f"{why}. Name the folder that filed mail is to be moved to"


def _nothing(entry: str, there: Sequence[Folder]) -> str:
    if not entry.startswith("\\"):
        return f"no folder matches {entry!r}; there are: {_told(sorted(folder.name for folder in there))}"
    marked = sorted(f"{folder.name} {flag}" for folder in there for flag in folder.flags - _NOT_A_USE)
    return f"no folder is marked {entry}; " + (f"marked are: {_told(marked)}" if marked else "none is marked at all")


def _told(names: Sequence[str]) -> str:
    more = len(names) - NAMES_TOLD
    return ", ".join(names[:NAMES_TOLD]) + (f" and {more} more" if more > 0 else "")


def _normal(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _same(name: str) -> str:
    """What is equal for names of one folder: INBOX is the same in any case (RFC 3501 §5.1)."""
    return "INBOX" if name.upper() == "INBOX" else _normal(name)
