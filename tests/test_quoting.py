"""No log quotes a mail: neither its text in an exception's words, nor where the worker or the parent fails by it."""

from __future__ import annotations

import json
import logging
import os
import socket
import sys
import tempfile
from contextlib import closing
from datetime import UTC
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest

from mailarchiver import filing
from mailarchiver.config import Archive, Limits
from mailarchiver.filing import filed, opened
from mailarchiver.journal import JournalHandler
from mailarchiver.log_lines import JsonLines, PlainLines
from mailarchiver.model import MessageRef, RawMessage, Receipt, Rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SECRET = "the whole secret text"
MAIL = (
    "From: Jane Roe <jane@example.org>\r\nTo: a@example.org\r\nSubject: A day at sea\r\n"
    f"Message-ID: <1@example.org>\r\nDate: Wed, 6 Mar 2024 12:00:00 +0000\r\n\r\n{SECRET}\r\n"
).encode()
REF = MessageRef("articles", "INBOX", 7, 12)
EXTRACT = """
from mailarchiver import child, pipeline

def extract(original, tags):
    raise ValueError(f"cannot read {original.message.text!r}")

pipeline.extract = extract
child.serve()
"""
"""A child that meets the text in its pipeline, and quotes it."""
ANSWER = """
from mailarchiver import child

def answer_frame(answer, raw):
    raise ValueError(f"cannot pack {raw.data!r}")

child.answer_frame = answer_frame
child.serve()
"""
"""One that fails by it where nobody catches that."""


FINALISER = """
from mailarchiver import child, pipeline

class Held:
    def __del__(self):
        raise ValueError(f"cannot close {self.data!r}")

def work(raw, *, id, rules):
    held = Held()
    held.data = raw.data
    del held
    return pipeline.understand(raw, id=id, rules=rules)

child.serve(work)
"""
"""One that fails by it where nobody can be told."""
NAMES = f"""
import dataclasses
from mailarchiver import child, pipeline

def work(raw, *, id, rules):
    [made] = pipeline.understand(raw, id=id, rules=rules)
    return (dataclasses.replace(made, files={{**made.files, "../{SECRET}.pdf": b"%PDF"}}),)

child.serve(work)
"""
"""One that names a file by it which would lie outside of its folder."""


def file(root: Path, script: Path) -> list[Receipt]:
    def batches() -> Iterator[list[RawMessage]]:
        yield [RawMessage(REF, None, MAIL)]

    with opened(Archive(root=root, min_free=0), Limits(), jobs=1, entry=(str(script),)) as (store, worker):
        return [receipt for done in filed(batches(), store, worker, rules=Rules(UTC)) for receipt in done]


@pytest.fixture(params=["plain", "json", "journal"])
def logged(request: pytest.FixtureRequest) -> Iterator[Callable[[], str]]:
    """What the program's own log holds, in each of its forms."""
    stream = StringIO()
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
        journal.bind(f"{folder}/socket")
        journal.setblocking(False)
        handler: logging.Handler = logging.StreamHandler(stream)
        if request.param == "journal":
            handler = JournalHandler(f"{folder}/socket")
        else:
            handler.setFormatter(JsonLines() if request.param == "json" else PlainLines())

        def told() -> str:
            said = stream.getvalue()
            try:
                while True:
                    said += journal.recv(1 << 16).decode("utf-8", "replace")  # the lengths between are octets
            except BlockingIOError:
                return said

        logger = logging.getLogger("mailarchiver")
        logger.addHandler(handler)
        level = logger.level
        logger.setLevel(logging.DEBUG)
        with closing(handler):
            yield told
        logger.removeHandler(handler)
        logger.setLevel(level)


def test_a_worker_that_fails_by_a_mail(tmp_path: Path, logged: Callable[[], str]) -> None:
    script = tmp_path / "entry.py"
    script.write_text(EXTRACT, "utf-8")
    [receipt] = file(tmp_path / "a", script)
    assert receipt.outcome == "quarantined"
    logging.getLogger("mailarchiver.rounds").warning("%s", filing.in_quarantine(receipt, tmp_path / "a"))
    told = logged()
    assert f'File \\"{script}\\", line 5, in extract'.replace("\\", "\\" * told.startswith("{")) in told
    assert "ValueError in extract (entry.py, line 5)" in told
    assert SECRET not in told
    reason = json.loads(next((tmp_path / "a/.mailarchiver/quarantine").glob("*/reason.json")).read_text())
    assert SECRET not in json.dumps(reason)


@pytest.mark.parametrize(
    ("entry", "outcome", "known"),
    [
        (ANSWER, "quarantined", "line 5, in answer_frame\nValueError"),
        (FINALISER, "filed", "line 6, in __del__\nValueError"),
    ],
)
def test_what_a_worker_itself_says_of_a_mail(tmp_path: Path, entry: str, outcome: str, known: str) -> None:
    """Its standard error is the service's, and so the journal's: a pipe, or a socket."""
    script = tmp_path / "entry.py"
    script.write_text(entry, "utf-8")
    read, write = os.pipe()
    before = os.dup(2)
    os.dup2(write, 2)
    try:
        [receipt] = file(tmp_path / "a", script)
    finally:
        os.dup2(before, 2)
        os.close(before)
        os.close(write)
    assert receipt.outcome == outcome
    with open(read, encoding="utf-8") as stream:  # noqa: PTH123 - a descriptor, not a path
        told = stream.read()
    assert known in told
    assert SECRET not in told


def test_a_parent_that_fails_by_a_mail(
    tmp_path: Path, logged: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a round meets it: at its border."""

    def check(bundle: Any, digest: str) -> None:
        raise KeyError(bundle.files["article.txt"].decode())

    monkeypatch.setattr(filing, "check", check)
    script = tmp_path / "entry.py"
    script.write_text("from mailarchiver import child\nchild.serve()\n", "utf-8")
    with pytest.raises(KeyError, match=SECRET):
        file(tmp_path / "a", script)
    try:
        file(tmp_path / "a", script)
    except KeyError:
        logging.getLogger("mailarchiver.rounds").exception("the round was broken off by a defect of mailarchiver")
    told = logged()
    assert "in check" in told
    assert "KeyError" in told
    assert SECRET not in told
    assert sys.exc_info() == (None, None, None)


def test_an_answer_that_is_refused(tmp_path: Path, logged: Callable[[], str]) -> None:
    """By the name of a file in it, which is the mail's."""
    script = tmp_path / "entry.py"
    script.write_text(NAMES, "utf-8")
    [receipt] = file(tmp_path / "a", script)
    assert receipt.why is not None
    assert receipt.why.reason == "defect"
    logging.getLogger("mailarchiver.rounds").warning("%s", filing.in_quarantine(receipt, tmp_path / "a"))
    told = logged()
    assert "the worker's answer was refused: ValueError in check (staging.py" in told
    assert SECRET not in told
