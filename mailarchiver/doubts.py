"""Mail that may be less than it should: filed at once, and settled by a later round before anything is done to it.

::

    RawMessage.doubt ─▶ noted ─▶ filed with a warning ─▶ a later round fetches it again, on another connection
                                                            ├─ the same     ─▶ it is all: acknowledged
                                                            ├─ in full      ─▶ filed as another mail: acknowledged
                                                            └─ another part ─▶ not filed, tried again later

It is noted before it is filed: should we be killed between the two, it is still in doubt, and whatever comes of it next
is filed. What comes different each time, and never in full, is filed once and then counts as a message that cannot be
fetched.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from .archive.digests import digests
from .events import Event, about

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .archive.store import Store
    from .model import RawMessage

log = logging.getLogger(__name__)


class Doubts:
    """Those of one folder in one round. `uids` are in doubt now: nothing is to be done to them on the server. Raises
    `StoreError`. Without UIDVALIDITY nothing is noted here, and nothing is done there anyway; `unnoted` are those of
    this round, with the digests of what came.
    """

    def __init__(self, store: Store, account: str, folder: str, uidvalidity: int | None) -> None:
        self._store = store
        self._place = None if uidvalidity is None else (account, folder, uidvalidity)
        self._known = {} if self._place is None else store.notes.doubtful(*self._place)
        self.uids = set(self._known)
        self._filed = store.done_uids(account, folder, uidvalidity) if self._known else frozenset()
        self._settled: set[int] = set()
        self.unnoted: dict[int, str] = {}

    def forget(self, listed: Iterable[int], present: Callable[[set[int]], set[int]]) -> None:
        """What is not there any more is of no interest. `present` tells what is, of what was not listed: it may be
        older than `since`, and a search may come back empty by mistake.
        """
        unlisted = self.uids.difference(listed)
        gone = unlisted - present(unlisted) if unlisted else unlisted
        if gone and self._place is not None:
            self._store.notes.forget_doubtful(*self._place, gone)
            self.uids -= gone

    def filed(self, uids: Iterable[int | None]) -> None:
        """These are in the archive as they came last: what was settled is in doubt no longer."""
        settled = self._settled.intersection(uids)
        if settled and self._place is not None:
            self._store.notes.forget_doubtful(*self._place, settled)
            self.uids -= settled

    def settled(self, batches: Iterable[list[RawMessage]]) -> Iterator[list[RawMessage]]:
        """The same batches, without what is neither whole nor the same as before; what was in doubt may be so no
        longer, and other mail is from now on.
        """
        for raws in batches:
            good = [raw for raw in raws if self._weigh(raw)]
            del raws  # who gets the messages decides how long they stay in memory
            if good:
                yield good
            del good

    def _weigh(self, raw: RawMessage) -> bool:
        """Whether it is to be filed."""
        uid, place = raw.ref.uid, self._place
        if uid is not None and place is None and raw.doubt is not None:
            self.unnoted[uid] = digests(raw.data)[0]
        if uid is None or place is None or (raw.doubt is None and uid not in self._known):
            return True
        facts = about(Event.DOUBTFUL, account=raw.ref.account, mailbox=raw.ref.folder, uid=uid)
        digest = digests(raw.data)[0]
        if raw.doubt is None:
            if self._known[uid] == digest:
                text = "UID %d of %r is as long as the server states by now: it is all"
            else:
                text = "UID %d of %r came in full; what was filed of it before is a part, and may be removed"
            log.warning(text, uid, raw.ref.folder, extra=facts)
            self._settled.add(uid)
            return True
        if self._known.get(uid) == digest:
            text = "UID %d of %r came the same on another connection: %s; it is believed to be all"
            log.warning(text, uid, raw.ref.folder, raw.doubt, extra=facts)
            self._settled.add(uid)
            return True
        text = "UID %d of %r may be incomplete: %s; it stays as it is on the server until it was fetched again"
        log.warning(text, uid, raw.ref.folder, raw.doubt, extra=facts)
        self._store.notes.note_doubtful(*place, uid, digest)
        self.uids.add(uid)
        return uid not in self._known or uid not in self._filed
