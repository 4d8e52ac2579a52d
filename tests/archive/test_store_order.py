"""The order of a commit, read from the calls it makes: nothing gets its name before it is on the disk.

The checker is itself checked: each sync is left out in turn, and must be missed.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from mailarchiver.archive import sync
from mailarchiver.archive.store import Store
from mailarchiver.model import Filing
from tests.archive.changes import KEPT, LATER, LEAVES, OTHERS, RETURNS, prepare, renewal
from tests.archive.filings import NOW, filing, quarantined

BATCH = [filing(1, articles=2), filing(2, title="another-walk"), quarantined(3)]
STAGING = ".mailarchiver/staging"


class Recorder:
    """The calls that matter, as (what, path below the root, new path). Leaves out the sync number `skip`."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch, skip: int = -1) -> None:
        self.calls: list[tuple[str, str, str]] = []
        self.syncs = 0
        self._root, self._skip, self._names = root, skip, dict[int, str]()
        self._monkeypatch = monkeypatch
        connect = sqlite3.connect
        monkeypatch.setattr(
            sqlite3, "connect", lambda *args, **more: connect(*args, factory=self._connection(), **more)
        )

    def watch(self) -> None:
        real = {name: getattr(os, name) for name in ("open", "write", "fsync", "mkdir", "rename", "link")}
        syncfs = sync.system_syncfs()

        def opened(path: Any, flags: int, *args: Any, **more: Any) -> int:
            is_new = flags & os.O_CREAT and not os.path.lexists(path)
            descriptor: int = real["open"](path, flags, *args, **more)
            self._names[descriptor] = self._below(path)
            if is_new:
                self._note("create", path)
            return descriptor

        def synced(what: str, call: Callable[[int], None]) -> Callable[[int], None]:
            def sync(descriptor: int) -> None:
                self.syncs += 1
                if self.syncs - 1 != self._skip:
                    call(descriptor)
                    self.calls.append((what, self._names[descriptor], ""))

            return sync

        def written(descriptor: int, data: Any) -> int:
            self.calls.append(("write", self._names[descriptor], ""))
            return int(real["write"](descriptor, data))

        def noted(what: str) -> Callable[..., None]:
            def call(path: Any, *args: Any, **more: Any) -> None:
                real[what](path, *args, **more)
                self._note(what, path, args[0] if what in {"rename", "link"} else "")

            return call

        for name, replacement in {
            "open": opened,
            "write": written,
            "fsync": synced("fsync", real["fsync"]),
            "mkdir": noted("mkdir"),
            "rename": noted("rename"),
            "link": noted("link"),
        }.items():
            self._monkeypatch.setattr(os, name, replacement)
        self._monkeypatch.setattr(sync, "system_syncfs", lambda: syncfs and synced("syncfs", syncfs))

    def _note(self, what: str, path: Any, new: Any = "") -> None:
        self.calls.append((what, self._below(path), self._below(new) if new else ""))

    def _below(self, path: Any) -> str:
        return os.path.relpath(path, self._root)

    def _connection(self) -> type[sqlite3.Connection]:
        calls = self.calls

        class Connection(sqlite3.Connection):
            def execute(self, statement: str, *args: Any) -> sqlite3.Cursor:
                if statement == "COMMIT":
                    calls.append(("commit", "ledger", ""))
                return super().execute(statement, *args)

        return Connection


def link_as_write(call: tuple[str, str, str]) -> tuple[str, str, str]:
    """Of a link, the folder that it is entered into is what counts: what it leads to was there before."""
    return ("write", str(PurePosixPath(call[2]).parent), "") if call[0] == "link" else call


def parents_outside_of_staging(*paths: str) -> list[list[str]]:
    """The folders above each path, the nearest first; nobody misses what leaves staging."""
    return [[str(parent) for parent in PurePosixPath(path).parents] for path in paths if not path.startswith(STAGING)]


def broken_promises(calls: list[tuple[str, str, str]]) -> list[str]:
    """Where something was named, recorded or committed before what it stands on was synced."""
    unsynced: set[str] = set()
    broken: list[str] = []
    above: set[str] = set()

    def demand(what: str, paths: set[str]) -> None:
        broken.extend(f"{what}: {path} is not synced" for path in sorted(paths))

    for what, path, new in map(link_as_write, calls):
        match what:
            case "write":
                if path == "manifest.jsonl":
                    demand("a line is written", {name for name in unsynced if not name.startswith(".mailarchiver")})
                unsynced.add(path)
            case "create" | "mkdir":
                unsynced |= {path, str(PurePosixPath(path).parent)}
            case "rename":
                demand(f"{new} gets its name", {name for name in unsynced if name.startswith(STAGING)})
                changed = parents_outside_of_staging(path, new)
                unsynced |= {names[0] for names in changed}
                above |= {name for names in changed for name in names}
            case "fsync":
                unsynced.discard(path)
            case "syncfs":
                unsynced.clear()
            case "commit":
                demand("the ledger is committed", unsynced & ({"manifest.jsonl"} | above))
    return broken


