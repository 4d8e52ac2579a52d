"""`mailarchiver quarantine`: listed, shown, tried again, let out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mailarchiver import filing
from mailarchiver.archive.store import Store
from mailarchiver.cli.app import app
from mailarchiver.errors import NoSuchEntry
from mailarchiver.model import Filing, MessageRef, Quarantine, Quarantined, RawMessage, Rules, Understood
from mailarchiver.workers import InProcess
from tests.archive.filings import NOW, RECEIVED, digests
from tests.cli.test_import import entries

PLACE = MessageRef("articles", "INBOX", 7, 5)
PLAIN = b"From: Jane Roe <jane@example.org>\r\nSubject: =?utf-8?q?The_t=C3=AFde?=\r\n\r\nUp, <b>and</b>\r\n  down.\r\n"
PARTS = (
    b"From: Jane Roe <jane@example.org>\nSubject: Parts\x1b[31m\nMIME-Version: 1.0\n"
    b"Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\nIn a part.\n--x--\n"
)


class Unable(InProcess):
    """A worker that understands nothing."""

    def __init__(self, *_: object, **_more: object) -> None:
        pass

    def understand_all(self, mails: Sequence[tuple[RawMessage, str]], *, rules: Rules) -> Iterator[Understood]:
        return iter([Quarantine("crash", "it died again \x1b[31m")] * len(mails))


def held(data: bytes, ref: MessageRef = PLACE, **times: object) -> Filing:
    digest, folded = digests(data)
    raw = RawMessage(ref, times.get("received", RECEIVED), data, fallback=NOW)  # type: ignore[arg-type]
    return Filing(ref, digest, folded, quarantined=Quarantined(raw, Quarantine("limit", "it took more than 10 s")))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "archive"
    with Store.open(root, min_free=0) as store:
        store.commit([held(PLAIN)], now=NOW)
        store.commit([held(PARTS, MessageRef("import", "mails", path="mails/parts.eml"), received=None)], now=RECEIVED)
        store.acknowledged("articles", "INBOX", 7, [5], "flag")
    return root


def run(*arguments: str, root: Path) -> Result:
    return CliRunner().invoke(app, ["quarantine", *arguments, "--root", str(root)])


def lies(root: Path, data: bytes) -> Path:
    return root / ".mailarchiver/quarantine" / digests(data)[0]


def id_of(data: bytes) -> str:
    return digests(data)[0][:8]


def test_listed_without_being_understood_and_without_writing(root: Path) -> None:
    before = sorted((path, path.stat().st_mtime_ns) for path in root.rglob("*"))
    done = run("list", root=root)
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        f"{digests(PARTS)[0][:12]}  2024-03-06T17:21  limit          {len(PARTS)}  Jane Roe: Parts[31m",
        f"{digests(PLAIN)[0][:12]}  2024-03-07T08:00  limit           {len(PLAIN)}  Jane Roe: The tïde",
    ]
    told = [json.loads(line) for line in run("list", "--json", root=root).stdout.splitlines()]
    assert [(one["digest"], one["subject"], one["bytes"]) for one in told][1] == (
        digests(PLAIN)[0],
        "The tïde",
        len(PLAIN),
    )
    assert told[1]["from"] == {"name": "Jane Roe", "address": "jane@example.org"}
    assert sorted((path, path.stat().st_mtime_ns) for path in root.rglob("*")) == before


def test_shown(root: Path) -> None:
    done = run("show", id_of(PLAIN), root=root)
    assert done.exit_code == 0
    assert "detail: it took more than 10 s" in done.stdout
    assert "Subject: The tïde" in done.stdout
    assert str(lies(root, PLAIN)) in done.stdout
    assert "Up," not in done.stdout
    assert "\x1b" not in run("show", id_of(PARTS), root=root).stdout
    told = json.loads(run("show", str(lies(root, PLAIN)), "--json", root=root).stdout)
    assert (told["uid"], told["fields"][1]) == (5, ["Subject", "The tïde"])


def test_a_folder_without_mail_or_reason_is_listed_too(root: Path) -> None:
    (lies(root, PLAIN) / "reason.json").unlink()
    (lies(root, PARTS) / "message.eml").unlink()
    done = run("list", root=root)
    assert (done.exit_code, len(done.stdout.splitlines())) == (0, 2)
    assert run("show", id_of(PARTS), root=root).exit_code == 0
    done = run("retry", "--all", root=root)
    assert done.exit_code == 1
    assert "message.eml" in done.stderr
    assert len(entries(root)) == 1


def test_understood_at_the_second_try_it_is_filed_with_its_time_and_place(root: Path) -> None:
    done = run("retry", id_of(PLAIN), root=root)
    entry: dict[str, object] = dict(entries(root)[0])
    assert (done.exit_code, done.stdout) == (0, f"{digests(PLAIN)[0][:12]}  filed: {entry['folder']}\n")
    assert (entry["title"], entry["received"]) == ("The tïde", RECEIVED.isoformat())
    assert entry["source"] == {"account": "articles", "folder": "INBOX", "uidvalidity": 7, "uid": 5}
    assert not lies(root, PLAIN).exists()
    assert lies(root, PARTS).exists()
    assert "The tïde" in (root / "2024/03/index.html").read_text()
    with Store.open(root) as store:
        assert store.unacknowledged("articles", "INBOX", 7) == [5]
        assert store.in_quarantine() == 1


def test_what_is_not_understood_stays_with_the_new_reason(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filing, "Pool", Unable)
    done = run("retry", "--all", root=root)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "stays in quarantine: crash: it died again [31m" in done.stderr
    for data in (PLAIN, PARTS):
        assert (lies(root, data) / "message.eml").read_bytes() == data
        reason = lies(root, data) / "reason.json"
        assert json.loads(reason.read_bytes())["detail"] == "it died again \x1b[31m"
        assert reason.stat().st_mode & 0o777 == 0o600
    told = json.loads((lies(root, PLAIN) / "reason.json").read_bytes())
    assert (told["uid"], told["received"]) == (5, RECEIVED.isoformat())
    done = run("retry", id_of(PLAIN), "--json", root=root)
    assert json.loads(done.stdout)["outcome"] == "quarantined"
    assert (root / "manifest.jsonl").read_bytes() == b""


def test_released_it_is_filed_as_it_is(root: Path) -> None:
    """By a worker that runs nothing of what the mail may have foundered on."""
    done = run("release", id_of(PLAIN), id_of(PARTS), "--json", root=root)
    assert done.exit_code == 0, done.output
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["outcome"] for one in told] == ["filed", "filed"]
    plain, parts = entries(root)
    assert (plain["kind"], plain["title"], plain["received"]) == ("message", "The tïde", RECEIVED.isoformat())
    assert parts["received"] == NOW.isoformat(), "by what its source said"
    place = root / plain["folder"]
    assert (place / "message.eml").read_bytes() == PLAIN
    assert (place / "article.txt").read_text() == "Up, <b>and</b>\n  down.\n"
    assert "    Up, <b>and</b>\n      down.\n" in (place / "article.md").read_text()
    assert "<pre>Up, &lt;b&gt;and&lt;/b&gt;\n  down.</pre>" in (place / "index.html").read_text()
    described = json.loads((place / "article.json").read_bytes())
    assert [warning["code"] for warning in described["warnings"]] == ["unreadable"]
    assert (root / parts["folder"] / "article.txt").read_bytes() == b"", "a body of parts is not shown as lines"
    assert not list((root / ".mailarchiver/quarantine").iterdir())


def test_what_cannot_even_be_released_stays(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filing, "Pool", Unable)
    assert run("release", id_of(PLAIN), root=root).exit_code == 1
    assert lies(root, PLAIN).is_dir()


def test_copied_out_it_stays(root: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.eml"
    done = run("release", id_of(PLAIN), "--to", str(copy), root=root)
    assert (done.exit_code, done.stdout) == (0, f"copied to {copy}\n")
    assert copy.read_bytes() == PLAIN
    assert lies(root, PLAIN).is_dir()
    assert run("release", id_of(PLAIN), "--to", str(copy), root=root).exit_code == 2, "nothing is overwritten"
    assert run("release", id_of(PLAIN), id_of(PARTS), "--to", str(tmp_path / "x"), root=root).exit_code == 2


@pytest.mark.parametrize("command", ["show", "retry", "release"])
def test_an_unknown_mail(root: Path, command: str) -> None:
    done = run(command, "zzzz", root=root)
    assert isinstance(done.exception, NoSuchEntry)
    assert "no mail in quarantine 'zzzz'" in str(done.exception)


def test_nothing_or_everything(root: Path, tmp_path: Path) -> None:
    assert run("retry", root=root).exit_code == 2
    assert run("retry", "--all", "aaaa", root=root).exit_code == 2
    assert isinstance(run("list", root=tmp_path / "none").exception, NoSuchEntry)
    assert not (tmp_path / "none").exists()
    run("retry", "--all", root=root)
    assert run("list", root=root).stdout == ""
    assert run("retry", "--all", root=root).exit_code == 0
