"""Message → Originals: every forward unwrapped.

::

    Message ─┬─ automatic mail ─────────────────────▶ the message itself, with a warning
             ├─ enclosed messages below a mere note ─▶ one Original each, themselves unwrapped
             ├─ a forward in the body ──────────────▶ the innermost header block's message
             ├─ Resent fields ──────────────────────▶ the message itself, and who resent it
             └─ none of these ──────────────────────▶ the message itself
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..model import Address, Headers, Hop, MailWarning, Message, Original, Part
from ..text.dates import read_date
from ..text.subject import bare_subject, prefix_kind
from ..text.whitespace import count_words
from .addresses import read_addresses
from .automatic import automatic
from .forward_evidence import NOTHING_SAYS_SO, REPLY, Evidence
from .forward_header import Block, find_block
from .forward_html import may_hold_forward, note_in_html, unwrap_html
from .forward_note import note_of
from .forward_text import LINES, Found, Quoted, unwrap_text

ORIGINALS = 100
"""Of one mail; with more enclosed, it is one article that has them as attachments."""
_LONGEST_NOTE = 200
"""Words of a body that is still a note to the one message attached to it; a longer one is an article itself. Above
several it is a digest's table of contents."""
_RESENT = frozenset({"from", "sender", "to", "date"})
_RESENT_HOPS = 20


def unwrap(message: Message) -> tuple[Original, ...]:
    """The messages that were forwarded in this one, or the message itself; at least one. Never raises.

    A mail whose own body is empty or a note, with messages attached, gives one Original for each, unwrapped in turn.
    Of anything else the attached messages become parts, so that nothing vanishes. What a mail only quotes stays.
    Automatic mail gets the warning "automatic", and is not unwrapped, unless it is a rule that forwards.
    """
    sign = automatic(message.headers)
    if sign is None:
        return _unwrapped(message)
    if sign.weak and prefix_kind(message.headers.subject) == "forward":
        originals = _unwrapped(message)
        if originals[0].forwarded:
            return originals
    warning = MailWarning("automatic", f"nobody wrote this mail to be read: {sign.words}")
    quotes = _has_marks(message.html) or _is_quoted(message.text)
    why = "none: it is automatic mail" if quotes else None
    return (replace(_itself(message), reason=why, warnings=(*message.warnings, warning)),)


def _unwrapped(message: Message) -> tuple[Original, ...]:
    """As `unwrap`, whoever sent it."""
    if message.enclosed:
        attached = _attached(message)
        if len(attached) > ORIGINALS:
            warning = MailWarning("limit", f"more than {ORIGINALS} enclosed messages: they were kept as attachments")
            return (replace(_itself(message), warnings=(*message.warnings, warning)),)
        if attached:
            return attached
    found = _found(message)
    if isinstance(found, Found):
        return (_inline(message, found),)
    resent = _resent(message)
    return (resent or replace(_itself(message), reason=f"none: {found.why}" if found else None),)


def _itself(message: Message) -> Original:
    """The message as it is."""
    return Original(
        outer=message,
        message=message,
        headers=message.headers,
        html=message.html,
        text=message.text,
        parts=_all_parts(message),
        warnings=message.warnings,
    )


def _resent(message: Message) -> Original | None:
    """The message that somebody put back into the mail unchanged (RFC 5322 §3.6.6); None where nobody did.

    The topmost block of Resent fields is the latest. A list that resends what it distributes forwards nothing.
    """
    hops = _resent_hops(message.headers.fields)
    names = {name.lower() for name, _ in message.headers.fields}
    if not hops or "list-id" in names or "list-post" in names:
        return None
    return replace(_itself(message), forwarded="resent", reason="Resent-From field", hops=hops)


def _resent_hops(fields: Sequence[tuple[str, str]]) -> tuple[Hop, ...]:
    """The times it was resent, the last one first: each begins anew with a field that its block has already."""
    blocks: list[dict[str, str]] = []
    for name, value in fields:
        key = name.lower().removeprefix("resent-")
        if name.lower().startswith("resent-") and key in _RESENT:
            if not blocks or key in blocks[-1]:
                blocks.append({})
            blocks[-1][key] = value
    senders = [(_first(block.get("from") or block.get("sender", "")), block) for block in blocks[:_RESENT_HOPS]]
    return tuple(
        Hop(sender, read_addresses(block.get("to", "")), read_date(block.get("date", "")))
        for sender, block in senders
        if sender is not None and sender.address
    )


def _first(addresses: str) -> Address | None:
    return next(iter(read_addresses(addresses)), None)


def _all_parts(message: Message) -> tuple[Part, ...]:
    """The parts, with the enclosed messages as attachments."""
    enclosed = tuple(Part("message/rfc822", inner.data, disposition="attachment") for inner in message.enclosed)
    return (*message.parts, *enclosed)


def _found(message: Message) -> Found | Quoted | None:
    """The forward in the body, or why what it quotes is none; None for a mail that quotes nothing.

    The plain text of a mail that has HTML is looked at only where there is a forward in the HTML, and no words in that:
    a program that forwards writes both, and nobody reads the second.
    """
    evidence = Evidence.of(message.headers)
    kind = evidence.kind
    hinted = _has_marks(message.html)
    quotes = hinted or _is_quoted(message.text)
    if kind == "reply":
        return Quoted(REPLY) if quotes or _has_block(message) else None
    if message.html:
        found = unwrap_html(message.html, evidence) if hinted or kind == "forward" else None
        if isinstance(found, Found) and message.text and not (found.html or "").strip():
            in_text = unwrap_text(message.text, evidence)
            return replace(found, text=in_text.text) if isinstance(in_text, Found) else found
    else:
        found = unwrap_text(message.text, evidence) if message.text else None
    return found or (Quoted(NOTHING_SAYS_SO) if quotes else None)


def _has_marks(html: str | None) -> bool:
    """Whether an HTML body has any of the marks that forwards leave, and quotes."""
    return html is not None and may_hold_forward(html)


def _is_quoted(text: str | None) -> bool:
    """Whether a plain text has quoted lines."""
    return text is not None and "\n>" in text


def _has_block(message: Message) -> bool:
    """Whether the plain text quotes a message with its header."""
    return (
        bool(message.text)
        and find_block((message.text or "").splitlines()[:LINES], bare=False, wrapped=True) is not None
    )


def _inline(message: Message, found: Found) -> Original:
    """The message that was forwarded in the body."""
    return Original(
        outer=message,
        message=message,
        headers=_headers(found.blocks[-1], message, number=len(found.blocks)),
        html=found.html,
        text=found.text,
        parts=_all_parts(message),
        forwarded="inline",
        reason="header block in the body",
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
    if isinstance(_found(message), Found):
        return ()
    note = _own_words(message)
    if len(message.enclosed) == 1 and note is not None and count_words(note) > _LONGEST_NOTE:
        return ()
    hop = Hop(message.headers.sender, message.headers.to, message.headers.date, note)
    originals: list[Original] = []
    for inner in message.enclosed:
        for original in _unwrapped(inner):
            first = not originals
            originals.append(
                replace(
                    original,
                    outer=message,
                    message=message if first else original.message,
                    parts=(*original.parts, *message.parts) if first else original.parts,
                    forwarded="attached",
                    reason="attached message",
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
