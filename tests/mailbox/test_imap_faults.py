"""Servers and connections as they should not be: nothing wrong is taken for a mail, and every round ends."""

from __future__ import annotations

import logging
import re
import time
from datetime import UTC, datetime, timedelta

import pytest

from mailarchiver.errors import LoginRefused, MailboxError
from mailarchiver.events import facts_of
from mailarchiver.mailbox.fetch import IN_VAIN
from mailarchiver.mailbox.imap import ImapMailbox, Server
from mailarchiver.model import After, RawMessage
from tests.servers.scripted import HANG_UP, Answer, ScriptedServer, Slowly

BODIES = {
    1: b"Subject: one\r\n\r\nfirst\r\n",
    2: b"Subject: two\r\n\r\nsecond\r\n",
    3: b"Subject: three\r\n\r\nthird\r\n",
}
DATE = b'INTERNALDATE "06-Mar-2024 12:00:00 +0000"'


def sizes(**other: int) -> bytes:
    """The answer about all three messages' sizes, but for those stated otherwise (`u2=7`)."""
    stated = {uid: other.get(f"u{uid}", len(body)) for uid, body in BODIES.items()}
    return b"".join(b"* %d FETCH (UID %d RFC822.SIZE %d)\r\n" % (uid, uid, size) for uid, size in stated.items()) + (
        b"{tag} OK done\r\n"
    )


def item(uid: int, body: bytes | None = None) -> bytes:
    data = BODIES[uid] if body is None else body
    return b"* %d FETCH (UID %d %b BODY[] {%d}\r\n%b)\r\n" % (uid, uid, DATE, len(data), data)


OK = b"{tag} OK done\r\n"
SIZES, BODY = "UID FETCH 1,2,3 (RFC822.SIZE", "UID FETCH 1,2,3 (BODY"
SOUND: dict[str, Answer] = {SIZES: sizes(), BODY: item(1) + item(2) + item(3) + OK}


def opened(server: ScriptedServer, *, timeout: float = 10, deadline: float = 20) -> ImapMailbox:
    where = Server(server.host, server.port, "none", "jane", timeout=timeout, deadline=deadline)
    return ImapMailbox("articles", where, lambda: "secret")


def fetched(answers: dict[str, Answer]) -> list[bytes]:
    """The bodies that come out of a round over three messages; the connection must be good afterwards."""
    with ScriptedServer({**SOUND, **answers}) as server, opened(server) as ours:
        ours.select("INBOX", writable=False)
        found = [raw for batch in ours.fetch([1, 2, 3]) for raw in batch]
        assert ours.search(None) == [1, 2, 3]
    assert all(raw.received == datetime(2024, 3, 6, 12, tzinfo=UTC) for raw in found)
    return [raw.data for raw in found]


def test_the_script_itself_is_sound() -> None:
    assert fetched({}) == list(BODIES.values())


def test_a_debug_log_tells_what_was_said_but_not_the_mail(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        assert fetched({}) == list(BODIES.values())
    assert "UID FETCH 1,2,3 (BODY" in caplog.text
    assert "first" not in caplog.text


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(b"* 2 FETCH (UID 2 " + DATE + b" BODY[] NIL)\r\n", id="NIL: expunged, says Dovecot"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"* 2 FETCH (UID 2 FLAGS (\\Seen))\r\n", id="only flags"),
        pytest.param(b"* 2 FETCH (FLAGS (\\Seen))\r\n", id="flags without a UID"),
        pytest.param(b"* 2 EXPUNGE\r\n", id="an expunge"),
    ],
)
def test_what_is_no_body_is_not_a_mail(second: bytes) -> None:
    assert fetched({BODY: item(1) + second + item(3) + OK}) == [BODIES[1], BODIES[3]]


