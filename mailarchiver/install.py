"""The service's files: which they are, what they say, and where they go.

::

    Site (the system's, a user's) ┐
    Program (what a unit starts)  ├─ plan ─▶ steps ─ install_steps.carry_out ─▶ what became of each
    Wishes (the configuration)    ┘ pure

The configuration is written once, and belongs to its user from then on; all else is written anew when it should say
something else. Nothing is enabled or started but by the steps of `started`.
"""

from __future__ import annotations

import os
import re
import sys
import sysconfig
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from . import tasks
from .config_values import read_path
from .errors import ConfigError, InstallError
from .install_steps import Folder, Put, Remove, Run, Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SHIPPED = Path(__file__).parent
USER = "mailarchiver"
SERVICE, POLL = "mailarchiver.service", "mailarchiver-poll.service"
STATE = Path("/var/lib/mailarchiver")
TEMPORARY = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108  no file is made
HIDDEN = (*TEMPORARY, Path("/home"), Path("/root"), Path("/run/user"))
"""What PrivateTmp= and ProtectHome= keep from a service of the system; from a user's only the former."""
WRITTEN = "# Written by `mailarchiver install-service` from the configuration: it will be written again.\n\n"
CREDENTIAL = re.compile(r"[\w.-]+")


# --- What is asked for ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Site:
    """Whose service it is. `units` is the folder of its units, `config` its configuration, `home` the user's, or None
    for the system's own.
    """

    units: Path
    config: Path
    home: Path | None = None


SYSTEM = Site(Path("/etc/systemd/system"), Path("/etc/mailarchiver/config.toml"))


def of_user() -> Site:
    """The service of whoever runs this."""
    home = Path.home()
    configs = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    return Site(configs / "systemd/user", configs / "mailarchiver/config.toml", home)


@dataclass(frozen=True, slots=True)
class Program:
    """What a unit starts: the script, and the folders with all that it is made of, none of them a link."""

    script: Path
    folders: tuple[Path, ...]


def running() -> Program:
    """The program that runs: a venv's, pipx's, or the system's. Raises `InstallError` where it is not installed."""
    script = Path(sysconfig.get_path("scripts")).resolve() / "mailarchiver"
    if not script.is_file():
        raise InstallError(f"{script} is not there: install mailarchiver (with pip or pipx), and run that")
    return Program(script, (Path(sys.prefix).resolve(), Path(sys.executable).resolve().parents[1], SHIPPED.resolve()))


@dataclass(frozen=True, slots=True)
class Wishes:
    """What of the configuration concerns the service: where the archive lies, and the passwords, as credentials of
    systemd by their names, or in files; in which `folders` else it writes: figures, sign-ins; and how many `tasks`
    (threads and processes) it has at its busiest.
    """

    root: Path
    credentials: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    folders: tuple[Path, ...] = ()
    tasks: int = 0


def wishes(text: str, path: Path) -> Wishes:
    """Read from the configuration at `path`; the rest of it is `check`'s business. Raises `ConfigError`."""
    try:
        tables = tomllib.loads(text)
        root = read_path(tables["archive"]["root"], path.parent)
        accounts = _tables(tables.get("account"))
        files = [read_path(name, path.parent) for name in _values(accounts, "password_file")]
        written = [*_values(accounts, "token_cache"), *_values(_tables(tables.get("metrics")), "textfile")]
        folders = [read_path(name, path.parent).parent for name in written]
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"{path}: is no TOML: {error}"]) from error
    except (KeyError, TypeError) as error:
        raise ConfigError([f"{path}: archive.root: must be the path of the archive"]) from error
    except ValueError as error:
        raise ConfigError([f"{path}: a path in it {error}"]) from error
    return Wishes(
        Path(os.path.normpath(root)),
        tuple(name for name in _values(accounts, "password_credential") if CREDENTIAL.fullmatch(name)),
        tuple(files),
        tuple(dict.fromkeys(Path(os.path.normpath(folder)) for folder in folders)),
        tasks.needed((_watched(each) for each in accounts), _workers(tables.get("limits"))),
    )


def _watched(account: dict[str, object]) -> int:
    named = account.get("folders", ["INBOX"])
    folders = [each for each in named if isinstance(each, str)] if isinstance(named, list) else []
    return tasks.watched(folders, push=account.get("push") is not False)


