"""What every IMAP server and ours agree on: one suite, run on Dovecot (Maildir, sdbox), Cyrus, and the embedded one."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from functools import partial

import pytest
from imapclient.exceptions import IMAPClientError

from mailarchiver.errors import LoginRefused, MailboxError
from mailarchiver.mailbox.receipt import Facts, composed, is_there
from mailarchiver.mailbox.wire import Client
from mailarchiver.model import After, MessageRef, RawMessage
from tests.servers.fixtures import EVERY_SERVER, NOON, Mailbox, cyrus, dovecot, dovecot_sdbox, mailbox

__all__ = ["cyrus", "dovecot", "dovecot_sdbox", "mailbox"]

pytestmark = EVERY_SERVER

ODD_MAILS = [
    b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nplain\r\n",
    b"Subject: eight bit\r\n\r\nGr\xfc\xdfe, \xe5\xaf\x86\xe7\xa0\x81, \xff\xfe\r\n",
    b"Subject: no line end at the end\r\n\r\nlast",
    b"Subject: like the protocol\r\n\r\n)\r\n* 1 FETCH (UID 7 BODY[] {3}\r\nabc)\r\nA1 OK done\r\n* BYE\r\n",
    b"Subject: no body\r\n\r\n",
    b"Subject: one long line\r\n\r\n" + b"x" * 70_000 + b"\r\n",
    b"\r\nno header at all\r\n",
    b"Subject: From at the start\r\n\r\nFrom here\r\n>From there\r\n.\r\n..\r\n",
]


def flatten(batches: list[list[RawMessage]]) -> list[RawMessage]:
    return [raw for batch in batches for raw in batch]


def test_select_tells_the_epoch_and_the_count(mailbox: Mailbox) -> None:
    mailbox.fill(3)
    with mailbox.open() as ours:
        selected = ours.select("INBOX", writable=False)
    assert (selected.folder, selected.messages) == ("INBOX", 3)
    assert selected.uidvalidity
    with mailbox.open() as ours:
        assert ours.select("INBOX", writable=True) == selected


def test_an_empty_folder(mailbox: Mailbox) -> None:
    with mailbox.open() as ours:
        assert ours.select("INBOX", writable=True).messages == 0
        assert ours.search(None) == []
        assert ours.search(date(2024, 1, 1)) == []
        assert list(ours.fetch([])) == []
        assert ours.acknowledge([], After("seen")) == set()


def test_search_since_goes_by_internaldate(mailbox: Mailbox) -> None:
    for days in (-1, 0, 1):
        mailbox.other.deliver(b"Date: Mon, 1 Jan 2001 00:00:00 +0000\r\n\r\nx\r\n", NOON + timedelta(days=days))
    with mailbox.open() as ours:
        ours.select("INBOX", writable=False)
        everything = ours.search(None)
        assert everything == sorted(everything)
        assert len(everything) == 3
        assert ours.search(NOON.date()) == everything[1:]
        assert ours.search(NOON.date() + timedelta(days=2)) == []


def test_fetch_gives_the_octets_and_the_internaldate(mailbox: Mailbox) -> None:
    received = [NOON + timedelta(hours=number, seconds=number) for number in range(len(ODD_MAILS))]
    for mail, stamp in zip(ODD_MAILS, received, strict=True):
        mailbox.other.deliver(mail, stamp)
    with mailbox.open() as ours:
        selected = ours.select("INBOX", writable=False)
        uids = ours.search(None)
        raws = flatten(list(ours.fetch(uids)))
    assert [raw.data for raw in raws] == ODD_MAILS
    assert [raw.received for raw in raws] == received
    assert [raw.ref for raw in raws] == [MessageRef("articles", "INBOX", selected.uidvalidity, uid) for uid in uids]
    assert {raw.from_line for raw in raws} == {None}


def test_internaldate_keeps_the_instant_whatever_its_zone(mailbox: Mailbox) -> None:
    stamp = datetime(2024, 3, 6, 1, 30, 15, tzinfo=timezone(timedelta(hours=-9, minutes=-30)))
    mailbox.other.deliver(b"Subject: zone\r\n\r\nx\r\n", stamp)
    with mailbox.open() as ours:
        ours.select("INBOX", writable=False)
        (raw,) = flatten(list(ours.fetch(ours.search(None))))
    assert raw.received == stamp
    assert type(raw.received.tzinfo) is timezone, "it must be possible to send it to a worker"


def test_batches_are_bounded_by_count(mailbox: Mailbox) -> None:
    mails = mailbox.fill(120)
    with mailbox.open() as ours:
        ours.select("INBOX", writable=False)
        batches = list(ours.fetch(ours.search(None)))
    assert [len(batch) for batch in batches] == [50, 50, 20]
    assert [raw.data for raw in flatten(batches)] == mails


def test_batches_are_bounded_by_size(mailbox: Mailbox) -> None:
    small = b"Subject: small\r\n\r\nx\r\n"
    large = b"Subject: large\r\n\r\n" + (b"y" * 76 + b"\r\n") * 220_000
    assert len(large) > 16 << 20
    for mail in (small, large, small):
        mailbox.other.deliver(mail, NOON)
    with mailbox.open() as ours:
        ours.select("INBOX", writable=False)
        batches = list(ours.fetch(ours.search(None)))
    assert [[raw.data for raw in batch] for batch in batches] == [[small], [large], [small]]


def test_only_what_is_asked_for_is_fetched(mailbox: Mailbox) -> None:
    mails = mailbox.fill(4)
    with mailbox.open() as ours:
        ours.select("INBOX", writable=False)
        uids = ours.search(None)
        assert [raw.data for raw in flatten(list(ours.fetch([uids[3], uids[1]])))] == [mails[3], mails[1]]


@pytest.mark.parametrize("writable", [True, False])
def test_reading_leaves_no_trace(mailbox: Mailbox, writable: bool) -> None:
    mailbox.fill(3)
    with mailbox.open() as ours:
        ours.select("INBOX", writable=writable)
        uids = ours.search(None)
        assert len(flatten(list(ours.fetch(uids)))) == 3
        assert ours.acknowledge(uids, After("keep")) == set(uids)
    assert mailbox.other.flags() == {uid: set() for uid in uids}


def test_a_message_expunged_meanwhile_is_not_made_up(mailbox: Mailbox) -> None:
    mails = mailbox.fill(5)
    with mailbox.open() as ours:
        ours.select("INBOX", writable=False)
        uids = ours.search(None)
        mailbox.expunge(uids[2])
        mailbox.expunge(uids[4])
        found = {raw.ref.uid: raw.data for raw in flatten(list(ours.fetch(uids)))}
        assert list(ours.fetch([uids[0]])), "the connection is still good"
    # RFC 2180 §4.1 lets a server still give what was expunged: then it must be the very message.
    assert {uids[0], uids[1], uids[3]} <= set(found)
    assert found.items() <= dict(zip(uids, mails, strict=True)).items()


@pytest.mark.parametrize(("action", "flag"), [("seen", b"\\Seen"), ("flag", b"\\Flagged")])
def test_acknowledge_marks(mailbox: Mailbox, action: str, flag: bytes) -> None:
    mailbox.fill(3)
    after = After("seen" if action == "seen" else "flag")
    with mailbox.open() as ours:
        ours.select("INBOX", writable=True)
        uids = ours.search(None)
        assert ours.acknowledge(uids[:2], after) == set(uids[:2])
        assert ours.acknowledge(uids[:2], after) == set(uids[:2]), "doing it again changes nothing"
    assert mailbox.other.flags() == {uids[0]: {flag}, uids[1]: {flag}, uids[2]: set()}


def test_acknowledge_moves(mailbox: Mailbox) -> None:
    mails = mailbox.fill(3)
    with mailbox.open() as ours:
        ours.select("INBOX", writable=True)
        uids = ours.search(None)
        assert ours.acknowledge(uids[:2], After("move", "Archived")) == set(uids[:2])
        assert ours.search(None) == uids[2:]
        assert ours.acknowledge(uids[:2], After("move", "Archived")) == set(uids[:2]), "what is gone is done"
    assert mailbox.other.bodies("Archived") == mails[:2]
    assert mailbox.other.bodies() == mails[2:]


def test_acknowledge_many(mailbox: Mailbox) -> None:
    mailbox.fill(230)
    with mailbox.open() as ours:
        ours.select("INBOX", writable=True)
        uids = ours.search(None)
        assert ours.acknowledge(uids, After("seen")) == set(uids)
        assert ours.acknowledge(uids, After("move", "Archived")) == set(uids)
        assert ours.search(None) == []
    assert len(mailbox.other.flags("Archived")) == 230


@pytest.mark.parametrize("known", [{"UIDPLUS"}, set()], ids=["UIDPLUS", "neither"])
def test_acknowledge_moves_without_move(
    mailbox: Mailbox, known: set[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As on a server that knows no MOVE, and as on one without UIDPLUS: what others have marked stays theirs."""
    mails = mailbox.fill(4)
    told = Client.has_capability
    without = {"MOVE", "UIDPLUS"} - known
    monkeypatch.setattr(Client, "has_capability", lambda client, name: name not in without and told(client, name))
    with mailbox.open() as ours:
        ours.select("INBOX", writable=True)
        uids = ours.search(None)
        mailbox.other.mark(uids[3], b"\\Deleted")
        for _ in range(2):
            assert ours.acknowledge(uids[:2], After("move", "Archived")) == set(uids[:2])
        assert ours.search(None) == (uids[2:] if known else uids)
    assert mailbox.other.bodies("Archived") == mails[:2]
    left = {uid for uid, flags in mailbox.other.flags().items() if b"\\Deleted" in flags}
    assert left == ({uids[3]} if known else {uids[0], uids[1], uids[3]})
    assert ("left behind marked as deleted" in caplog.text) is (not known)


