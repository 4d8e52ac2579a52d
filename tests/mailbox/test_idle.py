"""IDLE: new mail is told at once, and a connection that is gone is never taken for silence."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from mailarchiver.errors import MailboxError
from mailarchiver.mailbox import idle
from mailarchiver.mailbox.idle import FolderWatch
from mailarchiver.mailbox.imap import Server
from mailarchiver.schedule import hint
from tests.servers.fixtures import EVERY_SERVER, NOON, Mailbox, cyrus, dovecot, dovecot_sdbox, mailbox
from tests.servers.idling import OK, PATIENCE, IdleServer

__all__ = ["cyrus", "dovecot", "dovecot_sdbox", "mailbox"]

AGES = 600.0
"""Of an IDLE that is ended by what the test does."""


def watch_on(server: IdleServer, *, deadline: float = PATIENCE, ca_file: Path | None = None) -> FolderWatch:
    security = "tls" if ca_file else "none"
    where = Server(server.host, server.port, security, "jane", ca_file=ca_file, timeout=PATIENCE, deadline=deadline)  # type: ignore[arg-type]  # no Literal
    return FolderWatch("articles", where, lambda: "secret")


class News:
    """Counts what `on_news` was called for."""

    def __init__(self) -> None:
        self.times = 0
        self._changed = threading.Condition()

    def __call__(self) -> None:
        with self._changed:
            self.times += 1
            self._changed.notify_all()

    def wait_for(self, times: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.times >= times, PATIENCE), self.times


def idled(server: IdleServer, act: Callable[[], object], *, seconds: float = AGES) -> int:
    """One IDLE, during which something is done before the server ends it; how often there was news. The connection must
    be sound afterwards.
    """
    news = News()

    def act_and_end() -> None:
        act()
        if seconds == AGES:
            server.end_idle()

    with watch_on(server) as watch:
        assert watch.open("INBOX")
        acting = threading.Thread(target=act_and_end)
        acting.start()
        watch.idle(seconds, news)
        acting.join()
        assert watch.select("INBOX", writable=False).messages == 0
    return news.times


def broken(server: IdleServer, act: Callable[[], object], *, deadline: float = PATIENCE) -> str:
    """Why an IDLE was broken off, during which something is done."""
    with watch_on(server, deadline=deadline) as watch:
        assert watch.open("INBOX")
        acting = threading.Thread(target=act)
        acting.start()
        with pytest.raises(MailboxError) as caught:
            watch.idle(AGES, lambda: None)
        acting.join()
        assert not watch.is_connected
    return str(caught.value)


def nothing() -> None:
    """The server does it all by itself."""


def test_new_mail_is_told_at_once() -> None:
    with IdleServer() as server:
        assert idled(server, lambda: server.tell(b"* 1 EXISTS\r\n* 1 RECENT\r\n")) == 1
        assert server.count("DONE") == 0, "it goes on after news"


LATE = b"* OK [CAPABILITY IMAP4rev1 IDLE AUTH=PLAIN] Dovecot (Debian) ready.\r\n"


def test_a_server_that_tells_late_is_asked_for_more() -> None:
    """For a while after news IDLE is short, and what comes with its end is news as well."""
    news = News()
    with IdleServer(greeting=LATE) as server, watch_on(server) as watch:
        assert watch.open("INBOX")
        acting = threading.Thread(target=server.tell, args=[b"* 1 EXISTS\r\n"])
        acting.start()
        watch.idle(AGES, news)  # ends, long before
        acting.join()
        server.answers["DONE"] = b"* 2 EXISTS\r\n" + OK
        watch.idle(AGES, news)
        assert (server.count("IDLE"), server.count("DONE"), news.times) == (2, 2, 2)


def test_a_server_that_tells_late_is_left_in_peace_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idle, "ALERT_SECONDS", 0.0)
    with IdleServer(greeting=LATE) as server:
        assert idled(server, lambda: server.tell(b"* 1 EXISTS\r\n")) == 1
        assert server.count("DONE") == 0


def test_every_news_is_told() -> None:
    def tell() -> None:
        for number in (1, 2, 3):
            server.tell(b"* %d EXISTS\r\n" % number)

    with IdleServer() as server:
        assert idled(server, tell) == 3
        assert server.count("IDLE") == 1


def test_news_comes_while_idle_goes_on() -> None:
    """What wakes the round is the word itself, not the end of the conversation about it."""
    told = threading.Event()
    with IdleServer() as server, watch_on(server) as watch:
        assert watch.open("INBOX")
        acting = threading.Thread(target=watch.idle, args=[AGES, told.set])
        acting.start()
        server.tell(b"* 1 EXISTS\r\n")
        assert told.wait(PATIENCE)
        assert server.idling() == 1
        server.end_idle()
        acting.join()


def test_done_is_not_waited_for_for_ever() -> None:
    with IdleServer({"DONE": b""}) as server, watch_on(server, deadline=1) as watch:
        assert watch.open("INBOX")
        with pytest.raises(MailboxError, match="did not end IDLE within 1 s"):
            watch.idle(0.01, lambda: None)


def test_it_says_when_the_server_listens() -> None:
    """What came before that is nobody's news."""
    idling: list[int] = []
    with IdleServer() as server, watch_on(server) as watch:
        assert watch.open("INBOX")
        watch.idle(0.01, lambda: None, on_start=lambda: idling.append(server.count("IDLE")))
    assert idling == [1]


