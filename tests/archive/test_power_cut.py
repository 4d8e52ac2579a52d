"""Power cuts on real file systems, and disks without room: power_cuts.py, in a mount namespace of its own.

A quarter of the cuts by default; all of them with MAILARCHIVER_FULL=1.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.archive import power_cuts
from tests.archive.aftermath import FULL, in_memory

pytestmark = [pytest.mark.strace, pytest.mark.loop, pytest.mark.timeout(7200 if FULL else 240)]


def told(what: str, *count: int) -> list[str]:
    """A line a point."""
    with in_memory() as folder:
        command = [sys.executable, power_cuts.__file__, what, str(folder), *map(str, count)]
        namespace = ["unshare", "-m", "--propagation", "private", "--", *command]
        done = subprocess.run(namespace, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("kind", ["ext4", "xfs"])
def test_the_power_is_cut(kind: str) -> None:
    count = 200 if FULL else 50
    assert len(told(kind, count)) == count


def test_a_cut_loses_what_was_not_synced() -> None:
    assert told("control") == ["without a sync: 1 was acknowledged too early"]


def test_disks_of_growing_size() -> None:
    lines = told("tmpfs", 30)
    assert len(lines) == 30