def test_a_message_without_a_size_is_left_out() -> None:
    answer = b"* 1 FETCH (UID 1 RFC822.SIZE 23)\r\n* 2 FETCH (UID 2 FLAGS ())\r\n" + OK
    assert fetched({SIZES: answer, "UID FETCH 1 (BODY": item(1) + OK}) == [BODIES[1]]


def test_answers_for_other_messages_are_ignored() -> None:
    extra = b"* 9 FETCH (UID 9 BODY[] {3}\r\nxyz)\r\n* 3 FETCH (FLAGS (\\Seen) MODSEQ (7))\r\n"
    assert fetched({BODY: item(1) + extra + item(2) + item(3) + OK}) == list(BODIES.values())


def test_the_same_uid_twice_is_asked_for_again() -> None:
    """imapclient keeps the last answer, which may be the worse one."""
    answer = item(1) + item(2) + item(2, b"Subject: tw") + item(3) + OK
    assert fetched({BODY: answer, "UID FETCH 2 (BODY": item(2) + OK}) == [BODIES[1], BODIES[3]]


def test_a_size_that_is_always_wrong_is_the_servers_way_of_counting(caplog: pytest.LogCaptureFixture) -> None:
    assert fetched({SIZES: sizes(u2=7), "UID FETCH 2 (BODY": item(2) + OK}) == list(BODIES.values())
    assert "UID 2: the server states 7 bytes and sends 24" in caplog.text


def test_an_empty_body_of_a_message_that_has_one_is_no_mail() -> None:
    answers: dict[str, Answer] = {BODY: item(1) + item(2, b"") + item(3) + OK, "UID FETCH 2 (BODY": item(2, b"") + OK}
    assert fetched(answers) == [BODIES[1], BODIES[3]]


def test_a_message_that_the_server_refuses_does_not_hold_up_the_others() -> None:
    no = b"{tag} NO Some messages could not be read\r\n"
    alone: dict[str, Answer] = {"UID FETCH 1 (BODY": item(1) + OK, "UID FETCH 2 (BODY": no}
    assert fetched({BODY: no, "UID FETCH 2,3 (BODY": no, "UID FETCH 3 (BODY": item(3) + OK, **alone}) == [
        BODIES[1],
        BODIES[3],
    ]


@pytest.mark.parametrize("code", [b"SERVERBUG", b"UNAVAILABLE", b"INUSE"])
def test_a_server_out_of_order_for_one_message_gives_the_others(code: bytes) -> None:
    no = b"{tag} NO [%b] Internal error occurred\r\n" % code
    alone: dict[str, Answer] = {"UID FETCH 1 (BODY": no, "UID FETCH 2 (BODY": item(2) + OK}
    assert fetched({BODY: no, "UID FETCH 2,3 (BODY": item(2) + item(3) + OK, **alone}) == [BODIES[2], BODIES[3]]


def test_a_server_out_of_order_for_all_messages_is_down(caplog: pytest.LogCaptureFixture) -> None:
    no = b"{tag} NO [UNAVAILABLE] Internal error occurred\r\n"
    with ScriptedServer({"UID FETCH": no, SIZES: sizes()}) as server, opened(server) as ours:
        ours.select("INBOX", writable=False)
        with pytest.raises(MailboxError, match="Internal error occurred"):
            list(ours.fetch([1, 2, 3]))
        assert sum("BODY" in command for command in server.commands) == 5
    assert "left for later" not in caplog.text


def test_a_server_that_is_down_is_not_asked_for_each_message() -> None:
    with ScriptedServer({"UID FETCH": b"{tag} NO [SERVERBUG] oops\r\n"}) as server, opened(server) as ours:
        ours.select("INBOX", writable=False)
        with pytest.raises(MailboxError, match="oops"):
            list(ours.fetch(range(1, 601)))
        assert sum(command.startswith("UID FETCH") for command in server.commands) == IN_VAIN


