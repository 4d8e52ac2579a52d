"""Headings of plain text that no rule underlines: `# x`, lines in capitals, numbered lines, each alone above a text."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

_LONGEST = 100
"""Characters of a heading."""
_MOST_WORDS = 12
_TEXT = 40
"""Characters of a line with which a text begins below a heading."""
_SURE = 2
"""So many headings of a kind prove each other; a single one must be the first line."""
_MARKDOWN = re.compile(r"(#{1,6})[ \t]+(\S.*?)(?:[ \t]+#+)?")
_NUMBERED = re.compile(
    r"(?:(?:Chapter|Section|Part|Kapitel|Teil|Abschnitt|Chapitre|Partie|Capítulo|Parte|Capitolo) )?"
    r"([0-9]{1,2})(?:[.):]|(?:\.[0-9]{1,2}){1,3}\.?)[ \t]+(\S.*)"
)
_NO_HEADING = (".", ",", ";", "!", "…", "-", "–", "—", ")", ">")
_LETTERS = 4


class Heading(NamedTuple):
    """A heading that was found: its level in HTML, and its words."""

    level: int
    text: str


Kind = Literal["markdown", "capitals", "numbered"]
Candidates: TypeAlias = Mapping[Kind, Mapping[int, Heading]]


def candidates(lines: Sequence[str], taken: Collection[int]) -> Candidates:
    """What may be a heading among lines of one author, by kind and index: each stands alone, with text below it.

    `taken` are lines known to be something else. Underlined headings are `blocks`' own.
    """
    free = [index for index in _alone(lines) if index not in taken and len(lines[index]) <= _LONGEST]
    return {
        "markdown": _markdown(lines, taken),
        "capitals": _capitals(lines, free),
        "numbered": _numbered(lines, free),
    }


def headings(found: Sequence[Candidates], first: int) -> list[dict[int, Heading]]:
    """The headings among the candidates of each stretch of a text: of a kind that is there twice, or the first line of
    the text, which is line `first` of the first stretch.
    """
    kinds: tuple[Kind, ...] = ("markdown", "capitals", "numbered")
    sure = {kind for kind in kinds if sum(len(own[kind]) for own in found) >= _SURE}
    chosen: list[dict[int, Heading]] = []
    for number, own in enumerate(found):
        rows = [own[kind] for kind in kinds if kind in sure or (number == 0 and first in own[kind])]
        chosen.append({index: heading for row in rows for index, heading in row.items()})
    return chosen


def _alone(lines: Sequence[str]) -> list[int]:
    """The lines with nothing, or the beginning, above, and an empty line below."""
    found: list[int] = []
    for index, line in enumerate(lines):
        if not line or line[0] in " \t\u3000" or (index and lines[index - 1]):
            continue
        if index + 1 < len(lines) and not lines[index + 1]:
            found.append(index)
    return found


def _below(lines: Sequence[str], index: int) -> str:
    """The first line below that says something."""
    return next((line for line in lines[index + 1 : index + 5] if line), "")


def _markdown(lines: Sequence[str], taken: Collection[int]) -> dict[int, Heading]:
    """Lines marked as Markdown marks them (CommonMark, "ATX headings"): `#` is the second level of a page."""
    found: dict[int, Heading] = {}
    for index, line in enumerate(lines):
        if index in taken or not line.startswith("#") or len(line) > _LONGEST or (index and lines[index - 1]):
            continue
        match = _MARKDOWN.fullmatch(line)
        below = _below(lines, index)
        is_above_text = bool(below) and (not below.startswith("#") or below.startswith(f"{line.split()[0]}#"))
        if match and is_above_text and any(map(str.isalpha, match[2])):
            found[index] = Heading(min(len(match[1]) + 1, 6), match[2])
    return found


def _capitals(lines: Sequence[str], free: Sequence[int]) -> dict[int, Heading]:
    """Lines all in capitals, in scripts that have them."""
    return {
        index: Heading(2, lines[index])
        for index in free
        if _is_title(lines[index])
        and lines[index].isupper()
        and _is_word(lines[index])
        and _begins_text(_below(lines, index))
    }


def _numbered(lines: Sequence[str], free: Sequence[int]) -> dict[int, Heading]:
    """Lines with the next number, with a text below that is no further item."""
    found: dict[int, Heading] = {}
    last = 0
    for index in free:
        match = _NUMBERED.fullmatch(lines[index])
        if match is None or not _is_title(match[2]) or not _begins_text(_below(lines, index)):
            continue
        level = 3 if re.match(r"[0-9]+\.[0-9]", lines[index]) else 2
        if not last or int(match[1]) == last + 1 or (level > 2 and int(match[1]) == last):
            found[index] = Heading(level, lines[index])
            last = int(match[1])
    return found


def _is_title(text: str) -> bool:
    return not text.endswith(_NO_HEADING) and len(text.split()) <= _MOST_WORDS and "://" not in text


def _is_word(text: str) -> bool:
    letters = sum(map(str.isalpha, text))
    return letters >= _LETTERS and 2 * letters > len(text.replace(" ", ""))


def _begins_text(line: str) -> bool:
    """Whether a paragraph begins with a line: a long one, with small letters, and not indented."""
    return len(line) >= _TEXT and not line[0].isspace() and not line.isupper() and _NUMBERED.fullmatch(line) is None
