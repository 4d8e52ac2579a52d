"""From a server's name to a connection that is logged in; every way in which that fails, said with its cure."""

from __future__ import annotations

import logging
import re
import socket
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ..errors import LoginRefused, MailboxError
from ..text.hosts import is_loopback
from .cures import answer_cure, login_cure
from .sasl import MECHANISMS
from .tokens import Tokens
from .wire import TROUBLE, Client, Deadline, IMAPError, is_refusal, words

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

log = logging.getLogger(__name__)

_TEMPORARY = re.compile(
    r"\[(UNAVAILABLE|INUSE|LIMIT|SERVERBUG|OVERQUOTA)\]|exceeded[^\n]{0,80}bandwidth|too many simultaneous connections",
    re.IGNORECASE,
)
"""Response codes (RFC 5530 §3, RFC 9051), and words of Gmail, by which a server refuses for now, whatever the
password."""

_WRONG_NAME = {62, 64}  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
_WRONG_TIME = {9, 10}  # X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED


@dataclass(frozen=True, slots=True)
class Server:
    """An IMAP server and who we are there.

    `security` is `tls` from the first octet, `starttls`, or `none`, which is for loopback only. `ca_file` (PEM) is
    trusted instead of the system's authorities. `timeout` is seconds without an octet, `deadline` seconds that one
    operation may take in all.
    """

    host: str
    port: int
    security: Literal["tls", "starttls", "none"]
    username: str
    ca_file: Path | None = None
    timeout: float = 60.0
    deadline: float = 900.0

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def connect(account: str, server: Server, credentials: Callable[[], str] | Tokens, deadline: Deadline) -> Client:
    """Connect and log in. Certificate and host name are always checked, TLS is 1.2 at least.

    An access token that is refused is asked for anew, once, if the source has another one.

    Raises:
        LoginRefused: the server does not accept user name and password, or token; or there is no token to be had until
            somebody signs in again.
        MailboxError: anything else; the text names account, server, trouble and cure.
    """
    if server.security == "none" and not is_loopback(server.host):
        raise MailboxError(
            f'account {account}: security "none" would send the password to {server} in clear, which is allowed to '
            f'127.0.0.1, ::1 and localhost only: set security to "tls" (port 993) or "starttls" (port 143)'
        )
    try:
        with deadline.running():
            client = _with_credentials(account, server, credentials, deadline)
    except LoginRefused as error:
        raise LoginRefused(f"account {account}: {error}") from error
    except MailboxError as error:
        raise MailboxError(f"account {account}: {error}") from error
    except TROUBLE as error:
        raise MailboxError(f"account {account}: {_explain(server, error, deadline)}") from error
    for alert in client.alerts:
        log.warning("account %s: %s says: %s", account, server, alert, extra={"facts": {"account": account}})
    return client


