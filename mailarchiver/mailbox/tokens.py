"""Access tokens: where they come from, and when they are to be renewed. Clocks are passed in.

A source of tokens is `Tokens`: a command of the owner's (`TokenCommand`), or Microsoft's sign-in (microsoft.py). A
mailbox asks it for a token whenever it connects; if the server refuses that one, it asks once for another, and no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol, runtime_checkable

from ..errors import MailboxError
from .auth import run_command

RENEW_SECONDS = 300.0
"""A token that ends within this is renewed: one round may take a while, and clocks differ."""
SLACK_SECONDS = 300.0
"""So far may a token have been issued in the future before we say that the clock was set back."""
IDLE_SECONDS = 90 * 86400.0
"""A refresh token of Microsoft's that is not used for so long is dead (learn.microsoft.com, "Refresh tokens in the
Microsoft identity platform")."""
WARN_SECONDS = 14 * 86400.0
COMMAND_SECONDS = 60.0


@runtime_checkable
class Tokens(Protocol):
    """Where access tokens (RFC 6749 §1.4) come from."""

    @property
    def cure(self) -> str:
        """What a person can do where the server takes none of them."""

    def token(self, refused: str | None = None) -> str:
        """A token; another than `refused`, if there is one to be had. Raises `LoginRefused` or `MailboxError`."""


@dataclass(frozen=True, slots=True)
class TokenCommand:
    """The owner's command prints a token on its first line; it is run anew for each connection, without a shell."""

    command: tuple[str, ...]
    seconds: float = COMMAND_SECONDS

    @property
    def cure(self) -> str:
        """As `Tokens`."""
        return f"run {self.command[0]} by hand: it must print an access token of today; its own sign-in may be over"

    def token(self, refused: str | None = None) -> str:  # noqa: ARG002 - the command decides what it prints
        """As `Tokens`. Raises `MailboxError`."""
        token = run_command(self.command, f"token_command {self.command[0]}", "token", self.seconds).strip()
        if not token.isascii() or not token.isprintable() or " " in token:  # an error message, as often as not
            raise MailboxError(
                f"token_command {self.command[0]}: its first line is no access token; it must print nothing else there"
            )
        return token


def due(issued: float, expires: float, now: float) -> bool:
    """Whether a token is to be renewed; all three are seconds since the epoch.

    That is so when it has expired or is about to, and when it was issued in the future: then the clock was set back,
    and how old the token is nobody knows.
    """
    return not issued - SLACK_SECONDS <= now < expires - RENEW_SECONDS


def sign_in_ends(last_used: float, stated: float | None) -> float:
    """When a sign-in will be over: as the token service stated, else so long after its last use."""
    return stated if stated is not None else last_used + IDLE_SECONDS


def warning(ends: float, now: float) -> str | None:
    """What to say of a sign-in that is over soon, or already; None while there is time."""
    left = ends - now
    if left > WARN_SECONDS:
        return None
    if left <= 0:
        return "the sign-in is over"
    days = timedelta(seconds=left).days
    return f"the sign-in is over in {days} days" if days > 1 else "the sign-in is over within two days"
