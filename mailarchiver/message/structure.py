"""The tree of parts (RFC 2045, 2046) as spans of the message's octets: nothing is decoded or copied here.

Why not stdlib's parser: it splits every line of every picture, recurses once per level, reads parameters in quadratic
time, and forgets where a part began, so that an enclosed message could not be cut out byte for byte. Here a boundary
is looked for by `bytes.find`, and whatever is beyond a cap stays closed: a leaf that holds all its octets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ..model import MailWarning
from ..text.bounds import WEIGHT
from .fields import STRUCTURED_OCTETS, Fields, Structured, split_header, structured

DEPTH = 50
PARTS = 2_000
CUT_OCTETS = 100_000_000
"""Of all enclosed and signed messages of a mail together, each within the other counted again; beyond, they stay
attachments."""
CONTAINERS = 50
"""Opened in one mail: winmail.dat, opaque S/MIME."""

_TAIL = re.compile(rb"(--)?(?:[ \t][^\r\n]*)?(?:\r+\n|\n|\r|\Z)")
"""Behind the boundary on its line. More than white space may stand there (RFC 2046 §5.1.1, note to implementors)."""
_LIKELY_BOUNDARY = re.compile(rb"(?:\A|(?<=[\r\n]))--([^\s\-][^\r\n]{0,100}?)[ \t]*\r*\n[Cc][Oo][Nn][Tt][Ee][Nn][Tt]-")
_PREAMBLE = 65_536
_MISSES = 100_000
"""Lines that begin like a delimiter, but are none, looked at before the next one is given up."""


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity: `data[start:body]` is its header, `data[body:end]` its content, still in its transfer encoding.

    The value of `disposition` (RFC 2183) is `""` where there is none.
    `opened` tells a multipart whose parts were found from everything else; then `children` are they, in order. `depth`
    counts the levels above it, those of the messages that it lies in included. `preamble` and `epilogue` (RFC 2046
    §5.1.1) are where the stretches before the first and behind the last delimiter of a multipart begin and end.
    """

    fields: Fields
    content_type: Structured
    disposition: Structured
    start: int
    body: int
    end: int
    children: tuple[Entity, ...] = ()
    opened: bool = False
    depth: int = 0
    preamble: tuple[int, int] = (0, 0)
    epilogue: tuple[int, int] = (0, 0)

    @property
    def encoding(self) -> str:
        """The Content-Transfer-Encoding as written, `""` where there is none."""
        return self.fields.text("content-transfer-encoding")


@dataclass(slots=True)
class Budget:
    """How many parts one mail may still open, over all its levels, how many octets of it may be copied to be read as
    messages of their own, how many containers (TNEF, CMS) may be opened, how much its texts may still weigh, and what
    was found wrong on the way.
    """

    parts: int = PARTS
    octets: int = CUT_OCTETS
    containers: int = CONTAINERS
    weight: int = WEIGHT
    warnings: list[MailWarning] = field(default_factory=list)

    def warn(self, code: str, detail: str) -> None:
        """Note something once."""
        warning = MailWarning(code, detail)
        if warning not in self.warnings:
            self.warnings.append(warning)


def read_structure(data: bytes, budget: Budget, *, depth: int = 0) -> Entity:
    """The tree of the message `data`, which itself lies `depth` levels deep. Never raises, whatever the octets."""
    return _entity(data, 0, len(data), "text/plain", depth, budget)


def _entity(data: bytes, start: int, end: int, default: str, depth: int, budget: Budget) -> Entity:
    fields, body = split_header(data, start, end)
    for note in fields.notes:
        budget.warn("header", note)
    for name in ("content-type", "content-disposition"):
        if len(fields.first(name) or b"") > STRUCTURED_OCTETS:
            budget.warn("header", f"a {name} field is longer than 2 KB; the rest was not read")
    content_type = structured(fields.first("content-type"), default)
    disposition = structured(fields.first("content-disposition"))
    leaf = Entity(fields, content_type, disposition, start, body, end, depth=depth)
    if not content_type.value.startswith("multipart/"):
        return leaf
    if depth >= DEPTH:
        budget.warn("limit", f"parts are nested more than {DEPTH} deep: the inner ones were left closed")
        return leaf
    found = _spans(data, leaf, budget)
    if found is None:
        return leaf
    spans, first, last = found
    inner = "message/rfc822" if content_type.value == "multipart/digest" else "text/plain"
    children = tuple(_entity(data, *span, inner, depth + 1, budget) for span in spans)
    return replace(leaf, children=children, opened=True, preamble=(body, first), epilogue=(last, end))


