"""Message → Originals: every forward unwrapped.

::

    Message ─┬─ enclosed messages below a mere note ─▶ one Original each, themselves unwrapped
             ├─ a forward in the body ──────────────▶ the innermost header block's message
             └─ neither ────────────────────────────▶ the message itself
"""

from __future__ import annotations

from dataclasses import replace

from ..model import Headers, Hop, MailWarning, Message, Original, Part
from ..text.subject import bare_subject, prefix_kind
from ..text.whitespace import count_words
from .forward_header import Block
from .forward_html import may_hold_forward, note_in_html, unwrap_html
from .forward_note import note_of
from .forward_text import Found, unwrap_text

ORIGINALS = 100
"""Of one mail; with more enclosed, it is one article that has them as attachments."""
_LONGEST_NOTE = 200
"""Words of a body that is still a note to the messages attached to it; a longer one is an article itself."""


def unwrap(message: Message) -> tuple[Original, ...]:
    """The messages that were forwarded in this one, or the message itself; at least one. Never raises.

    A mail whose own body is empty or a note, with messages attached, gives one Original for each, unwrapped in turn.
    Of anything else the attached messages become parts, so that nothing vanishes. What a mail only quotes stays.
    """
    if message.enclosed and not _is_report(message):
        attached = _attached(message)
        if len(attached) > ORIGINALS:
            warning = MailWarning("limit", f"more than {ORIGINALS} enclosed messages: they were kept as attachments")
            return (replace(_itself(message), warnings=(*message.warnings, warning)),)
        if attached:
            return attached
    return (_inline(message) or _itself(message),)


def _is_report(message: Message) -> bool:
    """A delivery report (RFC 6522) encloses what could not be delivered: nobody forwarded that."""
    return any(name.lower() == "content-type" and "multipart/report" in value for name, value in message.headers.fields)


def _itself(message: Message) -> Original:
    return Original(
        outer=message,
        message=message,
        headers=message.headers,
        html=message.html,
        text=message.text,
        parts=_all_parts(message),
        warnings=message.warnings,
    )


def _all_parts(message: Message) -> tuple[Part, ...]:
    """The parts, with the enclosed messages as attachments."""
    enclosed = tuple(Part("message/rfc822", inner.data, disposition="attachment") for inner in message.enclosed)
    return (*message.parts, *enclosed)


def _inline(message: Message) -> Original | None:
    """The forward in the body, None where there is none."""
    kind = prefix_kind(message.headers.subject)
    if kind == "reply":
        return None
    if message.html and kind != "forward" and not may_hold_forward(message.html):
        return None
    in_html = unwrap_html(message.html, kind) if message.html else None
    if message.html and in_html is None:
        return None
    in_text = unwrap_text(message.text, kind) if message.text else None
    found = in_html or in_text
    if found is None:
        return None
    return Original(
        outer=message,
        message=message,
        headers=_headers(found.blocks[-1], message, number=len(found.blocks)),
        html=in_html.body if in_html else None,
        text=in_text.body if in_text else None,
        parts=_all_parts(message),
        forwarded="inline",
        note=found.note,
        hops=_hops(message, found),
        warnings=message.warnings,
    )


def _headers(block: Block, message: Message, *, number: int) -> Headers:
    """What the block printed; the subject, where it printed none, is the forward's own without its prefixes."""
    if block.headers.subject or number > 1 or not message.headers.subject:
        return block.headers
    return replace(block.headers, subject=bare_subject(message.headers.subject) or None)


def _hops(message: Message, found: Found) -> tuple[Hop, ...]:
    headers = message.headers
    inner = [Hop(b.headers.sender, b.headers.to, b.headers.date) for b in found.blocks[:-1]]
    return (Hop(headers.sender, headers.to, headers.date, found.note), *inner)


def _attached(message: Message) -> tuple[Original, ...]:
    """One Original for each enclosed message and what is forwarded within it; () where the body is more than a note."""
    if _inline(message) is not None:
        return ()
    note = _own_words(message)
    if note is not None and count_words(note) > _LONGEST_NOTE:
        return ()
    hop = Hop(message.headers.sender, message.headers.to, message.headers.date, note)
    originals: list[Original] = []
    for inner in message.enclosed:
        for original in unwrap(inner):
            first = not originals
            originals.append(
                replace(
                    original,
                    outer=message,
                    message=message if first else original.message,
                    parts=(*original.parts, *message.parts) if first else original.parts,
                    forwarded="attached",
                    note=note,
                    hops=(hop, *original.hops),
                    number=len(originals) + 1,
                    warnings=(*message.warnings, *original.warnings) if first else original.warnings,
                )
            )
        if len(originals) > ORIGINALS:
            break
    return tuple(originals)


def _own_words(message: Message) -> str | None:
    """What the sender wrote around the enclosed messages."""
    if message.html:
        return note_in_html(message.html)
    return note_of(message.text.splitlines()) if message.text else None
