"""What a connection and a mailbox are like: looked at, not touched.

The questions are for `ImapMailbox.ask`. They send CAPABILITY, LIST, STATUS and FETCH of sizes: no folder is opened by
them, and no body read. They raise what imapclient raises.
"""

from __future__ import annotations

import ssl
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from ..errors import MailboxError
from .fetch import read_sizes, sets
from .folders import listed
from .resolve import addresses
from .wire import IMAPError, is_refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .wire import Client

RESOLVER_SECONDS = 60.0
COUNTED_FOLDERS = 200
"""So many folders are asked how many messages they have; a server may need a while for each."""

_SPECIAL = ("\\All", "\\Archive", "\\Drafts", "\\Flagged", "\\Important", "\\Junk", "\\Sent", "\\Trash")
"""RFC 6154 §2, and RFC 8457."""


@dataclass(frozen=True, slots=True)
class Connection:
    """How we are connected. `tls` is its version, None in clear; `valid_until` the end of the server's certificate;
    `log_in` the mechanism; `alerts` what the server wants a person to be told.
    """

    peer: str
    tls: str | None
    valid_until: datetime | None
    log_in: str
    capabilities: tuple[str, ...]
    alerts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """A folder that can be opened. `special` is its use (RFC 6154), `messages` None where that was not asked, or not
    told.
    """

    name: str
    special: str | None
    messages: int | None


@cache
def lacking() -> dict[str, str]:
    """The capabilities that make a difference, and what a server does not do without each."""
    table = tomllib.loads(files(__package__).joinpath("capabilities.toml").read_text("utf-8"))
    return {name: row["without"] for name, row in table.items()}


def resolve(host: str) -> list[str]:
    """The addresses of a host, as the resolver orders them. Raises `MailboxError`, also where it does not answer."""
    try:
        found = addresses(host, None, RESOLVER_SECONDS)
    except (OSError, UnicodeError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise MailboxError(f"the host {host!r} cannot be found ({why}): check host, and this machine's DNS") from error
    return list(dict.fromkeys(str(address[0]) for _, address in found))


def connection(client: Client) -> Connection:
    """How a connection that is logged in is."""
    stream = client.socket()
    secured = stream if isinstance(stream, ssl.SSLSocket) else None
    return Connection(
        peer=str(stream.getpeername()[0]),
        tls=secured.version() if secured else None,
        valid_until=_valid_until(secured) if secured else None,
        log_in=client.mechanism,
        capabilities=tuple(sorted(each.decode("ascii", "replace").upper() for each in client.capabilities())),
        alerts=tuple(client.alerts),
    )


def counted(client: Client) -> list[Counted]:
    """The folders that can be opened, in the server's order, with the number of their messages."""
    found: list[Counted] = []
    for folder in listed(client):
        special = next((use for use in _SPECIAL if use.lower() in folder.flags), None)
        count = _messages(client, folder.raw) if len(found) < COUNTED_FOLDERS else None
        found.append(Counted(folder.name, special, count))
    return found


def sizes(client: Client, uids: Sequence[int]) -> dict[int, int]:
    """The octets of messages of the open folder; what is gone is not among them."""
    found: dict[int, int] = {}
    for some in sets(uids):
        found.update(read_sizes(client, some))
    return found


def _messages(client: Client, name: bytes) -> int | None:
    """STATUS (RFC 3501 §6.3.10), which does not open the folder; None where it is refused."""
    try:
        count = client.folder_status(name, ["MESSAGES"]).get(b"MESSAGES")
    except IMAPError as error:
        if not is_refusal(error):
            raise
        return None
    return int(count) if count is not None else None


def _valid_until(stream: ssl.SSLSocket) -> datetime | None:
    until = (stream.getpeercert() or {}).get("notAfter")
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(until), UTC) if isinstance(until, str) else None
