"""imapclient and imaplib with the edges filed off: what a connection needs that carries the only copy of a mail.

Three things that neither of them does: a deadline by the clock on the wall, a bound on what the server may make us
read, and a log-in that takes any password. Nothing here knows folders or messages.
"""

from __future__ import annotations

import imaplib
import logging
import re
import socket
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from imapclient import IMAPClient
from imapclient.exceptions import ProtocolError

from ..text.terminal import line as readable
from .idling import Idling
from .resolve import connected
from .sasl import LINE_OCTETS, Bearer, plain_answer

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from .sasl import Mechanism

IMAPError = imaplib.IMAP4.error
"""The root of what imaplib and imapclient raise about a server's answers."""

UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)
"""QUIRK: imaplib and imapclient take answers apart without asking whether they are whole; this is what they then raise,
as seen with mutated answers."""

TROUBLE = (IMAPError, OSError, *UNREADABLE)
"""What a conversation with a server may end in."""

_SMALL_LITERAL = 1 << 20
"""Bytes that a literal may have where no body was asked for: a folder's name, a header."""

_ALERT = re.compile(rb"[^ ]{1,40} (?:OK|NO|BAD|BYE|PREAUTH) \[ALERT\] ?([^\r\n]{0,1000})", re.IGNORECASE)
_WORDS = 1000
"""Characters of a server's words that are shown."""
_QUOTES = re.compile(r"(unexpected response|unexpected tagged response|unterminated line): .*")
"""How imaplib tells of a line that it did not expect, and quotes."""
_ALERTS = 20
"""So many are kept of a connection; a server that says more repeats itself."""

_imaplib_log = logging.getLogger("imapclient.imaplib")


class Deadline:
    """Shuts a connection down when an operation takes longer than `seconds`.

    A socket's own time-out counts from octet to octet: a server that trickles one every half minute defeats it. So
    a timer shuts the connection from outside; whoever reads from it then sees its end. `expired` tells that apart
    from a server that hung up.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.expired = False
        self._handle: socket.socket | None = None
        self._end = float("inf")
        self._is_shut = False

    def left(self) -> float:
        """How many seconds the operation under way still has; 0 once it is over."""
        return 0.0 if self._is_shut else max(0.0, self._end - time.monotonic())

    def watch(self, connection: socket.socket) -> None:
        """Take a second handle on a connection: it stays good when TLS wraps, and so replaces, the first."""
        if self.expired:
            raise TimeoutError(f"not connected within {self.seconds:g} s")
        self._handle = connection.dup()
        if self._is_shut:  # in this very moment
            self.shut()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Bound the time of a block. May be used again; once expired it stays so."""
        timer = threading.Timer(self.seconds, self._expire)
        timer.daemon = True
        timer.start()
        self._end = time.monotonic() + self.seconds
        try:
            yield
        except BaseException:
            self.expired = (
                self.expired or time.monotonic() >= self._end
            )  # whoever waited with this time-out may come first
            raise
        finally:
            timer.cancel()
            self._end = float("inf")

    def release(self) -> None:
        """Give the handle back; the connection ends when its owner has closed it too."""
        handle, self._handle = self._handle, None
        if handle is not None:
            handle.close()

    def _expire(self) -> None:
        self.expired = True
        self.shut()

    def shut(self) -> None:
        """Shut the connection down, whoever waits for it, or for its host's name."""
        self._is_shut = True
        handle = self._handle  # another thread may release it in between
        if handle is not None:
            with suppress(OSError):  # the connection ended in the same moment
                handle.shutdown(socket.SHUT_RDWR)


class _Arguments:
    """The arguments of a command, each as a synchronising literal (RFC 3501 §4.3): any octet but NUL may be in them."""

    def __init__(self, *values: bytes) -> None:
        self._values = list(values)

    def announce(self) -> str:
        """How the command line ends: the size of the first argument."""
        return f"{{{len(self._values[0])}}}"

    def following(self, _continuation: bytes) -> bytes:
        """What to send at the server's `+`: the next argument, and the size of the one after it."""
        value = self._values.pop(0)
        return value + f" {self.announce()}".encode() if self._values else value


