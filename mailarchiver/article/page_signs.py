"""By what markup made for the web is told from markup that mail programs write."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from typing import Any

from selectolax.lexbor import LexborNode

_TABLE: dict[str, Any] = tomllib.loads((files(__package__) / "page_signs.toml").read_text("utf-8"))
PREFIX = re.compile("(?:" + "|".join(_TABLE["prefixes"]) + ")+")
"""What mail programs put before the classes and ids of others."""
_MAIL_PROGRAMS = re.compile("|".join(_TABLE["mail_programs"]), re.IGNORECASE)
_SECTIONS = frozenset(_TABLE["sections"])


def foreign_names(root: LexborNode, enough: int) -> int:
    """How many elements below `root` bear a class or an id that no mail program gives, or are of those that none
    writes; counts no further than `enough`.
    """
    count = 0
    for node in root.traverse():
        if count >= enough:
            break
        count += node.tag in _SECTIONS or is_foreign(node)
    return count


def is_foreign(node: LexborNode) -> bool:
    """Whether an element has a class or id that is no mail program's own."""
    given = node.attributes
    if not given:
        return False
    names = f"{given.get('class') or ''} {given.get('id') or ''}".split()
    return any(bare and not _MAIL_PROGRAMS.match(bare) for bare in map(unprefixed, names))


def unprefixed(name: str) -> str:
    """A class or id without what mail programs put before it."""
    found = PREFIX.match(name)
    return name[found.end() :] if found else name
