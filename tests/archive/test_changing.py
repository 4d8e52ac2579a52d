"""What was filed is replaced, removed and restored: nothing is lost, and only that is changed."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mailarchiver.archive import folder, lock, manifest, staging, swap, sync
from mailarchiver.archive import store as store_module
from mailarchiver.archive.access import Access
from mailarchiver.archive.layout import Layout
from mailarchiver.archive.renewal import Mail, Renewal, compare, in_place, listed
from mailarchiver.archive.store import Store
from mailarchiver.errors import NoSuchEntry, StoreError
from mailarchiver.model import Bundle, Entry
from tests.archive.changes import LATER, again, renewal
from tests.archive.filings import NOW, entry_folders, filing, quarantined, tree
from tests.archive.test_recovery import Crash, at_call

MAIL = filing(2, articles=3, url="https://example.org/walk")
FIRST, SECOND, THIRD = (made.id for made in MAIL.bundles)
ALONE = filing(1)
ONE = ALONE.bundles[0].id


@pytest.fixture
def filled(store: Store) -> Store:
    """With a mail of three articles and one of one."""
    store.commit([MAIL, ALONE], now=NOW)
    return store


def entries(store: Store) -> dict[str, Entry]:
    return {entry.id: entry for entry in store.entries()}


def lines(root: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (root / "manifest.jsonl").read_bytes().splitlines()]


def stood(store: Store) -> tuple[Entry, ...]:
    return tuple(entries(store)[made.id] for made in MAIL.bundles)


def changed(store: Store, *ids: str, make: Callable[[str], Bundle] = again) -> Renewal:
    known = stood(store)
    return Renewal(MAIL.digest, known, tuple(in_place(make(entry.id), entry) for entry in known if entry.id in ids))


def versions(root: Path, entry_id: str) -> list[str]:
    return [path.name for path in swap.versions(Layout(root), entry_id)]


def without_ledger(root: Path) -> None:
    for path in (root / ".mailarchiver").glob("ledger.sqlite*"):
        path.unlink()


# --- another version ------------------------------------------------------------------------------------------------


def test_the_new_version_has_the_place_and_the_record_of_the_old(filled: Store, root: Path) -> None:
    before = entries(filled)[SECOND]
    filled.write_pages({}, cleaned=filled.dirty_months())
    assert filled.renew([changed(filled, SECOND)], now=LATER) == [True]
    line = lines(root)[-1]
    for key in ("id", "folder", "filed", "received", "same_as", "sha256"):
        assert line[key] == getattr(before, key)
    assert (line["title"], line["attachments"]) == ("another-walk", 0)
    assert folder.fault(root / before.folder, str(line["sums"])) is None
    assert folder.fault(root / ".mailarchiver/versions" / SECOND / "1", before.sums) is None
    assert entries(filled)[SECOND].title == "another-walk"
    assert filled.dirty_months() == ["2024/03"]
    assert filled.months() == [("2024/03", 4)]
    assert len(entry_folders(root)) == 4


def test_versions_are_counted(filled: Store, root: Path) -> None:
    filled.renew([changed(filled, FIRST)], now=LATER)
    filled.renew([changed(filled, FIRST, make=lambda _: MAIL.bundles[0])], now=LATER)
    filled.renew([changed(filled, FIRST)], now=LATER)
    assert versions(root, FIRST) == ["1", "2", "3"]
    assert tree(root / ".mailarchiver/versions" / FIRST / "1") == tree(root / ".mailarchiver/versions" / FIRST / "3")


def test_a_ledger_made_anew_knows_the_last_version(filled: Store, root: Path) -> None:
    filled.renew([changed(filled, FIRST, SECOND)], now=LATER)
    known = entries(filled)
    filled.close()
    without_ledger(root)
    with Store.open(root, min_free=0) as store:
        assert entries(store) == known
        assert store.known(MAIL.digest, MAIL.folded) == filled.known(MAIL.digest, MAIL.folded)


def test_an_entry_that_was_changed_meanwhile_is_left_alone(filled: Store, root: Path) -> None:
    late = changed(filled, FIRST)
    filled.remove([THIRD], now=LATER)
    before = tree(root)
    assert filled.renew([late], now=LATER) == [False]
    assert tree(root) == before


def test_a_file_that_others_add_during_the_swap_is_carried_too(
    filled: Store, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = staging.make_way
    place = root / MAIL.bundles[0].folder

    def late(*arguments: object) -> None:
        (place / "late.txt").write_text("late")
        real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(staging, "make_way", late)
    filled.renew([changed(filled, FIRST)], now=LATER)
    assert (place / "late.txt").read_text() == "late"
    assert folder.fault(place) is None


def test_a_bundle_of_another_mail_is_refused(filled: Store, root: Path) -> None:
    before = tree(root)
    odd = replace(changed(filled, FIRST), digest=ALONE.digest, stood=(entries(filled)[ONE],))
    with pytest.raises(ValueError, match="not of the mail"):
        filled.renew([odd], now=LATER)
    assert tree(root) == before


def test_what_was_removed_stays_so_and_what_is_there_already_is_none_of_a_change(filled: Store, root: Path) -> None:
    filled.remove([THIRD], now=LATER)
    mail = filled.mail_of(SECOND)
    assert ([entry.id for entry in mail.entries], set(mail.removed)) == ([FIRST, SECOND], {THIRD})
    made = [MAIL.bundles[0], again(SECOND), again(THIRD), again(f"{FIRST}-4")]
    found = compare(root, mail, made)
    assert [bundle.id for bundle in found.changed] == [SECOND]
    assert [bundle.id for bundle in found.added] == [f"{FIRST}-4"]
    assert found.gone == ()


def test_a_damaged_folder_is_made_whole_by_the_same_files(filled: Store, root: Path) -> None:
    damaged = root / MAIL.bundles[0].folder / "article.txt"
    damaged.write_bytes(b"not this\n")
    found = compare(root, filled.mail_of(FIRST), MAIL.bundles)
    assert [bundle.id for bundle in found.changed] == [FIRST]
    assert filled.renew([found], now=LATER) == [True]
    assert folder.fault(root / MAIL.bundles[0].folder, MAIL.bundles[0].entry.sums) is None
    assert (root / ".mailarchiver/versions" / FIRST / "1/article.txt").read_bytes() == b"not this\n"


def test_the_manifest_alone_tells_the_same_mails(filled: Store, root: Path) -> None:
    filled.remove([SECOND], now=LATER)
    filled.renew([Renewal(ALONE.digest, (entries(filled)[ONE],), (), (), (entries(filled)[ONE],))], now=LATER)
    assert list(listed(root)) == list(filled.all_mails()) == [filled.mail_of(FIRST)]
    assert filled.count_of_mails() == 1


@pytest.mark.parametrize("exchange", [True, False])
@pytest.mark.parametrize("call", range(1, 5))
def test_a_swap_that_fails_half_way_is_taken_back(
    filled: Store, root: Path, monkeypatch: pytest.MonkeyPatch, call: int, *, exchange: bool
) -> None:
    """Also where the folders changed places already, and the old one only lacks its number."""
    work, before = changed(filled, FIRST, SECOND), tree(root)
    if not exchange:
        monkeypatch.setattr(sync, "system_exchange", lambda: None)
    calls, real = iter(range(1, 100)), os.rename

    def rename(source: Path, target: Path) -> None:
        if next(calls) == call:
            raise OSError(28, os.strerror(28))
        real(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", rename)
        with pytest.raises(StoreError, match="make room"):
            filled.renew([work], now=LATER)
    assert tree(root) == before
    assert not (root / ".mailarchiver/versions").exists()
    assert staging.is_empty(Layout(root))
    assert filled.renew([work], now=LATER) == [True]
    assert versions(root, FIRST) == versions(root, SECOND) == ["1"]


# --- an interrupted change ------------------------------------------------------------------------------------------


def crash(store: Store, patch: Callable[[pytest.MonkeyPatch], None]) -> None:
    work = changed(store, FIRST, SECOND)
    with pytest.MonkeyPatch.context() as monkeypatch:
        patch(monkeypatch)
        with pytest.raises(Crash):
            store.renew([work], now=LATER)
    store.close()


def test_a_swap_that_had_begun_is_finished_without_a_ledger_too(filled: Store, root: Path) -> None:
    crash(filled, at_call(manifest, "append"))
    without_ledger(root)
    with Store.open(root, min_free=0) as store:
        assert [entries(store)[name].title for name in (FIRST, SECOND, THIRD)] == ["another-walk"] * 2 + ["a-walk"]
    assert versions(root, FIRST) == versions(root, SECOND) == ["1"]


def test_a_new_version_that_is_whole_nowhere_leaves_the_old_one(filled: Store, root: Path) -> None:
    """A disk that lies about its syncs: the second folder's new version is damaged when it is found."""
    crash(filled, at_call(swap, "swap", 2))
    (root / ".mailarchiver/staging" / SECOND / "article.md").write_bytes(b"\0")
    with Store.open(root, min_free=0) as store:
        assert [entries(store)[name].title for name in (FIRST, SECOND)] == ["another-walk", "a-walk"]
    for name in (FIRST, SECOND):
        assert folder.fault(root / entries(store)[name].folder, entries(store)[name].sums) is None
    assert versions(root, SECOND) == []


