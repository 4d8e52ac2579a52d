"""What servers that are processes of their own have in common: as whom they run, and where they listen."""

from __future__ import annotations

import os
import pwd
import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

HOST = "127.0.0.1"
_START_SECONDS = 60.0


def account() -> pwd.struct_passwd:
    """As whom a server runs: ourselves, but never root, whom no mail server lets read mail."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())


def as_account(command: list[str]) -> list[str]:
    """The command that runs another as that account."""
    if os.geteuid() != 0:
        return command
    ours = account()
    return ["setpriv", f"--reuid={ours.pw_uid}", f"--regid={ours.pw_gid}", "--clear-groups", "--", *command]


def give(folder: Path) -> None:
    """Let that account own a folder and all in it."""
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, account().pw_uid, account().pw_gid)


def free_ports(number: int) -> list[int]:
    sockets = [socket.socket() for _ in range(number)]
    try:
        for each in sockets:
            each.bind((HOST, 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def await_greeting(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until an IMAP server greets; what its log says is the error's text if it does not."""
    end = time.monotonic() + _START_SECONDS
    while True:
        with suppress(OSError), socket.create_connection((HOST, port), 1) as connection:
            connection.settimeout(10)
            if connection.recv(500).startswith(b"* OK"):
                return
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"the server did not start:\n{log.read_text() if log.is_file() else '(no log)'}")
        time.sleep(0.01)
