"""Full-text search: what is found, in which order, by whom, and what becomes of the index."""

from __future__ import annotations

import os
import pwd
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailarchiver.archive import full_text, manifest, search_index
from mailarchiver.archive.layout import Layout
from mailarchiver.archive.manifest import Removal
from mailarchiver.archive.search import search
from mailarchiver.archive.search_index import AT_ONCE
from mailarchiver.archive.store import Store
from mailarchiver.errors import StoreError
from mailarchiver.model import Filing
from tests.archive.articles import written
from tests.archive.filings import NOW, entry_folders, filing
from tests.archive.test_store_open import needs_root, public

__all__ = ["public"]


def file(root: Path, *filings: Filing, indexed: bool = True) -> None:
    with Store.open(root, min_free=0) as store:
        store.commit(filings, now=NOW)
        if indexed:
            store.update_search()


def titles(root: Path, query: str, limit: int = 20) -> list[str]:
    return [hit.entry.title for hit in search(root, query, limit=limit).hits]


def shown(root: Path, query: str) -> str:
    """The first snippet, with its marks in brackets."""
    snippet = search(root, query).hits[0].snippet
    text = snippet.text
    for start, end in reversed(snippet.marks):
        text = f"{text[:start]}[{text[start:end]}]{text[end:]}"
    return text


# --- in many scripts ------------------------------------------------------------------------------------------------

SCRIPTS = (
    written(1, "The lake", "The lake keeps a diary, and nobody reads it. Le Café closes early."),
    written(2, "Seen", "Frau Müller schwimmt im Zürichsee; die Größe des Sees erstaunt sie. Herr Schroeder nicht."),
    written(3, "البحيرة", "كَتَبَ مُحَمَّد عن البحـــيرة في أول يوم"),
    written(4, "湖", "东京都的湖泊在清晨结冰。手机没有信号。"),
    written(5, "みずうみ", "東京都の湖は朝に凍る。ﾀﾞﾑもある。"),
    written(6, "호수", "호수는 아침에 얼어붙는다. 한국어로 쓴 글."),
    written(7, "Озеро", "Озеро ведёт дневник."),
    written(8, "אגם", "הָאֲגַם קוֹפֵא בַּבֹּקֶר"),
    written(9, "झील", "झील सुबह जम जाती है।"),
    written(10, "ทะเลสาบ", "ทะเลสาบแข็งตัวในตอนเช้า"),
)


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("scripts") / "archive"
    file(root, *SCRIPTS)
    return root


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("LAKE", "The lake"),
        ("cafe", "The lake"),
        ("dia*", "The lake"),
        ('"keeps a diary"', "The lake"),
        ("Müller", "Seen"),
        ("muller", "Seen"),
        ("mueller", "Seen"),
        ("Groesse", "Seen"),
        ("grösse", "Seen"),
        ("Schröder", "Seen"),
        ("zurichsee", "Seen"),
        ("محمد", "البحيرة"),
        ("مُحَمَّد", "البحيرة"),
        ("البحيره", "البحيرة"),
        ("بحيرة", "البحيرة"),
        ("للبحيرة", "البحيرة"),
        ("والبحيرة", "البحيرة"),
        ("بح*", "البحيرة"),
        ("البح*", "البحيرة"),
        ("البحي*", "البحيرة"),
        ('"محمد عن بحيرة"', "البحيرة"),
        ("اول", "البحيرة"),
        ("手机", "湖"),
        ("清晨结冰", "湖"),
        ("凍る", "みずうみ"),
        ("ダム", "みずうみ"),
        ("한국", "호수"),
        ("호수", "호수"),
        ("ведет", "Озеро"),
        ("האגם", "אגם"),
        ("אגם", "אגם"),
        ("בקר", "אגם"),
        ("הבקר", "אגם"),
        ("한국 글", "호수"),
        ("아침", "호수"),
        ("朝 凍", "みずうみ"),
        ("信号手机", ""),
        ("ทะเล", "ทะเลสาบ"),
        ("แข็ง ตัว", "ทะเลสาบ"),
        ("सुबह", "झील"),
        ("ตอนเช้า", "ทะเลสาบ"),
    ],
)
def test_what_was_written_is_found(scripts: Path, query: str, expected: str) -> None:
    assert titles(scripts, query) == ([expected] if expected else [])


def test_characters_in_another_order_are_not_found(scripts: Path) -> None:
    assert titles(scripts, "京東") == titles(scripts, "都京") == titles(scripts, '"diary keeps"') == []
    assert titles(scripts, "東京") == ["みずうみ"]


