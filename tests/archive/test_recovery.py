"""After a crash, and after other hands: the archive is put in order, and what is done for it costs no article."""

from __future__ import annotations

import json
import logging
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import pytest

from mailarchiver.archive import glance, manifest, staging
from mailarchiver.archive.bundle import bundle
from mailarchiver.archive.digests import digests
from mailarchiver.archive.layout import Layout
from mailarchiver.archive.store import Store
from mailarchiver.model import Entry, Filing
from mailarchiver.poll import refresh_pages
from tests.archive.filings import NOW, entry_folders, filing, mail, tree
from tests.archive.specimens import RECEIVED, forwarded, raw


class Crash(BaseException):
    """The process dies here: nothing catches this."""


def commit(root: Path, *filings: Filing) -> list[str]:
    with Store.open(root, min_free=0) as store:
        return [receipt.outcome for receipt in store.commit(filings, now=NOW)]


def crash(root: Path, patch: Callable[[pytest.MonkeyPatch], None], *filings: Filing) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        patch(monkeypatch)
        with pytest.raises(Crash):
            commit(root, *filings)


def at_call(module: object, name: str, number: int = 1) -> Callable[[pytest.MonkeyPatch], None]:
    """Crash instead of the `number`-th call of a function."""

    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        calls = iter(range(1, 1000))
        real = getattr(module, name)

        def call(*args: object, **more: object) -> object:
            if next(calls) == number:
                raise Crash
            return real(*args, **more)

        monkeypatch.setattr(module, name, call)

    return patch


def titles(root: Path) -> list[str]:
    return [record.id for record in manifest.records(root / "manifest.jsonl") if isinstance(record, Entry)]


def is_clean(root: Path) -> bool:
    return staging.is_empty(Layout(root))


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What recovery said, without the archive's name."""
    told = [record.getMessage() for record in caplog.records if record.name.endswith(".recovery")]
    return [line.partition(": put in order: ")[2] for line in told]


# --- a commit that was interrupted ----------------------------------------------------------------------------------


def test_what_was_only_staged_is_forgotten(root: Path) -> None:
    commit(root, filing(1))
    before = tree(root)
    crash(root, at_call(staging, "place"), filing(2))
    Store.open(root).close()
    assert tree(root) == before
    assert is_clean(root)
    assert commit(root, filing(2)) == ["filed"]


@pytest.mark.parametrize("step", ["fsync_parents", "place_second"])
def test_what_had_begun_to_move_is_finished(root: Path, tmp_path: Path, step: str) -> None:
    """All of it, also the folders that had not moved: else a mail of three articles would be known with one."""
    batch = [filing(1, articles=3), filing(2)]
    commit(root)
    patch = at_call(staging, "fsync_parents") if step == "fsync_parents" else at_call(Path, "rename", 2)
    crash(root, patch, *batch)
    Store.open(root).close()
    commit(tmp_path / "other", *batch)
    assert tree(root) == tree(tmp_path / "other")
    assert is_clean(root)
    assert commit(root, *batch) == ["already", "already"]


def test_a_damaged_folder_of_a_crashed_commit_goes_out_of_view_with_its_mail(root: Path, tmp_path: Path) -> None:
    batch = [filing(1, articles=2), filing(2)]
    commit(root)
    crash(root, at_call(staging, "fsync_parents"), *batch)
    damaged, sibling = (root / made.folder for made in batch[0].bundles)
    (damaged / "message.eml").write_bytes(b"\0" * 10)
    Store.open(root).close()
    assert [path.name for path in entry_folders(root)] == [Path(batch[1].bundles[0].folder).name]
    assert sorted(path.name for path in (root / ".mailarchiver/trash").iterdir()) == sorted(
        [damaged.name, sibling.name]
    )
    assert commit(root, *batch) == ["filed", "already"]
    commit(tmp_path / "other", *batch)
    assert {key: data for key, data in tree(root).items() if key != "manifest.jsonl"} == {
        key: data for key, data in tree(tmp_path / "other").items() if key != "manifest.jsonl"
    }


def test_a_torn_manifest_is_cut_and_the_commit_finished(root: Path, tmp_path: Path) -> None:
    batch = [filing(1), filing(2)]
    commit(root, filing(0))
    crash(root, at_call(manifest, "append"), *batch)
    line = manifest.to_line(replace(batch[0].bundles[0].entry, filed="2024-03-07T08:00:00+00:00"))
    with (root / "manifest.jsonl").open("ab") as torn:
        torn.write(line + line[:50])
    Store.open(root).close()
    commit(tmp_path / "other", filing(0))
    commit(tmp_path / "other", *batch)
    assert tree(root) == tree(tmp_path / "other")


