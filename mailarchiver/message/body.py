"""Which parts are the body, which are kept beside it, and which are messages of their own.

::

    Entity tree ─▶ segments of the body, in order ─▶ html, text
                └▶ everything else: parts, enclosed messages
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..model import Part
from ..text.bounds import beginning, bounded
from ..text.reflow import html_of
from .charset import decode
from .flowed import unflow
from .structure import Budget, Entity
from .transfer import undo
from .uuencode import cut_out

_TEXTUAL = ("text/plain", "text/html")
_ENCLOSED = ("message/rfc822", "message/global", "message/news")
_SEALED = {
    # content type → why it is kept as it is
    "multipart/encrypted": "encrypted (RFC 1847): kept as it came",
    "application/pkcs7-mime": "S/MIME (RFC 8551): kept as it came",
    "application/x-pkcs7-mime": "S/MIME (RFC 8551): kept as it came",
    "message/partial": "one piece of a message sent in several (RFC 2046 §5.2.2): kept as it came",
    "message/external-body": "its body lies elsewhere (RFC 2046 §5.2.3) and was not fetched",
}


@dataclass(frozen=True, slots=True)
class _Segment:
    """A stretch of the body in one or both of its alternatives."""

    html: str | None
    text: str | None


@dataclass(slots=True)
class _Gathering:
    data: bytes
    budget: Budget
    parts: list[Part] = field(default_factory=list)
    enclosed: list[bytes] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Body:
    """What the tree holds; `enclosed` are the octets of the messages in it, byte for byte as they were sent."""

    html: str | None
    text: str | None
    parts: tuple[Part, ...]
    enclosed: tuple[bytes, ...]


def read_body(data: bytes, root: Entity, budget: Budget) -> Body:
    """The body of the message `data` and all that is beside it: every leaf is in exactly one place of the result.

    A leaf is body when it is text/plain or text/html, not called an attachment and not named, or the whole message.
    Several body parts (Apple Mail writes text, picture, text) are joined in order. Of alternatives (RFC 2046 §5.1.4)
    the last HTML and the last plain text count, the others become parts.
    """
    gathering = _Gathering(data, budget)
    if root.opened:
        segments = _gather(root, gathering)
    else:
        _warn_if_sealed(root, budget)
        segments = _leaf(root, gathering, body=root.content_type.value in {*_TEXTUAL, "text"} or _unopened(root))
    return Body(*_joined(segments), tuple(gathering.parts), tuple(gathering.enclosed))


def _warn_if_sealed(entity: Entity, budget: Budget) -> None:
    kind = entity.content_type.value
    if kind in _SEALED:
        budget.warn("sealed", f"{kind} is {_SEALED[kind]}")


def _unopened(entity: Entity) -> bool:
    """A multipart without parts: what it holds is read as text (as stdlib does)."""
    return entity.content_type.value.startswith("multipart/") and not entity.opened


def _gather(entity: Entity, gathering: _Gathering) -> list[_Segment]:
    """The segments below `entity`, in order; what is no body goes to the gathering."""
    kind = entity.content_type.value
    _warn_if_sealed(entity, gathering.budget)
    if not entity.opened:
        return _leaf(entity, gathering, body=_is_body(entity))
    if kind == "multipart/alternative":
        return _alternative(entity, gathering)
    if kind == "multipart/related":
        return _related(entity, gathering)
    return [segment for child in entity.children for segment in _gather(child, gathering)]


def _is_body(entity: Entity) -> bool:
    disposition = entity.disposition
    return (
        entity.content_type.value in _TEXTUAL
        and disposition.value != "attachment"
        and not disposition.parameters.get("filename")
        and not entity.content_type.parameters.get("name")
    )


def _alternative(entity: Entity, gathering: _Gathering) -> list[_Segment]:
    """One segment out of the alternatives; those that are not chosen are kept as parts."""
    choices: list[tuple[Entity, _Segment]] = []
    for child in entity.children:
        named_body = child.content_type.value in _TEXTUAL and child.disposition.value != "attachment"
        found = _leaf(child, gathering, body=True) if named_body else _gather(child, gathering)
        if found:
            choices.append((child, _Segment(*_joined(found))))
    rich = next((pair for pair in reversed(choices) if pair[1].html is not None), None)
    plain = next((pair for pair in reversed(choices) if pair[1].html is None), None)
    for pair in choices:
        if pair not in (rich, plain):
            _keep_text(pair[0], gathering)
    if rich is None and plain is None:
        return []
    text = plain[1].text if plain else None
    return [_Segment(rich[1].html, text if text is not None else rich[1].text) if rich else _Segment(None, text)]


def _keep_text(entity: Entity, gathering: _Gathering) -> None:
    """Keep the body parts below an alternative that was not chosen; its other leaves are kept already."""
    for child in entity.children:
        _keep_text(child, gathering)
    if not entity.opened and entity.content_type.value in _TEXTUAL:
        gathering.parts.append(_part(entity, gathering))


def _related(entity: Entity, gathering: _Gathering) -> list[_Segment]:
    """RFC 2387: the root (named by `start`, else the first) is the body, all others belong to it."""
    start = entity.content_type.parameters.get("start", "").strip("<> ")
    named = [child for child in entity.children if start and content_id(child) == start]
    root = (named or list(entity.children[:1]))[0] if entity.children else None
    segments: list[_Segment] = []
    for child in entity.children:
        if child is root or not segments or child.opened or child.content_type.value not in _TEXTUAL:
            segments += _gather(child, gathering)
        else:
            gathering.parts.append(_part(child, gathering))
    return segments


def _leaf(entity: Entity, gathering: _Gathering, *, body: bool) -> list[_Segment]:
    """A body segment, or nothing where the leaf was put beside the body."""
    if not body:
        if entity.content_type.value in _ENCLOSED:
            gathering.enclosed.append(_octets(entity, gathering))
        elif not (_unopened(entity) and entity.body == entity.end):
            gathering.parts.append(_part(entity, gathering))
        return []
    text, damage = decode(_octets(entity, gathering), entity.content_type.parameters.get("charset"))
    if damage:
        gathering.budget.warn("charset", damage)
    text = _real_spaces(text)
    if entity.content_type.value != "text/html":
        return [_Segment(None, _plain(text, entity, gathering))]
    html, cut = bounded(_beginning(text, entity, gathering, html=True))
    if cut:
        gathering.budget.warn("limit", cut)
    return [_Segment(html, None)]


def _beginning(text: str, entity: Entity, gathering: _Gathering, *, html: bool = False) -> str:
    """So much of a text as may still be shown; where that is not all, the whole of it becomes a part."""
    shown, weight = beginning(text, gathering.budget.weight, html=html)
    gathering.budget.weight -= weight
    if len(shown) < len(text):
        gathering.budget.warn("limit", "the text is too long: its beginning is shown, all of it is an attachment")
        gathering.parts.append(_part(entity, gathering))
    return shown


def _plain(text: str, entity: Entity, gathering: _Gathering) -> str:
    """Plain text without the files uuencoded in it, which become parts, and with the paragraphs whole that
    `format=flowed` (RFC 3676) broke into lines.
    """
    text, files = cut_out(text)
    for name, data in files:
        gathering.parts.append(Part("application/octet-stream", data, filename=name, disposition="attachment"))
        gathering.budget.warn("unpacked", "a uuencoded file in the text was made an attachment")
    text = _beginning(text, entity, gathering)
    parameters = entity.content_type.parameters
    if parameters.get("format", "").strip().lower() != "flowed":
        return text
    return unflow(text, delsp=parameters.get("delsp", "").strip().lower() == "yes")


def _octets(entity: Entity, gathering: _Gathering) -> bytes:
    data, damage = undo(gathering.data[entity.body : entity.end], entity.encoding)
    if damage:
        gathering.budget.warn("transfer", f"{entity.content_type.value}: {damage}")
    return data


def _part(entity: Entity, gathering: _Gathering) -> Part:
    disposition = entity.disposition
    location = entity.fields.text("content-location")
    return Part(
        content_type=entity.content_type.value,
        data=_octets(entity, gathering),
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


def _joined(segments: list[_Segment]) -> tuple[str | None, str | None]:
    """The body in HTML (None where no segment has any) and as plain text (None where one segment has none)."""
    if len(segments) == 1:
        return segments[0].html, segments[0].text
    texts = [segment.text for segment in segments if segment.text is not None]
    text = "\n\n".join(texts) if texts and len(texts) == len(segments) else None
    if all(segment.html is None for segment in segments):
        return None, text
    return "\n".join(s.html if s.html is not None else html_of(s.text or "") for s in segments), text
