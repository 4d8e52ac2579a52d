"""Whether a message that is shorter than its RFC822.SIZE, twice the same, is all there is of it.

Two servers look alike: one that states sizes in its own way (Exchange estimates them; others count line ends that they
do not send), and one that gives half of a message. The third number settles it where it can: BODYSTRUCTURE (RFC 3501
§7.4.2) tells the octets of each part, which a server counts when it takes the message apart. If what came cannot hold
so many, some of it is missing; if it can, RFC822.SIZE was wrong. Between the parts there is more than is told, enough
to make up for an end that is missing: a mail of several parts must have its last boundary, too. Where a server tells
neither, doubt remains: then the mail is filed, marked, and nothing is done to it on the server until a later round got
the same on another connection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .wire import UNREADABLE, IMAPError, is_refusal

if TYPE_CHECKING:
    from .wire import Client

_PARAMETERS = 2
"""Where the parameters stand, the boundary among them, of a part that is made of others."""
_OCTETS = 6
"""Where the octets stand in the description of a part that is not made of others."""


def doubt(client: Client, uid: int, data: bytes, size: int) -> str | None:
    """Why these octets may be less than the message, in words; None where they are as many as was stated, or evidently
    all. Raises `IMAPError`: the connection broke.
    """
    if len(data) >= size:
        return None
    told = _told(client, uid)
    _header, separator, body = data.partition(b"\r\n\r\n")
    if told is not None and separator and told[0] <= len(body) and (told[1] is None or told[1] in b"\r\n" + body):
        return None
    return f"the server states {size} octets for this mail, and gave {len(data)} of them, twice"


def _told(client: Client, uid: int) -> tuple[int, bytes | None] | None:
    """The octets of all parts of a message, and what ends it, if it is made of parts (RFC 2046 §5.1.1); None where the
    server does not tell.
    """
    try:
        structure = client.fetch([uid], ["BODYSTRUCTURE"]).get(uid, {}).get(b"BODYSTRUCTURE")
        return _octets(structure), _end(structure)
    except IMAPError as error:
        if not is_refusal(error):
            raise
        return None
    except UNREADABLE:  # a description that is none; the whole answer has been read by then
        return None


def _end(part: Any) -> bytes | None:  # noqa: ANN401 - imapclient's tuples
    """The last boundary of what is made of parts; None where it is not, or the server does not tell its boundary."""
    if not isinstance(part[0], list) or len(part) < _PARAMETERS + 1 or not part[_PARAMETERS]:
        return None
    names, values = part[_PARAMETERS][::2], part[_PARAMETERS][1::2]
    told = {name.lower(): value for name, value in zip(names, values, strict=True)}
    boundary = told.get(b"boundary")
    return None if boundary is None else b"\r\n--%b--" % boundary


def _octets(part: Any) -> int:  # noqa: ANN401 - imapclient's tuples
    """The octets of a part, by its description; of those that are made of others, of all of these."""
    if isinstance(part[0], list):
        return sum(map(_octets, part[0]))
    return int(part[_OCTETS])
