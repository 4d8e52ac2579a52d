"""Receipts: one for every mail that was filed, never two, never filed themselves, never in the way of filing."""

from __future__ import annotations

import subprocess
import sys
import threading
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

import pytest

from mailarchiver import receipts
from mailarchiver.archive.store import Store
from mailarchiver.errors import MailboxError
from mailarchiver.mailbox.receipt import Facts, composed, told_by
from tests.cli.test_poll import Site, on_embedded, site
from tests.servers.fixtures import NOON, dovecot, mailbox

if TYPE_CHECKING:
    pass

__all__ = ["dovecot", "mailbox", "site"]

on_both = pytest.mark.parametrize(
    "mailbox", ["embedded", pytest.param("dovecot", marks=pytest.mark.dovecot)], indirect=True
)


def told(site: Site, folder: str = "INBOX") -> list[bytes]:
    """The receipts that lie in a folder."""
    return [data for data in site.mailbox.other.bodies(folder) if told_by(data)]


@on_both
def test_each_filed_mail_is_answered_once(site: Site) -> None:
    account = site.account("articles", 'receipt = "inbox"', after="seen")
    done = site.poll(account)
    assert (done.returncode, done.stdout, done.stderr) == (0, "articles: 2 filed, 0 already filed, 0 failed\n", "")
    messages = [message_from_bytes(data, policy=policy.default) for data in told(site)]
    assert sorted(str(message["In-Reply-To"]) for message in messages) == ["<moon@example.org>", "<tide@example.org>"]
    assert {message["Subject"] for message in messages} == {"Re: moon", "Re: tide"}
    first, folder = str(messages[0].get_content()).splitlines()
    assert first == f"filed as “{messages[0]['Subject'][4:]}”"
    assert (site.folder / "archive" / folder / "index.html").is_file()
    for _ in range(2):
        done = site.poll(account)
        assert (done.returncode, done.stdout, done.stderr) == (0, "articles: 0 filed, 0 already filed, 0 failed\n", "")
    assert len(told(site)) == 2
    assert sorted(site.titles()) == ["moon", "tide"], "a receipt is no article"
    config = str(site.folder / "config.toml")
    command = [sys.executable, "-m", "mailarchiver", "audit", "--config", config]
    audited = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (audited.returncode, audited.stderr) == (0, ""), "and is accounted for"
    assert all(rb"\Seen" in flags for flags in site.flags())


@on_both
def test_a_folder_of_their_own(site: Site) -> None:
    site.mailbox.other.create("Receipts")
    account = site.account("articles", 'receipt = "folder:Receipts"', after="move:Archived")
    assert site.poll(account).returncode == 0
    assert (len(told(site, "Receipts")), len(told(site))) == (2, 0)
    assert len(site.flags("Archived")) == 2


@on_embedded
def test_none_is_sent_unless_wanted(site: Site) -> None:
    site.poll(site.account("articles"))
    assert told(site) == []
    site.poll(site.account("articles", 'receipt = "inbox"'))
    assert told(site) == [], "nor for what was filed before"


@on_embedded
def test_a_folder_that_is_missing_is_told_and_holds_up_nothing(site: Site) -> None:
    account = site.account("articles", 'receipt = "folder:Nowhere"', after="seen")
    done = site.poll(account)
    assert (done.returncode, done.stdout) == (1, "articles: 2 filed, 0 already filed, 0 failed\n")
    assert "receipts: account articles: there is no folder 'Nowhere'" in done.stderr
    assert all(rb"\Seen" in flags for flags in site.flags())
    site.mailbox.other.create("Nowhere")
    assert site.poll(account).returncode == 0
    assert len(told(site, "Nowhere")) == 2, "the next round sends what is owed"


@on_both
@pytest.mark.parametrize("is_there", [False, True])
def test_a_kill_between_the_receipt_and_its_record_doubles_none(site: Site, is_there: bool) -> None:
    account = site.account("articles", 'receipt = "inbox"', after="seen")
    site.poll(account)
    archive = site.folder / "archive"
    digests = [str(told_by(data)) for data in told(site)]
    with Store.open(archive, min_free=0) as store, store._access.reading() as ledger, ledger.transaction():
        ledger._db.execute("UPDATE receipt SET sent = NULL, tried = 1")
    if not is_there:
        site.mailbox.other.expunge(max(site.mailbox.other.flags()))
    assert site.poll(account).returncode == 0
    assert sorted(str(told_by(data)) for data in told(site)) == sorted(digests)


@on_embedded
def test_a_forged_receipt_is_a_mail_like_any_other(site: Site) -> None:
    """It names a mail that this archive does not hold."""
    forged = composed(Facts("ab" * 32, None, "Forged", "x@example.org", ("y",)), NOON)
    site.mailbox.other.deliver(forged, NOON)
    site.poll(site.account("articles"))
    assert "Forged" in site.titles()


@on_embedded
def test_receipts_are_known_without_the_ledger(site: Site) -> None:
    account = site.account("articles", 'receipt = "inbox"', after="seen")
    site.poll(account)
    for path in (site.folder / "archive/.mailarchiver").glob("ledger.sqlite*"):
        path.unlink()
    done = site.poll(account)
    assert (done.returncode, done.stdout) == (0, "articles: 0 filed, 0 already filed, 0 failed\n")
    assert sorted(site.titles()) == ["moon", "tide"]
    assert len(told(site)) == 2


class Mailbox:
    """Refuses, or breaks off, when something is put into it."""

    def append(self, folder: str, data: bytes) -> None:
        raise MailboxError("over quota")


@on_embedded
def test_what_the_server_has_against_it_is_told_and_owed(site: Site) -> None:
    settings = site.account("articles", 'receipt = "folder:Nowhere"')
    site.poll(settings)
    from mailarchiver.config import load

    [account] = load(site.folder / "config.toml").account
    with Store.open(site.folder / "archive", min_free=0) as store:
        assert len(store.receipts.wanted("articles")) == 2
        store.receipts.sent("articles", next(iter(store.receipts.wanted("articles"))), NOON)
        [digest] = store.receipts.wanted("articles")
        with store._access.reading() as ledger, ledger.transaction():
            ledger._db.execute("UPDATE receipt SET tried = 0")
        trouble = receipts.send(account, Mailbox(), store, threading.Event())  # type: ignore[arg-type]  # a stand-in
        assert trouble == "receipts: over quota"
        assert store.receipts.wanted("articles") == {digest: True}


def test_pictures_are_counted_as_they_are() -> None:
    outcomes = ["cid", "location", "data", "fetched", "missing", "remote", "dropped", "unreferenced", None, 3]
    article = {
        "title": "A \x1b[2Jtitle",
        "images": [*({"outcome": each} for each in outcomes), "edited by hand"],
        "attachments": [{}],
        "warnings": [{"code": "image-missing", "detail": "cid:1\nis not there"}],
    }
    [text] = receipts.facts("0" * 64, "x", [("2024/03/x", article)]).articles
    assert text.splitlines() == [
        "filed as “A [2Jtitle”",
        "2024/03/x",
        "4 of 6 pictures, 1 attachment",
        "warning: image-missing: cid:1 is not there",
    ]
    assert receipts.facts("0" * 64, "x", [("f", {"images": None, "message": 3})]).articles == ("filed as “”\nf",)
