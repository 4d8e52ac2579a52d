"""Is the archive as it was filed? Tree, manifest, checksums and ledger held against each other. Reads only.

::

    manifest ─▶ ids that stand ─┬─▶ each folder in place: inspect, many at a time ─▶ damage, extra
    tree     ─▶ folders ────────┘   folders left over     ─▶ misplaced, unlisted, extra
                                    ids left over         ─▶ missing
    then once more what looks wrong, by the manifest as it is then; the ledger; quarantine, versions, trash

No lock is taken and nothing is written, so it works on a read-only disk, for any user that may read, and while others
file: what a commit changes meanwhile looks wrong once, not twice.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from ..errors import ArchiveRefused
from ..model import Entry
from . import kept, manifest, staging, strays
from .agreement import disagreements
from .findings import BACKUP, Finding, Report, finding, trouble
from .inspection import Inspected, inspect
from .layout import ENTRY_FOLDER, PAGE, Layout
from .standing import Standing
from .strays import Stray
from .trouble import as_store_error

AT_ONCE = 16
"""Folders that a thread gets in one piece: handing them over one by one costs as much as reading a small one."""

ATTEMPTS = 5
PAUSE = 0.05


def verify(root: Path, *, jobs: int, step: Callable[[int], None] = lambda _: None, patience: float = 5.0) -> Report:
    """All that is wrong with an archive, and what others added to it; `step` hears of every article that was read.

    `jobs` folders are read at a time. A commit under way is waited for up to `patience` seconds, if something looks
    wrong. Raises `ArchiveRefused` for what is no archive, or one of a newer format, `StoreError` for disk trouble.
    """
    layout = Layout(root)
    with as_store_error(layout):
        readme = _readme(layout)
        with Standing(layout.manifest) as standing, ThreadPoolExecutor(jobs) as threads:
            standing.read_on()
            walk = _Walk(layout, standing, threads, step)
            walk.run()
            walk.look_again(patience)
            records = [*standing.torn, *_rest(layout, standing, patience), *disagreements(layout, standing)]
            found = [*readme, *records, *walk.findings(), *kept.inspect_kept(layout, standing)]
    return Report(walk.articles, walk.files, walk.octets, tuple(sorted(found, key=lambda each: (each.path, each.what))))


def count(root: Path) -> int:
    """About how many articles there are to read: the lines of the manifest."""
    path = Layout(root).manifest
    if not path.exists():
        return 0
    with path.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))


def _readme(layout: Layout) -> list[Finding]:
    """A README.txt that is missing from what is an archive otherwise is damage; what is no archive is refused."""
    if not layout.readme.exists() and manifest.size(layout.manifest):
        return [finding("missing", layout.root, layout.readme, "is missing: it says which format this is", BACKUP)]
    if not layout.exists():
        raise ArchiveRefused(f"{layout.root} is no archive: name the folder that holds manifest.jsonl and README.txt")
    return []


def _rest(layout: Layout, standing: Standing, patience: float) -> list[Finding]:
    """An append that was cut short; one under way is waited for."""
    if standing.rest() is None:
        return []
    wait_for_staging(layout, time.monotonic() + patience)
    rest = standing.rest()
    return [] if rest is None else [rest]


class _Walk:
    """A way through the tree; what was found by it, by article, so that it can be looked at again."""

    def __init__(
        self, layout: Layout, standing: Standing, threads: ThreadPoolExecutor, step: Callable[[int], None]
    ) -> None:
        self._layout = layout
        self._root = layout.root
        self._standing = standing
        self._threads = threads
        self._step = step
        self._seen: set[str] = set()
        self._closed: list[str] = []
        """Years and months that cannot be listed: of what lies there, nothing is known."""
        self._articles: dict[str, tuple[Finding, ...]] = {}
        self._strays: list[Stray] = []
        self._others: list[Finding] = []
        self.articles = self.files = self.octets = 0

    def run(self) -> None:
        """Read every folder that has its place, and see what is left over."""
        for batch in _in_threads(self._threads, self._inspect_all, _chunks(self._in_place())):
            for entry_id, inspected in batch:
                self._note(entry_id, inspected)
                self.articles += 1
                self.files += inspected.files
                self.octets += inspected.octets
            self._step(len(batch))
        self._look_for(self._missing())

    def look_again(self, patience: float) -> None:
        """Look once more at what seems wrong, when no commit is under way, by the manifest as it is then."""
        until = time.monotonic() + patience
        for _ in range(ATTEMPTS):
            suspects = [key for key, found in self._articles.items() if any(each.is_damage() for each in found)]
            if not suspects and not any(stray.is_suspect() for stray in self._strays):
                return
            wait_for_staging(self._layout, until)
            grew = self._standing.read_on()
            for entry_id in suspects:
                del self._articles[entry_id]
            self._look_for({*suspects, *self._missing()})
            if not grew:
                return

    def findings(self) -> Iterator[Finding]:
        """All of it."""
        meant = {entry.folder for entry in _intent(self._layout)}
        if any(stray.path in meant for stray in self._strays):
            what = "a commit was interrupted: the next command that writes (`poll`, `import`) puts it in order"
            yield Finding("note", ".mailarchiver/staging", what)
        for found in self._articles.values():
            yield from found
        for stray in self._strays:
            if stray.path not in meant:
                yield from strays.findings(self._root, stray, has_manifest=self._standing.exists)
        if not self._standing.exists and (self._strays or self._articles):
            cure = "restore it from a backup, or make it from the folders: `mailarchiver rebuild manifest`"
            yield Finding("missing", "manifest.jsonl", "is missing", cure)
        yield from self._others

    def _note(self, entry_id: str, inspected: Inspected) -> None:
        if inspected.findings:
            self._articles[entry_id] = inspected.findings

    def _inspect_all(self, entries: Sequence[Entry]) -> list[tuple[str, Inspected]]:
        return [(entry.id, inspect(self._root, entry.folder, entry)) for entry in entries]

    def _in_place(self) -> Iterator[Entry]:
        """The entries whose folder is where it belongs; everything else in the tree becomes a stray."""
        for path in self._listed(self._root, ""):
            if not _is_number(path, 4):
                if not _is_ours(path.name):
                    self._strays.append(Stray.of(self._root, path))
                continue
            for month in self._listed(path, path.name):
                if not _is_number(month, 2):
                    self._strays.append(Stray.of(self._root, month))
                    continue
                for folder in self._listed(month, f"{path.name}/{month.name}"):
                    entry = self._entry_of(folder)
                    if entry is not None:
                        self._seen.add(entry.id)
                        yield entry
                    elif not PAGE.fullmatch(folder.relative_to(self._root).as_posix()):
                        self._strays.append(Stray.of(self._root, folder))

    def _entry_of(self, folder: Path) -> Entry | None:
        """The entry that stands and has its place here."""
        relative = folder.relative_to(self._root).as_posix()
        named = ENTRY_FOLDER.fullmatch(relative)
        entry = self._standing.entry(named[2]) if named else None
        return entry if entry is not None and entry.folder == relative and _is_folder(folder) else None

    def _listed(self, folder: Path, relative: str) -> list[Path]:
        try:
            return sorted(folder.iterdir())
        except OSError as error:
            self._closed.append(f"{relative}/" if relative else "")
            cure = "make it readable, or look after the disk"
            what = f"cannot be listed: {trouble(error)}: what lies in it was not looked at"
            self._others.append(finding("unreadable", self._root, folder, what, cure))
            return []

    def _missing(self) -> set[str]:
        """The ids that stand and were not met on the way."""
        return {entry_id for entry_id in self._standing.stands if entry_id not in self._seen}

    def _look_for(self, ids: set[str]) -> None:
        """Where the folders of these articles are, by their places, else by what the strays say of themselves."""
        closed = tuple(self._closed)
        entries = {
            entry_id: entry
            for entry_id in ids
            if (entry := self._standing.entry(entry_id)) is not None and not entry.folder.startswith(closed)
        }
        away = {key: entry for key, entry in entries.items() if not _is_folder(self._root / entry.folder)}
        for entry_id, entry in entries.items():
            if entry_id not in away:
                self._seen.add(entry_id)
                self._note(entry_id, inspect(self._root, entry.folder, entry))
        self._strays = strays.told(self._root, self._strays, self._standing, set(away))
        found = {stray.entry_id: stray for stray in self._strays if stray.kind == "misplaced"}
        for entry_id, entry in away.items():
            if entry_id in found:
                self._articles[entry_id] = strays.misplaced(self._root, found[entry_id].path, entry)
            else:
                what = f"the folder of {entry_id} is missing"
                self._articles[entry_id] = (finding("missing", self._root, entry.folder, what, BACKUP),)


def _is_folder(path: Path) -> bool:
    """Whether a folder is there; one that we may not look for counts as there, so that it is called unreadable."""
    try:
        return path.is_dir()
    except PermissionError:
        return True


def _is_number(path: Path, digits: int) -> bool:
    return len(path.name) == digits and path.name.isdecimal() and not path.is_symlink() and _is_folder(path)


def _is_ours(name: str) -> bool:
    return name in {"README.txt", "manifest.jsonl", ".mailarchiver", "assets", "lost+found"} or bool(
        PAGE.fullmatch(name)
    )


def _intent(layout: Layout) -> Sequence[Entry]:
    try:
        records = list(manifest.records(layout.staging / staging.INTENT))
    except OSError:  # not ours to read, or gone meanwhile
        return ()
    return [record for record in records if isinstance(record, Entry)]


def wait_for_staging(layout: Layout, until: float) -> None:
    """Wait until no commit is under way, as far as we may know. Its lines are in the manifest then."""
    while time.monotonic() < until:
        try:
            if staging.is_empty(layout):
                return
        except FileNotFoundError:
            return
        except PermissionError:
            time.sleep(min(1.0, max(0.0, until - time.monotonic())))
            return
        time.sleep(PAUSE)


def _chunks(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    chunk: list[Entry] = []
    for entry in entries:
        chunk.append(entry)
        if len(chunk) == AT_ONCE:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _in_threads(
    threads: ThreadPoolExecutor,
    work: Callable[[Sequence[Entry]], list[tuple[str, Inspected]]],
    chunks: Iterable[Sequence[Entry]],
) -> Iterator[list[tuple[str, Inspected]]]:
    """What the work makes of each chunk, in order; a few are waiting at a time, so that memory stays flat."""
    waiting: deque[Future[list[tuple[str, Inspected]]]] = deque()
    for chunk in chunks:
        waiting.append(threads.submit(work, chunk))
        if len(waiting) > 16:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
