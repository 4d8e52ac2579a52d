"""The closing of a mail's text: what mail programs, list software and virus scanners put below it, and the signature.

None of that is what the author had to say. It is looked for at the very end only, from below: a list's footer, above it
the line of a telephone, above that a signature.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from .closing_lines import LONGEST_LINE, LONGEST_SHORT, PICTURE, bare_line, closing_words, fold, is_device_line, points

ClosingKind = Literal["signature", "device", "list", "virus check"]

_MOST_PIECES = 6
_MOST_LINES = 15
_MOST_CHARACTERS = 1_200
"""Of one piece of a closing; addresses and URLs are not counted."""
_FEW_LINES, _LONGEST_FEW = 3, 400
"""So many lines, of so many characters together, go whatever their share of the text."""
_LONGEST_MARKED = 600
"""Characters of a signature marked by the mail program that goes whatever its share of the text."""
_PROSE = 60
_MOST_PROSE = 240
"""A line of 60 characters is prose; a signature holds a motto of three such lines, not two paragraphs."""
_WRAPPED = 40
"""A line of a list's footer goes on in the next if it is as long, and no sentence ends there."""
_SENTENCE_ENDS = (".", "!", "?", "。")
_LOOKED_BACK = 400
"""Lines above a closing in which the text is looked for what the closing would be an example of."""

_DELIMITER = re.compile(r"--[ \t\xa0]*")
_RULE = re.compile(r"[-_=*~#–—─\s]{2,}")
_BEGINS_OTHER = re.compile(r"\s*(?:>|[-_=]{5,}[^\S\n]*[^\W_])")
"""A quotation, or a heading between rules ("------- next part -------"): no signature."""
_LONG_RULE = re.compile(r"[-_=*~#–—─]{10,}(?:[>\s][-_=*~#–—─>\s]*)?")
_BETWEEN_LINKS = re.compile(r"[|·•∙/,;:\[\](){}<>–—]+| -+ ")


@dataclass(frozen=True, slots=True)
class Closing:
    """Where the closing begins, an index into the lines, and what it is made of, from above."""

    start: int
    kinds: tuple[ClosingKind, ...]


def closing_of(lines: Sequence[str], *, above: int = 0, marked: Collection[int] = ()) -> Closing | None:
    """The closing of a text, None where it has none. What is before it is the text, with its white space.

    `lines` may be the end of a longer text, of which `above` characters are not given; a link's URL may stand behind
    its words, and `PICTURE` for a picture: one with a delimited signature, below a list's footer or in it is the
    author's. `marked` are the indices of lines that the mail program itself says are signature.

    Cuts rather too little: never all of a text, no piece of more than a third of it (but three lines, or a short marked
    signature), no more than 15 lines or 1,200 characters at once; nothing where the text above speaks of what the
    closing would be, for then it may be an example. A notice of confidentiality is left, and so is all above it.
    """
    end = _without_rules(lines, len(lines))
    kinds: list[ClosingKind] = []
    start = len(lines)
    for _ in range(_MOST_PIECES):
        found = _last_piece(lines, end, marked, signed="signature" in kinds)
        if found is None:
            break
        kind, top = found
        rest = _without_rules(lines, top)
        if not _may_go(lines, rest, (top, end), above, marked=end - 1 in marked):
            break
        kinds.insert(0, kind)
        start = end = rest
    return Closing(start, tuple(dict.fromkeys(kinds))) if kinds else None


def _without_rules(lines: Sequence[str], end: int) -> int:
    """The end without empty lines, rules and delimiters that have nothing below."""
    while end > 0 and _is_empty(lines[end - 1]):
        end -= 1
    return end


def _is_empty(line: str) -> bool:
    return not line or line.isspace() or _RULE.fullmatch(line) is not None


def _may_go(lines: Sequence[str], rest: int, piece: tuple[int, int], above: int, *, marked: bool) -> bool:
    """Whether enough is left without the piece, and whether it is small beside that."""
    kept = above + sum(len(line.strip()) for line in lines[:rest])
    if not above and not any(
        character.isalnum() or character == PICTURE for line in lines[:rest] for character in line
    ):
        return False
    bare = [text for text in map(bare_line, lines[piece[0] : piece[1]]) if text]
    size = sum(map(len, bare))
    few = size <= _LONGEST_MARKED if marked else len(bare) <= _FEW_LINES and size <= _LONGEST_FEW
    return few or 2 * size <= kept


def _last_piece(
    lines: Sequence[str], end: int, marked: Collection[int], *, signed: bool
) -> tuple[ClosingKind, int] | None:
    """What the lines before `end` end with, and where it begins. Of several signatures only the last is one: those
    above it belong to the mails of a digest.
    """
    if end == 0:
        return None
    if end - 1 in marked:
        top = end - 1
        while top - 1 in marked:
            top -= 1
        return "signature", top
    ways: tuple[tuple[ClosingKind, Callable[[Sequence[str], int], int | None]], ...] = (
        ("device", _device),
        ("list", _list_footer),
        ("virus check", _virus_check),
        ("signature", _signature),
    )
    for kind, way in ways[:-1] if signed else ways:
        top_of_piece = way(lines, end)
        if top_of_piece is not None:
            return kind, top_of_piece
    return None


def _device(lines: Sequence[str], end: int) -> int | None:
    """A device's line, or one with the program's URL below it."""
    top = end - 1
    while top > 0 and end - top < _FEW_LINES and _is_only_web(lines[top]):
        top -= 1
    if not is_device_line(lines[top]):
        return None
    return None if _speaks_of(lines[:top], closing_words().sent_from, but=is_device_line, device=True) else top


