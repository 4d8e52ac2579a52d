"""Makes the archives beside it, by the older programs themselves: `python -m tests.data.older.make`, in a clone."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.servers.simulated import SimulatedServer

from .mails import MAILS

HERE = Path(__file__).parent
COMMITS = {1: "ca42817", 2: "6f2981b", 3: "5a464fd", 4: "c0ab111", 5: "7e46430", 6: "387491e"}
ROUND = """
import sys, threading
from pathlib import Path
from mailarchiver import pipeline, workers
from mailarchiver.archive.store import Store
from mailarchiver.config import load
from mailarchiver.poll import poll_account, refresh_pages

real = pipeline.parse
def parse(data):
    if b"Subject: The eclipse" in data:
        raise ZeroDivisionError("too dark")
    return real(data)
pipeline.parse = parse

settings = load(Path(sys.argv[1]))
[account] = settings.account
with Store.open(settings.archive.root, min_free=0) as store:
    done = poll_account(
        account, store, workers.InProcess(), rules=settings.rules(account), stop=threading.Event()
    )
    refresh_pages(store)
print(done)
"""
"""A round by an older program, whose parser meets a mail that it does not survive."""


def config(port: int) -> str:
    """What the older programs read, and the program of today as well."""
    return (
        '[archive]\nroot = "archive"\nmin_free = "1 MB"\n\n[[account]]\nname = "articles"\nhost = "127.0.0.1"\n'
        f'port = {port}\nsecurity = "none"\nusername = "x"\npassword = "x"\nafter = "flag"\n'
    )


def make(schema: int, commit: str) -> None:
    with tempfile.TemporaryDirectory() as name, SimulatedServer(list(MAILS)) as server:
        folder = Path(name)
        program, left = folder / "program", folder / "left"
        subprocess.run(["git", "worktree", "add", "--quiet", "--detach", str(program), commit], check=True)
        try:
            left.mkdir()
            (left / "config.toml").write_text(config(server.port))
            (left / "config.toml").chmod(0o600)
            environment = {**os.environ, "PYTHONPATH": str(program)}
            command = [sys.executable, "-c", ROUND, str(left / "config.toml")]
            subprocess.run(command, check=True, cwd=program, env=environment)
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", str(program)], check=True)
        pack = ["tar", "--sort=name", "--owner=0", "--group=0", "--numeric-owner", "-C", str(left), "-cJf"]
        subprocess.run([*pack, str(HERE / f"schema-{schema}.tar.xz"), "archive"], check=True)


if __name__ == "__main__":
    for number, of in COMMITS.items():
        make(number, of)