def recorded_commit(root: Path, batch: Sequence[Filing], skip: int = -1) -> Recorder:
    return recorded(root, lambda store: store.commit(batch, now=NOW), skip)


def recorded(root: Path, work: Callable[[Store], object], skip: int = -1) -> Recorder:
    with pytest.MonkeyPatch.context() as monkeypatch:
        recorder = Recorder(root, monkeypatch, skip)
        with Store.open(root, min_free=0) as store:
            recorder.watch()
            recorder.calls.clear()
            work(store)
        recorder.calls = [call for call in recorder.calls if call[1] != ".mailarchiver/lock"]
        return recorder


@pytest.fixture(params=["syncfs", "fsync of each file"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "syncfs" and sync.system_syncfs() is None:
        pytest.skip("there is no syncfs that reports errors here")
    if request.param != "syncfs":
        monkeypatch.setattr(sync, "system_syncfs", lambda: None)
    return str(request.param)


def test_each_step_comes_after_the_last(tmp_path: Path) -> None:
    calls = recorded_commit(tmp_path / "archive", BATCH).calls
    assert broken_promises(calls) == []
    steps = [what for what, path, _ in calls if what == "rename" or path in {"manifest.jsonl", "ledger"}]
    assert steps == [*["rename"] * 4, "write", "fsync", "commit"]


def test_a_batch_is_synced_by_one_call_or_file_by_file(tmp_path: Path, way: str) -> None:
    calls = recorded_commit(tmp_path / "archive", BATCH).calls
    staged = {path for what, path, _ in calls if what == "write" and path.startswith(STAGING)}
    assert len(staged) == 1 + 3 * 7 + 2
    if way == "syncfs":
        synced = [what for what, path, _ in calls if what in {"fsync", "syncfs"} and path.startswith(STAGING)]
        assert synced == ["syncfs"]
    else:
        assert staged <= {path for what, path, _ in calls if what == "fsync"}


def test_no_sync_can_be_left_out(tmp_path: Path) -> None:
    syncs = recorded_commit(tmp_path / "whole", BATCH[1:]).syncs
    assert syncs >= 5
    for skip in range(syncs):
        calls = recorded_commit(tmp_path / str(skip), BATCH[1:], skip).calls
        assert broken_promises(calls), f"sync {skip} was left out unnoticed"


def test_no_sync_can_be_left_out_where_all_go_to_quarantine(tmp_path: Path) -> None:
    whole = recorded_commit(tmp_path / "whole", BATCH[2:])
    assert broken_promises(whole.calls) == []
    noticed = [
        bool(broken_promises(recorded_commit(tmp_path / str(skip), BATCH[2:], skip).calls))
        for skip in range(whole.syncs)
    ]
    assert noticed == [*[True] * (whole.syncs - 1), False], "only the root has nothing new in it"


def renew(store: Store) -> None:
    entries = {entry.id: entry for entry in store.entries()}
    store.renew([renewal(tuple(entries[made.id] for made in KEPT.bundles))], now=LATER)


def remove(store: Store) -> None:
    store.remove([made.id for made in LEAVES.bundles], now=LATER)


def restore(store: Store) -> None:
    store.restore([made.id for made in RETURNS.bundles])


NOTHING_NEW = {".", "2024", ".mailarchiver"}
"""The folders above those that a change gives new names."""


@pytest.mark.parametrize("work", [renew, remove, restore])
def test_no_sync_of_a_change_can_be_left_out(tmp_path: Path, work: Callable[[Store], object]) -> None:
    def fresh(name: str) -> Path:
        prepare(tmp_path / name)
        return tmp_path / name

    whole = recorded(fresh("whole"), work)
    assert broken_promises(whole.calls) == []
    paths = [path for what, path, _ in whole.calls if what in {"fsync", "syncfs"}]
    unnoticed = {
        path for skip, path in enumerate(paths) if not broken_promises(recorded(fresh(str(skip)), work, skip).calls)
    }
    linked = {path for path in unnoticed if any(path.endswith((name, f"{name}~2")) for name in OTHERS)}
    assert unnoticed - linked <= NOTHING_NEW
