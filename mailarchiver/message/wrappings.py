"""Leaves that hold a mail of their own kind within: opaque S/MIME signatures and winmail.dat.

Here is told which those are, and what they hold; what becomes of it is `body`'s business.
"""

from __future__ import annotations

from ..model import Part
from ..text.bounds import bounded
from .cms import signed_content
from .forward_tree import parse_body, read_lines
from .structure import DEPTH, Budget, Entity, read_structure
from .tnef import CONTENT_TYPES, FILE_NAME, SIGNATURE, Unpacked, unpack

_SMIME = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_SMIME_NAME = ".p7m"
_UNTYPED = "application/octet-stream"
_LINES = 100_000
"""Of an HTML body, compared with the plain text."""


def is_smime(part: Part) -> bool:
    """Whether it is a CMS structure that stands for an entity (RFC 8551 §3.2), by its type or, without, its name."""
    named = part.content_type == _UNTYPED and (part.filename or "").lower().endswith(_SMIME_NAME)
    return part.content_type in _SMIME or named


def is_winmail(part: Part) -> bool:
    """Whether it is TNEF, by its type or, without one, its name and first octets."""
    named = (part.filename or "").lower() == FILE_NAME and part.data.startswith(SIGNATURE)
    return part.content_type in CONTENT_TYPES or named


def signed_entity(part: Part, outer: Entity, budget: Budget) -> tuple[bytes, Entity] | None:
    """The entity that an S/MIME signature holds in clear, below `outer`, and the octets that it is a span of; None with
    a warning where there is none, or a cap forbids to open it. Nothing is verified.
    """
    if outer.depth >= DEPTH or len(part.data) > budget.octets or budget.containers <= 0:
        budget.warn("limit", "signed messages are too many, too deep or too large: the rest were left closed")
        return None
    budget.containers -= 1
    content, damage = signed_content(part.data)
    if content is None:
        why = f": {damage}" if damage else ""
        budget.warn("sealed", f"{part.content_type}: S/MIME (RFC 8551) without content in clear{why}: kept as it came")
        return None
    if damage:
        budget.warn("transfer", f"{part.content_type}: the signed content is damaged: {damage}")
    budget.octets -= len(part.data)
    return content, read_structure(content, budget, depth=outer.depth + 1)


def unpacked(part: Part, budget: Budget) -> Unpacked | None:
    """What a winmail.dat holds; None with a warning where it cannot be read, or a cap forbids to."""
    if budget.containers <= 0 or budget.parts <= 0:
        budget.warn("limit", "winmail.dat files are too many: the rest were left closed")
        return None
    budget.containers -= 1
    found = unpack(part.data, files=budget.parts)
    if found is None:
        budget.warn("sealed", f"{part.content_type} is no TNEF: kept as it came")
        return None
    budget.parts -= len(found.parts)
    kept = "" if found.whole else "; it was kept as well, as not all of it was read"
    budget.warn("unpacked", f"a winmail.dat (TNEF) was unpacked{kept}")
    return found


def richer_body(html: str | None, text: str | None, packed: Unpacked) -> tuple[str | None, str | None, list[Part]]:
    """The body of a mail with that of its winmail.dat, and the latter as a file where the mail has another.

    It is taken where the mail has no words, or only a plain text that begins with the same ones and goes on with no
    more than as many again: a signature, the footer of a mailing list.
    """
    own, theirs = _letters(text), _letters(_shown(packed.html) if packed.html is not None else packed.text)
    says_the_same = bool(theirs) and own.startswith(theirs) and len(own) <= 2 * len(theirs)
    if html is None and (says_the_same or not own):
        return packed.html, text if own else packed.text, []
    body = None if says_the_same and packed.html is None else packed.body_part("message")
    return html, text, [body] if body else []


def _letters(text: str | None) -> str:
    return "".join((text or "").split())


def _shown(html: str) -> str:
    root = parse_body(bounded(html)[0])
    return "".join(line.text for line in read_lines(root, _LINES)) if root is not None else ""
