"""Which files of an article's folder others had changed before it was replaced: noted down beside the old version.

`versions/<id>/altered` has a line for each: its SHA-256 in hex, or 64 hyphens where it was missing, two spaces, its
path in the folder. So what somebody wrote into a folder of ours, and reprocess moved away, is told from what the disk
harmed since. It counts for all versions of the article. As it is written before the folder is moved, that may have
stayed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from . import given
from .inspection import digest, inspect
from .layout import PRIVATE_FILE, Layout
from .staging import fsync_parents
from .sync import fsync_path, write_new

ALTERED = "altered"
MISSING = "-" * 64

State = tuple[str, str]
"""Of a file: its digest, or `MISSING`, and its path."""


def note_down(layout: Layout, entry_id: str, folder: Path) -> None:
    """Have noted, on the disk, which files of a folder are not as its SHA256SUMS says. `versions/<id>/` must be there.

    Raises `OSError`.
    """
    path = layout.versions / entry_id / ALTERED
    known = noted(path.parent)
    found = known | frozenset(_altered(folder))
    if found == known:
        return
    staged = layout.staging / f"{ALTERED}-{entry_id}"
    staged.unlink(missing_ok=True)
    text = "".join(f"{state}  {name}\n" for state, name in sorted(found, key=lambda each: (each[1], each[0])))
    write_new(staged, text.encode("utf-8", "surrogateescape"), PRIVATE_FILE)
    fsync_path(staged)
    staged.rename(path)
    fsync_parents(layout, [path])


def noted(versions: Path) -> frozenset[State]:
    """What is noted of the versions in `versions/<id>/`; nothing where there is no note, or it cannot be read."""
    try:
        lines = given.octets(versions / ALTERED).decode("utf-8", "surrogateescape").split("\n")
    except OSError:
        return frozenset()
    return frozenset((state, name) for state, _, name in (line.partition("  ") for line in lines) if name)


def state(folder: Path, name: str) -> State:
    """What a file is like now. Raises `OSError` where it is there and cannot be read."""
    try:
        return digest(folder / name)[0], name
    except (FileNotFoundError, NotADirectoryError):
        return MISSING, name


def _altered(folder: Path) -> Iterator[State]:
    for found in inspect(folder.parent, folder.name).findings:
        name = found.path.partition("/")[2]
        if found.kind in {"changed", "missing"} and name:
            yield state(folder, name)