def _is_only_web(line: str) -> bool:
    """Whether there is nothing to read in a line: it is empty, or an URL."""
    return len(line) <= LONGEST_LINE and PICTURE not in line and not bare_line(line)


def _signature(lines: Sequence[str], end: int) -> int | None:
    """What stands below the last delimiter (RFC 3676 §4.3; many programs lose its space), if it is a signature."""
    count = characters = prose = 0
    parted = False  # whether an empty line stands above prose
    for index in range(end - 1, -1, -1):
        line = lines[index]
        if _DELIMITER.fullmatch(line):
            return None if _speaks_of(lines[:index], closing_words().signature_words, times=2) else index
        if len(line) > LONGEST_LINE or PICTURE in line or _BEGINS_OTHER.match(line):
            return None
        size = len(bare_line(line))
        parted = parted or (prose > 0 and not size)
        if size >= _PROSE:
            if parted:
                return None
            prose += size
        count, characters = count + bool(line.strip()), characters + size
        if count > _MOST_LINES or characters > _MOST_CHARACTERS or prose > _MOST_PROSE:
            return None
    return None


def _virus_check(lines: Sequence[str], end: int) -> int | None:
    """A scanner's lines: a paragraph of at most four, the first of which is in the table; one names the scanner."""
    named = False
    table = closing_words()
    for index in range(end - 1, max(end - _FEW_LINES - 2, 0) - 1, -1):
        line, bare = lines[index], bare_line(lines[index])
        begins = bare.startswith(table.virus_checked)
        sentence = len(bare) >= _PROSE and line.rstrip().endswith(_SENTENCE_ENDS)
        if not line.strip() or PICTURE in line or (sentence and not begins) or len(bare) > 4 * _PROSE:
            return None
        named = named or any(name in line.casefold() for name in table.scanners)
        if named and begins:
            again = index > 0 and bare_line(lines[index - 1]).startswith(table.virus_checked)
            return index - again
    return None


def _list_footer(lines: Sequence[str], end: int) -> int | None:
    """The footer of a mailing list: sentences of the table, and what may stand between and below them."""
    top: int | None = None
    pending = count = characters = 0  # pending: lines below the one looked at that go only if it goes on in them
    for index in range(end - 1, max(end - 3 * _MOST_LINES, 0) - 1, -1):
        line = lines[index]
        bare = bare_line(line)
        count, characters = count + bool(bare), characters + len(bare)
        if len(line) > LONGEST_LINE or PICTURE in line or count > _MOST_LINES or characters > _MOST_CHARACTERS:
            break
        if _is_footer_line(lines, index, end) and (not pending or _goes_on(line)):
            top, pending = index, 0
        elif count <= 2 * _FEW_LINES and _LONG_RULE.fullmatch(line.strip()) and _names_list(lines[index + 1 : end]):
            top, pending = index, 0
            break
        elif bare:
            pending = pending + 1 if not pending or _goes_on(line) else _MOST_LINES
        elif pending and not line.strip():
            pending = _MOST_LINES  # a paragraph of its own: goes only with a rule above
    if top is None or not any(points(line) for line in lines[top:end]):
        return None
    ruled = _parts(lines[top]) or _is_below_rule(lines, top)
    return top if ruled or not _speaks_of(lines[:top], closing_words().unsubscribe) else None


def _is_footer_line(lines: Sequence[str], index: int, end: int) -> bool:
    """Whether a line is a list's: a sentence of the table, the links that end a subscription, the name below a rule."""
    bare = bare_line(lines[index])
    if not bare:
        return False
    table = closing_words()
    if bare.startswith(table.list_footer):
        return True
    near = lines[index : min(index + 2, end)]
    words = [word for word in map(fold, _BETWEEN_LINKS.split(bare)) if word]
    if any(map(points, near)) and not table.unsubscribe.isdisjoint((*words, bare)):
        return bare in table.unsubscribe or all(word in table.unsubscribe or word in table.beside for word in words)
    return _is_below_rule(lines, index) and len(bare) <= LONGEST_SHORT and any(name in bare for name in table.list_name)


def _names_list(lines: Sequence[str]) -> bool:
    """Whether what stands below a rule is a list's footer, whatever its language: a paragraph that links the pages of
    the list.
    """
    block = "\n".join(lines).strip().split("\n")
    if not all(map(str.strip, block)) or sum(len(bare_line(line)) for line in block) > 4 * _PROSE:
        return False
    return any(page in line for line in block if points(line) for page in closing_words().list_pages)


def _parts(line: str) -> bool:
    """Whether a line is a long rule or a delimiter."""
    return _DELIMITER.fullmatch(line) is not None or _LONG_RULE.fullmatch(line.strip()) is not None


def _is_below_rule(lines: Sequence[str], index: int) -> bool:
    """Whether the last line above that says anything is a long rule or a delimiter; two empty ones may be between."""
    above = (line for line in reversed(lines[max(0, index - 3) : index]) if line.strip())
    return _parts(next(above, ""))


def _goes_on(line: str) -> bool:
    text = line.strip()
    return len(text) >= _WRAPPED and not text.endswith(_SENTENCE_ENDS)


def _speaks_of(
    lines: Sequence[str],
    words: Collection[str],
    *,
    times: int = 1,
    but: Callable[[str], bool] | None = None,
    device: bool = False,
) -> bool:
    """Whether the text does, in its last lines, at least so many times; lines that `but` tells are not the text."""
    found = 0
    for line in lines[-_LOOKED_BACK:]:
        folded = fold(line[:LONGEST_LINE])
        if any(word in folded for word in words) and not (but and but(line)):
            found += not device or closing_words().device.search(folded) is not None
            if found >= times:
                return True
    return False
