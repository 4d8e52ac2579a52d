"""The server's clock, told by searches for messages by age (RFC 5032)."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailarchiver.mailbox import server_clock, survey
from mailarchiver.mailbox.imap import ImapMailbox, Server
from mailarchiver.mailbox.server_clock import OLDEST, ServerClock, find_age
from tests.servers.fixtures import EVERY_SERVER, NOON, Mailbox, cyrus, dovecot, dovecot_sdbox, mailbox
from tests.servers.scripted import Answer, ScriptedServer

__all__ = ["cyrus", "dovecot", "dovecot_sdbox", "mailbox"]


@given(age=st.integers(2, OLDEST), guess=st.integers(-OLDEST, 2 * OLDEST))
def test_the_age_is_found_from_any_guess(age: int, guess: int) -> None:
    asked: list[int] = []

    def found_within(seconds: int) -> bool:
        asked.append(seconds)
        return seconds >= age

    assert find_age(found_within, guess) == age
    assert len(asked) <= 70
    assert all(1 <= seconds <= OLDEST for seconds in asked), "RFC 5032: a number greater than zero"


@pytest.mark.parametrize("off", [-1, 0, 1])
def test_two_clocks_that_agree_take_few_questions(off: int) -> None:
    asked: list[int] = []

    def found_within(seconds: int) -> bool:
        asked.append(seconds)
        return seconds >= 1000

    find_age(found_within, 1000 + off)
    assert len(asked) <= 4


@pytest.mark.parametrize("guess", [-5, 0, 10, OLDEST])
def test_a_message_that_has_no_age(guess: int) -> None:
    assert find_age(lambda _: True, guess) is None, "it comes from the server's future"
    assert find_age(lambda _: False, guess) is None, "the search finds nothing by age"


@EVERY_SERVER
@pytest.mark.parametrize("ahead", [0, 5, -90, 3600, -3600, 10 * 365 * 86400, -10 * 365 * 86400])
def test_the_clock_of_a_server(mailbox: Mailbox, ahead: int) -> None:
    mailbox.fill(2)
    flags = mailbox.other.flags()
    with mailbox.open() as ours:
        capabilities = ours.ask("tell what it can do", survey.connection).capabilities
        ours.select("INBOX", writable=False)
        asked = partial(server_clock.ask, uids=ours.search(None), clock=lambda: time.time() - ahead)
        found = ours.ask("tell its time", asked)
    assert found.ahead == (pytest.approx(ahead, abs=3) if "WITHIN" in capabilities else None)
    assert mailbox.other.flags() == flags


def test_an_empty_folder_tells_nothing(mailbox: Mailbox) -> None:
    with mailbox.open() as ours:
        ours.select("INBOX", writable=False)
        found = ours.ask("tell its time", partial(server_clock.ask, uids=[]))
    assert found == ServerClock(why="there is no message to tell it by")


def scripted(capabilities: str, *dates: datetime, found: bool = False) -> dict[str, Answer]:
    """A server whose messages arrived then."""
    lines = [
        f'* {number} FETCH (UID {number} INTERNALDATE "{date:%d-%b-%Y %H:%M:%S +0000}")\r\n'
        for number, date in enumerate(dates, 1)
    ]
    return {
        "CAPABILITY": f"* CAPABILITY IMAP4rev1 AUTH=PLAIN {capabilities}\r\n{{tag}} OK done\r\n".encode(),
        "UID FETCH": f"{''.join(lines)}{{tag}} OK done\r\n".encode(),
        "UID SEARCH": f"* SEARCH{' 1' if found else ''}\r\n{{tag}} OK done\r\n".encode(),
    }


def asked(script: dict[str, Answer], uids: list[int]) -> tuple[ServerClock, list[str]]:
    with ScriptedServer(script) as server:
        where = Server(server.host, server.port, "none", "jane")
        with ImapMailbox("articles", where, lambda: "secret") as ours:
            ours.select("INBOX", writable=False)
            found = ours.ask("tell its time", partial(server_clock.ask, uids=uids, clock=NOON.timestamp))
        return found, server.commands


def test_a_server_without_such_searches_is_not_asked_for_them() -> None:
    found, commands = asked(scripted("", NOON - timedelta(days=9), NOON - timedelta(days=1)), [1, 2])
    assert (found.ahead, found.at_least) == (None, None)
    assert "WITHIN" in found.why
    assert not any("SEARCH" in command for command in commands)


@pytest.mark.parametrize("capabilities", ["", "WITHIN"])
def test_a_message_from_the_future_tells_something(capabilities: str) -> None:
    script = scripted(capabilities, NOON - timedelta(days=9), NOON + timedelta(hours=2))
    assert asked(script, [1, 2])[0] == ServerClock(at_least=7200, why="the newest message is from the future")


def test_a_message_that_is_gone_tells_nothing() -> None:
    assert asked(scripted("WITHIN"), [1])[0].ahead is None


def test_the_dates_are_read_whatever_their_zone() -> None:
    script = scripted("")
    script["UID FETCH"] = b'* 1 FETCH (UID 1 INTERNALDATE " 6-Mar-2024 19:00:00 +0500")\r\n{tag} OK done\r\n'
    assert asked(script, [1])[0] == ServerClock(at_least=7200, why="the newest message is from the future")
    assert datetime(2024, 3, 6, 12, tzinfo=UTC) == NOON