@pytest.mark.parametrize(
    ("answer", "times"),
    [
        pytest.param(b"* 1 EXISTS\r\n+ idling\r\n", 1, id="before the +"),
        pytest.param(b"+ idling\r\n* 1 EXISTS\r\n", 1, id="together with the +"),
        pytest.param(b"+ idling\r\n* OK still here\r\n* 1 FETCH (FLAGS ())\r\n* 2 EXISTS\r\n", 1, id="after else"),
        pytest.param(b"+ idling\r\n* 1 EXISTS\r\n* 2 EXISTS\r\n* 3 EXISTS\r\n", 3, id="three mails"),
        pytest.param(b"+ idling\r\n* 1 FETCH (X {10}\r\n* EXISTS\r\n)\r\n* 2 EXISTS\r\n", 1, id="after a literal"),
    ],
)
def test_wherever_the_news_stands(answer: bytes, times: int) -> None:
    with IdleServer({"IDLE": answer}) as server:
        assert idled(server, lambda: time.sleep(0.1)) == times


def test_news_that_comes_with_the_end_of_idle() -> None:
    with IdleServer({"DONE": b"* 1 EXISTS\r\n" + OK}) as server:
        assert idled(server, nothing, seconds=0.05) == 1


def test_what_else_is_told_is_no_news_and_does_not_end_it() -> None:
    def chat() -> None:
        for word in (b"* OK still here\r\n", b"* 1 EXPUNGE\r\n", b"* 2 FETCH (FLAGS (\\Seen))\r\n", b"+ \r\n"):
            server.tell(word)

    with IdleServer() as server:
        assert idled(server, chat, seconds=1) == 0
        assert (server.count("IDLE"), server.count("DONE")) == (1, 1)


def test_it_is_renewed() -> None:
    news = News()
    with IdleServer() as server, watch_on(server) as watch:
        assert watch.open("INBOX")
        for _ in range(5):
            watch.idle(0.02, news)
        assert (server.count("IDLE"), server.count("DONE"), news.times) == (5, 5, 0)


def test_a_word_that_trickles_in_is_heard() -> None:
    def trickle() -> None:
        for octet in b"* 1 EXISTS\r\n":
            server.tell(bytes([octet]))
            time.sleep(0.02)

    with IdleServer() as server:
        assert idled(server, trickle) == 1


def test_a_word_that_never_ends_is_not_waited_for() -> None:
    over = threading.Event()

    def trickle() -> None:
        while not over.wait(0.05):
            server.tell(b"x")

    with IdleServer() as server, watch_on(server, deadline=1) as watch:
        assert watch.open("INBOX")
        acting = threading.Thread(target=trickle, daemon=True)
        acting.start()
        with pytest.raises(MailboxError, match="did not go on with IDLE within 1 s"):
            watch.idle(AGES, lambda: None)
        over.set()


def test_the_end_of_the_connection_is_no_silence() -> None:
    """imapclient's own `idle_check` gives an empty list for it, again and again."""
    with IdleServer() as server:

        def hang_up() -> None:
            server.wait_for("IDLE", lambda it: it.idling() == 1)
            server.hang_up()

        assert "the connection to 127.0.0.1" in broken(server, hang_up)


@pytest.mark.parametrize("bye", [b"* BYE Suggested Backoff Time: 299910 milliseconds\r\n", b"* BYE\r\n"])
def test_a_bye_ends_it(bye: bytes) -> None:
    with IdleServer() as server:
        why = broken(server, lambda: server.tell(bye))
    assert bool(hint([why])) is (b"Backoff" in bye)


@pytest.mark.parametrize("answer", [b"* BYE going down\r\n", b"* BYE going down\r\n+ idling\r\n"])
def test_a_bye_at_the_beginning_of_it(answer: bytes) -> None:
    with IdleServer({"IDLE": answer}) as server:

        def hang_up() -> None:
            server.wait_for("IDLE", lambda it: "IDLE" in it.commands)
            server.hang_up()

        why = broken(server, hang_up)
    assert "begin IDLE" in why


