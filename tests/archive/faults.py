"""Counts the calls by which an archive is changed, and lets the process die, or the disk fail, at one of them.

Run as a program, it commits ready filings in a process that imports nothing but the store::

    python faults.py ROOT count          → the number of calls
    python faults.py ROOT kill NUMBER    → SIGKILL instead of that call
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a program, it finds the tests as a package

from mailarchiver.archive import sync
from mailarchiver.archive.store import Store
from tests.archive.filings import NOW, at, filing, quarantined

CALLS = (
    "open",
    "write",
    "mkdir",
    "chmod",
    "fchmod",
    "rename",
    "unlink",
    "rmdir",
    "ftruncate",
    "close",
    "link",
    "symlink",
)
FIRST = [filing(1), filing(2, articles=3, url="https://example.org/walk"), quarantined(5)]
SECOND = [filing(3, url="https://example.org/walk"), filing(1, line_end=b"\n"), filing(4, title="another-walk")]
THIRD = [quarantined(6, "limit"), quarantined(5, line_end=b"\n", ref=at(7))]
BATCHES = (FIRST, SECOND, THIRD)
PAGES = {"index.html": b"<p>Walks", "2024/03/index.html": b"<p>March", "assets/style.css": b"p{}"}
FILED_UIDS, HELD_UIDS = {1, 2, 3, 4}, {5, 6, 7}

Fault = Callable[[str], None]


def work(root: Path) -> None:
    """Three commits and the pages: what every crash is to end in, once it is done again."""
    with Store.open(root, min_free=0) as store:
        for batch in BATCHES:
            store.commit(batch, now=NOW)
        store.write_pages(PAGES, cleaned=store.dirty_months())


@contextmanager
def faults(fault: Fault) -> Iterator[None]:
    """Call `fault` with a name before each call that changes something, and before each statement of the ledger.

    Nothing is really synced meanwhile: whatever happens to a process, the kernel keeps what it wrote, and hundreds of
    runs would wait for the disk.
    """

    class Connection(sqlite3.Connection):
        def execute(self, *args: Any) -> sqlite3.Cursor:
            fault("sqlite")
            if args == ("PRAGMA synchronous = FULL",):
                return super().execute("PRAGMA synchronous = OFF")
            return super().execute(*args)

    def around(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> Any:
            if name == "close":  # a descriptor is closed even if close(2) reports an error
                real(*args, **more)
            fault(name)
            return None if name == "close" else real(*args, **more)

        return call

    connect = sqlite3.connect
    with ExitStack() as stack:
        for name in CALLS:
            _set(stack, os, name, around(name, getattr(os, name)))
        _set(stack, os, "fsync", around("fsync", lambda _: None))
        _set(stack, sync, "system_syncfs", lambda: around("syncfs", lambda _: None))
        exchange = sync.system_exchange()
        _set(stack, sync, "system_exchange", lambda: exchange and around("exchange", exchange))
        _set(stack, sqlite3, "connect", lambda *args, **more: connect(*args, factory=Connection, **more))
        yield


def _set(stack: ExitStack, module: object, name: str, value: object) -> None:
    """As unittest.mock does, which would bring asyncio into each of hundreds of processes."""
    stack.callback(setattr, module, name, getattr(module, name))
    setattr(module, name, value)


def main(root: Path, mode: str, number: int = 0) -> None:
    count = 0

    def fault(_: str) -> None:
        nonlocal count
        count += 1
        if mode == "kill" and count == number:
            os.kill(os.getpid(), signal.SIGKILL)

    with faults(fault):
        work(root)
    sys.stdout.write(f"{count}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:]))
