"""Will it work? Everything a first round needs is looked at, one thing after the other; nothing is changed anywhere.

::

    configuration | archive | disk | lock | workers           for all accounts
    name ─▶ connection ─▶ log-in ─▶ capabilities | folders | clock | pending      for each; a break ends its account

A server is only asked (EXAMINE, STATUS, SEARCH), an archive only read, and nothing is locked.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

from . import tasks
from .archive.fitness import look
from .archive.layout import leave_root
from .check_account import check_account
from .check_finding import Finding
from .config import Account, Archive, Limits, Settings
from .errors import StoreError
from .filing import pool_of
from .text.wording import size_in_words


def check(settings: Settings, config: Path, names: Sequence[str], now: datetime) -> Iterator[Finding]:
    """The findings, as they come; of the accounts named, or of all. Raises `ConfigError` for a name that is none.

    Run as root, the process becomes the archive's owner for good, as a round would: what only root may read is of no
    use to it.
    """
    accounts = [settings.named(name) for name in names] or list(settings.account)
    yield _of_configuration(config)
    yield from _of_archive(settings.archive)
    yield _of_workers(settings.limits)
    trouble = tasks.trouble(settings)
    if trouble is not None:
        yield Finding(None, "tasks", "note", trouble)
    for account in accounts:
        yield from _of_secret(account)
        yield from check_account(account, settings.archive.root, settings.limits.max_message, now)


def _of_configuration(config: Path) -> Finding:
    """Whoever may change the configuration can have any command run."""
    mode = config.stat().st_mode
    facts: dict[str, object] = {"path": str(config), "mode": f"{stat.S_IMODE(mode):04o}"}
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        text = f"{config} may be changed by others than its owner, and so what is run: chmod go-w {config}"
        return Finding(None, "configuration", "failed", text, facts)
    return Finding(None, "configuration", "ok", f"{config} is sound", facts)


def _of_secret(account: Account) -> Iterator[Finding]:
    """Whoever may read a password knows it; that of a service may be its group's. What cannot be read is told where
    it is used.
    """
    signs_in = account.client_id is not None
    path = account.microsoft().file.path if signs_in else account.password_file
    if path is None:
        return
    try:
        mode = path.stat().st_mode
    except OSError:
        return
    if mode & stat.S_IROTH or (signs_in and mode & stat.S_IRGRP):
        text = f"{path} may be read by others: chmod o-rwx {path}"
        facts: dict[str, object] = {"path": str(path), "mode": f"{stat.S_IMODE(mode):04o}"}
        yield Finding(account.name, "secret", "note", text, facts)


def _of_archive(archive: Archive) -> Iterator[Finding]:
    """Root, owner, room, lock."""
    try:
        found = look(archive.root)
        if archive.root.is_dir():
            leave_root(archive.root)
            found = look(archive.root)
    except StoreError as error:
        yield Finding(None, "archive", "failed", str(error), {"root": str(archive.root)})
        return
    what = f"{archive.root}" if found.is_there else f"{archive.root} (made by the first round)"
    facts: dict[str, object] = {"root": str(archive.root), "exists": found.is_there, "owner": found.owner}
    if found.writable:
        yield Finding(None, "archive", "ok", f"{what} can be written to; its owner is {found.owner}", facts)
    else:
        cure = f"run as {found.owner}, or name another root" if os.geteuid() else "mount its file system for writing"
        yield Finding(None, "archive", "failed", f"{what} cannot be written to: {cure}", facts)
    room = f"{size_in_words(found.free)} are free on its disk, {size_in_words(archive.min_free)} are to stay so"
    facts = {"free": found.free, "min_free": archive.min_free}
    if found.free > archive.min_free:
        yield Finding(None, "disk", "ok", room, facts)
    else:
        yield Finding(None, "disk", "failed", f"{room} (min_free): make room, or nothing is filed", facts)
    if found.locked_by:
        text = f"{found.locked_by} is writing to it; others wait for up to 60 s"
        yield Finding(None, "lock", "note", text, {"holder": found.locked_by})
    else:
        yield Finding(None, "lock", "ok", "nobody is writing to it", {"holder": None})


def _of_workers(limits: Limits) -> Finding:
    """The children that read mail: one is started, and ended."""
    try:
        with closing(pool_of(limits)) as pool:
            started = pool.started()
    except StoreError as error:
        return Finding(None, "workers", "failed", str(error))
    if not started:
        text = "a worker process does not start: see what it wrote to standard error, and limits.mail_memory"
        return Finding(None, "workers", "failed", text)
    return Finding(None, "workers", "ok", "a worker process starts")
