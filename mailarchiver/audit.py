"""Is every message of a mailbox accounted for: the server's lists beside the ledger. Changes nothing anywhere.

::

    mailbox.search ── UIDs ──┐
    archive.accounting ──────┴─▶ FolderAudit: each UID under one heading, and what should be there and is not
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .archive.accounting import Accounts, accounts
from .archive.seen import Failure
from .config import Account, Limits
from .errors import MailboxError
from .mailbox.imap import ImapMailbox


@dataclass(frozen=True, slots=True)
class FolderAudit:
    """What became of the messages that lie in a folder now. `counts` has each of them under one heading: `filed`,
    `already` (the same mail was in the archive), `quarantined`, `removed` (by the user), `failed` (could not be
    fetched), `large` (more than `max_message`, and left there), `pending` (the next round fetches it), `before` (older
    than `since`), `lost` (was in the archive, and is not), `untold` (the server states no UIDVALIDITY: they are known
    by their octets only). `undone` are those filed with nothing done about them on the server yet.
    """

    account: str
    folder: str
    uidvalidity: int | None
    counts: dict[str, int]
    undone: int = 0
    failures: dict[int, Failure] = field(default_factory=dict)
    large: dict[int, int] = field(default_factory=dict)
    lost: dict[int, str] = field(default_factory=dict)

    def is_sound(self) -> bool:
        """Whether everything is in the archive that should be, or is about to be."""
        return not (self.failures or self.lost)


def audit_account(
    account: Account, root: Path, *, largest: int = Limits().max_message
) -> Iterator[FolderAudit | MailboxError]:
    """Each folder of an account in turn; a `MailboxError` for one that cannot be read. `largest`: the octets that a
    message may have.

    Raises `MailboxError` where the account cannot be reached, `StoreError` for trouble with the archive.
    """
    with ImapMailbox(account.name, account.server(), account.credentials()) as mailbox:
        choice = mailbox.choose(account.folders, account.after.folder)
        yield from (MailboxError(f"account {account.name}: {trouble}") for trouble in choice.troubles)
        for folder in choice.folders:
            try:
                selected = mailbox.select(folder, writable=False)
                listed = set(mailbox.search(None))
                wanted = set(mailbox.search(account.since)) if account.since else listed
            except MailboxError as error:
                if not mailbox.is_connected:
                    raise
                yield error
                continue
            if selected.uidvalidity is None:
                yield FolderAudit(account.name, folder, None, {"untold": len(listed)} if listed else {})
                continue
            told = accounts(root, account.name, folder, selected.uidvalidity)
            yield audit(account.name, folder, selected.uidvalidity, listed, wanted, told, largest)


def audit(
    account: str, folder: str, uidvalidity: int, listed: set[int], wanted: set[int], told: Accounts, largest: int
) -> FolderAudit:
    """Put each UID that is listed under its heading. Pure."""
    headings: dict[int, str] = {}
    large = {uid: found.size for uid, found in told.large.items() if found.size > largest}
    for uid in sorted(listed):
        known = told.seen.get(uid)
        if known is not None:
            headings[uid] = "lost" if known.lost else known.outcome
        elif uid not in wanted:
            headings[uid] = "before"
        elif uid in large:
            headings[uid] = "large"
        else:
            headings[uid] = "failed" if uid in told.failures else "pending"
    return FolderAudit(
        account,
        folder,
        uidvalidity,
        dict(sorted(Counter(headings.values()).items())),
        undone=sum(1 for uid in headings if uid in told.seen and told.seen[uid].action is None),
        failures={uid: told.failures[uid] for uid, heading in headings.items() if heading == "failed"},
        large={uid: large[uid] for uid, heading in headings.items() if heading == "large"},
        lost={uid: told.seen[uid].lost or "" for uid, heading in headings.items() if heading == "lost"},
    )
