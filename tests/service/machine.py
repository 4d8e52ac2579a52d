"""A machine to install on: the systemd of this one, booted in namespaces, over files that are thrown away."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
CLONE = "/srv/mailarchiver"
"""Where the machine has what a clone of the repository holds, as far as an installation needs it."""

READER = "reader"
"""An ordinary user of the machine: who types the commands."""

_CLONED = ("mailarchiver", "systemd", "pyproject.toml", "README.md", "LICENSE", "config.example.toml")
_PATIENCE = 30.0
_OCTETS = 2**30
"""A venv with mailarchiver, twice, and what is filed."""


def _roomy() -> Path | None:
    """In memory, where there is enough of it: an overlay cannot lie on another one, which the disk may be."""
    shared = Path("/dev/shm")  # noqa: S108  a name of our own in it
    return shared if shared.is_dir() and shutil.disk_usage(shared).free > _OCTETS else None


class Machine:
    """`with Machine() as machine:` is a booted machine; its network is ours, and so is what lies in `/` before."""

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="mailarchiver-machine-", dir=_roomy()))
        self._clone(self._folder / "u" / CLONE.lstrip("/"))
        boot = [str(Path(__file__).with_name("boot.sh")), str(self._folder)]
        self._process = subprocess.Popen(boot, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert self._process.stdout is not None
        word, _, leader = self._process.stdout.readline().decode().partition(" ")
        if word != "booted" or not leader.strip().isdecimal():
            said = self._process.communicate()[1].decode("utf-8", "replace")
            raise RuntimeError(f"systemd did not boot: {said}")
        self._leader = leader.strip()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()  # the end of its input is the sign to shut down, and to remove the folder

    def run(
        self, command: str, *, given: str | None = None, check: bool = True, seconds: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """A command line of bash, as root on the machine; `given` on its standard input. It has no need of `sudo`."""
        environment = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/root",
            "USER": READER,
            "LANG": "C.UTF-8",
            **{name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_CERT", "http"))},
        }
        enter = ["nsenter", "-t", self._leader, "-a", "setsid", "-w", "env", "-i"]
        assignments = [f"{name}={value}" for name, value in environment.items()]
        done = subprocess.run(
            [*enter, *assignments, "bash", "-c", f'cd {CLONE} && {{ sudo() {{ "$@"; }}; {command}\n}}'],
            input=given,
            stdin=subprocess.DEVNULL if given is None else None,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert not check or done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def says(self, command: str) -> str:
        """What a command prints, without white space around it; it must not fail."""
        return self.run(command).stdout.strip()

    def write(self, path: str, text: str) -> None:
        """A file on the machine, with the mode that it has if it is there."""
        self.run(f"mkdir -p \"$(dirname '{path}')\" && cat > '{path}'", given=text)

    def wait_for(self, what: str, condition: Callable[[], bool], seconds: float = _PATIENCE) -> None:
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                log = self.run("journalctl -u 'mailarchiver*' -o cat --no-pager | tail -60", check=False).stdout
                raise AssertionError(f"{what}: not within {seconds:.0f} s\n{log}")
            time.sleep(0.1)

    @staticmethod
    def _clone(target: Path) -> None:
        target.mkdir(parents=True)
        for name in _CLONED:
            source = ROOT / name
            if source.is_dir():
                skip = shutil.ignore_patterns("__pycache__")
                shutil.copytree(source, target / name, symlinks=True, ignore=skip)
            else:
                shutil.copy(source, target / name)
        for folder in (target, *target.parents):
            if folder.name == "u":
                break
            folder.chmod(0o755)
