"""Messages into the archive, in batches: from a server and from files the same.

::

    RawMessage… | worker.understand | store.commit → Receipt…      a batch shares one commit
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from .archive.batch import check
from .archive.bundle import digests
from .archive.store import Store
from .config import Archive, Limits
from .model import Filing, Quarantine, Quarantined, RawMessage, Receipt, Rules, Understood
from .pipeline import where
from .workers import ENTRY, Pool, Worker

log = logging.getLogger(__name__)

BATCH_MESSAGES = 50
BATCH_BYTES = 64 << 20
BATCH_SECONDS = 1.0


@contextmanager
def opened(
    archive: Archive, limits: Limits, *, jobs: int = 1, create: bool = True, entry: Sequence[str] = ENTRY
) -> Iterator[tuple[Store, Pool]]:
    """An archive opened for filing, and `jobs` children that understand mail. Raises `StoreError`.

    Without `create`, an archive that is not there is not made: raises `NoSuchEntry`. `entry` is as `Pool` has it.
    The store comes first: run as root, it makes us the archive's owner, and so the children that read hostile mail.
    """
    with (
        Store.open(archive.root, min_free=archive.min_free, create=create) as store,
        closing(pool_of(limits, jobs=jobs, entry=entry)) as pool,
    ):
        yield store, pool


def pool_of(limits: Limits, *, jobs: int = 1, entry: Sequence[str] = ENTRY) -> Pool:
    """`jobs` children that understand mail within these limits."""
    return Pool(jobs, limits.mail_time.total_seconds(), limits.mail_memory, entry=entry)


def file_messages(
    messages: Iterable[RawMessage],
    store: Store,
    worker: Worker,
    *,
    rules: Rules,
    on_receipts: Callable[[list[Receipt]], None],
    again: bool = False,
) -> None:
    """File messages in batches; `on_receipts` hears of each batch when it is synced to disk. Raises `StoreError`.

    With `again`, mail whose articles were all removed is filed as if it had never been here.
    """
    for raws in batches(messages):
        on_receipts(file_batch(raws, store, worker, rules=rules, again=again))


def batches(messages: Iterable[RawMessage]) -> Iterator[list[RawMessage]]:
    """Groups of messages that share a commit: at most 50 messages, 64 MB, 1 s."""
    batch: list[RawMessage] = []
    size, opened = 0, 0.0
    for raw in messages:
        if not batch:
            opened = time.monotonic()
        batch.append(raw)
        size += len(raw.data)
        if len(batch) >= BATCH_MESSAGES or size >= BATCH_BYTES or time.monotonic() - opened >= BATCH_SECONDS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def file_batch(
    raws: Sequence[RawMessage], store: Store, worker: Worker, *, rules: Rules, again: bool = False
) -> list[Receipt]:
    """Understand and commit a batch; what cannot be understood goes to quarantine. What the archive holds already is
    only noted in the ledger. `again` is as `file_messages` has it. Raises `StoreError`.
    """
    seen: set[str] = set()
    sums: list[tuple[str, str]] = []
    jobs: list[tuple[RawMessage, str] | None] = []
    for raw in raws:
        digest, folded = digests(raw.data)
        known = folded in seen or store.known(digest, folded, again=again) is not None
        sums.append((digest, folded))
        jobs.append(None if known else (raw, store.free_id(digest)))
        seen.add(folded)
    answers = worker.understand_all([job for job in jobs if job is not None], rules=rules)
    filings = [
        filing(raw, digest, folded, next(answers) if job is not None else ())
        for raw, job, (digest, folded) in zip(raws, jobs, sums, strict=True)
    ]
    if again:
        filings = [replace(filing, again="removed") for filing in filings]
    receipts = store.commit(filings, now=datetime.now(UTC))
    for raw, receipt in zip(raws, receipts, strict=True):
        places = ", ".join(folder for _, folder in receipt.entries) or receipt.quarantine or ""
        log.info("%s: %s %s", where(raw.ref), receipt.outcome, places)
    return receipts


def in_quarantine(receipt: Receipt, root: Path) -> str:
    """Of a message that went to quarantine, in a line: which it is, why, and where it lies."""
    why = receipt.why.detail if receipt.why else "it could not be understood"
    return f"{where(receipt.ref)} is in quarantine: {why}; it lies in {root / (receipt.quarantine or '')}"


def filing(raw: RawMessage, digest: str, folded: str, answer: Understood) -> Filing:
    """A message ready for the commit. An answer that the store would refuse, and all of the batch with it, puts it into
    quarantine: it is a defect, or a worker that hostile mail took over.
    """
    if not isinstance(answer, Quarantine):
        try:
            for bundle in answer:
                check(bundle, digest)
        except ValueError as error:
            answer = Quarantine("defect", f"the worker's answer was refused: {error}")
        else:
            return Filing(raw.ref, digest, folded, answer)
    if answer.trace:
        log.error("%s could not be understood, by a defect of mailarchiver\n%s", where(raw.ref), answer.trace)
    return Filing(raw.ref, digest, folded, quarantined=Quarantined(raw, answer))
