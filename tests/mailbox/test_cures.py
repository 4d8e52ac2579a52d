"""What is advised when a log-in failed: by the provider, and by the server's own words."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from typing import Literal

import pytest

from mailarchiver.errors import LoginRefused, MailboxError
from mailarchiver.mailbox import cures
from mailarchiver.mailbox.cures import login_cure, sign_in_cure
from mailarchiver.mailbox.imap import ImapMailbox, Server
from tests.servers.scripted import ScriptedServer

TABLE = tomllib.loads(files("mailarchiver.mailbox").joinpath("cures.toml").read_text("utf-8"))


@pytest.mark.parametrize(
    ("host", "words", "cure"),
    [
        (
            "imap.gmail.com",
            "[AUTHENTICATIONFAILED] Invalid credentials (Failure)",
            "https://myaccount.google.com/apppasswords",
        ),
        ("IMAP.Gmail.com.", "no", "https://myaccount.google.com/apppasswords"),
        ("outlook.office365.com", "LOGIN failed.", 'auth = "oauth2"'),
        (
            "imap.mail.yahoo.com",
            "[AUTHENTICATIONFAILED] LOGIN Invalid credentials",
            "https://login.yahoo.com/account/security",
        ),
        ("imap.mail.me.com", "[AUTHENTICATIONFAILED] Authentication Failed", "https://account.apple.com"),
        ("imap.fastmail.com", "Authentication failed", "app passwords only"),
        ("imap.example.org", "Authentication failed", "check username and password"),
        ("notgmail.com", "no", "check username and password"),
        (
            "imap.gmail.com",
            "[ALERT] Application-specific password required: https://support.google.com/accounts (Failure)",
            "wants an app password",
        ),
        (
            "imap.gmail.com",
            "[ALERT] Please log in via your web browser: https://support.google.com/mail/ (Failure)",
            "sign in once with a browser",
        ),
        ("imap.gmail.com", "[ALERT] Your account is not enabled for IMAP use. Please visit", "IMAP is switched off"),
        ("mail.example.org", "IMAP access is disabled for your domain by your administrator", "IMAP is switched off"),
        ("mail.example.org", "[EXPIRED] no", "the password has expired"),
        ("mail.example.org", "[CONTACTADMIN] no", "the account is locked"),
        ("mail.example.org", "[PRIVACYREQUIRED] no", 'set security to "tls"'),
        ("mail.example.org", "[AUTHORIZATIONFAILED] no", "check username"),
    ],
)
def test_a_refused_password(host: str, words: str, cure: str) -> None:
    assert cure in login_cure(host, 993, words, "password")


@pytest.mark.parametrize(
    ("host", "words", "cure"),
    [
        ("imap.gmail.com", "Invalid credentials (400)", "https://mail.google.com/"),
        ("outlook.office365.com", "AUTHENTICATE failed.", "IMAP.AccessAsUser.All"),
        (
            "outlook.office365.com",
            "User is authenticated but not connected.",
            "username must be the mailbox's own address",
        ),
        ("imap.example.org", "no", "check username, and that the token is for IMAP"),
    ],
)
def test_a_refused_token(host: str, words: str, cure: str) -> None:
    assert cure in login_cure(host, 993, words, "token")


def test_a_provider_on_this_machine_is_known_by_its_port() -> None:
    assert "Bridge" in login_cure("127.0.0.1", 1143, "no such user", "password")
    assert "Bridge" not in login_cure("127.0.0.1", 143, "no such user", "password")


def test_what_the_table_does_not_know() -> None:
    assert sign_in_cure("AADSTS999999: something new") is None


@pytest.mark.parametrize("kind", ["answer", "sign_in"])
def test_every_pattern_compiles_and_has_a_cure(kind: Literal["answer", "sign_in"]) -> None:
    assert TABLE[kind]
    for row in TABLE[kind]:
        assert re.compile(row["pattern"])
        assert row["cure"]
        assert set(row) <= {"pattern", "cure", "hosts"}


def test_every_provider_has_hosts_and_a_cure() -> None:
    for row in TABLE["provider"]:
        assert set(row) <= {"name", "hosts", "password", "token"}
        assert row["hosts"] == [host.lower() for host in row["hosts"]]
        assert row["password"]


def test_a_refusal_has_the_servers_words_and_the_cure() -> None:
    """The words that matter most come as an alert (RFC 3501 §7.1)."""
    said = b"{tag} NO [ALERT] Your account is not enabled for IMAP use.\r\n"
    with ScriptedServer({"password": said}) as server, pytest.raises(LoginRefused) as caught:
        ImapMailbox("articles", Server(server.host, server.port, "none", "jane"), lambda: "secret").connect()
    assert "([ALERT] Your account is not enabled for IMAP use.): IMAP is switched off" in str(caught.value)


def test_a_refusal_after_the_log_in_has_its_cure_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Microsoft 365 says OK to a token that does not lead to the mailbox (email-oauth2-proxy #275)."""
    host = "outlook.office365.com"
    monkeypatch.setattr(cures, "_is_of", lambda _host, _port, hosts: hosts is None or host in hosts)
    with ScriptedServer({"EXAMINE": b"{tag} BAD User is authenticated but not connected.\r\n"}) as server:
        where = Server(server.host, server.port, "none", "jane")
        with (
            ImapMailbox("articles", where, lambda: "secret") as ours,
            pytest.raises(MailboxError, match=r"but not connected.*username must be the mailbox's own address"),
        ):
            ours.select("INBOX", writable=False)


@pytest.mark.parametrize("greeting", [b"* OK [ALERT] down at noon\r\n", b"* OK hello\r\n"])
def test_alerts_are_shown(greeting: bytes, caplog: pytest.LogCaptureFixture) -> None:
    welcome = b"* OK [ALERT] down at noon\r\n* OK [alert] your quota is full\r\n{tag} OK welcome\r\n"
    with ScriptedServer({"greeting": greeting, "password": welcome}) as server:
        where = Server(server.host, server.port, "none", "jane")
        with ImapMailbox("articles", where, lambda: "secret"):
            pass
        alerts = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
        expected = ["down at noon", "your quota is full"]
        assert alerts == [f"account articles: {server.host}:{server.port} says: {words}" for words in expected]


def test_what_a_server_says_does_nothing_to_the_terminal() -> None:
    said = b"{tag} NO [ALERT] \x1b[31mred\x07 \xe2\x80\xaeback\r\n"
    with ScriptedServer({"password": said}) as server, pytest.raises(LoginRefused) as caught:
        ImapMailbox("articles", Server(server.host, server.port, "none", "jane"), lambda: "secret").connect()
    assert "([ALERT] [31mred back)" in str(caught.value)
