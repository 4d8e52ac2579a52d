"""Clean HTML → Markdown: CommonMark 0.31 with the tables of GFM, for any reader of either.

Text is escaped where it could be taken for markup, by CommonMark or by what Obsidian and Hugo add to it (tags,
highlights, comments, shortcodes). What Markdown has no words for (`sub`, `ruby` …) is written as the HTML it allows;
so is emphasis that it would not see, within a word or next to Chinese (§6.2, "flanking").
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Sequence
from html import unescape

from .grid import Grid
from .rendering import CODE, Piece, Rendering, joined

_SPECIAL = re.compile(
    r"[\\`*\[\]|~]|(?<![^\W_])_|_(?![^\W_])"
    r"|<(?=[A-Za-z/!?]|\Z)|&(?=[#A-Za-z0-9]{1,40};|\Z)"
    r"|(?<!\S)#(?=[^\W\d])|=(?==)|%(?=%)|(?<=\{)\{|\$(?=[^\s\d])"
)
_RARE = re.compile(r"[\\`*\[\]|~_<&#=%{$]")
"""What markup begins with: most texts have none of it, and are spared the expression above, which is slow."""
_START = re.compile(r"(?:#{1,6}|[-+:])(?=\s|$)|>|=+\s*$|-+\s*$|:-|(?<=\d)[.)](?=\s|$)")
_NUMBER = re.compile(r"\d{1,9}(?=[.)])")
_TARGET = re.compile(r"[\\()|*_\[\]`~]|&(?=[#A-Za-z0-9]{1,40};)")
_ENCODED = {" ": "%20", "<": "%3C", ">": "%3E", "\\": "%5C"}
_BACKTICKS = re.compile("`+")
_HREF = re.compile(r'\shref="([^"]*)"')
_EMPHASIS = {"strong": "**", "b": "**", "em": "*", "i": "*", "cite": "*", "dfn": "*", "var": "*"}
_HTML = frozenset({"sub", "sup", "s", "del", "ins", "u", "mark", "kbd", "q", "ruby", "rt", "rp"})
_EMPHASIS_TAG = {"**": "strong", "*": "em"}


class _Markdown(Rendering):
    __slots__ = ()

    break_in_cell = "<br>"
    bullets = ("- ", "* ")
    points = (". ", ") ")

    def escaped(self, text: str) -> str:
        """Running text, so that nothing in it is markup."""
        return _SPECIAL.sub(r"\\\g<0>", text) if _RARE.search(text) else text

    def begin(self, piece: Piece) -> None:
        """A "!" before a link would make it a picture."""
        if piece.tag == "a" and piece.place:
            before = self._words[piece.place - 1]
            if isinstance(before, str) and before.endswith("!"):
                self._words[piece.place - 1] = before[:-1] + "\\!"

    def end(self, piece: Piece, closing: Piece) -> None:
        """Emphasis waits for what follows it; the rest is known."""
        if self.in_code():
            return
        if piece.tag in CODE:
            inside = self._words[piece.place :]
            text = "".join(word for word in inside if isinstance(word, str)).replace("\n", " ")
            pictures = [word for word in inside if isinstance(word, Piece) and word.tag == "img"]
            before = self._words[piece.place - 1] if piece.place else ""
            self._words[piece.place :] = [self._code(text, before) if text else "", *pictures]
        elif piece.tag in _HTML:
            piece.text, closing.text = f"<{piece.tag}>", f"</{piece.tag}>"
        elif piece.tag == "a" and (found := _HREF.search(piece.attributes)) and not found[1].startswith("#"):
            piece.text, closing.text = "[", f"]({_target(unescape(found[1]))})"

    def _code(self, text: str, before: str | Piece) -> str:
        """A code span; as HTML where its fence would run into another."""
        if isinstance(before, str) and before.endswith("`"):
            return f"<code>{self.escaped(text)}</code>"
        fence = "`" * (1 + max(map(len, _BACKTICKS.findall(text)), default=0))
        pad = " " if text[0] in " `" or text[-1] in " `" else ""
        return fence + pad + (text.replace("|", "\\|") if self.in_table() else text) + pad + fence

    def picture(self, attributes: dict[str, str]) -> str:
        """With its alternative text, by its relative path."""
        alt = " ".join(attributes.get("alt", "").split())
        return f"![{self.escaped(alt)}]({_target(attributes.get('src', ''))})"

    def finished(self, words: list[str | Piece], tag: str) -> list[str]:
        """The lines of a block of text, with what makes it a heading."""
        if len(words) > 1:
            _emphasise(words)
        text = joined(words)
        lines = [_line(line.strip(" ")) for line in text.split("\n")]
        if tag[:1] == "h" and tag[1:].isdigit():
            heading = " ".join(filter(None, lines))
            bare = heading.rstrip("#")  # what would close it
            return ["#" * int(tag[1:]) + " " + bare + ("\\" + heading[len(bare) :] if bare != heading else "")]
        lines = [line for line in lines if line]
        return [line + "  " for line in lines[:-1]] + lines[-1:]

    def preformatted(self, text: str) -> list[str]:
        """A fenced block, its fence longer than any in it."""
        fence = "`" * max(3, 1 + max(map(len, _BACKTICKS.findall(text)), default=0))
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


def _target(url: str) -> str:
    for character, octet in _ENCODED.items():
        url = url.replace(character, octet)
    return _TARGET.sub(r"\\\g<0>", url) if _RARE.search(url) or ")" in url or "(" in url else url


def _emphasise(words: list[str | Piece]) -> None:
    """Give emphasis its marks: asterisks where they can only open here and only close there, tags otherwise."""
    told = [word for word in words if isinstance(word, str) or word.text or word.tag in _EMPHASIS]
    told = [word for word in told if word]
    opened: dict[str, int] = {}
    for place, piece in enumerate(told):
        if isinstance(piece, str) or piece.tag not in _EMPHASIS or piece.partner is None:
            continue
        mark = _EMPHASIS[piece.tag]
        if piece.partner.place > piece.place:
            opened.setdefault(mark, place)
        elif mark in opened and told[opened[mark]] is piece.partner:
            start = opened.pop(mark)
            plain = _is_one_sided(_last(told, start - 1), _first(told, start + 1))
            plain = plain and _is_one_sided(_first(told, place + 1), _last(told, place - 1))
            tag = _EMPHASIS_TAG[mark]
            piece.partner.text, piece.text = (mark, mark) if plain else (f"<{tag}>", f"</{tag}>")


def _last(told: Sequence[str | Piece], place: int) -> str | None:
    """The last character of what stands at a place: "" beyond the ends, None for emphasis."""
    if place < 0:
        return ""
    word = told[place]
    return word[-1] if isinstance(word, str) else None if word.tag in _EMPHASIS else word.text[-1]


def _first(told: Sequence[str | Piece], place: int) -> str | None:
    if place >= len(told):
        return ""
    word = told[place]
    return word[0] if isinstance(word, str) else None if word.tag in _EMPHASIS else word.text[0]


def _is_one_sided(outside: str | None, inside: str | None) -> bool:
    """Whether asterisks between these two characters belong to the inside, and to nothing else."""
    if not inside or outside is None or inside.isspace():
        return False
    if outside == "" or outside.isspace():
        return True
    return (outside in string.punctuation or unicodedata.category(outside)[0] == "P") and inside.isalnum()
