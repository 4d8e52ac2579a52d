"""Whole rounds on servers as they should not be: every row of what IMAP is really like, three times each.

In each of one to three rounds the server spoils its answers at one place; message 1, 2 or 3 is struck. Each such round
ends in time, files nothing that was not sent, nothing twice, and does nothing on the server to what is not in the
archive. A sound round makes up for the rest. By default each mode is tried once, with MAILARCHIVER_FULL=1 three times.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Any

import pytest

from mailarchiver import pending
from mailarchiver.archive import seen
from mailarchiver.archive.digests import digests
from mailarchiver.archive.renewal import raw_mail
from mailarchiver.archive.store import Store
from mailarchiver.config import Account
from mailarchiver.errors import MailboxError
from mailarchiver.events import facts_of
from mailarchiver.folder_round import RoundResult
from mailarchiver.mailbox import pieces
from mailarchiver.mailbox.imap import Bounds, ImapMailbox, Server
from mailarchiver.model import After, Rules
from mailarchiver.poll import poll_account
from mailarchiver.workers import InProcess
from tests.archive.aftermath import FULL, assert_nothing_is_half_there, in_memory
from tests.archive.filings import entry_folders
from tests.servers.scripted import HANG_UP, Answer, Slowly
from tests.servers.simulated import DONE, NO_FOLDER, Box, Fault, SimulatedServer

TIMES = pytest.mark.parametrize("times", (1, 2, 3) if FULL else (2,))
MAILS = [
    b"From: jane@example.org\r\nSubject: Walk %d\r\nDate: Wed, 6 Mar 2024 12:00:00 +0000\r\n\r\n" % number
    + b"Up the hill and down.\r\n" * (number + 1)
    for number in range(4)
]
LONG = 60.0
"""Seconds that an operation may take where the server is slow for no fault of its own."""


class Site:
    """An account on a simulated server, an archive, and a watch that nothing is done before it is filed."""

    def __init__(self, root: Path, server: SimulatedServer, after: After) -> None:
        self.root = root
        self.server = server
        self.after = after
        self.folders = ["INBOX"]
        self.since: date | None = None
        self.bounds = Bounds()
        self.too_early: list[str] = []
        server.watch = self._watch

    def _watch(self, command: str, mails: list[bytes]) -> None:
        if not command.startswith("UID ") or not set(mails) <= set(self.filed()):
            self.too_early.append(command)

    def account(self) -> Account:
        table = {"name": "articles", "host": "127.0.0.1", "port": self.server.port, "security": "none"}
        more = {"username": "jane", "password": "secret", "after": self.after, "folders": self.folders}
        more["since"] = self.since
        return Account.model_validate({**table, **more})

    def round(self) -> RoundResult | str:
        with Store.open(self.root, min_free=0) as store:
            try:
                stop = threading.Event()
                return poll_account(self.account(), store, InProcess(), rules=Rules(UTC), stop=stop, bounds=self.bounds)
            except MailboxError as error:
                return str(error)
            finally:
                assert_nothing_is_half_there(self.root)

    def filed(self) -> list[bytes]:
        manifest = self.root / "manifest.jsonl"
        lines = manifest.read_bytes().splitlines() if manifest.exists() else []
        found = [(self.root / json.loads(line)["folder"] / "message.eml").read_bytes() for line in lines]
        assert len(set(found)) == len(found) == len(entry_folders(self.root)), "doubled"
        return found

    def warned(self, mail: bytes) -> list[str]:
        """The codes of the warnings of a mail's article."""
        for line in (self.root / "manifest.jsonl").read_bytes().splitlines():
            folder = self.root / json.loads(line)["folder"]
            if (folder / "message.eml").read_bytes() == mail:
                told = json.loads((folder / "article.json").read_bytes())
                return [each["code"] for each in told["warnings"]]
        raise AssertionError("it is not in the archive")

    def assert_made_up(self, mails: list[bytes]) -> None:
        """A sound round: all that is there is filed, and acknowledged."""
        result = self.round()
        assert isinstance(result, RoundResult), result
        assert result.is_sound(), result
        assert sorted(self.filed()) == sorted(mails)
        assert self.too_early == []
        inbox = self.server.boxes["INBOX"].messages
        moved = [held.data for held in self.server.boxes["Archived"].messages.values()]
        match self.after.action:
            case "move":
                assert all("\\Deleted" in held.flags for held in inbox.values())
                assert sorted(moved) == sorted(mails), "moved, and none of them twice"
            case "seen":
                assert all("\\Seen" in held.flags for held in inbox.values())
            case _:
                assert not any(held.flags for held in inbox.values())


