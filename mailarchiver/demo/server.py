"""An IMAP server in a thread of this process, on a random port of the loopback interface, mails in memory.

It is pymap's `dict` backend. It stands in for a real server in the demo and in the tests; nothing it holds outlives it.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from argparse import Namespace
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self, TypeVar

from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import Config, Login
from pymap.concurrent import Subsystem
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage
from pymap.user import Passwords, UserMetadata
from pysasl.hashing import BuiltinHash

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence
    from datetime import datetime
    from types import TracebackType

_HOST = "127.0.0.1"
_Result = TypeVar("_Result")


class _Config(Config):
    """pymap's configuration, taken from nowhere but here: no environment, no host name look-up, no second thread."""

    def __init__(self, username: str, password: str, *, tls: ssl.SSLContext | None) -> None:
        super().__init__(
            Namespace(passlib_cfg=None, proxy_protocol=None),
            host=_HOST,
            port=0,
            demo_data=False,
            demo_user=username,
            demo_password=password,
            # QUIRK: pymap 0.36 reads $CERT_FILE when it is given no context, even with TLS off.
            ssl_context=tls or ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER),
            tls_enabled=tls is not None,
            # QUIRK: pymap 0.36 checks passwords in a thread pool that it never shuts down, and takes 0.3 s for each.
            cpu_subsystem=Subsystem.for_asyncio(),
            hash_context=BuiltinHash(rounds=1),
            invalid_user_sleep=0.0,
        )

    @property
    def greeting(self) -> bytes:
        """The words of the first line. pymap's own asks the resolver for this host's name, which may take seconds."""
        return b"mailarchiver's embedded server is ready"


class EmbeddedServer:
    """`with EmbeddedServer(mails) as server:` listens at `server.host`, `server.port` until the block ends.

    `mails` are (octets, INTERNALDATE) pairs for INBOX; a date without a zone is refused. `folders` exist beside INBOX.
    With `tls` the server offers STARTTLS; without, all is in clear, which never leaves this machine.

    The octets come back as they were put in. The server forgets keywords (flags without a backslash), and its UIDs
    start at 101.
    """

    host = _HOST

    def __init__(
        self,
        mails: Sequence[tuple[bytes, datetime]] = (),
        *,
        username: str = "demo",
        password: str = "demo",  # noqa: S107 - of a server that lives on loopback, for minutes, with sample mails
        folders: Sequence[str] = ("Archived",),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.username = username
        self.password = password
        self.port = 0
        self._mails = mails
        self._folders = folders
        self._tls = tls
        self._server: asyncio.Server | None = None

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="embedded-imap", daemon=True)
        self._thread.start()
        with ExitStack() as undo:
            undo.callback(self._end)
            self._call(self._start())
            undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._end()

    def deliver(self, data: bytes, received: datetime, folder: str = "INBOX") -> int:
        """Put one more mail into a folder, as if it had just arrived. Returns its UID; KeyError: no such folder."""
        return self._call(self._append(data, received, folder))

    def remove(self, uid: int, folder: str = "INBOX") -> None:
        """Expunge a message as another client would; nothing happens where it is gone already."""
        self._call(self._delete(uid, folder))

    def _call(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _end(self) -> None:
        self._call(self._hang_up())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> None:
        config = _Config(self.username, self.password, tls=self._tls)
        config.apply_context()
        login = Login(config)
        hashed = await Passwords(config).hash_password(self.password)
        self._identity = login.demo_user_identity
        await self._identity.set(UserMetadata(config, self.username, password=hashed))
        async with self._identity.new_session() as session:
            for folder in self._folders:
                await session.mailbox_set.add_mailbox(folder)
        for data, received in self._mails:
            await self._append(data, received, "INBOX")
        reader = ProxyProtocolReader(config.proxy_protocol)
        self._server = await asyncio.start_server(reader.get_callback(IMAPServer(login, config)), host=_HOST, port=0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _append(self, data: bytes, received: datetime, folder: str) -> int:
        if received.tzinfo is None:
            raise ValueError("INTERNALDATE has a zone (RFC 3501 §2.3.3)")
        async with self._identity.new_session() as session:
            mailbox = await session.mailbox_set.get_mailbox(folder)
            message = await mailbox.append(AppendMessage(data, received, frozenset()))
            return int(message.uid)

    async def _delete(self, uid: int, folder: str) -> None:
        async with self._identity.new_session() as session:
            mailbox = await session.mailbox_set.get_mailbox(folder)
            await mailbox.delete([uid])

    async def _hang_up(self) -> None:
        """Take no more connections, say BYE on those there are, and let the transports close before the loop does."""
        if self._server:
            self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        # A transport closes its socket one turn of the loop after `close`; a loop that ends earlier leaves it to the
        # garbage collector, with a ResourceWarning.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