def test_an_old_version_whose_successor_is_lost_comes_back(
    filled: Store, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "system_exchange", lambda: None)
    crash(filled, at_call(Path, "rename", 2))
    assert not (root / MAIL.bundles[0].folder).exists()
    (root / ".mailarchiver/staging" / FIRST / "article.md").write_bytes(b"\0")
    with Store.open(root, min_free=0) as store:
        assert entries(store)[FIRST].title == "a-walk"
    assert folder.fault(root / MAIL.bundles[0].folder, MAIL.bundles[0].entry.sums) is None


def test_an_earlier_version_like_the_new_one_is_not_taken_for_it(filled: Store, root: Path) -> None:
    """There and back again, and the third time it is interrupted before anything moved."""
    filled.renew([changed(filled, FIRST)], now=LATER)
    filled.renew([changed(filled, FIRST, make=lambda _: MAIL.bundles[0])], now=LATER)
    (root / ".mailarchiver/versions" / FIRST / "2/mine.txt").write_text("only here")
    crash(filled, at_call(swap, "swap"))
    Store.open(root, min_free=0).close()
    assert versions(root, FIRST) == ["1", "2"]
    assert (root / ".mailarchiver/versions" / FIRST / "2/mine.txt").is_file()


def test_finishing_has_nothing_to_do_with_what_is_listed(filled: Store, root: Path) -> None:
    filled.renew([changed(filled, FIRST)], now=LATER)
    intent = b"".join(manifest.to_line(entry) for entry in entries(filled).values())
    (root / ".mailarchiver/staging/intent.jsonl").write_bytes(intent)
    before = tree(root)
    filled.close()
    Store.open(root, min_free=0).close()
    assert tree(root) == before


