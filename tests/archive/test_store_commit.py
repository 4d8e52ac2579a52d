"""What a commit promises: whole folders, a line each, receipts afterwards; the same mail again changes nothing."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import sqlite3
import stat
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from mailarchiver.archive import sync
from mailarchiver.archive.store import Store
from mailarchiver.errors import StoreError
from mailarchiver.model import Filing, MessageRef
from tests.archive.filings import NOW, at, bundle, digests, entry_folders, filing, mail, tree


def lines(root: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (root / "manifest.jsonl").read_text("utf-8").splitlines()]


def test_a_mail_becomes_a_folder_and_a_line_and_a_receipt(store: Store, root: Path) -> None:
    mine = filing(1)
    (receipt,) = store.commit([mine], now=NOW)
    (made,) = mine.bundles
    assert (receipt.ref, receipt.digest, receipt.outcome) == (mine.ref, mine.digest, "filed")
    assert receipt.entries == ((made.id, made.folder),)
    files = {
        path.relative_to(root / made.folder).as_posix() for path in (root / made.folder).rglob("*") if path.is_file()
    }
    assert files == set(made.files)
    assert (root / made.folder / "message.eml").read_bytes() == mail(1)
    (line,) = lines(root)
    assert (line["id"], line["folder"], line["filed"]) == (made.id, made.folder, "2024-03-07T08:00:00+00:00")
    assert line["sha256"] == mine.digest


def test_filed_is_utc_whatever_zone_the_clock_has(store: Store, root: Path) -> None:
    store.commit([filing(1)], now=datetime(2024, 3, 7, 10, 0, 0, 999, tzinfo=timezone(timedelta(hours=2))))
    assert lines(root)[0]["filed"] == "2024-03-07T08:00:00+00:00"


def test_every_folder_passes_sha256sum(store: Store, root: Path) -> None:
    program = shutil.which("sha256sum")
    if program is None:
        pytest.skip("sha256sum is not installed")
    store.commit([filing(number, articles=2) for number in range(3)], now=NOW)
    for folder in entry_folders(root):
        subprocess.run([program, "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=folder, check=True)
    assert len(entry_folders(root)) == 6


def test_modes_do_not_follow_the_umask(root: Path) -> None:
    before = os.umask(0o777 & ~0o700)
    try:
        with Store.open(root, min_free=0) as store:
            store.commit([filing(1)], now=NOW)
            store.write_pages({"index.html": b"x", "assets/style.css": b"x"}, cleaned=[])
            store.write_status({"ok": True})
    finally:
        os.umask(before)
    state = root / ".mailarchiver"
    for path in [root, *root.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        if path == state:
            assert mode == 0o710
        elif path.parent == state and path.name not in {"status.json", "search.sqlite"}:
            assert mode & 0o077 == 0, path
        else:
            assert mode == (0o750 if path.is_dir() else 0o640), path


def test_nothing_stays_in_staging(store: Store, root: Path) -> None:
    store.commit([filing(1), filing(2)], now=NOW)
    assert list((root / ".mailarchiver" / "staging").iterdir()) == []


def test_receipts_come_in_the_order_of_the_filings(store: Store) -> None:
    known = filing(2)
    store.commit([known], now=NOW)
    receipts = store.commit([filing(3), replace(known, bundles=()), filing(1)], now=NOW)
    assert [(receipt.ref.uid, receipt.outcome) for receipt in receipts] == [(3, "filed"), (2, "already"), (1, "filed")]


def test_an_empty_batch_is_nothing(store: Store, root: Path) -> None:
    before = tree(root)
    assert store.commit([], now=NOW) == []
    assert tree(root) == before


# --- the same mail again --------------------------------------------------------------------------------------------


def test_the_same_octets_from_elsewhere_write_nothing(store: Store, root: Path) -> None:
    store.commit([filing(1)], now=NOW)
    before = tree(root)
    elsewhere = [MessageRef("other", "Lists", 3, 9), MessageRef("import", "/mail", path="/mail/1.eml")]
    receipts = store.commit([filing(1, ref=ref) for ref in elsewhere], now=NOW)
    assert [receipt.outcome for receipt in receipts] == ["already", "already"]
    assert {receipt.entries for receipt in receipts} == {((filing(1).bundles[0].id, filing(1).bundles[0].folder),)}
    assert tree(root) == before
    assert store.done_uids("other", "Lists", 3) == {9}


@pytest.mark.parametrize("line_end", [b"\n", b"\r"])
def test_the_same_mail_with_other_line_ends_is_the_same_mail(store: Store, root: Path, line_end: bytes) -> None:
    store.commit([filing(1)], now=NOW)
    before = tree(root)
    again = filing(1, ref=at(2), line_end=line_end)
    assert again.digest != filing(1).digest
    assert store.known(again.digest, again.folded) == ((filing(1).bundles[0].id, filing(1).bundles[0].folder),)
    assert store.commit([again], now=NOW)[0].outcome == "already"
    assert tree(root) == before


def test_twice_in_a_batch_is_once_in_the_archive(store: Store, root: Path) -> None:
    batch = [filing(1), filing(1, ref=at(2)), replace(filing(1, ref=at(3), line_end=b"\n"), bundles=())]
    assert [receipt.outcome for receipt in store.commit(batch, now=NOW)] == ["filed", "already", "already"]
    assert len(lines(root)) == 1
    assert store.done_uids("articles", "INBOX", 7) == {1, 2, 3}


def test_a_mail_said_to_be_known_that_is_not_is_never_acknowledged(store: Store) -> None:
    with pytest.raises(StoreError, match="file it again"):
        store.commit([replace(filing(1), bundles=())], now=NOW)


def test_what_the_user_removed_stays_removed(store: Store, root: Path) -> None:
    mine = filing(1, articles=2)
    store.commit([mine], now=NOW)
    removals = [{"id": made.id, "sha256": mine.digest, "removed": "2024-04-01T00:00:00Z"} for made in mine.bundles]
    store.close()
    with (root / "manifest.jsonl").open("a") as manifest:
        manifest.writelines(json.dumps(removal) + "\n" for removal in removals)
    with Store.open(root, min_free=0) as again:
        assert again.known(mine.digest, mine.folded) == ()
        (receipt,) = again.commit([mine], now=NOW)
        assert (receipt.outcome, receipt.entries) == ("already", ())
        assert list(again.entries()) == []
        assert again.months() == []
        assert again.dirty_months() == ["2024/03"]


# --- several articles, the same article -----------------------------------------------------------------------------


def test_the_articles_of_a_mail_are_filed_together(store: Store) -> None:
    mine = filing(1, articles=3)
    (receipt,) = store.commit([mine], now=NOW)
    assert [entry_id for entry_id, _ in receipt.entries] == [
        mine.digest[:12],
        f"{mine.digest[:12]}-2",
        f"{mine.digest[:12]}-3",
    ]
    assert store.known(mine.digest, mine.folded) == receipt.entries


def same_as(root: Path) -> list[object]:
    first = {line["id"]: number for number, line in enumerate(lines(root))}
    return [first.get(line["same_as"]) for line in lines(root)]


def test_same_as_names_the_first_entry_of_the_same_url(store: Store, root: Path) -> None:
    url = "https://www.example.org/walk"
    store.commit([filing(1, url=url), filing(2, url="https://example.org/other")], now=NOW)
    store.commit([filing(3, url="http://example.org/walk/?utm_source=mail"), filing(4, url=url)], now=NOW)
    assert same_as(root) == [None, None, 0, 0]


def test_same_as_goes_by_text_where_one_has_no_url(store: Store, root: Path) -> None:
    text, url = "Up the hill and down again.\n", "https://example.org/walk"
    store.commit([filing(1, text=text, url=url), filing(2, text="UP THE  hill and\ndown again.")], now=NOW)
    store.commit([filing(3, text=text), filing(4, text=text, url="https://example.org/another-walk")], now=NOW)
    assert same_as(root) == [None, 0, 0, 1], "with two different urls the text does not count"


def test_without_url_and_text_nothing_is_the_same(store: Store, root: Path) -> None:
    store.commit([filing(1, text=""), filing(2, text="", url="https://example.org/")], now=NOW)
    assert same_as(root) == [None, None]


def test_articles_of_one_mail_are_not_the_same_as_each_other(store: Store, root: Path) -> None:
    store.commit([filing(1, articles=2, text="The same."), filing(2, text="The same.")], now=NOW)
    assert same_as(root) == [None, None, 0]


# --- ids ------------------------------------------------------------------------------------------------------------


def made_up(prefix: str, ending: str) -> str:
    return prefix + ending * (64 - len(prefix))


def test_the_id_is_the_beginning_of_the_digest(store: Store) -> None:
    digest, _ = digests(mail(1))
    assert store.free_id(digest) == digest[:12]
    assert store.free_id(digest) == digest[:12]


def test_an_id_that_was_handed_out_is_not_handed_out_for_another_mail(store: Store) -> None:
    prefix = "0123456789ab"
    assert [len(store.free_id(made_up(prefix, ending))) for ending in "cde"] == [12, 16, 16]
    assert store.free_id(made_up("0123456789abdddd", "f")) == "0123456789abddddffff"


def test_the_mails_of_a_batch_are_looked_up_together(store: Store) -> None:
    """Not those that are known; and of two that differ in line ends only, the first."""
    store.commit([filing(1)], now=NOW)
    known, new = (filing(1).digest, filing(1).folded), made_up("0123456789ab", "c")
    like_known, like_new, other = "d" * 64, made_up("0123456789ab", "e"), made_up("0123456789ab", "f")
    mails = [known, (like_known, known[1]), (new, "1" * 64), (like_new, "1" * 64), (other, "2" * 64)]
    assert store.ids(mails) == [None, None, "0123456789ab", None, "0123456789abffff"]
    assert store.ids([]) == []


def colliding(number: int, digest: str, entry_id: str) -> Filing:
    """A mail that is said to have this digest."""
    made = bundle(mail(number), entry_id, at(number))
    return Filing(at(number), digest, digest, (replace(made, entry=replace(made.entry, sha256=digest)),))


def test_mails_of_the_same_first_digits_are_both_filed(store: Store, root: Path) -> None:
    digests = [made_up("0123456789ab", ending) for ending in "cd"]
    for number, digest in enumerate(digests):
        store.commit([colliding(number, digest, store.free_id(digest))], now=NOW)
    assert [line["id"] for line in lines(root)] == ["0123456789ab", "0123456789abdddd"]
    store.close()
    with Store.open(root, min_free=0) as again:
        assert again.free_id(digests[1]) == "0123456789ab"[:12] + "dddd"
        assert again.known(digests[1], "") == (("0123456789abdddd", str(lines(root)[1]["folder"])),)


def test_an_id_taken_by_another_process_meanwhile_is_found_out(store: Store, root: Path) -> None:
    digests = [made_up("0123456789ab", ending) for ending in "cd"]
    entry_id = store.free_id(digests[0])
    with Store.open(root, min_free=0) as other:
        other.commit([colliding(2, digests[1], other.free_id(digests[1]))], now=NOW)
    with pytest.raises(StoreError, match="0123456789ab"):
        store.commit([colliding(1, digests[0], entry_id)], now=NOW)
    assert store.free_id(digests[0]) == "0123456789abcccc"
    store.commit([colliding(1, digests[0], "0123456789abcccc")], now=NOW)
    assert len(lines(root)) == 2


# --- what is never written ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["../../x", "/etc/x", "a/../b", "images/../../x", "a//b", "./a", "a\0b", "a/b/c", ""])
def test_no_file_leaves_its_folder(store: Store, root: Path, name: str) -> None:
    mine = filing(1)
    made = replace(mine.bundles[0], files={**mine.bundles[0].files, name: b"x"})
    with pytest.raises(ValueError, match="no name"):
        store.commit([replace(mine, bundles=(made,))], now=NOW)
    assert store.commit([filing(2)], now=NOW)[0].outcome == "filed"
    assert len(entry_folders(root)) == 1


@pytest.mark.parametrize("folder", ["../x", "2024/03/x", "2024/03/2024-03-06-{id}/x", "/{id}", "2024/03/../{id}"])
def test_no_folder_leaves_the_archive(store: Store, root: Path, folder: str) -> None:
    mine = filing(1)
    folder = folder.format(id=mine.bundles[0].id)
    made = replace(mine.bundles[0], folder=folder, entry=replace(mine.bundles[0].entry, folder=folder))
    with pytest.raises(ValueError, match="no folder"):
        store.commit([replace(mine, bundles=(made,))], now=NOW)
    assert store.commit([filing(2)], now=NOW)[0].outcome == "filed"
    assert len(lines(root)) == 1


def test_a_bundle_of_another_mail_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="not of the mail"):
        store.commit([replace(filing(1), bundles=filing(2).bundles)], now=NOW)


def test_what_lies_in_the_way_goes_to_the_trash(store: Store, root: Path, caplog: pytest.LogCaptureFixture) -> None:
    """rename(2) over an empty folder would succeed silently, over a full one fail for ever."""
    folders = [filing(number).bundles[0].folder for number in range(3)]
    (root / folders[0]).mkdir(parents=True)
    (root / folders[1]).mkdir()
    (root / folders[1] / "mine.txt").write_text("kept")
    (root / folders[2]).write_text("a file")
    store.commit([filing(number) for number in range(3)], now=NOW)
    trash = root / ".mailarchiver" / "trash"
    assert sorted(path.name for path in trash.iterdir()) == sorted(Path(folder).name for folder in folders)
    assert (trash / Path(folders[1]).name / "mine.txt").read_text() == "kept"
    assert all((root / folder / "SHA256SUMS").is_file() for folder in folders)
    assert caplog.text.count("moved to") == 3


def test_what_lies_in_the_way_survives_a_batch_that_fails(
    store: Store, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = root / filing(1).bundles[0].folder
    mine.mkdir(parents=True)
    (mine / "mine.txt").write_text("kept")

    def fail(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "write", fail)
    with pytest.raises(StoreError):
        store.commit([filing(1)], now=NOW)
    assert (mine / "mine.txt").read_text() == "kept"


def test_after_an_error_of_sync_nothing_that_was_open_is_trusted(
    store: Store, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was staged is thrown away and written anew; the ledger is opened again."""
    opened: list[object] = []
    connect = sqlite3.connect

    def counted(*args: Any, **more: Any) -> sqlite3.Connection:
        opened.append(args)
        made: sqlite3.Connection = connect(*args, **more)
        return made

    monkeypatch.setattr(sqlite3, "connect", counted)

    def fail(_: int) -> None:
        assert len(list((root / ".mailarchiver/staging").iterdir())) == 2
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(sync, "system_syncfs", lambda: fail)
        with pytest.raises(StoreError, match="dmesg"):
            store.commit([filing(1)], now=NOW)
    assert list((root / ".mailarchiver/staging").iterdir()) == []
    assert opened == []
    assert store.commit([filing(1)], now=NOW)[0].outcome == "filed"
    assert len(opened) == 1


