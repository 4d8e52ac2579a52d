"""How many threads and processes the daemon has at its busiest, and how many it may have.

The kernel counts both against the control group of a service (`TasksMax=`). One that it refuses is a round that fails,
so the limit is to be known before: systemd/mailarchiver.service has enough for fifty accounts, and install-service
writes a drop-in for more.
"""

from __future__ import annotations

import resource
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from .text.wording import counted
from .watchers import WATCHED_FOLDERS

if TYPE_CHECKING:
    from .config import Settings

SHIPPED = 512
"""`TasksMax=` of the units that are shipped."""
OWN = 8
"""The main thread, the scheduler and its two, one that writes the status, one that ends a former pool, and the
nurseries of both pools."""
ROUND = 6
"""Of a round: the account's own thread, two that look ahead, the deadline's timer, and a password's or token's command
with the timer of its connection."""
WATCHER = 2
"""Of a folder that is watched: its thread, and its deadline's timer."""
CGROUPS = Path("/sys/fs/cgroup")


def needed(watched: Iterable[int], workers: int) -> int:
    """At the most, where all rounds are under way, as after a start. `watched` is for each account how many folders are
    watched. Each round asks all workers at once; a reload may have as many new ones beside them.
    """
    return OWN + 2 * workers + sum(ROUND + workers + WATCHER * folders for folders in watched)


def watched(folders: Iterable[str], *, push: bool) -> int:
    """How many folders of an account may be watched: a pattern or a special use may stand for any number."""
    if not push:
        return 0
    return min(WATCHED_FOLDERS, sum(WATCHED_FOLDERS if set(name) & set("*%\\") else 1 for name in folders))


def allowed(cgroups: Path = CGROUPS, own: Path = Path("/proc/self/cgroup")) -> int | None:
    """How many there may be, by the control group and those above it, and by RLIMIT_NPROC; None where nothing says."""
    limits = [int(text) for path in _limits(cgroups, own) if (text := _read(path)).isdecimal()]
    processes, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    limits += [processes] if processes != resource.RLIM_INFINITY else []
    return min(limits, default=None)


def trouble(settings: Settings) -> str | None:
    """What is told where the accounts may need more than is allowed here."""
    folders = (watched(account.folders, push=account.push) for account in settings.account)
    most, limit = needed(folders, settings.limits.workers), allowed()
    if limit is None or most <= limit:
        return None
    number = counted(len(settings.account), "account")
    cure = "as a service: `sudo mailarchiver install-service --now`, or TasksMax= in a drop-in; else `ulimit -u`"
    return f"{number} may need {most} threads and processes at once, of which {limit} are allowed: {cure}"


def _limits(cgroups: Path, own: Path) -> Iterable[Path]:
    """The files with the limits, of version 2 (`0::/path`) and of version 1 (`7:pids:/path`), cgroups(7)."""
    for line in _read(own).splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and "pids" not in controllers.split(","):
            continue
        root = cgroups / controllers if controllers else cgroups
        group = root / path.lstrip("/")
        for folder in (group, *group.parents):
            yield folder / "pids.max"
            if folder == root:
                break


def _read(path: Path) -> str:
    try:
        return path.read_text("ascii", "replace").strip()
    except OSError:  # no such limit there
        return ""
