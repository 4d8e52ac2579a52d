"""Filed mail, understood again by the program of today.

::

    Mail… | raw_mail | worker.understand | compare ─▶ Renewal… | store.renew     a batch shares one commit
                                                   └▶ differences                a dry run
"""

from __future__ import annotations

import difflib
import io
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from .archive import folder, renewal
from .archive.batch import check
from .archive.renewal import Mail, Renewal
from .archive.store import Store
from .filing import BATCH_BYTES, BATCH_MESSAGES
from .model import Bundle, Entry, Quarantine, RawMessage, Rules
from .workers import Worker

log = logging.getLogger(__name__)

RulesOf = Callable[[str], Rules]
"""The rules for the mail of an account."""
MARKDOWN = "article.md"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a mail: of its entries, by their ids. `trouble` says why all of it was left as it was."""

    mail: Mail
    replaced: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: int = 0
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """What reprocessing would change of an article: in which `files`, and of its Markdown as a unified `diff`."""

    id: str
    folder: str
    change: str
    files: tuple[str, ...]
    diff: str


def reprocess(
    mails: Iterable[Mail],
    store: Store,
    worker: Worker,
    *,
    root: Path,
    rules_of: RulesOf,
    on_outcomes: Callable[[list[Outcome]], None],
) -> None:
    """Bring the articles of mails to what the program makes of them today; `on_outcomes` hears of each batch when it is
    on the disk. A mail that is not all there, or cannot be understood now, is left as it is. Raises `StoreError`.
    """
    for batch in _batches(mails, root):
        tried = list(renewals(batch, worker, root=root, rules_of=rules_of))
        needed = [found for _, found in tried if isinstance(found, Renewal) and found.is_needed()]
        done = dict(zip((found.digest for found in needed), store.renew(needed, now=datetime.now(UTC)), strict=True))
        on_outcomes([_outcome(mail, found, done) for mail, found in tried])


def differences(
    mails: Iterable[Mail], worker: Worker, *, root: Path, rules_of: RulesOf
) -> Iterator[tuple[Mail, list[Difference] | str]]:
    """What `reprocess` would do, mail by mail, or why a mail would be left as it is. Writes nothing."""
    for batch in _batches(mails, root):
        for mail, found in renewals(batch, worker, root=root, rules_of=rules_of):
            yield mail, found if isinstance(found, str) else _differences(root, found)


def renewals(
    mails: Sequence[tuple[Mail, RawMessage | str]], worker: Worker, *, root: Path, rules_of: RulesOf
) -> Iterator[tuple[Mail, Renewal | str]]:
    """What the articles of today change of each mail, or why it is to be left as it is. Raises `StoreError`."""
    answers = {
        mail.digest: answer
        for rules, group in _by_rules(mails, rules_of)
        for (mail, _), answer in zip(
            group, worker.understand_all([(raw, mail.entries[0].id) for mail, raw in group], rules=rules), strict=True
        )
    }
    for mail, raw in mails:
        if isinstance(raw, str):
            yield mail, raw
            continue
        answer = answers.pop(mail.digest)
        if isinstance(answer, Quarantine):
            if answer.trace:
                log.error("%s: a defect of mailarchiver\n%s", mail.entries[0].id, answer.trace)
            yield mail, f"{mail.entries[0].id}: it cannot be understood now: {answer.detail}; it stays as it is"
            continue
        yield mail, _compared(root, mail, answer)


def _compared(root: Path, mail: Mail, bundles: Sequence[Bundle]) -> Renewal | str:
    try:
        found = renewal.compare(root, mail, bundles)
        for bundle in (*found.changed, *found.added):
            check(bundle, mail.digest)
    except ValueError as error:
        return str(error)
    except OSError as error:
        return f"{mail.entries[0].id}: {error.filename or root}: {error.strerror}"
    return found


def _batches(mails: Iterable[Mail], root: Path) -> Iterator[list[tuple[Mail, RawMessage | str]]]:
    """Mails that share a commit, read back; a text says why one cannot be."""
    batch: list[tuple[Mail, RawMessage | str]] = []
    size = 0
    for mail in mails:
        found: RawMessage | str
        try:
            found = renewal.raw_mail(root, mail)
            size += len(found.data)
        except ValueError as error:
            found = str(error)
        batch.append((mail, found))
        if len(batch) >= BATCH_MESSAGES or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _by_rules(
    mails: Sequence[tuple[Mail, RawMessage | str]], rules_of: RulesOf
) -> list[tuple[Rules, list[tuple[Mail, RawMessage]]]]:
    """The mails that could be read, by how they are to be understood: in the time zone they were filed in."""
    groups: dict[tuple[str, object], tuple[Rules, list[tuple[Mail, RawMessage]]]] = {}
    for mail, raw in mails:
        if isinstance(raw, RawMessage) and raw.received is not None and raw.received.tzinfo is not None:
            zone, account = raw.received.tzinfo, raw.ref.account
            rules = replace(rules_of(account), timezone=zone)
            groups.setdefault((account, zone), (rules, []))[1].append((mail, raw))
    return list(groups.values())


def _outcome(mail: Mail, found: Renewal | str, done: dict[str, bool]) -> Outcome:
    if isinstance(found, str):
        return Outcome(mail, trouble=found)
    if not done.get(mail.digest, True):
        return Outcome(mail, trouble=f"{mail.entries[0].id}: it was changed meanwhile by another command: try again")
    return Outcome(
        mail,
        tuple(bundle.id for bundle in found.changed),
        tuple(bundle.id for bundle in found.added),
        tuple(entry.id for entry in found.gone),
        len(found.stood) - len(found.changed) - len(found.gone),
    )


# --- a dry run ------------------------------------------------------------------------------------------------------


def _differences(root: Path, found: Renewal) -> list[Difference]:
    changed = [
        Difference(
            bundle.id,
            bundle.folder,
            "replaced",
            tuple(renewal.differing(root, bundle)),
            _diff(bundle.folder, _markdown(root, bundle.entry), _text(bundle)),
        )
        for bundle in found.changed
    ]
    added = [
        Difference(bundle.id, bundle.folder, "added", tuple(bundle.files), _diff(bundle.folder, "", _text(bundle)))
        for bundle in found.added
    ]
    gone = [
        Difference(entry.id, entry.folder, "removed", (), _diff(entry.folder, _markdown(root, entry), ""))
        for entry in found.gone
    ]
    return changed + added + gone


def _text(bundle: Bundle) -> str:
    return bundle.files[MARKDOWN].decode("utf-8", "replace")


def _markdown(root: Path, entry: Entry) -> str:
    return (folder.read(root / entry.folder / MARKDOWN) or b"").decode("utf-8", "replace")


def _diff(place: str, old: str, new: str) -> str:
    """As `diff -u` prints it, for `patch -p1` in the archive's root; empty where the two are equal."""
    names = (f"a/{place}/{MARKDOWN}" if old else "/dev/null", f"b/{place}/{MARKDOWN}" if new else "/dev/null")
    lines = difflib.unified_diff(io.StringIO(old).readlines(), io.StringIO(new).readlines(), *names)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
