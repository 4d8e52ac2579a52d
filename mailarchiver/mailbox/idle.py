"""New mail as it comes: a connection of its own that waits in one folder (IDLE, RFC 2177). It fetches nothing.

    connect ─▶ open ─▶ idle ─ "EXISTS" ─▶ on_news()      again and again, for 9 minutes at most each time

A connection that is gone may look like one on which nothing happens. Its end is read as such (QUIRK: imapclient's
`idle_check` gives an empty list for it, at once and for ever: #565, #449, #349); the kernel probes it (TCP keep-alive);
and a server that does not answer DONE in time is left. So it takes minutes at most to be found, whatever it is.
"""

from __future__ import annotations

import socket
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from ..text.hosts import is_loopback
from .imap import ImapMailbox

if TYPE_CHECKING:
    from collections.abc import Callable

    from .connect import Server
    from .tokens import Tokens

RENEW_SECONDS = 540.0
"""IDLE is begun anew at the latest. Servers may end it after 30 minutes (RFC 2177 §3); what translates addresses on the
way forgets a silent connection sooner, often after 10."""
DEADLINE_SECONDS = 60.0
"""For each step but the waiting itself: to connect and log in, to open the folder, to begin and to end IDLE."""
SHORT_SECONDS, ALERT_SECONDS = 0.4, 120.0
"""QUIRK: in IDLE, Dovecot keeps what is new to itself for half a second (NOTIFY_DELAY_MSECS in its
`index-mailbox-check.c`), and tells it when that ends. So on this machine, where asking costs next to nothing, IDLE is
short for a while after news, for who forwards one article is likely to forward another; else nothing is asked.
"""

_KEEP_ALIVE = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 120),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 30),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 4),
)


class FolderWatch(ImapMailbox):
    """`with FolderWatch(account, server, credentials) as watch:` connects, for one folder; errors are `ImapMailbox`'s.

    One thread uses it; another may `interrupt` it.
    """

    def __init__(self, account: str, server: Server, credentials: Callable[[], str] | Tokens) -> None:
        super().__init__(account, replace(server, deadline=min(server.deadline, DEADLINE_SECONDS)), credentials)
        self._tells_late = False
        self._alert_until = 0.0

    def open(self, folder: str) -> bool:
        """Open the folder, for reading; whether the server tells of new mail there by IDLE."""
        self.select(folder, writable=False)
        with self._talking("tell what it can") as client:
            for level, option, value in _KEEP_ALIVE:
                client.socket().setsockopt(level, option, value)
            self._tells_late = is_loopback(self._server.host) and b"Dovecot" in client.wire.welcome
            return bool(client.has_capability("IDLE"))

    def idle(self, seconds: float, on_news: Callable[[], None], *, on_start: Callable[[], None] = lambda: None) -> None:
        """One IDLE, for so many seconds at most, or until the server ends it. `on_news` is called whenever that tells
        of new mail; `on_start` once it listens: what came before, it may keep to itself (pymap does).

        IDLE goes on after news, so that there is no moment in which nobody listens; but for a server that tells late,
        of which more is asked soon (`SHORT_SECONDS`).

        Raises `MailboxError` when the connection is gone, or the server refuses.
        """
        begun = time.monotonic()
        with self._talking("begin IDLE") as client:
            wire = client.wire
            tag = wire.start_idle()
            news = "EXISTS" in wire.told
        on_start()
        while not wire.is_idle_over(tag):
            if news:
                self._tell(on_news)
            if not wire.arrives(begun + self._lasting(seconds) - time.monotonic()):
                break
            with self._talking("go on with IDLE"):
                wire.hear()
                news = "EXISTS" in wire.told
        with self._talking("end IDLE"):
            wire.end_idle(tag)
            news = "EXISTS" in wire.told
        if news:
            self._tell(on_news)

    def _tell(self, on_news: Callable[[], None]) -> None:
        self._alert_until = time.monotonic() + ALERT_SECONDS
        on_news()

    def _lasting(self, seconds: float) -> float:
        """How long an IDLE lasts that is to last so many seconds at most."""
        is_alert = self._tells_late and time.monotonic() < self._alert_until
        return min(seconds, SHORT_SECONDS) if is_alert else seconds
