"""A proxy that ends a connection after so many octets, as networks do: in the middle of anything."""

from __future__ import annotations

import select
import socket
import struct
import threading
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of no time: a close is a reset."""


class CuttingProxy:
    """`with CuttingProxy(host, port) as proxy:` takes one connection at a time on `proxy.port`, of 127.0.0.1.

    The next connections are ended when the client was sent `cut_after` octets, by a reset if `reset` is set; with None
    they are left alone. `passed` is how many octets the latest was sent.
    """

    host = "127.0.0.1"

    def __init__(self, host: str, port: int) -> None:
        self._upstream = host, port
        self.cut_after: int | None = None
        self.reset = False
        self.passed = 0
        self._idle = threading.Event()
        self._idle.set()

    def __enter__(self) -> Self:
        self._listener = socket.create_server((self.host, 0))
        self.port = int(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def await_end(self) -> None:
        """Wait until the server has heard of the end of the latest connection."""
        assert self._idle.wait(30), "the connection has not ended"

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # the test is over
            self._idle.clear()
            with closing(client), closing(socket.create_connection(self._upstream)) as server, suppress(OSError):
                for end in (client, server):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._carry(client, server)
                if self.reset:
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self._idle.set()

    def _carry(self, client: socket.socket, server: socket.socket) -> None:
        self.passed = 0
        while self.cut_after is None or self.passed < self.cut_after:
            for end in select.select([client, server], [], [])[0]:
                left = None if self.cut_after is None else self.cut_after - self.passed
                data = end.recv(65536)[: left if end is server else None]
                if not data:
                    return
                (client if end is server else server).sendall(data)
                self.passed += len(data) if end is server else 0
