"""The ledger by itself: what it answers, whom it keeps out, and that no answer takes a walk over the archive."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from mailarchiver.archive import glance, recovery
from mailarchiver.archive.filed import Keys
from mailarchiver.archive.ledger import Ledger
from mailarchiver.archive.manifest import Position, Removal
from mailarchiver.archive.seen import Cursor, Large
from mailarchiver.archive.store import Store
from mailarchiver.model import Entry, MessageRef
from tests.archive.filings import NOW, at, bundle, filing, mail, quarantined


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    ledger = Ledger(path, wait=1)
    yield ledger
    ledger.close()


def entry(number: int, entry_id: str | None = None, *, month: str = "2024/03", title: str = "a-walk") -> Entry:
    made = bundle(mail(number), entry_id or f"{number:012x}", at(number)).entry
    return replace(made, title=title, folder=f"{month}/{month.replace('/', '-')}-06-a-walk-{made.id}")


def keys(folded: str = "f", url_key: str | None = None, text_key: str | None = None) -> Keys:
    return Keys(folded, url_key, text_key, None, "ltr")


def test_it_is_for_its_owner_alone(ledger: Ledger, path: Path) -> None:
    with ledger.transaction():
        ledger.add(entry(1), keys())
    assert {found.stat().st_mode & 0o777 for found in path.parent.iterdir()} == {0o600}
    assert len(list(path.parent.iterdir())) == 3, "the database, its log and its index"


def test_it_is_synced_at_every_commit(ledger: Ledger) -> None:
    assert ledger._db.execute("PRAGMA synchronous").fetchone() == (2,)
    assert ledger._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_new_one_has_taken_in_nothing(ledger: Ledger) -> None:
    assert ledger.position() is None
    with ledger.transaction():
        ledger.taken_in(Position(5, "x"))
        ledger.taken_in(Position(9, "y"))
    assert ledger.position() == Position(9, "y")


def test_a_transaction_that_fails_leaves_nothing(ledger: Ledger) -> None:
    def fail() -> None:
        with ledger.transaction():
            ledger.add(entry(1), keys())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not ledger.has(entry(1).id)
    assert ledger.months() == []


def test_a_second_line_of_an_id_takes_the_place_of_the_first(ledger: Ledger) -> None:
    with ledger.transaction():
        ledger.add(entry(1), keys())
        ledger.add(entry(2), keys())
        ledger.add(entry(1, title="better"), keys())
    assert [(found.id, found.title) for _, found in ledger.entries(0, 9)] == [
        (entry(1).id, "better"),
        (entry(2).id, "a-walk"),
    ]
    assert ledger.months() == [("2024/03", 2)]


def test_a_removal_takes_out_an_entry_and_a_later_line_brings_it_back(ledger: Ledger) -> None:
    mine = entry(1)
    with ledger.transaction():
        ledger.add(mine, keys("folded"))
        ledger.remove(Removal(mine.id, mine.sha256, "2024-04-01T00:00:00Z"))
        ledger.remove(Removal(mine.id, mine.sha256, "2024-04-01T00:00:00Z"))
    assert ledger.known(mine.sha256, "") == ledger.known("", "folded") == ()
    assert (ledger.months(), ledger.newest(9), ledger.holder(mine.id)) == ([], [], mine.sha256)
    with ledger.transaction():
        ledger.add(mine, keys("folded"))
    assert ledger.known(mine.sha256, "") == ((mine.id, mine.folder),)
    assert ledger.months() == [("2024/03", 1)]


def test_a_removal_of_an_entry_never_heard_of_keeps_its_mail_and_its_id(ledger: Ledger) -> None:
    with ledger.transaction():
        ledger.remove(Removal("0123456789ab-2", "digest", "2024-04-01T00:00:00Z"))
    assert ledger.known("digest", "") == ()
    assert ledger.holder("0123456789ab") == "digest"
    assert ledger.months() == []


def test_a_mail_with_one_article_removed_has_the_others(ledger: Ledger) -> None:
    first, second = entry(1, "0123456789ab"), entry(1, "0123456789ab-2")
    with ledger.transaction():
        ledger.add(first, keys("folded"))
        ledger.add(second, keys("second"))
        ledger.remove(Removal(first.id, first.sha256, "2024-04-01T00:00:00Z"))
    assert ledger.known(first.sha256, "") == ledger.known("", "folded") == ((second.id, second.folder),)


def test_an_entry_that_moved_to_another_month_counts_there(ledger: Ledger) -> None:
    with ledger.transaction():
        ledger.add(entry(1), keys())
        ledger.add(entry(1, month="2024/04"), keys())
    assert ledger.months() == [("2024/04", 1)]
    assert ledger.dirty_months() == ["2024/03", "2024/04"]


def test_the_same_article_is_the_first_of_all_that_match(ledger: Ledger) -> None:
    known = [keys(url_key="u", text_key="t"), keys(url_key=None, text_key="t"), keys(url_key="u", text_key="s")]
    with ledger.transaction():
        for number, each in enumerate(known):
            ledger.add(entry(number), each)
    ids = [entry(number).id for number in range(3)]
    assert ledger.same_as("u", "x", "") == ids[0]
    assert ledger.same_as("v", "t", "") == ids[1], "two different urls are different articles"
    assert ledger.same_as(None, "t", "") == ids[0]
    assert ledger.same_as(None, "s", "") == ids[2]
    assert ledger.same_as("v", "s", "") is None
    assert ledger.same_as("u", "x", entry(0).sha256) == ids[2], "only of another mail"
    with ledger.transaction():
        ledger.remove(Removal(ids[0], entry(0).sha256, "2024-04-01T00:00:00Z"))
    assert ledger.same_as("u", "x", "") == ids[2], "and of one that is there"


def test_a_second_connection_does_not_break_the_first(ledger: Ledger, path: Path) -> None:
    """Closing any descriptor of the file would drop the first one's locks: it is not opened but by SQLite."""
    with ledger.transaction():
        ledger.add(entry(1), keys())
        other = Ledger(path, wait=0.1)
        assert not other.has(entry(1).id)
        with pytest.raises(sqlite3.OperationalError, match="locked"), other.transaction():
            pass
        other.close()
    assert ledger.has(entry(1).id)


