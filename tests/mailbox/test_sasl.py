"""The octets of a log-in, most of them with an access token, and what is done when it is refused: on a server with a
script.
"""

from __future__ import annotations

import base64
import json
import logging
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailarchiver.errors import LoginRefused, MailboxError
from mailarchiver.mailbox.imap import ImapMailbox, Server
from mailarchiver.mailbox.sasl import LINE_OCTETS, Bearer, first_answer, read_problem
from tests.servers.scripted import Answer, ScriptedServer

EMPTY = b"+ \r\n"
WELCOME = b"{tag} OK welcome\r\n"
REFUSED = b"{tag} NO [AUTHENTICATIONFAILED] no\r\n"


@dataclass
class Source:
    """Tokens, one after the other; the last is repeated."""

    tokens: list[str]
    cure: str = "sign in again"
    asked: list[str | None] = field(default_factory=list)

    def token(self, refused: str | None = None) -> str:
        self.asked.append(refused)
        return self.tokens.pop(0) if len(self.tokens) > 1 else self.tokens[0]


def encoded(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def capable(*capabilities: str) -> bytes:
    return f"* CAPABILITY IMAP4rev1 {' '.join(capabilities)}\r\n{{tag}} OK done\r\n".encode()


def connect(server: ScriptedServer, source: Source, user: str = "jane") -> None:
    with ImapMailbox("articles", Server(server.host, server.port, "none", user, timeout=5), source):
        pass


def connect_with_password(server: ScriptedServer, password: str) -> None:
    with ImapMailbox("articles", Server(server.host, server.port, "none", "jane", timeout=5), lambda: password):
        pass


XOAUTH2 = "user=jane\x01auth=Bearer good\x01\x01"


def test_xoauth2_is_googles_form() -> None:
    """The example of Google's documentation of the mechanism."""
    assert first_answer(
        "XOAUTH2", "someuser@example.com", "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg", host="", port=0
    ) == (b"user=someuser@example.com\x01auth=Bearer ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg\x01\x01")


def test_oauthbearer_is_the_rfcs_form() -> None:
    """RFC 7628 §4.1."""
    told = first_answer(
        "OAUTHBEARER",
        "user@example.com",
        "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==",
        host="server.example.com",
        port=143,
    )
    assert encoded(told) == (
        "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNS"
        "bGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB"
    )


def test_a_name_with_commas_is_escaped() -> None:
    assert first_answer("OAUTHBEARER", "a=b,c", "t", host="h", port=1).startswith(b"n,a=a=3Db=2Cc,\x01")


@pytest.mark.parametrize("token", ["two words", "line\nend", "", "tökén", "\x01"])
def test_what_is_no_token_is_not_sent(token: str) -> None:
    with ScriptedServer({"CAPABILITY": capable("AUTH=XOAUTH2")}) as server:
        with pytest.raises(MailboxError, match="account articles: the access token cannot be sent"):
            connect(server, Source([token]))
        assert not any("AUTHENTICATE" in command for command in server.commands)


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (["AUTH=PLAIN", "AUTH=XOAUTH2"], "XOAUTH2"),
        (["AUTH=XOAUTH2", "AUTH=OAUTHBEARER"], "OAUTHBEARER"),
    ],
)
def test_the_standard_is_preferred(offered: list[str], chosen: str) -> None:
    script: dict[str, Answer] = {"CAPABILITY": capable(*offered)}
    script |= {f"AUTHENTICATE {chosen}": EMPTY, f"AUTHENTICATE {chosen} …": WELCOME}
    with ScriptedServer(script) as server:
        connect(server, Source(["good"]))
        assert server.commands[1] == f"AUTHENTICATE {chosen}"
        port = server.port
    first = (
        XOAUTH2 if chosen == "XOAUTH2" else f"n,a=jane,\x01host=127.0.0.1\x01port={port}\x01auth=Bearer good\x01\x01"
    )
    assert server.said == [encoded(first)]


def test_where_no_token_is_taken_none_is_sent() -> None:
    with ScriptedServer() as server:
        with pytest.raises(MailboxError, match=r"takes no access tokens .*give a password in place") as caught:
            connect(server, Source(["good"]))
        assert not isinstance(caught.value, LoginRefused)
        assert "good" not in " ".join(server.commands)


def test_the_token_goes_with_the_command_where_the_server_likes_it() -> None:
    script: dict[str, Answer] = {"CAPABILITY": capable("SASL-IR", "AUTH=XOAUTH2"), "AUTHENTICATE XOAUTH2": WELCOME}
    with ScriptedServer(script) as server:
        connect(server, Source(["good"]))
        assert server.commands[1] == f"AUTHENTICATE XOAUTH2 {encoded(XOAUTH2)}"


def test_a_long_token_waits_for_the_server() -> None:
    bearer = Bearer("XOAUTH2", "jane", "x" * LINE_OCTETS, host="h", port=1, at_once=True)
    assert bearer.opening is None
    assert len(base64.b64decode(bearer.following(b""))) > LINE_OCTETS


