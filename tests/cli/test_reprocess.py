"""`mailarchiver reprocess`, `remove` and `restore`, through the whole pipeline."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mailarchiver import filing
from mailarchiver.archive import folder
from mailarchiver.archive.lock import held
from mailarchiver.cli.app import app
from mailarchiver.errors import NoSuchEntry
from mailarchiver.model import Bundle, Quarantine, RawMessage, Rules, Understood
from mailarchiver.workers import InProcess
from tests.cli.test_import import entries, last_line, mail

GOLDEN = Path(__file__).parents[1] / "golden"
Change = Callable[[tuple[Bundle, ...]], Understood]


class Later:
    """A worker of another day: `change` is what it makes of what is made today."""

    change: Change = staticmethod(lambda bundles: bundles)

    def __init__(self, *_: object, **_more: object) -> None:
        self._worker = InProcess()

    def understand_all(self, mails: Sequence[tuple[RawMessage, str]], *, rules: Rules) -> Iterator[Understood]:
        for raw, mail_id in mails:
            if b"moon" in raw.data:
                data = raw.data.replace(b"A word", b"Two words").replace(b"Subject: moon", b"Subject: Full moon")
                raw_now = RawMessage(raw.ref, raw.received, data)
                (now,) = self._worker.understand_all([(raw_now, mail_id)], rules=rules)
                assert not isinstance(now, Quarantine)
                yield type(self).change(tuple(as_of(bundle, raw) for bundle in now))
                continue
            yield from self._worker.understand_all([(raw, mail_id)], rules=rules)

    def close(self) -> None:
        """Nothing to end."""


def as_of(bundle: Bundle, raw: RawMessage) -> Bundle:
    """The bundle with the mail it is of: only what was made of it differs."""
    from dataclasses import replace
    from hashlib import sha256

    digest = sha256(raw.data).hexdigest()
    files = {**bundle.files, "message.eml": raw.data}
    del files["SHA256SUMS"]
    listing = "".join(f"{sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)).encode()
    entry = replace(bundle.entry, sha256=digest, sums=sha256(listing).hexdigest())
    return replace(bundle, files={**files, "SHA256SUMS": listing}, entry=entry)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An archive of four mails, one of which holds three."""
    place = tmp_path / "mails"
    place.mkdir()
    for subject in (b"tide", b"moon", b"wind"):
        (place / f"{subject.decode()}.eml").write_bytes(mail(subject))
    (place / "three.eml").write_bytes((GOLDEN / "three_attached.eml").read_bytes())
    run("import", str(place), root=tmp_path / "archive")
    return tmp_path / "archive"


def run(*arguments: str, root: Path) -> Result:
    return CliRunner().invoke(app, [*arguments, "--root", str(root)])


def named(root: Path, title: str) -> dict[str, str]:
    return next(entry for entry in entries(root) if entry.get("title") == title)


def everything(root: Path) -> dict[str, tuple[bytes, int]]:
    """All files of an archive, and when they were written."""
    return {
        path.relative_to(root).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in root.rglob("*")
        if path.is_file()
    }


def test_today_nothing_changes(root: Path) -> None:
    before = everything(root)
    done = run("reprocess", "--all", "--jobs", "2", root=root)
    assert (done.exit_code, last_line(done.stdout)) == (0, "0 replaced, 6 unchanged, 0 failed")
    assert {name: data for name, data in everything(root).items() if ".mailarchiver" not in name} == {
        name: data for name, data in before.items() if ".mailarchiver" not in name
    }


def test_in_the_zone_in_which_it_was_filed(root: Path, tmp_path: Path) -> None:
    """A folder's date and `received` never change, whatever the archive's zone is now."""
    config = tmp_path / "config.toml"
    config.write_text(
        f'[archive]\nroot = "{root}"\ntimezone = "Pacific/Auckland"\n[[account]]\nname = "x"\nhost = "localhost"\n'
        'username = "x"\npassword_file = "never-read"\n'
    )
    done = CliRunner().invoke(app, ["reprocess", "--all", "--config", str(config), "--json"])
    assert json.loads(done.stdout) == {"replaced": [], "added": [], "removed": [], "unchanged": 6, "failures": []}


