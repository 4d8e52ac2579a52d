"""Clean HTML → lines of text: the walk that Markdown and plain text have in common.

It reads what `writer` and `sanitize` leave, and nothing else: well-formed, every attribute quoted, text straight in
elements that may hold text, no more white space than is shown, lines parted behind blocks only. Most of an article is
paragraphs in a row, which one expression finds; between them it goes from tag to tag of blocks. The words of a block
are read as a whole. What is nested moves in by prefixes, and past `DEEPEST` does not.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from html import unescape

from .grid import Grid, laying_out
from .markup import BLOCK

DEEPEST = 8
"""Lists and quotes within each other that move in further; readers of Markdown stop at 20 elements."""

TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)((?:\s[^>\"]*(?:\"[^\"]*\"[^>\"]*)*)?)>")
"""Any tag."""
_BLOCK_TAG = re.compile(TAG.pattern.replace("[a-z][a-z0-9]*", "|".join(sorted(BLOCK))))
_PARAGRAPH = re.compile(r"<(p|h[1-6])(?: [^>]*)?>([^<]*(?:<(?!/\1>)[^<]*)*)</\1>")
"""What holds words only, and so ends with the next tag of its name."""
_ATTRIBUTE = re.compile(r"\s([^\s=>]+)=\"([^\"]*)\"")


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


@dataclass(slots=True)
class Rendering(ABC):
    """A rendering in the making. What sets Markdown and plain text apart are the methods of the first section."""

    _lines: list[str] = field(default_factory=list)
    _around: list[_Container | None] = field(default_factory=list)
    _lists: list[_List] = field(default_factory=list)
    _grids: list[Grid | None] = field(default_factory=list)
    _grid: Grid | None = None
    """The one of them that is no layout."""
    _block: str = ""
    _spoken: bool = False
    """Whether there are words straight before."""
    _last_list: str = ""
    _tight: bool = False
    _layouts: frozenset[int] = frozenset()
    _tables: int = 0
    """So many began."""

    # --- what the two differ in -----------------------------------------------------------------------------------

    @abstractmethod
    def words(self, html: str) -> str | None:
        """The words of a block; `br` is a line feed. None where there is nothing."""

    def lines_of(self, words: str, _tag: str) -> list[str]:
        """The lines of a block of text."""
        return [line.strip(" ") for line in words.split("\n")] if "\n" in words else [words.strip(" ")]

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
        if "<table" in html:
            self._layouts = laying_out(_BLOCK_TAG, html)
        before, *rest = _PARAGRAPH.split(html)
        self._read(before)
        pieces = iter(rest)
        for tag, words, between in zip(pieces, pieces, pieces, strict=True):
            self._paragraph(tag, words)
            if between != "\n":
                self._read(between)
        return "\n".join(self._lines).strip("\n") + "\n"

    def _read(self, html: str) -> None:
        """Go from tag to tag."""
        first, *rest = _BLOCK_TAG.split(html)
        pieces = iter(rest)
        self._say(first)
        for closing, tag, attributes, words in zip(pieces, pieces, pieces, pieces, strict=True):
            if closing:
                self._close(tag)
            elif tag == "table":
                self._begin_table()
            else:
                self._open(tag, attributes)
            self._say(words)

    def _paragraph(self, tag: str, html: str) -> None:
        """A whole paragraph, or a heading; most stand in nothing."""
        if self._lists or self._around or self._grids:
            if self._grid is None:
                self._begin(tag)
            self._say(html)
        else:
            words = self.words(html)
            lines = self.lines_of(words, tag) if words else []
            if any(lines):
                self._lines += ("", *lines) if self._lines else lines
                self._last_list = ""
        self._block, self._spoken = "", False

    def _begin(self, tag: str) -> None:
        self._tight = False
        if tag in {"p", "pre"} and self._lists:
            self._lists[-1].loose = True
        self._block = tag

    # --- blocks ---------------------------------------------------------------------------------------------------

    def _open(self, tag: str, attributes: str) -> None:
        after_text, self._spoken = self._spoken and self._block in {"li", ""}, False
        if self._grid is not None:
            self._grid.open(tag, attributes_of(attributes))
            return
        if tag == "hr":
            self._tight = False
            self._write(self.rule())
        self._begin(tag)
        if tag in {"ul", "ol"}:
            self._open_list(tag, attributes_of(attributes), after_text=after_text)
        elif tag == "li":
            self._open_item()
        elif tag == "blockquote":
            self._enter(_Container("> ", "> "))

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

    def _close(self, tag: str) -> None:
        self._spoken = False
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

    def _begin_table(self) -> None:
        """Tables in a table are none of their own."""
        self._spoken = False
        is_layout = self._tables in self._layouts
        self._tables += 1
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

    def _say(self, html: str) -> None:
        """The words of a block."""
        if self._block == "pre":
            self._say_verbatim(html)
            return
        words = self.words(html.replace("\n", " ")) if html and not html.isspace() else None
        if words is None:
            return
        self._spoken = True
        grid = self._grid
        lines = self.lines_of(words, "" if grid else self._block)
        if not any(lines):
            return
        if grid is not None:
            grid.say(self.break_in_cell.join(line.rstrip() for line in lines if line), self.break_in_cell)
        else:
            self._write(lines)

    def _say_verbatim(self, html: str) -> None:
        text = unescape(TAG.sub(lambda tag: "\n" if tag[2] == "br" else "", html)).strip("\n")
        self._block = ""
        if text:
            self._write(self.preformatted(text))

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


def attributes_of(written: str) -> dict[str, str]:
    """The attributes of a tag."""
    return {name: unescape(value) for name, value in _ATTRIBUTE.findall(written)}
