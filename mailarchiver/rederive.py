"""Articles made again from their `message.eml`, and held against what lies in the archive: `verify --deep`.

::

    first article of a mail | message.eml | worker.understand → bundles │ SHA256SUMS of each │ same seal? sound
                              received, id and zone as at filing                             └ else: which files

Reads only. The seal is enough: that the files are those of SHA256SUMS, `archive.verify` has seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from . import EXTRACTOR
from .archive import folder, given
from .archive.findings import Finding, finding
from .archive.layout import Layout
from .archive.standing import Standing
from .filing import batches
from .model import Bundle, Entry, MessageRef, Quarantine, RawMessage, Rules, TagRules, Understood
from .workers import Worker

RELEASED = "unreadable"
"""The warning of a mail that was filed without being understood."""

RulesOf = Callable[[str], Rules]
"""How the mail of an account is understood, by the configuration of today."""


def rederive(
    root: Path, worker: Worker, *, rules: RulesOf, damaged: frozenset[str], step: Callable[[int], None]
) -> Iterator[Finding]:
    """What this program would make otherwise today: damage, but for what another `extractor` made.

    `damaged` are folders that are known to be damaged: nothing is said of them. `step` hears of every article.
    Raises `OSError`, `StoreError` (no worker can be started).
    """
    with Standing(Layout(root).manifest) as standing:
        standing.read_on()
        firsts = (entry for entry_id in standing.stands if "-" not in entry_id and (entry := standing.entry(entry_id)))
        done: set[str] = set()
        for raws in batches(_mails(root, firsts, damaged)):
            entries = [standing.entry(raw.ref.path or "") for raw in raws]
            known = [(raw, entry) for raw, entry in zip(raws, entries, strict=True) if entry is not None]
            for (raw, entry), answer in zip(known, _understood(known, worker, rules), strict=True):
                filed = [entry, *_further(standing, entry)]
                done.update(each.id for each in filed)
                step(len(filed))
                sound = [each for each in filed if each.folder not in damaged]
                found = list(_compared(root, sound, answer, partial(_other_tags, raw, entry, worker, rules)))
                if found and standing.read_on() and any(standing.entry(each.id) != each for each in filed):
                    continue  # it was replaced or removed meanwhile
                yield from found
        yield from _without_first(root, standing, done, damaged)


def _mails(root: Path, firsts: Iterable[Entry], damaged: frozenset[str]) -> Iterator[RawMessage]:
    """Mails as they were when they were filed, but for their place: `path` is the article's id, to tell it by."""
    for entry in firsts:
        if entry.folder in damaged:
            continue
        try:
            data = given.octets(root / entry.folder / "message.eml")
        except FileNotFoundError:  # removed since it was verified
            continue
        source = entry.source
        account, mailbox = (source.account, source.folder) if source else (_account(root, entry), "")
        ref, received = MessageRef(account, mailbox, path=entry.id), datetime.fromisoformat(entry.received)
        yield RawMessage(ref, received, data, doubt=folder.doubt(root / entry.folder))


def _account(root: Path, entry: Entry) -> str:
    account = folder.described(root / entry.folder).get("account")
    return account if isinstance(account, str) else "import"


def _as_filed(entry: Entry, rules: Rules) -> Rules:
    """The rules with the zone in which the mail was filed, which the configuration may have changed since."""
    zone = datetime.fromisoformat(entry.received).tzinfo
    return rules if zone is None else replace(rules, timezone=zone)


def _understood(mails: Sequence[tuple[RawMessage, Entry]], worker: Worker, rules: RulesOf) -> Iterator[Understood]:
    """The answers in order; mails that share their rules go to the worker together."""
    together: list[tuple[RawMessage, str]] = []
    shared: Rules | None = None
    for raw, entry in mails:
        own = _as_filed(entry, rules(raw.ref.account))
        if together and own != shared:
            yield from worker.understand_all(together, rules=shared or own)
            together = []
        together.append((raw, entry.id))
        shared = own
    if together and shared is not None:
        yield from worker.understand_all(together, rules=shared)


def _other_tags(raw: RawMessage, entry: Entry, worker: Worker, rules: RulesOf) -> Iterator[Understood]:
    """What becomes of a mail where the table `[tags]` of the configuration was another one: nothing else keeps it."""
    own = _as_filed(entry, rules(raw.ref.account))
    for tags in dict.fromkeys(
        TagRules(words, plus, addresses)
        for words in (True, False)
        for plus, addresses in ((True, own.tags.addresses), (True, ()), (False, ()))
    ):
        if tags != own.tags:
            yield from worker.understand_all([(raw, entry.id)], rules=replace(own, tags=tags))


def _further(standing: Standing, first: Entry) -> Iterator[Entry]:
    """The second, third … article of a mail, as far as they stand."""
    for number in range(2, 101):
        entry = standing.entry(f"{first.id}-{number}")
        if entry is not None:
            yield entry


def _compared(
    root: Path, filed: Sequence[Entry], answer: Understood, others: Callable[[], Iterator[Understood]]
) -> Iterator[Finding]:
    if isinstance(answer, Quarantine):
        for entry in filed:
            yield _differs(root, entry, f"could not be understood again: {answer.detail}")
        return
    made = {bundle.id: bundle for bundle in answer}
    wrong = [entry for entry in filed if entry.id not in made or made[entry.id].entry.sums != entry.sums]
    if not wrong or all(_is_of_another(root, entry) for entry in wrong):
        yield from (_differs(root, entry, "") for entry in wrong)
        return
    sums = {entry.id: entry.sums for entry in filed}
    for other in others():
        if not isinstance(other, Quarantine):
            found = {bundle.id: bundle.entry.sums for bundle in other}
            if all(found.get(entry_id) == seal for entry_id, seal in sums.items()):
                return
    for entry in wrong:
        what = _files_that_differ(root, entry, made[entry.id]) if entry.id in made else "it would not be made at all"
        yield _differs(root, entry, what)


def _without_first(root: Path, standing: Standing, done: set[str], damaged: frozenset[str]) -> Iterator[Finding]:
    """Articles whose mail is not in the tree, because its first article was removed."""
    for entry_id in standing.stands:
        if "-" in entry_id and entry_id not in done and standing.entry(entry_id.partition("-")[0]) is None:
            entry = standing.entry(entry_id)
            if entry is not None and entry.folder not in damaged:
                what = "cannot be made again: the first article of its mail, which holds the whole mail, was removed"
                yield finding("note", root, entry.folder, what)


def _is_of_another(root: Path, entry: Entry) -> bool:
    described = folder.described(root / entry.folder)
    return described.get("extractor") != EXTRACTOR or folder.warns_of(described.get("warnings"), RELEASED)


def _differs(root: Path, entry: Entry, what: str) -> Finding:
    """Older where another program made it, damage where this one did."""
    described = folder.described(root / entry.folder)
    extractor = described.get("extractor")
    if folder.warns_of(described.get("warnings"), RELEASED):
        return finding("note", root, entry.folder, "was released from quarantine, and is not made again")
    if extractor != EXTRACTOR:
        return finding("older", root, entry.folder, f"was made by {extractor}; {EXTRACTOR} makes it otherwise")
    return finding("differs", root, entry.folder, f"differs from what this program makes: {what}", "report it")


def _files_that_differ(root: Path, entry: Entry, bundle: Bundle) -> str:
    """The names of the files that are not the same."""
    names = []
    for name, data in bundle.files.items():
        try:
            same = given.octets(root / entry.folder / name) == data
        except FileNotFoundError:
            same = False
        if not same:
            names.append(name)
    return ", ".join(sorted(names)) or "a file that it would not make"
