"""From recipes to files: what the scripts beside this package do when they are run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


def write_all(mails: Mapping[str, Callable[[], bytes]], arguments: Sequence[str], default: Path) -> None:
    """Writes each mail as `NAME.eml` into the folder that the arguments name, else into the default one."""
    folder = Path(arguments[0]) if arguments else default
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in mails.items():
        (folder / f"{name}.eml").write_bytes(make())
