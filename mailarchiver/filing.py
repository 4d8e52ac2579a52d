"""Messages into the archive, in batches: from a server and from files the same.

::

    RawMessage… ─ known? ─┊─ worker.understand_all ─┊─ store.commit ─▶ Receipt…      a batch shares one commit
                   a thread           a thread              here

The stages work at the same time, each on a batch of its own: what comes from a server, and what is understood in
another process, is waited for by nobody who could work meanwhile. Batches are committed in the order they came.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from .ahead import ahead
from .archive.batch import check
from .archive.digests import digests
from .archive.store import Store
from .config import Archive, Limits
from .events import Event, about
from .model import Filing, Quarantine, Quarantined, RawMessage, Receipt, Rules, Understood
from .text.terminal import line
from .text.traces import spot
from .text.wording import counted, where
from .workers import ENTRY, Pool, Worker

log = logging.getLogger(__name__)

BATCH_MESSAGES = 50
BATCH_BYTES = 64 << 20
BATCH_SECONDS = 1.0
ROOM = 16 << 20
"""Octets of the batches that one stage has made for the next; more are not made until there are less. So no other is
in memory beside a larger one, but for those before."""
BATCHES_AHEAD = 8
"""As many of them, at most: what is being fetched and understood while nobody comes to file it may be for nothing."""


@contextmanager
def opened(
    archive: Archive, limits: Limits, *, jobs: int | None = None, create: bool = True, entry: Sequence[str] = ENTRY
) -> Iterator[tuple[Store, Pool]]:
    """An archive opened for filing, and `jobs` children that understand mail, by default as many as the limits say.
    Raises `StoreError`.

    Without `create`, an archive that is not there is not made: raises `NoSuchEntry`. `entry` is as `Pool` has it.
    The store comes first: run as root, it makes us the archive's owner, and so the children that read hostile mail.
    """
    with (
        Store.open(archive.root, min_free=archive.min_free, create=create) as store,
        closing(pool_of(limits, jobs=jobs or limits.workers, entry=entry)) as pool,
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
    with closing(filed(batches(messages), store, worker, rules=rules, again=again)) as done:
        for receipts in done:
            on_receipts(receipts)


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


@dataclass(frozen=True, slots=True)
class _Batch:
    """Messages on their way, with the digests of each, and the ids of those that are to be understood; later on with
    what is to be committed of each. `began` is when they were here, on a monotonic clock.
    """

    raws: list[RawMessage]
    sums: list[tuple[str, str]]
    ids: list[str | None]
    filings: list[Filing] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def weight(self) -> int:
        """How much of the `ROOM` it takes."""
        return max(sum(len(raw.data) for raw in self.raws), ROOM // BATCHES_AHEAD)


def filed(
    batches: Iterator[list[RawMessage]], store: Store, worker: Worker, *, rules: Rules, again: bool = False
) -> Generator[list[Receipt], None, None]:
    """Understand and commit batches; the receipts of each when it is synced to disk. What cannot be understood goes to
    quarantine, what the archive holds already is only noted in the ledger. `again` is as `file_messages` has it.

    The batches are asked for by another thread. Close it, and it returns when what is under way in other threads is
    done, which is then dropped. Raises `StoreError`, and whatever `batches` raises, after what came before it.
    """
    with (
        closing(ahead(_looked_up(batches, store, again=again), weight=_Batch.weight, room=ROOM)) as known,
        closing(ahead(_understood(known, worker, rules), weight=_Batch.weight, room=ROOM)) as understood,
    ):
        for batch in understood:
            receipts = _committed(batch, store, again=again)
            del batch  # here and below: a large mail is not kept while the next one comes
            yield receipts


def _looked_up(batches: Iterator[list[RawMessage]], store: Store, *, again: bool) -> Iterator[_Batch]:
    """What of each batch is known. That may have changed when it is committed: then that decides."""
    for raws in batches:
        yield _look_up(raws, store, again=again)
        del raws


def _look_up(raws: list[RawMessage], store: Store, *, again: bool) -> _Batch:
    sums = [digests(raw.data) for raw in raws]
    known = [replace(raw, digest=digest) for raw, (digest, _) in zip(raws, sums, strict=True)]
    return _Batch(known, sums, store.ids(sums, again=again))


def _understood(batches: Iterator[_Batch], worker: Worker, rules: Rules) -> Iterator[_Batch]:
    """Each batch with what the worker makes of it."""
    for batch in batches:
        yield replace(batch, filings=_filings(batch, worker, rules))
        del batch


def _filings(batch: _Batch, worker: Worker, rules: Rules) -> list[Filing]:
    mails = [(raw, mail_id) for raw, mail_id in zip(batch.raws, batch.ids, strict=True) if mail_id is not None]
    answers = worker.understand_all(mails, rules=rules)
    return [
        filing(raw, digest, folded, next(answers) if mail_id is not None else ())
        for raw, mail_id, (digest, folded) in zip(batch.raws, batch.ids, batch.sums, strict=True)
    ]


def _committed(batch: _Batch, store: Store, *, again: bool) -> list[Receipt]:
    filings = [replace(each, again="removed") for each in batch.filings] if again else batch.filings
    receipts = store.commit(filings, now=datetime.now(UTC))
    milliseconds = round(1000 * (time.monotonic() - batch.began))
    for each, receipt in zip(filings, receipts, strict=True):
        if receipt.outcome != "quarantined":  # who asked for the filing tells that, louder and with the reason
            sentence, facts = told(each, receipt, milliseconds)
            log.info("%s", sentence, extra=facts)
    return [_timed(raw, receipt) for raw, receipt in zip(batch.raws, receipts, strict=True)]


def told(filing: Filing, receipt: Receipt, milliseconds: int) -> tuple[str, dict[str, object]]:
    """A line of the log on what became of a message: the sentence, and its kind and facts. Of an article, its title is
    all that is told. `milliseconds` went by from when its batch was here until that was on disk.
    """
    ref, took = receipt.ref, f"{milliseconds} ms"
    facts = {
        "account": ref.account,
        "mailbox": ref.folder or None,
        "uid": ref.uid,
        "path": ref.path,
        "ms": milliseconds,
    }
    entry, folder = receipt.entries[0] if receipt.entries else (None, receipt.quarantine)
    if receipt.outcome != "filed" or not filing.bundles:
        sentence = f"{where(ref)}: {receipt.outcome} {folder or ''}, {took}"
        return sentence, about(Event.ALREADY, entry=entry, folder=folder, **facts)
    title = line(filing.bundles[0].entry.title)
    warnings = sum(bundle.entry.warnings for bundle in filing.bundles)
    more = f", and {len(receipt.entries) - 1} more" if len(receipt.entries) > 1 else ""
    sentence = f"{where(ref)}: filed {entry} “{title}” in {folder}{more}, {counted(warnings, 'warning')}, {took}"
    told_of = about(
        Event.FILED, entry=entry, folder=folder, title=title, articles=len(receipt.entries), warnings=warnings, **facts
    )
    return sentence, told_of


def _timed(raw: RawMessage, receipt: Receipt) -> Receipt:
    """With how long it took from its arrival in the mailbox until now; a server's clock may be ahead of ours."""
    if raw.received is None or receipt.outcome != "filed":
        return receipt
    return replace(receipt, lag=max(0.0, (datetime.now(UTC) - raw.received).total_seconds()))


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
            answer = Quarantine("defect", f"the worker's answer was refused: {spot(error)}")
        else:
            return Filing(raw.ref, digest, folded, answer)
    if answer.trace:
        facts = about(Event.DEFECT, account=raw.ref.account, mailbox=raw.ref.folder, uid=raw.ref.uid)
        log.error(
            "%s could not be understood, by a defect of mailarchiver",
            where(raw.ref),
            extra={**facts, "trace": answer.trace},
        )
    return Filing(raw.ref, digest, folded, quarantined=Quarantined(raw, answer))
