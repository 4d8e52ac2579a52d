"""The lock: one holder, named to those who wait, and gone with its process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mailarchiver.archive import lock
from mailarchiver.errors import StoreError

HOLDER = """
import sys, time
from pathlib import Path
from mailarchiver.archive import lock
sys.argv = ["/usr/bin/mailarchiver", "import", "Secret Folder"]
with lock.held(Path({path!r}), wait=5, mode=0o600):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lock"


@pytest.fixture
def other(path: Path) -> subprocess.Popen[str]:
    """Another process that holds the lock."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER.format(path=str(path))], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_it_can_be_taken_again_after_it_was_given_back(path: Path) -> None:
    for _ in range(2):
        with lock.held(path, wait=0, mode=0o600):
            assert path.stat().st_mode & 0o777 == 0o600


def test_it_is_given_back_when_the_block_fails(path: Path) -> None:
    with pytest.raises(ZeroDivisionError), lock.held(path, wait=0, mode=0o600):
        raise ZeroDivisionError
    with lock.held(path, wait=0, mode=0o600):
        pass


def test_who_waits_too_long_is_told_the_holder(path: Path, other: subprocess.Popen[str]) -> None:
    with pytest.raises(StoreError) as caught, lock.held(path, wait=0.1, mode=0o600):
        pass
    assert f"mailarchiver import (process {other.pid})" in str(caught.value)
    assert "Secret" not in str(caught.value)
    end(other)


def test_it_goes_with_its_holder(path: Path, other: subprocess.Popen[str]) -> None:
    end(other)
    with lock.held(path, wait=0, mode=0o600):
        assert lock.holder(path).endswith(f"(process {os.getpid()})")


def test_who_waits_gets_it_when_the_holder_is_done(path: Path, other: subprocess.Popen[str]) -> None:
    threading.Timer(0.2, end, [other]).start()
    with lock.held(path, wait=30, mode=0o600):
        assert lock.holder(path).endswith(f"(process {os.getpid()})")


def test_a_second_holder_in_the_same_process_waits_too(path: Path) -> None:
    with lock.held(path, wait=0, mode=0o600), pytest.raises(StoreError), lock.held(path, wait=0.05, mode=0o600):
        pass


def test_a_lock_whose_file_was_deleted_is_not_taken_for_the_lock(path: Path) -> None:
    """Somebody deletes .mailarchiver/ while the lock is held: the next one locks a new file, and both know of it."""
    with lock.held(path, wait=0, mode=0o600):
        descriptor = os.open(path, os.O_RDWR)
        path.unlink()
        assert not lock._is_file(descriptor, path)
        os.close(descriptor)


def test_a_child_does_not_keep_it(path: Path) -> None:
    """flock belongs to the open file, which a forked child shares: the parent gives it back for both."""
    with lock.held(path, wait=0, mode=0o600):
        child = subprocess.Popen(["/bin/sleep", "30"], close_fds=False)
    with lock.held(path, wait=0, mode=0o600):
        pass
    child.kill()
    child.wait()
