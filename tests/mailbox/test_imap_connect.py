"""On the way to a log-in: TLS, certificates, passwords, and everything that may be wrong with a host and a port."""

from __future__ import annotations

import ipaddress
import re
import secrets
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mailarchiver.demo.server import EmbeddedServer
from mailarchiver.errors import LoginRefused, MailboxError
from mailarchiver.mailbox.connect import tls_context
from mailarchiver.mailbox.imap import ImapMailbox, Server
from mailarchiver.mailbox.wire import Client, Deadline
from tests.servers.dovecot import NAMED_USERS, PASSWORD, Dovecot
from tests.servers.fixtures import dovecot
from tests.servers.scripted import ScriptedServer

__all__ = ["dovecot"]


def refusal(server: Server, password: str = "secret") -> str:  # noqa: S107 - made up
    """Why there is no log-in."""
    with pytest.raises(MailboxError) as caught:
        ImapMailbox("articles", server, lambda: password).connect()
    assert type(caught.value) is MailboxError
    return str(caught.value)


def certified(authority: trustme.CA, *names: str, until: datetime | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, not_after=until).configure_cert(context)
    return context


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def test_tls_is_never_lax() -> None:
    context = tls_context(None)
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED


def test_a_certificate_of_the_authority_in_ca_file_is_accepted(authority: trustme.CA, ca_file: Path) -> None:
    with ScriptedServer(tls=certified(authority, "127.0.0.1")) as server:
        where = Server(server.host, server.port, "tls", "jane", ca_file=ca_file)
        with ImapMailbox("articles", where, lambda: "secret") as ours:
            assert ours.select("INBOX", writable=False).messages == 3


@pytest.mark.parametrize(
    ("names", "until", "host", "trusted", "words"),
    [
        (["127.0.0.1"], None, "127.0.0.1", False, "is not accepted .*issuer.*ca_file"),
        (["127.0.0.1"], None, "localhost", True, "Hostname mismatch.*set host to a name that the certificate has"),
        (["imap.example.org"], None, "127.0.0.1", True, "mismatch.*set host to a name that the certificate has"),
        (["127.0.0.1"], datetime(2020, 1, 1, tzinfo=UTC), "127.0.0.1", True, "expired.*must be renewed.*clock"),
    ],
    ids=["not trusted", "wrong name", "wrong address", "expired"],
)
def test_certificates_that_are_refused(
    authority: trustme.CA,
    ca_file: Path,
    names: list[str],
    until: datetime | None,
    host: str,
    trusted: bool,
    words: str,
) -> None:
    with ScriptedServer(tls=certified(authority, *names, until=until)) as server:
        why = refusal(Server(host, server.port, "tls", "jane", ca_file=ca_file if trusted else None))
        assert re.search(f"^account articles: the certificate of {host}:{server.port} {words}|{words}", why)
        assert server.commands == [], "not a word to a server that may be anybody"


