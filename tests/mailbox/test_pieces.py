"""Large messages: fetched in pieces, whole or not at all; above a bound only told of."""

from __future__ import annotations

import hashlib
import random
import re
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mailarchiver.errors import MailboxError
from mailarchiver.mailbox import pieces
from mailarchiver.mailbox.fetch import SET_OCTETS, sets
from mailarchiver.mailbox.imap import Bounds, ImapMailbox, Server
from tests.servers.fixtures import EVERY_SERVER, NOON, Mailbox, cyrus, dovecot, dovecot_sdbox, mailbox
from tests.servers.scripted import Answer, ScriptedServer

__all__ = ["cyrus", "dovecot", "dovecot_sdbox", "mailbox"]

PIECE = 1000
BODY = b"Subject: large\r\n\r\n" + random.Random(1).randbytes(2482)  # noqa: S311 - no secret
DATE = b'INTERNALDATE "06-Mar-2024 12:00:00 +0000"'
OK = b"{tag} OK done\r\n"
WHOLE = "UID FETCH 1 (BODY.PEEK[] "
BOUNDS = Bounds(pieces=100, largest=100_000)


@pytest.fixture(autouse=True)
def short_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "PIECE", PIECE)


def literal(name: bytes, data: bytes) -> bytes:
    return b"* 1 FETCH (UID 1 %b %b {%d}\r\n%b)\r\n" % (DATE, name, len(data), data) + OK


def piece(offset: int, body: bytes = BODY, length: int = PIECE) -> bytes:
    return literal(b"BODY[]<%d>" % offset, body[offset : offset + length])


def asked(offset: int) -> str:
    return f"UID FETCH 1 (BODY.PEEK[]<{offset}.{PIECE}>"


def in_pieces(body: bytes = BODY) -> dict[str, Answer]:
    return {asked(offset): piece(offset, body) for offset in range(0, len(body) + 1, PIECE)}


def fetched(answers: dict[str, Any], *, size: int = len(BODY), bounds: Bounds = BOUNDS) -> tuple[bytes | None, int]:
    """The body that comes out, and how many commands asked for it; the connection is good afterwards."""
    sizes = b"* 1 FETCH (UID 1 RFC822.SIZE %d)\r\n" % size + OK
    script = {"UID FETCH 1 (RFC822.SIZE": sizes, "UID SEARCH": b"* SEARCH 1\r\n" + OK, **answers}
    with ScriptedServer(script) as server:
        where = Server(server.host, server.port, "none", "jane", timeout=5)
        with ImapMailbox("articles", where, lambda: "secret") as ours:
            ours.select("INBOX", writable=False)
            raws = [raw for batch in ours.fetch([1], bounds=bounds) for raw in batch]
            assert ours.search(None) == [1]
        assert all(raw.received == NOON for raw in raws)
        commands = sum("BODY" in command for command in server.commands)
    return (raws[0].data if raws else None), commands


def test_a_large_message_comes_in_pieces() -> None:
    assert fetched(in_pieces()) == (BODY, 3)


def test_one_that_is_a_multiple_of_a_piece_is_asked_for_its_end() -> None:
    body = BODY[:2000]
    assert fetched(in_pieces(body), size=2000) == (body, 3)


def test_a_piece_that_comes_short_is_no_end() -> None:
    answers = {asked(offset): piece(offset, length=700) for offset in range(0, 2501, 700)}
    assert fetched(answers) == (BODY, 4)


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(literal(b"BODY[]<2000>", b""), id="an empty piece"),
        pytest.param(b"* 1 FETCH (UID 1 " + DATE + b" BODY[]<2000> NIL)\r\n" + OK, id="NIL"),
        pytest.param(OK, id="nothing"),
        pytest.param(b"{tag} NO gone\r\n", id="a refusal"),
        pytest.param(piece(1000), id="another piece"),
        pytest.param(literal(b"BODY[]<2000>", BODY[:1001]), id="more than was asked for"),
    ],
)
def test_an_end_that_comes_early_is_not_believed(end: bytes, caplog: pytest.LogCaptureFixture) -> None:
    cut = in_pieces() | {asked(2000): end}
    assert fetched({**cut, WHOLE: literal(b"BODY[]", BODY)}) == (BODY, 4)
    assert fetched({**cut, WHOLE: OK}) == (None, 4), "expunged in between"
    assert fetched({**cut, WHOLE: literal(b"BODY[]", BODY[:2100])}) == (None, 4)
    assert "2500 bytes stated, 2100 came; left for later" in caplog.text


def test_a_body_that_is_shorter_than_stated_both_ways_is_all_there_is(caplog: pytest.LogCaptureFixture) -> None:
    answers = in_pieces() | {asked(2500): literal(b"BODY[]<2500>", b""), WHOLE: literal(b"BODY[]", BODY)}
    assert fetched(answers, size=2600) == (BODY, 6), "the sixth asks for the structure"
    assert "the server states 2600 bytes and sends 2500" in caplog.text


def test_a_body_that_is_longer_than_stated_is_not_cut() -> None:
    assert fetched({**in_pieces(), WHOLE: literal(b"BODY[]", BODY)}, size=2000) == (BODY, 4)
    assert fetched({**in_pieces(), WHOLE: literal(b"BODY[]", BODY)}, size=2300) == (BODY, 4)


