"""A server with an empty mailbox that says to those in IDLE what a test wants said, when it wants it said."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import ssl
    from types import TracebackType

PATIENCE = 30.0
OK = b"{tag} OK done\r\n"
USUAL: dict[str, bytes] = {
    "CAPABILITY": b"* CAPABILITY IMAP4rev1 AUTH=PLAIN IDLE\r\n" + OK,
    "AUTHENTICATE": b"+ \r\n",
    "SELECT": b"* 0 EXISTS\r\n* OK [UIDVALIDITY 77] ok\r\n" + OK,
    "EXAMINE": b"* 0 EXISTS\r\n* OK [UIDVALIDITY 77] ok\r\n" + OK,
    "UID": b"* SEARCH\r\n" + OK,
    "LIST": b'* LIST () "/" INBOX\r\n' + OK,
    "NOOP": OK,
    "IDLE": b"+ idling\r\n",
    "DONE": OK,
    "LOGOUT": b"* BYE\r\n" + OK,
}


class IdleServer:
    """`with IdleServer({"IDLE": b"{tag} NO later\\r\\n"}) as server:` on a port of loopback, for many clients at once.

    The answers are by the first word of a command; those to IDLE and DONE have the tag of IDLE. `commands` are those
    that came, of all connections. A test may change `answers` at any time; an empty one is none at all.
    """

    host = "127.0.0.1"

    def __init__(
        self,
        answers: Mapping[str, bytes] | None = None,
        *,
        tls: ssl.SSLContext | None = None,
        greeting: bytes = b"* OK ready\r\n",
    ) -> None:
        self._tls = tls
        self._greeting = greeting
        self.answers: dict[str, bytes] = {**USUAL, **(answers or {})}
        self.commands: list[str] = []
        self.connected = 0
        self._idling: dict[socket.socket, bytes] = {}
        self._open: set[socket.socket] = set()
        self._changed = threading.Condition()

    def __enter__(self) -> Self:
        self._listener = socket.create_server((self.host, 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()

    def wait_for(self, what: str, condition: Callable[[IdleServer], bool]) -> None:
        """Wait until it is so; `condition` looks at the server."""
        with self._changed:
            assert self._changed.wait_for(lambda: condition(self), PATIENCE), f"{what}: {self.commands}"

    def idling(self) -> int:
        """How many are in IDLE now."""
        with self._changed:
            return len(self._idling)

    def count(self, command: str) -> int:
        """How often a command came."""
        with self._changed:
            return self.commands.count(command)

    def tell(self, data: bytes) -> None:
        """Say something to all that are in IDLE; waits for one."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._idling, PATIENCE), "nobody is in IDLE"
            for connection in self._idling:
                with suppress(OSError):
                    connection.sendall(data)

    def end_idle(self) -> None:
        """End the IDLE of all that are in it, unasked; waits for one."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._idling, PATIENCE), "nobody is in IDLE"
            for connection, tag in list(self._idling.items()):
                connection.sendall(tag + b" OK that will do\r\n")
            self._idling.clear()

    def hang_up(self) -> None:
        """End all connections, without a word."""
        with self._changed:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # the test is over
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            secured = self._tls.wrap_socket(connection, server_side=True) if self._tls else connection
            with self._changed:
                self.connected += 1
                self._open.add(secured)
                self._changed.notify_all()
            try:
                with secured, secured.makefile("rb") as lines:
                    self._converse(secured, iter(lines.readline, b""))
            finally:
                with self._changed:
                    self._open.discard(secured)
                    self._leave(secured)
                    self._changed.notify_all()

    def _converse(self, connection: socket.socket, lines: Iterator[bytes]) -> None:
        tag, expected = b"", ""
        connection.sendall(self._greeting)
        for line in lines:
            if expected == "password":
                expected = ""
                connection.sendall(tag + b" OK welcome\r\n")
                continue
            if line == b"DONE\r\n":
                command = "DONE"
            else:
                tag, _, rest = line.rstrip().partition(b" ")
                command = rest.split(b" ")[0].decode()
            with self._changed:
                self._leave(connection)
                answer = self.answers.get(command, b"{tag} BAD unknown\r\n").replace(b"{tag}", tag)
                connection.sendall(answer)
                if command == "IDLE" and b"+ " in answer:
                    self._idling[connection] = tag
                self.commands.append(command)
                self._changed.notify_all()
            expected = "password" if command == "AUTHENTICATE" else ""

    def _leave(self, connection: socket.socket) -> None:
        self._idling.pop(connection, None)
