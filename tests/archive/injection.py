"""Disturbs the driver at one of its system calls, by strace: killed there, or told that the call failed."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from tests.archive import driver

DRIVER = Path(driver.__file__)
MARK = "getpriority"
READING = (
    *("newfstatat", "fcntl", "pread64", "lseek", "getdents64", "read", "ioctl", "statfs", "geteuid"),
    *("openat", "close", "flock"),
)
CHANGING = (
    *("openat", "close", "write", "pwrite64", "ftruncate", "mkdir", "chmod", "fchmod", "fchown", "rename", "unlink"),
    *("rmdir", "unlinkat", "fsync", "fdatasync", "syncfs", "flock"),
)
CALLS = tuple(dict.fromkeys(CHANGING + READING))
"""All that the driver makes but those of memory, signals and threads, and getpid."""

CALL = re.compile(r"\d+ +(\w+)\(")


@dataclass(frozen=True, slots=True)
class Point:
    """The `number`-th call of this name since the process began, and the how many-th since the store did."""

    name: str
    number: int
    own: int

    def kill(self) -> str:
        return f"inject={self.name}:signal=KILL:when={self.number}"

    def fail(self, error: str, *, for_good: bool = False) -> str:
        return f"inject={self.name}:error={error}:when={self.number}{'+' * for_good}"


@dataclass(frozen=True, slots=True)
class Run:
    """How the driver ended: -9 where it was killed; the UIDs it acknowledged; its calls, as strace tells them."""

    code: int
    acknowledged: set[int]
    error: str
    trace: str

    @property
    def was_hit(self) -> bool:
        """Whether the fault came, and not before the store began."""
        after = self.trace.partition(MARK)[2]
        return "INJECTED" in after or self.code == -9


@cache
def _compiled() -> str:
    """A folder of the driver's modules, compiled: what another process compiles meanwhile, beside the sources, would
    change the number of calls.
    """
    folder = Path(mkdtemp(prefix="mailarchiver-compiled-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    environment = {"PATH": os.environ["PATH"], "PYTHONPYCACHEPREFIX": str(folder)}
    command = [sys.executable, str(DRIVER), str(folder / "archive")]
    subprocess.run(command, input="", capture_output=True, text=True, check=True, timeout=60, env=environment)
    return str(folder)


def run(
    root: Path, log: Path, *options: str, done: set[int] | None = None, calls: tuple[str, ...] = (), way: str = ""
) -> Run:
    """The driver under strace with these `-e` options, tracing these calls only. `done` have left the mailbox.

    QUIRK: not with `--seccomp-bpf`, though it is faster: strace 6.1 then injects no signals.
    """
    injected = [found[1] for option in options if (found := re.match(r"inject=([^:]+)", option))]
    traced = ",".join([MARK, *calls, *injected])
    command = ["strace", "-f", "-q", "-y", "-s", "20", "-o", str(log), "-e", f"trace={traced}"]
    for option in options:
        command += ["-e", option]
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPYCACHEPREFIX": _compiled(),
    }
    before = "".join(f"ACK {uid}\n" for uid in sorted(done or ()))
    ended = subprocess.run(
        [*command, sys.executable, str(DRIVER), str(root), *way.split()],
        input=before,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=environment,
    )
    return Run(ended.returncode, driver.acknowledged(ended.stdout), ended.stderr, log.read_text("utf-8", "replace"))


def points(root: Path, log: Path) -> list[Point]:
    """All calls of an undisturbed run, in their order."""
    whole = run(root, log, calls=CALLS)
    assert whole.code == 0, whole.error
    seen: Counter[str] = Counter()
    before: Counter[str] = Counter()
    found: list[Point] = []
    for line in whole.trace.splitlines():
        name = call[1] if (call := CALL.match(line)) else ""
        if name == MARK:
            before = seen.copy()
            found = []
        elif name:
            seen[name] += 1
            found.append(Point(name, seen[name], seen[name] - before[name]))
    return found
