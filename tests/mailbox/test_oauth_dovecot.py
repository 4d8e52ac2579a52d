"""Access tokens on Dovecot, which asks a token service whether they are good: all the way, from sign-in to mailbox."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pytest

from mailarchiver.errors import LoginRefused, MailboxError
from mailarchiver.mailbox.imap import ImapMailbox, Server
from mailarchiver.mailbox.microsoft import Microsoft, Registration
from mailarchiver.mailbox.token_file import TokenFile
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.token_service import CLIENT, TENANT, TokenService

pytestmark = pytest.mark.dovecot


@dataclass
class Site:
    """Dovecot, the token service, and somebody who has signed in there."""

    service: TokenService
    server: Server
    source: Microsoft

    def open(self, source: Microsoft | None = None) -> bool:
        with ImapMailbox("articles", self.server, source or self.source) as mailbox:
            return mailbox.select("INBOX", writable=False).uidvalidity is not None

    def later(self, seconds: float) -> Microsoft:
        return replace(self.source, clock=lambda: time.time() + seconds)


@pytest.fixture(scope="module", params=["xoauth2", "oauthbearer"])
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[TokenService, Dovecot]]:
    with (
        TokenService(tmp_path_factory.mktemp("service")) as service,
        Dovecot(oauth=service.introspection, mechanisms=request.param) as dovecot,
    ):
        yield service, dovecot


@pytest.fixture(params=["tls", "starttls"])
def site(
    running: tuple[TokenService, Dovecot],
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Site:
    service, dovecot = running
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(service.ca_file))
    security: Literal["tls", "starttls"] = request.param
    port = dovecot.tls_port if security == "tls" else dovecot.port
    server = Server(dovecot.host, port, security, "jane", ca_file=dovecot.ca_file)
    service.active.clear()
    service.asked.clear()
    service.refresh = ""
    app = Registration(CLIENT, TENANT, service.authority)
    source = Microsoft("articles", app, TokenFile(tmp_path / "articles.token.json"))
    source.sign_in(lambda *_: None)
    return Site(service, server, source)


def test_a_good_token_opens_the_mailbox(site: Site) -> None:
    assert site.open()
    assert site.service.asked.count("refresh_token") == 0
    assert site.service.asked.count("introspect") == 1


def test_an_expired_token_is_renewed_without_asking_dovecot(site: Site) -> None:
    site.service.active.clear()
    assert site.open(site.later(3600))
    assert site.service.asked.count("refresh_token") == 1
    assert site.service.asked.count("introspect") == 1


def test_a_revoked_token_is_renewed_once(site: Site) -> None:
    site.service.active.clear()
    assert site.open()
    assert site.service.asked.count("refresh_token") == 1
    assert site.service.asked.count("introspect") == 2
    assert site.open()
    assert site.service.asked.count("refresh_token") == 1


def test_a_revoked_sign_in_is_a_refused_log_in_and_no_loop(site: Site) -> None:
    site.service.active.clear()
    site.service.refresh = "revoked"
    with pytest.raises(
        LoginRefused, match=r"account articles: the sign-in is over .*`mailarchiver auth login articles`"
    ):
        site.open()
    assert site.service.asked.count("introspect") == 1
    assert site.service.asked.count("refresh_token") == 1


def test_a_user_that_the_mailbox_is_not_open_to(site: Site) -> None:
    """Renewed once, refused again, and that is the end."""
    other = replace(site.server, username="john")
    site = replace(site, server=other)
    with pytest.raises(LoginRefused, match=r"refused the access token of 'john' .*check username"):
        site.open()
    assert site.service.asked.count("introspect") == 2
    assert site.service.asked.count("refresh_token") == 1


def test_a_rotated_sign_in_goes_on(site: Site) -> None:
    """Each renewal makes the refresh token before it worthless."""
    for number in range(1, 4):
        site.service.active.clear()
        assert site.open()
        assert site.service.asked.count("refresh_token") == number
    assert site.service.refresh in site.source.file.path.read_text()


def test_dovecot_cannot_ask_whether_a_token_is_good(site: Site) -> None:
    site.service.down = True
    try:
        with pytest.raises(MailboxError, match=r"cannot log anybody in now \(\[UNAVAILABLE\]") as caught:
            site.open()
    finally:
        site.service.down = False
    assert not isinstance(caught.value, LoginRefused), "the token is not to blame"
    assert site.service.asked.count("refresh_token") == 0
    assert site.open()


def test_a_password_still_opens_it(site: Site) -> None:
    with ImapMailbox("articles", site.server, lambda: PASSWORD) as mailbox:
        assert mailbox.is_connected
