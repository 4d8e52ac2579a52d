"""What is said to log in, octet by octet: with a password by PLAIN (RFC 4616), with an access token by OAUTHBEARER
(RFC 7628) or Google's XOAUTH2. Pure.

::

    C: a AUTHENTICATE OAUTHBEARER             the first answer on the same line, where SASL-IR is offered (RFC 4959)
    S: +
    C: <user, token>
    S: + <why not, as JSON>                   only where it is refused: then we have to say that we heard it,
    C: <nothing more to say>                  and only then comes
    S: a NO
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Literal

Mechanism = Literal["OAUTHBEARER", "XOAUTH2"]

MECHANISMS: tuple[Mechanism, ...] = ("OAUTHBEARER", "XOAUTH2")
"""The standard first. Microsoft 365 offers the other alone."""

LINE_OCTETS = 8000
"""A command line may have 8,192 octets (RFC 7162 §4); a longer token waits for the server's `+` (RFC 4959 §3)."""


class Bearer:
    """One log-in with an access token: what to answer at each `+` of the server, and what it had against the token."""

    def __init__(self, mechanism: Mechanism, user: str, token: str, *, host: str, port: int, at_once: bool) -> None:
        """With `at_once` the first answer goes with the command, if it is short enough: `opening` has it."""
        first = base64.b64encode(first_answer(mechanism, user, token, host=host, port=port))
        at_once = at_once and len(first) <= LINE_OCTETS
        last = base64.b64encode(b"\x01") if mechanism == "OAUTHBEARER" else b""
        self.opening = first.decode("ascii") if at_once else None
        self._to_say = [last] if at_once else [first, last]
        self._opened = at_once
        self.problem = ""

    def following(self, continuation: bytes) -> bytes:
        """What to answer to a `+`; `*` cancels (RFC 3501 §6.2.2) where there is nothing more to say."""
        if self._opened:
            self.problem = self.problem or read_problem(continuation)
        self._opened = True
        return self._to_say.pop(0) if self._to_say else b"*"


def plain_answer(user: str, password: str) -> str:
    """Who we are, and the password, as PLAIN has it."""
    return base64.b64encode(f"\0{user}\0{password}".encode()).decode("ascii")


def first_answer(mechanism: Mechanism, user: str, token: str, *, host: str, port: int) -> bytes:
    """Who we are, and the token. In OAUTHBEARER the user's name is a saslname: `=` and `,` are escaped (RFC 5801 §4).

    Raises `ValueError` for a token that has other characters than a token may have (RFC 6750 §2.1): in the best case
    it is an error message.
    """
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise ValueError("it is no access token: that has printable ASCII only, and no space")
    if mechanism == "XOAUTH2":
        return f"user={user}\x01auth=Bearer {token}\x01\x01".encode()
    name = user.replace("=", "=3D").replace(",", "=2C")
    return f"n,a={name},\x01host={host}\x01port={port}\x01auth=Bearer {token}\x01\x01".encode()


def read_problem(data: bytes) -> str:
    """The server's reason, in words: `401`, `invalid_token` … (RFC 7628 §3.2.2); "" where it gives none that can be
    read. The scope it asks for is told, too: a token for another one is the usual mistake.
    """
    try:
        told = json.loads(base64.b64decode(data, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return ""
    if not isinstance(told, dict):
        return ""
    parts = [str(told[key])[:200] for key in ("status", "error", "error_description") if told.get(key)]
    scope = f"scope {str(told['scope'])[:200]}" if told.get("scope") else ""
    return ", ".join(dict.fromkeys([*parts, *([scope] if scope else [])]))
