"""What lies in `.mailarchiver/trash/`: the folders of removed entries, found again. Only reads."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from ..model import Entry
from . import folder
from .layout import ENTRY_FOLDER, Layout

NAME = re.compile(r"(.*?)(?:~([0-9]+))?")


def in_trash(layout: Layout, entry: Entry) -> Path | None:
    """Where the folder of an entry lies, whole by its line in the manifest; the latest that is. None: nowhere.

    Raises `OSError` where one cannot be read.
    """
    found = [path for path in _named(layout, entry.id) if folder.fault(path, entry.sums) is None]
    return found[-1] if found else None


def described(layout: Layout, entry_id: str) -> Entry | None:
    """The entry of a folder in trash/ by its own article.json, the latest that is whole; None where none is.

    For an entry whose line is lost. Raises `OSError`.
    """
    for path in reversed(_named(layout, entry_id)):
        try:
            return folder.describe(layout.root, _place(path), entry_id, at=path)
        except ValueError:  # it is not whole, or another's
            continue
    return None


def named_as(layout: Layout, entry: Entry) -> Path | None:
    """A folder that went to trash/ from an entry's place, if one is there: so the mail of what was removed is known,
    with other line ends too. Nothing in it was looked at. One look, however much lies in trash/.
    """
    path = layout.trash / PurePosixPath(entry.folder).name
    return path if path.is_dir() else None


def fault(layout: Layout, entry_id: str) -> str:
    """Why there is nothing to put back, in words."""
    named = _named(layout, entry_id)
    if not named:
        return f"its folder is not in {layout.trash}"
    return f"{named[-1]}: {folder.fault(named[-1]) or 'it is not the folder of the last line in the manifest'}"


def _named(layout: Layout, entry_id: str) -> list[Path]:
    """The folders with the name of an entry of this id, those that came last at the end."""
    listed = layout.trash.iterdir() if layout.trash.is_dir() else ()
    found = [(int(match[2] or 1), path) for path in listed if (match := NAME.fullmatch(path.name)) and path.is_dir()]
    return [path for _, path in sorted(found) if _is_of(path, entry_id)]


def _is_of(path: Path, entry_id: str) -> bool:
    match = ENTRY_FOLDER.fullmatch(_place(path))
    return match is not None and match[2] == entry_id


def _place(path: Path) -> str:
    """Where a folder of that name belongs, relative to the root."""
    name = path.name.partition("~")[0]
    return f"{name[:4]}/{name[5:7]}/{name}"
