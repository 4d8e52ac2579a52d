"""Fixtures that need a server; a test module that wants one imports it by name."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from mailarchiver.demo.server import EmbeddedServer
from mailarchiver.mailbox.imap import ImapMailbox, Server

from .cyrus import PASSWORD as CYRUS_PASSWORD
from .cyrus import Cyrus
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


@pytest.fixture(scope="session")
def dovecot_sdbox() -> Iterator[Dovecot]:
    """The same with Dovecot's own format."""
    with Dovecot("sdbox") as server:
        yield server


@pytest.fixture(scope="session")
def cyrus() -> Iterator[Cyrus]:
    with Cyrus() as server:
        yield server


@pytest.fixture(params=["embedded", pytest.param("dovecot", marks=pytest.mark.dovecot)])
def mailbox(request: pytest.FixtureRequest) -> Iterator[Mailbox]:
    """The same empty mailbox on each of two servers, or on those that a test module names (`EVERY_SERVER`)."""
    if request.param == "embedded":
        yield from _on_embedded()
    elif request.param == "cyrus":
        yield from _on_cyrus(request.getfixturevalue("cyrus"))
    else:
        yield from _on_dovecot(request.getfixturevalue(request.param))


EVERY_SERVER = pytest.mark.parametrize(
    "mailbox",
    [
        "embedded",
        pytest.param("dovecot", marks=pytest.mark.dovecot),
        pytest.param("dovecot_sdbox", marks=pytest.mark.dovecot),
        pytest.param("cyrus", marks=pytest.mark.cyrus),
    ],
    indirect=True,
)
"""For what must be the same on servers of three makes. The module imports the fixtures of their names, too."""


def _on_embedded() -> Iterator[Mailbox]:
    with EmbeddedServer() as embedded:
        server = Server(embedded.host, embedded.port, "none", embedded.username)
        with OtherClient(embedded.host, embedded.port, embedded.username, embedded.password) as other:
            # QUIRK: pymap 0.36 does not tell its other connections of a UID EXPUNGE that came over the wire.
            yield Mailbox(server, embedded.password, other, embedded.remove)


def _on_dovecot(dovecot: Dovecot) -> Iterator[Mailbox]:
    username = f"user-{secrets.token_hex(6)}"
    server = Server(dovecot.host, dovecot.tls_port, "tls", username, ca_file=dovecot.ca_file)
    with OtherClient(dovecot.host, dovecot.port, username, PASSWORD) as other:
        yield Mailbox(server, PASSWORD, other, other.expunge)


def _on_cyrus(cyrus: Cyrus) -> Iterator[Mailbox]:
    username = cyrus.new_user()
    server = Server(cyrus.host, cyrus.port, "none", username)
    with OtherClient(cyrus.host, cyrus.port, username, CYRUS_PASSWORD) as other:
        yield Mailbox(server, CYRUS_PASSWORD, other, other.expunge)
