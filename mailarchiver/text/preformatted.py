"""Which lines of a plain text are to be shown as they are typed: diffs, code, tables, drawings, encoded data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_FENCE = re.compile(r"[ \t]*(?P<marks>`{3,}|~{3,})[ \t]*(?P<language>[\w+#.-]{0,30})")

_DIFF_BEGIN = re.compile(r"diff --?\w|Index: \S|--- \S|@@ -\d")
_DIFF_HEADER = re.compile(
    r"diff |index [0-9a-f]{4}|Index: |={20,}$|--- |\+\+\+ |(?:old|new|deleted) |rename |similarity |copy "
)
_HUNK = re.compile(r"@@ -\d{1,9}(?:,(\d{1,9}))? \+\d{1,9}(?:,(\d{1,9}))? @@")
_HEADERS = 10
"""Lines above the first hunk of a file."""

_DRAWN = re.compile("[\u2500-\u259f]")
_DIFFSTAT = re.compile(r" \S.*\|\s+(?:\d+ [+-]*|Bin .*)$| \d+ files? changed, | (?:create|delete) mode [0-7]{6} ")
_CODE = re.compile(
    r"^\s*(?:#include\s*[<\"]|#!/|def \w+\s*\(|class \w+[({]|import [\w.]+;?$|from [\w.]+ import |function\s*\w*\s*\("
    r"|return\b[^.]*;$|(?:if|for|while|switch)\s*\(.*[{;:)]$|(?:el)?if [^.]*:$|else:$|for \w+ in .*:$|\$ [a-z]|//\s"
    r"|</?[A-Za-z][\w-]*(?:\s[^<>]*)?>$|[\w.$\[\]-]+\s*[-+*/|&:]?=\s*[^\s=])"
    r"|\w\([^()]*\)\s*[;{]$|[{}]$|/\*|\*/|&&|\|\||!=|(?<!=)==(?!=)|<\?php|<!--"
)
_CODE_END = re.compile(r"[;{}\\]$")
_DATA = re.compile(r"[!-~]{40,}")
_LETTERS = re.compile(r"[A-Za-z0-9]{4}")
_URL = re.compile(r"[<(]?https?:", re.IGNORECASE)

_LEAD = re.compile(r"[ \t]*(?:[-*•·o§][ \t]+|\d{1,3}[.)][ \t]+)?(?:[^\s:]{1,30}(?: [^\s:]{1,30}){0,4}:[ \t]+)?")
_GAP = re.compile(r"\S(?: {3,}| *\t[ \t]*)(?=\S)|[^\s.!?:;,\"')”’\]]  (?=\S)")
_HAS_GAP = re.compile(r"\S(?:  | ?\t)[ \t]*\S")


def preformatted(lines: Sequence[str]) -> bytearray:
    """1 for every line that is to stay as it is. The lines have no white space at their ends.

    Looks at the lines themselves only; that a text is indented alone says nothing here.
    """
    marks = bytearray(len(lines))
    for start, end in (*fenced(lines), *_diffs(lines)):
        marks[start:end] = b"\1" * (end - start)
    for start, end in chunks(lines):
        if not marks[start]:
            _mark_chunk(lines, start, end, marks)
    return marks


def chunks(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The stretches of lines between empty ones."""
    start: int | None = None
    for index, line in enumerate(lines):
        if line and start is None:
            start = index
        elif not line and start is not None:
            yield start, index
            start = None
    if start is not None:
        yield start, len(lines)


def has_columns(line: str) -> bool:
    """Whether there is a tab or a run of spaces within a line."""
    return _HAS_GAP.search(line) is not None


def is_code(line: str) -> bool:
    """Whether a line reads like program code; prose may by chance."""
    return _CODE.search(line) is not None


