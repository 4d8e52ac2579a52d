"""What the demo needs on disk and on its server: the sample mails, and a configuration that is a real one."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING

from ..message.parse import parse

if TYPE_CHECKING:
    from pathlib import Path

    from .server import EmbeddedServer

CONFIG = """\
# Written by `mailarchiver demo`: how it fetched its sample mails. The server it names has ended with the demo.

[archive]
root = ".."                      # this file lies in the archive that the demo has filled

[[account]]
name = "demo"
host = {host}
port = {port}
security = "none"                # allowed on loopback only
username = {username}
password_file = "password"       # beside this file
after = "move:Archived"
"""


def samples() -> list[tuple[bytes, datetime]]:
    """The sample mails, each with the time of its Date header for its arrival, so that every run files the same."""
    mails = sorted(files(__package__).joinpath("samples").iterdir(), key=lambda item: item.name)
    return [(data := mail.read_bytes(), _arrival(data)) for mail in mails if mail.name.endswith(".eml")]


def _arrival(data: bytes) -> datetime:
    date = parse(data).headers.date
    if date is None:
        raise ValueError("a sample mail has no date")
    stamp = datetime.fromisoformat(date)
    return stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)


def write_config(archive: Path, server: EmbeddedServer) -> Path:
    """Write `demo/config.toml` and the password beside it, below the archive; only their owner may read them."""
    folder = archive / "demo"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    host, username = json.dumps(server.host), json.dumps(server.username)
    _write(folder / "password", server.password + "\n")
    return _write(folder / "config.toml", CONFIG.format(host=host, port=server.port, username=username))


def _write(path: Path, text: str) -> Path:
    """Write a file that nobody else could read at any moment: its mode is set before its content."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(text)
    return path
