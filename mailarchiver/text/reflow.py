r"""Plain text of a mail → clean HTML: what the sending program wrapped flows again, what the author typed stays.

::

    text ─ quote marks ─▶ stretches of one depth ─ blocks ─▶ paragraphs, lists, … ─ wrapping ─▶ <p>, <ul>, <pre> …

When in doubt a line break stays: a poem that lost its lines is worse than a paragraph that kept them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape

from .blocks import Block, Item, ItemList, Paragraph, Preformatted, Rule, Stretch, blocks_of
from .headings import headings
from .wrapping import SOFT_HYPHEN, between, is_label, is_wrapped, wrap_width

_DEEPEST = 20
"""Levels of quotes, and of lists; what is deeper is written at this depth."""
_MOST_QUOTES = 5_000
"""Quotes in one text; below so many, quote marks are text."""
_LONG = 80
"""Columns: a line longer than that is a paragraph if the next is, too (format=flowed, and web mail)."""
_MOST_EMPTY = 10
"""Empty lines in a row that are looked at."""

_MARKS = re.compile(r">(?:[ \t]?>)* ?")
_LINE_END = re.compile("\r\n?|[\f\v\x1c-\x1e\x85\u2028\u2029]")
_SPACES = " \t\u00a0\u3000"
_URL_OVER_LINES = re.compile(r"(<(?:URL:)?https?://[^\s<>]*)\n[ \t]*([^\s<>]+>)", re.IGNORECASE)
_CJK = "\u1100-\u11ff\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uffef"
_URL = re.compile(rf"(?<![A-Za-z0-9+.-])https?://[^\s<>\"“”«»‹›\x00-\x20{_CJK}]+", re.IGNORECASE)
_TRAILING = ".,;:!?'’‘*…|\\"
_CLOSING = {")": "(", "]": "[", "}": "{"}


def html_of(text: str) -> str:
    """Plain text as HTML: `p`, `br`, `blockquote`, `ul`, `ol`, `pre`, `hr`, `h2` to `h6`, and `a` where URLs are.

    No word is lost: what is left out are white space, the marks of quotes, items and headings, and the characters of
    rules. The numbers of items are in `start`. Line breaks of wrapped text become spaces, or nothing between characters
    of scripts without spaces; hyphens stay. Items marked `a)` or `(1)` keep that mark. Takes linear time. Does not
    interpret `*bold*` and the like.
    """
    stretches = _stretches(_lines(text))
    widths: dict[int, int | None] = {}
    for depth in {depth for depth, _ in stretches}:
        own = [stretch for at, stretch in stretches if at == depth]
        widths[depth] = wrap_width(end for stretch in own for end in stretch.endings)
        _find_headings(own)
    out: list[str] = []
    around = 0
    for depth, stretch in stretches:
        out.append(_border(around, depth))
        around = depth
        columns = widths[depth] or wrap_width(stretch.endings, alone=False)
        out += (_written(block) for block in blocks_of(stretch, columns))
    out.append(_border(around, 0))
    return "\n".join(piece for piece in out if piece)


def _find_headings(stretches: Sequence[Stretch]) -> None:
    first = next((index for index, line in enumerate(stretches[0].lines) if line), -1)
    chosen = headings([stretch.candidates() for stretch in stretches], first)
    for stretch, found in zip(stretches, chosen, strict=True):
        stretch.headings = found


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in _LINE_END.sub("\n", text).split("\n")]


def _border(depth: int, following: int) -> str:
    return "<blockquote>" * (following - depth) + "</blockquote>" * (depth - following)


# --- quotes -----------------------------------------------------------------------------------------------------------


def _stretches(lines: Sequence[str]) -> list[tuple[int, Stretch]]:
    """The lines without their quote marks, grouped by depth. An empty line is as deep as what is around it."""
    found: list[tuple[int, list[str]]] = []
    quotes = empty = 0
    for index, line in enumerate(lines):
        depth, bare = _unquoted(lines, index) if line.startswith(">") and quotes < _MOST_QUOTES else (0, line)
        if not bare:
            empty += 1
            if found and empty <= _MOST_EMPTY:
                found[-1][1].append("")
            continue
        empty = 0
        depth = min(depth, _DEEPEST)
        if not found or found[-1][0] != depth:
            quotes += max(0, depth - (found[-1][0] if found else 0))
            found.append((depth, []))
        found[-1][1].append(bare)
    return [(depth, Stretch(_urls_joined(own))) for depth, own in found]


def _unquoted(lines: Sequence[str], index: int) -> tuple[int, str]:
    """The depth of a line, and the line without its marks.

    QUIRK: mbox programs put ">" before "From " at the beginning of a line (RFC 4155, appendix A "mboxrd" undoes it).
    """
    line = lines[index]
    if line.startswith(">From ") and not any(
        near.startswith(">") for near in (*lines[max(index - 1, 0) : index], *lines[index + 1 : index + 2])
    ):
        return 0, line[1:]
    match = _MARKS.match(line)
    end = match.end() if match else 0
    return line.count(">", 0, end), line[end:]


def _urls_joined(lines: list[str]) -> list[str]:
    """The lines, with each URL in angle brackets on one of them (RFC 3986, appendix C)."""
    while lines and not lines[-1]:
        lines.pop()
    text = "\n".join(lines)
    return _URL_OVER_LINES.sub(r"\1\2", text).split("\n") if "<" in text else lines


# --- HTML -------------------------------------------------------------------------------------------------------------


def _written(block: Block) -> str:
    if isinstance(block, Paragraph):
        return "\n".join(f"<p>{text}</p>" for text in _paragraphs(block))
    if isinstance(block, ItemList):
        return "".join(_list(block.items))
    if isinstance(block, Preformatted):
        return f"<pre>{_linked(chr(10).join(_dedented(block.lines)))}</pre>"
    if isinstance(block, Rule):
        return "<hr>"
    return f"<h{block.level}>{_linked(block.text)}</h{block.level}>"


def _paragraphs(paragraph: Paragraph) -> Iterator[str]:
    """The text of one paragraph, or of several: long lines one below the other are one each."""
    shown: list[str] = []
    before = 0
    for line, lone in _flowed(paragraph):
        columns = len(line) if lone else 0
        if shown and before > _LONG and columns > _LONG and not is_label(line):
            yield _broken(shown)
            shown = []
        shown.append(line)
        before = columns
    yield _broken(shown)


def _broken(lines: Iterable[str]) -> str:
    return _linked("\n".join(lines)).replace("\n", "<br>\n")


def _flowed(paragraph: Paragraph) -> Iterator[tuple[str, bool]]:
    """The lines as their author made them, and whether each was one line before."""
    pieces = [paragraph.lines[0].strip(_SPACES)]
    for line, end in zip(paragraph.lines[1:], paragraph.endings, strict=True):
        bare = line.strip(_SPACES)
        if is_wrapped(end, paragraph.columns) or pieces[-1].endswith(SOFT_HYPHEN):
            pieces += [between(pieces[-1], bare), bare]
        else:
            yield "".join(pieces), len(pieces) == 1
            pieces = [bare]
    yield "".join(pieces), len(pieces) == 1


def _list(items: Sequence[Item]) -> Iterator[str]:
    """Items as lists in lists, by their indents."""
    opened: list[tuple[int, str, int]] = []  # indent, tag and the last number, outermost first
    for item in items:
        mark = item.mark
        tag = "ol" if mark.number is not None and not mark.kept else "ul"
        number = mark.number or 0
        while len(opened) > 1 and mark.indent < opened[-1][0] - 1:
            yield f"</li></{opened.pop()[1]}>"
        if not opened or (mark.indent >= opened[-1][0] + 2 and len(opened) < _DEEPEST):
            yield _begin(tag, number)
            opened.append((mark.indent, tag, number))
        else:
            indent, other, last = opened.pop()
            goes_on = tag == other and (tag == "ul" or number == last + 1)
            yield "</li>" if goes_on else f"</li></{other}>{_begin(tag, number)}"
            opened.append((indent, tag, number))
        yield "\n<li>" + _item(item)
    yield from (f"</li></{tag}>" for _, tag, _ in reversed(opened))


def _begin(tag: str, number: int) -> str:
    return f'<ol start="{number}">' if tag == "ol" and number != 1 else f"<{tag}>"


def _item(item: Item) -> str:
    if len(item.paragraphs) == 1 and len(item.paragraphs[0].lines) == 1 and not item.mark.kept:
        return _linked(item.paragraphs[0].lines[0].strip(_SPACES))
    texts = [text for paragraph in item.paragraphs for text in _paragraphs(paragraph)]
    kept = f"{item.mark.kept} " if item.mark.kept else ""
    if len(texts) == 1:
        return kept + texts[0]
    return "".join(f"<p>{kept if not index else ''}{text}</p>" for index, text in enumerate(texts))


def _dedented(lines: Sequence[str]) -> list[str]:
    """The lines without the white space that all of them begin with."""
    indents = [line[: len(line) - len(line.lstrip(" \t"))] for line in lines if line]
    least, most = min(indents), max(indents)
    common = next((i for i, (a, b) in enumerate(zip(least, most, strict=False)) if a != b), min(len(least), len(most)))
    return [line[common:] for line in lines]


# --- links ------------------------------------------------------------------------------------------------------------


def _linked(text: str) -> str:
    """The text escaped, its URLs as links."""
    if "://" not in text:
        return escape(text, quote=False)
    pieces: list[str] = []
    place = 0
    for match in _URL.finditer(text):
        url = _bare_url(match[0])
        if url[-1] == "/" and url.endswith("://"):
            continue
        pieces += [
            escape(text[place : match.start()], quote=False),
            f'<a href="{escape(url)}">{escape(url, quote=False)}</a>',
        ]
        place = match.start() + len(url)
    return "".join([*pieces, escape(text[place:], quote=False)])


def _bare_url(url: str) -> str:
    """An URL without the marks of the sentence around it; a closing bracket belongs to it if the opening one does."""
    surplus = {close: url.count(close) - url.count(opening) for close, opening in _CLOSING.items()}
    end = len(url)
    while end:
        last = url[end - 1]
        if surplus.get(last, 0) > 0:
            surplus[last] -= 1
        elif last not in _TRAILING:
            break
        end -= 1
    return url[:end]
