"""What is done to messages on the server once they are filed. It changes nothing else, and believes nothing.

A server may ignore a STORE (read-only folder), and may answer OK to a MOVE of messages that are gone. So what counts
as done is decided by a new SEARCH. Never a plain EXPUNGE: it would remove what others have marked.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Protocol

from imapclient import DELETED, FLAGGED, SEEN

from .wire import IMAPError, is_refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .wire import Client

ACKNOWLEDGE_AT_ONCE = 100
"""UIDs in one command: about 1,000 octets, what RFC 2683 §3.2.1.5 advises clients to stay below."""


class Copies(Protocol):
    """What is known of copies that an earlier round has begun, and is noted of those that this one begins."""

    @property
    def copied(self) -> frozenset[int]:
        """The UIDs of those that need not be copied any more."""

    def begin(self, uids: Sequence[int], uidvalidity: int, uidnext: int) -> None:
        """These are about to be copied, into a folder with that UIDVALIDITY and UIDNEXT."""


_COPYUID = re.compile(rb"\d+ (\d+(?:[:,]\d+)*) [\d:,]+")

_FLAGS = {"seen": (SEEN, "UNSEEN"), "flag": (FLAGGED, "UNFLAGGED")}

log = logging.getLogger(__name__)


def mark(client: Client, uids: Sequence[int], action: str) -> set[int]:
    r"""Set \Seen (`seen`) or \Flagged (`flag`). Returns the UIDs that carry it now, or are gone."""
    flag, lacking = _FLAGS[action]
    _carry_out(client, uids, lambda some: client.add_flags(some, [flag], silent=True))
    return _all_but(client, uids, lacking)


def move(client: Client, uids: Sequence[int], folder: bytes, copies: Copies | None = None) -> set[int]:
    r"""Move to a folder (its name on the wire). Returns the UIDs that are not in this folder any more, or, where the
    server knows no MOVE (RFC 6851), are copied there and marked \Deleted here. With UIDPLUS (RFC 4315) those are
    expunged of which the server says that they were copied; without, none: that is said. With `copies` it is noted
    what is about to be copied, and what was copied by a round that was cut short is not copied again.

    Raises:
        IMAPError: the folder is not there, or full; nothing was moved then.
    """
    if client.has_capability("MOVE"):
        _carry_out(client, uids, lambda some: client.move(some, folder))
        return _all_but(client, uids)
    client.noop()  # so that it tells what another round has just moved
    # What is marked \Deleted was copied by a round that was cut short here, or is of no interest to the user: copying
    # it would double it, and expunging it might take away the only copy that the user can still restore.
    pending = sorted(present(client, uids, "UNDELETED"))
    if pending:
        done = copies.copied if copies else frozenset()
        copied = set(done) if client.has_capability("UIDPLUS") else set()

        def copy(some: list[int]) -> None:
            client.copy(some, folder)
            copied.update(_copied(client))

        if left_to_copy := [uid for uid in pending if uid not in done]:
            if copies:
                _note(client, left_to_copy, folder, copies)
            _carry_out(client, left_to_copy, copy)
        client.add_flags(pending, [DELETED], silent=True)
        if copied:
            client.uid_expunge(sorted(copied.intersection(pending)))
        if left := present(client, pending):
            log.warning(
                "the server can neither MOVE messages nor tell which it copied: %d copied, and left behind marked as "
                "deleted",
                len(left),
                extra=client.about(),
            )
    return _all_but(client, uids, "UNDELETED")


def _note(client: Client, uids: Sequence[int], folder: bytes, copies: Copies) -> None:
    """Note that these are about to be copied, if the server tells where they would lie. Raises what `copies` does."""
    try:
        told = client.folder_status(folder, ["UIDVALIDITY", "UIDNEXT"])
    except IMAPError as error:
        if not is_refusal(error):
            raise
        return  # the COPY tells why
    uidvalidity, uidnext = told.get(b"UIDVALIDITY"), told.get(b"UIDNEXT")
    if uidvalidity and uidnext:
        copies.begin(uids, int(uidvalidity), int(uidnext))


def _copied(client: Client) -> set[int]:
    """The UIDs that the latest COPY has copied, as the response code of UIDPLUS tells; none where there is none. It is
    silent about those that were gone (RFC 4315 §3), and servers answer OK to a COPY of nothing.
    """
    if not client.has_capability("UIDPLUS"):
        return set()
    found = _COPYUID.fullmatch(client.response_code("COPYUID"))
    uids: set[int] = set()
    for part in found[1].decode().split(",") if found else ():
        first, _, last = part.partition(":")
        low, high = sorted((int(first), int(last or first)))
        uids.update(range(low, min(high, low + ACKNOWLEDGE_AT_ONCE) + 1))
    return uids


def present(client: Client, uids: Sequence[int], *criteria: str) -> set[int]:
    """Those of `uids` that are in the folder and meet the criteria, as far as the server has told us."""
    return set(client.search(["UID", ",".join(map(str, uids)), *criteria])) & set(uids)


def _carry_out(client: Client, uids: Sequence[int], act: Callable[[list[int]], object]) -> None:
    """Do something to messages. Refused because some are gone (RFC 2180 §4; `NO [EXPUNGEISSUED]` of Dovecot, which
    then moves none), it is done to the rest.
    """
    client.noop()  # a server keeps to itself what others expunged until a command lets it tell (RFC 3501 §7.4.1)
    try:
        act(list(uids))
    except IMAPError as error:
        if not is_refusal(error):
            raise
        client.noop()
        left = sorted(present(client, uids))
        if len(left) == len(uids):
            raise
        if left:
            _carry_out(client, left, act)


def _all_but(client: Client, uids: Sequence[int], *criteria: str) -> set[int]:
    """Those of `uids` that are gone, or do not meet the criteria."""
    return set(uids) - present(client, uids, *criteria)
