"""The acts that put the service's files in place: writes, and systemd's own tools.

What is as it should be is left alone, so that a second run changes nothing.
"""

from __future__ import annotations

import grp
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import InstallError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True, slots=True)
class Put:
    """A file with this content. `keep`: only where there is none yet; `group`: who may read it beside its owner."""

    path: Path
    content: str
    mode: int = 0o644
    keep: bool = False
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Remove:
    """A file of ours that the configuration asks for no longer."""

    path: Path


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that must be there before the service starts."""

    path: Path


@dataclass(frozen=True, slots=True)
class Run:
    """A tool of systemd's, each time: all of them can be repeated."""

    command: tuple[str, ...]


Step = Put | Remove | Folder | Run


@dataclass(frozen=True, slots=True)
class Done:
    """A step, and what became of it: "written", "updated", "unchanged", "kept", "removed", "absent", "made", "run", or
    "left" to others.
    """

    what: str
    outcome: str


def carry_out(steps: Sequence[Step], *, below: Path | None = None, dry_run: bool = False) -> Iterator[Done]:
    """Do the steps, or only tell what they would do. `below` stands in front of every path; then no tool is run, and
    nobody is given a file: that is left to whoever unpacks the folder.

    Raises `InstallError`: a file cannot be written, or a tool failed; what was done before stays, and a second run goes
    on from there.
    """
    for step in steps:
        try:
            yield _done(step, below, dry_run=dry_run)
        except OSError as error:
            raise InstallError(f"{error.filename or step}: {error.strerror}") from error


def _done(step: Step, below: Path | None, *, dry_run: bool) -> Done:
    if isinstance(step, Run):
        if below is None and not dry_run:
            _run(step.command)
        return Done(" ".join(step.command), "left" if below is not None else "run")
    path = _below(step.path, below)
    if isinstance(step, Put):
        return Done(str(step.path), _put(step, path, dry_run=dry_run, alone=below is not None))
    there = path.exists()
    if isinstance(step, Remove):
        if not dry_run:
            path.unlink(missing_ok=True)
        return Done(str(step.path), "removed" if there else "absent")
    if not dry_run:
        path.mkdir(0o750, parents=True, exist_ok=True)
    return Done(str(step.path), "unchanged" if there else "made")


def _put(step: Put, path: Path, *, dry_run: bool, alone: bool) -> str:
    """Write a file whole or not at all."""
    there = path.read_text("utf-8", "replace") if path.is_file() and not step.keep else None
    if step.keep and path.exists():
        return "kept"
    if there == step.content:
        return "unchanged"
    if not dry_run:
        path.parent.mkdir(0o755, parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.new")
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            if step.group is not None and not alone:
                os.fchown(descriptor, 0, _group(step.group))
            os.fchmod(descriptor, step.mode)
            stream.write(step.content)
            stream.flush()
            os.fsync(descriptor)
        fresh.rename(path)
    return "written" if there is None else "updated"


def _run(command: tuple[str, ...]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  systemd's own tools
    except FileNotFoundError as error:
        raise InstallError(f"{command[0]} is not there: the service needs systemd") from error
    if done.returncode != 0:
        raise InstallError(f"`{' '.join(command)}` failed: {done.stderr.strip() or done.returncode}")


def systemd_version() -> int:
    """The number that `systemctl --version` begins with. Raises `InstallError` where there is no systemd."""
    try:
        done = subprocess.run(["systemctl", "--version"], capture_output=True, text=True, check=False)  # noqa: S607
    except FileNotFoundError as error:
        raise InstallError("systemctl is not there: the service needs systemd") from error
    found = re.match(r"systemd (\d{1,6})", done.stdout)
    if found is None:
        raise InstallError(f"systemctl --version says: {done.stdout[:80]!r}")
    return int(found[1])


def _group(name: str) -> int:
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError as error:
        raise InstallError(f"there is no group {name}: systemd-sysusers did not make it") from error


def _below(path: Path, folder: Path | None) -> Path:
    return path if folder is None else folder / path.relative_to("/")