@pytest.mark.parametrize(
    "garbage", [b"\r\n", b"garbage\r\n", b"* \r\n", b"* 1 FETCH (X {99999999999}\r\n", b"A9 OK\r\n"]
)
def test_garbage_ends_the_connection(garbage: bytes) -> None:
    with IdleServer() as server:
        broken(server, lambda: server.tell(garbage))


@pytest.mark.parametrize("answer", [b"{tag} NO not now\r\n", b"{tag} BAD what?\r\n"])
def test_a_refusal_is_told_and_leaves_the_connection_sound(answer: bytes) -> None:
    with IdleServer({"IDLE": answer}) as server, watch_on(server) as watch:
        assert watch.open("INBOX")
        with pytest.raises(MailboxError, match=r"articles: .* refused to begin IDLE \((not now|what\?)\)|what"):
            watch.idle(AGES, lambda: None)
        assert watch.select("INBOX", writable=False).messages == 0


def test_a_server_that_ends_it_at_once() -> None:
    with IdleServer({"IDLE": OK}) as server:
        assert "ended IDLE at once" in broken(server, nothing)


def test_a_server_that_ends_it_by_itself() -> None:
    """An OK without our DONE: not said twice, for DONE alone is no command."""
    with IdleServer() as server:
        assert idled(server, nothing) == 0
        assert server.count("DONE") == 0


def test_a_server_that_knows_no_idle() -> None:
    with IdleServer({"CAPABILITY": b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n" + OK}) as server, watch_on(server) as watch:
        assert not watch.open("INBOX")


def test_another_thread_can_end_it() -> None:
    with IdleServer() as server, watch_on(server) as watch:
        assert watch.open("INBOX")

        def shut() -> None:
            server.wait_for("IDLE", lambda it: it.idling() == 1)
            watch.interrupt()

        acting = threading.Thread(target=shut)
        acting.start()
        with pytest.raises(MailboxError):
            watch.idle(AGES, lambda: None)
        acting.join()


def test_the_kernel_looks_after_the_connection() -> None:
    with IdleServer() as server, watch_on(server) as watch:
        watch.open("INBOX")
        connection = watch._client.socket()  # type: ignore[union-attr]
        assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) <= 300


# --- over TLS ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, Path]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context, tmp_path / "ca.pem"


def test_over_tls(tls: tuple[ssl.SSLContext, Path]) -> None:
    """The first records after the handshake (TLS 1.3) are tickets, which are no word of the server."""
    context, ca_file = tls
    news = News()
    with IdleServer(tls=context) as server, watch_on(server, ca_file=ca_file) as watch:
        assert watch.open("INBOX")
        watch.idle(0.1, news)
        assert news.times == 0
        server.answers["IDLE"] = b"+ idling\r\n* OK still here\r\n* 1 EXISTS\r\n"
        acting = threading.Thread(target=watch.idle, args=[AGES, news])
        acting.start()
        for number, word in enumerate((b"* 2 EXISTS\r\n", b"* OK still here\r\n* 3 EXISTS\r\n"), 1):
            news.wait_for(number)
            server.tell(word)
        news.wait_for(3)
        server.end_idle()
        acting.join()


@pytest.mark.parametrize("orderly", [True, False])
def test_the_end_of_the_connection_over_tls(tls: tuple[ssl.SSLContext, Path], orderly: bool) -> None:
    context, ca_file = tls
    with IdleServer(tls=context) as server, watch_on(server, ca_file=ca_file) as watch:
        assert watch.open("INBOX")

        def end() -> None:
            server.wait_for("IDLE", lambda it: it.idling() == 1)
            server.tell(b"* BYE\r\n") if orderly else server.hang_up()

        acting = threading.Thread(target=end)
        acting.start()
        with pytest.raises(MailboxError):
            watch.idle(AGES, lambda: None)
        acting.join()


# --- on the servers that there are ------------------------------------------------------------------------------------


def idle_for_ever(watch: FolderWatch, on_news: Callable[[], None], on_start: Callable[[], None]) -> None:
    """Until the connection ends: of a server that tells late, each IDLE is short."""
    while True:
        watch.idle(AGES, on_news, on_start=on_start)


@EVERY_SERVER
def test_on_servers(mailbox: Mailbox) -> None:
    news, listens = News(), threading.Event()
    with FolderWatch("articles", mailbox.server, lambda: mailbox.password) as watch:
        assert watch.open("INBOX")
        watch.idle(0.05, news)

        def deliver() -> None:
            assert listens.wait(PATIENCE)
            for number in range(3):
                mailbox.other.deliver(f"Subject: {number}\r\n\r\n".encode(), NOON)
                news.wait_for(number + 1)
            watch.interrupt()

        acting = threading.Thread(target=deliver)
        acting.start()
        with pytest.raises(MailboxError, match="the connection"):
            idle_for_ever(watch, news, listens.set)
        acting.join()
    assert news.times == 3