def test_a_message_alone_that_is_refused_is_left_for_later(caplog: pytest.LogCaptureFixture) -> None:
    answers: dict[str, Answer] = {
        "UID FETCH 1 (RFC822.SIZE": b"* 1 FETCH (UID 1 RFC822.SIZE 23)\r\n" + OK,
        "UID FETCH 1 (BODY": b"{tag} NO [SERVERBUG] oops\r\n",
    }
    with ScriptedServer(answers) as server, opened(server) as ours:
        ours.select("INBOX", writable=False)
        assert list(ours.fetch([1])) == []
    assert "UID 1: the server does not give it ([SERVERBUG] oops); left for later" in caplog.text
    assert [facts_of(record) for record in caplog.records if record.levelname == "WARNING"] == [
        {"account": "articles", "mailbox": "INBOX", "uid": 1},
        {"account": "articles", "mailbox": "INBOX"},
    ]


def test_a_message_that_is_listed_but_not_given_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    fetched({BODY: item(1) + item(3) + OK, "UID SEARCH UID 2": b"* SEARCH 2\r\n" + OK})
    assert re.search(r"lists the messages \[2\] of 'INBOX' and does not give them", caplog.text)


def test_an_internaldate_that_is_none_is_left_to_the_message() -> None:
    odd = item(1).replace(b"+0000", b"+9999")
    with ScriptedServer({**SOUND, BODY: odd + OK}) as server, opened(server) as ours:
        ours.select("INBOX", writable=False)
        ((raw,),) = ours.fetch([1, 2, 3])
    assert (raw.data, raw.received) == (BODIES[1], None)
    assert raw.fallback is not None
    assert abs(datetime.now(UTC) - raw.fallback) < timedelta(minutes=10), "what tells nothing of its day came today"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(item(1) + item(2)[:-9] + HANG_UP, id="cut within a body"),
        pytest.param(item(1) + HANG_UP, id="cut between bodies"),
        pytest.param(item(1) + b"* BYE the server is going down\r\n" + HANG_UP, id="BYE"),
        pytest.param(item(1).replace(b"{23}", b"{20}") + item(2) + item(3) + OK, id="literal too short"),
        pytest.param(item(1).replace(b"{23}", b"{29}") + item(2) + item(3) + OK, id="literal too long"),
        pytest.param(item(1).replace(b"{23}", b"{4000000000}") + OK, id="literal of 4 GB"),
        pytest.param(item(1).replace(b"{23}", b"{9999999999999999999999}") + OK, id="literal beyond all measure"),
        pytest.param(item(1).rstrip() + b"\r\n\r\n" + item(2) + OK, id="an empty line"),
        pytest.param(b"* 1 FETCH (UID x BODY[] NIL)\r\n" + OK, id="a UID that is none"),
        pytest.param(b"* 1 FETCH (UID 1 BODY[] NIL\r\n" + OK, id="an open bracket"),
        pytest.param(b"* 1 FETCH (UID 1 BODY[]\r\n" + OK, id="a name without a value"),
        pytest.param(b"* 1 FETCH UID\r\n" + OK, id="no brackets"),
        pytest.param(b"* 1 FETCH (UID 1 FLAGS (" + b"x" * 1_100_000 + b"))\r\n" + OK, id="a line of 1.1 MB"),
        pytest.param(b"\x00\xff garbage\r\n", id="garbage"),
        pytest.param(b"* 1 FETCH (UID 1 FLAGS " + b"(" * 50_000 + b")\r\n" + OK, id="brackets without end"),
        pytest.param(item(1).replace(b"-2024", b"-20244444444444") + OK, id="a year beyond all measure"),
        pytest.param(b"XX99 OK not yours\r\n", id="another's tag"),
    ],
)
def test_after_a_broken_answer_the_connection_is_dropped(answer: bytes) -> None:
    with ScriptedServer({**SOUND, BODY: answer}) as server, opened(server) as ours:
        ours.select("INBOX", writable=True)
        got: list[RawMessage] = []
        with pytest.raises(MailboxError, match=r"articles: .*127\.0\.0\.1"):
            got.extend(raw for batch in ours.fetch([1, 2, 3]) for raw in batch)
        assert got == [], "a batch that was not whole gives nothing"
        before = list(server.commands)
        with pytest.raises(MailboxError, match="not connected"):
            ours.acknowledge([1], After("seen"))
        assert server.commands == before, "not a word more on a connection out of step"