def test_a_dry_run_prints_a_diff_and_writes_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, entry = everything(root), named(root, "moon")
    monkeypatch.setattr(filing, "Pool", Later)
    done = run("reprocess", entry["id"][:6], "--dry-run", root=root)
    assert done.exit_code == 0
    shown = done.stdout.splitlines()
    assert shown[:3] == [
        f"{entry['id']} replaced: article.json, article.md, article.txt, index.html",
        f"--- a/{entry['folder']}/article.md",
        f"+++ b/{entry['folder']}/article.md",
    ]
    assert [line for line in shown[4:] if line[0] in "+-"] == [
        '-title: "moon"',
        '+title: "Full moon"',
        "-A word about moon.",
        "+Two words about moon.",
    ]
    [told] = [
        json.loads(line) for line in run("reprocess", "--all", "--dry-run", "--json", root=root).stdout.split("\n")[:-1]
    ]
    assert (told["id"], told["change"]) == (entry["id"], "replaced")
    assert "+Two words about moon.\n" in told["diff"]
    assert everything(root) == before


def test_the_diff_can_be_applied(root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(filing, "Pool", Later)
    entry = named(root, "moon")
    diff = run("reprocess", entry["id"], "--dry-run", root=root).stdout.split("\n", 1)[1]
    patched = tmp_path / "article.md"
    original = root / entry["folder"] / "article.md"
    subprocess.run(["patch", "-s", "-o", str(patched), str(original)], input=diff.encode(), check=True)
    run("reprocess", entry["id"], root=root)
    assert patched.read_bytes() == original.read_bytes()


def test_only_what_differs_is_replaced(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = named(root, "moon")
    place = root / entry["folder"]
    (place / "my note.txt").write_text("mine")
    monkeypatch.setattr(filing, "Pool", Later)
    done = run("reprocess", "--all", root=root)
    assert (done.exit_code, last_line(done.stdout)) == (0, "1 replaced, 5 unchanged, 0 failed")
    assert "Two words" in (place / "article.txt").read_text()
    assert (place / "my note.txt").read_text() == "mine"
    assert folder.fault(place, entries(root)[-1]["sums"]) is None
    assert (root / ".mailarchiver/versions" / entry["id"] / "1/my note.txt").read_text() == "mine"
    assert entries(root)[-1]["title"] == "Full moon"
    assert entries(root)[-1]["folder"] == entry["folder"], "the name of a folder never changes"
    assert "Full moon" in (root / "2024/03/index.html").read_text(), "the pages follow"
    assert last_line(run("reprocess", "--all", root=root).stdout) == "0 replaced, 6 unchanged, 0 failed"
    done = run("reprocess", "--prune", "--json", root=root)
    assert json.loads(done.stdout)["pruned"] == [f".mailarchiver/versions/{entry['id']}/1"]
    assert not (root / ".mailarchiver/versions").exists()
    assert (place / "my note.txt").read_text() == "mine"


def test_pruned_with_what_was_reprocessed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = named(root, "moon")
    monkeypatch.setattr(filing, "Pool", Later)
    done = run("reprocess", entry["id"], "--prune", root=root)
    assert last_line(done.stdout) == "1 replaced, 0 unchanged, 0 failed; 1 earlier versions deleted, 0 kept"


def test_an_article_that_is_not_there_any_more_is_removed_and_comes_back(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    three = next(entry["id"] for entry in entries(root) if "-" in entry["id"]).partition("-")[0]
    before = {entry["id"]: entry["folder"] for entry in entries(root)}

    class Fewer(InProcess):
        def __init__(self, *_: object, **_more: object) -> None:
            pass

        def understand_all(self, mails: Sequence[tuple[RawMessage, str]], *, rules: Rules) -> Iterator[Understood]:
            for answer in super().understand_all(mails, rules=rules):
                yield answer if isinstance(answer, Quarantine) else answer[:2]

    with monkeypatch.context() as patch:
        patch.setattr(filing, "Pool", Fewer)
        done = run("reprocess", three, root=root)
    assert (done.exit_code, last_line(done.stdout)) == (0, "0 replaced, 2 unchanged, 1 removed, 0 failed")
    assert f"{three}-3: its mail has no such article any more" in done.stderr
    assert not (root / before[f"{three}-3"]).exists()
    assert run("restore", f"{three}-3", root=root).exit_code == 0
    assert (root / before[f"{three}-3"]).is_dir()
    assert last_line(run("reprocess", three, root=root).stdout) == "0 replaced, 3 unchanged, 0 failed"


def test_an_article_that_is_new_is_filed_beside(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Yesterday's program found two of them."""
    three = next(entry["id"] for entry in entries(root) if "-" in entry["id"]).partition("-")[0]
    lines = (root / "manifest.jsonl").read_bytes().splitlines(keepends=True)
    gone = next(entry["folder"] for entry in entries(root) if entry["id"] == f"{three}-3")
    for path in (root / ".mailarchiver").glob("ledger.sqlite*"):
        path.unlink()
    (root / "manifest.jsonl").write_bytes(b"".join(line for line in lines if f"{three}-3".encode() not in line))
    (root / gone).rename(root / ".mailarchiver" / "aside")
    done = run("reprocess", three, root=root)
    assert (done.exit_code, last_line(done.stdout)) == (0, "0 replaced, 2 unchanged, 1 added, 0 failed")
    assert entries(root)[-1]["folder"] == gone
    assert folder.fault(root / gone, entries(root)[-1]["sums"]) is None


def test_what_cannot_be_understood_now_stays_as_it_is(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Weaker(Later):
        change = staticmethod(lambda _: Quarantine("limit", "it took more than 10 s"))

    monkeypatch.setattr(filing, "Pool", Weaker)
    entry = named(root, "moon")
    before = everything(root / entry["folder"])
    done = run("reprocess", "--all", "--json", root=root)
    assert done.exit_code == 1
    told = json.loads(done.stdout)
    assert told["unchanged"] == 5
    assert told["failures"] == [
        {
            "id": entry["id"],
            "reason": f"{entry['id']}: it cannot be understood now: it took more than 10 s; it stays as it is",
        }
    ]
    assert everything(root / entry["folder"]) == before
    assert run("reprocess", "--all", "--dry-run", root=root).exit_code == 1


def test_a_folder_that_the_user_renamed_is_said_and_skipped(root: Path) -> None:
    entry = named(root, "moon")
    (root / entry["folder"]).rename(root / "2024/03/my moon")
    done = run("reprocess", "--all", root=root)
    assert (done.exit_code, last_line(done.stdout)) == (1, "0 replaced, 5 unchanged, 1 failed")
    assert f"{root / entry['folder']} is not there: it was renamed" in done.stderr
    assert (root / "2024/03/my moon/message.eml").is_file()


@pytest.mark.parametrize("harm", ["changed", "missing"])
def test_a_mail_that_is_damaged_is_said_and_skipped(root: Path, harm: str) -> None:
    entry = named(root, "moon")
    path = root / entry["folder"] / "message.eml"
    path.unlink()
    if harm == "changed":
        path.write_bytes(b"Subject: x\n\n")
    done = run("reprocess", entry["id"], root=root)
    assert (done.exit_code, last_line(done.stdout)) == (1, "0 replaced, 0 unchanged, 1 failed")
    assert str(path) in done.stderr


@pytest.mark.parametrize("arguments", [[], ["--all", "aaaa"], ["--all", "--dry-run", "--prune"]])
def test_wrong_usage(root: Path, arguments: list[str]) -> None:
    assert run("reprocess", *arguments, root=root).exit_code == 2


@pytest.mark.parametrize(
    "arguments", [["reprocess", "zzzz"], ["reprocess", "zzzz", "--dry-run"], ["remove", "zzzz"], ["restore", "zzzz"]]
)
def test_an_unknown_id(root: Path, tmp_path: Path, arguments: list[str]) -> None:
    command = [sys.executable, "-m", "mailarchiver", *arguments, "--root"]
    done = subprocess.run([*command, str(root)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "'zzzz'" in done.stderr
    assert "Traceback" not in done.stderr
    done = subprocess.run([*command, str(tmp_path / "none")], capture_output=True, text=True, check=False)
    assert (done.returncode, (tmp_path / "none").exists()) == (2, False)


# --- out, and back --------------------------------------------------------------------------------------------------


def test_removed_and_restored(root: Path) -> None:
    entry = named(root, "moon")
    done = run("remove", entry["id"][:5], root=root)
    assert (done.exit_code, done.stdout) == (0, f"{entry['id']}  2024-03-06  moon\n1 removed\n")
    assert "moon" not in (root / "2024/03/index.html").read_text()
    assert isinstance(run("remove", entry["id"], root=root).exception, NoSuchEntry)
    mails = root.parent / "mails"
    assert last_line(run("import", str(mails), root=root).stdout) == "0 filed, 4 already filed, 0 failed"
    done = run("restore", entry["id"][:5], "--json", root=root)
    assert json.loads(done.stdout) == {
        "restored": [{"id": entry["id"], "folder": entry["folder"], "title": "moon"}],
    }
    assert "moon" in (root / "2024/03/index.html").read_text()


def test_imported_again(root: Path) -> None:
    entry = named(root, "moon")
    run("remove", str(root / entry["folder"]), root=root)
    mails = root.parent / "mails"
    done = run("import", str(mails), "--again", root=root)
    assert (done.exit_code, last_line(done.stdout)) == (0, "1 filed, 3 already filed, 0 failed")
    assert (root / entry["folder"] / "message.eml").read_bytes() == mail(b"moon")
    assert last_line(run("import", str(mails), "--again", root=root).stdout) == "0 filed, 4 already filed, 0 failed"


def test_a_mail_of_three_goes_whole_or_not_at_all(root: Path) -> None:
    three = [entry["id"] for entry in entries(root) if "-" in entry["id"]]
    base = three[0].partition("-")[0]
    done = run("remove", base, root=root)
    assert isinstance(done.exception, NoSuchEntry)
    assert "--mail" in str(done.exception)
    done = run("remove", base, "--mail", root=root)
    assert last_line(done.stdout) == "3 removed"
    assert last_line(run("restore", base, "--mail", root=root).stdout) == "3 restored"
    assert last_line(run("remove", three[0], root=root).stdout) == "1 removed"


@pytest.mark.parametrize(("answer", "code"), [(b"n\n", 1), (b"y\n", 0)])
def test_on_a_terminal_it_asks_first(root: Path, answer: bytes, code: int) -> None:
    entry = named(root, "moon")
    terminal, end = pty.openpty()
    command = [sys.executable, "-m", "mailarchiver", "remove", entry["id"], "--root", str(root)]
    with subprocess.Popen(command, stdin=end, stdout=subprocess.PIPE, stderr=end) as process:
        os.close(end)
        os.write(terminal, answer)
        assert process.wait(30) == code
    os.close(terminal)
    assert (root / entry["folder"]).exists() == (code == 1)


def test_it_waits_for_another_command(root: Path) -> None:
    entry = named(root, "moon")
    command = [sys.executable, "-m", "mailarchiver", "remove", entry["id"], "--root", str(root)]
    with held(root / ".mailarchiver/lock", wait=5, mode=0o600):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(2)
    assert process.communicate(timeout=30)[0].endswith("1 removed\n")
