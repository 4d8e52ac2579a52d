"""Bodies by the batch: sizes first, bounded in count and octets, and what came back compared with what was asked.

::

    read_sizes ─┬─ above `largest`  ─▶ not fetched: told to whoever asked
                ├─ above `pieces`   ─▶ pieces.py, one message at a time
                └─ all others       ─▶ plan ─▶ read_bodies, many in one command

Servers answer a FETCH with less than was asked for, with NIL, or with another message's octets: RFC 3501 §7.4.2 is
silent on messages that another client expunges meanwhile, RFC 2180 lists the ways. Whatever is not a body beyond
doubt is left out here, and so stays on the server's side of the account: the next round asks again.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from .wholeness import doubt
from .wire import IMAPError, is_refusal, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from .wire import Client

BATCH_MESSAGES = 50
"""Messages that are handed on together."""
BATCH_BYTES = 16 << 20
BODIES_AT_ONCE = 600
"""Messages in one FETCH, as far as `BATCH_BYTES` allows: where the server is far away, each command costs a wait."""
SET_OCTETS = 6_000
"""How long the UIDs of one command may be: servers take command lines of 8,000 octets (RFC 2683 §3.2.1.5)."""

HOLD_ON = re.compile(
    r"\[(?:LIMIT|OVERQUOTA)\]|back-?off|throttl|rate limit|too many|exceeded[^\n]{0,80}bandwidth"
    r"|bandwidth[^\n]{0,80}exceeded",
    re.IGNORECASE,
)
"""A refusal that asks us to wait: RFC 9051 §7.1 and RFC 5530 §3, and the words of Microsoft 365 and of Gmail."""
OUT_OF_ORDER = re.compile(r"\[(?:UNAVAILABLE|INUSE|SERVERBUG)\]", re.IGNORECASE)
"""A refusal that is about the server, or about one message that it cannot read (RFC 5530 §3): the others tell."""
OF_MESSAGES = re.compile(r"\[SERVERBUG\]", re.IGNORECASE)
"""One that Dovecot gives for messages that are damaged on its disk: a few of them in a row tell nothing about it."""
IN_VAIN = 2 * BATCH_MESSAGES
"""So many such refusals, and nothing that came, are the server's."""

log = logging.getLogger(__name__)


class AllRefused(IMAPError):  # noqa: N818 - said as it is
    """The server is out of order for each of these messages: its own trouble, or theirs."""

    def __init__(self, text: str, uids: tuple[int, ...]) -> None:
        super().__init__(text)
        self.uids = uids


@dataclass(frozen=True, slots=True)
class Bounds:
    """Octets, as RFC822.SIZE states them: above `pieces` a message is fetched piece by piece, so that it is never twice
    in memory; above `largest` it is not fetched.
    """

    pieces: int = 8_000_000
    largest: int = 50_000_000


@dataclass(frozen=True, slots=True)
class Body:
    """A message's octets and its INTERNALDATE, None where the server states none that can be read. `doubt` is why they
    may not be all of it.
    """

    data: bytes = field(repr=False)
    received: datetime | None
    doubt: str | None = None


def plan(
    sizes: Iterable[tuple[int, int]],
    *,
    messages: int = BATCH_MESSAGES,
    octets: int = BATCH_BYTES,
    alone: int = BATCH_BYTES,
) -> Iterator[dict[int, int]]:
    """Cut (UID, size) pairs into batches of at most so many messages and octets. A message of more octets than `alone`
    is a batch of its own.
    """
    batch: dict[int, int] = {}
    total = 0
    for uid, size in sizes:
        weight = size if size <= alone else octets + 1
        if batch and (len(batch) == messages or total + weight > octets):
            yield batch
            batch, total = {}, 0
        batch[uid] = size
        total += weight
    if batch:
        yield batch


