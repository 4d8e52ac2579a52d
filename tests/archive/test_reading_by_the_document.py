"""docs/archive-format.md is enough to read an archive: a reader that was written from it alone reads all of one."""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import ast
import hashlib
import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mailarchiver.archive.findings import Report
from mailarchiver.archive.store import Store
from mailarchiver.archive.verify import verify
from mailarchiver.cli.app import app
from tests.archive.filings import NOW, quarantined
from tests.archive.reader_of_the_document import Archive, Damage

SAMPLES = Path(__file__).parents[2] / "mailarchiver" / "demo" / "samples"
READER = Path(__file__).parent / "reader_of_the_document.py"
REMOVED, REPLACED = "04-newsletter.eml", "05-text-with-pdf.eml"


def digest(name: str) -> str:
    return hashlib.sha256((SAMPLES / name).read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def filed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample mails; one is in quarantine, one removed, one replaced, and somebody added a note."""
    root = tmp_path_factory.mktemp("read") / "archive"
    done = CliRunner().invoke(app, ["import", str(SAMPLES), "--root", str(root)])
    assert done.exit_code == 0, done.stderr
    with Store.open(root, min_free=0) as store:
        store.commit([quarantined(1)], now=NOW)
    lines = {line["sha256"]: line for line in manifest(root)}
    remove(root, lines[digest(REMOVED)])
    replace(root, lines[digest(REPLACED)])
    (root / lines[digest(REPLACED)]["folder"] / "my notes.txt").write_text("Read it twice.")
    Store.open(root, min_free=0).close()
    return root


def manifest(root: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in (root / "manifest.jsonl").read_bytes().splitlines()]


def append(root: Path, record: object) -> None:
    with (root / "manifest.jsonl").open("a", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps(record) + "\n")


def remove(root: Path, line: dict[str, str]) -> None:
    """As the document says of it."""
    trash = root / ".mailarchiver" / "trash"
    trash.mkdir()
    shutil.move(root / line["folder"], trash)
    append(root, {"id": line["id"], "sha256": line["sha256"], "removed": "2024-05-30T12:00:00+00:00"})


def replace(root: Path, line: dict[str, str]) -> None:
    """A newer reading under the same name; the one before it is kept."""
    folder = root / line["folder"]
    shutil.copytree(folder, root / ".mailarchiver" / "versions" / line["id"] / "1")
    told, sums = folder / "article.json", folder / "SHA256SUMS"
    before = hashlib.sha256(told.read_bytes()).hexdigest()
    told.write_text(told.read_text().replace('"extractor": "', '"extractor": "a later '))
    sums.write_text(sums.read_text().replace(before, hashlib.sha256(told.read_bytes()).hexdigest()))
    append(root, line | {"sums": hashlib.sha256(sums.read_bytes()).hexdigest()})


@pytest.fixture
def archive(filed: Path, tmp_path: Path) -> Archive:
    """Moved somewhere else: copying the folder copies the archive."""
    copy = shutil.copytree(filed, tmp_path / "elsewhere", ignore=shutil.ignore_patterns("ledger*", "staging", "lock"))
    return Archive(copy)


def test_the_reader_needs_nothing_but_three_modules() -> None:
    tree = ast.parse(READER.read_text("utf-8"))
    froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert (froms, names) == ([], {"json", "hashlib", "pathlib"})


def test_every_article_is_read_and_is_whole(archive: Archive) -> None:
    assert archive.format == 1
    told = {entry_id: archive.article(entry) for entry_id, entry in archive.entries.items()}
    assert len(told) == 9
    assert {entry["kind"] for entry in told.values()} == {"reader-view", "text"}
    assert any(entry["images"] for entry in told.values())
    assert any(entry["attachments"] for entry in told.values())
    for entry in archive.entries.values():
        head = archive.front_matter(entry)
        assert (head["id"], head["received"]) == (entry["id"], entry["received"])
        assert head.get("title", "") == entry["title"]


def test_the_mails_are_the_ones_that_were_filed(archive: Archive) -> None:
    mails = {archive.mail(entry) for entry in archive.entries.values()}
    assert mails == {path.read_bytes() for path in SAMPLES.glob("*.eml") if path.name != REMOVED}
    further = [entry for entry in archive.entries.values() if "-" in entry["id"]]
    assert len(further) == 2
    for entry in further:
        attached = (archive.folder(entry) / "message.eml").read_bytes()
        assert attached in archive.mail(entry), "it was attached without a transfer encoding"


def test_what_was_removed_is_told_and_kept(archive: Archive) -> None:
    [(entry_id, removal)] = archive.removed.items()
    assert removal["sha256"] == digest(REMOVED)
    assert entry_id not in archive.entries
    assert list(archive.kept("trash")) == [entry_id]
    assert archive.unlisted() == []


def test_what_was_replaced_is_kept_and_the_last_line_stands(archive: Archive) -> None:
    [(entry_id, version)] = archive.kept("versions").items()
    entry = archive.entries[entry_id]
    assert len(archive.history[entry_id]) == 2
    assert archive.article(entry)["extractor"] == f"a later {version['extractor']}"
    assert archive.files(archive.folder(entry))[1] == {"my notes.txt"}


def test_what_lies_in_quarantine_says_why(archive: Archive) -> None:
    [reason] = archive.quarantine().values()
    assert (reason["reason"], reason["detail"], reason["uid"]) == ("crash", "it hurts", 1)


def test_it_is_told_whether_a_mail_is_known(archive: Archive) -> None:
    for path in SAMPLES.glob("*.eml"):
        assert archive.knows(path.read_bytes())
    other = (SAMPLES / "07-arabic.eml").read_bytes()
    assert archive.knows(other.replace(b"\r\n", b"\n"))
    assert not archive.knows(other + b"more")


def test_reader_and_program_are_of_one_mind(archive: Archive) -> None:
    report: Report = verify(archive.root, jobs=1)
    assert report.is_sound()
    assert {found.path.rpartition("/")[2] for found in report.findings} == {"my notes.txt", "ledger.sqlite"}
    assert report.articles == len(archive.entries)


@pytest.mark.parametrize("name", ["index.html", "article.md", "article.json", "message.eml", "SHA256SUMS"])
def test_the_reader_sees_damage(archive: Archive, name: str) -> None:
    entry = next(iter(archive.entries.values()))
    path = archive.folder(entry) / name
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(Damage):
        archive.article(entry)


def test_lines_of_other_kinds_and_an_interrupted_append_are_passed_over(archive: Archive) -> None:
    with (archive.root / "manifest.jsonl").open("ab") as file:
        file.write(
            b'no json\n[1]\n{"kind":"of its own"}\n{"id":"0123456789ab","folder":"2024/03/2024-03-06-0123456789ab"'
        )
    again = Archive(archive.root)
    assert (again.entries, again.removed) == (archive.entries, archive.removed)
