"""Forwards in plain text: found among the lines, and cut out of their quote."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from ..text.subject import Kind, prefix_kind
from .forward_header import Block, block_at, find_block, is_attribution
from .forward_note import note_of

LINES = 400
"""Looked at for the first header block: a note is never longer, and quoted history below an article is no forward."""
_LINE = 20_000
"""Characters of a line that are looked at: no header field is longer."""
_HOPS = 20
_QUOTE = re.compile(r"(?:[ \t]?>){1,100}[ \t]?")


@dataclass(frozen=True, slots=True)
class Found:
    """A forward: its header blocks, outermost first, the note above, and the body of the innermost."""

    blocks: tuple[Block, ...]
    note: str | None
    body: str


def forwards(lines: Sequence[str], kind: Kind | None, *, wrapped: bool) -> tuple[Block, ...]:
    """The header blocks of a forward among the lines of a mail whose subject has that prefix; () where it is none.

    A reply looks like a forward, but for its subject, or the "… wrote:" above what it quotes. Further blocks count only
    where each stands directly on top of the next: text between them makes the rest quoted history, which stays.
    """
    if kind == "reply":
        return ()
    block = find_block(lines, bare=kind == "forward", wrapped=wrapped)
    if block is None or not (kind == "forward" or _forwarded(block, lines[: block.start])):
        return ()
    blocks = [block]
    while len(blocks) < _HOPS:
        top = next((index for index in range(blocks[-1].end, len(lines)) if lines[index]), None)
        inner = block_at(lines, top, wrapped=wrapped) if top is not None else None
        if inner is None or (not inner.certain and prefix_kind(blocks[-1].headers.subject) == "reply"):
            break
        blocks.append(inner)
    return tuple(blocks)


def _forwarded(block: Block, above: Sequence[str]) -> bool:
    """Whether a header block is that of a forward, where the subject does not say so.

    A marker does, unless it is quoted itself; without one it must be the first thing in the mail: with words above it
    stands in an answer, in a bounce, in a manual.
    """
    if block.certain:
        return not any(is_attribution(line) for line in above)
    return not any(above)


def unwrap_text(text: str, kind: Kind | None) -> Found | None:
    """The forward in a plain text; None where it is none."""
    raw = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    depths = [_depth(line) for line in raw[:LINES]]
    lines = [
        _QUOTE.sub("", line, count=1).strip() if depth else line.strip()
        for line, depth in zip(raw, depths, strict=False)
    ]
    blocks = forwards(lines, kind, wrapped=True)
    if not blocks:
        return None
    last = blocks[-1]
    return Found(blocks, note_of(lines[: blocks[0].start]), _body(raw[last.end :], depths[last.end - 1]))


def _depth(line: str) -> int:
    """How deep a line is quoted: the number of `>` before it."""
    match = _QUOTE.match(line)
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
    return textwrap.dedent("\n".join(lines)).strip("\n")
