"""`mailarchiver verify`: what it prints, how it exits, and that --deep makes each article again."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mailarchiver.cli.app import app

SAMPLES = Path(__file__).parents[2] / "mailarchiver" / "demo" / "samples"
TAGGED = (
    b"From: a@example.org\r\nTo: archive+politics@example.org\r\nSubject: Tide #sea\r\n"
    b"Date: Wed, 6 Mar 2024 23:30:00 +0000\r\n\r\nThe tide was high.\r\n"
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of the sample mails, in the zone of Tokyo."""
    folder = tmp_path_factory.mktemp("deep")
    (folder / "tagged.eml").write_bytes(TAGGED)
    config = configuration(folder, "Asia/Tokyo", words=False)
    done = CliRunner().invoke(app, ["import", str(SAMPLES), str(folder / "tagged.eml"), "--config", str(config)])
    assert done.exit_code == 0, done.stderr
    return folder / "archive"


def configuration(folder: Path, zone: str, *, words: bool) -> Path:
    config = folder / f"{zone.replace('/', '-')}.toml"
    config.write_text(
        f'[archive]\nroot = "archive"\ntimezone = "{zone}"\n[tags]\nwords = {str(words).lower()}\n'
        '[[account]]\nname = "x"\nhost = "localhost"\nusername = "x"\npassword_file = "never-read"\n'
    )
    return config


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "archive"))


def verify(root: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["verify", "--root", str(root), *options], catch_exceptions=False)


def forge(root: Path, name: str, change: tuple[bytes, bytes]) -> str:
    """Change a file of the first article so that checksums, manifest and ledger agree with it; its folder."""
    path = root / "manifest.jsonl"
    lines = path.read_bytes().splitlines()
    told = json.loads(lines[0])
    folder = root / told["folder"]
    file = folder / name
    before = hashlib.sha256(file.read_bytes()).hexdigest()
    assert change[0] in file.read_bytes()
    file.write_bytes(file.read_bytes().replace(*change))
    sums = folder / "SHA256SUMS"
    sums.write_text(sums.read_text().replace(before, hashlib.sha256(file.read_bytes()).hexdigest()))
    new = hashlib.sha256(sums.read_bytes()).hexdigest()
    path.write_bytes(b"\n".join([lines[0].replace(told["sums"].encode(), new.encode()), *lines[1:], b""]))
    (root / ".mailarchiver" / "ledger.sqlite").unlink()
    folder_name: str = told["folder"]
    return folder_name


def test_a_sound_archive(root: Path) -> None:
    done = verify(root)
    assert done.exit_code == 0
    assert done.stdout.endswith(": all as filed\n")
    assert done.stdout.count("\n") == 1
    told = json.loads(verify(root, "--json", "--jobs", "1").stdout)
    assert (told["sound"], told["findings"], told["articles"]) == (True, [], 11)


def test_damage_is_named_with_its_cure_and_is_exit_3(root: Path) -> None:
    [path, *_] = sorted(root.glob("2*/*/*/article.md"))
    path.unlink()
    (path.parent / "note\x1b[2J.txt").touch()
    done = verify(root)
    assert done.exit_code == 3
    where = path.relative_to(root).as_posix()
    article = path.parent.name[-12:]
    cure = f"restore it from a backup, or `mailarchiver reprocess {article}` makes it anew from message.eml"
    assert f"missing: {where} is missing; {cure}\n" in done.stdout
    assert "\x1b" not in done.stdout
    assert done.stdout.splitlines()[-1].endswith(": 1 damaged or missing")
    told = json.loads(verify(root, "--json").stdout)
    assert [(found["kind"], found["damage"]) for found in told["findings"]] == [("missing", True), ("extra", False)]


def test_what_others_added_is_no_damage(root: Path) -> None:
    (root / "notes.txt").touch()
    done = verify(root)
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0] == "extra: notes.txt was put there by someone else"


@pytest.mark.parametrize("options", [(), ("--jobs", "2")])
def test_every_article_is_made_again_the_same(root: Path, options: tuple[str, ...]) -> None:
    """Of whatever zone and whatever `[tags]` the archive is: neither is known to --root."""
    done = verify(root, "--deep", *options)
    assert (done.exit_code, done.stdout.count("\n")) == (0, 1), done.stdout


@pytest.mark.parametrize("words", [True, False])
def test_the_configuration_may_have_changed_since(root: Path, words: bool) -> None:
    config = configuration(root.parent, "Europe/Lisbon", words=words)
    done = CliRunner().invoke(app, ["verify", "--deep", "--config", str(config)], catch_exceptions=False)
    assert (done.exit_code, done.stdout.count("\n")) == (0, 1), done.stdout


def test_what_this_program_would_not_make_is_damage(root: Path) -> None:
    folder = forge(root, "article.txt", (b" the ", b" a "))
    assert verify(root).exit_code == 0, "all records agree with each other"
    done = verify(root, "--deep")
    assert done.exit_code == 3
    assert f"differs: {folder} differs from what this program makes: SHA256SUMS, article.txt; report it" in done.stdout


def test_what_an_older_program_made_is_said_and_no_damage(root: Path) -> None:
    folder = forge(root, "article.json", (b'"extractor": "mailarchiver ', b'"extractor": "mailarchiver 0.0.'))
    done = verify(root, "--deep")
    assert done.exit_code == 0
    assert f"older: {folder} was made by mailarchiver 0.0." in done.stdout


def test_articles_whose_mail_was_removed_are_said(root: Path) -> None:
    lines = [json.loads(line) for line in (root / "manifest.jsonl").read_bytes().splitlines()]
    second = next(line for line in lines if line["id"].endswith("-2"))
    first = next(line for line in lines if line["id"] == second["id"].partition("-")[0])
    trash = root / ".mailarchiver" / "trash"
    trash.mkdir()
    shutil.move(root / first["folder"], trash)
    with (root / "manifest.jsonl").open("a") as file:
        file.write(
            json.dumps({"id": first["id"], "sha256": first["sha256"], "removed": "2024-03-07T00:00:00+00:00"}) + "\n"
        )
    done = verify(root, "--deep")
    assert done.exit_code == 0
    assert f"note: {second['folder']} cannot be made again" in done.stdout


def test_a_damaged_article_is_told_once(root: Path) -> None:
    [path, *_] = sorted(root.glob("2*/*/*/message.eml"))
    path.write_bytes(b"Subject: another\r\n\r\nx\r\n")
    done = verify(root, "--deep")
    assert done.exit_code == 3
    assert sum("damage" in line or "changed" in line for line in done.stdout.splitlines()) == 2
