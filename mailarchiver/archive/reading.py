"""A filed article's files, as they are shown: read only, and nothing taken for granted."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from ..errors import StoreError
from ..model import Entry
from . import given


def read(path: Path) -> str:
    """A text file of an article. Raises `StoreError` where it cannot be read."""
    try:
        return given.octets(path).decode("utf-8", "replace")
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}: `mailarchiver verify` says what else is wrong") from error


def page(folder: Path) -> Path:
    """Where an article's page lies, as an absolute path. Raises `StoreError` where it is not there."""
    path = (folder / "index.html").resolve()
    if not path.is_file():
        raise StoreError(f"{path} is not there: `mailarchiver verify` says what became of it")
    return path


def described(folder: Path, entry: Entry) -> dict[str, object]:
    """All that is known about an article: article.json, and what only the manifest tells.

    Where article.json cannot be read, the line of the manifest alone.
    """
    try:
        found = given.parsed(given.octets(folder / "article.json"))
    except (OSError, ValueError):  # verify names the damage; what is known is shown all the same
        found = None
    of_manifest = {**asdict(entry), "tags": list(entry.tags)}
    if not isinstance(found, dict):
        return of_manifest
    return {**found, **{key: of_manifest[key] for key in ("folder", "filed", "sums", "same_as", "source")}}
