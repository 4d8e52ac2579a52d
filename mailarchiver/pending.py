"""What of a folder a round has to do with: what is new, and what was left undone.

In most rounds that is next to nothing, whatever the folder holds: up to the cursor everything is recorded, so the
server is asked for what lies beyond it and a little before it, and for those below that are still of interest. Once a
day, and whenever the cursor does not hold (another UIDVALIDITY, another `since`, a ledger made anew), the whole folder
is compared. The cursor stays below the UIDNEXT that was stated when the folder was opened: else a UID that some server
made up, of four thousand million perhaps, would hide what comes until that day is over.

Another UIDVALIDITY (RFC 3501 §2.3.1.1): the server has numbered the folder anew, and what a UID meant is not known any
more. Every message counts as unseen then. It is fetched, and one that is known is recognised by its octets: it is not
filed again, and acknowledged under its new UID; what was left undone under the old one is never done. Equal size and
INTERNALDATE are no proof that a message is known, as two may arrive in the same second, so they spare no fetch.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from .archive.seen import Cursor
from .events import about
from .mailbox import glimpse

if TYPE_CHECKING:
    from .archive.store import Store
    from .config import Account
    from .mailbox.imap import ImapMailbox, Selected

WHOLE_AFTER = timedelta(days=1)
"""A folder is compared as a whole this often, for servers that do not number as they should."""

LOOK_BACK = 500
"""UIDs below the cursor that are asked for all the same. QUIRK: a message may turn up behind one with a higher UID, as
large services number on one machine and list from another (MailKit #1615).
"""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sight:
    """The UIDs of a folder's messages: `listed` are there, as far as they matter now; `pending` those of them that are
    to be fetched. `cursor` holds when all of these were seen to; None where it would hold for nothing, or does already.
    `keys` are for a folder without UIDVALIDITY: by what its messages are known again.
    """

    listed: list[int]
    pending: list[int]
    cursor: Cursor | None
    keys: dict[int, str] = field(default_factory=dict)


def look(
    mailbox: ImapMailbox, selected: Selected, account: Account, store: Store, *, largest: int, now: datetime
) -> Sight:
    """Look through the folder that is open. Messages of more than `largest` octets are not pending if that is known."""
    folder, uidvalidity = selected.folder, selected.uidvalidity
    if uidvalidity is None:
        return _glimpse(mailbox, selected, account, store)
    since = "" if account.since is None else account.since.isoformat()
    place = (account.name, folder, uidvalidity)
    known = store.cursor(account.name, folder)
    if known is not None and known.uidvalidity != uidvalidity:
        log.warning(
            "account %s: the server has numbered %r anew (UIDVALIDITY %d was %d): all of it is fetched, and what is "
            "known is recognised by its content",
            *(account.name, folder, uidvalidity, known.uidvalidity),
            extra=about(None, account=account.name, mailbox=folder),
        )
    large = store.large(*place)
    filed = {uid for held in (False, True) for uid in store.unacknowledged(*place, quarantined=held)}
    doubtful = store.notes.doubtful(*place).keys()
    beyond = selected.uidnext or float("inf")
    if known is not None and known.uid < beyond and _holds(known, uidvalidity, since, now):
        start = known
        left = {*store.failures(*place), *large, *filed, *doubtful}
        above = max(0, start.uid - LOOK_BACK)
        listed = sorted({*mailbox.search(account.since, above=above), *mailbox.present(left)})
    else:
        start, above = Cursor(uidvalidity, 0, since, now), 0
        listed = mailbox.search(account.since)
    done = filed | store.done_uids(*place, above=above)
    pending = [
        uid
        for uid in listed
        if (uid not in done or uid in doubtful) and not (uid in large and large[uid].size > largest)
    ]
    cursor = replace(start, uid=max([start.uid, *(uid for uid in listed if uid < beyond)]))
    return Sight(listed, pending, None if cursor == known else cursor)


def _glimpse(mailbox: ImapMailbox, selected: Selected, account: Account, store: Store) -> Sight:
    """Look through a folder without UIDVALIDITY: what is known by size, date and header need not be fetched again."""
    listed = mailbox.search(account.since)
    keys = mailbox.ask("tell its messages apart", partial(glimpse.keys, uids=listed))
    known = store.notes.glimpsed(account.name, selected.folder)
    there = set(keys.values())
    if listed and (gone := {key for key in known if glimpse.whole(key) not in there}):
        store.notes.forget_glimpses(account.name, selected.folder, gone)
    pending = [uid for uid in listed if keys.get(uid) not in known]
    log.info(
        "account %s: %r has no UIDVALIDITY: of %d messages, %d are not known by size, date and header, and are fetched",
        *(account.name, selected.folder, len(listed), len(pending)),
        extra=about(None, account=account.name, mailbox=selected.folder),
    )
    return Sight(listed, pending, None, keys)


def _holds(cursor: Cursor, uidvalidity: int, since: str, now: datetime) -> bool:
    """Whether what lies below the cursor need not be looked at; the clock may have been set back meanwhile."""
    age = now - cursor.looked
    return (cursor.uidvalidity, cursor.since) == (uidvalidity, since) and timedelta(0) <= age < WHOLE_AFTER