def test_a_password_goes_with_the_command_where_the_server_likes_it(caplog: pytest.LogCaptureFixture) -> None:
    script: dict[str, Answer] = {"CAPABILITY": capable("SASL-IR", "AUTH=PLAIN"), "AUTHENTICATE PLAIN ": WELCOME}
    answer = encoded("\0jane\0pässword")
    with ScriptedServer(script) as server, caplog.at_level(logging.DEBUG):
        connect_with_password(server, "pässword")
        assert server.commands[1] == f"AUTHENTICATE PLAIN {answer}"
    assert "AUTHENTICATE" in caplog.text
    assert answer not in caplog.text


def test_a_password_that_is_refused_at_once_is_refused() -> None:
    script: dict[str, Answer] = {"CAPABILITY": capable("SASL-IR", "AUTH=PLAIN"), "AUTHENTICATE PLAIN ": REFUSED}
    with ScriptedServer(script) as server, pytest.raises(LoginRefused, match="refused the log-in of 'jane'"):
        connect_with_password(server, "wrong")


def test_a_long_password_waits_for_the_server() -> None:
    script: dict[str, Answer] = {"CAPABILITY": capable("SASL-IR", "AUTH=PLAIN")}
    with ScriptedServer(script) as server:
        connect_with_password(server, "x" * LINE_OCTETS)
        assert server.commands[1] == "AUTHENTICATE PLAIN"


def test_a_server_that_asks_for_more_than_a_password_is_left() -> None:
    script: dict[str, Answer] = {"CAPABILITY": capable("SASL-IR", "AUTH=PLAIN"), "AUTHENTICATE PLAIN ": EMPTY}
    script |= {"AUTHENTICATE PLAIN  …": b"{tag} BAD cancelled\r\n"}
    with ScriptedServer(script) as server, pytest.raises(LoginRefused):
        connect_with_password(server, "secret")
    assert server.said == ["*"]


# --- capabilities, each asked for once --------------------------------------------------------------------------------

TOLD = b"* CAPABILITY IMAP4rev1 MOVE\r\n{tag} OK welcome\r\n"


