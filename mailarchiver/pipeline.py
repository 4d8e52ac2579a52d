"""What happens to a mail, from its octets to the files of its articles. Pure: nothing here reads a clock or writes.

::

    RawMessage | parse    | unwrap      | extract          | bundle  → Bundle, one an article
    octets       a tree     the forwards  the article and    folder,
                 of parts   taken off     its pictures       files, sums
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from .archive.bundle import bundle
from .article.extract import extract
from .article.unread import unread
from .errors import MessageError
from .message.forward import unwrap
from .message.parse import parse, salvage
from .model import Bundle, Headers, MailWarning, Original, Quarantine, RawMessage, Rules, Understood
from .text.controls import without_controls
from .text.traces import spot, trace
from .text.whitespace import collapse

EPOCH = datetime.fromtimestamp(0, UTC)
_DETAIL = 500
"""Characters of an error's text."""
RELEASED = MailWarning(
    "unreadable", "it could not be understood, and was released from quarantine: only its header was read"
)


def understand(raw: RawMessage, *, id: str, rules: Rules) -> Understood:  # noqa: A002 - the format's word
    """The bundles of a mail, one for each article in it, at least one; or why it could not be understood.

    Raises nothing for what a mail holds, but `MemoryError`: after that the process is better left. `id` is the mail's
    id in the archive.
    """
    return _guarded(partial(_articles, raw, id, rules))


def file_unread(raw: RawMessage, *, id: str, rules: Rules) -> Understood:  # noqa: A002 - the format's word
    """The bundle of a mail that cannot be understood, of what a scan of its lines tells; as `understand`.

    Its text is shown where it has no parts and no encoding. No forward is unwrapped, no picture looked at: on its way
    here is nothing that `understand` may have foundered on.
    """
    return _guarded(partial(_unread, raw, id, rules))


def _articles(raw: RawMessage, mail_id: str, rules: Rules) -> Understood:
    message = parse(raw.data)
    if raw.doubt is not None:
        message = replace(message, warnings=(MailWarning("incomplete", raw.doubt), *message.warnings))
    received = received_at(raw, message.headers)
    bundles: list[Bundle] = []
    digest = raw.digest
    for original in unwrap(message):
        article = extract(original, rules.tags)
        made = bundle(article, raw, received=received, id=mail_id, timezone=rules.timezone, digest=digest)
        digest = made.entry.sha256
        bundles.append(made)
    return tuple(bundles)


def _unread(raw: RawMessage, mail_id: str, rules: Rules) -> Understood:
    message = salvage(raw.data, RELEASED)
    fields = {name.lower(): value.lower() for name, value in message.headers.fields}
    is_plain = fields.get("content-type", "text/plain").strip().startswith("text/plain")
    is_encoded = fields.get("content-transfer-encoding", "8bit").strip() not in {"7bit", "8bit", "binary"}
    text = message.text if is_plain and not is_encoded else None
    original = Original(message, message, message.headers, None, text)
    received = received_at(raw, message.headers)
    return (bundle(unread(original), raw, received=received, id=mail_id, timezone=rules.timezone),)


def _guarded(work: Callable[[], Understood]) -> Understood:
    """What became of a mail, whatever is in it."""
    try:
        return work()
    except MemoryError:
        raise
    except MessageError as error:
        return Quarantine("message", _line(str(error)))
    except Exception as error:  # noqa: BLE001  the border of a mail: whatever is in it, the next is not disturbed
        return Quarantine("defect", spot(error), trace(error))


def received_at(raw: RawMessage, headers: Headers) -> datetime:
    """When a mail arrived: the server's INTERNALDATE; for a file the topmost Received field, else the mbox From_ line,
    else Date if it is between 1980 and 2100, else what the source passes, else the epoch.
    """
    if raw.received is not None:
        return raw.received
    stamps = (_aware(headers.received), raw.from_line, _aware(headers.date), raw.fallback)
    return next((stamp for stamp in stamps if stamp is not None and 1980 <= stamp.year <= 2100), EPOCH)


def _line(text: str) -> str:
    """An error's text in one line of printable characters."""
    return collapse(without_controls(text)).strip()[:_DETAIL]


def _aware(text: str | None) -> datetime | None:
    if text is None:
        return None
    stamp = datetime.fromisoformat(text)
    return stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)
