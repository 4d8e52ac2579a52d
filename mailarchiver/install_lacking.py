"""What an installed service still lacks, which only a person can give, and the commands for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .install import STATE, USER, Site, Wishes, password_file, within


@dataclass(frozen=True, slots=True)
class Lacking:
    """What only a person can give: a configuration that is not the example any more, the passwords, an archive's folder
    that the service's user may write to.
    """

    config: bool
    passwords: tuple[Path, ...]
    folder: Path | None


def lacking(site: Site, wished: Wishes, *, fresh: bool) -> Lacking:
    """Look at what is there; `fresh`: the configuration was written a moment ago."""
    passwords = (*(password_file(site, name) for name in wished.credentials), *wished.files)
    elsewhere = site.home is None and not within(wished.root, (STATE,)) and not wished.root.exists()
    missing = tuple(path for path in passwords if not path.exists())
    return Lacking(fresh, missing, wished.root if elsewhere else None)


def next_commands(site: Site, lacks: Lacking, *, running: bool) -> list[str]:
    """What is left to do by hand, in its order, each with the reason behind a `#`."""
    sudo, systemctl = ("sudo ", "sudo systemctl") if site.home is None else ("", "systemctl --user")
    commands = [f"{sudo}nano {site.config}  # name your mailbox"] if lacks.config else []
    commands += [f"{sudo}install -m 0600 /dev/stdin {path}  # the password, Enter, Ctrl-D" for path in lacks.passwords]
    if lacks.folder is not None:
        commands.append(f"sudo install -d -o {USER} -g {USER} -m 0750 {lacks.folder}  # the archive")
    if lacks.config:
        command = "install-service" if site.home is None else "install-service --user"
        commands.append(f"{sudo}mailarchiver {command}  # again, after each change of the configuration")
    if not running:
        commands.append(f"{systemctl} enable --now mailarchiver  # now, and at every boot")
    if site.home is not None and not running:
        commands.append("loginctl enable-linger  # while you are not logged in, too")
    return commands
