"""Bodies by the batch: sizes first, bounded in count and octets, and what came back compared with what was asked.

Servers answer a FETCH with less than was asked for, with NIL, or with another message's octets: RFC 3501 §7.4.2 is
silent on messages that another client expunges meanwhile, RFC 2180 lists the ways. Whatever is not a body beyond
doubt is left out here, and so stays on the server's side of the account: the next round asks again.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from .wire import IMAPError, is_refusal, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from .wire import Client

BATCH_MESSAGES = 50
BATCH_BYTES = 16 << 20
SIZES_AT_ONCE = 500
"""How many messages' sizes are asked for in one command: about 3 KB of command line."""

_HOLD_ON = re.compile(r"\[(UNAVAILABLE|INUSE|LIMIT|SERVERBUG|OVERQUOTA)\]|backoff|throttl", re.IGNORECASE)
"""A refusal that is not about the message: RFC 5530 §3, and the words of Microsoft 365."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Body:
    """A message's octets and its INTERNALDATE, None where the server states none that can be read."""

    data: bytes = field(repr=False)
    received: datetime | None


def plan(
    sizes: Iterable[tuple[int, int]], *, messages: int = BATCH_MESSAGES, octets: int = BATCH_BYTES
) -> Iterator[dict[int, int]]:
    """Cut (UID, size) pairs into batches of at most so many messages and octets; a larger message goes alone."""
    batch: dict[int, int] = {}
    total = 0
    for uid, size in sizes:
        if batch and (len(batch) == messages or total + size > octets):
            yield batch
            batch, total = {}, 0
        batch[uid] = size
        total += size
    if batch:
        yield batch


def read_sizes(client: Client, uids: Sequence[int]) -> dict[int, int]:
    """UID → RFC822.SIZE, in the order of `uids`; without those that the server has nothing to say about."""
    answer = _asked(client, list(uids), ["RFC822.SIZE"])
    sizes = {uid: answer.get(uid, {}).get(b"RFC822.SIZE") for uid in uids}
    return {uid: size for uid, size in sizes.items() if isinstance(size, int)}


def read_bodies(client: Client, sizes: Mapping[int, int]) -> dict[int, Body]:
    """Fetch a batch without marking it as read. Left out: what is gone, and what is not plausibly the message.

    A body whose length is not the stated size is fetched once more, alone: a slip gives other octets the second
    time, whereas a server that counts in its own way gives the same ones, which are then taken.

    Raises:
        IMAPError: the connection broke, or the server refuses for a reason that is not a message's.
    """
    with client.expecting(max(sizes.values())):
        bodies = _fetch(client, list(sizes))
        for uid, body in list(bodies.items()):
            if len(body.data) == sizes[uid]:
                continue
            again = _fetch(client, [uid]).get(uid)
            if again is not None and again.data == body.data and body.data:
                log.warning("UID %d: the server states %d bytes and sends %d", uid, sizes[uid], len(body.data))
            else:
                log.warning("UID %d: %d bytes stated, %d came; left for later", uid, sizes[uid], len(body.data))
                del bodies[uid]
    return bodies


def _fetch(client: Client, uids: list[int]) -> dict[int, Body]:
    """BODY.PEEK[] and INTERNALDATE of some messages."""
    answer = _asked(client, uids, ["BODY.PEEK[]", "INTERNALDATE"])
    bodies = {}
    for uid in uids:
        items = answer.get(uid, {})
        data = items.get(b"BODY[]")
        if isinstance(data, bytes):  # None: expunged meanwhile (Dovecot), which is no empty mail
            bodies[uid] = Body(data, _aware(items.get(b"INTERNALDATE")))
    return bodies


def _asked(client: Client, uids: list[int], items: list[str]) -> dict[int, dict[bytes, Any]]:
    """FETCH. A refused batch is halved, until the refused message stands alone (some servers say NO to the whole
    command where one message of it is gone or damaged).
    """
    try:
        return dict(client.fetch(uids, items))
    except IMAPError as error:
        if not is_refusal(error) or _HOLD_ON.search(str(error)):
            raise
        if len(uids) == 1:
            log.warning("UID %d: the server does not give it (%s); left for later", uids[0], words(error))
            return {}
        middle = len(uids) // 2
        return _asked(client, uids[:middle], items) | _asked(client, uids[middle:], items)


def _aware(value: datetime | None) -> datetime | None:
    """INTERNALDATE with its offset as a plain `timezone`; None for what is no date (a zone of +9999, say)."""
    try:
        offset = value.utcoffset() if value else None
    except ValueError:
        return None
    return value.replace(tzinfo=timezone(offset)) if value and offset is not None else None
