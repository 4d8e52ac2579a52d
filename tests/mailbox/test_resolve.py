"""A name that is not resolved, and an address that does not answer, cost no more than the operation may take."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from mailarchiver.errors import MailboxError
from mailarchiver.mailbox import resolve, survey
from mailarchiver.mailbox.imap import ImapMailbox, Server
from mailarchiver.mailbox.wire import Deadline
from tests.servers.scripted import ScriptedServer

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A resolver that answers nobody until the test is over; hears who asked."""
    asked: list[str] = []
    let_go = threading.Event()

    def getaddrinfo(host: str, *_: object, **__: object) -> list[Any]:
        asked.append(host)
        assert let_go.wait(60)
        raise socket.gaierror(socket.EAI_AGAIN, "too late")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield asked
    let_go.set()


def refusal(server: Server) -> tuple[str, float]:
    """Why there is no connection, and after how many seconds that was told."""
    began = time.monotonic()
    with pytest.raises(MailboxError) as caught:
        ImapMailbox("articles", server, lambda: "secret").connect()
    return str(caught.value), time.monotonic() - began


@pytest.mark.parametrize(("timeout", "deadline"), [(60.0, 0.5), (0.5, 60.0)])
def test_a_resolver_that_hangs_is_waited_for_no_longer_than_the_operation(
    hanging: list[str], timeout: float, deadline: float
) -> None:
    server = Server("imap.example.org", 993, "tls", "jane", timeout=timeout, deadline=deadline)
    for _ in range(3):
        why, seconds = refusal(server)
        assert seconds < 10
        assert "account articles: the host 'imap.example.org' cannot be found (the resolver gave no answer" in why
    assert hanging == ["imap.example.org"], "one thread waits for it, however often it is tried"


def test_whoever_waits_for_a_name_can_be_interrupted(hanging: list[str]) -> None:
    mailbox = ImapMailbox("articles", Server("imap.example.org", 993, "tls", "jane"), lambda: "secret")
    threading.Timer(0.3, mailbox.interrupt).start()
    began = time.monotonic()
    with pytest.raises(MailboxError):
        mailbox.connect()
    assert time.monotonic() - began < 10


def test_the_check_of_a_name_ends_too(hanging: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey, "RESOLVER_SECONDS", 0.3)
    with pytest.raises(MailboxError, match="the resolver gave no answer within"):
        survey.resolve("imap.example.org")


def test_another_address_is_tried_where_one_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer() as server, socket.create_server(("127.0.0.1", 0)) as closed:
        dead = closed.getsockname()[1]
        closed.close()
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in (dead, server.port)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        connection = resolve.connected("imap.example.org", server.port, 5.0, lambda: 5.0)
        with connection:
            assert connection.recv(4) == b"* OK"
            assert connection.gettimeout() == 5.0


def test_addresses_that_are_silent_share_what_time_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full backlog: the connection is neither taken nor refused."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as silent:
        address = silent.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(address)
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, address[1])) for host in ("127.0.0.1", "localhost")]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        why, seconds = refusal(Server("localhost", address[1], "none", "jane", timeout=30.0, deadline=1.0))
        for each in waiting:
            each.close()
    assert seconds < 10
    assert "did not log us in within 1 s" in why


def test_a_name_that_cannot_be_one() -> None:
    with pytest.raises((UnicodeError, socket.gaierror)):
        resolve.addresses("a" * 70 + ".example.org", 993, 10.0)


def test_a_thread_that_cannot_begin_is_no_resolver_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """There may be no more threads, once: the next look-up of that name must not wait for one that never was."""

    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(OSError, match="there is no thread"):
            resolve.addresses("localhost", 993, 5.0)
    assert resolve.addresses("localhost", 993, 5.0)


def test_an_address_of_a_kind_that_this_machine_lacks_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with `ipv6.disable=1`, where the resolver gives addresses of IPv6 all the same."""
    real = socket.socket

    def made(family: int, kind: int) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(97, "Address family not supported by protocol")
        return real(family, kind)

    with socket.create_server(("127.0.0.1", 0)) as server:
        here = server.getsockname()
        found = [(socket.AF_INET6, ("::1", here[1], 0, 0)), (socket.AF_INET, here)]
        monkeypatch.setattr(resolve, "addresses", lambda *_: found)
        monkeypatch.setattr(socket, "socket", made)
        with resolve.connected("imap.example.org", here[1], 5.0, lambda: 5.0) as connection:
            assert connection.getpeername() == here


def test_a_resolver_that_hung_is_asked_again_after_a_while(hanging: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have lost one question, and answer the next; what it never answers costs a few threads, and no more."""
    for _ in range(3):
        with pytest.raises(socket.gaierror):
            resolve.addresses("lost.example.org", 993, 0.01)
    assert len(hanging) == 1
    monkeypatch.setattr(resolve, "LOST_SECONDS", 0.0)
    for _ in range(2 * resolve.LOST_AT_MOST):
        with pytest.raises(socket.gaierror):
            resolve.addresses("lost.example.org", 993, 0.01)
    assert len(hanging) == resolve.LOST_AT_MOST


def test_a_connection_that_nobody_wants_any_more_is_shut_as_soon_as_it_is_there() -> None:
    """It was interrupted in the moment between the connection and the watch over it."""
    deadline = Deadline(60.0)
    ours, theirs = socket.socketpair()
    with ours, theirs, deadline.running():
        deadline.shut()
        deadline.watch(ours)
        theirs.settimeout(10)
        assert theirs.recv(1) == b""
    deadline.release()
