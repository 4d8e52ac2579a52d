"""What tells messages apart where UIDs do not: size, INTERNALDATE, and the fields that name a message.

For folders without UIDVALIDITY, whose UIDs may mean other messages tomorrow (RFC 3501 §2.3.1.1). A few hundred octets
for each message, in place of all of it. Two messages that look alike are told apart by nothing: neither has a key.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING, Any

from .fetch import aware, sets
from .wire import UNREADABLE, IMAPError, is_refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .wire import Client

_FIELDS = "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID DATE FROM SUBJECT)]"


def keys(client: Client, uids: Sequence[int]) -> dict[int, str]:
    """UID → what names a message of the folder that is open; without those for which there is nothing that would. A
    question for `ImapMailbox.ask`.
    """
    found: dict[int, str] = {}
    for some in sets(uids):
        try:
            answer = client.fetch(list(some), ["RFC822.SIZE", "INTERNALDATE", _FIELDS])
        except IMAPError as error:
            if not is_refusal(error):
                raise
            continue
        except UNREADABLE:  # a date that no calendar has; the whole answer has been read by then
            continue
        named = {uid: _key(answer.get(uid, {})) for uid in some}
        found.update({uid: key for uid, key in named.items() if key is not None})
    counts = Counter(found.values())
    return {uid: key for uid, key in found.items() if counts[key] == 1}


def of_part(key: str, digest: str) -> str:
    """What names what came of a message that may be more than that."""
    return f"{key}+{digest}"


def whole(key: str) -> str:
    """What names the message, where that may be the name of what came of it."""
    return key.partition("+")[0]


def _key(items: Mapping[bytes, Any]) -> str | None:
    """A digest; None where a size, a date or the fields are missing."""
    fields = next((value for name, value in items.items() if name.startswith(b"BODY[HEADER.FIELDS")), None)
    size, date = items.get(b"RFC822.SIZE"), aware(items.get(b"INTERNALDATE"))
    if not isinstance(fields, bytes) or not fields.strip() or size is None or date is None:
        return None
    return hashlib.sha256(b"%d %b\n%b" % (size, date.isoformat().encode(), fields)).hexdigest()
