"""One leaf of the tree: its octets, the part it makes, the text it is; and what stands outside of all leaves."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ..model import Part
from ..text.bounds import beginning, bounded
from .armor import is_sealed, unsigned
from .charset import decode
from .flowed import unflow
from .structure import Budget, Entity
from .tnef import Unpacked
from .transfer import undo
from .uuencode import cut_out

_NOTICE = re.compile(r"mime|multi-?part", re.IGNORECASE)
"""What the sentence for readers without MIME speaks of, in any language."""
_STRAY_PART = re.compile(rb"(?:\A|(?<=[\r\n]))[ \t]{0,80}--[^\s\-][^\r\n]{0,100}\r?\n[Cc][Oo][Nn][Tt][Ee][Nn][Tt]-")
"""A delimiter, of whatever boundary, with a header below."""


@dataclass(slots=True)
class Gathering:
    """What was found beside the body so far; `data` are the octets that the entities are spans of."""

    data: bytes
    budget: Budget
    parts: list[Part] = field(default_factory=list)
    enclosed: list[bytes] = field(default_factory=list)
    winmail: list[Unpacked] = field(default_factory=list)


def text_of(entity: Entity, gathering: Gathering) -> str:
    """The text of a textual leaf, decoded; HTML within what parsers bear."""
    text, damage = decode(octets_of(entity, gathering), entity.content_type.parameters.get("charset"))
    if damage:
        gathering.budget.warn("charset", damage)
    text = _real_spaces(text)
    if entity.content_type.value != "text/html":
        return _plain(text, entity, gathering)
    return bounded_html(_beginning(text, entity, gathering, html=True), gathering.budget)


def bounded_html(html: str, budget: Budget) -> str:
    """HTML within what parsers bear, with a warning where something was taken out."""
    html, cut = bounded(html)
    if cut:
        budget.warn("limit", cut)
    return html


def _beginning(text: str, entity: Entity, gathering: Gathering, *, html: bool = False) -> str:
    """So much of a text as may still be shown; where that is not all, the whole of it becomes a part."""
    shown, weight = beginning(text, gathering.budget.weight, html=html)
    gathering.budget.weight -= weight
    if len(shown) < len(text):
        gathering.budget.warn("limit", "the text is too long: its beginning is shown, all of it is an attachment")
        gathering.parts.append(part_of(entity, gathering))
    return shown


def _plain(text: str, entity: Entity, gathering: Gathering) -> str:
    """Plain text without the signatures and the files uuencoded in it, which become parts, and with the paragraphs
    whole that `format=flowed` (RFC 3676) broke into lines.
    """
    text, signatures = unsigned(text)
    for signature in signatures:
        octets = signature.encode("utf-8", "replace")
        gathering.parts.append(Part("application/pgp-signature", octets, "signature.asc", disposition="attachment"))
    if is_sealed(text):
        gathering.budget.warn("sealed", "an OpenPGP message in the text (RFC 9580 §6.2): kept as it came")
    text = _beginning(_cut_out(text, gathering), entity, gathering)
    parameters = entity.content_type.parameters
    if parameters.get("format", "").strip().lower() != "flowed":
        return text
    return unflow(text, delsp=parameters.get("delsp", "").strip().lower() == "yes")


def _cut_out(text: str, gathering: Gathering) -> str:
    """The text without the files uuencoded in it, which become parts."""
    text, files = cut_out(text)
    for name, data in files:
        gathering.parts.append(Part("application/octet-stream", data, filename=name, disposition="attachment"))
        gathering.budget.warn("unpacked", "a uuencoded file in the text was made an attachment")
    return text


def octets_of(entity: Entity, gathering: Gathering) -> bytes:
    """The content of a leaf, its transfer encoding undone."""
    data, damage = undo(gathering.data[entity.body : entity.end], entity.encoding)
    if damage:
        gathering.budget.warn("transfer", f"{entity.content_type.value}: {damage}")
    return data


def part_of(entity: Entity, gathering: Gathering) -> Part:
    """The leaf as a part."""
    disposition = entity.disposition
    location = entity.fields.text("content-location")
    return Part(
        content_type=entity.content_type.value,
        data=octets_of(entity, gathering),
        filename=disposition.parameters.get("filename", entity.content_type.parameters.get("name")),
        content_id=content_id(entity) or None,
        content_location="".join(location.split()) or None,
        disposition=disposition.value or None,
    )


def content_id(entity: Entity) -> str:
    """The Content-ID without its angle brackets, percent-encoding as sent; `""` where there is none."""
    return entity.fields.text("content-id").strip().removeprefix("<").removesuffix(">").strip()


def _real_spaces(text: str) -> str:
    """Text whose every space is U+00A0 with real ones.

    QUIRK: mail pasted through editors that harden all spaces, even those inside tags, so that no parser finds an
    element in it. One U+0020 proves that the others are meant.
    """
    return text.replace("\u00a0", " ") if "\u00a0" in text and " " not in text else text


def read_outside(entity: Entity, gathering: Gathering) -> None:
    """RFC 2046 §5.1.1: preamble and epilogue are to be ignored, and are, but for what must not vanish: files uuencoded
    there become parts; a stretch with a part in it that this multipart does not know is kept in one piece. Words behind
    the end are told by a warning; those before the first part are nearly always the notice that this is MIME.
    """
    for start, end in (entity.preamble, entity.epilogue):
        octets = gathering.data[start:end]
        words = octets
        if b"begin " in octets:
            words = _cut_out(decode(octets)[0], gathering).encode()
        if _STRAY_PART.search(octets):
            gathering.parts.append(Part("text/plain", octets, disposition="attachment"))
            gathering.budget.warn("structure", "parts stand outside of the boundary: they were kept in one piece")
        elif start == entity.epilogue[0] and words.strip():
            gathering.budget.warn("structure", "what stands behind the end of a multipart is no part, and was left out")


def text_in_preamble(root: Entity, gathering: Gathering) -> str | None:
    """What stands before the first part of a message without body, unless it is the notice that this is MIME.

    QUIRK: mailers that write the text there; RFC 2046 §5.1.1 has it ignored.
    """
    octets = gathering.data[slice(*root.preamble)]
    text = decode(octets)[0].strip()
    return text if text and not _NOTICE.search(text) and not _STRAY_PART.search(octets) else None
