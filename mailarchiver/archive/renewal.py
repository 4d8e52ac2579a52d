"""A filed mail, to be understood again: how it is read back, and what its articles of today change. Only reads.

::

    Mail ─ raw_mail ─▶ RawMessage | worker | bundles ─ compare ─▶ Renewal ─▶ store.renew
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from ..errors import NoSuchEntry
from ..model import Bundle, Entry, MessageRef, RawMessage
from . import extras, finding, folder, given, manifest
from .layout import Layout
from .manifest import Removal
from .trouble import as_store_error

MAIL = "message.eml"


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail of the archive: its entries that stand, the first article's first, and the ids of its removed ones."""

    digest: str
    entries: tuple[Entry, ...]
    removed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Renewal:
    """A filed mail, understood again. `stood` are the entries it had when it was read, the first article's first.

    `changed` are the articles of which a file differs, in their old folders; `added` those that were not there;
    `gone` the entries that have no article any more.
    """

    digest: str
    stood: tuple[Entry, ...]
    changed: tuple[Bundle, ...] = ()
    added: tuple[Bundle, ...] = ()
    gone: tuple[Entry, ...] = ()

    def is_needed(self) -> bool:
        """Whether anything is to be written."""
        return bool(self.changed or self.added or self.gone)


def listed(root: Path) -> Iterator[Mail]:
    """The mails of which entries stand, in the order of filing, by the manifest alone. Nothing is written.

    Raises `NoSuchEntry` where there is no archive, `StoreError`.
    """
    layout = Layout(root)
    standing: dict[str, Entry] = {}
    removed: dict[str, Removal] = {}
    with as_store_error(layout):
        if not layout.exists():
            raise NoSuchEntry(f"{root} is no archive: name one with --root DIR, or in the configuration")
        for record in manifest.records(layout.manifest):
            if isinstance(record, Entry):
                standing[record.id] = record
                removed.pop(record.id, None)
            else:
                standing.pop(record.id, None)
                removed[record.id] = record
    mails: dict[str, list[Entry]] = {}
    for entry in standing.values():
        mails.setdefault(entry.sha256, []).append(entry)
    gone: dict[str, set[str]] = {}
    for removal in removed.values():
        gone.setdefault(removal.sha256, set()).add(removal.id)
    for digest, entries in mails.items():
        ordered = sorted(entries, key=lambda entry: (len(entry.id), entry.id))
        yield Mail(digest, tuple(ordered), frozenset(gone.get(digest, ())))


def chosen(root: Path, words: Sequence[str] | None) -> list[Mail]:
    """The mails of the entries that the user's words mean, each once, or all of them. Raises as `listed`."""
    mails = list(listed(root))
    if words is None:
        return mails
    standing = {entry.id: mail for mail in mails for entry in mail.entries}
    gone = {entry_id for mail in mails for entry_id in mail.removed}

    def begin(ids: Iterable[str]) -> finding.Ids:
        ordered = sorted(ids)
        return lambda prefix: [entry_id for entry_id in ordered if entry_id.startswith(prefix)]

    found = [
        standing[finding.choose(word, begin(standing), elsewhere=begin(gone), hint=finding.REMOVED)] for word in words
    ]
    return list({mail.digest: mail for mail in found}.values())


def raw_mail(root: Path, mail: Mail) -> RawMessage:
    """The mail as it was received: its octets, when and by which account. Reads its first article's folder.

    Raises `ValueError`, in words for the user, where it is not all there, or a folder is not in its place.
    """
    first = mail.entries[0]
    if "-" in first.id:
        raise ValueError(f"{first.id}: the first article of its mail, which holds the whole mail, was removed")
    for entry in mail.entries:
        path = root / entry.folder
        if path.is_symlink() or not path.is_dir():
            raise ValueError(
                f"{entry.id}: {path} is not there: it was renamed, moved or deleted; its mail is left alone"
            )
    path = root / first.folder / MAIL
    try:
        data = given.octets(path)
    except OSError as error:
        raise ValueError(f"{first.id}: {path}: {error.strerror}") from error
    if hashlib.sha256(data).hexdigest() != mail.digest:
        raise ValueError(f"{first.id}: {path} is not the mail that was filed: put it back from a backup")
    received = datetime.fromisoformat(first.received)
    if received.tzinfo is None:
        raise ValueError(f"{first.id}: the manifest does not say in which time zone it was received")
    return RawMessage(_ref(root, first), received, data, doubt=folder.doubt(root / first.folder))


def compare(root: Path, mail: Mail, bundles: Sequence[Bundle]) -> Renewal:
    """What the articles of today change: each takes the folder of the entry of its id; what was removed stays removed.

    Raises `ValueError` where a folder holds something of others that could not be taken along, `OSError`.
    """
    stood = {entry.id: entry for entry in mail.entries}
    made = {bundle.id: bundle for bundle in bundles}
    changed = [in_place(made[name], entry) for name, entry in stood.items() if name in made]
    changed = [bundle for bundle in changed if not _is_there(root, bundle, stood[bundle.id])]
    for bundle in changed:
        if (closed := extras.closed(root / bundle.folder)) is not None:
            raise ValueError(f"{bundle.id}: {root / bundle.folder / closed} cannot be read: let its owner read it")
    return Renewal(
        mail.digest,
        mail.entries,
        tuple(changed),
        tuple(bundle for name, bundle in made.items() if name not in stood and name not in mail.removed),
        tuple(entry for name, entry in stood.items() if name not in made),
    )


def in_place(bundle: Bundle, entry: Entry) -> Bundle:
    """The article with what was decided when it was filed: its folder, when and whence it came, and `same_as`."""
    kept = replace(
        bundle.entry,
        folder=entry.folder,
        received=entry.received,
        filed=entry.filed,
        same_as=entry.same_as,
        source=entry.source,
    )
    return replace(bundle, folder=entry.folder, entry=kept, card=replace(bundle.card, entry=kept))


def differing(root: Path, bundle: Bundle) -> list[str]:
    """The files of an article that are not in its folder as they would be written now, and those that would go."""
    place = root / bundle.folder
    lost = (path for path in _listed(place) if path not in bundle.files)
    changed = (path for path, data in bundle.files.items() if folder.read(place / path) != data)
    return sorted({*lost, *changed} - {extras.SUMS})


def _listed(place: Path) -> Iterable[str]:
    listing = (folder.read(place / extras.SUMS) or b"").decode("utf-8", "replace")
    return [line.partition("  ")[2] for line in listing.splitlines()]


def _is_there(root: Path, bundle: Bundle, entry: Entry) -> bool:
    return bundle.entry.sums == entry.sums and folder.fault(root / entry.folder, entry.sums) is None


def _ref(root: Path, entry: Entry) -> MessageRef:
    """Where it lay; of a file, the account alone is known, and counts."""
    if entry.source is not None:
        source = entry.source
        return MessageRef(source.account, source.folder, source.uidvalidity, source.uid)
    try:
        told = given.parsed(folder.read(root / entry.folder / "article.json") or b"{}")
    except ValueError:
        told = {}
    account = told.get("account") if isinstance(told, dict) else None
    return MessageRef(account if isinstance(account, str) else "import", "", path=MAIL)
