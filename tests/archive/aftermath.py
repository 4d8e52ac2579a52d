"""What the fault suites share: how many of their points a run takes, and what must hold after each.

By default a seeded tenth of the points; all of them with MAILARCHIVER_FULL=1.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from mailarchiver.archive import folder, quarantine
from mailarchiver.archive.store import Store
from tests.archive import driver
from tests.archive.faults import faults
from tests.archive.filings import entry_folders, tree

FULL = os.environ.get("MAILARCHIVER_FULL") == "1"
SEED = 20240306
EVERYTHING = {1, 2, 4}, {3}
"""The UIDs of the driver's mailbox: filed, and in quarantine."""

T = TypeVar("T")


def sample(points: Sequence[T], share: float = 0.1) -> list[T]:
    """All points, or a seeded share of them, spread over all their length."""
    if FULL or not points:
        return list(points)
    width = round(1 / share)
    return drawn(points, -(-len(points) // width))


def drawn(points: Sequence[T], count: int) -> list[T]:
    """So many of the points, one at random out of each stretch of them; all, where there are no more."""
    dice = random.Random(SEED)  # noqa: S311 - a sample, no secret
    edges = [len(points) * number // count for number in range(count + 1)]
    return [points[dice.randrange(start, end)] for start, end in pairwise(edges) if start < end]


@contextmanager
def in_memory() -> Iterator[Path]:
    """A folder in memory, where there is any: there a sync costs nothing. Whatever happens to a process, the kernel
    keeps what it wrote, and whoever syncs a disk waits for all who write to it.
    """
    shared = Path("/dev/shm")  # noqa: S108 - TemporaryDirectory makes a folder of our own there
    with TemporaryDirectory(dir=shared if os.access(shared, os.W_OK) else None, prefix="mailarchiver-") as folder:
        yield Path(folder)


def assert_nothing_is_half_there(root: Path) -> None:
    """What is seen right after the fault, before anything is put in order."""
    for path in entry_folders(root):
        assert folder.fault(path) is None, path
    for path in root.glob(".mailarchiver/quarantine/*"):
        assert quarantine.read(path).ref is not None, path


def assert_safe(root: Path, acknowledged: set[int]) -> None:
    """What was acknowledged is in the archive already, before anything is put in order."""
    manifest = root / "manifest.jsonl"
    listed = manifest.read_text("utf-8") if manifest.exists() else ""
    for filing in map(driver.pending, sorted(acknowledged)):
        held = root / ".mailarchiver" / "quarantine" / filing.digest / "message.eml"
        assert f'"sha256":"{filing.digest}"' in listed or held.is_file(), f"{filing.ref.uid} was acknowledged too early"


def assert_as_if_nothing_happened(root: Path, acknowledged: set[int], expected: dict[str, bytes]) -> None:
    """Started once more, the driver comes to the archive and the mailbox of an undisturbed run."""
    told: list[str] = []
    with faults(lambda _: None):
        driver.work(root, acknowledged, told.append)
    assert tree(root) == expected
    assert list((root / ".mailarchiver" / "staging").iterdir()) == []
    assert not (root / ".mailarchiver" / "trash").exists()
    filed, held = EVERYTHING
    assert acknowledged | driver.acknowledged("".join(told)) == filed | held
    with Store.open(root) as store:
        assert store.unacknowledged(*driver.PLACE) == []
        assert store.unacknowledged(*driver.PLACE, quarantined=True) == []
        assert store.in_quarantine() == 2
        assert store.dirty_months() == []
        assert [count for _, count in store.months()] == [4]