# --- earlier versions -----------------------------------------------------------------------------------------------


def test_earlier_versions_of_which_nothing_is_lost_are_deleted(filled: Store, root: Path) -> None:
    (root / MAIL.bundles[0].folder / "note.txt").write_text("mine")
    filled.renew([changed(filled, FIRST, SECOND)], now=LATER)
    assert filled.prune([FIRST]) == ([f".mailarchiver/versions/{FIRST}/1"], [])
    assert versions(root, SECOND) == ["1"]
    assert filled.prune() == ([f".mailarchiver/versions/{SECOND}/1"], [])
    assert not (root / ".mailarchiver/versions").exists()
    assert (root / MAIL.bundles[0].folder / "note.txt").read_text() == "mine"
    assert filled.prune() == ([], [])


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (lambda version: (version / "article.txt").write_text("edited"), "article.txt differs"),
        (lambda version: (version / "mine.txt").write_text("x"), "mine.txt, which others added"),
        (lambda version: (version / "SHA256SUMS").write_text(f"{'0' * 64}  x\n"), "x is missing"),
    ],
)
def test_an_earlier_version_that_holds_something_of_its_own_is_kept(
    filled: Store, root: Path, harm: Callable[[Path], object], why: str
) -> None:
    filled.renew([changed(filled, FIRST)], now=LATER)
    harm(root / ".mailarchiver/versions" / FIRST / "1")
    deleted, [kept] = filled.prune()
    assert deleted == []
    assert why in kept
    assert versions(root, FIRST) == ["1"]