def sets(uids: Sequence[int]) -> Iterator[Sequence[int]]:
    """Cut UIDs into as many as one command takes."""
    digits = len(str(max(uids, default=0)))
    length = max(1, SET_OCTETS // (digits + 1))
    for start in range(0, len(uids), length):
        yield uids[start : start + length]


def read_sizes(client: Client, uids: Sequence[int]) -> dict[int, int]:
    """UID → RFC822.SIZE, in the order of `uids`; without those that the server has nothing to say about."""
    answer = _asked(client, list(uids), ["RFC822.SIZE"])
    sizes = {uid: answer.get(uid, {}).get(b"RFC822.SIZE") for uid in uids}
    return {uid: size for uid, size in sizes.items() if isinstance(size, int)}


def read_bodies(client: Client, sizes: Mapping[int, int], *, largest: int = 0) -> dict[int, Body]:
    """Fetch a batch without marking it as read. Left out: what is gone, and what is not plausibly the message.

    A body whose length is not the stated size is fetched once more, alone: a slip gives other octets the second
    time, whereas a server that counts in its own way gives the same ones, which are then taken; where they are fewer,
    and not evidently all (wholeness.py), with a `doubt`. One that is far longer ends the connection
    (`Client.expecting`), unless it has no more octets than `largest`.

    Raises:
        IMAPError: the connection broke, or the server refuses for a reason that is not a message's.
    """
    with client.expecting(max(sizes.values()), largest=largest):
        bodies = fetch(client, list(sizes))
        for uid, body in list(bodies.items()):
            if len(body.data) == sizes[uid]:
                continue
            if is_same_again(client, uid, body, sizes[uid]):
                bodies[uid] = replace(body, doubt=doubt(client, uid, body.data, sizes[uid]))
            else:
                del bodies[uid]
    return bodies


def is_same_again(client: Client, uid: int, body: Body, size: int) -> bool:
    """Whether a body of another length than was stated comes the same once more; says so."""
    again = fetch(client, [uid]).get(uid)
    told = (uid, size, len(body.data))
    is_same = again is not None and again.data == body.data and body.data != b""
    if is_same:
        log.warning("UID %d: the server states %d bytes and sends %d", *told, extra=client.about(uid))
    else:
        log.warning("UID %d: %d bytes stated, %d came; left for later", *told, extra=client.about(uid))
    return is_same


def fetch(client: Client, uids: list[int]) -> dict[int, Body]:
    """BODY.PEEK[] and INTERNALDATE of some messages, whatever came. Raises as `read_bodies`."""
    answer = _asked(client, uids, ["BODY.PEEK[]", "INTERNALDATE"])
    bodies = {}
    for uid in uids:
        items = answer.get(uid, {})
        data = items.get(b"BODY[]")
        if isinstance(data, bytes):  # None: expunged meanwhile (Dovecot), which is no empty mail
            bodies[uid] = Body(data, aware(items.get(b"INTERNALDATE")))
    return bodies


def _asked(client: Client, uids: list[int], items: list[str]) -> dict[int, dict[bytes, Any]]:
    """FETCH. A refused batch is halved, until the refused message stands alone (some servers say NO to the whole
    command where one message of it is gone or damaged). Where the server is out of order for each of several messages,
    it is no message's fault, and the refusal is raised.
    """
    found: dict[int, dict[bytes, Any]] = {}
    refused: dict[int, str] = {}
    waiting, in_vain, is_up = [uids], 0, len(uids) == 1
    while waiting:
        some = waiting.pop()
        try:
            found.update(client.fetch(some, items))
            is_up = True
        except IMAPError as error:
            if not is_refusal(error) or HOLD_ON.search(str(error)):
                raise
            in_vain += 1
            is_up = is_up or not OUT_OF_ORDER.search(str(error))
            if len(some) == 1:
                refused[some[0]] = words(error)
            each = IN_VAIN if OF_MESSAGES.search(str(error)) else 2 * len(uids) - 1  # as halving down to each takes
            if not is_up and in_vain >= min(IN_VAIN, each):
                raise AllRefused(str(error), tuple(refused)) from error
            if len(some) == 1:
                continue
            middle = len(some) // 2
            waiting += [some[middle:], some[:middle]]
    for uid, why in refused.items():
        text = "UID %d: the server does not give it (%s); left for later"
        log.warning(text, uid, why, extra=client.about(uid))
    return found


def aware(value: datetime | None) -> datetime | None:
    """INTERNALDATE with its offset as a plain `timezone`; None for what is no date (a zone of +9999, say)."""
    try:
        offset = value.utcoffset() if value else None
    except ValueError:
        return None
    return value.replace(tzinfo=timezone(offset)) if value and offset is not None else None