def self_signed(tmp_path: Path) -> ssl.SSLContext:
    """A certificate that vouches for itself, as servers at home have it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    builder = x509.CertificateBuilder(name, name, key.public_key(), 7, datetime(2024, 1, 1), datetime(2124, 1, 1))  # noqa: DTZ001 - UTC
    certificate = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False).sign(key, SHA256())
    path = tmp_path / "self-signed.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def test_a_certificate_that_vouches_for_itself(tmp_path: Path) -> None:
    with ScriptedServer(tls=self_signed(tmp_path)) as server:
        where = Server(server.host, server.port, "tls", "jane")
        assert re.search(r"is not accepted \(self-signed certificate\): .*ca_file", refusal(where))
        (tmp_path / "ca.pem").write_bytes((tmp_path / "self-signed.pem").read_bytes())
        with ImapMailbox("articles", replace(where, ca_file=tmp_path / "ca.pem"), lambda: "secret") as ours:
            assert ours.is_connected


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_a_server_of_the_last_century(authority: trustme.CA, ca_file: Path, version: ssl.TLSVersion) -> None:
    context = certified(authority, "127.0.0.1")
    with pytest.warns(DeprecationWarning, match="deprecated"):
        context.minimum_version = context.maximum_version = version
    context.set_ciphers("ALL:@SECLEVEL=0")
    with ScriptedServer(tls=context) as server:
        why = refusal(Server(server.host, server.port, "tls", "jane", ca_file=ca_file))
        assert re.search("no TLS 1.2 or newer with 127.0.0.1:.*the server must offer it", why)
        assert server.commands == []


def test_a_ca_file_that_is_none(tmp_path: Path) -> None:
    server = Server("127.0.0.1", 1, "tls", "jane", ca_file=tmp_path / "missing.pem")
    assert re.search(r"articles: ca_file .*missing\.pem: No such file", refusal(server))
    (tmp_path / "empty.pem").write_text("nothing\n")
    server = Server("127.0.0.1", 1, "tls", "jane", ca_file=tmp_path / "empty.pem")
    assert "there is no PEM certificate in it" in refusal(server)


def test_tls_where_the_server_speaks_none() -> None:
    with ScriptedServer() as server:
        why = refusal(Server(server.host, server.port, "tls", "jane", timeout=5))
    assert 'set security to "starttls"' in why


def test_starttls_where_it_is_not_offered() -> None:
    with ScriptedServer() as server:
        assert "does not offer STARTTLS" in refusal(Server(server.host, server.port, "starttls", "jane"))
        assert "AUTHENTICATE PLAIN" not in server.commands


def test_starttls_on_a_connection_that_is_logged_in_already() -> None:
    """PREAUTH before STARTTLS would leave the whole session in clear."""
    with ScriptedServer({"greeting": b"* PREAUTH hello\r\n"}) as server:
        assert "does not offer STARTTLS" in refusal(Server(server.host, server.port, "starttls", "jane"))


def test_starttls_on_the_embedded_server(authority: trustme.CA, ca_file: Path) -> None:
    with EmbeddedServer(tls=certified(authority, "127.0.0.1")) as server:
        where = Server(server.host, server.port, "starttls", server.username, ca_file=ca_file)
        with ImapMailbox("articles", where, lambda: server.password) as ours:
            assert ours.select("INBOX", writable=False).messages == 0
        untrusting = Server(server.host, server.port, "starttls", server.username)
        assert "name the certificate of its authority in ca_file" in refusal(untrusting, server.password)


def test_an_unknown_host() -> None:
    why = refusal(Server("imap.example.invalid", 993, "tls", "jane"))
    assert re.search(r"articles: the host 'imap\.example\.invalid' cannot be found .*check host", why)


@pytest.mark.parametrize("host", ["x" * 64 + ".example.org", "a..b", ""])
def test_a_host_name_that_cannot_be_one(host: str) -> None:
    assert "articles: " in refusal(Server(host, 1, "tls", "jane", timeout=5))


def test_a_refused_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    why = refusal(Server("127.0.0.1", port, "tls", "jane"))
    assert f"127.0.0.1:{port} refused the connection: check host and port (993 for tls, 143 for starttls)" in why


def test_a_server_that_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        for security in ("tls", "none"):
            where = Server("127.0.0.1", listener.getsockname()[1], security, "jane", timeout=0.2)
            assert "did not answer within 0.2 s: check host and port, and firewalls on the way" in refusal(where)


@pytest.mark.parametrize("host", ["192.0.2.1", "imap.example.org", "localhost.example.org", "0.0.0.0", "::2", ""])  # noqa: S104 - not bound to
def test_clear_text_is_for_this_machine_only(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("it connected"))
    assert re.search('security "none" would send the password .*"tls"', refusal(Server(host, 143, "none", "jane")))


def test_a_password_that_cannot_be_read_is_told_with_the_account() -> None:
    def failing() -> str:
        raise MailboxError("password_file /x: No such file or directory")

    with (
        ScriptedServer() as server,
        pytest.raises(MailboxError, match=r"^account articles: password_file") as caught,
    ):
        ImapMailbox("articles", Server(server.host, server.port, "none", "jane"), failing).connect()
    assert not isinstance(caught.value, LoginRefused)
    assert server.commands == []


def by_connecting(host: str, port: int, user: str, password: str) -> None:
    """As a round does it: AUTHENTICATE PLAIN, where the server offers it."""
    with ImapMailbox("articles", Server(host, port, "none", user), lambda: password) as ours:
        ours.select("INBOX", writable=False)


def by_login(host: str, port: int, user: str, password: str) -> None:
    """By LOGIN, for servers that offer nothing else."""
    deadline = Deadline(20)
    client = Client(host, port, tls=None, timeout=10, deadline=deadline)
    try:
        client.login(user, password)
        client.logout()
    finally:
        deadline.release()


WAYS: list[Callable[[str, int, str, str], None]] = [by_connecting, by_login]


@pytest.mark.parametrize("log_in", WAYS)
@pytest.mark.parametrize("password", NAMED_USERS.values(), ids=NAMED_USERS)
def test_hard_passwords_on_the_embedded_server(password: str, log_in: Callable[[str, int, str, str], None]) -> None:
    with EmbeddedServer(username="jane roe", password=password) as server:
        log_in(server.host, server.port, "jane roe", password)


@pytest.mark.dovecot
@pytest.mark.parametrize("log_in", WAYS)
@pytest.mark.parametrize("user", NAMED_USERS)
def test_hard_passwords_on_dovecot(dovecot: Dovecot, user: str, log_in: Callable[[str, int, str, str], None]) -> None:
    log_in(dovecot.host, dovecot.port, user, NAMED_USERS[user])


@pytest.mark.dovecot
@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_tls_on_dovecot(dovecot: Dovecot, security: Literal["tls", "starttls"]) -> None:
    user = f"user-{secrets.token_hex(6)}"
    port = dovecot.tls_port if security == "tls" else dovecot.port
    right = Server(dovecot.host, port, security, user, ca_file=dovecot.ca_file)
    with ImapMailbox("articles", right, lambda: PASSWORD) as ours:
        assert ours.select("INBOX", writable=True).uidvalidity
    assert "issuer" in refusal(replace(right, ca_file=None), PASSWORD)
    assert "Hostname mismatch" in refusal(replace(right, host="localhost"), PASSWORD)


def test_nothing_of_a_connection_is_left_behind() -> None:
    """A fresh interpreter with all warnings as errors: no socket, thread or task outlives its use."""
    program = """
