"""`mailarchiver demo`: the main job, for real, on an embedded server."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mailarchiver.cli.app import app
from mailarchiver.config import load
from mailarchiver.demo.folder import samples


def run(root: Path) -> str:
    done = CliRunner().invoke(app, ["demo", "--root", str(root)])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    root = tmp_path_factory.mktemp("demo") / "archive"
    return root, run(root)


def test_every_sample_is_filed(filled: tuple[Path, str]) -> None:
    root, output = filled
    entries = [json.loads(line) for line in (root / "manifest.jsonl").read_bytes().splitlines()]
    assert len({entry["sha256"] for entry in entries}) == len(samples()) >= 8
    assert len(entries) >= len(samples()) + 2, "one mail holds three"
    assert f"{len(samples())} filed" in output
    for entry in entries:
        assert entry["title"][:9] in output
        assert (root / entry["folder"] / "index.html").is_file()


def test_it_says_where_to_look(filled: tuple[Path, str]) -> None:
    root, output = filled
    [page] = re.findall(r"\S+index\.html", output)
    assert Path(page) == (root / "index.html").resolve()
    assert Path(page).is_file()


def test_its_configuration_is_a_real_one_and_private(filled: tuple[Path, str]) -> None:
    root, output = filled
    config = root / "demo/config.toml"
    assert str(config.resolve()) in output
    assert load(config).archive.root.resolve() == root.resolve()
    for path in (config, config.with_name("password")):
        assert path.stat().st_mode & 0o777 == 0o600


def test_the_second_run_files_nothing_new(filled: tuple[Path, str]) -> None:
    root, _ = filled

    def tree() -> dict[str, bytes]:
        files = (path for path in root.rglob("*") if path.is_file())
        kept = (path for path in files if not {".mailarchiver", "demo"} & set(path.relative_to(root).parts))
        return {path.relative_to(root).as_posix(): path.read_bytes() for path in kept}

    before = tree()
    assert f"Nothing new: all {len(samples())} were filed already." in run(root)
    assert tree() == before


def test_the_default_is_a_folder_under_the_current_one(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mailarchiver", "demo"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (tmp_path / "mailarchiver-demo/index.html").is_file()
    assert done.stderr == ""


def test_without_the_embedded_server_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "mailarchiver.demo.server", raising=False)
    for name in [name for name in sys.modules if name.partition(".")[0] == "pymap"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pymap", None)
    done = CliRunner().invoke(app, ["demo", "--root", str(tmp_path / "archive")])
    assert done.exit_code == 1
    assert "pip install 'mailarchiver[demo]'" in str(done.exception)
    assert not (tmp_path / "archive").exists()


def test_a_folder_that_is_no_archive_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    done = CliRunner().invoke(app, ["demo", "--root", str(tmp_path)])
    assert done.exit_code == 1
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]
