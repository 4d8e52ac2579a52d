"""What the store remembers of messages by where they lay: what was done about them, and what could not be.

Part of the store. Nothing but the ledger is written, each record in a transaction of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from .access import Access
from .layout import Layout
from .receipts import Receipts
from .seen import Cursor, Failure, Large


class Remembering:
    """The part of the store that knows messages, not articles. Every method raises `StoreError` as the store's do."""

    _layout: Layout
    _access: Access

    def done_uids(self, account: str, folder: str, uidvalidity: int | None, *, above: int = 0) -> frozenset[int]:
        """The UIDs of a folder beyond `above` that need not be fetched again; none where the server states no
        UIDVALIDITY.
        """
        with self._access.reading() as ledger:
            return frozenset() if uidvalidity is None else ledger.done_uids(account, folder, uidvalidity, above=above)

    def unacknowledged(self, account: str, folder: str, uidvalidity: int, *, quarantined: bool = False) -> list[int]:
        """The UIDs that are filed, or else `quarantined`, with no action on the server recorded yet; ascending."""
        with self._access.reading() as ledger:
            return ledger.unacknowledged(account, folder, uidvalidity, quarantined=quarantined)

    def acknowledged(self, account: str, folder: str, uidvalidity: int, uids: Sequence[int], action: str) -> None:
        """Record what was done on the server. Lost with the ledger, it would be done again."""
        with self._access.reading() as ledger, ledger.transaction():
            ledger.acknowledged(account, folder, uidvalidity, uids, action)

    def is_to_be_looked_through(self, account: str, folder: str) -> bool:
        """Whether a folder that mail is moved to may hold mail that was filed and is unknown: the ledger was made from
        a manifest that may be older, as one from a backup is.
        """
        with self._access.reading() as ledger:
            return ledger.is_to_be_looked_through(account, folder)

    def looked_through(self, account: str, folder: str) -> None:
        """All mail in that folder is known now."""
        with self._access.reading() as ledger, ledger.transaction():
            ledger.looked_through(account, folder)

    def failures(self, account: str, folder: str, uidvalidity: int | None) -> dict[int, Failure]:
        """The messages of a folder that could not be fetched so far, by their UIDs."""
        with self._access.reading() as ledger:
            return {} if uidvalidity is None else ledger.failures(account, folder, uidvalidity)

    def note_failures(
        self, account: str, folder: str, uidvalidity: int, uids: Sequence[int], *, why: str, now: datetime
    ) -> None:
        """Record that these could not be fetched once more: each is left alone for a while, longer each time."""
        with self._access.reading() as ledger, ledger.transaction():
            ledger.note_failures(account, folder, uidvalidity, uids, why, now)

    def forget_failures(self, account: str, folder: str, uidvalidity: int, uids: Iterable[int]) -> None:
        """These are no longer where they could not be fetched from."""
        with self._access.reading() as ledger, ledger.transaction():
            ledger.forget_failures(account, folder, uidvalidity, uids)

    def large(self, account: str, folder: str, uidvalidity: int | None) -> dict[int, Large]:
        """The messages of a folder that are larger than they may be, by their UIDs."""
        with self._access.reading() as ledger:
            return {} if uidvalidity is None else ledger.large(account, folder, uidvalidity)

    def note_large(self, account: str, folder: str, uidvalidity: int, sizes: Mapping[int, int]) -> None:
        """Record messages that are larger than they may be (UID → octets)."""
        with self._access.reading() as ledger, ledger.transaction():
            ledger.note_large(account, folder, uidvalidity, sizes)

    def flagged_large(self, account: str, folder: str, uidvalidity: int, uids: Iterable[int], action: str) -> None:
        """Record what was done about them on the server."""
        with self._access.reading() as ledger, ledger.transaction():
            ledger.flagged_large(account, folder, uidvalidity, uids, action)

    def forget_large(self, account: str, folder: str, uidvalidity: int, uids: Iterable[int]) -> None:
        """These are no longer where they were."""
        with self._access.reading() as ledger, ledger.transaction():
            ledger.forget_large(account, folder, uidvalidity, uids)

    def cursor(self, account: str, folder: str) -> Cursor | None:
        """How far a folder is done; None where that is not known."""
        with self._access.reading() as ledger:
            return ledger.cursor(account, folder)

    def set_cursor(self, account: str, folder: str, cursor: Cursor) -> None:
        """A folder is done so far."""
        with self._access.reading() as ledger, ledger.transaction():
            ledger.set_cursor(account, folder, cursor)

    @property
    def receipts(self) -> Receipts:
        """Which filed mails are to be told of in their mailbox."""
        return Receipts(self._access, self._layout.root)

    def in_quarantine(self) -> int:
        """How many mails lie in quarantine."""
        with self._access.reading() as ledger:
            return ledger.in_quarantine()
