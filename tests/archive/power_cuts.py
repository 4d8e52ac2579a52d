"""Cuts the power of a disk of its own, or gives it hardly any room, and looks at what the store makes of it.

::

    unshare -m --propagation private python power_cuts.py ext4|xfs FOLDER COUNT     so many cuts, spread over a run
    unshare -m --propagation private python power_cuts.py control FOLDER            a cut that must lose something
    unshare -m --propagation private python power_cuts.py tmpfs FOLDER COUNT        disks of so many sizes

As root, on Linux. The disk is a file on a loop device, mounted in a mount namespace that ends with this process. A cut:
the driver is killed at a system call, then the file system is shut down as it is, what its log holds in memory is
thrown away with the page cache, and it is mounted again. Prints a line a point; fails with the first that does not
hold.
"""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import struct
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a program, it finds the tests as a package

from tests.archive import driver, injection
from tests.archive.aftermath import (
    SEED,
    assert_as_if_nothing_happened,
    assert_nothing_is_half_there,
    assert_safe,
    drawn,
    in_memory,
)
from tests.archive.faults import faults
from tests.archive.filings import tree
from tests.archive.injection import CHANGING, Run

SHUTDOWN = 0x8004587D
"""EXT4_IOC_SHUTDOWN, XFS_IOC_GOINGDOWN."""
NO_LOG_FLUSH = 2
LARGEST = 750_000
"""Octets of a tmpfs that has room for all that the driver does."""
SYNCS = ("fsync", "fdatasync", "syncfs")


class Disk:
    """A file system in a file, mounted at `at`."""

    def __init__(self, kind: str, folder: Path) -> None:
        self._kind, self._image, self.at = kind, folder / f"{kind}.image", folder / kind
        self.at.mkdir()
        with self._image.open("wb") as image:
            image.truncate(320 << 20)  # XFS takes no less than 300 MB; the file is sparse
        subprocess.run([f"mkfs.{kind}", "-q", str(self._image)], check=True)
        self.mount()

    def mount(self) -> None:
        subprocess.run(["mount", "-o", "loop", "-t", self._kind, str(self._image), str(self.at)], check=True)

    def unmount(self) -> None:
        subprocess.run(["umount", str(self.at)], check=True)

    def cut(self) -> None:
        descriptor = os.open(self.at, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(descriptor)
        self.unmount()
        self.mount()


def undisturbed() -> dict[str, bytes]:
    with in_memory() as folder, faults(lambda _: None):
        driver.work(folder / "archive", tell=lambda _: None)
        return tree(folder / "archive")


def assert_held(root: Path, ended: Run, expected: dict[str, bytes]) -> None:
    assert_nothing_is_half_there(root)
    assert_safe(root, ended.acknowledged)
    assert_as_if_nothing_happened(root, ended.acknowledged, expected)


def cuts(kind: str, folder: Path, count: int) -> None:
    """Right before a call that changes something: between two of them, reading changes nothing. Every third time the
    power is cut once more while the store puts things in order.
    """
    expected, disk = undisturbed(), Disk(kind, folder)
    points = injection.points(disk.at / "counted", folder / "trace")
    changing = [point for point in points if point.name in CHANGING]
    dice = random.Random(SEED)  # noqa: S311 - a sample, no secret
    for number, point in enumerate(drawn(changing, count)):
        root = disk.at / str(number)
        ended = injection.run(root, folder / "trace", point.kill())
        assert ended.code == -9, point
        disk.cut()
        assert_nothing_is_half_there(root)
        assert_safe(root, ended.acknowledged)
        if number % 3 == 0:
            again = dice.choice(changing[: len(changing) // 3])
            second = injection.run(root, folder / "trace", again.kill(), done=ended.acknowledged)
            assert second.code in {0, -9}, second.error
            ended = Run(second.code, ended.acknowledged | second.acknowledged, second.error, second.trace)
            disk.cut()
        say(f"{kind}: cut before {point.name} {point.own}, {len(ended.acknowledged)} acknowledged")
        assert_held(root, ended, expected)
        shutil.rmtree(root)
    disk.unmount()


def control(folder: Path) -> None:
    """What was never synced is lost: the method has teeth."""
    disk = Disk("ext4", folder)
    root = disk.at / "archive"
    ended = injection.run(root, folder / "trace", *(f"inject={name}:retval=0" for name in SYNCS))
    assert (ended.code, len(ended.acknowledged)) == (0, 4)
    disk.cut()
    try:
        assert_safe(root, ended.acknowledged)
    except AssertionError as error:
        say(f"without a sync: {error}")
    else:
        raise AssertionError("a cut without a sync lost nothing")
    disk.unmount()


def sizes(folder: Path, count: int) -> None:
    """From no room at all to enough, in equal steps. With more room, it goes on where it stood."""
    expected, at = undisturbed(), folder / "tmpfs"
    at.mkdir()
    ends = set()
    for number in range(1, count + 1):
        size = number * LARGEST // count // 4096 * 4096
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(at)], check=True)
        root = at / "archive"
        ended = injection.run(root, folder / "trace")
        assert ended.code in {0, 75}, ended.error
        assert bool(ended.error) == (ended.code == 75)
        say(f"tmpfs of {size}: exit {ended.code}, {len(ended.acknowledged)} acknowledged {ended.error.strip()}")
        assert_nothing_is_half_there(root)
        assert_safe(root, ended.acknowledged)
        subprocess.run(["mount", "-o", "remount,size=16m", str(at)], check=True)
        assert_held(root, ended, expected)
        subprocess.run(["umount", str(at)], check=True)
        ends.add((ended.code, len(ended.acknowledged)))
    assert {(75, 0), (0, 4)} <= ends, "the sizes do not go from too little to enough"


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(what: str, folder: Path, count: int = 1) -> None:
    match what:
        case "control":
            control(folder)
        case "tmpfs":
            sizes(folder, count)
        case _:
            cuts(what, folder, count)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:]))