@pytest.mark.parametrize("action", ["seen", "flag", "move"])
def test_what_somebody_else_expunged_counts_as_done(mailbox: Mailbox, action: str) -> None:
    mailbox.fill(3)
    after = {"seen": After("seen"), "flag": After("flag"), "move": After("move", "Archived")}[action]
    with mailbox.open() as ours:
        ours.select("INBOX", writable=True)
        uids = ours.search(None)
        mailbox.expunge(uids[1])
        assert ours.acknowledge(uids, after) == set(uids)


def test_moving_to_a_missing_folder_moves_nothing(mailbox: Mailbox) -> None:
    mailbox.fill(2)
    with mailbox.open() as ours:
        ours.select("INBOX", writable=True)
        uids = ours.search(None)
        with pytest.raises(MailboxError, match=r"articles: there is no folder 'Elsewhere'.*Create it.*Archived"):
            ours.acknowledge(uids, After("move", "Elsewhere"))
        assert ours.search(None) == uids, "a refusal leaves the connection and the folder as they were"
    assert mailbox.other.flags() == {uid: set() for uid in uids}


def test_nothing_is_done_in_a_folder_opened_for_reading(mailbox: Mailbox) -> None:
    mailbox.fill(1)
    with mailbox.open() as ours:
        ours.select("INBOX", writable=False)
        uids = ours.search(None)
        with pytest.raises(MailboxError, match="opened for reading only"):
            ours.acknowledge(uids, After("seen"))
    assert mailbox.other.flags() == {uids[0]: set()}


