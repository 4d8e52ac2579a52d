"""What the sandbox lets a process do, tried by one that is in it: JSON on standard output.

Started on the booted machine in place of mailarchiver, by `test_sandbox.py`; arguments: addresses and ports to
connect to.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import shutil
import socket
import stat
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

STATE = Path("/var/lib/mailarchiver")
NEW_USER_NAMESPACE = 0x10000000


def attempt(what: Callable[[], object]) -> str:
    """`yes`, or the name of the error."""
    try:
        what()
    except (OSError, RuntimeError) as error:
        return type(error).__name__
    return "yes"


def write(folder: str) -> None:
    path = Path(folder, "probe")
    path.write_text("x")
    path.unlink()


def listed(folder: str) -> None:
    """Whether there is anything in it."""
    if not any(Path(folder).iterdir()):
        raise FileNotFoundError(folder)


def run_a_file(folder: Path) -> None:
    """A program that lies where mail is filed, or where files come to be on the way."""
    path = folder / "program"
    shutil.copy("/usr/bin/true", path)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    try:
        subprocess.run([path], check=True)
    finally:
        path.unlink()


def unshare() -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if library.unshare(NEW_USER_NAMESPACE) != 0:
        raise OSError(ctypes.get_errno(), "unshare")


def threads() -> int:
    """How many there may be beside this one."""
    end = threading.Event()
    started = []
    try:
        for _ in range(600):
            thread = threading.Thread(target=end.wait, daemon=True)
            thread.start()
            started.append(thread)
    except RuntimeError:
        pass
    finally:
        end.set()
    return len(started)


def reachable(place: str) -> str:
    host, _, port = place.rpartition(":")
    return attempt(lambda: socket.create_connection((host, int(port)), 1).close())


def main() -> None:
    if sys.argv[1:] == ["memory"]:
        held = bytearray(1800 * 2**20)
        sys.exit(f"{len(held)} octets are more than MemoryMax=")
    json.dump(tried(sys.argv[1:]), sys.stdout)


def tried(places: list[str]) -> dict[str, object]:
    """What was tried, and how it ended."""
    writes = (str(STATE), "/tmp", "/etc/mailarchiver", "/opt/mailarchiver", "/srv", "/var/lib")  # noqa: S108
    protection = mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
    return {
        "uid": os.getuid(),
        "write": {folder: attempt(partial(write, folder)) for folder in writes},
        "homes": [home for home in ("/home", "/root") if attempt(partial(listed, home)) == "yes"],
        "password": attempt(Path("/etc/mailarchiver/articles.password").read_text),
        "credential": attempt(Path(os.environ["CREDENTIALS_DIRECTORY"], "articles").read_text),
        "processes": len([path for path in Path("/proc").iterdir() if path.name.isdigit()]),
        "packets": attempt(partial(socket.socket, socket.AF_PACKET, socket.SOCK_RAW)),
        "netlink": attempt(partial(socket.socket, socket.AF_NETLINK, socket.SOCK_RAW)),
        "listen": attempt(partial(socket.create_server, ("127.0.0.1", 0))),
        "namespace": attempt(unshare),
        "chown": attempt(partial(os.chown, STATE, 0, 0)),
        "written and run": attempt(partial(mmap.mmap, -1, 4096, prot=protection)),
        "run a file": [attempt(partial(run_a_file, folder)) for folder in (STATE, Path("/tmp"))],  # noqa: S108
        "disks": [path.name for path in Path("/dev").iterdir() if path.is_block_device()],
        "threads": threads(),
        "reachable": {place: reachable(place) for place in places},
    }


if __name__ == "__main__":
    main()