@pytest.mark.parametrize("answer", [b"{tag} NO not now\r\n", b"{tag} BAD what?\r\n"])
def test_a_refusal_keeps_the_connection(answer: bytes) -> None:
    with ScriptedServer({"UID SEARCH": [answer, b"* SEARCH 5\r\n" + OK]}) as server, opened(server) as ours:
        ours.select("INBOX", writable=False)
        with pytest.raises(MailboxError, match=r"refused to search 'INBOX' \(.*(not now|what\?)"):
            ours.search(None)
        assert ours.search(None) == [5]


def test_a_server_that_asks_us_to_wait_is_not_asked_again() -> None:
    for said in (
        b"[LIMIT] Suggested Backoff Time: 299910 milliseconds",
        b"Account exceeded command or bandwidth limits. (Failure)",
        b"[OVERQUOTA] no more today",
        b"[SERVERBUG] Rate limit hit",
        b"too many simultaneous commands",
    ):
        wait(said)


def wait(said: bytes) -> None:
    answer = b"{tag} NO " + said + b"\r\n"
    with ScriptedServer({**SOUND, BODY: answer}) as server, opened(server) as ours:
        ours.select("INBOX", writable=False)
        with pytest.raises(MailboxError, match=re.escape(said.decode())):
            list(ours.fetch([1, 2, 3]))
        assert sum(command.startswith("UID FETCH") for command in server.commands) == 2


def session(server: ScriptedServer, got: list[bytes], *, timeout: float = 10, deadline: float = 20) -> int:
    """A round from the first octet to the last. Returns how many the server sent before the farewell."""
    with opened(server, timeout=timeout, deadline=deadline) as ours:
        ours.select("INBOX", writable=True)
        for batch in ours.fetch(ours.search(None)):
            got += [raw.data for raw in batch]
        ours.search(None)
        return server.sent


def test_a_stream_cut_anywhere_gives_whole_mails_or_none() -> None:
    """Every seventh octet of a session: what comes out is right, and what does not is an error."""
    with ScriptedServer(SOUND) as server:
        whole = session(server, [])
    assert whole > 600
    for cut in range(1, whole, 7):
        got: list[bytes] = []
        with ScriptedServer(SOUND, cut_after=cut) as server, pytest.raises(MailboxError):
            session(server, got)
        assert got in ([], list(BODIES.values()))


def test_silence_ends_with_the_timeout() -> None:
    with ScriptedServer({"UID SEARCH": b""}) as server, opened(server, timeout=0.3) as ours:
        ours.select("INBOX", writable=False)
        with pytest.raises(MailboxError, match=r"not an octet for 0.3 s"):
            ours.search(None)


@pytest.mark.parametrize("where", ["greeting", "CAPABILITY", "password", "SELECT", "UID SEARCH", BODY])
def test_a_trickle_ends_with_the_deadline(where: str) -> None:
    """One octet now and then keeps a socket's own time-out from ever coming."""
    slow: dict[str, Answer] = {where: Slowly(b"* OK " + b"x" * 2000, 0.05)}
    start = time.monotonic()
    with ScriptedServer({**SOUND, **slow}) as server, pytest.raises(MailboxError, match=r"within 0\.5 s"):
        session(server, [], timeout=5, deadline=0.5)
    assert time.monotonic() - start < 4


