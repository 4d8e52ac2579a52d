"""Another client of the same mailbox: it delivers, looks and expunges while the code under test is at work."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Self

from imapclient import IMAPClient

if TYPE_CHECKING:
    from datetime import datetime
    from types import TracebackType


class OtherClient:
    """`with OtherClient(host, port, username, password) as other:`, in clear on loopback."""

    def __init__(self, host: str, port: int, username: str, password: str) -> None:
        self._client = IMAPClient(host, port, ssl=False, timeout=30)
        # An APPEND is a command, then a literal: Nagle's algorithm would add 40 ms to each.
        self._client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._credentials = username, password

    def __enter__(self) -> Self:
        self._client.plain_login(*self._credentials)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._client.logout()

    def deliver(self, data: bytes, received: datetime, folder: str = "INBOX") -> None:
        self._client.append(folder, data, msg_time=received)

    def create(self, folder: str) -> None:
        self._client.create_folder(folder)

    def create_for(self, use: str, folder: str) -> None:
        """A folder with a special use (CREATE-SPECIAL-USE, RFC 6154 §3)."""
        kind, data = self._client._imap._simple_command("CREATE", folder, f"(USE ({use}))")
        assert kind == "OK", data

    def expunge(self, uid: int, folder: str = "INBOX") -> None:
        self._client.select_folder(folder)
        self._client.delete_messages([uid])
        self._client.uid_expunge([uid])

    def mark(self, uid: int, flag: bytes, folder: str = "INBOX") -> None:
        self._client.select_folder(folder)
        self._client.add_flags([uid], [flag])

    def flags(self, folder: str = "INBOX") -> dict[int, set[bytes]]:
        """UID → flags, but for \\Recent, which says nothing about what was done to a message."""
        self._client.select_folder(folder, readonly=True)
        found = self._client.get_flags(self._client.search())
        return {uid: set(flags) - {b"\\Recent"} for uid, flags in found.items()}

    def bodies(self, folder: str = "INBOX") -> list[bytes]:
        self._client.select_folder(folder, readonly=True)
        return [item[b"BODY[]"] for item in self._client.fetch(self._client.search(), ["BODY.PEEK[]"]).values()]
