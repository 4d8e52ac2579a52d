"""One mail that procmail, a sieve script or Postfix hands over. It is filed, or stays with whoever brought it.

::

    standard input ─ files.read_stream ─▶ filing.file_messages ─▶ on disk, synced: exit 0   then: pages, search
                     whatever goes wrong before that ─▶ Deferred: exit 75
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import BinaryIO

from .archive.store import Store
from .config import Archive, Limits
from .errors import Deferred, MailArchiverError, NoSuchEntry
from .filing import file_messages, opened
from .mailbox import files
from .mailbox.files import Unreadable
from .model import Receipt, Rules
from .poll import refresh_pages
from .text.traces import spot

log = logging.getLogger(__name__)


@contextmanager
def deferring() -> Iterator[None]:
    """Let all trouble leave the block as `Deferred`.

    A mail system returns a mail to its sender, or drops it, at any exit code but 0 and 75 (EX_TEMPFAIL of sysexits.h).
    Neither a slip in the configuration, nor a defect of this program, nor a disk that is not mounted is worth that.
    """
    try:
        yield
    except Deferred:
        raise
    except MailArchiverError as error:
        raise Deferred(str(error)) from error
    except Exception as error:
        log.exception("a mail on standard input was not filed")
        raise Deferred(
            f"the mail was not filed, by a defect of mailarchiver ({spot(error)}): keep it, try again"
        ) from error


def deliver(stream: BinaryIO, archive: Archive, limits: Limits, rules: Rules, *, again: bool = False) -> Receipt:
    """File the one message of a stream; when this returns, it is synced to disk: as an article, or in quarantine.

    The archive must be there: an empty folder in its place is a disk that is not mounted. What comes after the commit
    (browse pages, full text) cannot make a mail undelivered: if it fails, it is logged, and the next command does it.

    Raises:
        Deferred: there is no message, or it cannot be read.
        MailArchiverError: of the archive, as `filing.opened` and `filing.file_messages`; `deferring` turns them.
    """
    try:
        raw = files.read_stream(stream, now=datetime.now(UTC))
    except OSError as error:
        raise Deferred(f"{files.STREAM}: {error.strerror or error}: the mail was not read to its end") from error
    if isinstance(raw, Unreadable):
        raise Deferred(f"{raw.path}: {raw.reason}")
    try:
        with opened(archive, limits, create=False) as (store, worker):
            receipts: list[Receipt] = []
            file_messages([raw], store, worker, rules=rules, on_receipts=receipts.extend, again=again)
            _show(store)
    except NoSuchEntry as error:
        raise Deferred(
            f"there is no archive at {archive.root}: mount its disk; or make it, once: `mailarchiver import FOLDER` "
            f"with any folder does, be it empty"
        ) from error
    return receipts[0]


def _show(store: Store) -> None:
    try:
        refresh_pages(store)
        store.update_search()
    except Exception:
        log.exception("the mail is filed; the browse pages or the full-text index lack it until the next command")