def test_too_little_space_files_nothing(root: Path) -> None:
    with Store.open(root, min_free=1 << 60) as store:
        before = tree(root)
        with pytest.raises(StoreError, match=r"min_free.*make room"):
            store.commit([filing(1)], now=NOW)
        assert tree(root) == before
        assert store.known(filing(1).digest, filing(1).folded) is None


# --- messages by where they lay -------------------------------------------------------------------------------------


def test_acknowledging_is_remembered(root: Path) -> None:
    with Store.open(root, min_free=0) as store:
        store.commit([filing(number) for number in (3, 1, 2)], now=NOW)
        assert store.unacknowledged("articles", "INBOX", 7) == [1, 2, 3]
        store.acknowledged("articles", "INBOX", 7, [1, 3], "move:Archived")
    with Store.open(root, min_free=0) as store:
        assert store.unacknowledged("articles", "INBOX", 7) == [2]
        assert store.done_uids("articles", "INBOX", 7) == {1, 2, 3}
        store.commit([filing(1), filing(4, ref=at(3))], now=NOW)
        assert store.unacknowledged("articles", "INBOX", 7) == [2, 3], "the UID names another mail now"


def test_a_uid_counts_only_within_its_folder_and_epoch(store: Store) -> None:
    store.commit([filing(1), filing(2, ref=MessageRef("articles", "INBOX", None, 5))], now=NOW)
    assert store.done_uids("articles", "INBOX", 8) == frozenset()
    assert store.done_uids("articles", "Lists", 7) == frozenset()
    assert store.done_uids("other", "INBOX", 7) == frozenset()
    assert store.done_uids("articles", "INBOX", None) == frozenset(), "without UIDVALIDITY a UID names nothing"
    assert store.unacknowledged("articles", "INBOX", 7) == [1]


def test_files_are_no_uids(store: Store) -> None:
    store.commit([filing(1, ref=MessageRef("articles", "INBOX", path="/mail/1.eml"))], now=NOW)
    assert store.done_uids("articles", "INBOX", 0) == frozenset()
    assert store.unacknowledged("articles", "INBOX", 0) == []


def test_readme_says_what_lies_where(store: Store, root: Path) -> None:
    text = (root / "README.txt").read_text("utf-8")
    assert text.splitlines()[0] == "mailarchiver archive, format 1"
    assert re.search(r"manifest\.jsonl", text)


def test_the_cost_of_a_commit_does_not_grow(store: Store, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but a batch's own files, and never the tree, is looked at."""
    looked: list[str] = []
    real = os.listdir

    def listdir(path: str) -> list[str]:
        looked.append(str(path))
        return real(path)

    monkeypatch.setattr(os, "listdir", listdir)
    store.commit(
        [filing(number, received=datetime(2020 + number % 4, 1, 1, tzinfo=UTC)) for number in range(20)], now=NOW
    )
    looked.clear()
    store.commit([filing(100)], now=NOW)
    assert set(looked) == {str(root / ".mailarchiver" / "staging")}
