"""Which folders are meant: names, patterns and special uses, resolved against what a server lists."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailarchiver.mailbox.folders import Choice, Folder, choose, from_wire, is_plain, matches, to_wire
from mailarchiver.mailbox.imap import ImapMailbox, Server
from tests.servers.fixtures import EVERY_SERVER, Mailbox, cyrus, dovecot, dovecot_sdbox, mailbox
from tests.servers.scripted import Answer, ScriptedServer

__all__ = ["cyrus", "dovecot", "dovecot_sdbox", "mailbox"]

OK = b"{tag} OK done\r\n"


def folder(name: str, *flags: str, delimiter: str | None = "/") -> Folder:
    return Folder(name, to_wire(name), delimiter, frozenset(flags))


THERE = [
    folder("Articles"),
    folder("Articles/2024"),
    folder("Articles/2024/March"),
    folder("INBOX"),
    folder("Archive", r"\archive", r"\hasnochildren"),
    folder("Entwürfe", r"\drafts"),
]


@pytest.mark.parametrize(
    ("pattern", "name", "delimiter", "fits"),
    [
        ("*", "INBOX", "/", True),
        ("*", "Articles/2024", "/", True),
        ("%", "INBOX", "/", True),
        ("%", "Articles/2024", "/", False),
        ("Articles/*", "Articles/2024/March", "/", True),
        ("Articles/*", "Articles", "/", False),
        ("Articles/%", "Articles/2024", "/", True),
        ("Articles/%", "Articles/2024/March", "/", False),
        ("Articles/%/March", "Articles/2024/March", "/", True),
        ("Articles.%", "Articles.2024", ".", True),
        ("Articles.%", "Articles.2024.March", ".", False),
        ("%", "a/b", None, True),
        ("*ch", "Articles/2024/March", "/", True),
        ("A*a*h", "Articles/2024/March", "/", True),
        ("A*b*h", "Articles/2024/March", "/", False),
        ("articles*", "Articles", "/", False),
        ("Artículos*", "Artículos 2", "/", True),
        ("50%", "50%", "/", True),
        ("a*", "a*", "/", True),
        ("", "", "/", True),
        ("%%*", "", "/", True),
        ("x", "", "/", False),
    ],
)
def test_what_a_pattern_fits(pattern: str, name: str, delimiter: str | None, fits: bool) -> None:
    assert matches(pattern, name, delimiter) is fits


@given(st.lists(st.sampled_from(["a", "b", "/", "é"]), max_size=8).map("".join))
def test_a_name_fits_itself_and_the_star(name: str) -> None:
    assert matches(name, name, "/")
    assert matches("*", name, "/")
    assert matches("%", name, "/") is ("/" not in name)
    assert matches(f"*{name}*", f"x{name}/y", "/")
    assert not matches(name + "c*", name, "/")


def test_no_pattern_takes_long() -> None:
    """A name comes from a server, and may be as long as a line."""
    start = time.process_time()
    assert not matches("*a" * 30 + "*b", "a" * 20_000, "/")
    assert time.process_time() - start < 10


@pytest.mark.parametrize(
    ("wanted", "target", "expected"),
    [
        (["INBOX"], None, Choice(("INBOX",), None)),
        (["Not listed", "inbox", "INBOX"], "Gone", Choice(("Not listed", "inbox"), "Gone")),
        (["Articles/*"], None, Choice(("Articles/2024", "Articles/2024/March"), None)),
        (["%"], None, Choice(("INBOX", "Archive", "Articles", "Entwürfe"), None)),
        (["%"], "Archive", Choice(("INBOX", "Articles", "Entwürfe"), "Archive")),
        (["%"], r"\ARCHIVE", Choice(("INBOX", "Articles", "Entwürfe"), "Archive")),
        ([r"\Archive", "INBOX"], None, Choice(("Archive", "INBOX"), None)),
        ([r"\archive", "Archive", "Arch*"], None, Choice(("Archive",), None)),
        (["Entwu\u0308rfe", "Entw*"], None, Choice(("Entwu\u0308rfe",), None)),
        (["A*e"], "Archive", Choice((), "Archive")),
    ],
)
def test_what_is_meant(wanted: list[str], target: str | None, expected: Choice) -> None:
    assert choose(wanted, target, THERE) == expected


@pytest.mark.parametrize(
    ("wanted", "target", "trouble"),
    [
        (["Nothing/*"], None, "no folder matches 'Nothing/*'; there are: Archive, Articles, Articles/2024"),
        ([r"\Junk"], None, r"no folder is marked \Junk; marked are: Archive \archive, Entwürfe \drafts"),
        ([r"\HasNoChildren"], None, r"no folder is marked \HasNoChildren"),
        (["Archive"], r"\Archive", "'Archive' is where filed mail is moved to, and so is not read itself"),
        ([r"\Archive"], "Archive", "'Archive' is where filed mail is moved to"),
    ],
)
def test_what_names_nothing_is_told(wanted: list[str], target: str | None, trouble: str) -> None:
    choice = choose(wanted, target, THERE)
    assert choice.folders == ()
    assert len(choice.troubles) == 1
    assert choice.troubles[0].startswith(trouble)


def test_a_server_that_marks_nothing() -> None:
    choice = choose([r"\Archive"], r"\Archive", [folder("INBOX", r"\noinferiors")])
    assert choice.troubles == (r"no folder is marked \Archive; none is marked at all",)
    assert choice.target is None
    assert choice.no_target is not None
    assert choice.no_target.endswith("Name the folder that filed mail is to be moved to")


def test_mail_is_moved_to_one_folder() -> None:
    choice = choose(["INBOX"], r"\Archive", [folder("A", r"\archive"), folder("B", r"\archive")])
    assert (choice.folders, choice.target) == (("INBOX",), None)
    assert choice.no_target is not None
    assert choice.no_target.startswith(r"several folders are marked \Archive: A, B")


def test_many_folders_are_not_all_told() -> None:
    [trouble] = choose(["x*"], None, [folder(f"Folder {number:03}") for number in range(50)]).troubles
    assert "Folder 019 and 30 more" in trouble
    assert "Folder 020" not in trouble


@pytest.mark.parametrize(
    ("entry", "plain"), [("INBOX", True), ("a b", True), ("a*", False), ("%", False), (r"\All", False)]
)
def test_names_need_no_list(entry: str, plain: bool) -> None:
    assert is_plain(entry) is plain
    with ScriptedServer() as server, opened(server) as ours:
        ours.choose([entry], None)
        assert ("LIST" in " ".join(server.commands)) is not plain


# --- on servers -------------------------------------------------------------------------------------------------------


def opened(server: ScriptedServer) -> ImapMailbox:
    return ImapMailbox("articles", Server(server.host, server.port, "none", "jane"), lambda: "secret")


LISTED: Answer = (
    b'* LIST (\\HasChildren) "/" INBOX\r\n'
    b'* LIST (\\Noselect) "/" Articles\r\n'
    b'* LIST (\\NonExistent \\HasChildren) "/" Articles/Gone\r\n'
    b'* LIST (\\HasNoChildren) "/" "Articles/Entw&APw-rfe"\r\n'
    b'* LIST () "/" Articles/&A\r\n'
    b'* LIST () "/" "Articles/2024"\r\n'
    b"* LIST () NIL 2025\r\n"
    b'* LIST (\\aRCHIVE) "/" {6}\r\nArt{1}\r\n' + OK
)


def test_a_list_as_servers_send_it() -> None:
    with ScriptedServer({"LIST": LISTED}) as server, opened(server) as ours:
        assert ours.choose(["*"], None).folders == (
            *("INBOX", "2025", "Articles/&A", "Articles/2024", "Articles/Entwürfe", "Art{1}"),
        )
        assert ours.choose(["Articles/%"], "Articles/2024").folders == ("Articles/&A", "Articles/Entwürfe")
        assert ours.choose([r"\Archive"], None).folders == ("Art{1}",)
        assert all(command == 'LIST "" "*"' for command in server.commands if command.startswith("LIST"))


def test_a_folder_whose_name_is_no_utf_7_can_be_opened_by_a_pattern() -> None:
    refusing = {"LIST": LISTED, "EXAMINE": b"{tag} NO no such folder\r\n"}
    usual = b"* 3 EXISTS\r\n* OK [UIDVALIDITY 77] ok\r\n{tag} OK [READ-ONLY] done\r\n"
    with ScriptedServer({**refusing, 'EXAMINE "Articles/&A"': usual}) as server, opened(server) as ours:
        [name] = ours.choose(["Articles/&*"], None).folders
        assert ours.select(name, writable=False).messages == 3


def test_special_uses_are_asked_for_where_that_is_understood() -> None:
    """Cyrus does not tell them otherwise, and writes them in lower case."""
    answers: dict[str, Answer] = {
        "CAPABILITY": b"* CAPABILITY IMAP4rev1 AUTH=PLAIN SPECIAL-USE LIST-EXTENDED\r\n" + OK,
        'LIST "" "*"': b'* LIST () "/" Kept\r\n' + OK,
        'LIST "" "*" RETURN (SPECIAL-USE)': b'* LIST (\\archive) "/" Kept\r\n' + OK,
    }
    with ScriptedServer(answers) as server, opened(server) as ours:
        assert ours.choose([r"\Archive"], None).folders == ("Kept",)


@EVERY_SERVER
def test_new_folders_are_found_on_the_servers_that_there_are(mailbox: Mailbox) -> None:
    with mailbox.open() as ours:
        assert ours.choose(["*"], "Archived").folders == ("INBOX",)
        for name in ("Articles", "Articles/2024", "Artículos"):
            mailbox.other.create(name)
        assert ours.choose(["*"], "Archived").folders == ("INBOX", "Articles", "Articles/2024", "Artículos")
        assert ours.choose(["Art%"], "Archived").folders == ("Articles", "Artículos")
        for name in ours.choose(["*"], None).folders:
            ours.select(name, writable=False)


@pytest.mark.dovecot
@pytest.mark.parametrize("mailbox", ["dovecot"], indirect=True)
def test_special_uses_on_dovecot(mailbox: Mailbox) -> None:
    with mailbox.open() as ours:
        assert ours.choose(["INBOX"], r"\Archive").no_target is not None
        mailbox.other.create("Kept")
        assert ours.choose([r"\archive"], None).folders == ("Kept",)
        assert ours.choose(["*"], r"\Archive") == Choice(("INBOX", "Archived"), "Kept")


@pytest.mark.cyrus
@pytest.mark.parametrize("mailbox", ["cyrus"], indirect=True)
def test_special_uses_on_cyrus(mailbox: Mailbox) -> None:
    mailbox.other.create_for(r"\Archive", "Kept")
    with mailbox.open() as ours:
        assert ours.choose([r"\ARCHIVE"], None).folders == ("Kept",)
        assert ours.choose(["%"], r"\Archive") == Choice(("INBOX", "Archived"), "Kept")


def test_the_way_to_the_wire_and_back() -> None:
    assert from_wire(to_wire("Entwürfe & Æther")) == "Entwürfe & Æther"
    assert from_wire(b"&A") == "&A"
