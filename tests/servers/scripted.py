"""A server that says what a test tells it to, right or wrong, octet by octet."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import ssl
    from types import TracebackType

HANG_UP = b"<hang up>"
"""An answer, or the end of one, after which the connection is closed."""


@dataclass(frozen=True, slots=True)
class Slowly:
    """An answer that is sent one octet at a time, with pauses."""

    data: bytes
    seconds: float


Answer = bytes | Slowly | list[bytes]

USUAL: dict[str, Answer] = {
    "greeting": b"* OK ready\r\n",
    "CAPABILITY": b"* CAPABILITY IMAP4rev1 AUTH=PLAIN UIDPLUS MOVE\r\n{tag} OK done\r\n",
    "AUTHENTICATE PLAIN": b"+ \r\n",
    "password": b"{tag} OK welcome\r\n",
    "SELECT": b"* 3 EXISTS\r\n* OK [UIDVALIDITY 77] ok\r\n{tag} OK [READ-WRITE] done\r\n",
    "EXAMINE": b"* 3 EXISTS\r\n* OK [UIDVALIDITY 77] ok\r\n{tag} OK [READ-ONLY] done\r\n",
    "UID SEARCH": b"* SEARCH 1 2 3\r\n{tag} OK done\r\n",
    "NOOP": b"{tag} OK done\r\n",
    "LIST": b'* LIST () "/" INBOX\r\n{tag} OK done\r\n',
    "LOGOUT": b"* BYE\r\n{tag} OK done\r\n",
}


class ScriptedServer:
    """`with ScriptedServer({"UID FETCH": b"* 1 FETCH (…)\\r\\n{tag} OK\\r\\n"}) as server:` on a port of loopback.

    The keys are the beginnings of commands, the longest that fits counts; they come before those of `USUAL`. In an
    answer `{tag}` stands for the command's tag. A list has an answer for every time the command comes, of which the
    last is repeated. The server closes a connection after `cut_after` octets, where that is given. `commands` are
    those that came, without tags. The key of a command with ` …` behind it is what follows the client's answer to a `+`
    (`said` has it). With `tls` it speaks TLS from the first octet.
    """

    host = "127.0.0.1"

    def __init__(
        self,
        answers: Mapping[str, Answer] | None = None,
        *,
        cut_after: int | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._tls = tls
        self._answers = {**USUAL, **(answers or {})}
        self._left = cut_after
        self.commands: list[str] = []
        self.said: list[str] = []
        self.sent = 0

    def __enter__(self) -> Self:
        self._listener = socket.create_server((self.host, 0))
        self.port = self._listener.getsockname()[1]
        self._connection: socket.socket | None = None
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for each in (self._listener, self._connection):
            if each is not None:
                try:
                    each.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # closed already, by one side or the other
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                self._connection, _ = self._listener.accept()
            except OSError:
                return  # the test is over
            try:
                self._talk_on(self._connection)
            except OSError:
                continue  # the client hung up, or did not like our certificate

    def _talk_on(self, connection: socket.socket) -> None:
        secured = self._tls.wrap_socket(connection, server_side=True) if self._tls else connection
        with secured, secured.makefile("rb") as lines:
            self._converse(secured, iter(lines))

    def _converse(self, connection: socket.socket, lines: Iterator[bytes]) -> None:
        key, tag = "greeting", b""
        while self._send(connection, self._answer(key), tag):
            line = next(lines, b"")
            if not line:
                return
            if key == "AUTHENTICATE PLAIN":
                key = "password"
                continue
            if self._answers.get(f"{key} …"):  # the answer was a `+`: what comes now is no command
                self.said.append(line.rstrip().decode())
                key = f"{key} …"
                continue
            tag, _, command = line.rstrip().partition(b" ")
            self.commands.append(command.decode("utf-8", "backslashreplace"))
            key = max((key for key in self._answers if self.commands[-1].startswith(key)), key=len, default="")

    def _answer(self, key: str) -> bytes | Slowly:
        answer = self._answers.get(key, b"{tag} BAD unknown\r\n")
        if not isinstance(answer, list):
            return answer
        return answer.pop(0) if len(answer) > 1 else answer[0]

    def _send(self, connection: socket.socket, answer: bytes | Slowly, tag: bytes) -> bool:
        """Send an answer. False: the connection is to be closed now."""
        if isinstance(answer, Slowly):
            for octet in answer.data.replace(b"{tag}", tag):
                connection.sendall(bytes([octet]))
                time.sleep(answer.seconds)
            return True
        data, hang_up, _ = answer.replace(b"{tag}", tag).partition(HANG_UP)
        if self._left is not None:
            data, hang_up = data[: self._left], hang_up or (HANG_UP if len(data) >= self._left else b"")
            self._left -= len(data)
        self.sent += len(data)
        connection.sendall(data)
        return not hang_up