def _spans(data: bytes, entity: Entity, budget: Budget) -> tuple[list[tuple[int, int]], int, int] | None:
    """Where the parts of a multipart lie, where the first delimiter begins and where the last ends; None where no
    boundary is found, or nothing between two of them.
    """
    boundary = entity.content_type.parameters.get("boundary", "").rstrip().encode("utf-8", "replace")
    if not boundary or _next_delimiter(data, boundary, entity.body, entity.end) is None:
        # QUIRK: the header names another boundary than the body has, or none (broken mailers, cut headers).
        likely = _LIKELY_BOUNDARY.search(data, entity.body, min(entity.end, entity.body + _PREAMBLE))
        budget.warn("structure", "the boundary of a multipart is missing or wrong")
        if likely is None:
            return None
        boundary = likely[1].removesuffix(b"--")
    spans: list[tuple[int, int]] = []
    opened: int | None = None
    first: int | None = None
    last = entity.end
    for line_start, line_end, closing in _delimiters(data, boundary, entity.body, entity.end):
        if opened is not None and budget.parts <= 0:
            budget.warn("limit", f"more than {PARTS} parts: the rest was left closed, in one piece")
            break
        if opened is not None:
            _add(spans, data, opened, line_start, budget)
        first = line_start if first is None else first
        opened, last = (None, line_end) if closing else (line_end, entity.end)
    if opened is not None:
        budget.warn("structure", "the last part of a multipart is not closed by its boundary")
        _add(spans, data, opened, entity.end, budget)
    if not spans:
        budget.warn("structure", "a multipart holds no parts")
    return (spans, entity.body if first is None else first, last) if spans else None


def _add(spans: list[tuple[int, int]], data: bytes, start: int, end: int, budget: Budget) -> None:
    """Note one part; the line break before a delimiter belongs to it (RFC 2046 §5.1.1). Empty ones are none."""
    if data[end - 2 : end] == b"\r\n":
        end -= 2
    elif data[end - 1 : end] in {b"\n", b"\r"}:
        end -= 1
    if end > start:
        spans.append((start, end))
        budget.parts -= 1


def _delimiters(data: bytes, boundary: bytes, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """All delimiter lines: where each begins and ends, and whether it closes the multipart.

    Those behind the closing one count as well: parts after the end are kept.
    """
    found = _next_delimiter(data, boundary, start, end)
    while found is not None:
        yield found
        found = _next_delimiter(data, boundary, found[1], end)


def _next_delimiter(data: bytes, boundary: bytes, start: int, end: int) -> tuple[int, int, bool] | None:
    """The next delimiter line. `start` must be the beginning of a line, so that the first may stand right there."""
    line = start if data.startswith(b"--" + boundary, start, end) else _line_with(data, boundary, start, end)
    for _ in range(_MISSES):
        if line < 0:
            return None
        tail = _TAIL.match(data, line + 2 + len(boundary), end)
        if tail:
            return line, tail.end(), tail[1] is not None
        line = _line_with(data, boundary, line + 1, end)
    return None


def _line_with(data: bytes, boundary: bytes, start: int, end: int) -> int:
    """Where the next line begins that begins with the boundary, behind LF or a bare CR; -1 for none."""
    found = data.find(b"\n--" + boundary, start, end)
    bare = data.find(b"\r--" + boundary, start, found if found >= 0 else end)
    nearest = bare if bare >= 0 else found
    return nearest + 1 if nearest >= 0 else -1
