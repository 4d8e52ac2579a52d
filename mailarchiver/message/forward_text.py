"""Forwards in plain text: found among the lines, and cut out of their quote."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..text.subject import prefix_kind
from .forward_evidence import NO_BLOCK, REPLY, Evidence
from .forward_header import Block, block_at, find_block
from .forward_markers import is_end
from .forward_note import note_of, says_nothing

LINES = 400
"""Looked at for the first header block: a note is never longer, and quoted history below an article is no forward."""
_LINE = 20_000
"""Characters of a line that are looked at: no header field is longer."""
_HOPS = 20
_RULE = re.compile(r"[_=*~–—-]{10,}")
"""Drawn by mail programs above a header block."""
_QUOTE = re.compile(r"(?:[ \t]?>){1,100}[ \t]?")


@dataclass(frozen=True, slots=True)
class Found:
    """A forward: its header blocks, outermost first, the note above, and the body of the innermost in either form."""

    blocks: tuple[Block, ...]
    note: str | None
    html: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Quoted:
    """No forward, although it looks like one; `why` says what it is taken for."""

    why: str


def forwards(
    lines: Sequence[str], evidence: Evidence, drawn: Callable[[Block], bool], *, wrapped: bool
) -> tuple[Block, ...] | Quoted | None:
    """The header blocks of a forward among the lines of a mail; None where there is none to be seen.

    `drawn` tells whether the mail program set a block off. Further blocks count only where each stands directly on top
    of the next: text between them makes the rest quoted history, which stays.
    """
    kind = evidence.kind
    if kind == "reply":
        return Quoted(REPLY)
    is_forward = kind == "forward"
    block = find_block(lines, bare=is_forward, wrapped=wrapped)
    if block is None:
        return Quoted(NO_BLOCK) if is_forward else None
    why = evidence.against(block, lines[: block.start], drawn=drawn(block))
    if why:
        return Quoted(why)
    blocks = [block]
    while len(blocks) < _HOPS:
        top = next((index for index in range(blocks[-1].end, len(lines)) if not says_nothing(lines[index])), None)
        inner = block_at(lines, top, wrapped=wrapped) if top is not None else None
        if inner is None or (not inner.certain and prefix_kind(blocks[-1].headers.subject) == "reply"):
            break
        blocks.append(inner)
    return tuple(blocks)


def unwrap_text(text: str, evidence: Evidence) -> Found | Quoted | None:
    """The forward in a plain text; None where there is none to be seen."""
    raw = text.replace("\ufeff", "").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    depths = [_depth(line) for line in raw[:LINES]]
    lines = [
        _QUOTE.sub("", line, count=1).strip() if depth else line.strip()
        for line, depth in zip(raw, depths, strict=False)
    ]

    def drawn(block: Block) -> bool:
        above = next((line for line in reversed(lines[: block.start]) if line), "")
        return _RULE.fullmatch(above) is not None

    blocks = forwards(lines, evidence, drawn, wrapped=True)
    if not isinstance(blocks, tuple):
        return blocks
    last = blocks[-1]
    body = _body(raw[last.end :], depths[last.end - 1])
    return Found(blocks, note_of(lines[: blocks[0].start]), text=body)


def _depth(line: str) -> int:
    """How deep a line is quoted: the number of `>` before it."""
    match = _QUOTE.match(line) if ">" in line else None
    return match.group().count(">") if match else 0


def _body(lines: Sequence[str], depth: int) -> str:
    """The forwarded text without the quote marks of the forward, and without what was written below the quote.

    QUIRK: some programs (Missive) quote the body, but not the header block above it.
    """
    if depth == 0 and all(_depth(line) for line in lines if line.strip()):
        depth = 1
    if depth:
        quoted = [index for index, line in enumerate(lines) if _depth(line) >= depth]
        lines = lines[: quoted[-1] + 1] if quoted else lines
        mark = re.compile(rf"(?:[ \t]?>){{1,{depth}}}[ \t]?")
        lines = [mark.sub("", line, count=1) if _depth(line) else line for line in lines]
    last = next((index for index in reversed(range(len(lines))) if lines[index].strip()), None)
    if last is not None and is_end(lines[last].strip()):
        lines = lines[:last]
    lines = [line if line.strip(" \t") else "" for line in lines]
    text = "\n".join(lines).strip("\n")
    return textwrap.dedent(text) if all(line[:1] in {"", " ", "\t"} for line in lines) else text
