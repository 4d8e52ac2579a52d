"""Clean HTML → Markdown: CommonMark 0.31 with the tables of GFM, for any reader of either."""

from __future__ import annotations

import re

from .grid import Grid
from .inline_markdown import code_fence, inline_markdown
from .rendering import Rendering

_START = re.compile(r"(?:#{1,6}|[-+:])(?=\s|$)|>|=+\s*$|-+\s*$|:-|(?<=\d)[.)](?=\s|$)")
_NUMBER = re.compile(r"\d{1,9}(?=[.)])")


class _Markdown(Rendering):
    __slots__ = ()

    break_in_cell = "<br>"
    bullets = ("- ", "* ")
    points = (". ", ") ")

    def words(self, html: str) -> str | None:
        """The words, so that nothing in them is markup but what was."""
        return inline_markdown(html, in_table=self.in_table())

    def lines_of(self, words: str, tag: str) -> list[str]:
        """The lines of a block of text, with what makes it a heading."""
        if tag == "p" and "\n" not in words:
            return [_line(words.strip(" "))]
        lines = [_line(line.strip(" ")) for line in words.split("\n")]
        if tag[:1] == "h" and tag[1:].isdigit():
            heading = " ".join(filter(None, lines))
            bare = heading.rstrip("#")  # what would close it
            return ["#" * int(tag[1:]) + " " + bare + ("\\" + heading[len(bare) :] if bare != heading else "")]
        lines = [line for line in lines if line]
        return [line + "  " for line in lines[:-1]] + lines[-1:]

    def preformatted(self, text: str) -> list[str]:
        """A fenced block, its fence longer than any in it."""
        fence = code_fence(text, 3)
        return [fence, *text.split("\n"), fence]

    def table(self, grid: Grid) -> list[str]:
        """A table of GFM; one without a row of headings gets an empty one."""
        rows = [row for row in grid.rows if any(row)]
        width = max(map(len, rows), default=0)
        if not width:
            return []
        if not grid.head:
            rows.insert(0, [])
        told = ["| " + " | ".join(row + [""] * (width - len(row))) + " |" for row in rows]
        return [told[0], "|" + " --- |" * width, *told[1:]]

    def is_numbered(self, _attributes: dict[str, str]) -> bool:
        """Always."""
        return True

    def rule(self) -> list[str]:
        """In a list, where three hyphens would be bullets, of another kind."""
        return ["___"] if self.in_list() else ["---"]


def markdown(html: str) -> str:
    """The article as Markdown. Linear in its length but for the prefixes of what is nested."""
    return _Markdown().render(html)


def _line(line: str) -> str:
    """A line that begins no block: no heading, list, quote, rule or underlining."""
    if line[:1].isalpha():
        return line
    number = _NUMBER.match(line)
    place = number.end() if number else 0
    found = _START.match(line, place)
    return f"{line[:place]}\\{line[place:]}" if found else line