import gc, threading
from datetime import datetime, UTC
from mailarchiver.demo.server import EmbeddedServer
from mailarchiver.errors import MailboxError
from mailarchiver.mailbox.imap import ImapMailbox, Server

with EmbeddedServer([(b"Subject: x\\r\\n\\r\\n", datetime.now(UTC))]) as server:
    where = Server(server.host, server.port, "none", server.username)
    for password in (server.password, "wrong"):
        try:
            with ImapMailbox("a", where, lambda: password) as ours:
                ours.select("INBOX", writable=True)
                list(ours.fetch(ours.search(None)))
        except MailboxError:
            print("refused")
    left_open = ImapMailbox("a", where, lambda: server.password)
    left_open.connect()
left_open.close()
gc.collect()
for thread in threading.enumerate():
    if thread is not threading.main_thread():
        thread.join(10)  # a deadline that was called off may still be on its way out
print(threading.active_count())
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["refused", "1"]
    assert done.stderr == ""


def test_a_deadline_may_be_released_while_it_is_shut() -> None:
    """The handle goes between the look at it and its use."""

    class Released(Deadline):
        looks = 0

        @property
        def _handle(self) -> socket.socket | None:
            self.looks += 1
            return ours if self.looks == 1 else None

        @_handle.setter
        def _handle(self, _: object) -> None:
            pass

    ours, theirs = socket.socketpair()
    with ours, theirs:
        Released(20).shut()
        assert theirs.recv(1) == b"", "it is shut all the same"


# --- interrupted ----------------------------------------------------------------------------------------------------


def test_an_interrupt_before_connecting_counts() -> None:
    with ScriptedServer() as server:
        mailbox = ImapMailbox("articles", Server(server.host, server.port, "none", "jane"), lambda: "secret")
        mailbox.interrupt()
        with pytest.raises(MailboxError, match=r"account articles: the connection to .* was ended"):
            mailbox.connect()
    assert not mailbox.is_connected
    assert server.commands == []


def test_an_interrupt_while_connecting_counts() -> None:
    """As when a password manager asks a person, and the round is given up meanwhile."""

    def asked() -> str:
        mailbox.interrupt()
        return "secret"

    with ScriptedServer() as server:
        mailbox = ImapMailbox("articles", Server(server.host, server.port, "none", "jane"), asked)
        with pytest.raises(MailboxError, match=r"account articles: the connection to .* was ended"), mailbox:
            pytest.fail("it is connected")
    assert not mailbox.is_connected
    assert not [command for command in server.commands if command.startswith("LOGOUT")]