@pytest.mark.parametrize("name", [b"BODY[]", b"BODY[]<0>"])
def test_a_server_that_gives_all_at_once_is_taken_at_its_word(name: bytes) -> None:
    assert fetched({asked(0): literal(name, BODY)}) == (BODY, 1)


@pytest.mark.parametrize("answer", [b"{tag} BAD what?\r\n", b"{tag} NO cannot\r\n"])
def test_a_server_that_knows_no_pieces_is_asked_for_the_whole(answer: bytes) -> None:
    assert fetched({asked(0): answer, WHOLE: literal(b"BODY[]", BODY)}) == (BODY, 2)


def test_a_message_that_is_gone_is_none() -> None:
    gone = b"* 1 FETCH (UID 1 " + DATE + b" BODY[] NIL)\r\n" + OK
    assert fetched({asked(0): OK, WHOLE: gone}) == (None, 2)


def test_a_server_that_asks_us_to_wait_is_not_asked_again() -> None:
    with pytest.raises(MailboxError, match="Suggested Backoff"):
        fetched({asked(1000): b"{tag} NO [LIMIT] Suggested Backoff Time: 9 ms\r\n", asked(0): piece(0)})


def test_a_piece_far_beyond_what_was_asked_for_ends_the_connection() -> None:
    huge = b"* 1 FETCH (UID 1 BODY[]<1000> {400000000}\r\n"
    with pytest.raises(MailboxError, match="announced 400000000 bytes"):
        fetched(in_pieces() | {asked(1000): huge})


def test_no_room_for_the_file_is_said(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """The message is left for later, and the connection is good for those behind it."""
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere/at/all")
    assert fetched(in_pieces()) == (None, 0)
    assert "UID 1: /nowhere/at/all: No such file or directory: a large message needs room" in caplog.text


def test_no_folder_for_the_file_is_said(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", list)
    assert fetched(in_pieces()) == (None, 0)
    assert "No usable temporary directory found" in caplog.text


def test_a_file_system_that_is_full_is_said(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    full = partial(open, "/dev/full", "r+b", buffering=0)
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: full())
    assert fetched(in_pieces()) == (None, 1)
    assert "No space left on device: a large message needs room there" in caplog.text


def test_the_file_has_no_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    seen = []
    real = pieces._write

    def watched(file: Any, data: bytes) -> None:
        real(file, data)
        seen.append((list(tmp_path.iterdir()), file.tell()))

    monkeypatch.setattr(pieces, "_write", watched)
    assert fetched(in_pieces()) == (BODY, 3)
    assert seen == [([], 1000), ([], 2000), ([], 2500)]


# --- too large ------------------------------------------------------------------------------------------------------


def test_what_is_too_large_is_told_and_not_fetched() -> None:
    answers: dict[str, Answer] = {
        "UID FETCH 1,2 (RFC822.SIZE": b"* 1 FETCH (UID 1 RFC822.SIZE 2500)\r\n"
        b"* 2 FETCH (UID 2 RFC822.SIZE 100001)\r\n" + OK,
        **in_pieces(),
    }
    told: dict[int, int] = {}

    def hear(large: Mapping[int, int]) -> None:
        told.update(large)

    with ScriptedServer(answers) as server:
        where = Server(server.host, server.port, "none", "jane", timeout=5)
        with ImapMailbox("articles", where, lambda: "secret") as ours:
            ours.select("INBOX", writable=False)
            raws = [raw for batch in ours.fetch([1, 2], bounds=BOUNDS, on_large=hear) for raw in batch]
        assert not any(re.match(r"UID FETCH (1,)?2 \(BODY", command) for command in server.commands)
    assert ([raw.data for raw in raws], told) == ([BODY], {2: 100_001})


# --- on every server --------------------------------------------------------------------------------------------------


@EVERY_SERVER
@pytest.mark.parametrize("length", [999, 1000, 1001, 4000, 123_456])
def test_servers_give_the_same_octets_in_pieces(mailbox: Mailbox, length: int) -> None:
    octets = random.Random(length).randbytes(length).replace(b"\0", b"\x01")  # noqa: S311 - likewise
    body = b"Subject: large\r\n\r\n" + octets.replace(b"\r", b"x").replace(b"\n", b"\r\n")
    mailbox.other.deliver(body, NOON)
    with mailbox.open() as ours:
        ours.select("INBOX", writable=False)
        ((raw,),) = ours.fetch(ours.search(None), bounds=Bounds(pieces=10))
    assert hashlib.sha256(raw.data).digest() == hashlib.sha256(body).digest()
    assert raw.received == NOON
    assert not any(mailbox.other.flags().values())


def test_uids_are_cut_to_what_a_command_takes() -> None:
    assert list(sets([])) == []
    uids = list(range(4_000_000_000, 4_000_002_000))
    parts = list(sets(uids))
    assert [uid for part in parts for uid in part] == uids
    assert all(len(",".join(map(str, part))) <= SET_OCTETS for part in parts)
    assert len(parts) == 4