def _workers(limits: object) -> int:
    """As many as the daemon starts by itself, where the configuration says nothing."""
    told = limits.get("workers") if isinstance(limits, dict) else None
    return told if isinstance(told, int) else 2


def _tables(value: object) -> list[dict[str, object]]:
    """A table, or a list of them, as a list; whatever else stands there is no table."""
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, dict)]


def _values(tables: list[dict[str, object]], key: str) -> list[str]:
    """What stands at this key, each once; what is no text is left to `check`."""
    return list(dict.fromkeys(value for table in tables if isinstance(value := table.get(key), str)))


def first_config(site: Site) -> str:
    """The example as a first configuration: the system's takes the password as a credential, a user's from a file."""
    text = (SHIPPED / "config.example.toml").read_text("utf-8")
    if site.home is not None:
        return _replaced(text, 'root = "/var/lib/mailarchiver/archive"', 'root = "~/archive"')
    text = _replaced(text, '\npassword_file = "articles.password"', '\n#password_file = "articles.password"')
    return _replaced(text, '\n#password_credential = "articles"', '\npassword_credential = "articles"')


def refuse_hidden(site: Site, program: Program, wished: Wishes) -> None:
    """Raise `ConfigError` where the service could not see its program, or where it writes, with the cure."""
    problems = []
    unseen = HIDDEN if site.home is None else TEMPORARY
    for path in dict.fromkeys((program.script, *program.folders)):
        if hidden := within(path, unseen):
            problems.append(
                f"{path}: the service sees nothing below {hidden}, so the program must lie elsewhere: "
                "`sudo /usr/bin/python3 -m venv /opt/mailarchiver && sudo /opt/mailarchiver/bin/pip install …`, or "
                "`sudo PIPX_HOME=/opt/pipx PIPX_BIN_DIR=/usr/local/bin pipx install …`; or use --user"
            )
            break
    problems += [
        f"the configuration names {path}: the service sees nothing below {hidden}: "
        f"name a folder below {STATE} or /srv, or use --user"
        for path in (wished.root, *wished.folders)
        if (hidden := within(path, unseen))
    ]
    if problems:
        raise ConfigError(problems)


def refuse_unreadable(program: Program) -> None:
    """Raise `InstallError` where only root could read the program (a venv that was made under umask 077)."""
    for path in (program.script, *program.folders):
        for place in (path, *path.parents):
            needed = 0o5 if place in (path, program.script) else 0o1
            if place.stat().st_mode & needed != needed:
                raise InstallError(f"{place}: the user {USER} cannot read it: `sudo chmod -R o+rX {place}`")


# --- The plan ---------------------------------------------------------------------------------------------------------


def plan(site: Site, program: Program, wished: Wishes, systemd: int) -> list[Step]:
    """Every step, in their order. `systemd` is the version: what it does not know is left out."""
    return _of_system(site, program, wished, systemd) if site.home is None else _of_user(site, program, wished, systemd)


def _of_system(site: Site, program: Program, wished: Wishes, systemd: int) -> list[Step]:
    sysusers, tmpfiles = Path("/etc/sysusers.d/mailarchiver.conf"), Path("/etc/tmpfiles.d/mailarchiver.conf")
    return [
        Put(sysusers, _shipped("sysusers.d/mailarchiver.conf")),
        Run(("systemd-sysusers", str(sysusers))),
        Put(tmpfiles, _shipped("tmpfiles.d/mailarchiver.conf")),
        Run(("systemd-tmpfiles", "--create", str(tmpfiles))),
        Put(site.config, first_config(site), 0o640, keep=True, group=USER),
        *(Put(site.units / name, unit(_shipped(name), program)) for name in (SERVICE, POLL, "mailarchiver-poll.timer")),
        *_drop_ins(site, SERVICE, wished),
        *_drop_ins(site, POLL, wished),
        _tasks(site, wished),
        _newer(site, systemd),
        Run(("systemctl", "daemon-reload")),
    ]