def test_the_versions_of_a_removed_entry_are_kept(filled: Store, root: Path) -> None:
    filled.renew([changed(filled, THIRD)], now=LATER)
    filled.remove([THIRD], now=LATER)
    assert filled.prune() == ([], [f".mailarchiver/versions/{THIRD}/1: its entry was removed"])


# --- out, and back --------------------------------------------------------------------------------------------------


def test_what_is_removed_goes_to_trash_and_is_not_filed_again(filled: Store, root: Path) -> None:
    filled.remove([ONE], now=LATER)
    assert lines(root)[-1] == {"id": ONE, "sha256": ALONE.digest, "removed": "2024-03-08T08:00:00+00:00"}
    name = Path(ALONE.bundles[0].folder).name
    assert not (root / ALONE.bundles[0].folder).exists()
    assert folder.fault(root / ".mailarchiver/trash" / name) is None
    assert filled.known(ALONE.digest, ALONE.folded) == ()
    assert [receipt.outcome for receipt in filled.commit([ALONE], now=LATER)] == ["already"]
    assert ONE not in entries(filled)
    assert filled.months() == [("2024/03", 3)]
    assert filled.dirty_months() == ["2024/03"]


def test_it_is_filed_again_when_the_user_asks_for_it(filled: Store, root: Path) -> None:
    filled.remove([ONE], now=LATER)
    assert filled.known(ALONE.digest, ALONE.folded, again=True) is None
    assert filled.free_id(ALONE.digest) == ONE
    again = replace(ALONE, again="removed")
    assert [receipt.outcome for receipt in filled.commit([again], now=LATER)] == ["filed"]
    assert (root / ALONE.bundles[0].folder).is_dir()
    assert [receipt.outcome for receipt in filled.commit([again], now=LATER)] == ["already"]
    assert entries(filled)[ONE].filed == "2024-03-08T08:00:00+00:00"


@pytest.mark.parametrize("anew", [False, True], ids=["", "ledger made anew"])
def test_it_comes_back_as_it_was(filled: Store, root: Path, *, anew: bool) -> None:
    before, known = tree(root), entries(filled)
    (root / ALONE.bundles[0].folder / "note.txt").write_text("mine")
    filled.remove([ONE], now=LATER)
    if anew:
        filled.close()
        without_ledger(root)
    assert [entry.id for entry in filled.restore([ONE])] == [ONE]
    assert (root / ALONE.bundles[0].folder / "note.txt").read_text() == "mine"
    (root / ALONE.bundles[0].folder / "note.txt").unlink()
    assert {**tree(root), "manifest.jsonl": b""} == {**before, "manifest.jsonl": b""}
    assert entries(filled) == known
    assert lines(root)[-1] == lines(root)[3]
    assert filled.known(ALONE.digest, ALONE.folded) == ((ONE, ALONE.bundles[0].folder),)