def test_marks_stand_where_the_words_do(scripts: Path) -> None:
    assert shown(scripts, "diary cafe").startswith("The lake keeps a [diary], and nobody reads it. Le [Café]")
    assert shown(scripts, "东京都").startswith("[东京都]的湖泊")
    assert "[مُحَمَّد]" in shown(scripts, "محمد")
    assert "[البحـــيرة]" in shown(scripts, "بحيرة")
    assert "[البحـــيرة في]" in shown(scripts, '"بحيرة في"')
    assert "Frau [Müller]" in shown(scripts, "müll*")


# --- conditions -----------------------------------------------------------------------------------------------------


def at(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T12:00:00+00:00").astimezone(UTC)


PRESS = (
    written(1, "Night train", "Slow.", site="The Aldern Review", byline="Ines Falk", kind="reader-view",
            url="https://www.aldern.example/1", tags=("Slow Travel",), received=at("2024-01-10")),
    written(2, "Bus", "The night bus.", byline="Jörg Roe", kind="page", tags=("travel",), note="For Mina, at night",
            url="https://blog.example.org/2", received=at("2024-02-20")),
    written(3, "Ferry", "By day, with Müller.", kind="text", received=at("2024-03-06")),
)  # fmt: skip


@pytest.fixture(scope="module")
def press(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("press") / "archive"
    file(root, *PRESS)
    return root


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("site:aldern.example", ["Night train"]),
        ('site:"aldern review"', ["Night train"]),
        ("site:example.org", ["Bus"]),
        ("author:falk", ["Night train"]),
        ("author:joerg", ["Bus"]),
        ("author:mueller", []),
        ("mueller", ["Ferry"]),
        ("mina", ["Bus"]),
        ("tag:slow-travel", ["Night train"]),
        ('tag:"slow travel"', ["Night train"]),
        ("tag:travel", ["Bus"]),
        ("travel", ["Bus", "Night train"]),
        ("kind:text", ["Ferry"]),
        ("-kind:text", ["Bus", "Night train"]),
        ("after:2024-02", ["Ferry", "Bus"]),
        ("before:2024-02-20", ["Night train"]),
        ("after:2024-02-20 before:2024-03-06", ["Bus"]),
        ("night", ["Night train", "Bus"]),
        ("night -bus", ["Night train"]),
        ("-night", ["Ferry"]),
        ("night kind:page", ["Bus"]),
        ("night site:nowhere.example", []),
        ("?!", []),
    ],
)
def test_conditions_all_hold(press: Path, query: str, expected: list[str]) -> None:
    found = titles(press, query)
    assert sorted(found) == sorted(expected) if query == "travel" else found == expected


def test_at_most_so_many_are_given(press: Path) -> None:
    assert titles(press, "-nothing", limit=2) == ["Ferry", "Bus"]


def test_the_title_counts_more_than_the_text(root: Path) -> None:
    file(root, written(1, "Other", "lake " * 5), written(2, "The lake", "Other words."))
    assert titles(root, "lake") == ["The lake", "Other"]


def test_a_snippet_is_cut_around_what_was_found(root: Path) -> None:
    file(root, written(1, "Long", "before " * 200 + "the needle is here " + "after " * 200))
    text = shown(root, "needle")
    assert text.startswith("… ")
    assert text.endswith(" …")
    assert "the [needle] is here" in text
    assert len(text) < 260
    assert "before" not in shown(root, "long")[:2]


QUERY = st.text(st.sampled_from('"-*:()^+{}~\0\ud800 abküm東محNEARORND') | st.characters(codec=None), max_size=40)


