"""`list`, `show`, `open` and `search` as they are typed: what they print, and what never gets to the terminal."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mailarchiver.archive.store import Store
from mailarchiver.cli.app import app
from mailarchiver.errors import NoSuchEntry
from tests.archive.articles import written
from tests.archive.filings import NOW, filing

HOSTILE = "\x1b]0;owned\x07The \x9b31mlake\u202e\n\x00"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("lookup") / "archive"
    with Store.open(root, min_free=0) as store:
        lake = written(1, HOSTILE, "The lake\x1b[2J keeps a diary.\n", site="Aldern\x07 Review", tags=("slow travel",))
        store.commit([lake, written(2, "Ferry", "By day.\n", kind="page")], now=NOW)
        store.update_search()
    return root


def run(root: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--root", str(root)])


LAKE = written(1, "").bundles[0]


def test_list_has_a_line_for_each(root: Path) -> None:
    done = run(root, "list")
    assert done.exit_code == 0
    lake = f"{LAKE.id}  2024-03-06  ]0;ownedThe 31mlake · Aldern Review"
    ferry = f"{written(2, '').bundles[0].id}  2024-03-06  Ferry"
    assert sorted(done.stdout.splitlines()) == sorted([lake, ferry])
    assert len(run(root, "list", "--limit", "1").stdout.splitlines()) == 1


@pytest.mark.parametrize(
    ("options", "number"),
    [
        (("--kind", "page"), 1),
        (("--tag", "Slow-Travel"), 1),
        (("--tag", "slow"), 0),
        (("--month", "2024-03"), 2),
        (("--month", "2024-04"), 0),
        (("--since", "2024-03-06"), 2),
        (("--since", "2024-03-07"), 0),
        (("--since", "2024", "--kind", "page"), 1),
    ],
)
def test_list_takes_conditions(root: Path, options: tuple[str, ...], number: int) -> None:
    done = run(root, "list", *options)
    assert (done.exit_code, len(done.stdout.splitlines())) == (0, number)


@pytest.mark.parametrize("options", [("--month", "March"), ("--since", "yesterday"), ("--limit", "0")])
def test_a_wrong_condition_is_2(root: Path, options: tuple[str, ...]) -> None:
    assert run(root, "list", *options).exit_code == 2


def test_the_same_article_is_said_to_be(tmp_path: Path) -> None:
    with Store.open(tmp_path / "archive", min_free=0) as store:
        url = "https://example.org/lake"
        store.commit([filing(1, url=url), filing(2, url=url)], now=NOW)
    first, second = (filing(number).bundles[0].id for number in (1, 2))
    told = run(tmp_path / "archive", "list").stdout.splitlines()
    assert f"{second}  2024-03-06  a-walk (the same as {first})" in told


def test_list_as_json_is_the_manifests_lines(root: Path) -> None:
    told = [json.loads(line) for line in run(root, "list", "--json").stdout.splitlines()]
    kept = [json.loads(line) for line in (root / "manifest.jsonl").read_bytes().splitlines()]
    assert sorted(told, key=lambda entry: str(entry["id"])) == sorted(kept, key=lambda entry: str(entry["id"]))


def test_show_tells_what_is_known(root: Path) -> None:
    done = run(root, "show", LAKE.id[:5])
    assert done.exit_code == 0
    lines = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    assert lines["title"] == "]0;ownedThe 31mlake"
    assert lines["id"] == LAKE.id
    assert lines["folder"] == str(root / LAKE.folder)
    assert lines["warning"] == "date, in the future"
    assert lines["length"] == "4 words"


def test_show_prints_the_article(root: Path) -> None:
    assert run(root, "show", LAKE.folder, "--text").stdout == "The lake[2J keeps a diary.\n"
    missing = run(root, "show", LAKE.id, "--markdown")
    assert missing.exit_code == 1
    assert "article.md: No such file" in str(missing.exception)
    assert run(root, "show", LAKE.id, "--text", "--json").exit_code == 2


def test_show_as_json_is_article_json_and_the_manifest(root: Path) -> None:
    told = json.loads(run(root, "show", LAKE.id, "--json").stdout)
    assert (told["title"], told["folder"], told["same_as"], told["message"]["message_id"]) == (
        HOSTILE,
        LAKE.folder,
        None,
        "<1@example.org>",
    )


def test_what_is_not_there_is_said(root: Path) -> None:
    done = run(root, "show", "000000000000")
    assert done.exit_code == 1
    assert isinstance(done.exception, NoSuchEntry)


def test_open_prints_the_page_where_there_is_no_display(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(key, raising=False)
    assert run(root, "open", LAKE.id).stdout.strip() == str((root / LAKE.folder / "index.html").resolve())


@pytest.mark.parametrize("arguments", [["list"], ["show", LAKE.id], ["search", "diary"]])
def test_without_an_output_nothing_is_said(root: Path, arguments: list[str]) -> None:
    command = [sys.executable, "-m", "mailarchiver", *arguments, "--root", str(root)]
    done = subprocess.run(["sh", "-c", '"$@" >&-', "sh", *command], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_open_as_json(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(key, raising=False)
    page = (root / LAKE.folder / "index.html").resolve()
    told = json.loads(run(root, "open", LAKE.id, "--json").stdout)
    assert told == {"id": LAKE.id, "page": str(page), "opened": False}


def test_a_page_that_is_not_there_is_not_opened(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webbrowser.open", lambda _: pytest.fail("it has nothing to show"))
    monkeypatch.setenv("DISPLAY", ":0")
    copy = shutil.copytree(root, tmp_path / "copy")
    (copy / LAKE.folder).rename(copy / "renamed")
    done = run(copy, "open", LAKE.id)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "index.html is not there: `mailarchiver verify`" in str(done.exception)


def test_open_calls_the_browser(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called = tmp_path / "called"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {called}\n')
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    monkeypatch.setattr("webbrowser._tryorder", None)
    assert run(root, "open", LAKE.id).stdout == ""
    assert called.read_text().strip() == (root / LAKE.folder / "index.html").resolve().as_uri()


def test_search_shows_the_place(root: Path) -> None:
    done = run(root, "search", "diary")
    assert done.stdout.splitlines() == [
        f"{LAKE.id}  2024-03-06  ]0;ownedThe 31mlake · Aldern Review",
        "    The lake[2J keeps a diary.",
    ]
    told = json.loads(run(root, "search", "--json", "diary").stdout)
    (start, end) = told["marks"][0]
    assert (told["id"], told["snippet"][start:end]) == (LAKE.id, "diary")


def test_marks_are_bold_on_a_terminal(root: Path) -> None:
    done = CliRunner().invoke(app, ["search", "diary", "--root", str(root)], color=True)
    assert "keeps a \x1b[1mdiary\x1b[0m." in done.stdout


@pytest.mark.parametrize(
    "query",
    ["after:2024 diary", "kind:text diary", "site:aldern diary", "tag:slow after:2024", "tag:slow -bus", "-tag:a b:c"],
)
def test_a_whole_query_may_be_one_argument(root: Path, query: str) -> None:
    whole, parts = (run(root, "search", "--", *words).stdout for words in ([query], query.split()))
    assert whole == parts


@pytest.mark.parametrize("command", [["list"], ["show", "998ec14a"], ["open", "998ec14a"]])
def test_where_there_is_no_archive_that_is_said(tmp_path: Path, command: list[str]) -> None:
    done = run(tmp_path / "nowhere", *command)
    assert isinstance(done.exception, NoSuchEntry)
    assert "there is no archive at " in str(done.exception)


def test_what_the_shell_took_the_quotes_from_is_a_condition_all_the_same(root: Path) -> None:
    assert LAKE.id in run(root, "search", "tag:slow travel").stdout
    assert LAKE.id in run(root, "search", "keeps diary").stdout
    assert run(root, "search", '"keeps diary"').stdout == ""
    nothing = run(root, "search", "--json", "nothing")
    assert (nothing.exit_code, nothing.stdout) == (0, "")
    assert LAKE.id not in run(root, "search", "--", "-diary").stdout


@pytest.mark.parametrize("arguments", [("list",), ("show", LAKE.id), ("search", "lake"), ("list", "--json"),
                                       ("search", "--json", "lake"), ("show", "--json", LAKE.id)])  # fmt: skip
def test_nothing_acts_on_the_terminal(root: Path, arguments: tuple[str, ...]) -> None:
    done = run(root, *arguments)
    assert done.exit_code == 0
    assert done.stdout
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", done.stdout)


def test_whoever_reads_the_list_may_go_away(root: Path) -> None:
    command = [sys.executable, "-m", "mailarchiver", "list", "--root", str(root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 1