class _Wire(Idling):
    """imaplib's connection, over a socket that a `Deadline` watches. `literal_limit` bounds the next literals."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None, timeout: float, deadline: Deadline) -> None:
        self.literal_limit = _SMALL_LITERAL
        self.alerts: list[str] = []
        self._tls = tls
        self._deadline = deadline
        super().__init__(host, port, timeout)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        connection = connected(self.host, self.port, timeout or self._deadline.seconds, self._deadline.left)
        # A command is sent in several small pieces; Nagle's algorithm would hold each until the last is acknowledged.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._deadline.watch(connection)
        if self._tls is None:
            return connection
        return self._tls.wrap_socket(connection, server_hostname=self.host)

    def _get_capabilities(self) -> None:
        """QUIRK: imaplib asks for what most servers tell in their greeting (RFC 3501 §7.1): a round trip in vain."""
        told = self.untagged_responses.pop("CAPABILITY", [b""])[-1]
        self.capabilities = tuple(str(told, "ascii", "replace").upper().split()) if isinstance(told, bytes) else ()
        if "IMAP4REV1" not in self.capabilities:
            super()._get_capabilities()  # type: ignore[misc]  # typeshed does not know it

    def read(self, size: int) -> bytes:
        """Read a literal. QUIRK: imaplib takes any size on trust, and a MemoryError leaves the body to be read as
        protocol (cpython gh-119511): too large a literal ends the connection instead.
        """
        if size > self.literal_limit:
            raise self.abort(f"the server announced {size} bytes where at most {self.literal_limit} make sense")
        return super().read(size)

    def readline(self) -> bytes:
        """Read a line. QUIRK: imaplib reports a line past its limit of 1 MB as if the server had said NO, although the
        rest of it is still to come; and where a BYE precedes the end of the connection, it may forget the words of it.
        """
        try:
            line = super().readline()
        except self.abort:
            raise
        except self.error as error:
            raise self.abort(str(error)) from error
        if (alert := _ALERT.match(line)) and len(self.alerts) < _ALERTS:
            self.alerts.append(readable(alert[1].decode("utf-8", "replace")))
        farewell = self.untagged_responses.get("BYE")
        if not line and farewell and isinstance(farewell[-1], bytes):
            raise self.abort(farewell[-1].decode("utf-8", "replace"))
        return line

    def login(self, user: str, password: str) -> tuple[str, list[bytes]]:  # type: ignore[override]  # narrower result
        """LOGIN (RFC 3501 §6.2.3). QUIRK: imaplib does not quote the user and cannot send what is not ASCII; imapclient
        logs the arguments it sends as literals. Here both go as literals, and neither is logged.
        """
        arguments = _Arguments(user.encode(), password.encode())
        ending = arguments.announce()
        self.literal = arguments.following  # type: ignore[assignment]  # a method is called for each continuation
        kind, data = self._simple_command("LOGIN", ending)
        if kind != "OK":
            raise self.error(data[-1].decode("utf-8", "replace"))
        self.state = "AUTH"
        return kind, data

    def plain_login(self, answer: str) -> None:
        """AUTHENTICATE PLAIN, all in one line (RFC 4959). Raises `error` with the server's words."""
        self.literal = self._cancel  # type: ignore[assignment]  # a method is called for each continuation
        kind, data = self._simple_command("AUTHENTICATE", "PLAIN", answer)
        if kind != "OK":
            raise self.error(data[-1].decode("utf-8", "replace"))
        self.state = "AUTH"

    def _cancel(self, _continuation: bytes) -> bytes:
        """What to say where everything has been said (RFC 3501 §6.2.2)."""
        return b"*"

    def bearer_login(self, bearer: Bearer, mechanism: Mechanism) -> None:
        """AUTHENTICATE with an access token. Raises `error` with the server's words, and its reason if it gives one."""
        self.literal = bearer.following  # type: ignore[assignment]  # a method is called for each continuation
        kind, data = self._simple_command("AUTHENTICATE", mechanism, bearer.opening)
        if kind != "OK":
            said = data[-1].decode("utf-8", "replace")
            raise self.error(f"{said} ({bearer.problem})" if bearer.problem else said)
        self.state = "AUTH"