def test_a_folder_without_uidvalidity_is_read_and_never_changed(caplog: pytest.LogCaptureFixture) -> None:
    with ScriptedServer({**SOUND, "SELECT": b"* 3 EXISTS\r\n{tag} OK done\r\n"}) as server, opened(server) as ours:
        assert ours.select("INBOX", writable=True).uidvalidity is None
        ((raw, *_),) = ours.fetch([1, 2, 3])
        assert raw.ref.uidvalidity is None
        assert ours.acknowledge([1, 2], After("seen")) == set()
        assert not any("STORE" in command for command in server.commands)
    assert "no UIDVALIDITY" in caplog.text


def test_a_folder_that_is_numbered_anew_while_it_is_open_is_not_changed() -> None:
    answers: dict[str, Answer] = {**SOUND, BODY: item(1) + b"* OK [UIDVALIDITY 78] anew\r\n" + item(2) + item(3) + OK}
    for after in (After("seen"), After("move", "Done")):
        with ScriptedServer(answers) as server, opened(server) as ours:
            ours.select("INBOX", writable=True)
            assert len(next(ours.fetch([1, 2, 3]))) == 3
            with pytest.raises(MailboxError, match="UIDVALIDITY was 77 and is 78"):
                ours.acknowledge([1, 2, 3], after)
            assert not any(command.startswith(("UID STORE", "UID MOVE")) for command in server.commands)
            assert not ours.is_connected


def test_the_last_message_does_not_lie_beyond_itself() -> None:
    """`n:*` is the last message, even where its UID is lower."""
    answers: dict[str, Answer] = {
        "SELECT": b"* 60000 EXISTS\r\n* OK [UIDVALIDITY 77] ok\r\n" + OK,
        "UID SEARCH 1:50000 UID 100:*": b"* SEARCH 99\r\n" + OK,
        "UID SEARCH 50001:* UID 100:*": b"* SEARCH 99 101 100\r\n" + OK,
        "UID SEARCH UID 7,99": b"* SEARCH 99 12\r\n" + OK,
    }
    with ScriptedServer(answers) as server, opened(server) as ours:
        ours.select("INBOX", writable=True)
        assert ours.search(None, above=99) == [100, 101]
        assert ours.present([99, 7]) == {99}
        assert ours.present([]) == set()


def test_a_folder_that_may_only_be_read_is_told() -> None:
    answer = b"* 3 EXISTS\r\n* OK [READ-ONLY] no rights\r\n{tag} OK [READ-ONLY] done\r\n"
    with (
        ScriptedServer({"SELECT": answer}) as server,
        opened(server) as ours,
        pytest.raises(MailboxError, match=r'may only be read\. Set after to "keep"'),
    ):
        ours.select("INBOX", writable=True)


def test_a_flag_that_does_not_stick_is_not_done(caplog: pytest.LogCaptureFixture) -> None:
    answers: dict[str, Answer] = {"UID STORE": OK, "UID SEARCH UID 1,2,3 UNSEEN": b"* SEARCH 2\r\n" + OK}
    with ScriptedServer(answers) as server, opened(server) as ours:
        ours.select("INBOX", writable=True)
        assert ours.acknowledge([1, 2, 3], After("seen")) == {1, 3}
    assert "'seen' was not carried out for 1 of 3 messages" in caplog.text


