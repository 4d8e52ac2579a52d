"""The file of a sign-in, killed or out of room at every system call: it is the one before, or the new one."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from mailarchiver.mailbox.token_file import TokenFile

pytestmark = pytest.mark.strace

OLD, NEW = "old" * 1000, "new" * 1000
CALLS = "openat,write,fsync,rename,unlink,mkdir,fchown,fchmod,flock,close"
PROGRAM = f"""
import os, sys
from pathlib import Path
from mailarchiver.errors import MailboxError
from mailarchiver.mailbox.token_file import TokenFile
file = TokenFile(Path(sys.argv[1]))
os.path.exists("/begin")
try:
    with file.locked():
        file.write({NEW!r})
except MailboxError as error:
    sys.exit(f"told: {{error}}")
"""


def traced(path: Path, trace: Path, *inject: str) -> subprocess.CompletedProcess[str]:
    """The program, under strace."""
    options = [option for each in inject for option in ("-e", f"inject={each}")]
    command = ["strace", "-f", "-o", str(trace), "-e", f"trace={CALLS},newfstatat,stat", *options]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [*command, sys.executable, "-c", PROGRAM, str(path)],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )


def points(folder: Path) -> list[tuple[str, int]]:
    """Each system call from the beginning on: its name, and which of that name it is since the program started."""
    TokenFile(folder / "counted.json").path.write_text(OLD)
    assert traced(folder / "counted.json", folder / "trace").returncode == 0
    counted: dict[str, int] = {}
    found: list[tuple[str, int]] = []
    begun = False
    for line in (folder / "trace").read_text().splitlines():
        name = re.match(r"\d+ +(\w+)\(", line)
        if name is None:
            continue
        begun = begun or '"/begin"' in line
        counted[name[1]] = counted.get(name[1], 0) + 1
        if begun and name[1] in CALLS.split(","):
            found.append((name[1], counted[name[1]]))
    return found


def test_a_kill_at_every_system_call(tmp_path: Path) -> None:
    found = points(tmp_path)
    assert {name for name, _ in found} >= {"openat", "write", "fsync", "rename"}
    kept = []
    for name, number in found:
        path = tmp_path / f"{name}-{number}.json"
        path.write_text(OLD)
        path.chmod(0o600)
        done = traced(path, tmp_path / "trace", f"{name}:signal=KILL:when={number}")
        assert done.returncode == -signal.SIGKILL, (name, number)
        kept.append(path.read_text())
        assert kept[-1] in {OLD, NEW}, (name, number)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert traced(path, tmp_path / "trace").returncode == 0, "and what is left over is in nobody's way"
        assert path.read_text() == NEW
    assert {OLD, NEW} <= set(kept)


@pytest.mark.parametrize("error", ["ENOSPC", "EIO", "EROFS"])
def test_an_error_of_the_disk_at_every_system_call(tmp_path: Path, error: str) -> None:
    for name, number in points(tmp_path):
        if name in {"close", "mkdir"}:
            continue  # what is closed is synced already; the folder is there
        path = tmp_path / f"{name}-{number}.json"
        path.write_text(OLD)
        done = traced(path, tmp_path / "trace", f"{name}:error={error}:when={number}")
        assert path.read_text() in {OLD, NEW}, (name, number)
        assert "Traceback" not in done.stderr, (name, number, done.stderr)
        if done.returncode:
            assert done.stderr.startswith(f"told: token_cache {path}: "), (name, number)
        else:
            assert path.read_text() == NEW, (name, number)
