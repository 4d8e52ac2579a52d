"""A filed folder, read back: is it whole, what does the ledger need of it, what would its manifest line be.

Reads only, and takes nothing for granted: anyone may have changed the folder since.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from ..model import Entry
from . import AUTOMATIC, given, manifest
from .digests import digests
from .filed import Keys
from .sameness import text_key, url_key

SUMS = "SHA256SUMS"


def fault(folder: Path, sums: str | None = None) -> str | None:
    """What is wrong with a folder, None where every file is as SHA256SUMS says.

    `sums` is the SHA-256 of SHA256SUMS itself, where it is known. Files that are not listed are nobody's fault.
    Raises `OSError` only where a file is there and cannot be read.
    """
    try:
        listing = given.octets(folder / SUMS)
    except (FileNotFoundError, NotADirectoryError):
        return f"{SUMS} is missing"
    if sums is not None and hashlib.sha256(listing).hexdigest() != sums:
        return f"{SUMS} is not the one of the manifest"
    for line in listing.decode("utf-8", "replace").splitlines():
        digest, _, name = line.partition("  ")
        path = PurePosixPath(name)
        if not name or "\0" in name or path.is_absolute() or ".." in path.parts:
            return f"{SUMS} has a damaged line: {line[:80]!r}"
        try:
            with os.fdopen(given.opened(folder / path), "rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                    return f"{name} differs from {SUMS}"
        except (FileNotFoundError, NotADirectoryError):
            return f"{name} is missing"
    return None


def keys(folder: Path, entry: Entry) -> Keys:
    """What the ledger needs of an entry; what is missing or unreadable degrades.

    Without the mail itself, its copy with other line ends is not recognised as the same; without article.txt, a
    second mail with the same text is not; without article.json, the browse pages show no excerpt.
    """
    described = _json(folder / "article.json")
    excerpt, text = described.get("excerpt"), read(folder / "article.txt")
    return Keys(
        folded=_folded(folder, entry),
        url_key=url_key(entry.url),
        text_key=None if text is None else text_key(text.decode("utf-8", "replace"), entry.id),
        excerpt=excerpt.encode("utf-8", "replace").decode() if isinstance(excerpt, str) else None,
        direction="rtl" if described.get("direction") == "rtl" else "ltr",
        automatic=warns_of(described.get("warnings"), AUTOMATIC),
    )


def describe(root: Path, relative: str, entry_id: str, *, at: Path | None = None) -> Entry:
    """The entry of a folder by its own article.json. `same_as` and `source` stay empty; `filed` is now.

    `at` is where it lies, if not in its place.
    Raises `ValueError` where it is not whole or says that it is another's, `OSError` where it cannot be read.
    """
    folder = at or root / relative
    wrong = fault(folder)
    if wrong is not None:
        raise ValueError(wrong)
    data = _json(folder / "article.json")
    message = data.get("message")
    if data.get("id") != entry_id or not isinstance(message, Mapping):
        raise ValueError("its article.json is not of this entry")
    listed = data.get("images")
    images = [image for image in listed if isinstance(image, dict)] if isinstance(listed, list) else []
    return manifest.entry_of(
        {
            **data,
            "folder": relative,
            "filed": datetime.now(UTC).isoformat(timespec="seconds"),
            "images": len({image.get("file") for image in images} - {None}),
            "attachments": _length(data.get("attachments")),
            "warnings": _length(data.get("warnings")),
            "message_id": message.get("message_id"),
            "sha256": message.get("sha256"),
            "sums": hashlib.sha256(given.octets(folder / SUMS)).hexdigest(),
        }
    )


def described(folder: Path) -> Mapping[str, object]:
    """What article.json says; nothing where it cannot be read."""
    return _json(folder / "article.json")


def warns_of(warnings: object, code: str) -> bool:
    """Whether one of these warnings, as they stand in article.json, has this code."""
    listed = warnings if isinstance(warnings, list) else []
    return any(isinstance(warning, dict) and warning.get("code") == code for warning in listed)


def doubt(folder: Path) -> str | None:
    """Why the mail of this article may be incomplete, as article.json has it; None where it says nothing of it."""
    warnings = described(folder).get("warnings")
    found = [each for each in warnings if warns_of([each], "incomplete")] if isinstance(warnings, list) else []
    detail = found[0].get("detail") if found else None
    return detail if isinstance(detail, str) else None


def _folded(folder: Path, entry: Entry) -> str:
    """The digest with line ends as LF, of a mail's first article: the others' message.eml is not the whole mail."""
    octets = None if "-" in entry.id else read(folder / "message.eml")
    if octets is None:
        return entry.sha256
    digest, folded = digests(octets)
    return folded if digest == entry.sha256 else entry.sha256


def _json(path: Path) -> Mapping[str, object]:
    try:
        data = given.parsed(read(path) or b"")
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def read(path: Path) -> bytes | None:
    """A file of a folder, None where it cannot be read."""
    try:
        return given.octets(path)
    except OSError:  # whatever it is: reading back is the best that can be done, verify names the damage
        return None


def _length(value: object) -> int:
    return len(value) if isinstance(value, list) else 0
