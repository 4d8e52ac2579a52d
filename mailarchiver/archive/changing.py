"""What is done to what the archive holds: entries replaced, removed and restored, mail let out of quarantine.

Part of the store, and in the same order as a commit: staged, synced, moved, listed, in the ledger. What is deleted for
good is only what lies elsewhere too: earlier versions of which nothing is lost, mail of the quarantine that is filed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from ..errors import NoSuchEntry
from ..model import Bundle, Entry, Quarantined
from . import extras, finding, folder, manifest, quarantine, staging, swap, trash
from .access import Access
from .batch import Batch, check
from .filed import Keys
from .layout import PRIVATE_FILE, Layout
from .ledger import Ledger
from .manifest import Removal
from .notes import Notes
from .renewal import Mail, Renewal


class Changing(ABC):
    """The half of the store that changes what was filed. Every method raises `StoreError` as the store's do."""

    _layout: Layout
    _access: Access

    @property
    def root(self) -> Path:
        """The archive's folder."""
        return self._layout.root

    @property
    def notes(self) -> Notes:
        """What rounds note down for those that follow."""
        return Notes(self._access, self._layout.root)

    @abstractmethod
    def entries(self) -> Iterator[Entry]:
        """All entries that stand."""

    @abstractmethod
    def _batch(self) -> AbstractContextManager[tuple[Ledger, Batch]]:
        """What the block puts into the batch and the ledger is on the disk when it is left, or nothing of it is."""

    # --- which --------------------------------------------------------------------------------------------------------

    def find(self, word: str, *, removed: bool = False) -> str:
        """The id that a user's word means, of an entry that stands or else of a removed one. Raises `NoSuchEntry`."""
        with self._access.reading() as ledger:
            return finding.choose(
                word,
                lambda prefix: ledger.ids(prefix, removed=removed),
                elsewhere=lambda prefix: ledger.ids(prefix, removed=not removed),
                hint=finding.NOT_REMOVED if removed else finding.REMOVED,
            )

    def mail_of(self, entry_id: str, *, removed: bool = False) -> Mail:
        """The mail that an entry came with. Raises `NoSuchEntry`."""
        with self._access.reading() as ledger:
            return _mail_of(ledger, entry_id, removed=removed)

    def standing(self, ids: Sequence[str]) -> list[Entry]:
        """These entries. Raises `NoSuchEntry`."""
        with self._access.reading() as ledger:
            return [_standing(ledger, entry_id) for entry_id in ids]

    def mails(self, words: Sequence[str]) -> list[Mail]:
        """The mails of the entries that the user's words mean, each once. Raises `NoSuchEntry`."""
        found = [self.mail_of(self.find(word)) for word in words]
        return list({mail.digest: mail for mail in found}.values())

    def all_mails(self) -> Iterator[Mail]:
        """All mails of which entries stand, in the order of the manifest."""
        for entry in self.entries():
            mail = self.mail_of(entry.id)
            if mail.entries[0].id == entry.id:
                yield mail

    def count_of_mails(self) -> int:
        """How many mails have entries that stand."""
        with self._access.reading() as ledger:
            return ledger.mails()

    # --- another version ----------------------------------------------------------------------------------------------

    def renew(self, renewals: Sequence[Renewal], *, now: datetime) -> list[bool]:
        """Bring the new versions of a batch of mails in; for each, whether that was done.

        It is not where its entries are not those any more that were read: somebody changed them meanwhile. What others
        added to a folder is in the new one too; the old one goes to `versions/`. An entry that has no article any more
        is removed: its folder goes to trash/.
        """
        with self._batch() as (ledger, batch):
            done = [_mail(ledger, renewal.digest).entries == renewal.stood for renewal in renewals]
            for renewal, is_sound in zip(renewals, done, strict=True):
                if is_sound:
                    _renew(ledger, batch, renewal, _second(now))
        return done

    def prune(self, ids: Sequence[str] | None = None) -> tuple[list[str], list[str]]:
        """Delete the earlier versions of these entries, or of all; (deleted, kept), as paths from the root and reasons.

        Kept is what holds anything that is nowhere else: changed files, files of others that the entry's folder lacks;
        and the versions of an entry that does not stand.
        """
        home = self._layout.versions
        names = sorted(path.name for path in home.iterdir()) if home.is_dir() else []
        chosen = [name for name in names if ids is None or name in ids]
        sums = _sums_of(self._layout, frozenset(chosen)) if chosen else {}
        deleted: list[str] = []
        kept: list[str] = []
        for name in chosen:
            with self._access.exclusive() as ledger:
                for version in swap.versions(self._layout, name):
                    shown = version.relative_to(self._layout.root).as_posix()
                    why = _needed(self._layout, version, ledger.entry(name), sums.get(name, frozenset()))
                    if why is None:
                        staging.discard(self._layout, version)
                        deleted.append(shown)
                    else:
                        kept.append(f"{shown}: {why}")
                swap.forget_empty(self._layout, name)
                staging.empty(self._layout)
        return deleted, kept

    # --- out, and back ------------------------------------------------------------------------------------------------

    def remove(self, ids: Sequence[str], *, now: datetime) -> list[Entry]:
        """Take entries out: their folders go to trash/, the manifest gets a line for each. They come back by `restore`.

        The first article of a mail holds the whole mail: it goes only with all others. Raises `NoSuchEntry`.
        """
        with self._batch() as (ledger, batch):
            entries = [_standing(ledger, entry_id) for entry_id in dict.fromkeys(ids)]
            for entry in entries:
                others = [name for name in ledger.of_mail(entry.sha256) if name not in ids]
                if "-" not in entry.id and others:
                    raise NoSuchEntry(
                        f"{entry.id} holds the whole mail of {', '.join(others)}: name these too, "
                        "or say --mail to remove all articles of the mail"
                    )
            for entry in sorted(entries, key=lambda entry: (-len(entry.id), entry.id)):
                removal = Removal(entry.id, entry.sha256, _second(now))
                ledger.remove(removal)
                batch.removed.append((removal, entry))
        return entries

    def restore(self, ids: Sequence[str]) -> list[Entry]:
        """Put removed entries back in their places, as they were. Raises `NoSuchEntry` where one cannot be."""
        with self._batch() as (ledger, batch):
            for entry_id in sorted(dict.fromkeys(ids), key=lambda name: (len(name), name)):
                entry, lies = self._removed(ledger, entry_id)
                ledger.add(entry, folder.keys(lies, entry))
                batch.restored.append((entry, lies))
        return [entry for entry, _ in batch.restored]

    def _removed(self, ledger: Ledger, entry_id: str) -> tuple[Entry, Path]:
        """A removed entry and where it lies, fit to be put back."""
        if entry_id not in ledger.ids(entry_id, removed=True):
            raise NoSuchEntry(f"{entry_id} was not removed")
        entry = ledger.removed_entry(entry_id) or trash.described(self._layout, entry_id)
        lies = None if entry is None else trash.in_trash(self._layout, entry)
        if entry is None or lies is None:
            raise NoSuchEntry(f"{entry_id} cannot be put back: {trash.fault(self._layout, entry_id)}")
        base = entry_id.partition("-")[0]
        if ledger.entry(base) is None and base != entry_id:
            raise NoSuchEntry(f"{entry_id} came with {base}, which was removed too: restore that first, or say --mail")
        if (twin := _twin(ledger, entry)) is not None:
            raise NoSuchEntry(f"{entry_id} is in the archive again, as {twin}: remove that first")
        if (self._layout.root / entry.folder).exists():
            raise NoSuchEntry(f"{self._layout.root / entry.folder} is in the way of {entry_id}: move it away")
        return entry, lies

    # --- mail in quarantine -------------------------------------------------------------------------------------------

    def still_quarantined(self, quarantined: Quarantined, digest: str, *, now: datetime) -> None:
        """Write down why a mail could not be understood this time either."""
        path = self._layout.quarantine / digest / quarantine.REASON
        with self._access.exclusive():
            if path.parent.is_dir():
                told = quarantine.files(quarantined, digest, now=now)[quarantine.REASON]
                staging.replace(self._layout, {path: told}, mode=PRIVATE_FILE)


