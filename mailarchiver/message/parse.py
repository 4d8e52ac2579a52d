"""Octets → Message.

::

    data ─ structure ─▶ Entity tree ─ body ─▶ html, text, parts, enclosed ─▶ Message
                     └▶ fields ─ headers (mail-parser) ─▶ Headers
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..errors import MessageError
from ..model import MailWarning, Message, Part
from ..text.traces import spot
from .body import read_body
from .charset import decode
from .fields import split_header
from .headers import BREAKS, printed_headers, read_headers
from .structure import DEPTH, Budget, Entity, read_structure

MAIL_OCTETS = 50_000_000
SALVAGED_OCTETS = 1_000_000

ENCLOSED = 200
"""Messages opened in one mail; more than half of that are no articles any more, only attachments."""


def parse(data: bytes) -> Message:
    """What the octets of a message say. Same octets, same message; nothing is fetched, executed or looked up.

    Damage degrades and leaves a warning. Beyond a cap (50 MB, 50 levels, 2,000 parts, 1 MB of header, 64 KB a field,
    2 KB a Content-Type) nothing is opened: it stays a part that holds all its octets, or, for the whole mail, the
    headers only.

    Raises:
        MessageError: mail-parser could not make anything of the header.
    """
    if len(data) > MAIL_OCTETS:
        return salvage(
            data, MailWarning("limit", f"larger than {MAIL_OCTETS // 1_000_000} MB: only the header was read")
        )
    try:
        return _Reader().read(data, depth=0)
    except BREAKS as error:
        raise MessageError(f"the message cannot be parsed: {spot(error)}") from error


def salvage(data: bytes, warning: MailWarning) -> Message:
    """The message as far as a scan of its lines tells, with `warning`. Never raises.

    The header fields are read without mail-parser; whatever stands below them is the text, untouched (the first
    megabyte: `message.eml` holds it all). No part is opened.
    """
    fields, body = split_header(data, 0, len(data))
    text = decode(data[body : body + SALVAGED_OCTETS])[0]
    return Message(data=data, headers=printed_headers(fields), text=text or None, warnings=(warning,))


class _Reader:
    """One mail with all the messages in it: they share the caps."""

    def __init__(self) -> None:
        self._left = Budget()
        self._enclosed_left = ENCLOSED

    def read(self, data: bytes, *, depth: int) -> Message:
        budget = replace(self._left, warnings=[])
        root = read_structure(data, budget, depth=depth)
        body = read_body(data, root, budget)
        self._left = budget
        headers = read_headers(replace(root.fields, charset=_charset(root)), budget)
        enclosed, closed = self._enclosed(body.enclosed, depth + 1, budget)
        return Message(
            data=data,
            headers=headers,
            html=body.html,
            text=body.text,
            parts=(*body.parts, *closed),
            enclosed=enclosed,
            warnings=tuple(budget.warnings),
        )

    def _enclosed(
        self, cut: Iterable[bytes], depth: int, budget: Budget
    ) -> tuple[tuple[Message, ...], tuple[Part, ...]]:
        """The enclosed messages read, and as attachments those that a cap forbids to open."""
        messages: list[Message] = []
        closed: list[Part] = []
        for data in cut:
            if depth < DEPTH and len(data) <= self._left.octets and self._enclosed_left > 0:
                self._left.octets -= len(data)
                self._enclosed_left -= 1
                messages.append(self.read(data, depth=depth))
            else:
                budget.warn("limit", "enclosed messages are too many, too deep or too large: the rest were left closed")
                closed.append(Part("message/rfc822", data, disposition="attachment"))
        return tuple(messages), tuple(closed)


def _charset(entity: Entity) -> str | None:
    """The charset of the first text in the tree that states one."""
    own = entity.content_type.parameters.get("charset")
    if own and entity.content_type.value.startswith("text/"):
        return own
    return next((found for child in entity.children if (found := _charset(child))), None)
