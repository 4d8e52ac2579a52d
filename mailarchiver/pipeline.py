"""What happens to a mail, from its octets to the files of its articles. Pure: nothing here reads a clock or writes.

::

    RawMessage | parse    | unwrap      | extract          | bundle  → Bundle, one an article
    octets       a tree     the forwards  the article and    folder,
                 of parts   taken off     its pictures       files, sums
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from .archive.bundle import bundle
from .article.extract import extract, unread
from .message.forward import unwrap
from .message.parse import parse, salvage
from .model import Bundle, Headers, MailWarning, Original, RawMessage, Rules

log = logging.getLogger(__name__)

EPOCH = datetime.fromtimestamp(0, UTC)


def understand(raw: RawMessage, *, id: str, rules: Rules) -> tuple[Bundle, ...]:  # noqa: A002 - the format's word
    """The bundles of a mail, one for each article in it, at least one.

    Never raises for what a mail holds: one that breaks the parser is filed as it is, with a warning, and the
    traceback is logged. `id` is the mail's id in the archive.
    """
    try:
        message = parse(raw.data)
        received = received_at(raw, message.headers)
        return tuple(
            bundle(extract(original, rules.tags), raw, received=received, id=id, timezone=rules.timezone)
            for original in unwrap(message)
        )
    except Exception as error:  # the border of a mail: whatever is in it, the next one must not be disturbed
        log.exception("%s could not be understood, and is filed as it is", where(raw))
        warning = MailWarning("unreadable", f"{type(error).__name__}: {error}"[:500])
        return file_raw(raw, id=id, rules=rules, warning=warning)


def file_raw(
    raw: RawMessage,
    *,
    id: str,  # noqa: A002 - the format's word
    rules: Rules,
    warning: MailWarning,
) -> tuple[Bundle, ...]:
    """The bundle of a mail that could not be understood: its octets, the headers that a line scan finds, a warning."""
    message = salvage(raw.data, warning)
    original = Original(message, message, message.headers, None, None, warnings=message.warnings)
    received = received_at(raw, message.headers)
    return (bundle(unread(original), raw, received=received, id=id, timezone=rules.timezone),)


def received_at(raw: RawMessage, headers: Headers) -> datetime:
    """When a mail arrived: the server's INTERNALDATE; for a file the topmost Received field, else the mbox From_ line,
    else Date if it is between 1980 and 2100, else what the source passes, else the epoch.
    """
    if raw.received is not None:
        return raw.received
    stamps = (_aware(headers.received), raw.from_line, _aware(headers.date), raw.fallback)
    return next((stamp for stamp in stamps if stamp is not None and 1980 <= stamp.year <= 2100), EPOCH)


def where(raw: RawMessage) -> str:
    """A mail's place in words, for a log line."""
    ref = raw.ref
    return ref.path or f"{ref.account}: {ref.folder}, UID {ref.uid}"


def _aware(text: str | None) -> datetime | None:
    if text is None:
        return None
    stamp = datetime.fromisoformat(text)
    return stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)