@pytest.mark.parametrize(("uidplus", "expunge"), [("UIDPLUS", ["UID EXPUNGE 1,3"]), ("", [])])
def test_without_move_it_is_copied_and_marked(
    uidplus: str, expunge: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """What is marked already (2) was copied by a round that was cut short: it is not copied twice."""
    answers: dict[str, Answer] = {
        "CAPABILITY": f"* CAPABILITY IMAP4rev1 AUTH=PLAIN {uidplus}\r\n{{tag}} OK done\r\n".encode(),
        "UID SEARCH UID 1,2,3 UNDELETED": [b"* SEARCH 1 3\r\n" + OK, b"* SEARCH\r\n" + OK],
        **dict.fromkeys(("UID STORE", "UID EXPUNGE"), OK),
        "UID COPY": b"{tag} OK [COPYUID 5 1,3 8:9] done\r\n" if uidplus else OK,
        "UID SEARCH UID 1,3": b"* SEARCH\r\n" + OK if uidplus else b"* SEARCH 1 3\r\n" + OK,
    }
    with ScriptedServer(answers) as server, opened(server) as ours:
        ours.select("INBOX", writable=True)
        assert ours.acknowledge([1, 2, 3], After("move", "Done")) == {1, 2, 3}
        done = [command for command in server.commands if command.startswith(("UID COPY", "UID STORE", "UID EXP"))]
        assert done == ['UID COPY 1,3 "Done"', "UID STORE 1,3 +FLAGS.SILENT (\\Deleted)", *expunge]
        assert "EXPUNGE" not in server.commands
    assert bool(expunge) is not ("left behind marked as deleted" in caplog.text)


def test_a_copy_that_is_refused_marks_nothing() -> None:
    answers: dict[str, Answer] = {
        "CAPABILITY": b"* CAPABILITY IMAP4rev1 AUTH=PLAIN UIDPLUS\r\n{tag} OK done\r\n",
        "UID COPY": b"{tag} NO [OVERQUOTA] the mailbox is full\r\n",
        "LIST": b'* LIST () "/" INBOX\r\n* LIST () "/" Done\r\n' + OK,
    }
    with ScriptedServer(answers) as server, opened(server) as ours:
        ours.select("INBOX", writable=True)
        with pytest.raises(MailboxError, match=r"refused to move 3 messages to 'Done' .*the mailbox is full"):
            ours.acknowledge([1, 2, 3], After("move", "Done"))
        assert not any("STORE" in command or "EXPUNGE" in command for command in server.commands)


def test_a_large_folder_is_searched_in_ranges() -> None:
    answers: dict[str, Answer] = {
        "SELECT": b"* 120000 EXISTS\r\n* OK [UIDVALIDITY 77] ok\r\n" + OK,
        "UID SEARCH 1:50000": b"* SEARCH 11 10\r\n" + OK,
        "UID SEARCH 50001:100000": b"* SEARCH\r\n" + OK,
        "UID SEARCH 100001:*": b"* SEARCH 99 12\r\n" + OK,
    }
    with ScriptedServer(answers) as server, opened(server) as ours:
        ours.select("INBOX", writable=True)
        assert ours.search(datetime(2024, 3, 1, tzinfo=UTC).date()) == [10, 11, 12, 99]
        assert [command for command in server.commands if "SEARCH" in command] == [
            f"UID SEARCH {numbers} SINCE 01-Mar-2024" for numbers in ("1:50000", "50001:100000", "100001:*")
        ]


def test_folders_whose_names_are_odd_are_listed_all_the_same() -> None:
    answers: dict[str, Answer] = {
        "EXAMINE": b"{tag} NO no such thing\r\n",
        "LIST": b'* LIST (\\Noselect) "/" "[Gmail]"\r\n* LIST () "/" "&A"\r\n* LIST () "/" 2024\r\n'
        b'* LIST () "/" {6}\r\nA/"B"c\r\n* LIST () "/" "Entw&APw-rfe"\r\n' + OK,
    }
    there_are = re.escape('those there are: &A, 2024, A/"B"c, Entwürfe')
    with ScriptedServer(answers) as server, opened(server) as ours, pytest.raises(MailboxError, match=there_are):
        ours.select("Nowhere", writable=False)


def test_a_folder_whose_name_is_no_utf7_can_be_opened() -> None:
    answers: dict[str, Answer] = {
        'EXAMINE "&-A"': b"{tag} NO no such thing\r\n",
        'EXAMINE "&A"': b"* 0 EXISTS\r\n* OK [UIDVALIDITY 5] ok\r\n" + OK,
        "LIST": b'* LIST () "/" "&A"\r\n' + OK,
    }
    with ScriptedServer(answers) as server, opened(server) as ours:
        assert ours.select("&A", writable=False).uidvalidity == 5


@pytest.mark.parametrize(
    ("answers", "kind", "words"),
    [
        ({"password": b"{tag} NO [AUTHENTICATIONFAILED] no\r\n"}, LoginRefused, "refused the log-in of 'jane'"),
        ({"password": b"{tag} NO [ALERT] app password\r\n"}, LoginRefused, "app password"),
        ({"password": b"{tag} NO [UNAVAILABLE] LDAP is down\r\n"}, MailboxError, "cannot log anybody in now"),
        ({"password": HANG_UP}, MailboxError, "ended or garbled"),
        ({"password": b"* BYE too many\r\n" + HANG_UP}, MailboxError, "too many"),
        ({"greeting": b"* BYE too many connections\r\n" + HANG_UP}, MailboxError, "too many connections"),
        ({"greeting": HANG_UP}, MailboxError, "check port and security"),
        ({"greeting": b"220 mail.example.org ESMTP\r\n"}, MailboxError, "check port and security"),
        ({"greeting": b"\x15\x03\x01\x00\x02\x02\x16"}, MailboxError, "check port|did not"),
        (
            {"CAPABILITY": b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n{tag} OK done\r\n"},
            MailboxError,
            'takes no password on this connection: set security to "tls"',
        ),
    ],
)
def test_log_ins_that_fail(answers: dict[str, Answer], kind: type[MailboxError], words: str) -> None:
    with ScriptedServer(answers) as server, pytest.raises(MailboxError, match=f"articles: .*({words})") as caught:
        opened(server, timeout=1).connect()
    assert type(caught.value) is kind
    assert "secret" not in str(caught.value)


def test_a_server_that_knows_us_already_is_told_no_password() -> None:
    with ScriptedServer({"greeting": b"* PREAUTH welcome jane\r\n"}) as server, opened(server) as ours:
        assert ours.select("INBOX", writable=False).messages == 3
        assert not any("AUTHENTICATE" in command or "LOGIN" in command for command in server.commands)


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(item(1).replace(b"{23}", b"{14}"), id="a literal longer than it says"),
        pytest.param(b"* 1 FETCH (UID second BODY[] NIL)\r\n" + OK, id="words where a number should be"),
        pytest.param(b"Dear second Jane" + HANG_UP, id="a line without its end"),
    ],
)
def test_a_conversation_out_of_step_quotes_no_mail(broken: bytes) -> None:
    mail = b"Subject: one\r\n\r\nA second line\r\nand a second one\r\n"
    answer = broken.replace(BODIES[1], mail)
    with ScriptedServer({**SOUND, BODY: answer}) as server, opened(server) as ours:
        ours.select("INBOX", writable=False)
        with pytest.raises(MailboxError, match="broke at: ") as caught:
            list(ours.fetch([1, 2, 3]))
    assert "second" not in str(caught.value)


def test_no_password_gets_into_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Neither by AUTHENTICATE nor by LOGIN, even where every octet that is sent is logged."""
    caplog.set_level(logging.DEBUG)
    login: dict[str, Answer] = {
        "CAPABILITY": b"* CAPABILITY IMAP4rev1\r\n{tag} OK done\r\n",
        "LOGIN {4}": b"+ \r\n",
        "{6}": b"+ \r\n",  # comes behind the user
        "": b"",  # comes behind the password
    }
    for answers in ({"password": b""}, login):
        with ScriptedServer(answers) as server, pytest.raises(MailboxError, match="did not answer within"):
            opened(server, timeout=0.2).connect()
        assert server.commands[-1] in {"AUTHENTICATE PLAIN", ""}
    assert "LOGIN" in caplog.text
    assert "secret" not in caplog.text
    assert "c2VjcmV0" not in caplog.text