def keys(bundle: Bundle, folded: str) -> Keys:
    """What the ledger holds of an article beyond its line in the manifest."""
    card = bundle.card
    return Keys(folded, bundle.url_key, bundle.text_key, card.excerpt, card.direction, card.automatic)


def _second(now: datetime) -> str:
    return now.astimezone(UTC).isoformat(timespec="seconds")


def _standing(ledger: Ledger, entry_id: str) -> Entry:
    entry = ledger.entry(entry_id)
    if entry is None:
        raise NoSuchEntry(f"there is no entry {entry_id}")
    return entry


def _twin(ledger: Ledger, entry: Entry) -> str | None:
    """The id of what stands of the same mail with other line ends: filed since this one was removed."""
    known = ledger.known(entry.sha256, ledger.folded(entry.sha256)) or ()
    same = set(ledger.of_mail(entry.sha256))
    return next((name for name, _ in known if name not in same), None)


def _mail(ledger: Ledger, digest: str) -> Mail:
    entries = tuple(_standing(ledger, name) for name in ledger.of_mail(digest))
    return Mail(digest, entries, frozenset(ledger.of_mail(digest, removed=True)))


def _mail_of(ledger: Ledger, entry_id: str, *, removed: bool) -> Mail:
    digest = ledger.holder(entry_id.partition("-")[0])
    if digest is None or entry_id not in ledger.of_mail(digest, removed=removed):
        raise NoSuchEntry(f"there is no {'removed ' if removed else ''}entry {entry_id}")
    return _mail(ledger, digest)


