"""What a connection and a mailbox are like, asked of real servers and of one with a script."""

from __future__ import annotations

from functools import partial

import pytest

from mailarchiver.errors import MailboxError
from mailarchiver.mailbox import survey
from mailarchiver.mailbox.imap import ImapMailbox, Server
from mailarchiver.mailbox.survey import Counted, lacking, resolve
from tests.servers.fixtures import EVERY_SERVER, Mailbox, cyrus, dovecot, dovecot_sdbox, mailbox
from tests.servers.scripted import Answer, ScriptedServer

__all__ = ["cyrus", "dovecot", "dovecot_sdbox", "mailbox"]


@EVERY_SERVER
def test_a_connection(mailbox: Mailbox) -> None:
    with mailbox.open() as ours:
        found = ours.ask("tell what it can do", survey.connection)
    assert (found.peer, found.log_in, found.alerts) == ("127.0.0.1", "PLAIN", ())
    assert {"IDLE", "MOVE", "UIDPLUS"} <= set(found.capabilities), "those of after the log-in"
    secured = mailbox.server.security == "tls"
    assert found.tls == ("TLSv1.3" if secured else None)
    assert (found.valid_until is not None) == secured


@EVERY_SERVER
def test_folders_and_sizes(mailbox: Mailbox) -> None:
    mails = mailbox.fill(3)
    before = mailbox.other.flags()
    with mailbox.open() as ours:
        found = ours.ask("list its folders", survey.counted)
        ours.select("INBOX", writable=False)
        sizes = ours.ask("tell the sizes", partial(survey.sizes, uids=ours.search(None)))
    assert set(found) == {Counted("INBOX", None, 3), Counted("Archived", None, 0)}
    assert list(sizes.values()) == [len(mail) for mail in mails]
    assert mailbox.other.flags() == before


def listed(*lines: bytes, **answers: Answer) -> list[Counted]:
    script: dict[str, Answer] = {"LIST": b"".join(line + b"\r\n" for line in lines) + b"{tag} OK done\r\n"}
    script["STATUS"] = answers.get("status", b"* STATUS x (MESSAGES 7)\r\n{tag} OK done\r\n")
    with ScriptedServer(script) as server:
        where = Server(server.host, server.port, "none", "jane")
        with ImapMailbox("articles", where, lambda: "secret") as ours:
            return ours.ask("list its folders", survey.counted)


def test_special_uses_in_any_case_and_folders_that_cannot_be_opened() -> None:
    found = listed(
        b'* LIST (\\HasNoChildren \\Archive) "/" Old',
        b'* LIST (\\trash) "/" Bin',
        b'* LIST (\\Noselect) "/" Shared',
        b'* LIST (\\NonExistent) "/" Gone',
        b'* LIST () "/" "Entw&APw-rfe"',
        b'* LIST () "/" "&A"',
        b'* LIST () "/" "2024"',
    )
    assert [(each.name, each.special) for each in found] == [
        ("Old", "\\Archive"),
        ("Bin", "\\Trash"),
        ("Entwürfe", None),
        ("&A", None),
        ("2024", None),
    ]


def test_a_folder_that_tells_no_number() -> None:
    assert listed(b'* LIST () "/" x', status=b"{tag} NO not allowed\r\n") == [Counted("x", None, None)]
    assert listed(b'* LIST () "/" x', status=b"* STATUS x ()\r\n{tag} OK done\r\n") == [Counted("x", None, None)]


def test_a_server_that_breaks_off_is_told() -> None:
    with pytest.raises(MailboxError, match=r"account articles: the connection .* broke at: list its folders"):
        listed(b'* LIST () "/" x', status=b"<hang up>")


def test_a_host_that_is_none() -> None:
    with pytest.raises(MailboxError, match=r"the host 'imap\.example\.invalid' cannot be found"):
        resolve("imap.example.invalid")
    with pytest.raises(MailboxError):
        resolve("x" * 64 + ".example.org")
    assert resolve("127.0.0.1") == ["127.0.0.1"]


def test_what_the_capabilities_are_for() -> None:
    assert list(lacking()) == ["IDLE", "MOVE", "UIDPLUS", "CONDSTORE", "SPECIAL-USE"]
    assert all(lacking().values())
