"""A connection to an IMAP server, in operations: each bounded in time, its trouble told with account and cure.

After any error but a tagged NO or BAD the connection is dropped, for what comes next on it may be the middle of a body;
it is not made anew but by `connect`.
"""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from imaplib import IMAP4
from typing import TYPE_CHECKING, Self, TypeVar

from ..errors import FetchBrokeError, MailboxError
from .connect import Server, connect, hang_up
from .cures import answer_cure
from .fetch import AllRefused
from .wire import TROUBLE, Client, Deadline, IMAPError, is_refusal, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from .tokens import Tokens

_GOODBYE_SECONDS = 5.0

_Result = TypeVar("_Result")

log = logging.getLogger(__name__)


class Conversation:
    """`with Conversation(account, server, credentials) as talk:` connects and logs in; `credentials`, a function that
    gives the password or a source of access tokens, is asked then. It may be used by several threads: one at a time
    talks to the server.

    Every method raises MailboxError (LoginRefused among them); each operation ends within `server.deadline` seconds.
    """

    def __init__(self, account: str, server: Server, credentials: Callable[[], str] | Tokens) -> None:
        self._account = account
        self._server = server
        self._credentials = credentials
        self._deadline = Deadline(server.deadline)
        self._client: Client | None = None
        self._broken: str | None = None
        self._interrupted = False
        self._unwanted = False
        self._line = threading.RLock()

    def __enter__(self) -> Self:
        self.connect()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def connect(self) -> None:
        """Connect and log in, anew if need be; not if this was interrupted, be it while a password is asked for."""
        self.close()
        self._broken = None
        self._deadline = Deadline(self._server.deadline)
        client = None
        try:
            if not self._interrupted:
                client = connect(self._account, self._server, self._credentials, self._deadline)
            self._require_uninterrupted()
            self._client = client
            if client is not None:
                client.facts = {"account": self._account}
        except MailboxError:
            self._require_uninterrupted()  # which is why, whatever it looks like
            raise
        finally:
            if self._client is None:
                if client is not None:
                    hang_up(client)
                self._deadline.release()

    def _require_uninterrupted(self) -> None:
        if self._interrupted:
            raise MailboxError(f"account {self._account}: the connection to {self._server} was ended at: connect")

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection: a refusal leaves it as it was, any other error drops it."""
        return self._client is not None

    @property
    def is_interrupted(self) -> bool:
        """Whether `interrupt` ended what was done here."""
        return self._interrupted

    def interrupt(self, *, is_unwanted: bool = False) -> None:
        """End what another thread is doing here, by shutting the connection. That is no message's fault, unless it is
        a large one that took too long: not where `is_unwanted`, when nobody waits for it. It is for good: there is no
        connecting any more.
        """
        self._unwanted = self._unwanted or is_unwanted
        self._interrupted = True
        self._deadline.shut()

    def ask(self, what: str, question: Callable[[Client], _Result]) -> _Result:
        """The answer to a question about server or mailbox, such as those of survey.py: `what` names it, should it
        fail. One operation, and one that changes nothing on the server.
        """
        with self._talking(what) as client:
            return question(client)

    def close(self) -> None:
        """Log out and disconnect. A connection that is gone, or a server that does not answer within 5 s, is let go."""
        client, self._client = self._client, None
        if client is None:
            return
        try:
            client.socket().settimeout(_GOODBYE_SECONDS)
            self._deadline.seconds = min(self._deadline.seconds, _GOODBYE_SECONDS)
            with self._deadline.running():
                client.logout()
        except (IMAPError, OSError) as error:
            log.debug("account %s: no orderly log-out (%s)", self._account, words(error), extra=client.about())
            hang_up(client)
        finally:
            self._deadline.release()

    def _need_client(self) -> Client:
        if self._client is None and self._broken:
            raise MailboxError(f"{self._broken}; not connected since")
        if self._client is None:
            raise MailboxError(f"account {self._account}: not connected to {self._server}")
        return self._client

    @contextmanager
    def _talking(self, what: str) -> Iterator[Client]:
        """One operation: bounded in time, its errors translated, the connection dropped unless it is known as sound."""
        with self._line:
            client = self._need_client()
            sound = False
            try:
                with self._deadline.running():
                    yield client
                sound = True
            except MailboxError:
                sound = True
                raise
            except TROUBLE as error:
                sound = is_refusal(error)
                text = f"account {self._account}: {self._trouble(what, error)}"
                self._broken = None if sound else text
                raise MailboxError(text) from error
            finally:
                if not sound:
                    self._client = None
                    hang_up(client)
                    self._deadline.release()

    @contextmanager
    def _fetching(self, what: str, uids: Sequence[int], *, in_pieces: bool = False) -> Iterator[Client]:
        """The same, where it may be the messages themselves that break the connection, or that are all refused; and
        `in_pieces` also where one of many operations for a message is interrupted: else it would come first again, and
        nothing behind it ever.
        """
        try:
            with self._talking(what) as client:
                yield client
        except MailboxError as error:
            if isinstance(error.__cause__, AllRefused):
                raise FetchBrokeError(str(error), error.__cause__.uids) from error
            is_ours = self._interrupted and (self._unwanted or not in_pieces)
            if self.is_connected or is_ours:
                raise
            raise FetchBrokeError(str(error), tuple(uids)) from error

    def _trouble(self, what: str, error: Exception) -> str:
        if self._interrupted:
            return f"the connection to {self._server} was ended at: {what}"
        if self._deadline.expired:
            return f"{self._server} did not {what} within {self._deadline.seconds:g} s; tried again next round"
        if isinstance(error, IMAP4.readonly):
            return f'{self._server} did not {what}: it may only be read. Set after to "keep", or get write permission'
        if isinstance(error, TimeoutError):
            return f"{self._server} did not {what}: not an octet for {self._server.timeout:g} s; tried again next round"
        cure = answer_cure(self._server.host, self._server.port, words(error))
        if is_refusal(error):
            return f"{self._server} refused to {what} ({words(error)}){f': {cure}' if cure else ''}"
        return f"the connection to {self._server} broke at: {what} ({words(error)}); {cure or 'tried again next round'}"