def fenced(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Stretches between two fences of Markdown, fences included (CommonMark 0.31 §4.5, but that one has to be closed).

    QUIRK: a line of tildes is more often one across the page; it is a fence where it names a language, or there is code
    behind it.
    """
    opened: tuple[int, str, bool] | None = None
    for index, line in enumerate(lines):
        found = _FENCE.fullmatch(line) if line[:1] and line[0] in " \t`~" else None
        if found is None:
            continue
        if opened is None:
            opened = index, found["marks"], bool(found["language"])
        elif found["marks"].startswith(opened[1]) and not found["language"]:
            start, marks, named = opened
            if marks[0] == "`" or named or any(map(is_code, lines[start + 1 : index])):
                yield start, index + 1
                opened = None
            else:
                opened = index, found["marks"], False


def unfenced(lines: Sequence[str]) -> tuple[str, ...]:
    """What stands between two fences, less indented by so much as the first is; all of it where that is nothing."""
    indent = len(lines[0]) - len(lines[0].lstrip())
    inner = tuple(line[min(indent, len(line) - len(line.lstrip())) :] for line in lines[1:-1])
    return inner if any(inner) else tuple(lines)


def _diffs(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    index = 0
    while index < len(lines):
        if lines[index][:1] in "dI-@" and _DIFF_BEGIN.match(lines[index]):
            end = _diff_end(lines, index)
            if end > index:
                yield index, end
                index = end
                continue
        index += 1


def _diff_end(lines: Sequence[str], start: int) -> int:
    """Where the part of a diff ends that begins at a line; there, if none does."""
    place = start
    while place < min(start + _HEADERS, len(lines)) and _DIFF_HEADER.match(lines[place]):
        place += 1
    hunk = _HUNK.match(lines[place]) if place < len(lines) else None
    if hunk is None:  # a new mode, a renamed file
        return place if lines[start].startswith("diff ") else start
    old, new = int(hunk[1] or 1), int(hunk[2] or 1)
    place += 1
    while place < len(lines) and (old > 0 or new > 0 or lines[place].startswith("\\")):
        kind = lines[place][:1]
        if kind not in " +-\\":  # "" for an empty line, which has lost its space
            break
        old -= kind in " -"
        new -= kind in " +"
        place += 1
    return place


def _mark_chunk(lines: Sequence[str], start: int, end: int, marks: bytearray) -> None:
    if end == start + 1:
        line = lines[start]
        marks[start] = (line[0] in " \t" and _is_code([line])) or (_is_drawn(line) and _is_drawn_alone(line))
        return
    chunk = lines[start:end]
    text = "\n".join(chunk)
    if _is_code(chunk):
        marks[start:end] = b"\1" * len(chunk)
        return
    flags = bytearray(len(chunk))
    if _HAS_GAP.search(text):
        _flag_columns(chunk, flags)
    for index, line in enumerate(chunk):
        if _is_drawn(line) or _is_data(line):
            flags[index] = 1
    for first, last in _runs(flags):
        if sum(map(bool, flags[first:last])) > 1 or _is_drawn_alone(chunk[first]):
            marks[start + first : start + last] = b"\1" * (last - first)


def _is_code(chunk: Sequence[str]) -> bool:
    strong = sum(1 for line in chunk if _CODE.search(line))
    if not strong:
        return False
    if all(line.startswith(("    ", "\t")) for line in chunk):
        return True
    weak = sum(1 for line in chunk if _CODE_END.search(line) and not _CODE.search(line))
    return strong + weak > 1 and (strong + weak) * 5 >= len(chunk) * 2


def _is_drawn(line: str) -> bool:
    """Whether a line is part of a table drawn with bars, or of a drawing."""
    bare = line.strip()
    if bare[0] in "|+" and bare[-1] in "|+" and len(bare) > 2:
        return bare.count("|") > 1 or not bare.strip("+-=:")
    return _DIFFSTAT.match(line) is not None or (not line.isascii() and _DRAWN.search(line) is not None)


def _is_data(line: str) -> bool:
    """Whether a line is encoded data: long, without a space, and no URL."""
    return (
        len(line) >= 40 and _DATA.fullmatch(line) is not None and bool(_LETTERS.search(line)) and not _URL.match(line)
    )


def _is_drawn_alone(line: str) -> bool:
    return line.count("|") > 2 or len(re.findall("[\u2500-\u257f]", line)) > 2


def _flag_columns(chunk: Sequence[str], flags: bytearray) -> None:
    """Flag the lines that have columns: a wide gap, or a narrow one that ends where one of a neighbour does."""
    if _is_justified(chunk):
        return
    before: set[int] = set()
    for index, line in enumerate(chunk):
        lead = _LEAD.match(line)
        gaps = list(_GAP.finditer(line, lead.end() if lead else 0))
        ends = {gap.end() for gap in gaps}
        if any(gap.end() - gap.start() > 3 or "\t" in gap.group() for gap in gaps):
            flags[index] = 1
        elif ends & before:
            flags[index] = 1
            flags[index - 1] = 1
        before = ends


def _is_justified(chunk: Sequence[str]) -> bool:
    """Whether the gaps only make all lines of a paragraph equally long."""
    lengths = [len(line) for line in chunk[:-1]]
    return (
        len(lengths) > 1 and min(lengths) >= 50 and max(lengths) - min(lengths) <= 2 and len(chunk[-1]) <= max(lengths)
    )


def _runs(flags: bytearray) -> Iterator[tuple[int, int]]:
    """Stretches of flagged lines, with single lines between them that are not."""
    index = 0
    while index < len(flags):
        if not flags[index]:
            index += 1
            continue
        end = index + 1
        while end < len(flags) and (flags[end] or (end + 1 < len(flags) and flags[end + 1])):
            end += 1
        yield index, end
        index = end
