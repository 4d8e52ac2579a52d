"""The order of syncs, read from a trace of system calls: nothing is named, recorded or acknowledged before what it
stands on is on the disk.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

TRACED = (
    *("openat", "write", "pwrite64", "ftruncate", "mkdir", "rename", "unlink", "flock"),
    *("fsync", "fdatasync", "syncfs"),
)
SYNCS = ("fsync", "fdatasync", "syncfs")
CALL = re.compile(r"\d+ +(?P<name>\w+)\((?P<arguments>.*)\) += (?P<result>-?\d+)(?P<rest>.*)")
DESCRIPTOR = re.compile(r"\d+<([^>]*)>")
NAME = re.compile(r'"([^"]*)"')
STATE = ".mailarchiver"
MANIFEST = "manifest.jsonl"
STAGING = f"{STATE}/staging"
INTENT = f"{STAGING}/intent.jsonl"
LEDGER = f"{STATE}/ledger.sqlite"
LOG = f"{LEDGER}-wal"
NOT_KEPT = (f"{STATE}/lock", STAGING, f"{LEDGER}-shm")
"""What may be lost: it is emptied, or made again."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call that succeeded: its name, the file it is about, the second one of a rename, and all of its arguments."""

    name: str
    path: str
    new: str
    text: str


def calls(trace: str) -> list[Call]:
    """The calls of a trace made by `strace -y`. A call that was injected did nothing, and is none."""
    found = []
    for line in trace.splitlines():
        call = CALL.match(line)
        if call is None or call["result"].startswith("-") or "INJECTED" in call["rest"]:
            continue
        text = call["arguments"]
        names = NAME.findall(text)
        descriptor = DESCRIPTOR.match(text)
        path = names[0] if call["name"] in {"openat", "mkdir", "rename", "unlink"} else descriptor and descriptor[1]
        found.append(Call(call["name"], path or "", names[1] if call["name"] == "rename" else "", text))
    return found


class Lint:
    """Walks over the calls on an archive that is new at their beginning; `broken` has a line for each broken promise.

    A name counts as synced with its folder; a file with itself; everything with the file system.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: set[str] = set()
        self._unsynced: set[str] = set()
        self._above: set[str] = set()
        self.broken: list[str] = []

    def walk(self, found: Iterable[Call]) -> Lint:
        for call in found:
            rule: Callable[[Call], None] = getattr(self, f"_{call.name}", self._changed)
            rule(call)
        return self

    def _demand(self, what: str, of: Callable[[str], bool]) -> None:
        kept = (name for name in self._unsynced if name == ".." or not name.startswith(NOT_KEPT))
        self.broken.extend(f"{what}: {name} is not synced" for name in sorted(kept) if of(name))

    def _demand_staged(self, what: str) -> None:
        """All that is staged, and where there is an intent its name too."""
        staged = {name for name in self._unsynced if name.startswith(STAGING)}
        if INTENT not in self._known:
            staged.discard(STAGING)
        self.broken.extend(f"{what}: {name} is not synced" for name in sorted(staged))

    def _below(self, path: str) -> str | None:
        """Relative to the root; `..` is the folder the root is in, None anything else outside of it."""
        if Path(path) == self._root.parent:
            return ".."
        inside = PurePosixPath(path)
        return str(inside.relative_to(self._root)) if inside.is_relative_to(self._root) else None

    def _named(self, name: str) -> None:
        self._known.add(name)
        self._unsynced.add(".." if name == "." else str(PurePosixPath(name).parent))

    # --- one rule a call --------------------------------------------------------------------------------------------

    def _openat(self, call: Call) -> None:
        name = self._below(call.path)
        if name is not None and "O_CREAT" in call.text and name not in self._known:
            self._named(name)
            self._unsynced.add(name)
            if name == MANIFEST:
                self._above.add(".")

    def _mkdir(self, call: Call) -> None:
        name = self._below(call.path)
        if name is not None:
            self._named(name)

    def _rename(self, call: Call) -> None:
        name = self._below(call.new) or ""
        self._demand_staged(f"{name} gets its name")
        self._named(name)
        # also the folders above: who made them may have died before it came to sync them
        above = {str(parent) for parent in PurePosixPath(name).parents}
        self._unsynced |= above
        self._above |= above

    def _unlink(self, call: Call) -> None:
        name = self._below(call.path) or ""
        self._unsynced.discard(name)
        self._known.discard(name)

    def _changed(self, call: Call) -> None:
        """A write, or a file that is cut."""
        if call.text.startswith("1<") and "ACK" in call.text:
            self._demand("a mail is acknowledged", lambda _: True)
        name = self._below(call.path)
        if name is None:
            return
        if name == MANIFEST:
            self._demand("a line is written", lambda other: other != MANIFEST and not other.startswith(LEDGER))
        if name == LOG:
            self._demand("the ledger is written", lambda other: other == MANIFEST or other in self._above)
        self._unsynced.add(name)

    def _flock(self, call: Call) -> None:
        if "LOCK_UN" in call.text:
            self._demand("the lock is released", lambda _: True)
        else:
            self._demand("the ledger was committed", lambda other: other == LOG)

    def _fsync(self, call: Call) -> None:
        self._unsynced.discard(self._below(call.path) or "")

    _fdatasync = _fsync

    def _syncfs(self, _: Call) -> None:
        self._unsynced.clear()


def broken(root: Path, found: Iterable[Call]) -> list[str]:
    """What these calls on a new archive promise and do not keep."""
    return Lint(root).walk(found).broken
