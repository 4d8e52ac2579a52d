"""Two rounds of one account at once, as of the daemon and of a `poll` by hand: no mail is copied twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from mailarchiver.archive.store import Store
from mailarchiver.config import Account
from mailarchiver.errors import StoreError
from mailarchiver.folder_round import RoundResult
from mailarchiver.mailbox.wire import Client
from mailarchiver.model import After, Rules
from mailarchiver.poll import poll_account
from mailarchiver.workers import InProcess
from tests.servers.fixtures import Mailbox, dovecot, mailbox

__all__ = ["dovecot", "mailbox"]

PATIENCE = 60.0


def round_of(mailbox: Mailbox, root: Path) -> RoundResult:
    """A round with a store of its own, as another process has."""
    server = mailbox.server
    where = {"host": server.host, "port": server.port, "security": server.security, "ca_file": server.ca_file}
    told = {"name": "articles", "username": server.username, "password": mailbox.password}
    account = Account.model_validate({**where, **told, "after": After("move", "Archived")})
    with Store.open(root, min_free=0, lock_wait=PATIENCE) as store:
        return poll_account(account, store, InProcess(), rules=Rules(UTC), stop=threading.Event())


@pytest.mark.parametrize("without", [{"MOVE"}, {"MOVE", "UIDPLUS"}], ids=["UIDPLUS", "neither"])
def test_nothing_is_copied_twice(
    mailbox: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, without: set[str]
) -> None:
    told, copy = Client.has_capability, Client.copy
    both = threading.Barrier(2)

    def slow_copy(client: Client, uids: Sequence[int], folder: bytes) -> Any:
        time.sleep(0.5)  # long enough for the other round to come by
        return copy(client, uids, folder)

    monkeypatch.setattr(Client, "has_capability", lambda client, name: name not in without and told(client, name))
    monkeypatch.setattr(Client, "copy", slow_copy)
    mails = mailbox.fill(3)
    results: list[RoundResult] = []

    def poll() -> None:
        both.wait(PATIENCE)
        results.append(round_of(mailbox, tmp_path / "archive"))

    threads = [threading.Thread(target=poll) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert [result.troubles for result in results] == [(), ()]
    assert sum(result.filed for result in results) == len(mails)
    assert sorted(mailbox.other.bodies("Archived")) == sorted(mails)


def test_one_account_does_not_wait_for_another(tmp_path: Path) -> None:
    with Store.open(tmp_path, min_free=0) as store, Store.open(tmp_path, min_free=0, lock_wait=0.1) as other:
        with store.moving("articles"), other.moving("letters"):
            pass
        with store.moving("articles"), pytest.raises(StoreError, match="in use"), other.moving("articles"):
            pass
        with other.moving("articles"):
            pass
