"""Verifying a part of the archive: a 52nd of it a week, so that everything is read once a year.

Which articles that are is decided by their ids and the calendar alone. What was found damaged is looked at again each
time, whichever week it is, so that it stands until it is mended.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from .findings import Finding
from .inspection import inspect
from .layout import Layout
from .standing import Standing
from .trouble import as_store_error
from .verify import wait_for_staging

SLICES = 52
AT_MOST = 4
"""Weeks that are made up for at a time, where the daemon did not run."""
_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Sampled:
    """What was read, and the damage that was found, by article."""

    articles: int
    damaged: dict[str, tuple[Finding, ...]]


def week(now: datetime) -> int:
    """The number of a week, counted on through all years."""
    return (now - _MONDAY) // timedelta(weeks=1)


def due(last: int | None, now: datetime) -> tuple[int, ...]:
    """The weeks whose slices are to be read, when that of `last` was the last one; that may lie ahead of a clock that
    was set back.
    """
    this = week(now)
    first = this if last is None else max(last + 1, this - SLICES + 1)
    return tuple(range(first, this + 1))[:AT_MOST]


def is_of(entry_id: str, weeks: Collection[int]) -> bool:
    """Whether an article is read in one of these weeks. Ids are digits of SHA-256: the slices are about equal."""
    return int(entry_id[:8], 16) % SLICES in {number % SLICES for number in weeks}


def verify_sample(
    root: Path,
    weeks: Collection[int],
    *,
    again: Iterable[str] = (),
    rest: Callable[[], bool] = lambda: False,
    patience: float = 5.0,
) -> Sampled | None:
    """Read the articles of these weeks, and those `again`; what seems wrong twice is damage. Writes nothing.

    `rest` is called after each article, may take its time, and tells whether to break off: then None is returned.
    Raises `StoreError` where the manifest cannot be read.
    """
    layout, damaged = Layout(root), dict[str, tuple[Finding, ...]]()
    with as_store_error(layout), Standing(layout.manifest) as standing:
        standing.read_on()
        suspects = set(again)
        chosen = [entry_id for entry_id in standing.stands if entry_id in suspects or is_of(entry_id, weeks)]
        for entry_id in chosen:
            found = _damage(root, standing, entry_id)
            if found:
                wait_for_staging(layout, time.monotonic() + patience)
                standing.read_on()
                found = _damage(root, standing, entry_id)
            if found:
                damaged[entry_id] = found
            if rest():
                return None
    return Sampled(len(chosen), damaged)


def _damage(root: Path, standing: Standing, entry_id: str) -> tuple[Finding, ...]:
    """What of an article is not as it was filed; nothing where it was removed meanwhile."""
    entry = standing.entry(entry_id)
    if entry is None:
        return ()
    return tuple(each for each in inspect(root, entry.folder, entry).findings if each.is_damage())