Make = Callable[..., Site]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Makes a site; what could not be fetched is tried again at once."""
    monkeypatch.setattr(seen, "pause", lambda _tries: timedelta(0))
    servers: list[SimulatedServer] = []
    with in_memory() as folder:

        def made(after: After, *, capabilities: str = "UIDPLUS MOVE") -> Site:
            servers.append(SimulatedServer(list(MAILS), capabilities=capabilities).__enter__())
            return Site(folder / "archive", servers[-1], after)

        yield made
        for server in servers:
            server.__exit__(None, None, None)


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> Callable[[float, float], None]:
    """Sets the seconds without an octet, and those for an operation; both are long at first."""
    original = Account.server

    def hurry(timeout: float, deadline: float) -> None:
        def server(account: Account) -> Server:
            return replace(original(account), timeout=timeout, deadline=deadline)

        monkeypatch.setattr(Account, "server", server)

    hurry(LONG, LONG)
    return hurry


MOVE, SEEN, KEEP = After("move", "Archived"), After("seen"), After("keep")
PLACES = {
    "greeting": MOVE,
    "CAPABILITY": MOVE,
    "AUTHENTICATE PLAIN": MOVE,
    "password": MOVE,
    "EXAMINE": MOVE,
    "SELECT": MOVE,
    "UID SEARCH": MOVE,
    "sizes": MOVE,
    "bodies": MOVE,
    "NOOP": SEEN,
    "UID STORE": SEEN,
    "UID MOVE": MOVE,
    "UID COPY": MOVE,
    "UID STORE to move": MOVE,
    "UID EXPUNGE": MOVE,
    "LOGOUT": MOVE,
}
"""Where a round talks with the server, and the account that comes by there."""
WITHOUT_MOVE = {"UID COPY": "UIDPLUS", "UID STORE to move": "UIDPLUS", "UID EXPUNGE": "UIDPLUS"}
"""Where it comes by only if the server knows no MOVE."""


def at(place: str) -> str:
    """The place as the server knows it."""
    return place.removesuffix(" to move")


def in_the_middle(sound: bytes) -> Answer:
    return sound[: len(sound) // 2] + HANG_UP


def farewell(_sound: bytes) -> Answer:
    return b"* BYE the server is going down\r\n" + HANG_UP


def farewell_in_the_middle(sound: bytes) -> Answer:
    first = sound.partition(b"\r\n* ")[0] if b"\r\n* " in sound else b""
    return first + (b"\r\n" if first else b"") + b"* BYE going down now\r\n" + HANG_UP


def refusal(_sound: bytes) -> Answer:
    return b"{tag} NO not now\r\n"


def bad(_sound: bytes) -> Answer:
    return b"{tag} BAD what?\r\n"


def garbage(_sound: bytes) -> Answer:
    return b"\x00\xff* garbage (\r\n" + DONE + HANG_UP


def anothers_tag(_sound: bytes) -> Answer:
    return b"XX99 OK not yours\r\n" + HANG_UP


def throttled(_sound: bytes) -> Answer:
    return b"{tag} NO [LIMIT] Request is throttled. Suggested Backoff Time: 299910 milliseconds\r\n"


def throttled_and_ended(_sound: bytes) -> Answer:
    return b"{tag} BAD Request is throttled. Suggested Backoff Time: 299910 milliseconds\r\n* BYE wait\r\n" + HANG_UP


def long_line(_sound: bytes) -> Answer:
    return b"* OK " + b"x" * 1_100_000 + b"\r\n" + DONE


WAYS = (in_the_middle, farewell, farewell_in_the_middle, refusal, bad, garbage, anothers_tag, throttled)
WAYS_OF_COMMANDS = (*WAYS, throttled_and_ended, long_line)


@TIMES
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("way", WAYS_OF_COMMANDS, ids=lambda way: way.__name__)
def test_trouble_anywhere(make: Make, hurry: Any, place: str, way: Callable[[bytes], Answer], times: int) -> None:
    site = make(PLACES[place], capabilities=WITHOUT_MOVE.get(place, "UIDPLUS MOVE"))
    hurry(2.0, 4.0)  # what is no answer is waited for
    site.server.fault = Fault(at(place), way)
    for _ in range(times):
        start = time.monotonic()
        site.round()
        assert time.monotonic() - start < 30
        assert set(site.filed()) <= set(MAILS)
    site.server.fault = None
    hurry(LONG, LONG)
    site.assert_made_up(MAILS)


@TIMES
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("octets", [b"", b"* OK " + b"x" * 3000], ids=["silence", "trickle"])
def test_silence_and_trickle_end_with_the_deadline(
    make: Make, hurry: Any, place: str, octets: bytes, times: int
) -> None:
    """One octet now and then keeps a socket's own time-out from ever coming."""
    site = make(PLACES[place], capabilities=WITHOUT_MOVE.get(place, "UIDPLUS MOVE"))
    hurry(0.5, 1.0)
    site.server.fault = Fault(at(place), lambda _sound: Slowly(octets, 0.1))
    for number in range(times):
        start = time.monotonic()
        told = site.round()
        assert time.monotonic() - start < 30
        if place == "LOGOUT":
            assert isinstance(told, RoundResult), "a farewell is not waited for long, and missed by nobody"
        elif number == 0:
            assert isinstance(told, str)
    site.server.fault = None
    hurry(LONG, LONG)
    site.assert_made_up(MAILS)


SLOWLY = {
    "silence": lambda _sound: Slowly(b"", 0.1),
    "trickle": lambda _sound: Slowly(b"* OK " + b"x" * 3000, 0.1),
    "trickle of the piece itself": lambda sound: Slowly(sound, 0.4),
}
"""Ways to keep a connection alive, and an operation from ever ending."""


@TIMES
@pytest.mark.parametrize("offset", [0, 64])
@pytest.mark.parametrize(
    "way",
    [*WAYS_OF_COMMANDS, *(pytest.param(way, id=name) for name, way in SLOWLY.items())],
    ids=lambda way: getattr(way, "__name__", None),
)
def test_trouble_within_a_message_that_comes_in_pieces(
    make: Make, hurry: Any, monkeypatch: pytest.MonkeyPatch, way: Callable[[bytes], Answer], offset: int, times: int
) -> None:
    """Each piece has the deadline of an operation; of a message that lacks one nothing is filed."""
    monkeypatch.setattr(pieces, "PIECE", 64)
    site = make(MOVE)
    site.bounds = Bounds(pieces=100)
    hurry(1.0, 2.0)
    struck_at = b"BODY[]<%d>" % offset

    def spoil(sound: bytes) -> Answer:
        return way(sound) if struck_at in sound else sound

    site.server.fault = Fault("bodies", spoil)
    for _ in range(times):
        start = time.monotonic()
        site.round()
        assert time.monotonic() - start < 30
        assert set(site.filed()) <= set(MAILS)
    site.server.fault = None
    hurry(LONG, LONG)
    site.assert_made_up(MAILS)


# --- a message is struck ----------------------------------------------------------------------------------------------


def item(uid: int) -> re.Pattern[bytes]:
    """The answer about a message, in an answer about several."""
    return re.compile(rb"\* \d+ FETCH \(UID %d [^{]*?(?:\{(\d+)\}\r\n(?:.*?))?\)\r\n(?=\* |\{tag\})" % uid, re.DOTALL)


def struck(change: Callable[[bytes, int], bytes]) -> Callable[[int], Callable[[bytes], Answer]]:
    """A way to spoil what is said of one message."""

    def of(uid: int) -> Callable[[bytes], Answer]:
        def spoil(sound: bytes) -> Answer:
            if change in SLIPS and sound.count(b" FETCH (UID") == 1:
                return sound
            return item(uid).sub(lambda found: change(found[0], uid), sound, count=1)

        return spoil

    return of


