"""Which parts are the body, which are kept beside it, and which are messages of their own.

::

    Entity tree ─▶ segments of the body, in order ─▶ html, text
                ├▶ everything else: parts, enclosed messages
                └▶ S/MIME signatures, winmail.dat: kept, and what they hold read as if it stood there
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..model import Part
from ..text.reflow import html_of
from .leaf import Gathering, bounded_html, content_id, octets_of, part_of, read_outside, text_in_preamble, text_of
from .structure import Budget, Entity
from .wrappings import is_smime, is_winmail, richer_body, signed_entity, unpacked

_TEXTUAL = ("text/plain", "text/html")
_ENCLOSED = ("message/rfc822", "message/global", "message/news")
_SIGNATURE = 1
"""The place of the signature in a multipart/signed, behind what it signs (RFC 1847 §2.1)."""
_SEALED = {
    # content type → why it is kept as it is
    "multipart/encrypted": "encrypted (RFC 1847): kept as it came",
    "message/partial": "one piece of a message sent in several (RFC 2046 §5.2.2): kept as it came",
    "message/external-body": "its body lies elsewhere (RFC 2046 §5.2.3) and was not fetched",
}


@dataclass(frozen=True, slots=True)
class _Segment:
    """A stretch of the body in one or both of its alternatives."""

    html: str | None
    text: str | None


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
    gathering = Gathering(data, budget)
    html, text = _joined(_whole(root, gathering))
    if html is None and not (text or "").strip():
        text = text_in_preamble(root, gathering) or text
    for packed in gathering.winmail:
        html, text, left = richer_body(html, text, packed)
        gathering.parts += left
    html = bounded_html(html, budget) if gathering.winmail and html is not None else html
    return Body(html, text, tuple(gathering.parts), tuple(gathering.enclosed))


def _whole(root: Entity, gathering: Gathering) -> list[_Segment]:
    """The segments of a message, or of what a signature holds: a single text is its body whatever it is called."""
    if root.opened:
        segments = _gather(root, gathering)
        if segments or gathering.parts or gathering.enclosed or gathering.winmail:
            return segments
        return _leaf(root, gathering, body=True)  # its parts are headers only: better raw than nothing
    _warn_if_sealed(root, gathering.budget)
    return _leaf(root, gathering, body=root.content_type.value in {*_TEXTUAL, "text"} or _unopened(root))


def _warn_if_sealed(entity: Entity, budget: Budget) -> None:
    kind = entity.content_type.value
    if kind in _SEALED:
        budget.warn("sealed", f"{kind}: {_SEALED[kind]}")


def _unopened(entity: Entity) -> bool:
    """A multipart without parts: what it holds is read as text (as stdlib does)."""
    return entity.content_type.value.startswith("multipart/") and not entity.opened


def _gather(entity: Entity, gathering: Gathering) -> list[_Segment]:
    """The segments below `entity`, in order; what is no body goes to the gathering."""
    kind = entity.content_type.value
    _warn_if_sealed(entity, gathering.budget)
    if not entity.opened:
        return _leaf(entity, gathering, body=_is_body(entity))
    read_outside(entity, gathering)
    if kind == "multipart/alternative":
        return _alternative(entity, gathering)
    if kind == "multipart/related":
        return _related(entity, gathering)
    if kind == "multipart/signed":
        return _signed(entity, gathering)
    return _mixed(entity, gathering)


def _mixed(entity: Entity, gathering: Gathering) -> list[_Segment]:
    """All segments in order; a picture that stands inline between two of them is shown there (Apple Mail)."""
    found: list[_Segment] = []
    waiting: list[int] = []
    for child in entity.children:
        segments = _gather(child, gathering)
        if segments:
            found += [_shown(place, gathering) for place in waiting]
            found += segments
            waiting = []
        elif found and _is_inline_picture(child):
            waiting.append(len(gathering.parts) - 1)
    return found


def _is_inline_picture(entity: Entity) -> bool:
    """Whether it is shown where it stands: nothing can refer to it, as it has no name to be called by."""
    inline = entity.content_type.value.startswith("image/") and entity.disposition.value == "inline"
    return inline and not content_id(entity) and not entity.fields.first("content-location")


def _shown(place: int, gathering: Gathering) -> _Segment:
    """The picture at that place among the parts; it gets a Content-ID to be shown by."""
    name = f"part{place + 1}.inline"
    gathering.parts[place] = replace(gathering.parts[place], content_id=name)
    return _Segment(f'<p><img src="cid:{name}"></p>', "")


def _signed(entity: Entity, gathering: Gathering) -> list[_Segment]:
    """RFC 1847 §2.1: the first part is what is signed, the second the signature, whatever its type."""
    segments: list[_Segment] = []
    for place, child in enumerate(entity.children):
        if place == _SIGNATURE and not child.opened:
            gathering.parts.append(part_of(child, gathering))
        else:
            segments += _gather(child, gathering)
    return segments


def _is_body(entity: Entity) -> bool:
    disposition = entity.disposition
    return (
        entity.content_type.value in _TEXTUAL
        and disposition.value != "attachment"
        and not disposition.parameters.get("filename")
        and not entity.content_type.parameters.get("name")
    )


def _alternative(entity: Entity, gathering: Gathering) -> list[_Segment]:
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


def _keep_text(entity: Entity, gathering: Gathering) -> None:
    """Keep the body parts below an alternative that was not chosen; its other leaves are kept already."""
    for child in entity.children:
        _keep_text(child, gathering)
    if not entity.opened and entity.content_type.value in _TEXTUAL:
        gathering.parts.append(part_of(entity, gathering))


def _related(entity: Entity, gathering: Gathering) -> list[_Segment]:
    """RFC 2387: the root (named by `start`, else the first) is the body, all others belong to it."""
    start = entity.content_type.parameters.get("start", "").strip("<> ")
    named = [child for child in entity.children if start and content_id(child) == start]
    root = (named or list(entity.children[:1]))[0] if entity.children else None
    segments: list[_Segment] = []
    for child in entity.children:
        if child is root or not segments or child.opened or child.content_type.value not in _TEXTUAL:
            segments += _gather(child, gathering)
        else:
            gathering.parts.append(part_of(child, gathering))
    return segments


def _leaf(entity: Entity, gathering: Gathering, *, body: bool) -> list[_Segment]:
    """A body segment; else those of what is signed in the leaf, mostly none: it is put beside the body."""
    if not body:
        return _beside(entity, gathering)
    text = text_of(entity, gathering)
    return [_Segment(text, None) if entity.content_type.value == "text/html" else _Segment(None, text)]


def _beside(entity: Entity, gathering: Gathering) -> list[_Segment]:
    """Keep a leaf that is no body. What an S/MIME signature holds in clear is read in its place, a winmail.dat
    unpacked; the signature stays, the winmail.dat where not all of it was read.
    """
    if entity.content_type.value in _ENCLOSED:
        gathering.enclosed.append(octets_of(entity, gathering))
        return []
    if _unopened(entity) and entity.body == entity.end:
        return []
    part = part_of(entity, gathering)
    segments: list[_Segment] = []
    whole = False
    if is_smime(part):
        held = signed_entity(part, entity, gathering.budget)
        segments = _whole(held[1], replace(gathering, data=held[0])) if held else []
    elif is_winmail(part):
        packed = unpacked(part, gathering.budget)
        if packed:
            whole = packed.whole
            gathering.parts += packed.parts
            gathering.winmail.append(packed)
    if not whole:
        gathering.parts.append(part)
    return segments


def _joined(segments: list[_Segment]) -> tuple[str | None, str | None]:
    """The body in HTML (None where no segment has any) and as plain text (None where one segment has none)."""
    if len(segments) == 1:
        return segments[0].html, segments[0].text
    texts = [segment.text for segment in segments if segment.text is not None]
    text = "\n\n".join(filter(None, texts)) if texts and len(texts) == len(segments) else None
    if all(segment.html is None for segment in segments):
        return None, text
    return "\n".join(s.html if s.html is not None else html_of(s.text or "") for s in segments), text