def _renew(ledger: Ledger, batch: Batch, renewal: Renewal, now: str) -> None:
    """Tell ledger and batch of the new versions of a mail's articles. Raises `ValueError` for what is none of them."""
    folded = ledger.folded(renewal.digest)
    for bundle in (*renewal.changed, *renewal.added):
        check(bundle, renewal.digest)
    for bundle in renewal.changed:
        ledger.add(bundle.entry, keys(bundle, folded))
        batch.replaced.append((bundle, bundle.entry))
    for bundle in renewal.added:
        same_as = ledger.same_as(bundle.url_key, bundle.text_key, renewal.digest)
        entry = replace(bundle.entry, filed=now, same_as=same_as)
        ledger.add(entry, keys(bundle, folded))
        batch.entries.append((bundle, entry))
    for entry in renewal.gone:
        removal = Removal(entry.id, entry.sha256, now)
        ledger.remove(removal)
        batch.removed.append((removal, entry))


def _sums_of(layout: Layout, ids: frozenset[str]) -> dict[str, frozenset[str]]:
    """All `sums` that the manifest ever had of these entries. Reads all of it."""
    found: dict[str, set[str]] = {}
    for record in manifest.records(layout.manifest):
        if isinstance(record, Entry) and record.id in ids:
            found.setdefault(record.id, set()).add(record.sums)
    return {name: frozenset(sums) for name, sums in found.items()}


def _needed(layout: Layout, version: Path, entry: Entry | None, sums: frozenset[str]) -> str | None:
    """Why an earlier version is kept, None where all that it holds can be made again, or lies in the entry's folder."""
    if entry is None:
        return "its entry was removed"
    faults = [folder.fault(version, each) for each in sums]
    if not faults or None not in faults:
        return f"somebody changed it: {folder.fault(version) or 'SHA256SUMS is none of the manifest'}"
    lacking = extras.lacking(version, layout.root / entry.folder)
    return None if lacking is None else f"{lacking}, which others added, is nowhere else"
