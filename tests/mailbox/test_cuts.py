"""A session of ten messages, cut after every octet that the server sends: no wrong mail, no part of one, none lost.

By default a seeded tenth of the cuts; all of them with MAILARCHIVER_FULL=1.
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mailarchiver.archive.store import Store
from mailarchiver.config import Account
from mailarchiver.errors import MailboxError
from mailarchiver.mailbox.imap import ImapMailbox, Server
from mailarchiver.model import After, Rules
from mailarchiver.poll import poll_account
from mailarchiver.workers import InProcess
from tests.archive.aftermath import FULL, SEED, drawn, in_memory
from tests.archive.filings import entry_folders
from tests.servers.cutting import CuttingProxy
from tests.servers.fixtures import NOON, Mailbox, dovecot, mailbox

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["dovecot", "mailbox"]

pytestmark = pytest.mark.timeout(3600 if FULL else 300)


def letters() -> list[bytes]:
    """Ten mails of different lengths, with all that a literal may hold, and with what looks like the protocol."""
    dice = random.Random(SEED)  # noqa: S311 - words, no secret
    lines = [b"A word about the tide.", b")", b"* 3 FETCH (UID 3 BODY[] {9}", b"A1 OK done", b"", b"Gr\xfc\xdfe \xff"]
    mails = []
    for number in range(10):
        text = b"\r\n".join(dice.choice(lines) for _ in range(20 + 3 * number))
        head = b"From: jane@example.org\r\nSubject: Walk %d\r\nMessage-ID: <%d@example.org>\r\n\r\n" % (number, number)
        mails.append(head + text + (b"\r\n" if number % 2 else b""))
    return mails


@pytest.fixture
def proxy(mailbox: Mailbox) -> Iterator[CuttingProxy]:
    for mail in letters():
        mailbox.other.deliver(mail, NOON)
    with CuttingProxy(mailbox.server.host, mailbox.server.port) as proxy:
        yield proxy


def through(proxy: CuttingProxy, server: Server) -> Server:
    return replace(server, port=proxy.port, timeout=30.0)


def cuts(whole: int, at_least: int, short: int) -> Sequence[int]:
    """After which octets a session of so many is cut: after each, or after a sample of them."""
    assert whole >= at_least
    return range(1, whole + 1) if FULL else drawn(range(1, whole + 1), short)


def take(mailbox: Mailbox, server: Server, got: dict[int, bytes]) -> None:
    """A round without an archive: what is not there yet is fetched."""
    with ImapMailbox("articles", server, lambda: mailbox.password) as ours:
        ours.select("INBOX", writable=False)
        for batch in ours.fetch([uid for uid in ours.search(None) if uid not in got]):
            for raw in batch:
                assert raw.ref.uid not in got
                assert raw.ref.uid is not None
                got[raw.ref.uid] = raw.data


def test_what_is_fetched_through_a_cut_is_whole(mailbox: Mailbox, proxy: CuttingProxy) -> None:
    """On the embedded server in clear; on Dovecot through TLS."""
    server = through(proxy, mailbox.server)
    whole: dict[int, bytes] = {}
    take(mailbox, server, whole)
    proxy.await_end()
    assert list(whole.values()) == letters()
    broken = 0
    for cut in cuts(proxy.passed, 5000, 500):
        got: dict[int, bytes] = {}
        proxy.cut_after, proxy.reset = cut, cut % 2 == 1
        try:
            take(mailbox, server, got)
        except MailboxError:
            broken += 1
        assert got.items() <= whole.items(), f"after {cut} octets"
        proxy.cut_after = None
        take(mailbox, server, got)
        assert got == whole, f"after {cut} octets"
    assert broken > 400


@pytest.mark.parametrize("after", [After("keep"), After("move", "Archived")], ids=["keep", "move"])
def test_a_round_that_was_cut_is_made_up_for(mailbox: Mailbox, proxy: CuttingProxy, after: After) -> None:
    """To the end: each mail is in the archive once, whole, and where it was to be moved; and not moved before."""
    account = the_account(through(proxy, mailbox.server), mailbox.password, after)
    with in_memory() as folder:
        poll(account, folder / "whole")
        proxy.await_end()
        for cut in cuts_of_rounds(proxy.passed):
            root = folder / str(cut)
            give_back(mailbox)
            proxy.cut_after, proxy.reset = cut, cut % 2 == 1
            try:
                poll(account, root)
            except MailboxError:
                pass
            finally:
                proxy.cut_after = None
            proxy.await_end()
            assert set(mailbox.other.bodies("Archived")) <= filed(root) <= set(letters()), f"after {cut} octets"
            poll(account, root)
            assert filed(root) == set(letters()), f"after {cut} octets"
            moved = sorted(mailbox.other.bodies("Archived"))
            assert moved == (sorted(letters()) if after.folder else []), f"after {cut} octets"


def cuts_of_rounds(whole: int) -> list[int]:
    return drawn(range(1, whole + 1), 300 if FULL else 30)


def the_account(server: Server, password: str, after: After) -> Account:
    table = {"name": "articles", "host": server.host, "port": server.port, "security": server.security}
    more = {"username": server.username, "password": password, "after": after}
    return Account.model_validate({**table, **more, **({"ca_file": server.ca_file} if server.ca_file else {})})


def poll(account: Account, root: Path) -> None:
    with Store.open(root, min_free=0) as store:
        poll_account(account, store, InProcess(), rules=Rules(UTC), stop=threading.Event())


def filed(root: Path) -> set[bytes]:
    """The mails in an archive, none of which may be there twice."""
    manifest = (root / "manifest.jsonl").read_bytes() if (root / "manifest.jsonl").exists() else b""
    entries = [json.loads(line) for line in manifest.splitlines()]
    mails = [(root / entry["folder"] / "message.eml").read_bytes() for entry in entries]
    assert len(set(mails)) == len(mails) == len(entry_folders(root))
    return set(mails)


def give_back(mailbox: Mailbox) -> None:
    """All ten in INBOX again, whatever was moved."""
    moved = mailbox.other.bodies("Archived")
    for uid in mailbox.other.flags("Archived"):
        mailbox.other.expunge(uid, "Archived")
    for mail in moved:
        mailbox.other.deliver(mail, NOON)
