"""What older programs left, as tests/data/older has it, is opened and gone on with: none is lost, none doubled."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mailarchiver.archive.schema import SCHEMA_VERSION
from mailarchiver.cli.app import app
from tests.archive.filings import tree
from tests.data.older.mails import ECLIPSE, MAILS
from tests.servers.simulated import SimulatedServer

DATA = Path(__file__).parents[1] / "data/older"
OLDER = range(1, SCHEMA_VERSION)
NEW = MAILS[0].replace(b"tide", b"moon").replace(b"<1@", b"<9@")


def run(*arguments: str) -> str:
    """What a command prints; it must not fail."""
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == 0, f"{arguments}: {done.output}"
    return done.stdout


def ids(root: Path) -> list[str]:
    return [json.loads(line)["id"] for line in run("list", "--root", str(root), "--json").splitlines()]


@pytest.fixture(params=OLDER)
def schema(request: pytest.FixtureRequest) -> int:
    number: int = request.param
    return number


@pytest.fixture
def root(schema: int, tmp_path: Path) -> Path:
    archive = str(DATA / f"schema-{schema}.tar.xz")
    subprocess.run(["tar", "-xJf", archive, "--no-same-owner", "-C", str(tmp_path)], check=True)
    return tmp_path / "archive"


def configured(root: Path, server: SimulatedServer) -> str:
    """As the older program had it."""
    path = root.parent / "config.toml"
    path.write_text(
        '[archive]\nroot = "archive"\nmin_free = "1 MB"\n\n[[account]]\nname = "articles"\nhost = "127.0.0.1"\n'
        f'port = {server.port}\nsecurity = "none"\nusername = "x"\npassword = "x"\nafter = "flag"\n'
    )
    path.chmod(0o600)
    return str(path)


def mailbox(root: Path) -> SimulatedServer:
    """The mailbox as the older program left it, and one more mail."""
    server = SimulatedServer([*MAILS, NEW])
    for uid in range(1, len(MAILS) + 1):
        server.boxes["INBOX"].messages[uid].flags.add("\\Flagged")
    return server


def version_of_ledger(root: Path) -> int:
    with closing(sqlite3.connect(root / ".mailarchiver/ledger.sqlite")) as db:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        return int(version)


def test_there_is_one_of_each_ledger() -> None:
    assert sorted(path.name for path in DATA.glob("*.tar.xz")) == [f"schema-{number}.tar.xz" for number in OLDER]


def test_it_is_of_that_ledger(root: Path, schema: int) -> None:
    assert version_of_ledger(root) == schema


def test_commands_that_only_read_take_it_as_it_is(root: Path, schema: int) -> None:
    before = {path: path.stat().st_mtime_ns for path in sorted(root.rglob("*"))}
    assert "all as filed" in run("verify", "--root", str(root))
    assert {path: path.stat().st_mtime_ns for path in sorted(root.rglob("*"))} == before
    assert version_of_ledger(root) == schema


def test_it_polls_on_and_nothing_is_lost_or_doubled(root: Path, schema: int) -> None:
    filed = 2 + (schema == 1)  # before there was a quarantine, the mail became a page without contents
    manifest = (root / "manifest.jsonl").read_bytes()
    pages = {name: data for name, data in tree(root).items() if name.startswith("2024/03/2024-")}
    with mailbox(root) as server:
        config = configured(root, server)
        told = json.loads(run("poll", "--config", config, "--json"))
        assert (told["found"], told["filed"], told["already"], told["quarantined"]) == (1, 1, 0, 0)
        again = json.loads(run("poll", "--config", config, "--json"))
        assert (again["found"], again["filed"]) == (0, 0)
        bodies = [command for command in server.commands if "BODY.PEEK[]" in command]
        assert bodies, "the new one"
        assert all("FETCH 5 " in command for command in bodies), bodies
    assert version_of_ledger(root) == SCHEMA_VERSION
    assert (root / "manifest.jsonl").read_bytes().startswith(manifest)
    found = ids(root)
    assert len(found) == len(set(found)) == filed + 1
    now = tree(root)
    assert {name: now.get(name) for name in pages} == pages, "what was filed is as it was"
    run("verify", "--root", str(root))


def test_it_is_read_again_as_well_as_the_new_program_can(root: Path, schema: int) -> None:
    before = ids(root)
    run("reprocess", "--all", "--root", str(root))
    run("verify", "--root", str(root))
    assert ids(root) == before
    for path in root.glob("2024/03/2024-*/article.json"):
        assert json.loads(path.read_text())["extractor"].startswith("mailarchiver 0.2")


def test_what_lay_in_quarantine_lies_there_and_can_be_filed(root: Path, schema: int) -> None:
    if schema == 1:
        pytest.skip("its program knew no quarantine")
    with mailbox(root) as server:
        config = configured(root, server)
        run("poll", "--config", config)
        [held] = [json.loads(line) for line in run("quarantine", "list", "--root", str(root), "--json").splitlines()]
        run("quarantine", "retry", "--root", str(root), held["digest"])
        assert run("quarantine", "list", "--root", str(root), "--json").strip() == ""
        assert json.loads(run("poll", "--config", config, "--json"))["found"] == 0
    mails = [path.read_bytes() for path in root.glob("2024/03/2024-*/message.eml")]
    assert mails.count(ECLIPSE) == 1
    run("verify", "--root", str(root))


def test_a_mailbox_that_was_made_anew_fills_it_no_further(root: Path, schema: int) -> None:
    """Another UIDVALIDITY: all is fetched once more, and is known by its digest."""
    before = ids(root)
    with SimulatedServer(list(MAILS)) as server:
        server.boxes["INBOX"].uidvalidity = 78
        told = json.loads(run("poll", "--config", configured(root, server), "--json"))
    assert (told["filed"], told["already"], told["quarantined"]) == (0, 4, 0)
    assert ids(root) == before
