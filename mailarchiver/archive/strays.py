"""What lies in the tree and is no article in its place: moved, renamed, copied, not yet listed, or somebody else's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote
from typing import Literal

from ..model import Entry
from . import given
from .findings import BACKUP, Finding, finding
from .folder import fault
from .inspection import DESCRIBED, inspect
from .layout import ENTRY_FOLDER
from .standing import Standing

REBUILD = "`mailarchiver rebuild manifest` enters it"


@dataclass(frozen=True, slots=True)
class Stray:
    """`path` from the root. `kind` is what it turned out to be, `entry_id` which article it says it is."""

    path: str
    kind: Literal["other", "misplaced", "copy", "removed", "unlisted"] = "other"
    entry_id: str | None = None

    @classmethod
    def of(cls, root: Path, path: Path) -> Stray:
        """Not looked at yet."""
        return cls(path.relative_to(root).as_posix())

    def is_suspect(self) -> bool:
        """Whether a commit under way would explain it."""
        return self.kind in {"unlisted", "removed"}


def told(root: Path, met: list[Stray], standing: Standing, away: set[str]) -> list[Stray]:
    """The strays again, each with what it is; those that are gone or have come to be in place are left out.

    The articles whose ids are in `away` are looked for in the strays, however deep.
    """
    found: list[Stray] = []
    left = set(away)
    paths = dict.fromkeys(stray.path for stray in met if stray.kind != "misplaced")
    for path in paths:
        if not os.path.lexists(root / path):
            continue
        stray_here = _told(root, path, standing, left)
        if stray_here is not None:
            found.append(stray_here)
            left.discard(stray_here.entry_id or "")
        if left and stray_here is not None and stray_here.kind == "other":
            for inner in _articles_below(root / path):
                within = _told(root, inner.relative_to(root).as_posix(), standing, left)
                if within is not None and within.kind == "misplaced":
                    found.append(within)
                    left.discard(within.entry_id or "")
    for stray in met:  # those that were found in an earlier look, and are still where they were
        if stray.kind == "misplaced" and stray.entry_id in left and _is_folder(root / stray.path):
            found.append(stray)
            left.discard(stray.entry_id)
    return found


def _told(root: Path, path: str, standing: Standing, away: set[str]) -> Stray | None:
    """What a stray is; None for an article that has come to its place."""
    named = ENTRY_FOLDER.fullmatch(path)
    says = _id_in(root / path)
    entry_id = says or (named[2] if named and _is_folder(root / path) else None)
    stray = Stray(path, "other", entry_id)
    if entry_id is None:
        return stray
    entry = standing.entry(entry_id)
    if entry is not None and entry.folder == path:
        return None
    if entry_id in away:
        return replace(stray, kind="misplaced") if says else stray
    if entry is not None:
        return replace(stray, kind="copy")
    if entry_id in standing.removed:
        return replace(stray, kind="removed")
    return replace(stray, kind="unlisted")


def misplaced(root: Path, path: str, entry: Entry) -> tuple[Finding, ...]:
    """An article's folder that lies somewhere else: that, and what is wrong inside it."""
    what = f"is the folder of {entry.id}, and belongs to {entry.folder}"
    moved = finding("misplaced", root, path, what, f"move it back: mv {quote(path)} {quote(entry.folder)}")
    return (moved, *inspect(root, path, entry).findings)


def findings(root: Path, stray: Stray, *, has_manifest: bool) -> Iterator[Finding]:
    """What is to be said of one that is not misplaced."""
    match stray.kind:
        case "misplaced":
            return
        case "copy":
            yield finding("extra", root, stray.path, f"is a copy of {stray.entry_id}, made by someone else")
        case "removed":
            cure = "delete the folder, or move it out of the archive"
            yield finding("unlisted", root, stray.path, f"is of {stray.entry_id}, which was removed", cure)
        case "unlisted":
            yield from _unlisted(root, stray, has_manifest=has_manifest)
        case _:
            yield finding("extra", root, stray.path, "was put there by someone else")


def _unlisted(root: Path, stray: Stray, *, has_manifest: bool) -> Iterator[Finding]:
    """An article's folder without a line: no damage by itself where the whole manifest is missing."""
    try:
        wrong = fault(root / stray.path)
    except OSError as error:
        wrong = f"cannot be read ({error.strerror})"
    named = ENTRY_FOLDER.fullmatch(stray.path)
    if wrong is not None:
        what = f"has no line in the manifest, and is not whole: {wrong}"
        yield finding("unlisted", root, stray.path, what, f"{BACKUP}, or move it out of the archive")
    elif named is None or named[2] != stray.entry_id:
        what = f"is an article ({stray.entry_id}) without a line in the manifest, under a name that no article has"
        cure = f"move it to YYYY/MM/YYYY-MM-DD-{stray.entry_id}, by the date of `received`; then {REBUILD}"
        yield finding("unlisted", root, stray.path, what, cure)
    elif has_manifest:
        yield finding("unlisted", root, stray.path, "has no line in the manifest", REBUILD)


def _is_folder(path: Path) -> bool:
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir raises where we may not look


def _id_in(folder: Path) -> str | None:
    """Which article a folder says it is; None for what is no article's."""
    try:
        data = given.parsed(given.octets(folder / DESCRIBED))
    except (OSError, ValueError):
        return None
    entry_id = data.get("id") if isinstance(data, dict) else None
    return entry_id if isinstance(data, dict) and isinstance(entry_id, str) and "format" in data else None


def _articles_below(folder: Path) -> Iterator[Path]:
    """The folders below this one that hold an article.json."""
    for base, folders, files in os.walk(folder):
        folders.sort()
        if DESCRIBED in files:
            folders.clear()
            if Path(base) != folder:
                yield Path(base)
