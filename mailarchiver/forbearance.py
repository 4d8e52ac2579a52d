"""The pauses that a server asked for, or a refused log-in, kept over restarts: nobody is hammered by starting anew.

::

    a round is refused ─▶ note ─▶ ledger ─ the next start, or a reload ─▶ left: how long still

What a network did is not noted: that is tried anew at once by whoever starts anew. A pause ends early where the account
was configured otherwise since, or its password is another one; and by `mailarchiver poll`, which tries unless it is to
be patient, as from a timer, if that goes well.
"""

from __future__ import annotations

import hashlib
import logging
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from .archive.notes import Paused
from .errors import LoginRefused, MailboxError, StoreError
from .events import Event, about
from .mailbox.auth import Secret, read_secret
from .schedule import LONGEST_PAUSE, hint, pause
from .text.wording import counted, span_in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .archive.store import Store
    from .config import Account
    from .folder_round import RoundResult

_DECIDES = {
    *("host", "port", "security", "ca_file", "username", "auth", "password_file", "password_command"),
    *("password_credential", "token_command", "client_id", "tenant", "authority", "token_cache"),
}
"""The settings of an account by which a server may come to another answer."""

log = logging.getLogger(__name__)


def mark(account: Account) -> str:
    """What stands for how an account logs in. Of the password it tells 16 bits, which show that it was changed, and
    are of no use to whoever wants to guess it; of one that a command gives, nothing.
    """
    settings = account.model_dump(mode="python", include=_DECIDES)
    told = hashlib.sha256(repr(sorted(settings.items())).encode()).hexdigest()[:16]
    return f"{told}-{_of_secret(account)}"


def _of_secret(account: Account) -> str:
    try:
        if account.client_id is not None:
            status = account.microsoft().file.path.stat()
            return f"{status.st_mtime_ns:x}-{status.st_ino:x}"
        literal = account.password.get_secret_value() if account.password else None
        secret = Secret(file=account.password_file, credential=account.password_credential, literal=literal)
        if secret == Secret():
            return "-"
        return hashlib.sha256(f"{account.name}\0{read_secret(secret)}".encode()).hexdigest()[:4]
    except (MailboxError, OSError):  # the next round tells what is wrong with it
        return "?"


def remaining(paused: Paused, now: datetime) -> timedelta:
    """How long a pause lasts still. Where that is longer than the longest there is, the clock was set back, and how
    much of it is over cannot be known: then it is. Else each restart, and each reload, would have it begin anew.
    """
    left = paused.until - now
    return left if timedelta(0) < left <= LONGEST_PAUSE else timedelta(0)


Left = tuple[timedelta, Paused]
"""How long an account is still to be left alone, and why."""


class Forbearance:
    """Which accounts of an archive are left alone, by a clock on the wall: a pause outlives the process, whose own does
    not. Never raises: a pause that cannot be noted is kept by the daemon while it runs. All methods may be called from
    any thread.
    """

    def __init__(self, store: Store, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store = store
        self._clock = clock
        self._noted: set[str] = set()

    def left(self, accounts: Iterable[Account], say: Callable[[Account, Left], None] | None = None) -> dict[str, Left]:
        """Those of the accounts that are to be left alone, by their names; which is said, by `say` or in the log."""
        try:
            noted = self._store.notes.paused()
        except StoreError as error:
            _tell(error)
            return {}
        self._noted |= set(noted)  # what another thread is noting just now, too
        found = {}
        for account in accounts:
            paused = noted.get(account.name)
            wait = remaining(paused, self._clock()) if paused is not None else timedelta()
            if paused is not None and wait and paused.mark == mark(account):
                found[account.name] = wait, paused
                (say or _say)(account, found[account.name])
        return found

    def note(self, account: Account, wait: timedelta, failures: int, why: Exception | str) -> None:
        """An account is left alone for so long, after so many failures in a row: noted where the server wants it so, or
        refused the log-in.
        """
        if not (isinstance(why, LoginRefused) or hint([str(why)])):
            return
        self._noted.add(account.name)
        try:
            self._store.notes.pause(account.name, Paused(self._clock() + wait, failures, str(why), mark(account)))
        except StoreError as error:
            _tell(error)

    def heed(self, account: Account, outcome: RoundResult | MailboxError) -> None:
        """What a round came to of which nobody counts the failures but this: see `note`, and `forget`."""
        if isinstance(outcome, MailboxError):
            failures = self._failures(account) + 1
            self.note(account, pause(outcome, failures, random.random), failures, outcome)
        elif wait := hint(outcome.troubles):
            self.note(account, wait, 0, "; ".join(outcome.troubles))
        else:
            self._noted.add(account.name)  # by whomever
            self.forget(account)

    def _failures(self, account: Account) -> int:
        """How often it failed in a row, as it is configured now."""
        try:
            paused = self._store.notes.paused().get(account.name)
        except StoreError as error:
            _tell(error)
            return 0
        return paused.failures if paused is not None and paused.mark == mark(account) else 0

    def forget(self, account: Account) -> None:
        """An account got on."""
        if account.name not in self._noted:
            return
        self._noted.discard(account.name)
        try:
            self._store.notes.forget_pause(account.name)
        except StoreError as error:
            _tell(error)


def in_words(left: Left) -> str:
    """How long an account is still left alone, and why."""
    wait, paused = left
    after = f"after {counted(paused.failures, 'failure')} " if paused.failures else ""
    return f"left alone for another {span_in_words(wait.total_seconds())}, {after}({paused.why})"


def _say(account: Account, left: Left) -> None:
    """Tell that an account is not tried at once, though somebody has just started or reloaded the daemon."""
    log.warning(
        "%s: %s; `mailarchiver poll` tries at once, and where that goes well, a reload ends the pause",
        *(account.name, in_words(left)),
        extra=about(Event.LEFT_ALONE, account=account.name, seconds=round(left[0].total_seconds())),
    )


def _tell(error: StoreError) -> None:
    log.warning("which accounts are to be left alone cannot be noted: %s", error, extra=about(Event.ARCHIVE_TROUBLE))
