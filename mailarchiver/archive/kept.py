"""Is what is kept out of view sound: quarantine, earlier versions, what was removed? Reads only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from . import given, quarantine
from .findings import BACKUP, Finding, finding, trouble
from .inspection import digest, inspect
from .layout import ENTRY_FOLDER, Layout
from .standing import Standing

AGAIN = re.compile(r"~\d+$")
"""What set_aside appends to a name that is taken."""


def inspect_kept(layout: Layout, standing: Standing) -> Iterator[Finding]:
    """What is wrong in `.mailarchiver/`; what this user may not read is told, and is no damage."""
    for folder, look in ((layout.quarantine, _quarantined), (layout.versions, _versions)):
        for path in (listed := _Listed(layout, folder)).paths:
            found = list(look(layout.root, path))
            yield from found if path.exists() else ()  # what left meanwhile was released, or thrown away, as a whole
        yield from listed.trouble
    trash = _Listed(layout, layout.trash)
    yield from trash.trouble
    yield from _discarded(layout.root, trash.paths, standing)


class _Listed:
    """What lies in a folder, in order, or why that is not known."""

    def __init__(self, layout: Layout, folder: Path) -> None:
        self.paths: list[Path] = []
        self.trouble: list[Finding] = []
        try:
            self.paths = sorted(folder.iterdir())
        except FileNotFoundError:
            pass  # nothing was kept there yet
        except OSError as error:
            what = f"was not looked at: {trouble(error)}"
            self.trouble = [finding("note", layout.root, folder, what, "run `verify` as the archive's owner")]


def _quarantined(root: Path, path: Path) -> Iterator[Finding]:
    """A mail in quarantine is the one that its folder is named by, and its reason can be read."""
    if not quarantine.NAME.fullmatch(path.name):
        yield finding("extra", root, path, "was put there by someone else")
        return
    mail, reason = path / quarantine.MESSAGE, path / quarantine.REASON
    try:
        if digest(mail)[0] != path.name:
            yield finding("changed", root, mail, "is not the mail that its folder is named by", BACKUP)
    except OSError as error:
        yield _unread(root, mail, error)
    try:
        told = given.parsed(given.octets(reason))
        if not isinstance(told, dict) or told.get("digest") != path.name:
            yield finding("changed", root, reason, "is not of this mail", BACKUP)
    except ValueError:
        yield finding("changed", root, reason, "is no JSON object", BACKUP)
    except OSError as error:
        yield _unread(root, reason, error)


def _versions(root: Path, path: Path) -> Iterator[Finding]:
    """The earlier versions of an article, `versions/<id>/<number>`, are each whole by their own SHA256SUMS."""
    if not path.is_dir():
        yield finding("extra", root, path, "was put there by someone else")
        return
    for version in sorted(each for each in path.iterdir() if each.name.isdecimal()):
        found = inspect(root, version.relative_to(root).as_posix()).findings
        yield from (each for each in found if each.is_damage())


def _discarded(root: Path, listed: Sequence[Path], standing: Standing) -> Iterator[Finding]:
    """What the user removed is whole, as the manifest's last line of it says; of an article that was removed more than
    once, one folder is. Nothing is known of what was only in the way, and came to the trash because it was not whole.
    """
    of_id: dict[str, list[Path]] = {}
    for path in listed:
        named = ENTRY_FOLDER.fullmatch(f"0000/00/{AGAIN.sub('', path.name)}")
        if named is not None:
            of_id.setdefault(named[2], []).append(path)
    for entry_id, paths in of_id.items():
        entry = standing.entry_before_removal(entry_id)
        if entry is None:
            continue
        inspected = [inspect(root, path.relative_to(root).as_posix(), entry) for path in paths]
        if not any(each.is_sound() for each in inspected) and paths[-1].exists():
            yield from (found for found in inspected[-1].findings if found.is_damage())


def _unread(root: Path, path: Path, error: OSError) -> Finding:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return finding("missing", root, path, "is missing", BACKUP)
    return finding("unreadable", root, path, f"cannot be read: {trouble(error)}", "make it readable")
