"""For every mail that was filed, a small one into its mailbox: as what, where, and how many of its pictures are there.

::

    filed ─ Receipts.want ─▶ ledger ─ after all folders of a round ─▶ trying ─▶ APPEND ─▶ sent

Never before the commit, and never in the way of filing: what the server refuses is told, and tried again by the next
round. Whoever was killed between APPEND and `sent` is found out by the Message-ID, which is that of no other mail.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from .archive.digests import digests
from .archive.store import Store
from .errors import MailboxError
from .mailbox.imap import ImapMailbox
from .mailbox.receipt import Facts, composed, is_there, told_by
from .model import RawMessage
from .text.terminal import line
from .text.wording import counted

if TYPE_CHECKING:
    from .config import Account

HERE = {"cid", "location", "data", "fetched"}
ELSEWHERE = {"remote", "missing"}
"""What became of the pictures that an article shows, or would show (article.json, "images")."""


def send(account: Account, mailbox: ImapMailbox, store: Store, stop: threading.Event) -> str | None:
    """Send the receipts that are wanted; what the server has against it, if it refuses or breaks off: no more of them
    then. To be called when nothing else is to be done, as it may open another folder. Raises `StoreError`.
    """
    book, folder = store.receipts, account.receipt
    wanted = book.wanted(account.name) if folder is not None else {}
    if folder is None or not wanted:
        return None
    try:
        there = _there(mailbox, folder, [digest for digest, tried in wanted.items() if tried])
        for digest in wanted:
            if stop.is_set():
                break
            if digest not in there and (articles := book.articles(digest)):
                book.trying(account.name, digest)
                mailbox.append(folder, composed(facts(digest, account.username, articles), datetime.now(UTC)))
            book.sent(account.name, digest, datetime.now(UTC))
    except MailboxError as error:
        return f"receipts: {error}"
    return None


def without_own(batches: Iterable[list[RawMessage]], store: Store, own: set[int]) -> Iterator[list[RawMessage]]:
    """The same batches, without the receipts that we put there ourselves. Those are recorded, and their UIDs entered in
    `own`. A mail that only looks like one names no mail of this archive: nobody else knows their digests.
    """
    for raws in batches:
        others = [raw for raw in raws if not _is_own(raw, store, own)]
        del raws  # who gets the messages decides how long they stay in memory
        if others:
            yield others
        del others


def _is_own(raw: RawMessage, store: Store, own: set[int]) -> bool:
    digest = told_by(raw.data)
    if digest is None or raw.ref.uid is None or not store.receipts.is_of_ours(digest):
        return False
    store.receipts.met(raw.ref, digests(raw.data)[0], digest)
    own.add(raw.ref.uid)
    return True


def facts(digest: str, address: str, articles: list[tuple[str, dict[str, Any]]]) -> Facts:
    """What is told of a mail, by the folders and the article.json of its articles."""
    message = articles[0][1].get("message")
    told = message if isinstance(message, dict) else {}
    message_id, subject = told.get("message_id"), told.get("subject")
    return Facts(
        digest,
        message_id if isinstance(message_id, str) else None,
        subject if isinstance(subject, str) else None,
        address,
        tuple(_article(folder, article) for folder, article in articles),
    )


def _article(folder: str, article: dict[str, Any]) -> str:
    """An article in a few lines: `filed as “Title”`, its folder, its pictures and attachments, its warnings."""
    outcomes = [image.get("outcome") for image in _objects(article, "images")]
    here, shown = sum(each in HERE for each in outcomes), sum(each in HERE | ELSEWHERE for each in outcomes)
    attachments = len(_objects(article, "attachments"))
    parts = [
        *([f"{here} of {counted(shown, 'picture')}"] if shown else []),
        *([counted(attachments, "attachment")] if attachments else []),
    ]
    warnings = [
        f"warning: {line(str(each.get('code')))}: {line(str(each.get('detail')))}"
        for each in _objects(article, "warnings")
    ]
    title = line(str(article.get("title") or ""))
    return "\n".join([f"filed as “{title}”", folder, *([", ".join(parts)] if parts else []), *warnings])


def _objects(article: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """What stands in a list of article.json, which somebody may have edited."""
    found = article.get(key)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _there(mailbox: ImapMailbox, folder: str, digests: list[str]) -> set[str]:
    """Those of the mails whose receipts are in the folder."""
    if not digests:
        return set()
    mailbox.select(folder, writable=False)
    return {digest for digest in digests if mailbox.ask("look for a receipt", partial(is_there, digest=digest))}
