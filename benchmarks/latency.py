#!/usr/bin/env python3
"""From a mail's arrival to its page: the real daemon, told by IDLE, on a local Dovecot.

    benchmarks/latency.py [--mails N] [--server dovecot|embedded] [--pause SECONDS]

Mails are delivered one by one, each a random while after the page of the one before was there: up to a second, or what
`--pause` says and up to a second more. Told are the median, the 95th percentile and the maximum of two times: from the
end of the delivery to the page (`index.html` of the article), and from when the server tells another client in IDLE.
Dovecot 2.3 does so half a second after the delivery (`NOTIFY_DELAY_MSECS` in its `index-mailbox-check.c`), which no
client can change; so the daemon asks a Dovecot on its own machine, for two minutes after each mail. With a pause of
more than that, each mail is one after quiet.
"""

from __future__ import annotations

import argparse
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from imapclient import IMAPClient

sys.path.insert(0, str(Path(__file__).parents[1]))  # for tests/

from mailarchiver.demo.server import EmbeddedServer
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.other_client import OtherClient

PATIENCE = 60.0
PARAGRAPH = "The tide came in and took the castle, and we built another one further up the beach. "


def mail(number: int) -> bytes:
    """One like many: 50 KB of HTML."""
    text = PARAGRAPH * 600
    return (
        f"From: Jane Roe <jane@example.org>\r\nTo: articles@example.org\r\nSubject: Mail {number}\r\n"
        f"Date: Wed, 6 Mar 2024 12:00:00 +0000\r\nMessage-ID: <{number}@example.org>\r\n"
        f"Content-Type: text/html; charset=utf-8\r\n\r\n<h1>Mail {number}</h1><p>{text}</p>\r\n"
    ).encode()


class Listener:
    """When the server tells another client of the last mail."""

    def __init__(self, host: str, port: int, user: str, password: str) -> None:
        self._client = IMAPClient(host, port, ssl=False)
        self._client.plain_login(user, password)
        self._client.select_folder("INBOX", readonly=True)
        self._client.socket().settimeout(None)
        self._client.socket().sendall(b"x IDLE\r\n")
        self.told = 0.0
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while data := self._client.socket().recv(4096):
            if b"EXISTS" in data:
                self.told = time.monotonic()


def pages(archive: Path) -> set[str]:
    """The folders of the articles that have a page."""
    return {str(path.parent) for path in archive.glob("20*/*/*/index.html")}


def measure(archive: Path, other: OtherClient, listener: Listener, number: int) -> tuple[float, float]:
    """Seconds from the delivery of a mail to its page, and from when the server tells of it."""
    before = len(pages(archive))
    other.deliver(mail(number), datetime.now(UTC))
    delivered = time.monotonic()
    while len(pages(archive)) == before:
        if time.monotonic() > delivered + PATIENCE:
            raise SystemExit(f"mail {number}: no page within {PATIENCE:.0f} s")
        time.sleep(0.002)
    there = time.monotonic()
    time.sleep(0.6)  # so that the other client has surely heard of it, too
    return there - delivered, max(0.0, there - listener.told)


def line(name: str, seconds: list[float]) -> str:
    """The figures, in a line."""
    ordered = sorted(seconds)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    return f"{name:28} p50 {statistics.median(ordered):.3f} s   p95 {p95:.3f} s   max {ordered[-1]:.3f} s"


def main() -> None:
    """Start a server and the daemon, deliver, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mails", type=int, default=100)
    parser.add_argument("--server", choices=["dovecot", "embedded"], default="dovecot")
    parser.add_argument("--pause", type=float, default=0.0, metavar="SECONDS", help="between two mails, at least")
    options = parser.parse_args()
    pauses = random.Random(4)  # noqa: S311 - no secret
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        embedded = options.server == "embedded"
        server: EmbeddedServer | Dovecot = EmbeddedServer() if embedded else Dovecot()
        stack.enter_context(server)
        user, password = ("demo", "demo") if embedded else ("jane", PASSWORD)
        (folder / "config.toml").write_text(
            f'[archive]\nroot = "archive"\n[[account]]\nname = "articles"\nhost = "{server.host}"\n'
            f'port = {server.port}\nsecurity = "none"\nusername = "{user}"\npassword_file = "password"\n'
            'interval = "1h"\n[log]\nlevel = "warning"\n'
        )
        (folder / "password").write_text(f"{password}\n")
        command = [sys.executable, "-m", "mailarchiver", "run", "--config", str(folder / "config.toml")]
        daemon = subprocess.Popen(command)
        stack.callback(daemon.wait, 20)
        stack.callback(daemon.send_signal, signal.SIGTERM)
        other = stack.enter_context(OtherClient(server.host, server.port, user, password))
        listener = Listener(server.host, server.port, user, password)
        measure(folder / "archive", other, listener, 0)
        time.sleep(3)  # the watcher is there now, too
        times = []
        for number in range(1, options.mails + 1):
            times.append(measure(folder / "archive", other, listener, number))
            time.sleep(options.pause + pauses.random())
    print(f"{options.mails} mails, {options.server}")
    print(line("delivered → page", [each[0] for each in times]))
    print(line("told by the server → page", [each[1] for each in times]))


if __name__ == "__main__":
    main()
