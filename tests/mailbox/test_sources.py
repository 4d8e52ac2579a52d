"""The same mails come out of every source with the same octets: servers, Maildir, folder, mbox, standard input."""

from __future__ import annotations

import io
import mailbox as stdlib_mailbox
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailarchiver.mailbox.files import read_stream, scan
from mailarchiver.model import RawMessage
from tests.servers.fixtures import EVERY_SERVER, NOON, Mailbox, cyrus, dovecot, dovecot_sdbox, mailbox

__all__ = ["cyrus", "dovecot", "dovecot_sdbox", "mailbox"]

NOW = datetime(2024, 6, 1, tzinfo=UTC)
MAILS = [
    b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nplain\r\n",
    b"Subject: eight bit\r\n\r\nGr\xfc\xdfe, \xe5\xaf\x86\xe7\xa0\x81, \xff\xfe\r\n",
    b"Subject: no body\r\n\r\n",
    b"Subject: one long line\r\n\r\n" + b"x" * 70_000 + b"\r\n",
    b"Subject: From at the start\r\n\r\nFrom here\r\n>From there\r\n.\r\n..\r\n",
    b"Subject: empty lines at the end\r\n\r\nlast\r\n\r\n\r\n",
]


def scanned(path: Path) -> list[RawMessage]:
    found = list(scan([path], now=NOW))
    messages = [item for item in found if isinstance(item, RawMessage)]
    assert messages == found
    return messages


def from_maildir(folder: Path) -> list[RawMessage]:
    """As a server's administrator finds it; the standard library names the files."""
    box = stdlib_mailbox.Maildir(str(folder / "Maildir"), create=True)
    for number, mail in enumerate(MAILS):
        name = f"{1_700_000_000 + number}.M{number}P1.host"
        place = folder / "Maildir" / ("cur" if number % 2 else "new") / (f"{name}:2,S" if number % 2 else name)
        place.write_bytes(mail)
    assert len(box) == len(MAILS)
    return sorted(scanned(folder / "Maildir"), key=lambda raw: str(raw.ref.path).rpartition("/")[2])


def from_folder(folder: Path) -> list[RawMessage]:
    for number, mail in enumerate(MAILS):
        (folder / f"{number}.eml").write_bytes(mail)
    return scanned(folder)


def from_mbox(folder: Path) -> list[RawMessage]:
    from_line = b"From jane@example.org Wed Mar  6 12:00:00 2024\r\n"
    (folder / "box").write_bytes(b"".join(from_line + mail + b"\r\n" for mail in MAILS))
    return scanned(folder / "box")


def from_a_pipe(_folder: Path) -> list[RawMessage]:
    found = [read_stream(io.BytesIO(mail), now=NOW) for mail in MAILS]
    return [raw for raw in found if isinstance(raw, RawMessage)]


@pytest.mark.parametrize("source", [from_maildir, from_folder, from_mbox, from_a_pipe])
def test_files_give_what_was_put_in(tmp_path: Path, source: object) -> None:
    assert callable(source)
    raws: list[RawMessage] = source(tmp_path)
    assert [raw.data for raw in raws] == MAILS
    assert {(raw.ref.account, raw.ref.folder, raw.ref.uid, raw.received) for raw in raws} == {
        ("import", "", None, None)
    }
    assert all(raw.ref.path for raw in raws)


@EVERY_SERVER
def test_servers_give_what_was_put_in(mailbox: Mailbox) -> None:
    for mail in MAILS:
        mailbox.other.deliver(mail, NOON)
    with mailbox.open() as ours:
        ours.select("INBOX", writable=False)
        raws = [raw for batch in ours.fetch(ours.search(None)) for raw in batch]
    assert [raw.data for raw in raws] == MAILS
    assert {raw.received for raw in raws} == {NOON}
