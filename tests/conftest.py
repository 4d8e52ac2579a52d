"""What every test may rely on: servers and browsers are used where they are installed, elsewhere said to be missing.

`MAILARCHIVER_REQUIRE` names the markers (comma separated, or `all`) that must not be skipped: then a missing server
is a failure. `MAILARCHIVER_CORPUS` names a folder of real mails with expectations; without it, its tests are skipped.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser


def _missing(marker: str) -> str | None:
    """The reason why tests with this marker cannot run here, None where they can."""
    if marker == "corpus":
        return None if os.environ.get("MAILARCHIVER_CORPUS") else "MAILARCHIVER_CORPUS names no folder"
    programs = {"dovecot": "dovecot", "chromium": "chromium", "systemd": "systemd-analyze"}
    found = shutil.which(programs[marker], path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin")
    return None if found else f"{programs[marker]} is not installed"


def pytest_runtest_setup(item: pytest.Item) -> None:
    required = os.environ.get("MAILARCHIVER_REQUIRE", "").split(",")
    for marker in ("dovecot", "chromium", "systemd", "corpus"):
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
