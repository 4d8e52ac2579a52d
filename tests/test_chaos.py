"""A mailbox in turmoil: a second client delivers, moves and expunges, the server is restarted and numbers the folder
anew, and our own rounds are killed, or the daemon that does them. In the end the archive holds what was sent, once, but
for what was taken away.

By default a tenth of it; all of it with MAILARCHIVER_FULL=1.
"""

from __future__ import annotations

import json
import logging
import os
import random
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
from imapclient import IMAPClient

from mailarchiver.mailbox.wire import TROUBLE
from tests.archive.aftermath import FULL, SEED, assert_nothing_is_half_there
from tests.archive.filings import entry_folders
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.other_client import OtherClient

pytestmark = [
    pytest.mark.dovecot,
    pytest.mark.timeout(3600 if FULL else 600),
    # QUIRK: imaplib leaves its socket open where no greeting comes.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

MAILS, EPOCHS, RESTARTS, KILLS = (3000, 10, 20, 100) if FULL else (300, 1, 2, 10)
NOON = datetime(2024, 3, 6, 12, tzinfo=UTC)
PATIENCE = 120.0
"""Seconds after which a server that was restarted must answer again, on any machine."""

T = TypeVar("T")

log = logging.getLogger(__name__)


def letter(number: int) -> bytes:
    head = (
        f"From: Jane Roe <jane@example.org>\r\nTo: articles@example.org\r\nSubject: Walk {number}\r\n"
        f"Date: Wed, 6 Mar 2024 12:00:00 +0000\r\nMessage-ID: <{number}@example.org>\r\n\r\n"
    )
    return head.encode() + b"".join(b"Over hill %d and down again.\r\n" % step for step in range(number % 60 + 1))


class Second(threading.Thread):
    """Somebody else at the same mailbox. `gone` is what it took away, `may` how many mails it may have delivered.

    What it does not know to have happened, because the connection broke, it does again: mail may be there twice, and
    what was to be taken away counts as gone, whether or not it is.
    """

    def __init__(self, server: Dovecot, user: str) -> None:
        super().__init__(daemon=True)
        self.gone: set[bytes] = set()
        self.counts: Counter[str] = Counter()
        self.may = 0
        self.renumber = 0
        self.error: BaseException | None = None
        self._server = server
        self._user = user
        self._client: IMAPClient | None = None
        self._dice = random.Random(SEED)  # noqa: S311 - which mails are taken, no secret

    def run(self) -> None:
        try:
            self._insist(lambda client: client.folder_exists("Elsewhere") or client.create_folder("Elsewhere"))
            for number in range(MAILS):
                while number >= self.may:
                    time.sleep(0.01)
                self._insist(partial(self._deliver, letter(number)))
                self._meddle()
        except BaseException as error:
            self.error = error
            raise
        finally:
            self._drop()

    @staticmethod
    def _deliver(mail: bytes, client: IMAPClient) -> None:
        client.append("INBOX", mail, msg_time=NOON)

    def _meddle(self) -> None:
        if self.renumber:
            self._drop()  # it knows its messages by their UIDs, too
            change = ("mailbox", "update", "--uid-validity", str(self.renumber), "-u", self._user, "INBOX")
            self._insist(lambda _client: self._server.doveadm(*change))
            self.renumber = 0
            self.counts["epochs"] += 1
            self._drop()
        fate = self._dice.random()
        if fate < 0.05:
            self._insist(lambda client: self._take(client, "INBOX", None))
        elif fate < 0.1:
            self._insist(lambda client: self._take(client, "INBOX", "Elsewhere"))
        elif fate < 0.12:
            self._insist(lambda client: self._take(client, "Elsewhere", "INBOX"))

    def _take(self, client: IMAPClient, folder: str, target: str | None) -> None:
        """Expunge a message, or move it."""
        client.select_folder(folder)
        uids = client.search()
        if not uids:
            return
        uid = self._dice.choice(uids)
        body: bytes = client.fetch([uid], ["BODY.PEEK[]"])[uid][b"BODY[]"]
        self.gone.add(body)
        if target is None:
            client.delete_messages([uid])
            client.uid_expunge([uid])
        else:
            client.move([uid], target)
        if target == "INBOX":
            self.gone.discard(body)
        self.counts[f"{folder} to {target}"] += 1

    def _insist(self, act: Callable[[IMAPClient], T]) -> T:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                if self._client is None:
                    self._client = IMAPClient(self._server.host, self._server.port, ssl=False, timeout=30)
                    self._client.plain_login(self._user, PASSWORD)
                return act(self._client)
            except (*TROUBLE, subprocess.CalledProcessError):
                self._drop()
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)

    def _drop(self) -> None:
        if self._client is not None:
            self._client.shutdown()
            self._client = None


