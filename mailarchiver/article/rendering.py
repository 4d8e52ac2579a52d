"""Clean HTML → lines of text: the walk that Markdown and plain text have in common.

It reads what `writer` and `sanitize` leave, and nothing else: well-formed, every attribute quoted, text straight in
elements that may hold text. One pass over the tags; what is nested moves in by prefixes, and past `DEEPEST` does not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import unescape

from ..text.whitespace import is_even
from .grid import Grid, laying_out
from .markup import BLOCK

DEEPEST = 8
"""Lists and quotes within each other that move in further; readers of Markdown stop at 20 elements."""
CODE = frozenset({"code", "samp"})

_TOKEN = re.compile(r"<(/?)([a-z][a-z0-9]*)((?:\s[^\s=>]+(?:=\"[^\"]*\")?)*)\s*/?>")
_ATTRIBUTE = re.compile(r"\s([^\s=>]+)=\"([^\"]*)\"")
_SPACES = re.compile(r"[ \t\r\n\f]{2,}|[\t\r\n\f]")


@dataclass(slots=True)
class _Container:
    """A quote or an item of a list: `first` stands before its first line, `rest` before the others."""

    first: str
    rest: str
    new: bool = True


@dataclass(slots=True)
class _List:
    """A list being written: the number of the next item, None where they have bullets."""

    number: int | None
    mark: str
    begun: bool = False
    loose: bool = False
    after_text: bool = False


@dataclass(slots=True, eq=False)
class Piece:
    """What an inline element begins or ends with, at a `place` among the words of its block; its `text` is known when
    the element, or the block, is at its end.
    """

    tag: str
    attributes: str
    place: int
    text: str = ""
    partner: Piece | None = None
    """At the other end of the element."""


@dataclass(slots=True)
class Rendering:
    """A rendering in the making. What sets Markdown and plain text apart are the methods of the first section."""

    _lines: list[str] = field(default_factory=list)
    _around: list[_Container | None] = field(default_factory=list)
    _lists: list[_List] = field(default_factory=list)
    _words: list[str | Piece] = field(default_factory=list)
    _inline: list[Piece] = field(default_factory=list)
    _grids: list[Grid | None] = field(default_factory=list)
    _grid: Grid | None = None
    """The one of them that is no layout."""
    _block: str = ""
    _verbatim: list[str] = field(default_factory=list)
    _last_list: str = ""
    _tight: bool = False

    # --- what the two differ in -----------------------------------------------------------------------------------

    def escaped(self, text: str) -> str:
        """Running text, as it is to be written."""
        return text

    def begin(self, piece: Piece) -> None:
        """An inline element begins."""

    def end(self, piece: Piece, closing: Piece) -> None:
        """It ends: both of its pieces may get their texts now."""

    def picture(self, _attributes: dict[str, str]) -> str:
        """A picture."""
        return ""

    def finished(self, words: list[str | Piece], _tag: str) -> list[str]:
        """The lines of a block of text."""
        return [line.strip(" ") for line in joined(words).split("\n")]

    def preformatted(self, text: str) -> list[str]:
        """The lines of a listing."""
        return text.split("\n")

    def table(self, grid: Grid) -> list[str]:
        """The lines of a table."""
        return [" | ".join(row).rstrip(" |") for row in grid.rows if any(row)]

    def rule(self) -> list[str]:
        """The lines of a thematic break."""
        return []

    def is_numbered(self, attributes: dict[str, str]) -> bool:
        """Whether the items of an ordered list get their numbers."""
        return "start" in attributes

    break_in_cell = " "
    bullets = ("- ", "- ")
    points = (". ", ". ")

    # --- the walk -------------------------------------------------------------------------------------------------

    def render(self, html: str) -> str:
        """The whole text, with a line end; "" where there is none."""
        layouts = laying_out(_TOKEN, html) if "<table" in html else frozenset()
        tables = 0
        first, *rest = _TOKEN.split(html)
        pieces = iter(rest)
        self._say(first)
        for closing, tag, attributes, text in zip(pieces, pieces, pieces, pieces, strict=True):
            if closing:
                self._close(tag)
            elif tag == "table":
                self._begin_table(is_layout=tables in layouts)
                tables += 1
            else:
                self._open(tag, attributes)
            if text:
                self._say(text)
        self._flush()
        return "\n".join(self._lines).strip("\n") + "\n"

    def _say(self, text: str) -> None:
        words = unescape(text) if "&" in text else text
        if self._block == "pre":
            self._verbatim.append(words)
        elif self._words or not words.isspace():
            words = words if is_even(words) else _SPACES.sub(" ", words)
            self._words.append(words if self.in_code() else self.escaped(words))

    def _open(self, tag: str, attributes: str) -> None:
        if tag in BLOCK:
            self._open_block(tag, attributes)
        elif self._block == "pre":
            self._verbatim += ["\n"] if tag == "br" else []
        elif tag == "br":
            self._words.append("\n")
        elif tag == "img":
            self._words.append(Piece(tag, attributes, len(self._words), self.picture(_attributes(attributes))))
        elif tag != "wbr":
            piece = Piece(tag, attributes, len(self._words))
            self._words.append(piece)
            self._inline.append(piece)
            self.begin(piece)

    def _close(self, tag: str) -> None:
        if tag in BLOCK:
            self._close_block(tag)
        elif self._inline and self._inline[-1].tag == tag:
            piece = self._inline.pop()
            piece.partner = Piece(tag, "", len(self._words), partner=piece)
            self._words.append(piece.partner)
            self.end(piece, piece.partner)

    def in_code(self) -> bool:
        """Whether text stands in an inline listing."""
        return bool(self._inline) and any(piece.tag in CODE for piece in self._inline)

    # --- blocks ---------------------------------------------------------------------------------------------------

    def _open_block(self, tag: str, attributes: str) -> None:
        after_text = bool(self._words) and self._block in {"li", ""}
        self._flush()
        if self._grid is not None:
            self._grid.open(tag, _attributes(attributes))
            return
        self._tight = False
        if tag == "hr":
            self._write(self.rule())
        elif tag in {"ul", "ol"}:
            self._open_list(tag, _attributes(attributes), after_text=after_text)
        elif tag == "li":
            self._open_item()
        elif tag == "blockquote":
            self._enter(_Container("> ", "> "))
        elif tag in {"p", "pre"} and self._lists:
            self._lists[-1].loose = True
        self._block = tag

    def _open_list(self, tag: str, attributes: dict[str, str], *, after_text: bool) -> None:
        number = max(0, int(attributes.get("start") or 1)) if tag == "ol" and self.is_numbered(attributes) else None
        marks = self.bullets if number is None else self.points
        again = self._last_list == tag  # behind a list of its kind it would be taken for the rest of that
        mark = marks[1] if again else marks[0]
        self._last_list = "" if again else tag
        self._lists.append(_List(number, mark, after_text=after_text and number in {None, 1}))

    def _open_item(self) -> None:
        items = self._lists[-1] if self._lists else _List(None, self.bullets[0])
        mark = items.mark if items.number is None else f"{min(items.number, 999_999_999)}{items.mark}"
        items.number = None if items.number is None else items.number + 1
        self._tight = items.after_text if not items.begun else not items.loose
        self._enter(_Container(mark, " " * len(mark)))

    def _enter(self, container: _Container) -> None:
        depth = sum(one is not None for one in self._around)
        self._around.append(container if depth < DEEPEST else None)

    def _close_block(self, tag: str) -> None:
        self._flush()
        if tag == "table" and self._grids:
            self._end_table()
        elif self._grid is not None:
            self._grid.close(tag)
        elif tag in {"ul", "ol"} and self._lists:
            self._lists.pop()
            self._last_list = self._last_list or tag
        elif tag in {"li", "blockquote"} and self._around:
            self._around.pop()
            if tag == "li" and self._lists:
                self._lists[-1].begun = True
        self._block = ""

    def _begin_table(self, *, is_layout: bool) -> None:
        """Tables in a table are none of their own."""
        self._flush()
        grid = None if is_layout or self._grid is not None else Grid()
        self._grids.append(grid)
        self._grid = grid or self._grid

    def _end_table(self) -> None:
        grid = self._grids.pop()
        if grid is not None:
            self._grid = None
            if grid.caption:
                self._write([grid.caption])
            self._write(self.table(grid))

    def in_table(self) -> bool:
        """Whether what is written stands in a cell."""
        return self._grid is not None

    def in_list(self) -> bool:
        """Whether what is written stands in a list."""
        return bool(self._lists)

    # --- lines ----------------------------------------------------------------------------------------------------

    def _flush(self) -> None:
        """The text of a block is complete."""
        if self._block == "pre":
            text, self._verbatim = "".join(self._verbatim), []
            self._block = ""
            if text.strip("\n"):
                self._write(self.preformatted(text.strip("\n")))
        if not self._words:
            return
        while self._inline:
            self._close(self._inline[-1].tag)
        words, self._words = self._words, []
        grid = self._grid
        lines = self.finished(words, "" if grid else self._block)
        if not any(lines):
            return
        if grid is not None:
            grid.say(self.break_in_cell.join(line.rstrip() for line in lines if line), self.break_in_cell)
        else:
            self._write(lines)

    def _write(self, lines: list[str]) -> None:
        """Lines of a block, an empty one before them but where an item of a list follows closely."""
        if not lines:
            return
        if not self._around:
            self._lines += ["", *lines] if self._lines else lines
            self._last_list = ""
            return
        around = [one for one in self._around if one is not None]
        fresh = bool(around) and around[-1].new
        if self._lines and not (fresh and self._tight):
            started = []
            for one in around:
                if one.new:
                    break
                started.append(one.rest)
            self._lines.append("".join(started).rstrip())
        for line in lines:
            prefix = "".join(one.first if one.new else one.rest for one in around)
            for one in around:
                one.new = False
            self._lines.append(prefix + line if line else prefix.rstrip())
        if self._block not in {"li", ""} and self._lists and around:
            self._lists[-1].loose = True
        self._last_list = ""


def joined(words: Sequence[str | Piece]) -> str:
    """The words of a block in a row."""
    return "".join([word if isinstance(word, str) else word.text for word in words])


def _attributes(written: str) -> dict[str, str]:
    return {name: unescape(value) for name, value in _ATTRIBUTE.findall(written)}