@given(query=QUERY, condition=st.sampled_from(["", "site:", "tag:", "after:", "-", 'author:"', "NOT "]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, derandomize=True)
def test_no_query_is_an_error(scripts: Path, query: str, condition: str) -> None:
    for hit in search(scripts, condition + query).hits:
        for marked in (hit.title, hit.snippet):
            ends = [place for mark in marked.marks for place in mark]
            assert ends == sorted(ends)
            assert all(0 <= place <= len(marked.text) for place in ends)


def test_the_longest_queries_are_answered(scripts: Path) -> None:
    for query in ("東" * 3000, "a* " * 3000, "-x " * 3000, '"' * 3000, "lake " * 3000):
        assert isinstance(titles(scripts, query), list)


# --- the index ------------------------------------------------------------------------------------------------------


def index(root: Path) -> Path:
    return root / ".mailarchiver" / "search.sqlite"


def remove(root: Path, wanted: Filing) -> None:
    """As the manifest tells of a removal."""
    (made,) = wanted.bundles
    removal = Removal(made.id, wanted.digest, "2024-04-01T00:00:00Z")
    line = f'{{"id":"{removal.id}","sha256":"{removal.sha256}","removed":"{removal.removed}"}}\n'
    manifest.append(root / "manifest.jsonl", [line.encode()], mode=0o640)
    shutil.rmtree(root / made.folder)


def test_filing_alone_does_not_touch_it(root: Path) -> None:
    file(root, written(1, "Lake"), indexed=False)
    assert not index(root).exists()
    with pytest.raises(StoreError, match="is missing: `mailarchiver rebuild search` makes it"):
        search(root, "lake")


def test_an_empty_archive_holds_nothing_and_is_no_error(root: Path) -> None:
    Store.open(root).close()
    assert search(root, "lake").hits == ()
    with Store.open(root) as store:
        assert store.update_search() == 0
    assert search(root, "lake").hits == ()


def test_it_goes_on_where_it_stood(root: Path) -> None:
    file(root, written(1, "Lake"))
    file(root, written(2, "Lake too"), indexed=False)
    found = search(root, "lake")
    assert ([hit.entry.title for hit in found.hits], found.behind) == (["Lake"], True)
    with Store.open(root, min_free=0) as store:
        assert store.update_search() == 1
        assert store.update_search() == 0
    found = search(root, "lake")
    assert ([hit.entry.title for hit in found.hits], found.behind) == (["Lake", "Lake too"], False)


def test_it_takes_in_a_few_at_a_time(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file(root, *(written(number, f"Walk {number}") for number in range(1, AT_ONCE + 21)), indexed=False)
    steps: list[int] = []
    with Store.open(root, min_free=0) as store:
        assert store.update_search(seconds=0) == AT_ONCE
        assert store.update_search(step=steps.append) == sum(steps) == 20
        assert store.rebuild_search(step=steps.append) == AT_ONCE + 20
    assert steps == [20, AT_ONCE, 20]
    assert len(titles(root, "walk", limit=1000)) == AT_ONCE + 20


def parts(root: Path) -> int:
    with closing(sqlite3.connect(index(root))) as db:
        tables = (db.execute(f"SELECT count(DISTINCT segid) FROM {table}_idx") for table in full_text.TABLES)  # noqa: S608 - ours
        return max(int(found) for table in tables for (found,) in table)


def test_its_parts_are_made_one_when_half_of_it_came_with_many_at_a_time(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_index, "MERGED_AT_ONCE", 1)
    file(root, *(written(number, f"Walk {number}", "on " * 500) for number in range(1, AT_ONCE + 21)))
    assert parts(root) == 1
    file(root, written(200, "Walk 200"))
    assert parts(root) == 2
    assert len(titles(root, "walk", limit=1000)) == AT_ONCE + 21
    file(root, *(written(number, f"Walk {number}") for number in range(201, 340)))
    assert parts(root) == 1
    assert len(titles(root, "walk", limit=1000)) == AT_ONCE + 160


def test_making_its_parts_one_ends_in_time_and_goes_on_later(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_index, "MERGED_AT_ONCE", 1)
    file(root, *(written(number, f"Walk {number}") for number in range(1, AT_ONCE + 21)), indexed=False)
    with Store.open(root, min_free=0) as store:
        store.update_search(seconds=0)
        assert store.update_search(seconds=0) == 20
        assert parts(root) == 2
        assert store.update_search() == 0
    assert parts(root) == 1


def stored(root: Path, word: str) -> list[list[int]]:
    """Which articles have a word, by table."""
    with closing(sqlite3.connect(index(root))) as db:
        tables = ("text", "word")
        return [[seq for (seq,) in db.execute(f"SELECT rowid FROM {each} WHERE {each} MATCH ?", [word])]  # noqa: S608 - ours
                for each in tables]  # fmt: skip


@pytest.mark.parametrize("waiting", [1, 3, 32])
def test_what_was_removed_is_found_no_more_even_before_the_index_hears_of_it(
    root: Path, monkeypatch: pytest.MonkeyPatch, waiting: int
) -> None:
    monkeypatch.setattr(full_text, "WAITING", waiting)
    file(root, written(1, "Lake", "Müller swims"), written(2, "Lake too"))
    remove(root, written(1, "Lake"))
    assert titles(root, "lake") == titles(root, "la*") == ["Lake too"]
    with Store.open(root, min_free=0) as store:
        store.update_search()
    assert titles(root, "lake") == titles(root, "la*") == titles(root, "-nothing") == ["Lake too"]
    file(root, written(3, "Sea"), written(4, "Sea"))
    assert titles(root, "la*") == ["Lake too"]
    assert stored(root, "lake") == [[2], [2] if waiting < 32 else []]
    assert stored(root, "swims OR mueller") == stored(root, '"·2mueller" OR "swi" *') == [[], []]
    with closing(sqlite3.connect(index(root))) as db:
        for table in ("text", "entry", "arrival", "said"):
            assert db.execute(f"SELECT count(*) FROM {table}").fetchone() == (3,)  # noqa: S608 - ours
        for table in ("text", "word"):
            db.execute(f"INSERT INTO {table} ({table}) VALUES ('integrity-check')")  # noqa: S608 - ours


@pytest.mark.parametrize("waiting", [1, 2, 32])
def test_what_was_read_again_is_found_by_its_new_words(
    root: Path, monkeypatch: pytest.MonkeyPatch, waiting: int
) -> None:
    monkeypatch.setattr(full_text, "WAITING", waiting)
    file(root, written(1, "Lake", "old words"), written(2, "Pond"))
    (made,) = written(1, "Sea").bundles
    (root / made.folder / "article.txt").write_text("new words")
    manifest.append(root / "manifest.jsonl", [manifest.to_line(made.entry)], mode=0o640)
    with Store.open(root, min_free=0) as store:
        store.update_search()
    assert titles(root, "words") == titles(root, "wor*") == ["Sea"]
    assert titles(root, "old") == titles(root, "ol*") == titles(root, "lake") == titles(root, "lak*") == []


@pytest.mark.parametrize("order", [(2, 3), (3, 2)])
def test_who_comes_in_the_place_of_the_last_is_found_by_a_beginning(
    root: Path, monkeypatch: pytest.MonkeyPatch, order: tuple[int, int]
) -> None:
    """Its number in the index is that of one that was removed, which the table of words had already."""
    monkeypatch.setattr(full_text, "WAITING", 1)
    file(root, written(1, "Lake"), written(2, "Pond"), written(3, "Pond"))
    for number in order:
        remove(root, written(number, "Pond"))
        with Store.open(root, min_free=0) as store:
            store.update_search()
    for most, number in ((1000, 4), (1, 5)):
        monkeypatch.setattr(full_text, "WAITING", most)
        file(root, written(number, f"River {number}"))
        assert titles(root, "riv*") == [f"River {each}" for each in range(number, 3, -1)]
    assert stored(root, "river") == [[2, 3], [2, 3]]
    assert titles(root, "po*") == []


@pytest.mark.parametrize("table", ["said", "reached"])
def test_an_index_that_has_lost_what_is_in_it_is_told_or_made_good(root: Path, table: str) -> None:
    file(root, written(1, "Lake"), written(2, "Lake too"))
    with closing(sqlite3.connect(index(root))) as db:
        db.execute(f"DELETE FROM {table}")  # noqa: S608 - ours
        db.commit()
    if table == "reached":
        with pytest.raises(StoreError, match="rebuild search"):
            search(root, "la*")
    remove(root, written(1, "Lake"))
    file(root, written(3, "Lake three"))
    assert titles(root, "la*") == titles(root, "lake") == ["Lake three", "Lake too"]


def test_an_article_whose_files_are_gone_is_found_by_its_title(root: Path) -> None:
    file(root, written(1, "Lake", "water"), indexed=False)
    shutil.rmtree(root / written(1, "Lake").bundles[0].folder)
    with Store.open(root, min_free=0) as store:
        store.update_search()
    assert titles(root, "lake") == ["Lake"]
    assert search(root, "lake").hits[0].snippet.text == ""


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE manifest (something)")
        db.execute(f"PRAGMA user_version = {search_index.VERSION}")
        db.commit()


def of_version(number: int, path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {number}")


SPOILT: dict[str, Callable[[Path], object]] = {
    "deleted": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "no database": lambda path: path.write_bytes(b"no database at all" * 500),
    "truncated": truncated,
    "another's": foreign,
    "older": lambda path: of_version(search_index.VERSION - 1, path),
    "newer": lambda path: of_version(search_index.VERSION + 1, path),
}


@pytest.mark.parametrize("spoil", SPOILT)
def test_a_spoilt_index_is_told_and_made_good_by_the_next_update(root: Path, spoil: str) -> None:
    file(root, written(1, "Lake"))
    SPOILT[spoil](index(root))
    if spoil not in {"older", "empty"}:
        with pytest.raises(StoreError, match="rebuild search"):
            search(root, "lake")
    file(root, written(2, "Lake too"))
    assert titles(root, "lake") == ["Lake", "Lake too"]


def test_an_index_of_another_manifest_is_made_anew(root: Path, tmp_path: Path) -> None:
    """A backup restored: the manifest is shorter than what the index has taken in."""
    file(root, written(1, "Lake"))
    kept = (root / "manifest.jsonl").read_bytes()
    file(root, written(2, "Lake too"))
    shutil.rmtree(root / written(2, "").bundles[0].folder)
    (root / "manifest.jsonl").write_bytes(kept)
    with pytest.raises(StoreError, match="rebuild search"):
        search(root, "lake")
    file(root, written(3, "Lake three"))
    assert titles(root, "lake") == ["Lake", "Lake three"]


def test_trouble_with_the_disk_names_the_index_and_not_the_ledger(root: Path) -> None:
    file(root, written(1, "Lake"), indexed=False)
    index(root).mkdir()
    with Store.open(root, min_free=0) as store:
        with pytest.raises(StoreError, match=r"search\.sqlite: .*see that the disk has room"):
            store.update_search()
        assert store.commit([written(2, "Sea")], now=NOW)[0].outcome == "filed"
        index(root).rmdir()
        assert store.update_search() == 2


UPDATE_AND_DIE = """
import os, sys
sys.path.insert(0, {here!r})
from pathlib import Path
from mailarchiver.archive import search_index
from mailarchiver.archive.store import Store
calls = 0
add = search_index._add
def die(*given):
    global calls
    calls += 1
    add(*given)
    if calls == {at}:
        os._exit(9)
search_index._add = die
with Store.open(Path({root!r}), min_free=0) as store:
    store.update_search()
"""


@pytest.mark.parametrize("at_entry", [1, 3])
def test_a_process_that_dies_while_it_indexes_leaves_nothing_half_done(root: Path, at_entry: int) -> None:
    file(root, written(1, "Lake 1"))
    file(root, *(written(number, f"Lake {number}") for number in (2, 3, 4)), indexed=False)
    here = str(Path(__file__).parents[2])
    script = UPDATE_AND_DIE.format(here=here, root=str(root), at=at_entry)
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 9
    with Store.open(root, min_free=0) as store:
        assert store.update_search() == 3
    assert sorted(titles(root, "lake")) == [f"Lake {number}" for number in (1, 2, 3, 4)]


# --- who may read ---------------------------------------------------------------------------------------------------


def test_the_group_may_read_it_and_searching_leaves_no_trace(root: Path) -> None:
    old = os.umask(0o077)
    try:
        file(root, written(1, "Lake"))
    finally:
        os.umask(old)
    assert index(root).stat().st_mode & 0o777 == 0o640
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    assert titles(root, "lake") == ["Lake"]
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


def test_a_pipe_in_place_of_a_text_is_not_waited_for(root: Path) -> None:
    file(root, written(1, "Lake", "Deep water."))
    [folder] = entry_folders(root)
    for name in ("article.txt", "article.json"):
        (folder / name).unlink()
        os.mkfifo(folder / name)
    with Store.open(root, min_free=0) as store:
        store.rebuild_search()
    [hit] = search(root, "lake").hits
    assert (hit.entry.title, hit.snippet.text) == ("Lake", "")


AS_NOBODY = """
import os, sys
sys.path.insert(0, {here!r})
from pathlib import Path
from mailarchiver.archive import catalogue
from mailarchiver.archive.search import search
os.setgroups([])
os.setgid(os.stat({root!r}).st_gid)
os.setuid({uid})
root = Path({root!r})
print([hit.entry.title for hit in search(root, "lake").hits], search(root, "lake").hits[0].snippet.text)
with catalogue.opened(root) as articles:
    print([entry.title for entry in articles.newest()], articles.find({name!r}).title)
"""


@needs_root
def test_another_user_of_the_group_searches_and_lists(public: Path) -> None:
    """Who may write nothing at all, and may not even read the ledger."""
    root = public / "archive"
    file(root, written(1, "Lake", "Deep water."))
    shutil.chown(root, group="nogroup")
    for path in root.rglob("*"):
        os.chown(path, -1, root.stat().st_gid)
    name = filing(1).bundles[0].id[:6]
    here = str(Path(__file__).parents[2])
    script = AS_NOBODY.format(here=here, root=str(root), uid=pwd.getpwnam("nobody").pw_uid, name=name)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("['Lake'] Deep water.\n['Lake'] Lake\n", "")
    assert Layout(root).ledger.stat().st_mode & 0o777 == 0o600
