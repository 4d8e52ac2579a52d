"""The words of a block → Markdown: text escaped, links, emphasis, code, pictures.

Text is escaped where it could be taken for markup, by CommonMark or by what Obsidian and Hugo add to it (tags,
highlights, comments, shortcodes). What Markdown has no words for (`sub`, `ruby` …) is written as the HTML it allows;
so is emphasis that it would not see, within a word or next to Chinese (§6.2, "flanking").
"""

from __future__ import annotations

import re
import string
import unicodedata
from html import unescape
from typing import NamedTuple

from .rendering import TAG, attributes_of

_SPECIAL = re.compile(
    r"[\\`*\[\]|~_<&#=%{$]"
    r"(?:(?<=[\\`*\[\]|~])|(?<=(?<![^\W_])_)|(?<=_)(?![^\W_])"
    r"|(?<=<)(?=[A-Za-z/!?]|\Z)|(?<=&)(?=[#A-Za-z0-9]{1,40};|\Z)"
    r"|(?<=(?<!\S)#)(?=[^\W\d])|(?<==)(?==)|(?<=%)(?=%)|(?<=\{\{)|(?<=\$)(?=[^\s\d]))"
)
"""What markup begins with, one class, for such an expression is found fast; then what makes it markup."""
_TARGET = re.compile(r"[ <>\\()|*_\[\]`~&](?:(?<!&)|(?=[#A-Za-z0-9]{1,40};))")
_ENCODED = {" ": "%20", "<": "%3C", ">": "%3E", "\\": "%5C"}
_BACKTICKS = re.compile("`+")
_HREF = re.compile(r'\shref="([^"]*)"')
_CODE = frozenset({"code", "samp"})
_EMPHASIS = {"strong": "**", "b": "**", "em": "*", "i": "*", "cite": "*", "dfn": "*", "var": "*"}
_HTML = frozenset({"sub", "sup", "s", "del", "ins", "u", "mark", "kbd", "q", "ruby", "rt", "rp"})
_EMPHASIS_TAG = {"**": "strong", "*": "em"}


def inline_markdown(html: str, *, in_table: bool) -> str | None:
    """The words of a block as Markdown, not yet parted into lines; None where there are none."""
    if "<" in html:
        return _Phrase(in_table=in_table).write(html)
    text = unescape(html) if "&" in html else html
    return None if text.isspace() else _escaped(text)


def code_fence(text: str, shortest: int) -> str:
    """Backticks that do not stand in the text."""
    return "`" * max(shortest, 1 + max(map(len, _BACKTICKS.findall(text)), default=0))


class _Opened(NamedTuple):
    """An inline element that has begun, at a `place` among the words; `nested`, where it is emphasis in its like."""

    tag: str
    attributes: str
    place: int
    nested: bool = False


