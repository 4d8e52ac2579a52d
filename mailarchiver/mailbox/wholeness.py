"""Whether a message that is shorter than its RFC822.SIZE, twice the same, is all there is of it.

Two servers look alike: one that states sizes in its own way (Exchange estimates them; others count line ends that they
do not send), and one that gives half of a message. The third number settles it where it can: BODYSTRUCTURE (RFC 3501
§7.4.2) tells the octets of each part, which a server counts when it takes the message apart. If what came cannot hold
so many, some of it is missing; if it can, RFC822.SIZE was wrong. Where a server tells neither, doubt remains: then the
mail is filed, marked, and nothing is done to it on the server until a later round got the same on another connection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .wire import UNREADABLE, IMAPError, is_refusal

if TYPE_CHECKING:
    from .wire import Client

_OCTETS = 6
"""Where the octets stand in the description of a part that is not made of others."""


def doubt(client: Client, uid: int, data: bytes, size: int) -> str | None:
    """Why these octets may be less than the message, in words; None where they are as many as was stated, or evidently
    all. Raises `IMAPError`: the connection broke.
    """
    if len(data) >= size:
        return None
    told = _octets_told(client, uid)
    _header, separator, body = data.partition(b"\r\n\r\n")
    if told is not None and separator and told <= len(body):
        return None
    return f"the server states {size} octets for this mail, and gave {len(data)} of them, twice"


def _octets_told(client: Client, uid: int) -> int | None:
    """The octets of all parts of a message; None where the server does not tell."""
    try:
        answer = client.fetch([uid], ["BODYSTRUCTURE"])
        return _octets(answer.get(uid, {}).get(b"BODYSTRUCTURE"))
    except IMAPError as error:
        if not is_refusal(error):
            raise
        return None
    except UNREADABLE:  # a description that is none; the whole answer has been read by then
        return None


def _octets(part: Any) -> int:  # noqa: ANN401 - imapclient's tuples
    """The octets of a part, by its description; of those that are made of others, of all of these."""
    if isinstance(part[0], list):
        return sum(map(_octets, part[0]))
    return int(part[_OCTETS])
