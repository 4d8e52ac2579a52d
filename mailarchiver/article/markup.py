"""What HTML an article may hold: the tables of markup.toml, read once."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

_TABLE: dict[str, Any] = tomllib.loads((files(__package__) / "markup.toml").read_text("utf-8"))

FLOW: frozenset[str] = frozenset(_TABLE["flow"])
"""Elements that hold paragraphs; text straight in them is put into one."""
PHRASING: frozenset[str] = frozenset(_TABLE["phrasing"])
"""Elements that hold text."""
EITHER: frozenset[str] = frozenset(_TABLE["either"])
"""Elements that hold text or paragraphs."""
INLINE: frozenset[str] = frozenset(_TABLE["inline"])
"""Elements within text."""
BOXES: frozenset[str] = frozenset(_TABLE["boxes"])
"""Elements that only separate what is in them from what is around."""
DROPPED: frozenset[str] = frozenset(_TABLE["dropped"])
EMBEDS: frozenset[str] = frozenset(_TABLE["embeds"])
RENAMED: dict[str, str] = _TABLE["renamed"]
BLOCK: frozenset[str] = FLOW | PHRASING | EITHER | BOXES | {"hr"}
KEPT: frozenset[str] = FLOW | PHRASING | EITHER | INLINE | {"br", "hr", "img", "wbr", "span"}
ATTRIBUTES: dict[str, frozenset[str]] = {tag: frozenset(names) for tag, names in _TABLE["attributes"].items()}
