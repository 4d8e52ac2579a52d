"""Mail that may not come in: kept whole and private, known again, and in nobody's way."""

from __future__ import annotations

import json
import logging
import os
import pwd
import shutil
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mailarchiver import EXTRACTOR
from mailarchiver.archive import quarantine, staging
from mailarchiver.archive.store import Store
from mailarchiver.errors import StoreError
from mailarchiver.model import Filing, MessageRef, Quarantine, Quarantined, RawMessage
from tests.archive.filings import NOW, at, entry_folders, filing, mail, quarantined, tree
from tests.archive.test_store_open import needs_root, public

__all__ = ["public"]

FILE = MessageRef("import", "mail", path="mail/5.eml")


def outcomes(store: Store, *filings: Filing) -> list[str]:
    return [receipt.outcome for receipt in store.commit(filings, now=NOW)]


def lies(root: Path, held: Filing) -> Path:
    return root / ".mailarchiver" / "quarantine" / held.digest


def reason(root: Path, held: Filing) -> dict[str, object]:
    told: dict[str, object] = json.loads((lies(root, held) / "reason.json").read_bytes())
    return told


def test_it_is_kept_whole_with_the_reason(store: Store, root: Path) -> None:
    held = quarantined(5)
    (receipt,) = store.commit([held], now=NOW)
    assert (receipt.outcome, receipt.entries, receipt.digest) == ("quarantined", (), held.digest)
    assert receipt.quarantine is not None
    assert root / receipt.quarantine == lies(root, held)
    assert receipt.why is not None
    assert receipt.why.reason == "crash"
    assert (lies(root, held) / "message.eml").read_bytes() == mail(5)
    assert reason(root, held) == {
        "format": 1,
        "digest": held.digest,
        "bytes": len(mail(5)),
        "received": "2024-03-06T17:21:09+00:00",
        "from_line": None,
        "fallback": None,
        "account": "articles",
        "folder": "INBOX",
        "uidvalidity": 7,
        "uid": 5,
        "path": None,
        "reason": "crash",
        "detail": "it hurts",
        "extractor": EXTRACTOR,
        "quarantined": "2024-03-07T08:00:00+00:00",
    }
    assert (root / "manifest.jsonl").read_bytes() == b""
    assert list((root / ".mailarchiver/staging").iterdir()) == []


def test_it_is_private_to_the_owner(store: Store, root: Path) -> None:
    store.commit([quarantined(5)], now=NOW)
    top = root / ".mailarchiver/quarantine"
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [top, *top.rglob("*")]}
    assert modes.pop("message.eml") == modes.pop("reason.json") == 0o600
    assert set(modes.values()) == {0o700}


def test_mail_around_it_is_filed_in_the_same_batch(store: Store, root: Path) -> None:
    assert outcomes(store, filing(1), quarantined(5), filing(2)) == ["filed", "quarantined", "filed"]
    assert len(entry_folders(root)) == 2
    assert (root / "manifest.jsonl").read_bytes().count(b"\n") == 2


def test_it_is_known_again_whatever_its_line_ends(store: Store, root: Path) -> None:
    held = quarantined(5)
    other = quarantined(5, line_end=b"\n", ref=FILE)
    store.commit([held], now=NOW)
    before = tree(root)
    for again in (held, other):
        assert store.known(again.digest, again.folded) == ()
        (receipt,) = store.commit([replace(again, quarantined=None)], now=NOW)
        assert (receipt.outcome, receipt.quarantine) == ("already", f".mailarchiver/quarantine/{held.digest}")
    assert tree(root) == before
    assert store.in_quarantine() == 1


def test_twice_in_a_batch_it_lies_there_once(store: Store) -> None:
    held = quarantined(5)
    assert outcomes(store, held, replace(held, ref=at(6), quarantined=None)) == ["quarantined", "already"]
    assert store.unacknowledged("articles", "INBOX", 7) == []
    assert store.unacknowledged("articles", "INBOX", 7, quarantined=True) == [5, 6]
    assert store.done_uids("articles", "INBOX", 7) == {5, 6}


def test_what_was_done_with_it_on_the_server_does_not_count_for_the_filed_mail(store: Store, root: Path) -> None:
    """Released, it is to be moved: that it was flagged does not mean that all was done."""
    held = quarantined(5)
    store.commit([held], now=NOW)
    store.acknowledged("articles", "INBOX", 7, [5], "flag")
    assert store.unacknowledged("articles", "INBOX", 7, quarantined=True) == []
    store.commit([replace(held, quarantined=None)], now=NOW)
    assert store.unacknowledged("articles", "INBOX", 7, quarantined=True) == [], "nothing has changed"
    shutil.rmtree(lies(root, held))
    assert store.known(held.digest, held.folded) is None
    assert outcomes(store, filing(5)) == ["filed"]
    assert store.unacknowledged("articles", "INBOX", 7) == [5]


def test_taken_away_by_hand_it_is_new_again(store: Store, root: Path) -> None:
    held = quarantined(5)
    store.commit([held], now=NOW)
    shutil.rmtree(lies(root, held))
    assert store.known(held.digest, held.folded) is None
    assert store.in_quarantine() == 0
    assert outcomes(store, held) == ["quarantined"]
    shutil.rmtree(lies(root, held))
    assert store.ids([(held.digest, held.folded)]) == [held.digest[:12]], "also among the mails of a batch"
    assert store.in_quarantine() == 0