def test_an_entry_whose_line_is_lost_comes_back_by_its_own_description(filled: Store, root: Path) -> None:
    filled.remove([ONE], now=LATER)
    filled.close()
    without_ledger(root)
    manifest_path = root / "manifest.jsonl"
    kept = [line for line in manifest_path.read_bytes().splitlines(keepends=True) if b'"removed"' in line]
    manifest_path.write_bytes(b"".join(kept))
    [entry] = filled.restore([ONE])
    assert (entry.id, entry.folder, entry.sha256) == (ONE, ALONE.bundles[0].folder, ALONE.digest)
    assert folder.fault(root / entry.folder, entry.sums) is None


def test_the_first_article_goes_only_with_all_others(filled: Store, root: Path) -> None:
    before = tree(root)
    with pytest.raises(NoSuchEntry, match=f"holds the whole mail of {SECOND}, {THIRD}"):
        filled.remove([FIRST], now=LATER)
    with pytest.raises(NoSuchEntry, match=f"of {THIRD}:"):
        filled.remove([FIRST, SECOND], now=LATER)
    assert tree(root) == before
    filled.remove([SECOND], now=LATER)
    assert filled.known(MAIL.digest, MAIL.folded) == tuple((made.id, made.folder) for made in MAIL.bundles[::2])
    filled.remove([FIRST, THIRD], now=LATER)
    assert filled.known(MAIL.digest, MAIL.folded) == ()
    with pytest.raises(NoSuchEntry, match=f"{SECOND} came with {FIRST}"):
        filled.restore([SECOND])
    assert [entry.id for entry in filled.restore([THIRD, FIRST])] == [FIRST, THIRD]
    filled.restore([SECOND])
    assert {**tree(root), "manifest.jsonl": b""} == {**before, "manifest.jsonl": b""}


def test_what_was_filed_again_with_other_line_ends_does_not_come_back_beside_it(filled: Store) -> None:
    filled.remove([ONE], now=LATER)
    twin = replace(filing(1, line_end=b"\n"), again="removed")
    [receipt] = filled.commit([twin], now=LATER)
    assert receipt.outcome == "filed"
    with pytest.raises(NoSuchEntry, match=f"as {twin.bundles[0].id}"):
        filled.restore([ONE])
    filled.remove([twin.bundles[0].id], now=LATER)
    assert [entry.id for entry in filled.restore([ONE])] == [ONE]


def test_what_cannot_come_back_is_said(filled: Store, root: Path) -> None:
    place = root / ALONE.bundles[0].folder
    lies = root / ".mailarchiver/trash" / place.name
    with pytest.raises(NoSuchEntry, match="was not removed"):
        filled.restore([ONE])
    filled.remove([ONE], now=LATER)
    place.mkdir()
    with pytest.raises(NoSuchEntry, match="in the way"):
        filled.restore([ONE])
    place.rmdir()
    (lies / "article.txt").write_text("edited")
    with pytest.raises(NoSuchEntry, match=r"article\.txt differs"):
        filled.restore([ONE])
    shutil.rmtree(lies)
    with pytest.raises(NoSuchEntry, match="is not in"):
        filled.restore([ONE])
    assert ONE not in entries(filled)
    assert not place.exists()


def test_an_entry_whose_folder_is_gone_can_be_removed(filled: Store, root: Path) -> None:
    shutil.rmtree(root / ALONE.bundles[0].folder)
    filled.remove([ONE], now=LATER)
    assert ONE not in entries(filled)
    assert not (root / ".mailarchiver/trash").exists()


def test_of_several_in_trash_the_one_of_the_last_line_comes_back(filled: Store, root: Path) -> None:
    filled.remove([ONE], now=LATER)
    filled.commit([replace(ALONE, again="removed")], now=LATER)
    (root / ALONE.bundles[0].folder / "note.txt").write_text("the second")
    filled.remove([ONE], now=LATER)
    filled.restore([ONE])
    assert (root / ALONE.bundles[0].folder / "note.txt").read_text() == "the second"