def _with_credentials(
    account: str, server: Server, credentials: Callable[[], str] | Tokens, deadline: Deadline
) -> Client:
    """Connect with a password; or with a token, and with another one where that is refused."""
    if not isinstance(credentials, Tokens):
        password = credentials()
        return _open(server, deadline, lambda client: _log_in(client, server, password))
    token = credentials.token()
    try:
        return _open(server, deadline, lambda client: _log_in_by_token(client, server, token))
    except LoginRefused as error:
        facts = {"facts": {"account": account}}
        log.info("account %s: %s; asking for another token", account, error, extra=facts)
        another = credentials.token(refused=token)
        if another == token:
            raise LoginRefused(f"{error}. If that is not it, {credentials.cure}") from error
    deadline.release()
    try:
        return _open(server, deadline, lambda client: _log_in_by_token(client, server, another))
    except LoginRefused as error:
        raise LoginRefused(f"{error}. If that is not it, {credentials.cure}") from error


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """What a server must show: a certificate for its host name, from an authority we trust, over TLS 1.2 or newer.

    Raises:
        MailboxError: `ca_file` cannot be read, or holds no certificate.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError as error:
        raise MailboxError(f"ca_file {ca_file}: there is no PEM certificate in it ({error.reason})") from error
    except OSError as error:
        raise MailboxError(f"ca_file {ca_file}: {error.strerror}; it must hold the authority's certificate") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _open(server: Server, deadline: Deadline, log_in: Callable[[Client], None]) -> Client:
    tls = None if server.security == "none" else tls_context(server.ca_file)
    client = Client(
        server.host,
        server.port,
        tls=tls if server.security == "tls" else None,
        timeout=server.timeout,
        deadline=deadline,
    )
    entered = False
    try:
        if server.security == "starttls":
            _start_tls(client, server, tls)
        if not client.logged_in:
            log_in(client)
        # QUIRK: what the server tells of its capabilities with the log-in, imaplib forgets when a folder is opened.
        client.capabilities()
        entered = True
    finally:
        if not entered:
            hang_up(client)
    return client


def hang_up(client: Client) -> None:
    """Close a connection without another word on it."""
    try:
        client.shutdown()
    except OSError:
        return  # QUIRK: imaplib shuts down what a failed TLS handshake has closed already (EBADF)


def _start_tls(client: Client, server: Server, tls: ssl.SSLContext | None) -> None:
    if client.logged_in or not client.has_capability("STARTTLS"):
        raise MailboxError(f'{server} does not offer STARTTLS: set security to "tls", with port 993')
    client.starttls(tls)


def _log_in(client: Client, server: Server, password: str) -> None:
    """PLAIN where it is offered (RFC 4616), else LOGIN."""
    offered = client.capabilities()  # once: after STARTTLS, imapclient asks the server each time
    plain = b"AUTH=PLAIN" in offered
    if not plain and b"LOGINDISABLED" in offered:
        raise MailboxError(f'{server} takes no password on this connection: set security to "tls" or "starttls"')
    try:
        if plain:
            client.password_login(server.username, password, at_once=b"SASL-IR" in offered)
        else:
            client.login(server.username, password)
        client.mechanism = "PLAIN" if plain else "LOGIN"
    except IMAPError as error:
        raise _refused(server, error, "password") from error


def _log_in_by_token(client: Client, server: Server, token: str) -> None:
    """OAUTHBEARER where it is offered (RFC 7628), else XOAUTH2."""
    offered = [each for each in MECHANISMS if client.has_capability(f"AUTH={each}")]
    if not offered:
        raise MailboxError(
            f"{server} takes no access tokens on this connection (neither OAUTHBEARER nor XOAUTH2): give a password in "
            f'place of auth = "oauth2"; or set security to "tls"'
        )
    try:
        client.bearer_login(offered[0], server.username, token)
    except ValueError as error:
        raise MailboxError(f"the access token cannot be sent: {error}") from error
    except IMAPError as error:
        raise _refused(server, error, "token") from error


def _refused(server: Server, error: Exception, kind: Literal["password", "token"]) -> Exception:
    """What a failed log-in is: refused, refused for now, or (the error itself) a broken conversation."""
    if not is_refusal(error):
        return error
    said = words(error)
    if _TEMPORARY.search(str(error)):
        cure = answer_cure(server.host, server.port, said)
        return MailboxError(f"{server} cannot log anybody in now ({said}); {cure or 'tried again later'}")
    what = "the log-in" if kind == "password" else "the access token"
    cure = login_cure(server.host, server.port, said, kind)
    return LoginRefused(f"{server} refused {what} of {server.username!r} ({said}): {cure}")


def _explain(server: Server, error: Exception, deadline: Deadline) -> str:
    """What went wrong on the way to a log-in, and what to do about it."""
    if isinstance(error, (socket.gaierror, UnicodeError)):
        return f"the host {server.host!r} cannot be found ({_reason(error)}): check host, and this machine's DNS"
    if deadline.expired:
        return f"{server} did not log us in within {deadline.seconds:g} s"
    if isinstance(error, ssl.SSLCertVerificationError):
        return _explain_certificate(server, error)
    if isinstance(error, ssl.SSLError):
        return _explain_tls(server, error)
    if isinstance(error, ConnectionRefusedError):
        return f"{server} refused the connection: check host and port (993 for tls, 143 for starttls)"
    if isinstance(error, TimeoutError):
        return f"{server} did not answer within {server.timeout:g} s: check host and port, and firewalls on the way"
    if isinstance(error, OSError):
        return f"no connection to {server} ({_reason(error)}): check host, port and network"
    said = words(error, logged_in=False)
    cure = answer_cure(server.host, server.port, said) or "check port and security (tls on 993, starttls on 143)"
    return f"{server} ended or garbled the conversation ({said}): {cure}"


def _explain_certificate(server: Server, error: ssl.SSLCertVerificationError) -> str:
    reason = error.verify_message.rstrip(".")
    if error.verify_code in _WRONG_NAME:
        cure = "set host to a name that the certificate has"
    elif error.verify_code in _WRONG_TIME:
        cure = "the server's certificate must be renewed, or this machine's clock is wrong"
    else:
        cure = "if the server is yours, name the certificate of its authority in ca_file"
    return f"the certificate of {server} is not accepted ({reason}): {cure}"


def _explain_tls(server: Server, error: ssl.SSLError) -> str:
    if error.reason == "WRONG_VERSION_NUMBER":  # the answer was no TLS at all
        return f'{server} does not speak TLS from the start: set security to "starttls" (port 143), or port to 993'
    return f"no TLS 1.2 or newer with {server} ({error.reason or _reason(error)}): the server must offer it"


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
