"""What stands among the paragraphs of a page and is no part of its article, told by words: "Advertisement", "5 min
read", "Read also: …", and at its end what it asks its reader for. Engines keep it, for it looks like any other line.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

from ..text.whitespace import folded
from .page_blocks import Block

_AROUND = " -–—−:.,;!|•·∙→←↗»«›‹>…*~_+()[]\u200c\u034f\u00ad?"
_CELLS = frozenset({"th", "td", "dt", "dd"})
"""Where a single word is one of a table's."""
_LINE, _LEAD, _ASK = 8, 30, 45
"""Words of a line, of one that leads to another article, of one that asks for something."""
_SHORT = 15
"""Words of a line that asks without a link to do it by."""
_LINKED = 0.5
"""Share of a line that leads to another article which is the link."""


@cache
def _table() -> dict[str, tuple[str, ...]]:
    """The table, folded, read once."""
    table: dict[str, Any] = tomllib.loads((files(__package__) / "page_notices.toml").read_text("utf-8"))
    return {name: tuple(folded(words, " ") for words in rows) for name, rows in table.items()}


@cache
def _lines() -> frozenset[str]:
    return frozenset(words.strip(_AROUND) for words in _table()["lines"])


@cache
def _minutes() -> re.Pattern[str]:
    """How long it takes to read: behind words, or before them."""
    before, behind = (_any(_table()[name]) for name in ("reading", "reading_ends"))
    return re.compile(rf"(?:{before})\D{{0,12}}[0-9]|[0-9]{{1,3}}(?:\s?[-–]\s?[0-9]{{1,3}})?\s?(?:{behind})$")


def _any(phrases: Iterable[str]) -> str:
    return "|".join(map(re.escape, phrases))


def is_notice(block: Block) -> bool:
    """Whether a block is no part of any article, wherever it stands."""
    size = len(block.words)
    if size > _LEAD:
        return False
    text = folded(block.text, _AROUND)
    if size <= _LINE and block.tags[0] not in _CELLS and is_notice_line(block.text):
        return True
    return block.share_linked >= _LINKED and text.startswith(_table()["leads"])


def is_notice_line(line: str) -> bool:
    """Whether a short line is no part of any article by its words alone: "Advertisement", "5 min read"."""
    text = folded(line, _AROUND)
    return text in _lines() or _minutes().match(text) is not None


def is_share_picture(alt: str) -> bool:
    """Whether a picture with this text stands for a bar to share by: "Bookmark and Share"."""
    return folded(alt, _AROUND) in _table()["pictures"]


def is_request(block: Block) -> bool:
    """Whether a block asks its reader to subscribe, to follow, to share, to give. An article may do that, too: only
    below its text that is no part of it.
    """
    if len(block.words) > (_ASK if block.linked else _SHORT):
        return False
    text, table = folded(block.text, _AROUND), _table()
    return asks(block) or (text.startswith(table["follow"]) and any(words in text for words in table["networks"]))


def asks(block: Block) -> bool:
    """Whether a paragraph, linked or not, holds the words by which readers are asked to subscribe, or to give."""
    text = folded(block.text, _AROUND) if len(block.words) <= _ASK else ""
    return any(words in text for words in _table()["asks"])
