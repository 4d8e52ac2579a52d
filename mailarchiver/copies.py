r"""Moving mail on a server without MOVE, by COPY and STORE: what a cut between the two would have copied twice.

::

    note_copying: these, to there, where the next UID is n ─▶ COPY ─▶ STORE \Deleted ─▶ acknowledged, forget_copying
         └─ cut anywhere ─▶ the next round: found ─▶ those that lie there, with a UID of n or more, are not copied again

So nothing is looked for but after a cut, and then only among what came to that folder since: first by size, then by
digest. What this cannot tell: a copy that somebody has moved on, or expunged, meanwhile. That mail is copied again; so
is one whose folder was numbered anew after the cut, and where the server does not state UIDNEXT (RFC 3501 §6.3.10).
"""

from __future__ import annotations

import logging
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from .archive.digests import digests
from .archive.notes import Copying
from .errors import MailboxError
from .events import about
from .mailbox import survey
from .mailbox.imap import Bounds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .archive.store import Store
    from .mailbox.imap import ImapMailbox, Selected

LOOKED_THROUGH = 10_000
"""So many of the target's newest messages are looked at: their sizes take a second."""

log = logging.getLogger(__name__)


def found(mailbox: ImapMailbox, account: str, source: Selected, begun: Mapping[int, Copying]) -> set[int]:
    """Those of the messages whose copying had begun that lie in their target. `source` is open, and is open again
    afterwards; another folder is meanwhile. Raises `MailboxError`.
    """
    copied: set[int] = set()
    sizes = mailbox.ask("tell the sizes", partial(survey.sizes, uids=sorted(begun)))
    try:
        for target in sorted({each.target for each in begun.values()}):
            wanted = {uid: each for uid, each in begun.items() if each.target == target and uid in sizes}
            copied |= _in_target(mailbox, target, wanted, {sizes[uid] for uid in wanted})
    finally:
        if mailbox.is_connected and mailbox.select(source.folder, writable=True).uidvalidity != source.uidvalidity:
            raise MailboxError(f"account {account}: {source.folder!r} was numbered anew meanwhile")
    if copied:
        text = "%s: %d messages of %r were copied before the connection broke, and are not copied again"
        log.info(text, account, len(copied), source.folder, extra=about(None, account=account, mailbox=source.folder))
    return copied


def _in_target(mailbox: ImapMailbox, target: str, wanted: Mapping[int, Copying], sizes: set[int]) -> set[int]:
    """Those that lie in this folder; each message there is the copy of one."""
    opened = mailbox.select(target, writable=False)
    is_same = all(each.target_uidvalidity == opened.uidvalidity for each in wanted.values())
    above = min((each.above for each in wanted.values()), default=1) - 1 if is_same else 0
    newest = mailbox.search(None, above=above)[-LOOKED_THROUGH:]
    there = mailbox.ask("tell the sizes", partial(survey.sizes, uids=newest))
    candidates = [uid for uid, size in there.items() if size in sizes]
    bounds = Bounds(largest=max(sizes, default=0))  # what was filed may be larger than usual
    left = Counter(digests(raw.data)[0] for batch in mailbox.fetch(candidates, bounds=bounds) for raw in batch)
    copied = set()
    for uid, each in sorted(wanted.items()):
        if left[each.digest]:
            left[each.digest] -= 1
            copied.add(uid)
    return copied


class Book:
    """What is noted of the copies from one folder to another; a `mailbox.acknowledge.Copies`. Raises `StoreError`."""

    def __init__(self, store: Store, place: tuple[str, str, int], target: str, copied: set[int]) -> None:
        self._store = store
        self._place = place
        self._target = target
        self.copied = frozenset(copied)

    def begin(self, uids: Sequence[int], uidvalidity: int, uidnext: int) -> None:
        """These are about to be copied to where the next UID is `uidnext`."""
        copying = Copying(self._target, uidvalidity, uidnext)
        self._store.notes.note_copying(*self._place, dict.fromkeys(uids, copying))
