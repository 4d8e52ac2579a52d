"""Mail leaves the quarantine: understood at a second try, or filed as it is.

::

    quarantine/<SHA-256> | raw_message | worker.understand ─┬▶ bundles    | store.commit, then its folder goes
                                                            └▶ Quarantine | its reason is written anew
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from .archive import quarantine
from .archive.digests import digests
from .archive.store import Store
from .filing import filing
from .message.parse import salvage
from .model import Filing, Headers, MailWarning, Quarantine, Receipt
from .reprocess import RulesOf
from .workers import Worker

log = logging.getLogger(__name__)

HEADER_OCTETS = 65_536
"""Of a mail in quarantine, what is looked at to tell its subject and sender."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a mail in quarantine: `receipt` where it left, else `why` it stays."""

    digest: str
    receipt: Receipt | None = None
    why: str = ""


def glimpse(folder: Path) -> Headers:
    """What the first 64 KB of a mail's header say, by a scan of its lines: the body is not looked at.

    Empty where message.eml cannot be read.
    """
    try:
        with (folder / quarantine.MESSAGE).open("rb") as file:
            head = file.read(HEADER_OCTETS)
    except OSError:
        return Headers()
    ends = [at for end in (b"\n\n", b"\r\n\r\n") if (at := head.find(end)) >= 0]
    return salvage(head[: min(ends, default=len(head))], MailWarning("unreadable", "")).headers


def admit(folders: Iterable[Path], store: Store, worker: Worker, *, rules_of: RulesOf) -> Iterable[Tried]:
    """Have the worker look at mails of the quarantine, one after the other, and file those it understands, with the
    time and place they had. Their folders in the quarantine go then; of the others, the reason is written anew.

    Where a mail lay, it counts as filed from then on, and is acknowledged by the next round. Raises `StoreError`.
    """
    for folder in folders:
        try:
            raw = quarantine.raw_message(folder)
        except (OSError, ValueError) as error:
            yield Tried(folder.name, why=f"{folder}: {error}")
            continue
        digest, folded = digests(raw.data)
        rules = rules_of(raw.ref.account)
        (answer,) = worker.understand_all([(raw, store.free_id(digest))], rules=rules)
        ready = filing(raw, digest, folded, answer)
        if ready.quarantined is not None:
            store.still_quarantined(ready.quarantined, digest, now=datetime.now(UTC))
            yield Tried(digest, why=_words(ready.quarantined.why))
            continue
        yield Tried(digest, _committed(store, ready))


def _committed(store: Store, ready: Filing) -> Receipt:
    ready = Filing(ready.ref, ready.digest, ready.folded, ready.bundles, again="quarantined")
    (receipt,) = store.commit([ready], now=datetime.now(UTC))
    return receipt


def _words(why: Quarantine) -> str:
    return f"{why.reason}: {why.detail}"


def described(folder: Path) -> dict[str, object]:
    """All that is known of a mail in quarantine, without understanding it: reason.json, and who wrote what about it."""
    headers = glimpse(folder)
    sender = headers.sender
    return {
        **quarantine.told(folder),
        "digest": folder.name,
        "subject": headers.subject,
        "from": None if sender is None else {"name": sender.name, "address": sender.address},
        "lies": str(folder),
    }


def header_fields(folder: Path) -> Sequence[tuple[str, str]]:
    """The header fields of a mail in quarantine, decoded, in order."""
    return glimpse(folder).fields
