"""Kill the store, or let the disk fail it, at every system call of an import and a round: strace knows them all.

By default a seeded tenth of the points; all of them with MAILARCHIVER_FULL=1.
"""

from __future__ import annotations

import random
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.archive import driver, injection
from tests.archive.aftermath import (
    FULL,
    SEED,
    assert_as_if_nothing_happened,
    assert_nothing_is_half_there,
    assert_safe,
    drawn,
    in_memory,
    sample,
)
from tests.archive.faults import faults
from tests.archive.filings import tree
from tests.archive.injection import CHANGING, DRIVER, Point, Run

pytestmark = [pytest.mark.strace, pytest.mark.timeout(7200 if FULL else 240)]


@pytest.fixture(scope="module")
def expected() -> dict[str, bytes]:
    """The archive of a process that nothing happened to."""
    with in_memory() as folder, faults(lambda _: None):
        driver.work(folder / "archive", tell=lambda _: None)
        return tree(folder / "archive")


@pytest.fixture(scope="module")
def points() -> list[Point]:
    with in_memory() as folder:
        found = injection.points(folder / "archive", folder / "trace")
    assert len(found) > 800, "too few: something is not counted"
    return found


def assert_held(root: Path, ended: Run, expected: dict[str, bytes], *before: Run) -> None:
    """Nothing lost, nothing doubled, nothing half there, nothing done on the server too early."""
    told = ended.acknowledged.union(*(run.acknowledged for run in before))
    assert_nothing_is_half_there(root)
    assert_safe(root, told)
    assert_as_if_nothing_happened(root, told, expected)


def test_killed_at_any_system_call(memory: Path, points: list[Point], expected: dict[str, bytes]) -> None:
    chosen = sample(points)
    assert len(chosen) >= (500 if FULL else 50)
    for number, point in enumerate(chosen):
        root = memory / str(number)
        ended = injection.run(root, memory / "trace", point.kill())
        assert ended.code == -9, point
        assert ended.was_hit, point
        assert_held(root, ended, expected)
        shutil.rmtree(root)


@pytest.mark.parametrize("for_good", [False, True], ids=["once", "for good"])
@pytest.mark.parametrize("error", ["ENOSPC", "EIO", "EROFS", "EMFILE", "EDQUOT"])
def test_any_system_call_may_fail(
    memory: Path, points: list[Point], expected: dict[str, bytes], error: str, *, for_good: bool
) -> None:
    """Every changing call; of those that only read every fifth. Where all fail from one on, a third of the points."""
    changing = [point for point in points if point.name in CHANGING]
    others = [point for point in points if point.name not in CHANGING]
    every = changing + drawn(others, len(others) // 5)
    chosen = sample(drawn(every, len(every) // 3) if for_good else every, 0.035)
    for number, point in enumerate(chosen):
        root = memory / str(number)
        ended = injection.run(root, memory / "trace", point.fail(error, for_good=for_good))
        assert ended.was_hit, point
        assert ended.code in {0, 69, 75}, f"{point}: {ended.error}"
        assert ended.code or not ended.error, f"{point}: {ended.error}"
        assert_held(root, ended, expected)
        shutil.rmtree(root)


def test_killed_again_while_it_recovers(memory: Path, points: list[Point], expected: dict[str, bytes]) -> None:
    """Where the second run does not come to the second point, another is drawn."""
    dice = random.Random(SEED)  # noqa: S311 - a sample, no secret
    changing = [point for point in points if point.name in CHANGING]
    wanted = 120 if FULL else 12
    crashes = 0
    for number in range(wanted * 2):
        root = memory / str(number)
        first = injection.run(root, memory / "trace", dice.choice(changing[50:]).kill())
        again = dice.choice(changing[: len(changing) // 3])
        second = injection.run(root, memory / "trace", again.kill(), done=first.acknowledged)
        assert second.code in {0, -9}, second.error
        assert_held(root, second, expected, first)
        shutil.rmtree(root)
        crashes += second.code == -9
        if crashes == wanted:
            return
    pytest.fail(f"only {crashes} second crashes in {wanted * 2} runs")


def test_a_file_may_take_only_a_part_of_what_is_written(memory: Path, expected: dict[str, bytes]) -> None:
    """RLIMIT_FSIZE: the kernel writes up to the limit, says so, and refuses the rest."""
    sizes = range(100, 3100, 100 if FULL else 1000)
    for size in sizes:
        root = memory / str(size)
        limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))"
        script = f"{limit}; import runpy, sys; sys.argv[:1] = []; runpy.run_path(sys.argv[0], run_name='__main__')"
        ended = subprocess.run(
            [sys.executable, "-c", script, str(DRIVER), str(root)],
            capture_output=True,
            text=True,
            check=False,
            input="",
        )
        assert (ended.returncode, ended.stdout) == (75, ""), ended.stderr
        assert_held(root, Run(75, set(), ended.stderr, ""), expected)
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