def test_a_missing_folder_names_those_there_are(mailbox: Mailbox) -> None:
    with mailbox.open() as ours:
        with pytest.raises(MailboxError, match=r"articles: there is no folder 'Arcived'.*Archived, INBOX"):
            ours.select("Arcived", writable=False)
        with pytest.raises(MailboxError, match=r"no folder of .* is open"):
            ours.search(None)
        assert ours.select("INBOX", writable=False).messages == 0, "the connection is still good"


@pytest.mark.parametrize(
    "name", ["Entwürfe", "稍后阅读", "A & B", 'with "quotes"', "back\\slash", "2024", "Über/Größe"]
)
def test_folder_names(mailbox: Mailbox, name: str) -> None:
    mails = mailbox.fill(1)
    try:
        mailbox.other.create(name)
    except IMAPClientError as error:
        pytest.skip(f"the server takes no folder of that name: {error}")
    with mailbox.open() as ours:
        ours.select("INBOX", writable=True)
        assert ours.acknowledge(ours.search(None), After("move", name))
        selected = ours.select(name, writable=False)
        assert (selected.folder, selected.messages) == (name, 1)
        (raw,) = flatten(list(ours.fetch(ours.search(None))))
    assert (raw.data, raw.ref.folder) == (mails[0], name)


def test_a_folder_name_in_another_normal_form(mailbox: Mailbox) -> None:
    """A Mac names folders in NFD; who types the name into a configuration types NFC."""
    mailbox.other.create("Entwu\u0308rfe")
    with mailbox.open() as ours:
        assert ours.select("Entw\u00fcrfe", writable=False).messages == 0


def test_a_wrong_password_is_a_refused_log_in(mailbox: Mailbox) -> None:
    with pytest.raises(LoginRefused, match=r"articles: .*refused the log-in.*check username and password") as caught:
        mailbox.open('wr"ong\\ passwörd').connect()
    assert "passwörd" not in str(caught.value)
    with mailbox.open() as ours:
        assert ours.select("INBOX", writable=False)


def test_after_closing_nothing_works_but_connecting_again(mailbox: Mailbox) -> None:
    ours = mailbox.open()
    with pytest.raises(MailboxError, match="not connected"):
        ours.select("INBOX", writable=False)
    with ours:
        ours.select("INBOX", writable=False)
    ours.close()
    with pytest.raises(MailboxError):
        ours.search(None)
    with ours:
        assert ours.select("INBOX", writable=False)


def test_a_message_is_put_into_a_folder_and_found_there(mailbox: Mailbox) -> None:
    data = composed(Facts("3f" * 32, "<1@example.org>", "Grüße", "a@example.org", ("filed as “x”",)), NOON)
    mailbox.fill(1)
    mailbox.other.create("Receipts")
    with mailbox.open() as ours:
        selected = ours.select("INBOX", writable=True)
        ours.append("Receipts", data)
        assert not ours.ask("look", partial(is_there, digest="3f" * 32))
        assert ours.select("INBOX", writable=True) == selected
        ours.select("Receipts", writable=False)
        assert ours.ask("look", partial(is_there, digest="3f" * 32))
        assert not ours.ask("look", partial(is_there, digest="40" * 32))
        with pytest.raises(MailboxError, match="there is no folder 'Nowhere'"):
            ours.append("Nowhere", data)
        assert ours.is_connected
    assert mailbox.other.bodies("Receipts") == [data]
    assert list(mailbox.other.flags("Receipts").values()) == [{b"\\Seen"}]
