"""Fixtures that need a server; a test module that wants one imports it by name."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from mailarchiver.demo.server import EmbeddedServer
from mailarchiver.mailbox.imap import ImapMailbox, Server

from .dovecot import PASSWORD, Dovecot
from .other_client import OtherClient

NOON = datetime(2024, 3, 6, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An empty mailbox with a folder `Archived`: how to reach it, and somebody else who is there."""

    server: Server
    password: str
    other: OtherClient
    expunge: Callable[[int], None]
    """Remove a message from INBOX behind the back of the code under test."""

    def open(self, password: str | None = None) -> ImapMailbox:
        """As the code under test opens it; not connected yet."""
        return ImapMailbox("articles", self.server, lambda: password or self.password)

    def fill(self, number: int) -> list[bytes]:
        """Deliver so many mails, all different."""
        mails = [f"Subject: mail {index}\r\n\r\nNumber {index}.\r\n".encode() for index in range(number)]
        for mail in mails:
            self.other.deliver(mail, NOON)
        return mails


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """One for all tests of a run; every test takes a user of its own."""
    with Dovecot() as server:
        yield server


@pytest.fixture(params=["embedded", pytest.param("dovecot", marks=pytest.mark.dovecot)])
def mailbox(request: pytest.FixtureRequest) -> Iterator[Mailbox]:
    """The same empty mailbox on each server that there is."""
    if request.param == "embedded":
        with EmbeddedServer() as embedded:
            server = Server(embedded.host, embedded.port, "none", embedded.username)
            with OtherClient(embedded.host, embedded.port, embedded.username, embedded.password) as other:
                # QUIRK: pymap 0.36 does not tell its other connections of a UID EXPUNGE that came over the wire.
                yield Mailbox(server, embedded.password, other, embedded.remove)
        return
    dovecot: Dovecot = request.getfixturevalue("dovecot")
    username = f"user-{secrets.token_hex(6)}"
    server = Server(dovecot.host, dovecot.tls_port, "tls", username, ca_file=dovecot.ca_file)
    with OtherClient(dovecot.host, dovecot.port, username, PASSWORD) as other:
        yield Mailbox(server, PASSWORD, other, other.expunge)
