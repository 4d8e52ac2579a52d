"""The order of syncs over a trace of everything the driver does; the lint is itself checked: it misses no sync."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.archive import injection, promises
from tests.archive.aftermath import in_memory
from tests.archive.promises import SYNCS, TRACED, Call

pytestmark = pytest.mark.strace


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with in_memory() as folder:
        yield folder


@pytest.fixture(scope="module", params=["", "fsync"], ids=["syncfs", "fsync of each file"])
def trace(request: pytest.FixtureRequest, folder: Path) -> tuple[Path, list[Call]]:
    """The archive, and the calls of a whole run."""
    root = folder / (request.param or "syncfs")
    ended = injection.run(root, folder / "trace", calls=TRACED, way=request.param)
    assert (ended.code, len(ended.acknowledged)) == (0, 4)
    return root, promises.calls(ended.trace)


def needed(calls: list[Call]) -> list[int]:
    """The syncs that something stands on. Those by which SQLite makes a database, and tidies it up when it is closed,
    are its own business; of what it logs in between, the store relies on each. The name of what is staged matters
    where there is an intent.
    """
    ends = [number for number, call in enumerate(calls) if call.name == "flock" and "LOCK_UN" in call.text]
    intents = [number for number, call in enumerate(calls) if call.name == "openat" and "intent.jsonl" in call.path]
    found = []
    for number, call in enumerate(calls[: ends[-1]]):
        is_sqlite = call.name == "fdatasync" and not (call.path.endswith("-wal") and number > ends[0])
        last = max((end for end in ends if end < number), default=0)
        is_pages = call.path.endswith("/staging") and not any(last < intent < number for intent in intents)
        if call.name in SYNCS and not is_sqlite and not (call.name == "fsync" and is_pages):
            found.append(number)
    return found


def test_each_step_comes_after_the_last(trace: tuple[Path, list[Call]]) -> None:
    root, calls = trace
    assert promises.broken(root, calls) == []
    assert len(needed(calls)) > 30


def test_no_sync_can_be_left_out(trace: tuple[Path, list[Call]]) -> None:
    root, calls = trace
    missed = [calls[at] for at in needed(calls) if not promises.broken(root, calls[:at] + calls[at + 1 :])]
    assert missed == []


def test_a_sync_that_the_kernel_leaves_out_is_missed(folder: Path) -> None:
    """The same, with calls that really did nothing: the first sync of a batch, and the second of the manifest."""
    whole = injection.points(folder / "counted", folder / "trace")
    for name, own in (("syncfs", 1), ("fsync", 9)):
        point = next(point for point in whole if (point.name, point.own) == (name, own))
        root = folder / f"without-{name}"
        option = f"inject={name}:retval=0:when={point.number}"
        ended = injection.run(root, folder / "trace", option, calls=TRACED)
        assert ended.was_hit
        assert promises.broken(root, promises.calls(ended.trace))
