"""IDLE (RFC 2177) for imaplib, which has none in Python 3.11: begin, wait, hear, end. Nothing here has a deadline."""

from __future__ import annotations

import imaplib
import select
import ssl
import time
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from io import BufferedReader


class Idling(imaplib.IMAP4):
    """A connection that can wait for what a server tells on its own."""

    @property
    def told(self) -> set[str]:
        """The kinds of responses, such as EXISTS, that came at the last step of IDLE."""
        return set(self.untagged_responses)

    def start_idle(self) -> bytes:
        """IDLE (RFC 2177). Returns its tag, for `end_idle`. Raises `error` where the server refuses.

        QUIRK: imapclient takes what the server tells on its own before the `+` for a refusal.
        """
        self.untagged_responses.clear()
        tag: bytes = self._command("IDLE")
        while self._get_response() is not None:  # None is the `+`
            if self.tagged_commands[tag] is not None:
                self._complete_idle(tag)
                raise self.abort("the server ended IDLE at once")
        self._check_bye()
        return tag

    def arrives(self, seconds: float) -> bool:
        """Whether something comes within so many seconds, if only the end of the connection; it is left to be read."""
        poller = select.poll()
        poller.register(self.sock, select.POLLIN)
        end = time.monotonic() + seconds
        try:
            if self._peek():  # it came together with what was read last
                return True
            while poller.poll(max(0.0, end - time.monotonic()) * 1000):
                if self._peek() is not None:  # else it was a record of TLS without a word in it
                    return True
        except OSError:
            return True  # whoever reads next is told what it is
        return False

    def hear(self) -> None:
        """Read one response of those that a server gives on its own. Raises `abort` at BYE."""
        self.untagged_responses.clear()
        self._get_response()
        self._check_bye()

    def is_idle_over(self, tag: bytes) -> bool:
        """Whether the server has ended it by itself."""
        return self.tagged_commands[tag] is not None

    def end_idle(self, tag: bytes) -> None:
        """DONE, if the server has not ended IDLE by itself."""
        self.untagged_responses.clear()
        if not self.is_idle_over(tag):
            self.send(b"DONE\r\n")
        self._complete_idle(tag)

    def _complete_idle(self, tag: bytes) -> None:
        kind, data = self._command_complete("IDLE", tag)
        if kind != "OK":
            raise self.error(data[-1].decode("utf-8", "replace"))

    def _peek(self) -> bytes | None:
        """What can be read at once; nothing at the end of the connection; None (with TLS) where nothing has come."""
        timeout = self.sock.gettimeout()
        self.sock.settimeout(0)
        try:
            return cast("BufferedReader", self.file).peek(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return None
        finally:
            self.sock.settimeout(timeout)
