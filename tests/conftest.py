"""What every test may rely on: servers and browsers are used where they are installed, elsewhere said to be missing.

`MAILARCHIVER_REQUIRE` names the markers (comma separated, or `all`) that must not be skipped: then a missing server
is a failure. `MAILARCHIVER_CORPUS` names a folder of real mails with expectations; without it, its tests are skipped.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.servers import cyrus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser


FULL = bool(os.environ.get("MAILARCHIVER_FULL"))
# The same examples in every run, but in a full one, which looks for new ones; a busy machine is no failure.
settings.register_profile("mailarchiver", derandomize=not FULL, deadline=None)
settings.load_profile("mailarchiver")

MARKERS = ("dovecot", "cyrus", "procmail", "chromium", "systemd", "corpus", "strace", "loop", "booted")
PROGRAMS = {"dovecot": "dovecot", "procmail": "procmail", "chromium": "chromium", "systemd": "systemd-analyze"}
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin:/sbin"


@cache
def _missing(marker: str) -> str | None:
    """The reason why tests with this marker cannot run here, None where they can."""
    if marker == "corpus":
        return None if os.environ.get("MAILARCHIVER_CORPUS") else "MAILARCHIVER_CORPUS names no folder"
    if marker == "cyrus":
        return cyrus.missing()
    if marker == "strace":
        return _missing_program("strace") or _refused(["strace", "-f", "-o", os.devnull, "true"])
    if marker == "loop":
        return _missing_disks()
    if marker == "booted":
        return _missing_machine()
    return _missing_program(PROGRAMS[marker])


def _missing_program(name: str) -> str | None:
    return None if shutil.which(name, path=PATH) else f"{name} is not installed"


def _missing_disks() -> str | None:
    """File systems of our own, in a mount namespace of our own."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return "disks are mounted by root only, on Linux"
    for name in ("unshare", "losetup", "mkfs.ext4", "mkfs.xfs"):
        if reason := _missing_program(name):
            return reason
    namespace = ["unshare", "-m", "--propagation", "private", "--"]
    return _refused([*namespace, "true"]) or _refused(["losetup", "--find"])


def _missing_machine() -> str | None:
    """A systemd to boot in namespaces of our own, and what is needed to install on it."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return "a machine is booted by root only, on Linux"
    for name in ("unshare", "nsenter", "pgrep", "systemctl"):
        if reason := _missing_program(name):
            return reason
    if not Path("/lib/systemd/systemd").exists():
        return "/lib/systemd/systemd is not there"
    if ":memory:" not in Path("/proc/self/cgroup").read_text():
        return "the machine is booted with control groups of version 1, of which there are none"
    venv = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))"
    return _refused(["/usr/bin/python3", "-c", venv]) or _refused(["unshare", "--mount", "--pid", "--fork", "true"])


def _refused(command: list[str]) -> str | None:
    """What a program has against being run here."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PATH": PATH})
    return None if done.returncode == 0 else f"`{' '.join(command)}` fails: {done.stderr.strip()}"


def pytest_runtest_setup(item: pytest.Item) -> None:
    required = os.environ.get("MAILARCHIVER_REQUIRE", "").split(",")
    for marker in MARKERS:
        if item.get_closest_marker(marker) is None:
            continue
        reason = _missing(marker)
        if reason is None:
            continue
        if marker in required or "all" in required:
            pytest.fail(f"{reason}, and MAILARCHIVER_REQUIRE asks for it")
        pytest.skip(reason)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window. Not for longer than a module: its event loop runs in this thread all the while."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        yield chromium
        chromium.close()


@pytest.fixture
def corpus() -> Path:
    return Path(os.environ["MAILARCHIVER_CORPUS"])


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """A command that a test, or a fixture of many, runs sets up logging for the whole process; no test is to notice."""
    root, own = logging.getLogger(), logging.getLogger("mailarchiver")
    handlers = root.handlers[:]
    root.setLevel(logging.WARNING)
    own.setLevel(logging.NOTSET)
    yield
    root.handlers[:] = handlers
    root.setLevel(logging.WARNING)
    own.setLevel(logging.NOTSET)
