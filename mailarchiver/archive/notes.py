"""What rounds note down for those that follow: the store's face of `noted`. Disposable, as all of the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from . import glance
from .noted import Copying, Paused

if TYPE_CHECKING:
    from pathlib import Path

    from .access import Access
    from .ledger import Ledger

__all__ = ["Copying", "Notes", "Paused"]


class Notes:
    """What `Store.notes` gives. Raises `StoreError`, as the store does."""

    def __init__(self, access: Access, root: Path) -> None:
        self._access = access
        self._root = root

    @contextmanager
    def _changing(self) -> Iterator[Ledger]:
        with self._access.reading() as ledger, ledger.transaction():
            yield ledger

    def copying(self, account: str, folder: str, uidvalidity: int) -> dict[int, Copying]:
        """The messages of a folder that were about to be copied, and may have been, by their UIDs."""
        with self._access.reading() as ledger:
            return ledger.copying(account, folder, uidvalidity)

    def note_copying(self, account: str, folder: str, uidvalidity: int, copies: Mapping[int, Copying]) -> None:
        """These are about to be copied: should we be killed, the next round looks for their copies."""
        with self._changing() as ledger:
            ledger.note_copying(account, folder, uidvalidity, copies)

    def doubtful(self, account: str, folder: str, uidvalidity: int) -> dict[int, str]:
        """The messages of a folder that may be less than the mail: UID → digest of what came."""
        with self._access.reading() as ledger:
            return ledger.doubtful(account, folder, uidvalidity)

    def note_doubtful(self, account: str, folder: str, uidvalidity: int, uid: int, digest: str) -> None:
        """What came of this message may be less than the mail."""
        with self._changing() as ledger:
            ledger.note_doubtful(account, folder, uidvalidity, uid, digest)

    def forget_doubtful(self, account: str, folder: str, uidvalidity: int, uids: Iterable[int]) -> None:
        """These are in doubt no longer, or gone."""
        with self._changing() as ledger:
            ledger.forget_doubtful(account, folder, uidvalidity, uids)

    def glimpsed(self, account: str, folder: str) -> set[str]:
        """What is known of the messages of a folder without UIDVALIDITY that are in the archive."""
        with self._access.reading() as ledger:
            return ledger.glimpsed(account, folder)

    def glimpse(self, account: str, folder: str, keys: Iterable[str]) -> None:
        """These are in the archive."""
        with self._changing() as ledger:
            ledger.glimpse(account, folder, keys)

    def forget_glimpses(self, account: str, folder: str, keys: Iterable[str]) -> None:
        """These are in the folder no longer."""
        with self._changing() as ledger:
            ledger.forget_glimpses(account, folder, keys)

    def paused(self) -> dict[str, Paused]:
        """The accounts that were to be left alone when that was noted; the time may be over. Whoever asks waits for
        nobody, be it one who has the archive's lock, or who waits for it.
        """
        return glance.paused(self._root)

    def pause(self, account: str, pause: Paused) -> None:
        """An account is to be left alone."""
        with self._changing() as ledger:
            ledger.pause(account, pause)

    def forget_pause(self, account: str) -> None:
        """An account need not be left alone any more."""
        with self._changing() as ledger:
            ledger.forget_pause(account)
