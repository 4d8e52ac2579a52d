"""Mail that hangs, eats the memory or crashes the interpreter is filed as it is, and the next mail not disturbed."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mailarchiver import child, pipeline
from mailarchiver.errors import StoreError
from mailarchiver.model import Bundle, MessageRef, RawMessage, Rules
from mailarchiver.workers import InProcess, Pool

TRAPS = """
import ctypes, os, signal, sys, time
from mailarchiver import child, pipeline

def work(raw, *, id, rules):
    trap = raw.data.partition(b"Trap: ")[2].split(b"\\r\\n")[0].decode()
    if trap == "hang":
        time.sleep(600)
    elif trap == "spin":
        while True:
            pass
    elif trap == "memory":
        hoard = []
        while True:
            hoard.append(bytearray(1 << 28))
    elif trap == "crash":
        ctypes.string_at(0)
    elif trap == "exit":
        os._exit(3)
    elif trap == "print":
        print("chatter " * 10_000)
        os.write(1, b"more chatter")
    elif trap == "signals":
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
    elif trap == "takeover":
        import pickle
        class Call:
            def __reduce__(self):
                return os.system, ("touch taken-over",)
        return (pickle.dumps, Call())
    return pipeline.understand(raw, id=id, rules=rules)

child.serve(work)
"""
"""The pipeline as a child runs it, but for mails that name a trap. Such a thing exists in this test only."""


def mail(trap: str = "none", text: str = "A quiet day at the canal.") -> RawMessage:
    data = (
        "From: Jane Roe <jane@example.org>\r\nTo: articles@example.org\r\nSubject: The canal\r\n"
        f"Date: Wed, 06 Mar 2024 10:00:00 +0000\r\nTrap: {trap}\r\n\r\n{text}\r\n"
    ).encode()
    return RawMessage(MessageRef("import", "mail", path=f"{trap}.eml"), None, data)


def reasons(bundles: tuple[Bundle, ...]) -> bytes:
    return bundles[0].files["article.json"]


@pytest.fixture(scope="module")
def entry(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    script = tmp_path_factory.mktemp("entry") / "traps.py"
    script.write_text(TRAPS, "utf-8")
    return (str(script),)


@pytest.fixture(scope="module")
def pool(entry: tuple[str, ...]) -> Iterator[Pool]:
    with closing(Pool(seconds=60, memory=700 << 20, entry=entry)) as made:
        yield made


def understand(pool: Pool, raw: RawMessage) -> tuple[Bundle, ...]:
    return pool.understand(raw, id="0123456789ab", rules=Rules(UTC))


def test_children_make_what_the_pipeline_makes(tmp_path: Path) -> None:
    zone = ZoneInfo("Europe/Berlin")
    mails = [(mail(text=f"Day {number}."), f"{number:012x}") for number in range(12)]
    expected = list(InProcess().understand_all(mails, rules=Rules(zone)))
    with closing(Pool()) as one, closing(Pool(3)) as three:
        assert list(one.understand_all(mails, rules=Rules(zone))) == expected
        assert list(three.understand_all(mails, rules=Rules(zone))) == expected
    for (raw, _), bundles in zip(mails, expected, strict=True):
        assert bundles[0].files["message.eml"] == raw.data


def test_the_files_come_back_in_their_order() -> None:
    with closing(Pool()) as pool:
        assert list(understand(pool, mail())[0].files) == list(
            pipeline.understand(mail(), id="0123456789ab", rules=Rules(UTC))[0].files
        )


@pytest.mark.parametrize(
    ("trap", "reason"),
    [
        ("memory", b"it needs more memory than a worker may have"),
        ("crash", b"the worker process ended (signal 11"),
        ("exit", b"the worker process ended (exit status 3"),
        ("takeover", b"the worker process ended"),
    ],
)
def test_a_mail_that_kills_its_child_is_filed_as_it_is(
    pool: Pool,
    trap: str,
    reason: bytes,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with caplog.at_level(logging.ERROR):
        bundles = understand(pool, mail(trap))
    assert len(bundles) == 1
    assert bundles[0].files["message.eml"] == mail(trap).data
    assert b'"unreadable"' in reasons(bundles)
    assert reason in reasons(bundles)
    assert bundles[0].entry.title == "The canal"
    assert f"{trap}.eml is filed as it is" in caplog.text
    assert not (tmp_path / "taken-over").exists()
    undisturbed = understand(pool, mail())
    assert b'"unreadable"' not in reasons(undisturbed)
    assert b"A quiet day" in undisturbed[0].files["article.txt"]


@pytest.mark.parametrize("trap", ["hang", "spin"])
def test_a_mail_that_takes_too_long_is_filed_as_it_is(trap: str, entry: tuple[str, ...]) -> None:
    with closing(Pool(seconds=2, entry=entry)) as pool:
        made = list(pool.understand_all([(mail(trap), "0" * 12), (mail("none"), "1" * 12)], rules=Rules(UTC)))
    assert b"it took more than 2 s" in reasons(made[0])
    assert made[0][0].files["message.eml"] == mail(trap).data
    assert len(made) == 2


@pytest.mark.parametrize("trap", ["print", "signals"])
def test_what_a_library_prints_and_signals_meant_for_the_parent_do_no_harm(pool: Pool, trap: str) -> None:
    assert b'"unreadable"' not in reasons(understand(pool, mail(trap)))


def test_a_batch_keeps_its_order_around_mails_that_crash(entry: tuple[str, ...]) -> None:
    traps = ["none", "exit", "none", "crash", "none", "none"]
    with closing(Pool(2, entry=entry)) as pool:
        made = list(pool.understand_all([(mail(trap), f"{n:012x}") for n, trap in enumerate(traps)], rules=Rules(UTC)))
    assert [b'"unreadable"' in reasons(bundles) for bundles in made] == [trap != "none" for trap in traps]
    assert [bundles[0].id for bundles in made] == [f"{number:012x}" for number in range(len(traps))]


def test_a_child_that_was_killed_while_idle_is_no_mails_fault(entry: tuple[str, ...]) -> None:
    with closing(Pool(entry=entry)) as pool:
        understand(pool, mail())
        process = pool._children[0]._process
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert b'"unreadable"' not in reasons(understand(pool, mail()))


def test_a_child_that_does_not_start_is_no_mails_fault(tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("raise SystemExit(1)\n", "utf-8")
    with closing(Pool(entry=(str(broken),))) as pool, pytest.raises(StoreError, match="does not start"):
        understand(pool, mail())


def test_closing_the_pool_blames_no_mail(entry: tuple[str, ...]) -> None:
    pool = Pool(seconds=60, entry=entry)
    understand(pool, mail())
    threading.Timer(0.5, pool.close).start()
    start = time.monotonic()
    with pytest.raises(StoreError, match="ending"):
        understand(pool, mail("hang"))
    assert time.monotonic() - start < 30


def test_a_child_ends_with_its_parent(entry: tuple[str, ...]) -> None:
    pool = Pool(entry=entry)
    understand(pool, mail())
    process = pool._children[0]._process
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(30) == 0
    pool.close()


def test_a_module_in_the_current_folder_is_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bs4.py").write_text("raise SystemExit(1)\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    with closing(Pool()) as pool:
        assert b'"unreadable"' not in reasons(understand(pool, mail()))


def test_a_large_mail_does_not_come_back() -> None:
    raw = mail(text="x" * 5_000_000)
    bundle = pipeline.understand(raw, id="0123456789ab", rules=Rules(UTC))[0]
    assert child._light(bundle, raw).files["message.eml"] == b""
    assert list(child._light(bundle, raw).files) == list(bundle.files)


def test_the_interpreter_is_this_one() -> None:
    with closing(Pool()) as pool:
        assert pool._command[0] == sys.executable


def test_an_interpreter_that_may_not_be_run_is_said_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So it is for root, become the archive's owner, where the program lies in root's own home."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(StoreError, match=r"python: No such file .*user \d+"):
        Pool()
