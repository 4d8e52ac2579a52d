"""Is what is kept out of view sound: quarantine, earlier versions, what was removed? Reads only."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from ..model import Entry
from . import quarantine
from .findings import BACKUP, Finding, finding, trouble
from .inspection import digest, inspect
from .layout import ENTRY_FOLDER, Layout
from .standing import Standing

AGAIN = re.compile(r"~\d+$")
"""What set_aside appends to a name that is taken."""


def inspect_kept(layout: Layout, standing: Standing) -> Iterator[Finding]:
    """What is wrong in `.mailarchiver/`; what this user may not read is told, and is no damage."""
    for folder, look in ((layout.quarantine, _quarantined), (layout.versions, _version), (layout.trash, _discarded)):
        try:
            listed = sorted(folder.iterdir())
        except FileNotFoundError:
            continue
        except OSError as error:
            what = f"was not looked at: {trouble(error)}"
            yield finding("note", layout.root, folder, what, "run `verify` as the archive's owner")
            continue
        for path in listed:
            yield from look(layout.root, path, standing)


def _quarantined(root: Path, path: Path, _standing: Standing) -> Iterator[Finding]:
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
        told = json.loads(reason.read_bytes())
        if not isinstance(told, dict) or told.get("digest") != path.name:
            yield finding("changed", root, reason, "is not of this mail", BACKUP)
    except ValueError:
        yield finding("changed", root, reason, "is no JSON object", BACKUP)
    except OSError as error:
        yield _unread(root, reason, error)


def _version(root: Path, path: Path, _standing: Standing) -> Iterator[Finding]:
    """The earlier versions of an article, `versions/<id>/<number>`, are each whole by their own SHA256SUMS."""
    if not path.is_dir():
        yield finding("extra", root, path, "was put there by someone else")
        return
    for version in sorted(each for each in path.iterdir() if each.name.isdecimal()):
        found = inspect(root, version.relative_to(root).as_posix()).findings
        yield from (each for each in found if each.is_damage())


def _discarded(root: Path, path: Path, standing: Standing) -> Iterator[Finding]:
    """What the user removed is whole, as the manifest's last line of it says. Nothing is known of what was only in the
    way, and came to the trash because it was not whole.
    """
    named = ENTRY_FOLDER.fullmatch(f"0000/00/{AGAIN.sub('', path.name)}")
    entry: Entry | None = standing.entry_before_removal(named[2]) if named else None
    if entry is None:
        return
    for found in inspect(root, path.relative_to(root).as_posix(), entry).findings:
        if found.is_damage():
            yield found


def _unread(root: Path, path: Path, error: OSError) -> Finding:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return finding("missing", root, path, "is missing", BACKUP)
    return finding("unreadable", root, path, f"cannot be read: {trouble(error)}", "make it readable")
