"""A large message, fetched piece by piece into a file that has no name, and compared with what was stated.

::

    BODY.PEEK[]<0.1048576>, <1048576.1048576>, … ─▶ file ─┬─ as long as stated ─▶ the body
                                                          └─ otherwise: BODY.PEEK[], whole ─▶ the body, or none

A piece that comes short is no end (a server may give less than it is asked for); an empty one, or NIL, is. An end that
comes early is never believed: only the whole message in one answer says that it is not longer. The same is asked for
where a server does not know pieces (RFC 3501 §6.4.5), by refusing them or by giving all at once.
"""

from __future__ import annotations

import logging
import tempfile
from dataclasses import replace
from typing import IO, TYPE_CHECKING

from .fetch import HOLD_ON, Body, aware, fetch
from .wholeness import doubt
from .wire import IMAPError, is_refusal, words

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from datetime import datetime

    from .wire import Client

PIECE = 1 << 20

log = logging.getLogger(__name__)


class _NoRoom(Exception):  # noqa: N818 - said as it is
    """The file cannot be made, or not be written."""


def read_large(
    talking: Callable[[], AbstractContextManager[Client]], uid: int, size: int, *, largest: int = 0
) -> Body | None:
    """A message of about `size` octets, not marked as read; None where it is gone, or is not plausibly the message,
    or where there is no room for the file: that is logged, and must not keep the mail behind it.

    `talking` opens an operation on the connection, bounded in time: each piece is one of its own. `largest` is as for
    `read_bodies`.

    Raises:
        MailboxError: as `talking`.
        IMAPError: the connection broke, or the server refuses for a reason that is not a message's.
    """
    try:
        with _file() as file:
            received, is_whole = _spool(talking, uid, size, file, largest=largest)
            if is_whole:
                file.seek(0)
                return Body(file.read(), received)
            return _confirmed(talking, uid, size, file, largest=largest)
    except _NoRoom as error:
        with talking() as client:
            facts = client.about(uid)
        log.error("UID %d: %s; left for later", uid, error, extra=facts)  # noqa: TRY400 - where from says nothing
        return None


def _spool(
    talking: Callable[[], AbstractContextManager[Client]], uid: int, size: int, file: IO[bytes], *, largest: int
) -> tuple[datetime | None, bool]:
    """Write what comes, piece by piece; INTERNALDATE, and whether it is as long as was stated, with nothing behind."""
    received, total = None, 0
    while total <= size:
        expected, at_most = (PIECE, 0) if total else (size, largest)  # all of it, from who knows no pieces
        with talking() as client, client.expecting(expected, largest=at_most):
            piece, date = _piece(client, uid, total)
        received = received or date
        if not piece or (total and len(piece) > PIECE):
            return received, total == size and piece == b""
        _write(file, piece)
        total += len(piece)
        if total >= size and len(piece) != PIECE:
            return received, total == size
    return received, False


def _piece(client: Client, uid: int, offset: int) -> tuple[bytes | None, datetime | None]:
    """The octets from `offset` on, b"" at the end, and INTERNALDATE; None where the server gives no such piece."""
    try:
        answer = client.fetch([uid], [f"BODY.PEEK[]<{offset}.{PIECE}>", "INTERNALDATE"])
    except IMAPError as error:
        if not is_refusal(error) or HOLD_ON.search(str(error)):
            raise
        log.debug("UID %d: no pieces from %d on (%s)", uid, offset, words(error), extra=client.about(uid))
        return None, None
    items = answer.get(uid, {})
    piece = items.get(b"BODY[]<%d>" % offset, None if offset else items.get(b"BODY[]"))
    return piece if isinstance(piece, bytes) else None, aware(items.get(b"INTERNALDATE"))


def _confirmed(
    talking: Callable[[], AbstractContextManager[Client]], uid: int, size: int, file: IO[bytes], *, largest: int
) -> Body | None:
    """The whole message in one answer, if that has the stated length, or is what came in pieces."""
    with talking() as client, client.expecting(size, largest=largest):
        body = fetch(client, [uid]).get(uid)
        facts = client.about(uid)
    if body is None or len(body.data) == size:
        return body
    file.seek(0)
    told = (uid, size, len(body.data))
    if body.data and body.data == file.read():
        log.warning("UID %d: the server states %d bytes and sends %d", *told, extra=facts)
        with talking() as client:
            return replace(body, doubt=doubt(client, uid, body.data, size))
    log.warning("UID %d: %d bytes stated, %d came; left for later", *told, extra=facts)
    return None


def _file() -> IO[bytes]:
    try:
        return tempfile.TemporaryFile(buffering=0)
    except OSError as error:
        raise _no_room(error) from error


def _write(file: IO[bytes], piece: bytes) -> None:
    rest = memoryview(piece)
    try:
        while rest:
            rest = rest[file.write(rest) :]
    except OSError as error:
        raise _no_room(error) from error


def _no_room(error: OSError) -> _NoRoom:
    where = f"{tempfile.tempdir}: " if tempfile.tempdir else ""  # none where no folder can be written to
    return _NoRoom(f"{where}{error.strerror}: a large message needs room there for a while")
