"""A mailbox on an IMAP server: read without leaving a trace, changed by `acknowledge` only.

    connect ─▶ select ─▶ search ─▶ fetch ─▶ (the archive commits) ─▶ acknowledge

One `ImapMailbox` is one connection (`Conversation`), for one round.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from imaplib import IMAP4
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

from imapclient import DELETED, SEEN

from ..errors import MailboxError
from ..model import After, MessageRef, RawMessage
from . import folders
from .acknowledge import ACKNOWLEDGE_AT_ONCE, Copies, mark, move, present
from .connect import Server
from .conversation import Conversation
from .fetch import BATCH_MESSAGES, BODIES_AT_ONCE, Body, Bounds, plan, read_bodies, read_sizes, sets
from .pieces import read_large
from .wire import Client, IMAPError, is_refusal, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from .folders import Choice
    from .tokens import Tokens

__all__ = ["Bounds", "ImapMailbox", "Selected", "Server"]

SEARCH_AT_ONCE = 50_000
"""Messages per SEARCH. QUIRK: imaplib takes no line over 1 MB; so many UIDs of ten digits make half of that."""

_Result = TypeVar("_Result")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Selected:
    """The folder that is open. `uidvalidity` is None where the server states none (RFC 3501 §2.3.1.1 demands it):
    its UIDs may mean other messages tomorrow, so nothing is done to messages there. `uidnext` is above every UID that
    was there when it was opened (RFC 3501 §2.3.1.1); None where it states none.
    """

    folder: str
    uidvalidity: int | None
    messages: int
    uidnext: int | None = None


class ImapMailbox(Conversation):
    """`with ImapMailbox(account, server, credentials) as mailbox:` connects and logs in, see `Conversation`.

    Every method raises MailboxError with account, trouble and cure in its text; an operation is one batch where there
    are batches.
    """

    def __init__(self, account: str, server: Server, credentials: Callable[[], str] | Tokens) -> None:
        super().__init__(account, server, credentials)
        self._selected: Selected | None = None
        self._writable = False
        self._may_delete = True

    def connect(self) -> None:
        """As `Conversation`; no folder is open then."""
        self._selected = None
        super().connect()

    def choose(self, wanted: Sequence[str], target: str | None) -> Choice:
        """The folders that are meant by names, patterns and special uses, as things are now; see `folders.choose`."""
        if all(map(folders.is_plain, wanted)) and (target is None or not target.startswith("\\")):
            return folders.choose(wanted, target, ())
        with self._talking("list its folders") as client:
            there = folders.listed(client)
        return folders.choose(wanted, target, there)

    def select(self, folder: str, *, writable: bool) -> Selected:
        """Open a folder; without `writable` by EXAMINE, so that nothing on the server changes (RFC 3501 §6.3.2).

        Raises:
            MailboxError: it is not there (the text lists those that are), or may not be changed but is to be.
        """
        self._selected = None  # a folder that cannot be opened leaves none open (RFC 3501 §6.3.1)
        with self._talking(f"open the folder {folder!r}") as client:
            answer = self._with_folder(client, folder, lambda raw: client.select_folder(raw, readonly=not writable))
            uidvalidity = answer.get(b"UIDVALIDITY")
            messages, uidnext = int(answer.get(b"EXISTS", 0)), answer.get(b"UIDNEXT")
            self._selected = Selected(folder, uidvalidity or None, messages, uidnext or None)
            self._writable = writable
            client.facts = {**client.facts, "mailbox": folder}
            # A folder from which nothing may be deleted would get copied again and again (RFC 3501 §7.1).
            permanent = answer.get(b"PERMANENTFLAGS", (DELETED,))
            self._may_delete = DELETED.lower() in {flag.lower() for flag in permanent}
        if self._selected.uidvalidity is None:
            text = "account %s: %r has no UIDVALIDITY: its messages stay as they are"
            log.warning(text, self._account, folder, extra=self._need_client().about())
        return self._selected

    def search(self, since: date | None, *, above: int = 0) -> list[int]:
        """The UIDs of all messages, ascending; with `since` of those whose INTERNALDATE is of that day or later, as
        the server reckons days (RFC 3501 §6.4.4 disregards time and zone); with `above` of those beyond that UID.
        """
        selected = self._need_selected()
        wanted = [*(["UID", f"{above + 1}:*"] if above else []), *(["SINCE", since] if since else [])]
        found: set[int] = set()
        for part in _parts(selected.messages):
            with self._talking(f"search {selected.folder!r}") as client:
                found.update(client.search([part, *wanted]))
        # `n:*` is the last message even where its UID is lower: RFC 3501 §6.4.8
        return sorted(uid for uid in found if uid > above)

    def present(self, uids: Iterable[int]) -> set[int]:
        """Those of the messages that are in the folder now."""
        selected = self._need_selected()
        found: set[int] = set()
        for some in sets(sorted(uids)):
            with self._talking(f"search {selected.folder!r}") as client:
                client.noop()  # a server keeps to itself what others expunged until a command lets it tell
                found |= present(client, some)
        return found

    def fetch(
        self,
        uids: Sequence[int],
        *,
        at_once: int = BATCH_MESSAGES,
        bounds: Bounds = Bounds(),  # noqa: B008 - it is frozen
        on_large: Callable[[Mapping[int, int]], None] = lambda _: None,
    ) -> Iterator[list[RawMessage]]:
        """The messages in batches (at most 50, and 16 MB but for larger single ones), none marked as read.

        What is gone, and what the server does not give or gives damaged, is not among them and is logged; nor is what
        is larger than it may be, of which `on_large` hears (UID → octets). Those at which the connection breaks are
        named by `FetchBrokeError`: with `at_once` of 1, it is that one.
        """
        selected = self._need_selected()
        for window in sets(uids) if at_once > 1 else [[uid] for uid in uids]:
            with self._fetching(f"read the sizes of {len(window)} messages of {selected.folder!r}", window) as client:
                sizes = read_sizes(client, window)
            large = {uid: size for uid, size in sizes.items() if size > bounds.largest}
            if large:
                on_large(large)
            missing = set(window) - large.keys()
            fitting = [(uid, size) for uid, size in sizes.items() if uid not in large]
            for bodies in self._bodies(selected, fitting, at_once, bounds):
                missing -= bodies.keys()
                for part in list(plan((uid, len(body.data)) for uid, body in bodies.items())):
                    # whoever gets the messages decides how long they stay in memory
                    yield [self._raw(selected, uid, bodies.pop(uid)) for uid in part]
            self._report_missing(selected, missing)

    def _bodies(
        self, selected: Selected, sizes: Sequence[tuple[int, int]], at_once: int, bounds: Bounds
    ) -> Iterator[dict[int, Body]]:
        """Bodies, of many messages by one command; each of the large ones by as many as it takes. The first command is
        for one batch, so that whoever gets it can begin.
        """
        first, rest = sizes[:at_once], sizes[at_once:]
        more = BODIES_AT_ONCE if at_once > 1 else 1
        largest = bounds.largest if at_once == 1 else 0  # what is tried again, alone, may be longer than was stated
        for batch in chain(
            plan(first, messages=at_once, alone=bounds.pieces), plan(rest, messages=more, alone=bounds.pieces)
        ):
            what = f"read {len(batch)} messages of {selected.folder!r}"
            (uid, size), *others = batch.items()
            if others or size <= bounds.pieces:
                with self._fetching(what, list(batch)) as client:
                    bodies = read_bodies(client, batch, largest=largest)
                yield bodies
                continue
            talking = partial(self._fetching, what, [uid], in_pieces=True)
            if (body := read_large(talking, uid, size, largest=largest)) is not None:
                yield {uid: body}
                del body  # nor is it kept here while the next one comes

    def acknowledge(self, uids: Sequence[int], after: After, copies: Copies | None = None) -> set[int]:
        """Do to the messages what `after` says. Returns those for which a new search showed it as done, or as gone.
        `copies` is as for `acknowledge.move`.

        Nothing is done in a folder without UIDVALIDITY: the result is empty then.

        Raises:
            MailboxError: the target folder is missing (the text lists those there are), the folder was not opened
                as writable, or the server refuses.
        """
        if after.action == "keep":
            return set(uids)
        selected = self._need_selected()
        if selected.uidvalidity is None:
            return set()
        if not self._writable:
            raise MailboxError(f"account {self._account}: {selected.folder!r} was opened for reading only")
        done: set[int] = set()
        for some in _slices(uids, ACKNOWLEDGE_AT_ONCE):
            done |= self._act(some, after, copies)
        if len(done) < len(set(uids)):
            log.warning(
                "account %s: %r was not carried out for %d of %d messages of %s; tried again next round",
                *(self._account, after.action, len(set(uids) - done), len(set(uids)), selected.folder),
                extra=self._need_client().about(),
            )
        return done

    def append(self, folder: str, data: bytes) -> None:
        r"""Put a message into a folder, as one that was read (\Seen)."""
        with self._talking(f"put a message into {folder!r}") as client:
            self._with_folder(client, folder, lambda raw: client.append(raw, data, (SEEN,)))

    def _act(self, uids: Sequence[int], after: After, copies: Copies | None) -> set[int]:
        if after.action != "move":
            with self._talking(f"mark {len(uids)} messages") as client:
                self._require_epoch(client)
                return mark(client, uids, after.action)
        if after.folder is None:
            raise MailboxError(f'account {self._account}: "move" needs a folder, as in "move:Archived"')
        with self._talking(f"move {len(uids)} messages to {after.folder!r}") as client:
            if not (self._may_delete or client.has_capability("MOVE")):
                raise MailboxError(
                    f"account {self._account}: {self._server} does not let messages be deleted from "
                    f'{self._need_selected().folder!r}, so none was moved. Set after to "keep", or get the right to'
                )
            self._require_epoch(client)
            return self._with_folder(client, after.folder, lambda raw: move(client, uids, raw, copies))

    def _require_epoch(self, client: Client) -> None:
        """A server must not number a folder anew while it is open (RFC 3501 §2.3.1.1). One that does is told no UID."""
        opened, told = self._need_selected().uidvalidity, client.uidvalidity()
        if told not in {opened, None}:
            raise IMAP4.abort(f"UIDVALIDITY was {opened} and is {told}")

    def _with_folder(self, client: Client, name: str, act: Callable[[bytes], _Result]) -> _Result:
        """Do something with a folder, under the server's own spelling of its name if ours is refused."""
        try:
            return act(folders.to_wire(name))
        except IMAPError as error:
            if not is_refusal(error):
                raise
            there = folders.listing(client)
            spelling = folders.look_up(there, name)
            if spelling is not None:
                return act(spelling)
            if name in there or name.upper() == "INBOX":
                raise
            raise MailboxError(
                f"account {self._account}: there is no folder {name!r} on {self._server} ({words(error)}). Create it, "
                f"or name one of those there are: {', '.join(sorted(there))}"
            ) from error

    def _raw(self, selected: Selected, uid: int, body: Body) -> RawMessage:
        ref = MessageRef(self._account, selected.folder, selected.uidvalidity, uid)
        # Without INTERNALDATE the message's own fields tell when it came, and if they do not, it came now.
        fallback = None if body.received else datetime.now(UTC)
        return RawMessage(ref, body.received, body.data, fallback=fallback, doubt=body.doubt)

    def _report_missing(self, selected: Selected, uids: set[int]) -> None:
        """Say which messages did not come although they are still there: those need somebody's attention."""
        there = self.present(uids)
        if there:
            log.warning(
                "account %s: %s lists the messages %s of %r and does not give them; tried again next round",
                *(self._account, self._server, sorted(there), selected.folder),
                extra=self._need_client().about(),
            )

    def _need_selected(self) -> Selected:
        self._need_client()
        if self._selected is None:
            raise MailboxError(f"account {self._account}: no folder of {self._server} is open")
        return self._selected


def _parts(messages: int) -> list[str]:
    """Search keys that together cover a folder: everything, or ranges of message numbers where there are too many."""
    if messages <= SEARCH_AT_ONCE:
        return ["ALL"]
    firsts = range(1, messages + 1, SEARCH_AT_ONCE)
    return [f"{first}:{first + SEARCH_AT_ONCE - 1 if first != firsts[-1] else '*'}" for first in firsts]


def _slices(uids: Sequence[int], length: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(uids), length):
        yield uids[start : start + length]