# --- mail in quarantine ---------------------------------------------------------------------------------------------


def test_released_it_is_filed_and_to_be_acknowledged_wherever_it_lay(store: Store, root: Path) -> None:
    held = quarantined(5)
    twin = replace(quarantined(5, line_end=b"\n"), ref=replace(held.ref, uid=6))
    store.commit([held, twin], now=NOW)
    store.acknowledged("articles", "INBOX", 7, [5, 6], "flag")
    [receipt] = store.commit([replace(filing(5), again="quarantined")], now=LATER)
    assert receipt.outcome == "filed"
    assert not (root / ".mailarchiver/quarantine" / held.digest).exists()
    assert store.in_quarantine() == 0
    assert store.unacknowledged("articles", "INBOX", 7) == [5, 6]


def test_filed_meanwhile_with_other_line_ends_its_octets_are_kept(store: Store, root: Path) -> None:
    held = quarantined(5)
    store.commit([held], now=NOW)
    shutil.copytree(root / ".mailarchiver/quarantine", root / "aside")
    shutil.rmtree(root / ".mailarchiver/quarantine" / held.digest)
    assert store.known(held.digest, held.folded) is None
    store.commit([filing(5, line_end=b"\n")], now=NOW)
    shutil.copytree(root / "aside", root / ".mailarchiver/quarantine", dirs_exist_ok=True)
    [receipt] = store.commit([replace(filing(5), again="quarantined")], now=LATER)
    assert receipt.outcome == "already"
    assert (root / ".mailarchiver/trash" / held.digest / "message.eml").is_file()


def test_a_folder_left_over_of_a_filed_mail_goes_with_the_next_recovery(store: Store, root: Path) -> None:
    held = quarantined(5)
    store.commit([held], now=NOW)
    with pytest.MonkeyPatch.context() as patch:
        at_call(staging, "discard")(patch)
        with pytest.raises(Crash):
            store.commit([replace(filing(5), again="quarantined")], now=LATER)
    assert (root / ".mailarchiver/quarantine" / held.digest).is_dir()
    store.close()
    with Store.open(root, min_free=0) as again:
        assert again.in_quarantine() == 0
    assert not (root / ".mailarchiver/quarantine" / held.digest).exists()
    assert len(entry_folders(root)) == 1


# --- two at once ----------------------------------------------------------------------------------------------------


def test_another_holder_is_waited_for_and_then_named(
    filled: Store, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, go = threading.Event(), threading.Event()

    def hold() -> None:
        with lock.held(root / ".mailarchiver/lock", wait=5, mode=0o600):
            held.set()
            go.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(10)
    monkeypatch.setattr(store_module, "Access", lambda layout, **_: Access(layout, wait=0.1))
    with pytest.raises(StoreError, match=f"in use by .*process {os.getpid()}"):
        Store.open(root, create=False)
    threading.Timer(0.3, go.set).start()
    filled.remove([ONE], now=LATER)
    holder.join()
    assert ONE not in entries(filled)


def test_no_archive_is_made_where_none_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(NoSuchEntry, match="is no archive"):
        Store.open(tmp_path / "none", create=False)
    assert not (tmp_path / "none").exists()
    with pytest.raises(NoSuchEntry, match="is no archive"):
        list(listed(tmp_path / "none"))


def test_a_mail_is_told_by_any_of_its_articles(filled: Store) -> None:
    assert filled.mail_of(THIRD) == filled.mail_of(FIRST) == Mail(MAIL.digest, stood(filled))
    assert filled.mails([THIRD, FIRST[:5], MAIL.bundles[1].folder]) == [filled.mail_of(FIRST)]
    assert renewal(stood(filled)).stood == stood(filled)
    with pytest.raises(NoSuchEntry):
        filled.mail_of("0" * 12)
    with pytest.raises(NoSuchEntry, match="no removed entry"):
        filled.mail_of(THIRD, removed=True)