@pytest.mark.parametrize(
    ("greeting", "welcome", "asked"),
    [
        (b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready\r\n", TOLD, 0),
        (b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready\r\n", b"{tag} OK [CAPABILITY IMAP4rev1 MOVE]\r\n", 0),
        (b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready\r\n", WELCOME, 1),
        (b"* OK [CAPABILITY AUTH=PLAIN SASL-IR] ready\r\n", TOLD, 1),
        (b"* OK ready\r\n", TOLD, 1),
        (b"* OK ready\r\n", WELCOME, 2),
    ],
)
def test_what_the_server_tells_by_itself_is_not_asked_for(greeting: bytes, welcome: bytes, asked: int) -> None:
    script: dict[str, Answer] = {
        "greeting": greeting,
        "CAPABILITY": capable("SASL-IR", "AUTH=PLAIN", "MOVE"),
        "AUTHENTICATE PLAIN ": welcome,
    }
    with ScriptedServer(script) as server:
        where = Server(server.host, server.port, "none", "jane")
        with ImapMailbox("articles", where, lambda: "secret") as ours:
            assert ours.select("INBOX", writable=False).messages == 3
            assert ours.search(None) == [1, 2, 3]
            assert ours.ask("tell what it can", lambda client: client.has_capability("MOVE"))
        assert server.commands.count("CAPABILITY") == asked


@pytest.mark.parametrize(("mechanism", "farewell"), [("XOAUTH2", ""), ("OAUTHBEARER", "AQ==")])
@pytest.mark.parametrize("at_once", [True, False])
def test_a_refusal_is_heard_out(mechanism: str, farewell: str, at_once: bool) -> None:
    """RFC 7628 §3.2.3: the reason comes as one more `+`, which has to be answered before the NO comes."""
    reason = {"status": "invalid_token", "scope": "https://mail.google.com/", "schemes": "bearer"}
    challenge = f"+ {encoded(json.dumps(reason))}\r\n".encode()
    key = f"AUTHENTICATE {mechanism}"
    script: dict[str, Answer] = {"CAPABILITY": capable(f"AUTH={mechanism}", *(["SASL-IR"] if at_once else []))}
    script |= (
        {key: challenge, f"{key} …": REFUSED} if at_once else {key: EMPTY, f"{key} …": challenge, f"{key} … …": REFUSED}
    )
    with ScriptedServer(script) as server, pytest.raises(LoginRefused) as caught:
        connect(server, Source(["good"]))
    assert server.said[-1] == farewell
    assert "no (invalid_token, scope https://mail.google.com/)" in str(caught.value)
    assert "sign in again" in str(caught.value)


def test_a_server_that_goes_on_asking_is_left() -> None:
    script: dict[str, Answer] = {"CAPABILITY": capable("AUTH=XOAUTH2"), "AUTHENTICATE XOAUTH2": EMPTY}
    script |= {f"AUTHENTICATE XOAUTH2{' …' * number}": EMPTY for number in range(1, 4)}
    script |= {f"AUTHENTICATE XOAUTH2{' …' * 4}": b"{tag} BAD cancelled\r\n"}
    with ScriptedServer(script) as server, pytest.raises(LoginRefused):
        connect(server, Source(["good"]))
    assert server.said[-4:] == [encoded(XOAUTH2), "", "*", "*"]


# --- what is done then ------------------------------------------------------------------------------------------------


def refusing(*answers: bytes) -> dict[str, Answer]:
    """A server that answers one log-in after the other so."""
    return {"CAPABILITY": capable("SASL-IR", "AUTH=XOAUTH2"), "AUTHENTICATE XOAUTH2": list(answers)}


def log_ins(server: ScriptedServer) -> list[str]:
    tried = [command.split()[2] for command in server.commands if command.startswith("AUTHENTICATE")]
    return [base64.b64decode(each).decode().split("Bearer ")[1].rstrip("\x01") for each in tried]


def test_a_refused_token_is_renewed_once() -> None:
    source = Source(["old", "new"])
    with ScriptedServer(refusing(REFUSED, WELCOME)) as server:
        connect(server, source)
    assert (log_ins(server), source.asked) == (["old", "new"], [None, "old"])


def test_a_renewed_token_that_is_refused_ends_it() -> None:
    source = Source(["one", "two", "three"])
    with ScriptedServer(refusing(REFUSED)) as server, pytest.raises(LoginRefused, match="sign in again"):
        connect(server, source)
    assert log_ins(server) == ["one", "two"]


def test_a_token_that_stays_the_same_is_not_tried_again() -> None:
    source = Source(["same"])
    with ScriptedServer(refusing(REFUSED)) as server, pytest.raises(LoginRefused, match="sign in again"):
        connect(server, source)
    assert log_ins(server) == ["same"]


@pytest.mark.parametrize(
    "answer", [b"{tag} NO [UNAVAILABLE] Temporary authentication failure.\r\n", b"* BYE overloaded\r\n<hang up>"]
)
def test_a_token_is_not_blamed_for_a_server_in_trouble(answer: bytes) -> None:
    source = Source(["one", "two"])
    with ScriptedServer(refusing(answer)) as server, pytest.raises(MailboxError) as caught:
        connect(server, source)
    assert not isinstance(caught.value, LoginRefused)
    assert (log_ins(server), source.asked) == (["one"], [None])


def test_a_source_in_trouble_is_told_with_the_account() -> None:
    class Failing(Source):
        def token(self, refused: str | None = None) -> str:
            raise LoginRefused("nobody has signed in yet") if refused is None else AssertionError

    with ScriptedServer() as server, pytest.raises(LoginRefused, match=r"^account articles: nobody has signed in yet"):
        connect(server, Failing([""]))
    assert server.commands == []


@pytest.mark.parametrize("at_once", [True, False])
def test_no_token_is_logged(caplog: pytest.LogCaptureFixture, at_once: bool) -> None:
    script: dict[str, Answer] = {"CAPABILITY": capable("AUTH=XOAUTH2", *(["SASL-IR"] if at_once else []))}
    script |= {"AUTHENTICATE XOAUTH2": WELCOME if at_once else EMPTY}
    script |= {} if at_once else {"AUTHENTICATE XOAUTH2 …": WELCOME}
    with caplog.at_level(logging.DEBUG), ScriptedServer(script) as server:
        connect(server, Source(["s3cr3t-token"]))
    assert "AUTHENTICATE" in caplog.text
    assert "s3cr3t" not in caplog.text
    assert encoded("user=jane\x01auth=Bearer s3cr3t-token\x01\x01") not in caplog.text


# --- the reason -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (encoded('{"status":"401","schemes":"bearer","scope":"mail"}'), "401, scope mail"),
        (
            encoded('{"error":"invalid_token","error_description":"gone","status":"invalid_token"}'),
            "invalid_token, gone",
        ),
        ("", ""),
        ("!!!", ""),
        (encoded("no JSON"), ""),
        (encoded("[1]"), ""),
        (encoded(b"\xff"), ""),
        (encoded('{"status":"' + "x" * 1000 + '"}'), "x" * 200),
    ],
)
def test_the_reason_in_words(data: str, words: str) -> None:
    assert read_problem(data.encode()) == words


@given(st.binary(max_size=200))
def test_no_reason_surprises(data: bytes) -> None:
    assert isinstance(read_problem(data), str)
    assert isinstance(read_problem(base64.b64encode(data)), str)


def test_a_reason_that_is_nested_without_end() -> None:
    assert read_problem(base64.b64encode(b"[" * 200_000)) == ""