def test_a_ledger_that_missed_the_end_of_a_commit_hears_of_it(root: Path) -> None:
    commit(root, filing(0))
    crash(root, at_call(manifest, "end", 3), filing(1))
    assert titles(root) == [filing(number).bundles[0].id for number in (0, 1)]
    with Store.open(root, min_free=0) as store:
        assert store.unacknowledged("articles", "INBOX", 7) == [0, 1]
        assert store.known(filing(1).digest, "") is not None
        assert store.months() == [("2024/03", 2)]


def test_all_that_was_put_in_order_is_said_in_one_line(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    commit(root, filing(0))
    assert lines(caplog) == [], "nothing is said of a new archive, nor of one that is in order"
    crash(root, at_call(manifest, "append"), filing(1), filing(2, articles=2))
    with (root / "manifest.jsonl").open("ab") as torn:
        torn.write(b'{"id":"0123')
    Store.open(root).close()
    [line] = lines(caplog)
    assert line.split("; ") == [
        "staging was emptied",
        "11 octets of torn lines were cut off the manifest",
        "3 articles added to the manifest",
        "3 messages filed and not yet acted on, which the next round does",
    ]
    Store.open(root).close()
    assert len(lines(caplog)) == 1


def test_a_ledger_that_was_made_again_is_said_in_one_line(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    commit(root, filing(0), filing(1))
    shutil.rmtree(root / ".mailarchiver")
    (root / "manifest.jsonl").write_bytes((root / "manifest.jsonl").read_bytes().splitlines(keepends=True)[0])
    Store.open(root).close()
    [line] = lines(caplog)
    assert line.split("; ") == [
        "1 line of the manifest entered into the ledger",
        "1 article added to the manifest",
        "1 message filed and not yet acted on, which the next round does",
    ]


def test_staging_is_emptied_whatever_lies_there(root: Path) -> None:
    commit(root, filing(1))
    lost = root / ".mailarchiver" / "staging" / "0123456789ab" / "images"
    lost.mkdir(parents=True)
    (lost / "001.png").write_bytes(b"x")
    (lost.parent.parent / "link").symlink_to(root)
    before = tree(root)
    Store.open(root).close()
    assert is_clean(root)
    assert tree(root) == before


def test_an_intent_that_is_torn_was_never_acted_on(root: Path) -> None:
    commit(root, filing(1))
    crash(root, at_call(staging, "place"), filing(2))
    intent = root / ".mailarchiver" / "staging" / "intent.jsonl"
    intent.write_bytes(intent.read_bytes()[:-20])
    before = tree(root)
    Store.open(root).close()
    assert tree(root) == before


def test_recovery_happens_before_the_next_commit_of_a_store_that_is_open(root: Path, tmp_path: Path) -> None:
    """Another process crashed while this one had the archive open."""
    with Store.open(root, min_free=0) as store:
        crash(root, at_call(staging, "fsync_parents"), filing(1))
        assert [receipt.outcome for receipt in store.commit([filing(1), filing(2)], now=NOW)] == ["already", "filed"]
    commit(tmp_path / "other", filing(1))
    commit(tmp_path / "other", filing(2))
    assert tree(root) == tree(tmp_path / "other")


# --- other hands ----------------------------------------------------------------------------------------------------


def without_ledger(root: Path) -> None:
    shutil.rmtree(root / ".mailarchiver")


def test_the_ledger_is_made_again_from_the_manifest(root: Path) -> None:
    batch = [filing(1, articles=2, url="https://example.org/walk"), filing(2, text="The same.")]
    commit(root, *batch)
    with Store.open(root) as store:
        cards, months = store.newest(10), store.months()
    without_ledger(root)
    before = tree(root)
    with Store.open(root, min_free=0) as store:
        assert (store.newest(10), store.months()) == (cards, months)
        assert store.dirty_months() == ["2024/03"]
        assert store.done_uids("articles", "INBOX", 7) == {1, 2}
        assert store.unacknowledged("articles", "INBOX", 7) == [1, 2], "may be done twice, never left out"
        assert tree(root) == before
        again = [replace(mine, bundles=()) for mine in batch] + [filing(1, line_end=b"\n")]
        assert [receipt.outcome for receipt in store.commit(again, now=NOW)] == ["already"] * 3
        store.commit([filing(3, text="The same."), filing(4, url="http://example.org/walk")], now=NOW)
        first = {entry.same_as for entry in list(store.entries())[3:]}
    assert first == {batch[0].bundles[0].id, batch[1].bundles[0].id}


def test_a_lost_manifest_is_made_again_from_the_folders(root: Path) -> None:
    batch = [filing(1, articles=3), filing(2, text="The same."), filing(3, text="The same.")]
    commit(root, *batch)
    entries = {entry.id: entry for entry in manifest.records(root / "manifest.jsonl") if isinstance(entry, Entry)}
    (root / "manifest.jsonl").unlink()
    assert commit(root, *batch) == ["already"] * 3
    found = [entry for entry in manifest.records(root / "manifest.jsonl") if isinstance(entry, Entry)]
    assert {entry.id for entry in found} == set(entries)
    for entry in found:
        known = entries[entry.id]
        assert entry == replace(known, filed=entry.filed, source=None, same_as=entry.same_as)
    assert sum(entry.same_as is not None for entry in found) == 1


def test_yesterdays_manifest_gets_todays_folders(root: Path) -> None:
    commit(root, filing(1))
    yesterday = (root / "manifest.jsonl").read_bytes()
    commit(root, filing(2), filing(3))
    (root / "manifest.jsonl").write_bytes(yesterday)
    assert commit(root, filing(1), filing(2), filing(3), filing(4)) == ["already"] * 3 + ["filed"]
    assert len(titles(root)) == len(set(titles(root))) == len(entry_folders(root)) == 4


def test_yesterdays_archive_without_anything_disposable_gets_todays_mail_again(root: Path, tmp_path: Path) -> None:
    commit(root, filing(1))
    backup = tmp_path / "backup"
    shutil.copytree(root, backup, ignore=shutil.ignore_patterns(".mailarchiver"))
    commit(root, filing(2))
    assert commit(backup, filing(1), filing(2)) == ["already", "filed"]
    assert tree(backup) == tree(root)


def test_yesterdays_folders_with_todays_ledger_get_todays_mail_again(root: Path, tmp_path: Path) -> None:
    """What the ledger says is done counts only while the manifest says so too."""
    commit(root, filing(1))
    backup = tmp_path / "backup"
    shutil.copytree(root, backup, ignore=shutil.ignore_patterns(".mailarchiver"))
    commit(root, filing(2))
    shutil.copytree(root / ".mailarchiver", backup / ".mailarchiver")
    with Store.open(backup) as store:
        assert store.done_uids("articles", "INBOX", 7) == {1}
    assert commit(backup, filing(1), filing(2)) == ["already", "filed"]


def test_a_folder_that_is_not_whole_is_not_adopted(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    commit(root, filing(1), filing(2))
    broken = root / filing(1).bundles[0].folder
    (broken / "images" / "001.png").unlink()
    (root / "manifest.jsonl").unlink()
    with caplog.at_level(logging.WARNING):
        Store.open(root).close()
    assert titles(root) == [filing(2).bundles[0].id]
    assert "images/001.png is missing" in caplog.text
    assert broken.is_dir(), "it may be on its way here by another hand"
    assert commit(root, filing(1)) == ["filed"]
    assert (broken / "images" / "001.png").is_file()
    assert (root / ".mailarchiver" / "trash" / broken.name).is_dir()


def test_a_further_article_is_not_adopted_without_its_mail(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Else the mail would count as known, and never be filed again."""
    mine = filing(1, articles=2)
    commit(root, mine)
    shutil.rmtree(root / mine.bundles[0].folder)
    (root / "manifest.jsonl").unlink()
    Store.open(root).close()
    assert titles(root) == []
    assert "first article of its mail is missing" in caplog.text
    assert commit(root, mine) == ["filed"]
    assert (root / mine.bundles[0].folder / "message.eml").read_bytes() == mail(1)


def test_others_folders_and_renamed_ones_are_left_alone(root: Path) -> None:
    commit(root, filing(1))
    (root / "2024" / "03" / "my notes").mkdir()
    (root / "2024" / "03" / "2024-03-06-copy-0123456789ab").mkdir()
    (root / filing(1).bundles[0].folder / "note.txt").write_text("mine")
    folder = root / filing(1).bundles[0].folder
    folder.rename(folder.with_name(folder.name.replace("a-walk", "my-walk")))
    without_ledger(root)
    assert commit(root, filing(1)) == ["already"]
    assert len(entry_folders(root)) == 3
    assert len(titles(root)) == 1


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"id": 5}', '{"id": "ID"}', '{"id": "ID", "message": {}}', "[" * 100_000]
)
def test_a_folder_with_a_strange_article_json_is_passed_over(root: Path, content: str) -> None:
    mine = filing(1)
    files = dict(mine.bundles[0].files)
    files["article.json"] = content.replace("ID", mine.bundles[0].id).encode()
    files["SHA256SUMS"] = b""
    commit(root, replace(mine, bundles=(replace(mine.bundles[0], files=files),)))
    (root / "manifest.jsonl").unlink()
    Store.open(root).close()
    assert titles(root) == []


@pytest.mark.parametrize("name", ["SHA256SUMS", "article.json", "message.eml"])
def test_a_pipe_in_a_folder_is_not_waited_for(root: Path, name: str) -> None:
    commit(root, filing(1))
    (root / "manifest.jsonl").unlink()
    path = entry_folders(root)[0] / name
    path.unlink()
    os.mkfifo(path)
    Store.open(root).close()
    assert titles(root) == []


@pytest.mark.parametrize("name", ["article.json", "article.txt", "message.eml"])
def test_a_pipe_in_a_listed_folder_is_not_waited_for(root: Path, name: str) -> None:
    commit(root, filing(1))
    without_ledger(root)
    path = entry_folders(root)[0] / name
    path.unlink()
    os.mkfifo(path)
    assert commit(root, filing(1)) == ["already"]


def test_a_damaged_line_in_the_middle_costs_no_article(root: Path) -> None:
    commit(root, filing(1), filing(2), filing(3))
    lines = (root / "manifest.jsonl").read_bytes().splitlines(keepends=True)
    (root / "manifest.jsonl").write_bytes(lines[0] + b"\0" * 200 + b"\n" + lines[2])
    without_ledger(root)
    Store.open(root).close()
    assert sorted(titles(root)) == sorted(filing(number).bundles[0].id for number in (1, 2, 3))
    json.loads((root / "manifest.jsonl").read_bytes().splitlines()[-1])


@pytest.mark.parametrize(
    "edited",
    [
        {"source": {"account": "\ud800", "folder": "\ud800", "uidvalidity": 10**30, "uid": True}},
        {"title": "\ud800", "byline": "\ud800", "tags": ["\ud800", 1, None], "words": 10**40, "images": -1.5},
        {"url": "http://[::1/\ud800"},
        {"url": "http://example.org:99999999999999999/a"},
        {"received": "9999-99-99"},
        {"received": "0001-01-01T00:00:00+23:59", "published": 5, "same_as": []},
        {"id": "../../../../../tmp/x"},
        {"sha256": "\ud800"},
    ],
)
def test_a_line_that_was_edited_costs_no_other_article(root: Path, edited: dict[str, object]) -> None:
    commit(root, filing(1), filing(2))
    first, second = (json.loads(line) for line in (root / "manifest.jsonl").read_bytes().splitlines())
    (root / "manifest.jsonl").write_text(f"{json.dumps(first | edited)}\n{json.dumps(second)}\n")
    described = root / first["folder"] / "article.json"
    described.write_text(json.dumps(json.loads(described.read_text()) | {"excerpt": "\ud800"}))
    without_ledger(root)
    assert commit(root, filing(2)) == ["already"]
    with Store.open(root) as store:
        assert second["id"] in [entry.id for entry in store.entries()]
        refresh_pages(store)
        store.update_search()


def test_the_line_of_an_adopted_folder_is_the_one_it_had(root: Path) -> None:
    """With folders as the stage before makes them, not as these tests do."""
    source = raw()
    digest, folded = digests(source.data)
    made = bundle(forwarded(), source, received=RECEIVED, id=digest[:12], timezone=UTC)
    commit(root, Filing(source.ref, digest, folded, (made,)))
    (known,) = manifest.records(root / "manifest.jsonl")
    with Store.open(root) as store:
        cards = store.newest(1)
    (root / "manifest.jsonl").unlink()
    with Store.open(root) as store:
        (adopted,) = store.entries()
        assert isinstance(known, Entry)
        assert adopted == replace(known, filed=adopted.filed, source=None)
        assert store.newest(1) == [replace(cards[0], entry=adopted)]
        assert store.known("", folded) == ((made.id, made.folder),)
        assert store.commit([filing(1, url=made.entry.url)], now=NOW)[0].outcome == "filed"
        assert [entry.same_as for entry in store.entries()] == [None, made.id]


# --- the ledger of an older program ---------------------------------------------------------------------------------

VERSION_1 = """
CREATE TABLE manifest (size INTEGER NOT NULL, tail TEXT NOT NULL);
CREATE TABLE entry (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, base TEXT NOT NULL,
    digest TEXT NOT NULL, folded TEXT NOT NULL, url_key TEXT, text_key TEXT,
    month TEXT NOT NULL, moment REAL NOT NULL, removed INTEGER NOT NULL,
    line TEXT NOT NULL, excerpt TEXT, direction TEXT NOT NULL);
CREATE INDEX entry_base ON entry (base);
CREATE INDEX entry_digest ON entry (digest);
CREATE INDEX entry_folded ON entry (folded);
CREATE INDEX entry_url ON entry (url_key, seq) WHERE removed = 0 AND url_key IS NOT NULL;
CREATE INDEX entry_text ON entry (text_key, seq) WHERE removed = 0 AND text_key IS NOT NULL;
CREATE INDEX entry_newest ON entry (moment DESC, id DESC) WHERE removed = 0;
CREATE INDEX entry_month ON entry (month, moment DESC, id DESC) WHERE removed = 0;
CREATE TABLE seen (
    account TEXT NOT NULL, folder TEXT NOT NULL, uidvalidity INTEGER NOT NULL, uid INTEGER NOT NULL,
    path TEXT NOT NULL, digest TEXT NOT NULL, outcome TEXT NOT NULL, action TEXT,
    PRIMARY KEY (account, folder, uidvalidity, uid, path)) WITHOUT ROWID;
CREATE INDEX seen_open ON seen (account, folder, uidvalidity) WHERE action IS NULL AND path = '';
CREATE TABLE month (name TEXT PRIMARY KEY, entries INTEGER NOT NULL, dirty INTEGER NOT NULL) WITHOUT ROWID;
PRAGMA user_version = 1;
"""


def make_old(root: Path, *, size: int | None = None) -> None:
    """Put a ledger of version 1 in place that has seen three messages; `size`: how much of the manifest it knows."""
    known = manifest.end(root / "manifest.jsonl")
    path = root / ".mailarchiver" / "ledger.sqlite"
    for old in path.parent.glob("ledger.sqlite*"):
        old.unlink()
    with closing(sqlite3.connect(path)) as db:
        db.executescript(VERSION_1)
        db.execute("INSERT INTO manifest VALUES (?, ?)", (known.size if size is None else size, known.tail))
        digests = {uid: filing(uid).digest for uid in (1, 2)} | {3: "0" * 64}
        rows = [("articles", "INBOX", 7, uid, "", digest, "filed", None) for uid, digest in digests.items()]
        db.executemany("INSERT INTO seen VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        db.execute("UPDATE seen SET action = 'move:Archived' WHERE uid = 1")
        db.commit()


def test_an_older_ledger_is_made_new_and_what_was_seen_is_kept(root: Path) -> None:
    commit(root, filing(1), filing(2, automatic=True))
    with Store.open(root) as store:
        newest, cards, months = store.newest(10), store.cards("2024/03"), store.months()
    before = tree(root)
    make_old(root)
    with Store.open(root, min_free=0) as store:
        assert (store.newest(10), store.cards("2024/03"), store.months()) == (newest, cards, months)
        assert [card.entry.id for card in store.newest(10)] == [filing(1).bundles[0].id]
        assert store.done_uids("articles", "INBOX", 7) == {1, 2, 3}
        assert store.unacknowledged("articles", "INBOX", 7) == [2, 3]
        assert store.commit([filing(1), filing(4)], now=NOW)[0].outcome == "already"
        assert store.unacknowledged("articles", "INBOX", 7) == [2, 3, 4]
    assert {name: data for name, data in tree(root).items() if name in before and name != "manifest.jsonl"} == {
        name: data for name, data in before.items() if name != "manifest.jsonl"
    }


def test_an_older_ledger_of_another_manifest_is_not_believed(root: Path) -> None:
    """Restored from a backup, the archive may lack what the ledger has seen: that is fetched again."""
    commit(root, filing(1), filing(2))
    make_old(root, size=10_000_000)
    with Store.open(root) as store:
        assert store.done_uids("articles", "INBOX", 7) == {1, 2}
        assert store.unacknowledged("articles", "INBOX", 7) == [1, 2]


def test_making_an_older_ledger_new_may_be_interrupted(root: Path) -> None:
    commit(root, filing(1), filing(2))
    make_old(root)
    crash(root, at_call(manifest, "records"))
    with Store.open(root) as store:
        assert store.done_uids("articles", "INBOX", 7) == {1, 2, 3}
        assert store.months() == [("2024/03", 2)]


def test_an_older_ledger_tells_what_is_done_without_being_made_new(root: Path) -> None:
    commit(root, filing(1))
    make_old(root)
    assert glance.done_uids(root, "articles", "INBOX", 7) == {1, 2, 3}
