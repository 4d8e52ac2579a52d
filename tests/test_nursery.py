"""Children are forked from one process that has everything: none keeps what is not its own, and none is left behind."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC
from pathlib import Path

import pytest

from mailarchiver.errors import StoreError
from mailarchiver.model import Rules
from mailarchiver.nursery import Nursery
from mailarchiver.workers import Pool

from .test_workers import ids, is_running, mail, numbered, reason

SLOW = """
import os, sys, time
from pathlib import Path
Path(sys.argv[1]).write_text(str(os.getpid()))
time.sleep(60)
"""
"""One that takes its time to import."""


def nursery_of(pool: Pool) -> int:
    process = pool._nursery._process
    assert process is not None
    return process.pid


def pids(pool: Pool) -> list[int]:
    """Of its children, once nobody talks to them."""
    until = time.monotonic() + 30
    while pool._idle.qsize() < len(pool._children):
        assert time.monotonic() < until
        time.sleep(0.01)
    assert pool.started()
    return [child.pid for child in pool._children if child.pid is not None]


def parent_of(number: int) -> int:
    return int(Path(f"/proc/{number}/stat").read_text("ascii").rpartition(")")[2].split()[1])


def await_end(numbers: Sequence[int], seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while any(map(is_running, numbers)):
        assert time.monotonic() < until
        time.sleep(0.01)


def test_all_children_are_of_one_process() -> None:
    with closing(Pool(3)) as pool:
        numbers = pids(pool)
        assert len(set(numbers)) == 3
        assert {parent_of(number) for number in numbers} == {nursery_of(pool)}
        threads = list(Path(f"/proc/{nursery_of(pool)}/task").iterdir())
        assert len(threads) == 1, "what other threads hold in the moment of a fork, a child would hold for ever"


def test_a_child_holds_nothing_but_its_own_two_pipes() -> None:
    """What another has would outlive it there: whoever waits for the end of a pipe would wait in vain."""
    with closing(Pool(3)) as pool:
        list(pool.understand_all(numbered(*[mail()] * 6), rules=Rules(UTC)))
        held = {
            number: {path.name: str(path.readlink()) for path in Path(f"/proc/{number}/fd").iterdir()}
            for number in pids(pool)
        }
    for descriptors in held.values():
        assert descriptors.pop("0") == descriptors.pop("1") == "/dev/null"
        descriptors.pop("2")
        assert [each.partition(":")[0] for each in descriptors.values()] == ["pipe", "pipe"]
    pipes = [name for descriptors in held.values() for name in descriptors.values()]
    assert len(set(pipes)) == len(pipes)


def test_an_end_leaves_no_process_behind() -> None:
    pool = Pool(2)
    numbers = [*pids(pool), nursery_of(pool)]
    pool.close()
    assert not any(map(is_running, numbers))
    assert not any(Path(f"/proc/{number}").exists() for number in numbers), "nor a zombie"


def test_children_that_ended_are_buried_while_others_live() -> None:
    with closing(Pool(2)) as pool:
        first, _ = numbers = pids(pool)
        os.kill(first, signal.SIGKILL)
        until = time.monotonic() + 10
        while Path(f"/proc/{first}").exists():
            assert time.monotonic() < until
            time.sleep(0.01)
        assert ids(list(pool.understand_all(numbered(*[mail()] * 8), rules=Rules(UTC)))) == list(range(8))
        assert numbers[1] in pids(pool)


def test_where_the_process_was_killed_mail_is_understood_all_the_same() -> None:
    with closing(Pool(2)) as pool:
        before = [*pids(pool), nursery_of(pool)]
        os.kill(before[-1], signal.SIGKILL)
        assert ids(list(pool.understand_all(numbered(*[mail()] * 8), rules=Rules(UTC)))) == list(range(8))
        await_end(before)
        assert set(pids(pool)).isdisjoint(before)
        assert nursery_of(pool) not in before


def test_where_nobody_needs_a_child_the_process_ends_too_and_comes_back() -> None:
    with closing(Pool(2)) as pool:
        numbers = [*pids(pool), nursery_of(pool)]
        now = time.monotonic()
        pool.rest(now + 120)
        assert is_running(numbers[-1]), "a child is left, and another may be needed beside it"
        pool.rest(now + 1200)
        assert not any(map(is_running, numbers))
        assert reason(pool.understand(mail(), id="0" * 12, rules=Rules(UTC))) is None


def test_nobody_waits_for_imports_that_are_no_longer_needed(tmp_path: Path) -> None:
    script = tmp_path / "slow.py"
    script.write_text(SLOW, "utf-8")
    nursery = Nursery([sys.executable, str(script), str(tmp_path / "number")])
    nursery.child().process.close()
    until = time.monotonic() + 30
    while not (tmp_path / "number").exists():
        assert time.monotonic() < until
        time.sleep(0.01)
    start = time.monotonic()
    nursery.end()
    assert time.monotonic() - start < 2
    assert not is_running(int((tmp_path / "number").read_text("ascii")))


def test_no_more_descriptors_is_no_mails_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> tuple[int, int]:
        raise OSError(24, "Too many open files")

    with closing(Pool(1)) as pool:
        first = pids(pool)[0]
        os.kill(first, signal.SIGKILL)
        await_end([first])
        with monkeypatch.context() as patch:
            patch.setattr(os, "pipe", refuse)
            with pytest.raises(StoreError, match="no pipe for a worker process: Too many open files"):
                pool.understand(mail(), id="0" * 12, rules=Rules(UTC))
        assert reason(pool.understand(mail(), id="0" * 12, rules=Rules(UTC))) is None


def test_ends_that_nobody_asks_about_cost_no_descriptors() -> None:
    with closing(Pool(1)) as pool:
        assert pool.started()
        before = len(list(Path("/proc/self/fd").iterdir()))
        for _ in range(5):
            os.kill(pids(pool)[0], signal.SIGKILL)
            await_end(pids(pool))
            assert reason(pool.understand(mail(), id="0" * 12, rules=Rules(UTC))) is None
        assert len(list(Path("/proc/self/fd").iterdir())) == before
        assert len(list(Path(f"/proc/{nursery_of(pool)}/fd").iterdir())) == 6