def test_the_ledger_made_anew_knows_it(root: Path) -> None:
    held, other = quarantined(5), quarantined(6, ref=FILE)
    with Store.open(root, min_free=0) as store:
        store.commit([filing(1), held, other], now=NOW)
    for path in (root / ".mailarchiver").glob("ledger.sqlite*"):
        path.unlink()
    with Store.open(root, min_free=0) as store:
        assert store.in_quarantine() == 2
        assert store.known("", held.folded) == ()
        assert store.known(other.digest, "") == ()
        assert store.unacknowledged("articles", "INBOX", 7) == [1]
        assert store.unacknowledged("articles", "INBOX", 7, quarantined=True) == [5]


@pytest.mark.parametrize("harm", ["no mail", "another mail"])
def test_a_folder_that_is_not_whole_is_not_known_and_makes_room(
    root: Path, harm: str, caplog: pytest.LogCaptureFixture
) -> None:
    held = quarantined(5)
    with Store.open(root, min_free=0) as store:
        store.commit([held], now=NOW)
    (lies(root, held) / "message.eml").unlink()
    if harm == "another mail":
        (lies(root, held) / "message.eml").write_bytes(b"Subject: x\n\n")
    for path in (root / ".mailarchiver").glob("ledger.sqlite*"):
        path.unlink()
    with caplog.at_level(logging.WARNING), Store.open(root, min_free=0) as store:
        assert held.digest in caplog.text
        assert store.known(held.digest, held.folded) is None
        assert outcomes(store, held) == ["quarantined"]
    assert (lies(root, held) / "message.eml").read_bytes() == mail(5)
    assert (root / ".mailarchiver/trash" / held.digest / "reason.json").is_file()


@pytest.mark.parametrize("told", [None, b"", b"[]", b"{", b'{"account": 5}', b'{"account": "a", "folder": null}'])
def test_without_its_reason_it_is_known_all_the_same(root: Path, told: bytes | None) -> None:
    held = quarantined(5)
    with Store.open(root, min_free=0) as store:
        store.commit([held], now=NOW)
    path = lies(root, held) / "reason.json"
    path.unlink()
    if told is not None:
        path.write_bytes(told)
    for ledger in (root / ".mailarchiver").glob("ledger.sqlite*"):
        ledger.unlink()
    with Store.open(root, min_free=0) as store:
        assert store.known(held.digest, held.folded) == ()
        assert store.done_uids("articles", "INBOX", 7) == frozenset()


def test_nothing_else_in_the_folder_is_taken_for_mail(root: Path) -> None:
    with Store.open(root, min_free=0) as store:
        store.commit([quarantined(5)], now=NOW)
    (root / ".mailarchiver/quarantine/README").write_text("mine")
    (root / ".mailarchiver/quarantine/old").mkdir()
    for ledger in (root / ".mailarchiver").glob("ledger.sqlite*"):
        ledger.unlink()
    with Store.open(root, min_free=0) as store:
        assert store.in_quarantine() == 1


def test_a_batch_that_fails_leaves_nothing_there(store: Store, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patch:
        patch.setattr(staging, "fsync_parents", fail)
        with pytest.raises(StoreError):
            store.commit([quarantined(5), filing(1)], now=NOW)
    assert list((root / ".mailarchiver/quarantine").iterdir()) == []
    assert store.known(quarantined(5).digest, "") is None
    assert outcomes(store, quarantined(5), filing(1)) == ["quarantined", "filed"]


def test_too_little_space_is_told_for_it_too(root: Path) -> None:
    with Store.open(root, min_free=1 << 60) as store, pytest.raises(StoreError, match="min_free"):
        store.commit([quarantined(5)], now=NOW)


def test_a_strange_place_and_a_strange_detail_are_told_in_sound_json(store: Store, root: Path) -> None:
    held = quarantined(5, ref=replace(FILE, path="a\u2028\n.eml"))
    assert held.quarantined is not None
    why = Quarantine("message", "\u2028\x7f\x85 \U0001f600 \ud800")
    store.commit([replace(held, quarantined=replace(held.quarantined, why=why))], now=NOW)
    (lies(root, held) / "reason.json").read_bytes().decode("utf-8")
    assert reason(root, held)["detail"] == why.detail
    assert reason(root, held)["path"] == "a\u2028\n.eml"


def test_what_a_later_try_needs_is_kept() -> None:
    raw = RawMessage(FILE, None, mail(5), from_line=NOW, fallback=NOW)
    told = json.loads(quarantine.files(Quarantined(raw, Quarantine("limit", "slow")), "0" * 64, now=NOW)["reason.json"])
    assert (told["received"], told["from_line"], told["fallback"]) == (None, NOW.isoformat(), NOW.isoformat())
    assert (told["uid"], told["path"]) == (None, "mail/5.eml")


LIST = """
import os, sys
from pathlib import Path
sys.path.insert(0, {here!r})
from mailarchiver.archive.quarantine import listed
from mailarchiver.errors import StoreError
os.setgroups([]); os.setgid({gid}); os.setuid({uid})
try:
    listed(Path({root!r}))
except StoreError as error:
    print(error)
"""


@needs_root
def test_who_may_not_read_the_quarantine_is_told_who_may(public: Path) -> None:
    root = public / "archive"
    with Store.open(root, min_free=0) as store:
        store.commit([quarantined(1)], now=NOW)
    root.chmod(0o755)
    (root / "README.txt").chmod(0o644)
    (root / ".mailarchiver").chmod(0o711)
    nobody = pwd.getpwnam("nobody")
    here = Path(__file__).parents[2]
    script = LIST.format(here=str(here), root=str(root), uid=nobody.pw_uid, gid=nobody.pw_gid)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    place = root / ".mailarchiver/quarantine"
    owner = pwd.getpwuid(os.geteuid()).pw_name
    cure = f"it is for the archive's owner, {owner}: run the command as `sudo -u {owner} …`"
    assert done.stdout == f"{place}: Permission denied: {cure}\n"