class _Phrase:
    """The words of a block in the making: text and markup in a row, "" where markup is not known yet, or none."""

    def __init__(self, *, in_table: bool) -> None:
        self._in_table = in_table
        self._words: list[str] = []
        self._open: list[_Opened] = []
        self._codes = 0  # elements of code around
        self._behind: list[str] = []  # pictures in code, which come behind it
        self._emphasis: list[tuple[int, int, str]] = []  # where it begins, where it ends, by which mark
        self._bare: set[int] = set()  # the places of all marks of emphasis

    def write(self, html: str) -> str | None:
        """The whole; None where there is nothing in it."""
        first, *rest = TAG.split(html)
        tokens = iter(rest)
        self._say(first)
        for closing, tag, attributes, text in zip(tokens, tokens, tokens, tokens, strict=True):
            if closing:
                self._close(tag)
            else:
                self._begin(tag, attributes)
            if text:
                self._say(text)
        while self._open:
            self._close(self._open[-1].tag)
        for start, end, mark in self._emphasis:
            self._emphasise(start, end, mark)
        return "".join(self._words) if self._words else None

    def _say(self, html: str) -> None:
        text = unescape(html) if "&" in html else html
        if self._words or (text and not text.isspace()):
            self._words.append(text if self._codes else _escaped(text))

    def _begin(self, tag: str, attributes: str) -> None:
        if tag == "br":
            self._words.append("\n")
        elif tag == "img":
            (self._behind if self._codes else self._words).append(_picture(attributes_of(attributes)))
        elif tag != "wbr":
            if tag == "a" and self._words and self._words[-1].endswith("!"):  # before a link it would make a picture
                self._words[-1] = self._words[-1][:-1] + "\\!"
            mark = _EMPHASIS.get(tag)
            nested = bool(mark and self._open) and any(_EMPHASIS.get(around.tag) == mark for around in self._open)
            self._open.append(_Opened(tag, attributes, len(self._words), nested))
            self._words.append("")
            self._codes += tag in _CODE

    def _close(self, tag: str) -> None:
        if not self._open or self._open[-1].tag != tag:
            return
        opened = self._open.pop()
        self._codes -= tag in _CODE
        start, end = opened.place, len(self._words)
        self._words.append("")
        if self._codes:
            return
        if tag in _EMPHASIS:
            self._bare |= {start, end}
            if not opened.nested:
                self._emphasis.append((start, end, _EMPHASIS[tag]))
        elif tag in _CODE:
            self._words[start:] = [self._code("".join(self._words[start:]).replace("\n", " "), start), *self._behind]
            self._behind = []
        elif tag in _HTML:
            self._words[start], self._words[end] = f"<{tag}>", f"</{tag}>"
        elif tag == "a" and (found := _HREF.search(opened.attributes)) and not found[1].startswith("#"):
            self._words[start], self._words[end] = "[", f"]({_target(unescape(found[1]))})"

    def _code(self, text: str, start: int) -> str:
        """A code span; as HTML where its fence would run into another."""
        if not text:
            return ""
        if start and self._words[start - 1].endswith("`"):
            return f"<code>{_escaped(text)}</code>"
        fence = code_fence(text, 1)
        pad = " " if text[0] in " `" or text[-1] in " `" else ""
        return fence + pad + (text.replace("|", "\\|") if self._in_table else text) + pad + fence

    def _emphasise(self, start: int, end: int, mark: str) -> None:
        """Give emphasis its marks: asterisks where they can only open here and only close there, tags otherwise."""
        plain = _is_one_sided(self._last_before(start), self._first_behind(start))
        plain = plain and _is_one_sided(self._first_behind(end), self._last_before(end))
        tag = _EMPHASIS_TAG[mark]
        self._words[start], self._words[end] = (mark, mark) if plain else (f"<{tag}>", f"</{tag}>")

    def _last_before(self, place: int) -> str | None:
        """The character before a place: "" at the beginning, None for emphasis."""
        for before in range(place - 1, -1, -1):
            if before in self._bare:
                return None
            if self._words[before]:
                return self._words[before][-1]
        return ""

    def _first_behind(self, place: int) -> str | None:
        for behind in range(place + 1, len(self._words)):
            if behind in self._bare:
                return None
            if self._words[behind]:
                return self._words[behind][0]
        return ""


def _escaped(text: str) -> str:
    """Running text, so that nothing in it is markup."""
    return _SPECIAL.sub(lambda found: "\\" + found[0], text)


def _picture(attributes: dict[str, str]) -> str:
    """With its alternative text, by its relative path."""
    alt = " ".join(attributes.get("alt", "").split())
    return f"![{_escaped(alt)}]({_target(attributes.get('src', ''))})"


def _target(url: str) -> str:
    return _TARGET.sub(lambda found: _ENCODED.get(found[0], "\\" + found[0]), url)


def _is_one_sided(outside: str | None, inside: str | None) -> bool:
    """Whether asterisks between these two characters belong to the inside, and to nothing else."""
    if not inside or outside is None or inside.isspace():
        return False
    if outside == "" or outside.isspace():
        return True
    return (outside in string.punctuation or unicodedata.category(outside)[0] == "P") and inside.isalnum()