def test_no_look_up_walks_over_the_entries(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each statement that a commit or a look-up makes is asked how it would find its rows."""
    statements: list[str] = []
    ledger._db.set_trace_callback(statements.append)
    mine, ref = filing(1), MessageRef("articles", "INBOX", 7, 1)
    with ledger.transaction():
        ledger.add(entry(1), keys())
        ledger.remove(Removal(entry(1).id, "d", "r"))
        ledger.note(ref, mine.digest, "filed")
        ledger.acknowledged("articles", "INBOX", 7, [1], "seen")
        ledger.note_large("articles", "INBOX", 7, {2: 10**8})
        ledger.flagged_large("articles", "INBOX", 7, [2], "flag")
        ledger.forget_large("articles", "INBOX", 7, [2])
        ledger.cleaned(["2024/03"])
    ledger.large("articles", "INBOX", 7)
    ledger.cursor("articles", "INBOX")
    ledger.done_uids("articles", "INBOX", 7, above=1)
    ledger.known("d", "f")
    ledger.holder("b")
    ledger.same_as("u", "t", "d")
    ledger.same_as(None, "t", "d")
    ledger.done_uids("articles", "INBOX", 7)
    ledger.unacknowledged("articles", "INBOX", 7)
    ledger.kept("d", "f")
    ledger.failures("articles", "INBOX", 7)
    ledger.quarantine("d", "f")
    ledger.quarantined("d", "f")
    ledger.forget_quarantined("d")
    ledger.cards("2024/03")
    ledger.newest(100)
    ledger.entries(7, 500)
    ledger._db.set_trace_callback(None)
    asked = [statement for statement in statements if statement.split()[0] in {"SELECT", "UPDATE", "INSERT", "DELETE"}]
    assert len(asked) >= 15
    for statement in asked:
        plan = [row[3] for row in ledger._db.execute(f"EXPLAIN QUERY PLAN {statement}")]
        scans = [step for step in plan if step.startswith("SCAN") and "entry_newest" not in step]
        assert not scans, f"{statement}: {plan}"
        assert not any("TEMP B-TREE" in step and "entry_digest" not in " ".join(plan) for step in plan), statement


def test_what_many_mails_have_as_their_text_is_looked_for_no_longer(ledger: Ledger) -> None:
    """As newsletters of pictures do, whose text is the same line in each, and whose URL never is."""

    def steps() -> int:
        taken = itertools.count()
        ledger._db.set_progress_handler(lambda: next(taken) < 0, 1)
        assert ledger.same_as("another", "t", "d") is None
        ledger._db.set_progress_handler(None, 0)
        return next(taken)

    needed = []
    for numbers in (range(3), range(3, 300)):
        with ledger.transaction():
            for number in numbers:
                ledger.add(entry(number), keys(url_key=f"u{number}", text_key="t"))
        needed.append(steps())
    assert needed[1] == needed[0]


# --- what became of every message -----------------------------------------------------------------------------------


def outcomes(ledger: Ledger) -> list[tuple[object, ...]]:
    return ledger._db.execute("SELECT uid, digest, outcome, same FROM seen ORDER BY uid").fetchall()


def test_a_message_says_which_it_is_the_same_as(tmp_path: Path) -> None:
    first, again = filing(1), filing(1, ref=at(2))
    folded = filing(1, ref=at(3), line_end=b"\n")
    with Store.open(tmp_path / "archive", min_free=0) as store:
        store.commit([first, again, folded], now=NOW)
        store.commit([quarantined(4), quarantined(4, ref=at(5), line_end=b"\n")], now=NOW)
        with store._access.reading() as ledger:
            assert outcomes(ledger) == [
                (1, first.digest, "filed", None),
                (2, first.digest, "already", first.digest),
                (3, folded.digest, "already", first.digest),
                (4, quarantined(4).digest, "quarantined", None),
                (5, quarantined(4, line_end=b"\n").digest, "quarantined", quarantined(4).digest),
            ]


def test_what_came_has_failed_no_more(ledger: Ledger) -> None:
    place = ("articles", "INBOX", 7)
    with ledger.transaction():
        ledger.note_failures(*place, [1, 2], "NIL", NOW)
        ledger.note_failures(*place, [1], "NIL", NOW)
        ledger.note_failures("other", "INBOX", 7, [3], "NIL", NOW)
    assert {uid: failure.tries for uid, failure in ledger.failures(*place).items()} == {1: 2, 2: 1}
    assert ledger.done_uids(*place) == frozenset(), "what failed is still to be fetched"
    with ledger.transaction():
        ledger.note(at(1), "d", "filed")
    assert set(ledger.failures(*place)) == {2}


VERSION_2_SEEN = """
DROP TABLE seen;
DROP TABLE failed;
CREATE TABLE seen (
    account TEXT NOT NULL, folder TEXT NOT NULL, uidvalidity INTEGER NOT NULL, uid INTEGER NOT NULL,
    path TEXT NOT NULL, digest TEXT NOT NULL, outcome TEXT NOT NULL, action TEXT,
    PRIMARY KEY (account, folder, uidvalidity, uid, path)) WITHOUT ROWID;
CREATE INDEX seen_open ON seen (account, folder, uidvalidity) WHERE action IS NULL AND path = '';
INSERT INTO seen VALUES ('articles', 'INBOX', 7, 9, '', 'd', 'filed', 'move:Archived');
PRAGMA user_version = 2;
"""


def test_a_ledger_of_version_2_is_added_to_and_nothing_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "archive"
    with Store.open(root, min_free=0) as store:
        store.commit([filing(1)], now=NOW)
    with closing(sqlite3.connect(root / ".mailarchiver/ledger.sqlite")) as db:
        db.executescript(VERSION_2_SEEN)
    assert glance.failures(root, "articles", "INBOX", 7) == {}
    assert glance.done_uids(root, "articles", "INBOX", 7) == {9}
    monkeypatch.setattr(recovery, "recover", lambda *_: pytest.fail("there was nothing to recover"))
    with Store.open(root, min_free=0) as store:
        assert store.done_uids("articles", "INBOX", 7) == {9}
        assert store.unacknowledged("articles", "INBOX", 7) == []
        store.note_failures("articles", "INBOX", 7, [3], why="NIL", now=NOW)
        assert set(store.failures("articles", "INBOX", 7)) == {3}
        assert store.commit([filing(1, ref=at(4))], now=NOW)[0].outcome == "already"
    assert set(glance.failures(root, "articles", "INBOX", 7)) == {3}


def test_a_ledger_of_version_3_is_added_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "archive"
    with Store.open(root, min_free=0) as store:
        store.commit([filing(1)], now=NOW)
        store.note_failures("articles", "INBOX", 7, [3], why="NIL", now=NOW)
    with closing(sqlite3.connect(root / ".mailarchiver/ledger.sqlite")) as db:
        db.executescript("DROP TABLE large; DROP TABLE cursor; DROP INDEX entry_bare; PRAGMA user_version = 3;")
    assert glance.large(root, "articles", "INBOX", 7) == {}
    monkeypatch.setattr(recovery, "recover", lambda *_: pytest.fail("there was nothing to recover"))
    with Store.open(root, min_free=0) as store:
        assert set(store.failures("articles", "INBOX", 7)) == {3}
        assert store.cursor("articles", "INBOX") is None
        store.note_large("articles", "INBOX", 7, {3: 10**8})
        assert store.failures("articles", "INBOX", 7) == {}, "it has not failed, then"
    assert glance.large(root, "articles", "INBOX", 7) == {3: Large(10**8)}
    with closing(sqlite3.connect(root / ".mailarchiver/ledger.sqlite")) as db:
        assert db.execute("SELECT 1 FROM sqlite_master WHERE name = 'entry_bare'").fetchone() == (1,)


def test_what_is_too_large_is_known_until_it_comes(ledger: Ledger) -> None:
    place = ("articles", "INBOX", 7)
    with ledger.transaction():
        ledger.note_large(*place, {1: 100, 2: 200})
        ledger.flagged_large(*place, [1], "flag")
        ledger.note_large(*place, {1: 101})
        ledger.note_large("other", "INBOX", 7, {3: 300})
    assert ledger.large(*place) == {1: Large(101, "flag"), 2: Large(200)}
    assert ledger.done_uids(*place) == frozenset()
    with ledger.transaction():
        ledger.note(at(1), "d", "filed")
    assert set(ledger.large(*place)) == {2}
    with ledger.transaction():
        ledger.clear(keep_seen=True)
    assert set(ledger.large(*place)) == {2}


def test_a_cursor_is_of_one_folder_and_does_not_outlive_its_ledger(ledger: Ledger) -> None:
    cursor = Cursor(7, 99, "2024-03-01", NOW)
    with ledger.transaction():
        ledger.set_cursor("articles", "INBOX", Cursor(6, 1, "", NOW))
        ledger.set_cursor("articles", "INBOX", cursor)
    assert ledger.cursor("articles", "INBOX") == cursor
    assert ledger.cursor("articles", "Other") is None
    with ledger.transaction():
        ledger.clear(keep_seen=True)
    assert ledger.cursor("articles", "INBOX") is None


def test_what_was_left_undone_under_another_uidvalidity_is_not_waiting(ledger: Ledger) -> None:
    with ledger.transaction():
        for uidvalidity in (7, 8):
            ledger.note(MessageRef("articles", "INBOX", uidvalidity, 1), "d", "filed")
    assert ledger.open_count() == 2
    with ledger.transaction():
        ledger.set_cursor("articles", "INBOX", Cursor(8, 1, "", NOW))
    assert ledger.open_count() == 1


def test_an_older_ledger_made_new_keeps_what_failed(ledger: Ledger, path: Path) -> None:
    with ledger.transaction():
        ledger.note_failures("articles", "INBOX", 7, [1], "NIL", NOW)
        ledger.clear(keep_seen=True)
    assert set(ledger.failures("articles", "INBOX", 7)) == {1}
    with ledger.transaction():
        ledger.clear()
    assert ledger.failures("articles", "INBOX", 7) == {}


# --- pages of another size ------------------------------------------------------------------------------------------


def pages_of(path: Path) -> tuple[int, str]:
    """How large they are, and which journal they have."""
    with closing(sqlite3.connect(path)) as db:
        (size,), (journal,) = (db.execute(f"PRAGMA {each}").fetchone() for each in ("page_size", "journal_mode"))
        return size, journal


def with_large_pages(root: Path) -> Path:
    """An archive of one mail whose ledger an older program made."""
    with Store.open(root, min_free=0) as store:
        store.commit([filing(1)], now=NOW)
    path = root / ".mailarchiver" / "ledger.sqlite"
    with closing(sqlite3.connect(path)) as db:
        for statement in ("PRAGMA journal_mode = DELETE", "PRAGMA page_size = 4096", "VACUUM"):
            db.execute(statement)
    return path


def test_rebuilding_gives_it_pages_of_todays_size_and_forgets_no_message(root: Path) -> None:
    path = with_large_pages(root)
    with Store.open(root, min_free=0) as store:
        assert store.commit([filing(1)], now=NOW)[0].outcome == "already"
    assert pages_of(path) == (4096, "wal")
    Store.rebuild(root)
    assert pages_of(path) == (1024, "wal")
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT uid, outcome FROM seen").fetchall() == [(1, "filed")]
    with Store.open(root, min_free=0) as store:
        assert [entry.id for entry in store.entries()] == [filing(1).bundles[0].id]


def test_pages_keep_their_size_while_others_have_it_open(root: Path) -> None:
    path = with_large_pages(root)
    with Store.open(root, min_free=0) as store:
        assert len(list(store.entries())) == 1
        Store.rebuild(root)
        assert pages_of(path) == (4096, "wal")
        assert store.commit([filing(2)], now=NOW)[0].outcome == "filed"
        assert len(list(store.entries())) == 2
