"""Text of `format=flowed` (RFC 3676) → plain lines: what the sending program wrapped is one line again."""

from __future__ import annotations

import re

_QUOTE = re.compile(r">(?: ?>)*")
"""QUIRK: RFC 3676 §4.5 allows no space between the marks; programs that quote by putting "> " before each line do."""
_SIGNATURE = "-- "


def unflow(text: str, *, delsp: bool) -> str:
    r"""The text with its soft line breaks undone (RFC 3676 §4.1), its lines ended by "\n".

    What comes out: a paragraph that was flowed is one line, a fixed line stays a line, an empty line stays empty.
    Quoted lines begin with all their marks and one space (`>> text`, as §4.5 wants them sent), an empty quoted line is
    its marks alone. Space-stuffing (§4.4) is undone; but a line of text that itself begins with ">" keeps the space
    before it, or it would be taken for a quote. The signature's `-- ` keeps its space and is never joined (§4.3).
    `delsp` is the parameter DelSp=yes: the space before a soft break was put there by the sending program.

    Joins nothing across quote depths (§4.5) and nothing with an empty line, though §4.1 reads as if an empty line could
    end a paragraph without being one. Text that was labelled flowed but wrapped hard comes out as it is.
    """
    out: list[str] = []
    paragraph: list[str] = []
    depth = 0
    for raw in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        line_depth, line = _read(raw)
        fixed = line == _SIGNATURE or not line.strip()
        if paragraph and (fixed or line_depth != depth):
            out.append(_written(depth, paragraph))
            paragraph = []
        depth = line_depth
        if not fixed and line.endswith(" "):
            paragraph.append(line[:-1] if delsp else line)
        else:
            out.append(_written(depth, [*paragraph, line if line == _SIGNATURE else line.rstrip(" ")]))
            paragraph = []
    if paragraph:
        out.append(_written(depth, paragraph))
    return "\n".join(out)


def _read(raw: str) -> tuple[int, str]:
    """The depth of a line's quote, and the line without its marks and its stuffing."""
    depth = 0
    if raw.startswith(">"):
        marks = _QUOTE.match(raw)
        end = marks.end() if marks else 0
        depth, raw = raw.count(">", 0, end), raw[end:]
    elif raw.startswith(" >"):
        return 0, raw
    return depth, raw[1:] if raw.startswith(" ") else raw


def _written(depth: int, pieces: list[str]) -> str:
    line = "".join(pieces)
    if line != _SIGNATURE:
        line = line.rstrip(" ")
    return f"{'>' * depth} {line}" if depth and line else ">" * depth + line