def sized(change: Callable[[int], int]) -> Callable[[bytes, int], bytes]:
    """Another length before the body than it has."""
    return lambda answer, _uid: re.sub(rb"\{(\d+)\}", lambda found: b"{%d}" % change(int(found[1])), answer, count=1)


def without_body(answer: bytes, _uid: int) -> bytes:
    return re.sub(rb"BODY\[\](?:<\d+>)? \{.*\)\r\n$", b"BODY[] NIL)\r\n", answer, flags=re.DOTALL)


def shorter(answer: bytes, _uid: int) -> bytes:
    """The answer about a message with half of its body, in good form."""
    head, _, data = answer.partition(b"}\r\n")
    length = int(head.rpartition(b"{")[2])
    return head.rpartition(b"{")[0] + b"{%d}\r\n" % (length // 2) + data[: length // 2] + b")\r\n"


def empty(answer: bytes, _uid: int) -> bytes:
    return answer.partition(b"{")[0] + b"{0}\r\n)\r\n"


def worse_last(answer: bytes, uid: int) -> bytes:
    return answer + shorter(answer, uid)


SLIPS = (shorter, worse_last)
"""What does not come again when the message is asked for alone. A server that twice gives the same octets of another
length than it states counts in its own way: they are taken, and it is said.
"""
IN_BODIES: dict[str, Callable[[bytes, int], bytes]] = {
    "NIL for a body: expunged, says Dovecot": without_body,
    "nothing, though SEARCH lists it (Microsoft 365)": lambda _answer, _uid: b"",
    "only flags": lambda _answer, uid: b"* %d FETCH (UID %d FLAGS (\\Seen))\r\n" % (uid, uid),
    "flags without a UID": lambda answer, uid: b"* %d FETCH (FLAGS (\\Seen \\Deleted))\r\n" % uid + answer,
    "flags of another message in between": lambda answer, _uid: b"* 4 FETCH (FLAGS ())\r\n" + answer,
    "an EXPUNGE in between": lambda answer, _uid: b"* 9 EXPUNGE\r\n" + answer,
    "an EXISTS in between": lambda answer, _uid: b"* 40 EXISTS\r\n* 2 RECENT\r\n" + answer,
    "the same UID twice, the worse answer last": worse_last,
    "the same UID twice, the worse answer first": lambda answer, uid: shorter(answer, uid) + answer,
    "the same UID twice, the same answer": lambda answer, _uid: answer * 2,
    "half of a body": shorter,
    "an empty body": empty,
    "a literal that is too short": sized(lambda size: size - 3),
    "a literal that is too long": sized(lambda size: size + 6),
    "a literal of nothing before a body": sized(lambda _size: 0),
    "a literal of 4 GB": sized(lambda _size: 4_000_000_000),
    "a literal beyond all measure": sized(lambda _size: 10**22),
    "an empty line too many": lambda answer, _uid: answer + b"\r\n",
    "a UID that is none": lambda answer, uid: answer.replace(b"UID %d " % uid, b"UID x "),
    "a UID that was not asked for": lambda answer, uid: answer.replace(b"UID %d " % uid, b"UID 99 "),
    "no brackets": lambda _answer, uid: b"* %d FETCH UID\r\n" % uid,
    "an open bracket": lambda _answer, uid: b"* %d FETCH (UID %d BODY[] NIL\r\n" % (uid, uid),
    "brackets without end": lambda _answer, uid: b"* %d FETCH (UID %d FLAGS %b)\r\n" % (uid, uid, b"(" * 50_000),
    "a date that no calendar has": lambda answer, _uid: answer.replace(b"06-Mar-2024", b"31-Feb-2024"),
    "a zone that no clock has": lambda answer, _uid: answer.replace(b"+0000", b"+9999", 1),
    "no INTERNALDATE": lambda answer, _uid: re.sub(rb'INTERNALDATE "[^"]*" ?', b"", answer),
    "BYE within a body": lambda answer, _uid: answer[: len(answer) // 2] + b"\r\n* BYE\r\n" + HANG_UP,
    "the end within a body": lambda answer, _uid: answer[: len(answer) - 9] + HANG_UP,
    "the end between bodies": lambda answer, _uid: answer + HANG_UP,
}
IN_SIZES: dict[str, Callable[[bytes, int], bytes]] = {
    "a size that is always too small": lambda answer, _uid: re.sub(rb"SIZE \d+", b"SIZE 7", answer),
    "a size that is always too large": lambda answer, _uid: re.sub(rb"SIZE \d+", b"SIZE 700", answer),
    "a size of nothing": lambda answer, _uid: re.sub(rb"SIZE \d+", b"SIZE 0", answer),
    "a size that is no number": lambda answer, _uid: re.sub(rb"SIZE \d+", b"SIZE NIL", answer),
    "a negative size": lambda answer, _uid: re.sub(rb"SIZE \d+", b"SIZE -1", answer),
    "no size": lambda answer, _uid: re.sub(rb" RFC822.SIZE \d+", b" FLAGS ()", answer),
    "no word about a message": lambda _answer, _uid: b"",
    "a size twice": lambda answer, _uid: answer + re.sub(rb"SIZE \d+", b"SIZE 3", answer),
}
SPOILT = [
    *(pytest.param("bodies", change, id=name) for name, change in IN_BODIES.items()),
    *(pytest.param("sizes", change, id=name) for name, change in IN_SIZES.items()),
]


@TIMES
@pytest.mark.parametrize(("place", "change"), SPOILT)
def test_a_message_is_struck(
    make: Make, hurry: Any, place: str, change: Callable[[bytes, int], bytes], times: int
) -> None:
    site = make(MOVE)
    hurry(2.0, 4.0)  # where an answer is read out of step, the rest of it never comes
    site.server.fault = Fault(place, struck(change)(times))
    for _ in range(times):
        start = time.monotonic()
        site.round()
        assert time.monotonic() - start < 30
        assert set(site.filed()) <= set(MAILS)
    site.server.fault = None
    hurry(LONG, LONG)
    site.assert_made_up(MAILS)


@TIMES
def test_a_message_that_is_refused_alone_and_in_company(make: Make, hurry: Any, times: int) -> None:
    """Some servers say NO to a whole FETCH because of one message."""
    site = make(MOVE)
    site.server.fault = Fault("bodies", lambda sound: refusal(b"") if b"(UID %d " % times in sound else sound)
    for _ in range(times):
        site.round()
        assert sorted(site.filed()) == [mail for mail in MAILS if mail != MAILS[times - 1]]
    site.server.fault = None
    site.assert_made_up(MAILS)


def half(answer: bytes, uid: int) -> bytes:
    """As `shorter`, however often it is asked for."""
    return shorter(answer, uid)


def without_structure(_sound: bytes) -> Answer:
    return DONE


def refused_structure(_sound: bytes) -> Answer:
    return b"{tag} BAD what?\r\n"


def damaged_structure(sound: bytes) -> Answer:
    return re.sub(rb"BODYSTRUCTURE .*\)\r\n", b'BODYSTRUCTURE ("TEXT" NIL))\r\n', sound)


STRUCTURES = (None, without_structure, refused_structure, damaged_structure)


@TIMES
@pytest.mark.parametrize("structure", STRUCTURES, ids=["structure", "none", "refused", "damaged"])
def test_half_a_body_twice_is_filed_marked_and_left_where_it_is(
    make: Make, hurry: Any, structure: Any, times: int, caplog: pytest.LogCaptureFixture
) -> None:
    site = make(MOVE)
    uid = times
    site.server.faults = {"bodies": struck(half)(uid), **({"structure": structure} if structure else {})}
    told = site.round()
    assert isinstance(told, RoundResult)
    parts = [mail for mail in site.filed() if mail not in MAILS]
    assert [MAILS[uid - 1].startswith(part) for part in parts] == [True]
    assert "may be incomplete: the server states" in caplog.text
    about_it = [facts_of(record) for record in caplog.records if "octets" in record.getMessage()]
    assert about_it == [{"account": "articles", "mailbox": "INBOX", "uid": uid}]
    with Store.open(site.root, min_free=0) as store:
        [doubted] = [mail for mail in store.all_mails() if mail.digest == digests(parts[0])[0]]
        assert "states" in str(raw_mail(site.root, doubted).doubt), "a later program marks it, too"
    assert list(site.server.boxes["INBOX"].messages) == [uid], "nothing is done to it"
    assert "incomplete" in site.warned(parts[0])

    site.server.faults = {}
    told = site.round()
    assert isinstance(told, RoundResult)
    assert sorted(site.filed()) == sorted([*MAILS, parts[0]])
    assert "came in full; what was filed of it before is a part" in caplog.text
    assert site.server.boxes["INBOX"].messages == {}
    moved = [held.data for held in site.server.boxes["Archived"].messages.values()]
    assert sorted(moved) == sorted(MAILS)


@TIMES
def test_what_comes_the_same_on_another_connection_is_believed(
    make: Make, hurry: Any, times: int, caplog: pytest.LogCaptureFixture
) -> None:
    """As a server gives it that counts in its own way, and tells no structure."""
    site = make(MOVE)
    site.server.faults = {"bodies": struck(half)(times), "structure": without_structure}
    for left in ([times], [], []):
        told = site.round()
        assert isinstance(told, RoundResult)
        assert list(site.server.boxes["INBOX"].messages) == left
        assert len(site.filed()) == len(MAILS)
    assert "it is believed to be all" in caplog.text


@TIMES
def test_what_turns_out_to_be_all_may_not_be_removed(
    make: Make, hurry: Any, times: int, caplog: pytest.LogCaptureFixture
) -> None:
    """The size was stated wrongly for a while: what was filed is the mail, and no part of it."""
    site = make(MOVE)
    site.server.faults = {"sizes": lambda sound: re.sub(rb"SIZE \d+", b"SIZE 9000", sound)}
    site.server.faults["structure"] = without_structure
    site.round()
    assert sorted(site.filed()) == sorted(MAILS)
    site.server.faults = {}
    site.assert_made_up(MAILS)
    assert "may be removed" not in caplog.text
    assert "is as long as the server states by now: it is all" in caplog.text


@TIMES
def test_parts_that_differ_each_time_are_filed_once(make: Make, hurry: Any, times: int) -> None:
    site = make(MOVE)

    def first(octets: int) -> Callable[[bytes, int], bytes]:
        def some(answer: bytes, _uid: int) -> bytes:
            head, _, data = answer.partition(b"}\r\n")
            return head.rpartition(b"{")[0] + b"{%d}\r\n" % octets + data[:octets] + b")\r\n"

        return some

    for octets in range(60, 64):
        site.server.faults = {"bodies": struck(first(octets))(1)}
        told = site.round()
        assert isinstance(told, RoundResult)
        assert len(site.filed()) == len(MAILS)
        assert list(site.server.boxes["INBOX"].messages) == [1]
    site.server.faults = {}
    site.round()
    assert set(MAILS) < set(site.filed())
    assert site.server.boxes["INBOX"].messages == {}


@TIMES
def test_what_is_in_doubt_stays_so_though_it_is_not_listed(make: Make, hurry: Any, times: int) -> None:
    """It is older than another `since`, say: that does not make it whole."""
    site = make(MOVE)
    site.server.faults = {"bodies": struck(half)(times), "structure": without_structure}
    site.round()
    site.server.faults = {}
    site.since = date(2100, 1, 1)
    site.round()
    for _ in range(2):
        assert list(site.server.boxes["INBOX"].messages) in ([times], []), "nothing is done to another"
        site.round()
    assert set(MAILS) < set(site.filed())
    assert site.server.boxes["INBOX"].messages == {}


@TIMES
def test_what_is_in_doubt_stays_so_though_the_ledger_is_lost(make: Make, hurry: Any, times: int) -> None:
    site = make(SEEN)
    site.server.faults = {"bodies": struck(half)(times), "structure": without_structure}
    site.round()
    for ledger in (site.root / ".mailarchiver").glob("ledger.sqlite*"):
        ledger.unlink()
    site.server.faults = {}
    site.round()
    assert set(MAILS) < set(site.filed()), "its article says that it may be a part"
    assert all("\\Seen" in held.flags for held in site.server.boxes["INBOX"].messages.values())
    for ledger in (site.root / ".mailarchiver").glob("ledger.sqlite*"):
        ledger.unlink()
    with Store.open(site.root, min_free=0) as store:
        assert store.notes.doubtful("articles", "INBOX", 77) == {}, "what came in full is in doubt no more"


def test_the_target_is_looked_through_again_until_all_of_it_came(
    make: Make, hurry: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was filed and moved after the backup that was put back: it waits to be tried again, and is not forgotten."""
    site = make(MOVE)
    site.round()
    Store.rebuild(site.root)
    moved = b"From: jane@example.org\r\nSubject: Moved\r\n\r\nAfter the backup.\r\n"
    uid = site.server.boxes["Archived"].add(moved)
    monkeypatch.setattr(seen, "pause", lambda _tries: timedelta(days=1))
    site.server.fault = Fault("bodies", lambda _sound: b"{tag} NO not now\r\n")
    for _ in range(3):
        site.round()
    site.server.fault = None
    assert moved not in site.filed()
    with Store.open(site.root, min_free=0) as store:
        validity = site.server.boxes["Archived"].uidvalidity
        store.forget_failures("articles", "Archived", validity, [uid])
    site.server.faults = {"bodies": struck(half)(uid), "structure": without_structure}
    site.round()
    assert moved not in site.filed()
    site.server.faults = {}
    site.round()
    assert moved in site.filed(), "nor is a part of it enough"


def test_what_was_noted_and_never_filed_is_filed_though_it_comes_as_another_part(make: Make, hurry: Any) -> None:
    """As where we were killed after the note, and before the commit."""
    site = make(MOVE)
    with Store.open(site.root, min_free=0) as store:
        store.notes.note_doubtful("articles", "INBOX", site.server.boxes["INBOX"].uidvalidity, 1, "0" * 64)
    site.server.faults = {"bodies": struck(half)(1), "structure": without_structure}
    site.round()
    assert len(site.filed()) == len(MAILS)
    assert list(site.server.boxes["INBOX"].messages) == [1]


@TIMES
@pytest.mark.parametrize("size", [b"9000", b"400"])
def test_a_size_that_is_too_large_is_settled_by_the_structure(
    make: Make, hurry: Any, size: bytes, times: int, caplog: pytest.LogCaptureFixture
) -> None:
    """As of Exchange, which estimates: no doubt, no mark, no waiting for another round."""
    site = make(MOVE)
    site.server.faults = {"sizes": lambda sound: re.sub(rb"SIZE \d+", b"SIZE " + size, sound)}
    told = site.round()
    assert isinstance(told, RoundResult)
    assert told.is_sound()
    assert sorted(site.filed()) == sorted(MAILS)
    assert [site.warned(mail) for mail in MAILS] == [[]] * 4
    assert site.server.boxes["INBOX"].messages == {}
    assert f"the server states {size.decode()} bytes and sends" in caplog.text


@TIMES
@pytest.mark.parametrize("code", [b"[SERVERBUG]", b"[UNAVAILABLE]", b""])
def test_several_damaged_messages_hold_up_no_other(make: Make, hurry: Any, code: bytes, times: int) -> None:
    """Though they make up a whole FETCH: they are set apart, one by one, and what is behind them is filed."""
    site = make(MOVE)
    bad = [uid for uid in range(1, 5) if uid <= times + 1]

    def refuse(sound: bytes) -> Answer:
        is_struck = any(b"(UID %d " % uid in sound for uid in bad)
        return b"{tag} NO %b Internal error occurred\r\n" % code if is_struck else sound

    box = site.server.boxes["INBOX"]
    rest = {uid: held for uid, held in box.messages.items() if uid not in bad}
    box.messages = {uid: held for uid, held in box.messages.items() if uid in bad}
    site.server.fault = Fault("bodies", refuse)
    site.round()
    told = site.round()
    assert isinstance(told, RoundResult), told
    assert told.failed == len(bad)
    box.messages |= rest
    told = site.round()
    assert isinstance(told, RoundResult), told
    assert sorted(site.filed()) == sorted(held.data for held in rest.values())
    site.server.fault = None
    site.assert_made_up(MAILS)


@TIMES
def test_bodies_under_each_others_uids(make: Make, hurry: Any, times: int) -> None:
    """Each body has its size stated: one that is another's is told by it."""

    def swap(sound: bytes) -> Answer:
        other = times % 4 + 1
        swapped = sound.replace(b"(UID %d " % times, b"(UID 0 ").replace(b"(UID %d " % other, b"(UID %d " % times)
        return swapped.replace(b"(UID 0 ", b"(UID %d " % other)

    site = make(MOVE)
    site.server.fault = Fault("bodies", swap)
    for _ in range(times):
        site.round()
        moved = {held.data for held in site.server.boxes["Archived"].messages.values()}
        assert moved <= set(site.filed()) <= set(MAILS)
    site.server.fault = None
    site.assert_made_up(MAILS)


# --- what SEARCH and SELECT say ---------------------------------------------------------------------------------------


def told(*numbers: int) -> Callable[[bytes], Answer]:
    return lambda _sound: b"* SEARCH %b\r\n" % b" ".join(b"%d" % number for number in numbers) + DONE


SEARCHES: dict[str, Callable[[bytes], Answer]] = {
    "in any order, and twice": told(3, 1, 2, 1, 4, 3),
    "messages that are not there": told(1, 2, 50, 3, 4, 70),
    "none of those there are": told(),
    "some of those there are": told(2),
    "no line at all": lambda _sound: DONE,
    "several lines": lambda _sound: b"* SEARCH 1 2\r\n* SEARCH 3 4\r\n" + DONE,
    "with MODSEQ (RFC 7162)": lambda _sound: b"* SEARCH 1 2 3 4 (MODSEQ 917162500)\r\n" + DONE,
    "UIDs that are none": lambda _sound: b"* SEARCH 1 two 3\r\n" + DONE,
    "UIDs beyond 32 bits": told(1, 2, 3, 4, 2**40),
    "a UID of 0": told(0, 1, 2),
    "other mail arrives meanwhile": lambda sound: b"* 40 EXISTS\r\n* 1 FETCH (FLAGS (\\Seen))\r\n" + sound,
}
SELECTS: dict[str, Callable[[bytes], Answer]] = {
    "EXISTS says none": lambda sound: re.sub(rb"\d+ EXISTS", b"0 EXISTS", sound),
    "EXISTS says too many": lambda sound: re.sub(rb"\d+ EXISTS", b"120000 EXISTS", sound),
    "no EXISTS": lambda sound: re.sub(rb"\* \d+ EXISTS\r\n", b"", sound),
    "may only be read": lambda sound: sound.replace(b"[READ-WRITE]", b"[READ-ONLY]"),
    "no UIDVALIDITY": lambda sound: re.sub(rb"\* OK \[UIDVALIDITY[^\r]*\r\n", b"", sound),
    "a UIDVALIDITY of 0": lambda sound: re.sub(rb"UIDVALIDITY \d+", b"UIDVALIDITY 0", sound),
    "a UIDVALIDITY that is no number": lambda sound: re.sub(rb"UIDVALIDITY \d+", b"UIDVALIDITY x", sound),
}
SAID = [
    *(pytest.param("UID SEARCH", change, id=f"SEARCH: {name}") for name, change in SEARCHES.items()),
    *(pytest.param("SELECT", change, id=f"SELECT: {name}") for name, change in SELECTS.items()),
]


@TIMES
@pytest.mark.parametrize("after", [MOVE, SEEN], ids=["move", "seen"])
@pytest.mark.parametrize(("place", "change"), SAID)
def test_what_is_said_of_a_folder(
    make: Make,
    hurry: Any,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    change: Callable[[bytes], Answer],
    after: After,
    times: int,
) -> None:
    site = make(after)
    site.server.fault = Fault(place, change)
    for _ in range(times):
        site.round()
        assert set(site.filed()) <= set(MAILS)
    site.server.fault = None
    monkeypatch.setattr(pending, "WHOLE_AFTER", timedelta(0))  # a day later: what was not listed is looked for, too
    site.assert_made_up(MAILS)


@TIMES
@pytest.mark.parametrize("bogus", [5_000_000, 2**32 - 1, 2**40])
def test_a_uid_that_was_made_up_hides_no_mail_that_comes(make: Make, hurry: Any, bogus: int, times: int) -> None:
    """It lies beyond UIDNEXT; what it names is not there, and what comes has a UID below it."""
    site = make(SEEN)
    site.server.fault = Fault("UID SEARCH", told(1, 2, 3, 4, bogus))
    for _ in range(times):
        site.round()
    site.server.fault = None
    new = b"Subject: new\r\n\r\nOf the same day.\r\n"
    site.server.boxes["INBOX"].add(new)
    site.assert_made_up([*MAILS, new])


@TIMES
def test_a_cursor_that_lies_beyond_what_there_is_does_not_hold(make: Make, hurry: Any, times: int) -> None:
    """As one that an older program left."""
    site = make(SEEN)
    site.assert_made_up(MAILS)
    with Store.open(site.root, min_free=0) as store:
        cursor = store.cursor("articles", "INBOX")
        assert cursor is not None
        store.set_cursor("articles", "INBOX", replace(cursor, uid=10**6 * times))
    new = b"Subject: new\r\n\r\nOf the same day.\r\n"
    site.server.boxes["INBOX"].add(new)
    site.assert_made_up([*MAILS, new])


@TIMES
@pytest.mark.parametrize("fields", ["sound", "refused", "none"])
def test_without_uidvalidity_what_is_known_is_not_fetched_again(
    make: Make, hurry: Any, fields: str, times: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Unless nothing tells its messages apart; and nothing is done on the server either way."""
    caplog.set_level("INFO")
    site = make(MOVE)
    box = site.server.boxes["INBOX"]
    site.server.faults = {"SELECT": lambda sound: re.sub(rb"\* OK \[UIDVALIDITY[^\r]*\r\n", b"", sound)}
    if fields != "sound":
        site.server.faults["fields"] = refusal if fields == "refused" else without_structure
    sent = list(MAILS)
    for number in range(times + 1):
        asked = len(site.server.commands)
        assert isinstance(site.round(), RoundResult)
        assert sorted(site.filed()) == sorted(sent)
        bodies = [c for c in site.server.commands[asked:] if c.startswith("UID FETCH") and "BODY.PEEK[]" in c]
        expected = len(sent) if number == 0 or fields != "sound" else 1
        assert len(bodies) == 1
        assert f"of {len(sent)} messages, {expected} are not known" in caplog.text
        sent.append(b"Subject: new %d\r\n\r\nOf the same day.\r\n" % number)
        box.messages = {uid + 7: held for uid, held in box.messages.items()}  # numbered anew, as it may
        box.next_uid += 7
        box.add(sent[-1])
    assert len(box.messages) == len(sent)
    assert site.server.boxes["Archived"].messages == {}


@TIMES
@pytest.mark.parametrize("comes", ["in full", "the same"])
def test_without_uidvalidity_what_is_in_doubt_is_fetched_once_more(
    make: Make, hurry: Any, comes: str, times: int
) -> None:
    site = make(KEEP)
    site.server.faults = {"EXAMINE": lambda sound: re.sub(rb"\* OK \[UIDVALIDITY[^\r]*\r\n", b"", sound)}
    site.server.faults |= {"bodies": struck(half)(times), "structure": without_structure}
    site.round()
    if comes == "in full":
        del site.server.faults["bodies"]
    fetched = []
    for _ in range(3):
        asked = len(site.server.commands)
        site.round()
        fetched.append([c for c in site.server.commands[asked:] if "BODY.PEEK[]" in c])
    assert len(fetched[0]) == (1 if comes == "in full" else 2)
    assert fetched[1:] == [[], []], "what came the same is believed to be all"
    assert (set(MAILS) < set(site.filed())) == (comes == "in full")


@TIMES
def test_without_uidvalidity_messages_that_look_alike_are_fetched(make: Make, hurry: Any, times: int) -> None:
    site = make(KEEP)
    box = site.server.boxes["INBOX"]
    site.server.faults = {"EXAMINE": lambda sound: re.sub(rb"\* OK \[UIDVALIDITY[^\r]*\r\n", b"", sound)}
    alike = [b"Subject: alike\r\n\r\nNumber %d\r\n" % number for number in range(times + 1)]
    box.messages.clear()
    for number, mail in enumerate(alike):
        box.add(mail)
        assert isinstance(site.round(), RoundResult)
        assert sorted(site.filed()) == sorted(alike[: number + 1])


# --- acknowledging ----------------------------------------------------------------------------------------------------

ACTIONS: dict[str, tuple[After, str, str]] = {
    "a STORE": (SEEN, "UIDPLUS MOVE", "UID STORE"),
    "a MOVE": (MOVE, "UIDPLUS MOVE", "UID MOVE"),
    "no MOVE, a COPY": (MOVE, "UIDPLUS", "UID COPY"),
    "no MOVE, a STORE": (MOVE, "UIDPLUS", "UID STORE"),
    "no MOVE, a UID EXPUNGE": (MOVE, "UIDPLUS", "UID EXPUNGE"),
    "no MOVE, no UIDPLUS, a STORE": (MOVE, "", "UID STORE"),
}
UNDONE = [
    pytest.param(*action, answer, id=f"{name}: {how}")
    for name, action in ACTIONS.items()
    for how, answer in {"NO": b"{tag} NO not now\r\n", "OK, but nothing done": DONE}.items()
    if (action[2], answer) != ("UID COPY", DONE)  # which no search in this folder shows: it has a test of its own
]


@TIMES
@pytest.mark.parametrize(("after", "capabilities", "place", "answer"), UNDONE)
def test_an_action_that_is_not_carried_out_is_done_again(
    make: Make, monkeypatch: pytest.MonkeyPatch, after: After, capabilities: str, place: str, answer: bytes, times: int
) -> None:
    """Whatever the server says to it: what counts is what a new SEARCH shows."""
    site = make(after, capabilities=capabilities)
    sound = SimulatedServer._change

    def change(server: SimulatedServer, verb: str, command: str, rest: str) -> bytes:
        return answer if command.startswith(place) else sound(server, verb, command, rest)

    with monkeypatch.context() as patch:
        patch.setattr(SimulatedServer, "_change", change)
        for _ in range(times):
            told = site.round()
            assert isinstance(told, RoundResult), told
            assert sorted(site.filed()) == sorted(MAILS), "filing does not wait for it"
            assert not any(command.startswith(("EXPUNGE", "CLOSE")) for command in site.server.commands)
    site.assert_made_up(MAILS)


@TIMES
@pytest.mark.parametrize("capabilities", ["UIDPLUS MOVE", "MOVE", "UIDPLUS", ""])
def test_each_server_moves_as_it_can(make: Make, capabilities: str, times: int) -> None:
    site = make(MOVE, capabilities=capabilities)
    site.server.boxes["INBOX"].add(b"Subject: another's\r\n\r\nDeleted by somebody else.\r\n")
    site.server.boxes["INBOX"].messages[5].flags.add("\\Deleted")
    for _ in range(times):
        assert isinstance(site.round(), RoundResult)
    inbox = site.server.boxes["INBOX"].messages
    moved = [held.data for held in site.server.boxes["Archived"].messages.values()]
    assert [mail for mail in MAILS if moved.count(mail) != 1] == [], "moved once, and only once"
    assert site.too_early == []
    commands = site.server.commands
    assert not any(command.startswith(("EXPUNGE", "CLOSE")) for command in commands)
    if "MOVE" in capabilities:
        assert any(command.startswith("UID MOVE") for command in commands)
        assert not any(command.startswith(("UID STORE", "UID COPY")) for command in commands)
    elif "UIDPLUS" in capabilities:
        assert 5 in inbox, "what somebody else marked stays theirs"
        assert any(command.startswith("UID EXPUNGE") for command in commands)
    else:
        assert all("\\Deleted" in held.flags for held in inbox.values())
        assert not any("EXPUNGE" in command for command in commands)


@TIMES
def test_what_is_not_said_to_be_copied_is_not_expunged(
    make: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, times: int
) -> None:
    """A COPY that is answered by a bare OK may have copied nothing (RFC 4315 §3): the mail stays, marked."""
    site = make(MOVE, capabilities="UIDPLUS")
    sound = SimulatedServer._change

    def change(server: SimulatedServer, verb: str, command: str, rest: str) -> bytes:
        return DONE if verb == "COPY" else sound(server, verb, command, rest)

    monkeypatch.setattr(SimulatedServer, "_change", change)
    for _ in range(times):
        assert isinstance(site.round(), RoundResult)
    assert sorted(site.filed()) == sorted(MAILS)
    assert [held.flags for held in site.server.boxes["INBOX"].messages.values()] == [{"\\Deleted"}] * 4
    assert "4 copied, and left behind marked as deleted" in caplog.text


@TIMES
@pytest.mark.parametrize("is_carried_out", [True, False], ids=["after", "before"])
def test_what_was_copied_before_a_cut_is_not_copied_again(
    make: Make, monkeypatch: pytest.MonkeyPatch, is_carried_out: bool, times: int
) -> None:
    """And only that: the same mail twice stays twice, and one that lies in the target already counts for none."""
    site = make(MOVE, capabilities="UIDPLUS")
    usual = ImapMailbox.fetch.__kwdefaults__
    assert usual is not None
    monkeypatch.setitem(usual, "bounds", Bounds(largest=100))  # where max_message is larger, so may copies be
    site.server.boxes["INBOX"].add(MAILS[0])
    site.server.boxes["Archived"].add(MAILS[1])
    sound = SimulatedServer._change

    def change(server: SimulatedServer, verb: str, command: str, rest: str) -> bytes:
        if verb != "COPY":
            return sound(server, verb, command, rest)
        if is_carried_out:
            sound(server, verb, command, rest)
        return HANG_UP

    with monkeypatch.context() as patch:
        patch.setattr(SimulatedServer, "_change", change)
        for _ in range(times):
            site.round()
    assert isinstance(site.round(), RoundResult)
    moved = [held.data for held in site.server.boxes["Archived"].messages.values()]
    assert sorted(moved) == sorted([*MAILS, MAILS[0], MAILS[1]])
    assert site.server.boxes["INBOX"].messages == {}
    assert site.too_early == []


@TIMES
def test_from_a_folder_without_the_right_to_delete_nothing_is_copied(make: Make, times: int) -> None:
    """Its messages would be copied again in every round (RFC 3501 §7.1, PERMANENTFLAGS)."""
    site = make(MOVE, capabilities="UIDPLUS")
    rights = b"* OK [PERMANENTFLAGS (\\Seen \\Flagged)] limited\r\n"
    site.server.fault = Fault("SELECT", lambda sound: rights + sound)
    for _ in range(times):
        told = site.round()
        assert isinstance(told, RoundResult)
        assert "does not let messages be deleted from 'INBOX'" in told.troubles[0]
        assert sorted(site.filed()) == sorted(MAILS)
    assert site.server.boxes["Archived"].messages == {}
    site.server.fault = None
    site.assert_made_up(MAILS)


@TIMES
def test_the_folder_that_mail_is_moved_to_is_deleted(make: Make, times: int) -> None:
    site = make(MOVE)
    target = site.server.boxes.pop("Archived")
    for _ in range(times):
        told = site.round()
        assert isinstance(told, RoundResult)
        assert "there is no folder 'Archived'" in told.troubles[0]
        assert sorted(site.filed()) == sorted(MAILS)
    assert not site.too_early
    site.server.boxes["Archived"] = target
    site.assert_made_up(MAILS)


# --- folders come, go, and change -------------------------------------------------------------------------------------


@TIMES
def test_a_folder_is_deleted_and_made_again_with_other_mail(make: Make, times: int) -> None:
    site = make(SEEN)
    site.assert_made_up(MAILS)
    sent = list(MAILS)
    for number in range(times):
        del site.server.boxes["INBOX"]
        assert isinstance(site.round(), str)
        box = Box("INBOX", 78 + number)
        sent += [b"Subject: anew %d\r\n\r\nAfter the folder was made again.\r\n" % number]
        for mail in (sent[-1], MAILS[number]):
            box.add(mail)
        site.server.boxes["INBOX"] = box
        site.assert_made_up(sent)


@TIMES
def test_uidvalidity_changes_under_a_round(make: Make, times: int) -> None:
    """The folder is another one when it is opened the next time: no action on the UIDs of the old one."""
    site = make(SEEN)
    site.server.fault = Fault("UID STORE", farewell)
    for number in range(times):
        site.round()
        box = site.server.boxes["INBOX"]
        box.uidvalidity += 1
        box.messages = {uid + 1: held for uid, held in box.messages.items()}  # the same numbers, other mail
        for held in box.messages.values():
            held.flags.clear()
        box.messages[1 if number == 0 else 100 + number] = held
        del box.messages[max(uid for uid in box.messages if uid < 100)]
    site.server.fault = None
    site.assert_made_up(MAILS)


@TIMES
def test_a_folder_is_renamed(make: Make, times: int) -> None:
    """Its old name is told with those there are; under its new one nothing is filed twice."""
    site = make(KEEP)
    site.folders = ["News"]
    site.server.boxes["News"] = Box("News")
    for mail in MAILS:
        site.server.boxes["News"].add(mail)
    for number in range(times):
        site.round()
        site.server.boxes[f"News {number}"] = site.server.boxes.pop(site.folders[0])
        told = site.round()
        assert f"there is no folder {site.folders[0]!r}" in str(told)
        assert f"News {number}" in str(told)
        site.folders = [f"News {number}"]
        site.round()
        assert sorted(site.filed()) == sorted(MAILS)


@TIMES
@pytest.mark.parametrize(
    ("name", "wire"),
    [("Entwürfe", "Entw&APw-rfe"), ("稍后阅读", "&eg1UDpYFi/s-"), ("&A", "&A"), ("A & B", "A &- B"), ("2024", "2024")],
)
def test_folders_with_odd_names(make: Make, name: str, wire: str, times: int) -> None:
    site = make(After("move", name))
    site.server.boxes[wire] = site.server.boxes.pop("Archived")
    site.server.boxes[wire].name = wire
    site.server.boxes["&Jjo"] = Box("&Jjo")
    for number in range(times):
        told = site.round()
        assert isinstance(told, RoundResult)
        assert told.is_sound(), told
        site.server.boxes["INBOX"].add(b"Subject: more\r\n\r\nNumber %d.\r\n" % number)
    assert {held.data for held in site.server.boxes[wire].messages.values()} >= set(MAILS)
    site.folders = [name]
    site.after = KEEP
    assert isinstance(site.round(), RoundResult)
    assert site.too_early == []


@TIMES
def test_a_folder_vanishes_while_it_is_open(make: Make, times: int) -> None:
    """As Dovecot tells it: the connection ends in the next command."""
    site = make(SEEN)
    box = site.server.boxes["INBOX"]

    def vanish(_sound: bytes) -> Answer:
        site.server.boxes.pop("INBOX", None)
        return b"* BYE [NONEXISTENT] Mailbox was deleted under us\r\n" + HANG_UP

    site.server.fault = Fault("bodies", vanish)
    for _ in range(times):
        assert isinstance(site.round(), str)
    assert site.filed() == []
    site.server.fault = None
    site.server.boxes["INBOX"] = box
    site.assert_made_up(MAILS)


@TIMES
def test_one_folder_is_refused_and_the_others_are_read(make: Make, times: int) -> None:
    site = make(KEEP)
    site.folders = ["Nowhere", "INBOX"]
    for _ in range(times):
        told = site.round()
        assert isinstance(told, RoundResult)
        assert len(told.troubles) == 1
    assert sorted(site.filed()) == sorted(MAILS)


@TIMES
@pytest.mark.parametrize(
    "words",
    [
        b"{tag} NO [ALERT] Too many simultaneous connections. (Failure)\r\n",
        b"{tag} NO [UNAVAILABLE] LDAP is down\r\n",
        b"{tag} NO [AUTHENTICATIONFAILED] Invalid credentials\r\n",
        b"{tag} NO [OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)\r\n",
        b"* BYE [UNAVAILABLE] too many connections from your address\r\n" + HANG_UP,
    ],
)
def test_a_log_in_that_is_refused_for_a_while(make: Make, words: bytes, times: int) -> None:
    site = make(MOVE)
    site.server.fault = Fault("password", lambda _sound: words)
    for _ in range(times):
        told = site.round()
        assert isinstance(told, str)
        assert "account articles: " in told
    assert not any(command.startswith(("SELECT", "UID")) for command in site.server.commands)
    site.server.fault = None
    site.assert_made_up(MAILS)


def test_no_folder_of_that_name(make: Make) -> None:
    """The simulated server itself."""
    site = make(KEEP)
    assert site.server._open("SELECT", "Nowhere") == NO_FOLDER