class Client(IMAPClient):  # type: ignore[misc]  # imapclient ships no type information
    """imapclient on a `_Wire`: aware dates, folder names as octets, TLS as given. Connects when it is made.

    Raises:
        OSError: no such host, no connection, or (ssl.SSLError) no TLS.
        IMAPError: no IMAP server answers there, or it sends us away.
    """

    def __init__(self, host: str, port: int, *, tls: ssl.SSLContext | None, timeout: float, deadline: Deadline) -> None:
        self._tls = tls
        self._deadline = deadline
        self.mechanism = "PREAUTH"
        """How we logged in."""
        self.facts: dict[str, str] = {}
        """What a line of the log about this connection says beside its sentence: the account, the folder."""
        super().__init__(host, port, ssl=tls is not None, timeout=timeout)
        # QUIRK: imapclient has imaplib write out each body for a log of its own, be that on or off: four fifths of what
        # a fetch takes of the processor. The conversation without the bodies (imaplib's level 4) is enough for a log.
        self._imap.debug = 4 if _imaplib_log.isEnabledFor(logging.DEBUG) else 0
        self.normalise_times = False
        # QUIRK: imapclient fails at a folder whose name is no valid modified UTF-7: folders.py decodes.
        self.folder_encode = False

    def _create_IMAP4(self) -> _Wire:  # noqa: N802 - imapclient's hook for the connection
        return _Wire(self.host, self.port, self._tls, self._timeout.connect, self._deadline)

    def about(self, uid: int | None = None) -> dict[str, object]:
        """The `extra` of a line of the log about this connection, or about a message of the folder that is open."""
        return {"facts": self.facts if uid is None else {**self.facts, "uid": uid}}

    @property
    def wire(self) -> _Wire:
        """The connection itself: for IDLE, which imapclient has in a form that takes the end of it for silence."""
        wire: _Wire = self._imap
        return wire

    @property
    def logged_in(self) -> bool:
        """Whether the server took us for somebody already: its greeting was PREAUTH (RFC 3501 §7.1.4)."""
        return bool(self._imap.state == "AUTH")

    @property
    def alerts(self) -> list[str]:
        """What the server said that a person must be shown (RFC 3501 §7.1, ALERT), as far as it has said it."""
        return list(dict.fromkeys(self._imap.alerts))

    def password_login(self, user: str, password: str, *, at_once: bool) -> None:
        """Log in by PLAIN; where the server offers SASL-IR, it can be done `at_once`. Raises `IMAPError` if refused."""
        answer = plain_answer(user, password)
        if at_once and len(answer) <= LINE_OCTETS:
            self._imap.plain_login(answer)
        else:
            self.plain_login(user, password)

    def bearer_login(self, mechanism: Mechanism, user: str, token: str) -> None:
        """Log in with an access token. Raises `ValueError` where it cannot be one, `IMAPError` where it is refused."""
        at_once = self.has_capability("SASL-IR")
        bearer = Bearer(mechanism, user, token, host=self.host, port=self.port, at_once=at_once)
        self._imap.bearer_login(bearer, mechanism)
        self.mechanism = mechanism

    def uidvalidity(self) -> int | None:
        """What the server told last as the UIDVALIDITY of the folder that is open; None where it told none."""
        told = [value for value in self._imap.untagged_responses.get("UIDVALIDITY", []) if value]
        return int(told[-1]) if told else None

    def list_special_uses(self) -> list[tuple[tuple[bytes, ...], bytes | None, bytes | str]]:
        """All folders with their special uses (RFC 6154 §2), in the form of `list_folders`; takes LIST-EXTENDED."""
        answer = self._imap._simple_command("LIST", '""', '"*"', "RETURN (SPECIAL-USE)")  # noqa: SLF001  as imapclient
        self._checkok("LIST", *answer)
        _, data = self._imap._untagged_response(*answer, "LIST")  # noqa: SLF001  as imapclient does
        found: list[tuple[tuple[bytes, ...], bytes | None, bytes | str]] = self._proc_folder_list(data)
        return found

    @contextmanager
    def expecting(self, size: int, *, largest: int = 0) -> Iterator[None]:
        """Bodies of up to `size` octets are asked for. Twice as much is taken, for servers count in their own way; and
        `largest` in any case.
        """
        self._imap.literal_limit = max(2 * size + _SMALL_LITERAL, largest)
        try:
            yield
        finally:
            self._imap.literal_limit = _SMALL_LITERAL

    def response_code(self, name: str) -> bytes:
        """What followed a response code (RFC 3501 §7.1) in the answers to the latest command; b"" without one.

        QUIRK: of a UID command imapclient returns no words at all, but imaplib keeps the codes in them.
        """
        data = self._imap.response(name)[1][-1]
        return data if isinstance(data, bytes) else b""


def is_refusal(error: BaseException) -> bool:
    """Whether a command was answered by a tagged NO or BAD, so that the connection is still in step.

    After anything else it must be dropped: what comes next may be the middle of a body.
    QUIRK: imapclient's LoginError stands for a refusal and for a broken connection alike; its context tells.
    """
    if isinstance(error, (imaplib.IMAP4.abort, ProtocolError)) or not isinstance(error, IMAPError):
        return False
    return not isinstance(error.__context__, imaplib.IMAP4.abort)


def words(error: BaseException, *, logged_in: bool = True) -> str:
    """What the server said, on one line, without what imaplib and imapclient put around it, and without anything that
    a terminal would act on.

    Once we are `logged_in`, what is no answer of IMAP's may be the middle of a mail: that is told by its kind alone.
    """
    if logged_in and isinstance(error, (ProtocolError, *UNREADABLE)):
        return type(error).__name__
    text = readable(str(error).split("\n", 1)[0])
    if logged_in:
        text = _QUOTES.sub(r"\1", text)
    for lead in (" failed: ", " command error: "):
        text = text.split(lead, 1)[-1]
    return text[:_WORDS] or type(error).__name__