@pytest.fixture
def server() -> Iterator[Dovecot]:
    with Dovecot("sdbox") as server:
        yield server


class Ours:
    """Our rounds, each a process of its own; or the daemon (`run`)."""

    def __init__(self, folder: Path, server: Dovecot, user: str, after: str, command: str) -> None:
        self.root = folder / "archive"
        config = folder / "config.toml"
        config.write_text(
            f'[archive]\nroot = "archive"\nmin_free = 0\n[log]\nlevel = "error"\n[[account]]\nname = "articles"\n'
            f'host = "{server.host}"\nport = {server.port}\nsecurity = "none"\nusername = "{user}"\n'
            f'password = "{PASSWORD}"\nafter = "{after}"\ninterval = "2s"\n'
        )
        config.chmod(0o600)
        self._config = config
        self._command = command
        self._log = folder / "log"

    def start(self, command: str | None = None) -> subprocess.Popen[bytes]:
        line = [sys.executable, "-m", "mailarchiver", command or self._command, "--config", str(self._config)]
        with self._log.open("ab") as log:
            return subprocess.Popen(line, stdout=log, stderr=log)

    def seconds(self) -> float:
        """How long a round takes that nobody disturbs."""
        start = time.monotonic()
        assert self.start("poll").wait(PATIENCE) == 0, self.said()
        return time.monotonic() - start

    def said(self) -> str:
        return self._log.read_text("utf-8", "replace")

    def filed(self) -> list[bytes]:
        lines = (self.root / "manifest.jsonl").read_bytes().splitlines()
        return [(self.root / json.loads(line)["folder"] / "message.eml").read_bytes() for line in lines]


@pytest.mark.parametrize("command", ["poll", "run"])
@pytest.mark.parametrize("after", ["seen", "move:Archived"] if FULL else ["move:Archived"])
def test_nothing_is_lost_and_nothing_doubled(server: Dovecot, tmp_path: Path, after: str, command: str) -> None:
    user = f"user-{secrets.token_hex(6)}"
    ours = Ours(tmp_path, server, user, after, command)
    usual = min(ours.seconds() for _ in range(3))  # the first one may have to compile the program
    second = Second(server, user)
    second.start()
    kills, restarts = disturb(ours, server, second, usual)
    second.may = MAILS
    second.join(PATIENCE * 5)
    if second.error is not None:
        raise second.error
    assert not second.is_alive()
    ended = [ours.start("poll").wait(PATIENCE * 5) for _ in range(2)]
    assert ended[-1] == 0, ours.said()

    told = dict(second.counts)
    log.warning("%d kills, %d restarts, %s, %d filed", kills, restarts, told, len(ours.filed()))
    assert (kills, restarts, second.counts["epochs"]) == (KILLS, RESTARTS, EPOCHS)
    sent = {letter(number) for number in range(MAILS)}
    filed = ours.filed()
    assert len(filed) == len(set(filed)) == len(entry_folders(ours.root)), "doubled"
    assert set(filed) <= sent, "wrong"
    assert sent - set(filed) <= second.gone, "lost"
    assert_nothing_is_half_there(ours.root)
    with OtherClient(server.host, server.port, user, PASSWORD) as client:
        if after == "seen":
            assert all(b"\\Seen" in flags for flags in client.flags().values())
        else:
            moved = client.bodies("Archived")
            assert client.flags() == {}
            assert sent - second.gone <= set(moved) <= set(filed)


def disturb(ours: Ours, server: Dovecot, second: Second, usual: float) -> tuple[int, int]:
    """Kill so many rounds, somewhere; restart the server and let it number anew in the middle of some of them."""
    dice = random.Random(SEED)  # noqa: S311 - when to kill, no secret
    kills = restarts = rounds = 0
    epoch = 1_700_000_000
    while kills < KILLS or restarts < RESTARTS or epoch < 1_700_000_000 + EPOCHS:
        rounds += 1
        assert rounds < 20 * KILLS, ours.said()[-2000:]
        second.may = min(MAILS, max(kills, 1) * (MAILS // KILLS))
        process = ours.start()
        end = time.monotonic() + dice.uniform(0.3, 1.5) * usual + dice.random()
        if restarts < RESTARTS and kills >= restarts * KILLS // RESTARTS:
            time.sleep(dice.uniform(0.3, 1.0) * usual)
            server.restart()
            restarts += 1
        if (
            epoch - 1_700_000_000 < EPOCHS
            and kills >= (epoch - 1_700_000_000) * KILLS // EPOCHS
            and not second.renumber
        ):
            epoch += 1
            second.renumber = epoch
        try:
            process.wait(max(0.01, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            kills += 1
        process.wait()
    return kills, restarts
