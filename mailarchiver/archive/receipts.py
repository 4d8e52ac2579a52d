"""Which filed mails are to be told of in their mailbox, and which were: the ledger's part of a receipt."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from ..model import MessageRef
from . import given
from .access import Access


class Receipts:
    """What `Store.receipts` gives. Raises `StoreError`, as the store does."""

    def __init__(self, access: Access, root: Path) -> None:
        self._access = access
        self._root = root

    def want(self, account: str, digests: Iterable[str]) -> None:
        """These mails are filed, and to be told of."""
        with self._access.reading() as ledger, ledger.transaction():
            ledger.want_receipts(account, digests)

    def wanted(self, account: str) -> dict[str, bool]:
        """The mails that are still to be told of: digest → whether that may have been done all the same."""
        with self._access.reading() as ledger:
            return ledger.wanted_receipts(account)

    def trying(self, account: str, digest: str) -> None:
        """A receipt is about to be sent: should we be killed, it may be there."""
        with self._access.reading() as ledger, ledger.transaction():
            ledger.trying_receipt(account, digest)

    def sent(self, account: str, digest: str, now: datetime) -> None:
        """It is there."""
        with self._access.reading() as ledger, ledger.transaction():
            ledger.receipt_sent(account, digest, now)

    def articles(self, digest: str) -> list[tuple[str, dict[str, Any]]]:
        """The articles of a mail: each one's folder, from the archive's root, and its article.json. One that was
        removed, or whose files somebody took away, is not among them.
        """
        with self._access.reading() as ledger:
            entries = [ledger.entry(entry_id) for entry_id in ledger.of_mail(digest)]
        folders = [entry.folder for entry in entries if entry is not None]
        found = [(folder, _article(self._root / folder)) for folder in folders]
        return [(folder, told) for folder, told in found if told is not None]

    def is_of_ours(self, digest: str) -> bool:
        """Whether the mail that a receipt tells of was ever filed here: else somebody else has written it."""
        with self._access.reading() as ledger:
            return ledger.has_mail(digest)

    def met(self, ref: MessageRef, own_digest: str, digest: str) -> None:
        """A receipt was met in its mailbox: it is no mail to be filed, and there is nothing to be done about it."""
        with self._access.reading() as ledger, ledger.transaction():
            ledger.note(ref, own_digest, "already", digest)
            if ref.uid is not None and ref.uidvalidity is not None:
                ledger.acknowledged(ref.account, ref.folder, ref.uidvalidity, [ref.uid], "seen")


def _article(folder: Path) -> dict[str, Any] | None:
    try:
        told = given.parsed(given.octets(folder / "article.json"))
    except (OSError, ValueError):  # verify names the damage; there is nothing to be told of it
        return None
    return told if isinstance(told, dict) else None
