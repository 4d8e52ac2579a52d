"""What is done, under the lock, when the last commit did not come to its end, or the ledger is gone or behind.

::

    manifest and ledger disagree ── same beginning ──▶ mend the manifest's tail, take it in
                                 └─ otherwise      ──▶ take in the whole manifest, adopt the folders it lacks
    staging is not empty ────────── a folder moved ──▶ finish that commit (finish.py)
                                 └─ none did       ──▶ forget it
    then take in the quarantine, and empty staging

Every step may itself be interrupted and done again. Nothing is deleted but what is in staging; what must not be seen
goes to `.mailarchiver/trash/`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ..model import Entry, MessageRef, Source
from ..text.wording import counted
from . import folder, manifest, quarantine, staging
from .finish import finish
from .layout import ENTRY_FOLDER, FILE_MODE, Layout
from .ledger import Ledger
from .manifest import Removal
from .sync import Flush, fsync_path, write_new

log = logging.getLogger(__name__)

Step = Callable[[int], None]
"""Hears how many lines of the manifest were taken in since the last time."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was done: `lines` of the manifest were taken in, `adopted` folders got one, `octets` of an append that was
    cut short were taken off, `dropped` damaged lines were left out.
    """

    lines: int
    adopted: int
    octets: int
    dropped: int = 0

    def is_something(self) -> bool:
        """Whether anything was done."""
        return bool(self.lines or self.adopted or self.octets or self.dropped)

    def told(self, waiting: int, *, is_staged: bool) -> str:
        """All of it in one line, beside staging and the `waiting` messages: filed, but not yet acted on."""
        parts = [
            "staging was emptied" if is_staged else "",
            f"{counted(self.octets, 'octet')} of torn lines were cut off the manifest" if self.octets else "",
            f"{counted(self.lines, 'line')} of the manifest entered into the ledger" if self.lines else "",
            f"{counted(self.adopted, 'article')} added to the manifest" if self.adopted else "",
            f"{counted(waiting, 'message')} filed and not yet acted on, which the next round does" if waiting else "",
        ]
        return "; ".join(part for part in parts if part)


def is_needed(layout: Layout, ledger: Ledger) -> bool:
    """Whether something was interrupted. Costs the same at any size of archive."""
    if ledger.is_outdated() or not staging.is_empty(layout):
        return True
    return ledger.position() != manifest.end(layout.manifest)


def recover(layout: Layout, ledger: Ledger) -> None:
    """Bring manifest, ledger and staging to one state. Under the lock only.

    What was done is said in one line of the log. Raises `OSError`, `sqlite3.Error`.
    """
    known = ledger.position()
    is_ours = known is not None and manifest.position(layout.manifest, known.size) == known
    is_staged = not staging.is_empty(layout)
    if known is None or not is_ours or ledger.is_outdated():
        done = _begin_anew(layout, ledger, keep_seen=is_ours)
    else:
        done = _go_on(layout, ledger, known.size)
    staging.empty(layout)
    if is_staged or done.is_something():
        log.warning("%s: put in order: %s", layout.root, done.told(ledger.open_count(), is_staged=is_staged))


def _go_on(layout: Layout, ledger: Ledger, start: int) -> Rebuilt:
    """Take in what the manifest has after octet `start`, and what the interrupted commit comes to."""
    cut = manifest.mend(layout.manifest, start)
    with ledger.transaction():
        heard = _take_in(layout, ledger, manifest.records(layout.manifest, start))
        finished = _take_in(layout, ledger, finish(layout, ledger))
        _take_in_quarantine(layout, ledger)
        ledger.taken_in(manifest.end(layout.manifest))
    return Rebuilt(heard, finished, cut)


def _begin_anew(layout: Layout, ledger: Ledger, *, keep_seen: bool, step: Step = lambda _: None) -> Rebuilt:
    """Make the ledger from the manifest, and the manifest whole from the folders. Reads every article.

    `keep_seen`: the ledger is of this manifest, only older, so what it says of the mailboxes is right.
    """
    if manifest.size(layout.manifest):
        log.info("%s: the ledger is being made from the manifest, reading every article", layout.root)
    cut = manifest.mend(layout.manifest, manifest.end_of_lines(layout.manifest))
    with ledger.transaction():
        ledger.clear(keep_seen=keep_seen)
        heard = _take_in(layout, ledger, _counted(manifest.records(layout.manifest), step), is_new=not keep_seen)
        added = _take_in(layout, ledger, finish(layout, ledger)) + _adopt(layout, ledger)
        _take_in_quarantine(layout, ledger)
        if (heard or added) and not keep_seen:
            ledger.begin_looking()
        ledger.taken_in(manifest.end(layout.manifest))
    return Rebuilt(heard, added, cut)


def _counted(records: Iterable[Entry | Removal], step: Step) -> Iterator[Entry | Removal]:
    for record in records:
        yield record
        step(1)


def rebuild(layout: Layout, ledger: Ledger, *, sift: bool, step: Step) -> Rebuilt:
    """Make the ledger again from manifest and folders, as if it had been deleted; what it alone knows of the mailboxes
    is kept if it is of this manifest. Under the lock only.

    `sift`: leave lines out of the manifest that are no sound ones; the manifest as it was goes to trash/.
    """
    known = ledger.position()
    is_ours = known is not None and manifest.position(layout.manifest, known.size) == known
    dropped = _sift(layout) if sift else 0
    made = _begin_anew(layout, ledger, keep_seen=is_ours, step=step)
    with ledger.transaction():
        ledger.begin_looking()
    staging.empty(layout)
    return replace(made, dropped=dropped)


def _sift(layout: Layout) -> int:
    """Write the manifest again without the lines that are no sound ones; how many these were."""
    if not layout.manifest.exists():
        return 0
    with layout.manifest.open("rb") as file:
        damaged = {number for number, line in enumerate(file) if line.endswith(b"\n") and not manifest.is_sound(line)}
        if not damaged:
            return 0
        file.seek(0)
        kept = b"".join(line for number, line in enumerate(file) if number not in damaged)
    left_out = counted(len(damaged), "damaged line")
    log.warning("%s: without %s, which %s has", layout.manifest, left_out, _keep_copy(layout))
    staging.replace(layout, {layout.manifest: kept})
    return len(damaged)


def _keep_copy(layout: Layout) -> Path:
    """The manifest as it is, in trash/, too; on the disk on return."""
    copy = layout.staging / layout.manifest.name
    copy.unlink(missing_ok=True)
    write_new(copy, layout.manifest.read_bytes(), FILE_MODE)
    fsync_path(copy)
    kept = staging.set_aside(layout, copy)
    staging.fsync_parents(layout, [kept])
    return kept


def _take_in(layout: Layout, ledger: Ledger, records: Iterable[Entry | Removal], *, is_new: bool = False) -> int:
    """Enter records of the manifest into the ledger; how many there were. `is_new`: it knows nothing else of them."""
    count = 0
    for count, record in enumerate(records, 1):  # noqa: B007 - the last number is the answer
        if isinstance(record, Removal):
            ledger.remove(record)
            continue
        ledger.add(record, folder.keys(layout.root / record.folder, record))
        if record.source is not None:
            source = record.source
            ref = MessageRef(source.account, source.folder, source.uidvalidity, source.uid)
            ledger.note(ref, record.sha256, "filed")
            if is_new:
                _take_in_doubt(layout, ledger, record, source)
    return count


def _take_in_doubt(layout: Layout, ledger: Ledger, entry: Entry, source: Source) -> None:
    """A mail that may be less than it should stays in doubt, as its article says; what came later in full does not."""
    if source.uidvalidity is None or source.uid is None:
        return
    place = (source.account, source.folder, source.uidvalidity)
    if entry.warnings and folder.doubt(layout.root / entry.folder) is not None:
        ledger.note_doubtful(*place, source.uid, entry.sha256)
    elif ledger.doubtful(*place).get(source.uid, entry.sha256) != entry.sha256:
        ledger.forget_doubtful(*place, [source.uid])


def _take_in_quarantine(layout: Layout, ledger: Ledger) -> None:
    """Enter the mails in quarantine that the ledger does not know. A folder that is not whole is named in the log and
    left as it is; when its mail comes again, it makes room.
    """
    listed = layout.quarantine.iterdir() if layout.quarantine.is_dir() else ()
    unknown = [path for path in sorted(listed) if quarantine.NAME.fullmatch(path.name)]
    for path in (path for path in unknown if ledger.has_mail(path.name)):
        staging.discard(layout, path)  # it was released, and filed before
    unknown = [path for path in unknown if path.is_dir() and ledger.quarantined(path.name, path.name) != path.name]
    if not unknown:
        return
    with Flush(layout.quarantine) as flush:  # what has its name may also have been brought by other hands
        flush.sync()
    staging.fsync_parents(layout, unknown)
    for path in unknown:
        try:
            found = quarantine.read(path)
        except (OSError, ValueError) as error:
            log.warning("%s: %s; it does not count as being in quarantine", path, error)
            continue
        ledger.quarantine(found.digest, found.folded)
        if found.ref is not None:
            ledger.note(found.ref, found.digest, "quarantined")


# --- folders that the manifest lacks ----------------------------------------------------------------------------------


def _adopt(layout: Layout, ledger: Ledger) -> int:
    """Enter the folders that neither manifest nor ledger know, if they are whole; how many.

    One that is not whole, or lacks its mail's first article, is named in the log and left as it is: it may be on its
    way here by some other hand. When its mail is filed again, it makes room.
    """
    lines: list[bytes] = []
    for _, base, number, relative, entry_id in sorted(_unlisted(layout, ledger)):
        try:
            if number > 1 and not ledger.has(base):
                raise ValueError("the first article of its mail is missing")  # noqa: TRY301 - told like the others
            found = folder.describe(layout.root, relative, entry_id)
        except (OSError, ValueError) as error:
            log.warning("%s is not in the manifest, and was not added to it: %s", layout.root / relative, error)
            continue
        keys = folder.keys(layout.root / relative, found)
        text = keys.text_key or ""
        entry = replace(found, same_as=ledger.same_as(keys.url_key, text, found.sha256))
        ledger.add(entry, keys)
        lines.append(manifest.to_line(entry))
    if lines:
        with Flush(layout.root) as flush:  # whoever brought them here may not have synced them
            flush.sync()
    manifest.append(layout.manifest, lines, mode=FILE_MODE)
    return len(lines)


def _unlisted(layout: Layout, ledger: Ledger) -> Iterator[tuple[str, str, int, str, str]]:
    """The folders that have the name of an entry and are not known, to be sorted.

    (day, the mail's id, the article's number, the folder, its id): so a mail's first article comes first.
    """
    for path in layout.root.glob("[0-9][0-9][0-9][0-9]/[0-9][0-9]/*"):
        relative = path.relative_to(layout.root).as_posix()
        found = ENTRY_FOLDER.fullmatch(relative)
        if found is not None and path.is_dir() and not ledger.has(found[2]):
            base, _, number = found[2].partition("-")
            yield found[1][:10], base, int(number or 1), relative, found[2]
