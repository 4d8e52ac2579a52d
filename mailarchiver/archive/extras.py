"""What others added to an entry's folder: told from our own files, and taken along when the folder is replaced.

Ours is what has a name of ours and stands in SHA256SUMS, and SHA256SUMS itself. Somebody may have made that anew, with
their own files in it; where it is missing or damaged, the names alone decide.
"""

from __future__ import annotations

import errno
import filecmp
import os
import re
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from . import given
from .sync import make_folder

SUMS = "SHA256SUMS"
OURS = re.compile(
    r"index\.html|article\.(?:md|txt|json)|message\.eml|SHA256SUMS|(?:images|attachments)/\d{3,}[-.][^/]+"
)
LINE = re.compile(r"[0-9a-f]{64}  ([^\n]+)")
CANNOT_LINK = {errno.EPERM, errno.EXDEV, errno.EMLINK, errno.ENOTSUP, errno.ENOSYS}
"""A file system without hard links, another one mounted there, somebody else's file (fs.protected_hardlinks)."""


def others(folder: Path) -> Iterator[str]:
    """The paths below a folder, with `/`, that are not ours: files of any kind, and folders that hold none of ours.

    A folder comes before what is in it. Raises `OSError`.
    """
    ours = _ours(folder)
    inner = {"images", "attachments"} if ours is None else {path.rpartition("/")[0] for path in ours} - {""}
    for base, folders, files in os.walk(folder, onerror=_raise):
        folders.sort()
        prefix = Path(base).relative_to(folder)
        links = [name for name in folders if Path(base, name).is_symlink()]
        for name in sorted({*folders, *files}):
            path = (prefix / name).as_posix()
            is_folder = name in folders and name not in links
            is_ours = path in inner if is_folder else _is_ours(path, ours)
            if not is_ours:
                yield path


def closed(folder: Path) -> str | None:
    """The first file of others that could neither be linked nor copied, None where there is none. Raises `OSError`."""
    for path in others(folder):
        found = (folder / path).lstat()
        if not stat.S_ISLNK(found.st_mode) and found.st_uid != os.geteuid() and not os.access(folder / path, os.R_OK):
            return path
    return None


def carry(old: Path, new: Path) -> list[Path]:
    """Have in `new` what others added to `old`: hard links, or copies where there can be none; what is to be synced.

    A name that is taken by something else gets `~2`, `~3` … appended. What is there already is left as it is, so this
    may be done again. Folders get the mode they had. Syncs nothing. Raises `OSError`.
    """
    renamed: dict[str, Path] = {}
    added: set[Path] = set()
    for path in others(old):
        parent, _, name = path.rpartition("/")
        folder = renamed.get(parent, new / parent)
        source = old / path
        if stat.S_ISDIR(source.lstat().st_mode):
            renamed[path] = target = _free(folder / name, source)
            if not target.is_dir():
                make_folder(folder, 0o750)
                make_folder(target, stat.S_IMODE(source.stat().st_mode))
                added |= {folder, target}
            continue
        target = _free(folder / name, source)
        if not os.path.lexists(target):
            make_folder(folder, 0o750)
            _link(source, target)
            added |= {folder, folder.parent} | ({target} if stat.S_ISREG(target.lstat().st_mode) else set())
    return sorted(added, key=lambda path: (-len(path.parts), path))


def lacking(old: Path, new: Path) -> str | None:
    """The first of what others added to `old` that is not in `new` as well, None where nothing is. Raises `OSError`."""
    for path in others(old):
        if not os.path.lexists(_free(new / path, old / path)):
            return path
    return None


def _ours(folder: Path) -> frozenset[str] | None:
    """What SHA256SUMS lists; None where it cannot be read, or is damaged."""
    try:
        lines = given.octets(folder / SUMS).decode("utf-8", "surrogateescape").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return None
    found = [LINE.fullmatch(line) for line in lines]
    if not found or None in found:
        return None
    listed = (line[1] for line in found if line)
    return frozenset([SUMS, *(path for path in listed if OURS.fullmatch(path))])


def _is_ours(path: str, ours: frozenset[str] | None) -> bool:
    return bool(OURS.fullmatch(path)) if ours is None else path in ours


def _raise(error: OSError) -> None:
    raise error


def _free(target: Path, source: Path) -> Path:
    """The name for a copy of `source`: `target`, or with `~2` … where that is taken by something else."""
    number, place = 1, target
    while os.path.lexists(place) and not _is_same(source, place):
        number += 1
        place = target.with_name(f"{target.name}~{number}")
    return place


def _is_same(source: Path, place: Path) -> bool:
    """Whether what lies there is what would be put there."""
    one, other = source.lstat(), place.lstat()
    if os.path.samestat(one, other):
        return True
    if stat.S_IFMT(one.st_mode) != stat.S_IFMT(other.st_mode):
        return False
    if stat.S_ISLNK(one.st_mode):
        return source.readlink() == place.readlink()
    if stat.S_ISREG(one.st_mode):
        return filecmp.cmp(source, place, shallow=False)
    return stat.S_ISDIR(one.st_mode)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in CANNOT_LINK:
            raise
        if source.is_symlink():
            target.symlink_to(source.readlink())
        elif source.is_file():
            shutil.copy2(source, target)