def _of_user(site: Site, program: Program, wished: Wishes, systemd: int) -> list[Step]:
    return [
        Put(site.config, first_config(site), 0o600, keep=True),
        Folder(wished.root),
        Put(site.units / SERVICE, unit(_shipped(f"user/{SERVICE}"), program)),
        *_drop_ins(site, SERVICE, wished),
        _tasks(site, wished),
        _newer(site, systemd),
        Run(("systemctl", "--user", "daemon-reload")),
    ]


def started(site: Site) -> list[Step]:
    """Start it now and at every boot; one that runs already is started anew, as after an upgrade."""
    systemctl = ("systemctl",) if site.home is None else ("systemctl", "--user")
    return [Run((*systemctl, "enable", SERVICE)), Run((*systemctl, "restart", SERVICE))]


def unit(text: str, program: Program) -> str:
    """A unit as it is shipped, with the program that there is. Raises `ValueError` where it names none."""
    if "ExecStart=" not in text:  # a timer
        return text
    text, count = re.subn(r"(?m)^(ExecStart=)/usr/bin/env \S+(?= )", lambda m: m[1] + quoted(program.script), text)
    outer = [path for path in dict.fromkeys(program.folders) if not within(path.parent, program.folders)]
    folders = " ".join(quoted(path) for path in outer if not within(path, (Path("/usr"),)))
    text, more = re.subn(r"(?m)^(ExecPaths=/usr) .+$", lambda m: f"{m[1]} {folders}".rstrip(), text)
    if (count, more) != (1, 1):
        raise ValueError("a unit without ExecStart=/usr/bin/env or ExecPaths=/usr")
    return text


def quoted(path: Path) -> str:
    """A path as a unit takes it (systemd.syntax(7), systemd.unit(5) "Specifiers")."""
    text = str(path).replace("\\", "\\\\").replace("%", "%%")
    return text if re.fullmatch(r"[\w./+@,:=%$-]+", text) else '"' + text.replace('"', '\\"') + '"'


def _drop_ins(site: Site, service: str, wished: Wishes) -> Iterator[Step]:
    """What the configuration asks of systemd, or the end of what it asked for before."""
    folder = site.units / f"{service}.d"
    loads = "".join(f"LoadCredential={name}:{password_file(site, name)}\n" for name in wished.credentials)
    secrets = folder / "50-credentials.conf"
    yield Put(secrets, f"{WRITTEN}[Service]\n{loads}") if loads else Remove(secrets)
    paths = folder / "50-paths.conf"
    root = wished.root if site.home is not None or not within(wished.root, (STATE,)) else None
    waits = f"[Unit]\nRequiresMountsFor={quoted(root)}\n\n" if root and site.home is None else ""
    places = [quoted(root)] if root else []
    # one that is missing keeps only what is written there from being written, not the service from starting
    places += [f"-{quoted(path)}" for path in wished.folders if site.home is not None or not within(path, (STATE,))]
    written = "".join(f"ReadWritePaths={place}\nNoExecPaths={place}\n" for place in places)
    yield Put(paths, f"{WRITTEN}{waits}[Service]\n{written}") if places else Remove(paths)


def _tasks(site: Site, wished: Wishes) -> Step:
    """More than the unit has, where there are very many accounts."""
    path = site.units / f"{SERVICE}.d/50-tasks.conf"
    return Put(path, f"{WRITTEN}[Service]\nTasksMax={wished.tasks}\n") if wished.tasks > tasks.SHIPPED else Remove(path)


def _newer(site: Site, systemd: int) -> Step:
    path = site.units / f"{SERVICE}.d/40-since-254.conf"
    return Put(path, _shipped("drop-ins/since-254.conf")) if systemd >= 254 else Remove(path)


def password_file(site: Site, credential: str) -> Path:
    """Where a credential's password lies: beside the configuration, for its owner alone."""
    return site.config.parent / f"{credential}.password"


def _shipped(name: str) -> str:
    return (SHIPPED / "systemd" / name).read_text("utf-8")


def within(path: Path, folders: Sequence[Path]) -> Path | None:
    """The folder of these that the path lies in, or is."""
    return next((folder for folder in folders if path == folder or folder in path.parents), None)


def _replaced(text: str, old: str, new: str) -> str:
    if text.count(old) != 1:
        raise ValueError(f"the example configuration has not one {old.strip()!r}")
    return text.replace(old, new)
