"""A folder beside its checksums: which of its files are changed, missing, unreadable, or somebody else's.

Reads only, at the speed of the disk; may be called from several threads at once (hashlib lets the others run).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..model import Entry
from . import given
from .findings import BACKUP, Finding, finding, trouble
from .folder import SUMS

CHUNK = 1 << 20
MAIL, DESCRIBED = "message.eml", "article.json"
STATED = ("id", "title", "byline", "site", "url", "published", "received", "kind", "language", "words")
"""What article.json and the manifest both say of an article, in the same words. So it is with `tags`."""


@dataclass(frozen=True, slots=True)
class Inspected:
    """What is to be said of a folder, and how much of it was read."""

    findings: tuple[Finding, ...]
    files: int = 0
    octets: int = 0

    def is_sound(self) -> bool:
        """Whether there is no damage."""
        return not any(found.is_damage() for found in self.findings)


def inspect(root: Path, relative: str, entry: Entry | None = None) -> Inspected:
    """Read all files of a folder, and compare them with SHA256SUMS, and that, the mail and article.json with the entry.

    Without an entry the folder can only be held against its own SHA256SUMS. Raises nothing for what lies there.
    """
    try:
        return _Inspection(root, relative, entry).run()
    except OSError as error:
        gone = isinstance(error, FileNotFoundError | NotADirectoryError)
        what = "the article's folder is missing" if gone else f"the folder cannot be read: {trouble(error)}"
        cure = BACKUP if gone else "make it readable, or look after the disk"
        return Inspected((finding("missing" if gone else "unreadable", root, relative, what, cure),))


class _Inspection:
    """One folder being read. Raises `OSError` where it cannot be listed."""

    def __init__(self, root: Path, relative: str, entry: Entry | None) -> None:
        self._root = root
        self._folder = os.path.join(root, relative)  # noqa: PTH118 - a Path for each file would take as long as its hash
        self._relative = relative
        self._entry = entry
        self._present = set(_files(self._folder))
        self._digests: dict[str, str] = {}
        self._changed: set[str] = set()
        self._findings: list[Finding] = []
        self._octets = 0

    def run(self) -> Inspected:
        listing = self._read(SUMS)
        if listing is not None:
            self._octets += len(listing)
            sealed = self._entry is None or hashlib.sha256(listing).hexdigest() == self._entry.sums
            listed = dict(self._lines(listing))
            if sealed or not self._is_as_filed(listed):
                self._compare(listed)
            if not sealed:
                self._say("changed", SUMS, "is not the one that the manifest's line names", BACKUP)
            elif self._entry is not None:
                self._compare_entry(self._entry)
            self._others(listed)
        return Inspected(tuple(self._findings), len(self._digests) + 1, self._octets)

    def _compare(self, listed: Mapping[str, str]) -> None:
        """Each file that is listed, with its digest."""
        for name, digest in listed.items():
            found = self._digest(name)
            if found is not None and found != digest:
                self._say("changed", name, f"differs from {SUMS}", BACKUP)
                self._changed.add(name)

    def _is_as_filed(self, listed: Mapping[str, str]) -> bool:
        """Whether the files make the SHA256SUMS of the manifest, so that only SHA256SUMS itself was changed."""
        if self._entry is None:
            return False
        digests = {name: self._digest(name, quiet=True) for name in sorted(self._present - {SUMS})}
        for names in (list(digests), [name for name in digests if name in listed]):
            made = "".join(f"{digests[name]}  {name}\n" for name in names)
            if hashlib.sha256(made.encode("utf-8", "surrogateescape")).hexdigest() == self._entry.sums:
                return True
        return False

    def _compare_entry(self, entry: Entry) -> None:
        """A folder that is whole: is it what the manifest says?"""
        whole = self._digests.keys() - self._changed
        if "-" not in entry.id and MAIL in whole and self._digests[MAIL] != entry.sha256:
            self._say("disagrees", MAIL, "is not the mail that the manifest's line names (sha256)", BACKUP)
        if DESCRIBED not in whole:
            return
        try:
            told = given.parsed(self._read(DESCRIBED) or b"")
        except ValueError:
            told = None
        if not isinstance(told, dict):
            self._say("disagrees", DESCRIBED, "is no JSON object", BACKUP)
            return
        wrong = [key for key in STATED if told.get(key) != getattr(entry, key)]
        wrong += ["tags"] if tuple(told.get("tags") or ()) != entry.tags else []
        if wrong:
            what = f"and the manifest's line of {entry.id} say different things: {', '.join(wrong)}"
            self._say("disagrees", DESCRIBED, what, "restore manifest.jsonl from a backup")

    def _others(self, listed: Mapping[str, str]) -> None:
        folders = {name.rpartition("/")[0] for name in listed}
        for name in sorted(self._present - listed.keys() - folders - {SUMS}):
            self._say("extra", name, "was put there by someone else")

    def _lines(self, listing: bytes) -> Iterator[tuple[str, str]]:
        """(path, digest) of the lines; a damaged one is named."""
        for line in listing.decode("utf-8", "replace").split("\n")[:-1]:
            digest, _, name = line.partition("  ")
            path = PurePosixPath(name)
            if not name or "\0" in name or path.is_absolute() or ".." in path.parts:
                self._say("changed", SUMS, f"has a damaged line: {line[:80]!r}", BACKUP)
            else:
                yield name, digest

    def _digest(self, name: str, *, quiet: bool = False) -> str | None:
        """The SHA-256 of a file; None where it cannot be read, which is named unless `quiet`."""
        if name not in self._digests:
            try:
                self._digests[name], octets = digest(os.path.join(self._folder, name))  # noqa: PTH118 - as above
            except OSError as error:
                if not quiet:
                    self._unread(name, error)
                return None
            self._octets += octets
        return self._digests[name]

    def _read(self, name: str) -> bytes | None:
        try:
            return b"".join(_chunks(os.path.join(self._folder, name)))  # noqa: PTH118 - as above
        except OSError as error:
            self._unread(name, error)
            return None

    def _unread(self, name: str, error: OSError) -> None:
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            self._say("missing", name, "is missing", BACKUP)
        else:
            cure = "make it readable, or look after the disk"
            self._say("unreadable", name, f"cannot be read: {trouble(error)}", cure)

    def _say(self, kind: str, name: str, what: str, cure: str = "") -> None:
        self._findings.append(finding(kind, self._root, f"{self._relative}/{name}", what, cure))  # type: ignore[arg-type]


def digest(path: str | Path) -> tuple[str, int]:
    """SHA-256 in hex and length of a file. Raises `OSError`, also for what is no file."""
    summed, octets = hashlib.sha256(), 0
    for chunk in _chunks(path):
        summed.update(chunk)
        octets += len(chunk)
    return summed.hexdigest(), octets


def _chunks(path: str | Path) -> Iterator[bytes]:
    """A file's octets, a small one's at once."""
    descriptor = given.opened(path)
    try:
        at_once = min(os.fstat(descriptor).st_size + 1, CHUNK)
        while chunk := os.read(descriptor, at_once):
            yield chunk
            if len(chunk) < at_once:
                return
    finally:
        os.close(descriptor)


def _files(folder: str, below: str = "") -> Iterator[str]:
    """The paths of all that lies in a folder, folders that are links and those that cannot be listed among them."""
    with os.scandir(folder) as listed:
        for item in listed:
            name = f"{below}{item.name}"
            if not item.is_dir(follow_symlinks=False):
                yield name
                continue
            try:
                yield from _files(item.path, f"{name}/")
            except PermissionError:
                yield name
