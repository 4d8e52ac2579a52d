"""Mail that hangs, eats the memory or crashes the interpreter goes to quarantine; the next mail is not disturbed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mailarchiver import answers, pipeline
from mailarchiver.errors import StoreError
from mailarchiver.model import Bundle, MessageRef, Quarantine, RawMessage, Rules, TagRules, Understood
from mailarchiver.workers import InProcess, Pool

TRAPS = """
import ctypes, os, signal, sys, time
from mailarchiver import child, pipeline

def work(raw, *, id, rules):
    trap = raw.data.partition(b"Trap: ")[2].split(b"\\r\\n")[0].decode()
    if trap == "hang":
        time.sleep(600)
    elif trap == "hang in C":
        ctypes.PyDLL(None).sleep(600)
    elif trap == "spin":
        while True:
            pass
    elif trap == "memory":
        hoard = []
        while True:
            hoard.append(bytearray(1 << 28))
    elif trap == "deep memory":
        pipeline.parse = lambda data: [bytearray(1 << 28) for _ in range(100)]
    elif trap == "defect":
        real = pipeline.parse
        def parse(data):
            pipeline.parse = real
            raise ZeroDivisionError("a \\ndefect \\x1b[2J")
        pipeline.parse = parse
    elif trap == "write":
        def parse(data):
            pipeline.parse = real
            with open("written", "wb") as file:
                file.write(b"x")
        real, pipeline.parse = pipeline.parse, parse
    elif trap == "open":
        def parse(data):
            pipeline.parse = real
            files = [open(os.devnull) for _ in range(100)]
        real, pipeline.parse = pipeline.parse, parse
    elif trap == "late import":
        import wave, zoneinfo
        zoneinfo.ZoneInfo("Asia/Kathmandu")
    elif trap == "work":
        end = time.process_time() + 0.7
        while time.process_time() < end:
            pass
    elif trap == "nap":
        time.sleep(0.8)
    elif trap == "swell":
        import dataclasses
        (made,) = pipeline.understand(raw, id=id, rules=rules)
        return (dataclasses.replace(made, files={**made.files, "large.bin": bytes(5_000_000)}),)
    elif trap in {"forgery", "boast", "debt"}:
        from mailarchiver import answers
        length = {"forgery": "5", "boast": 1 << 40, "debt": -5}[trap]
        real = answers._plain
        def forged(bundle, sent):
            own_id, folder, lengths, *rest = real(bundle, sent)
            return own_id, folder, {**lengths, "index.html": length}, *rest
        answers._plain = forged
    elif trap == "strange":
        import dataclasses
        (made,) = pipeline.understand(raw, id=id, rules=rules)
        return (dataclasses.replace(made, entry=dataclasses.replace(made.entry, words=b"")),)
    elif trap == "nothing":
        return ()
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
        packed = pickle.dumps(Call())
        frame = len(packed).to_bytes(8, "big") + packed
        os.write(6, len(frame).to_bytes(8, "big") + frame)
        time.sleep(600)
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


def bundles_of(answer: Understood) -> tuple[Bundle, ...]:
    assert not isinstance(answer, Quarantine), answer
    return answer


def reason(answer: Understood) -> str | None:
    """Why a mail goes to quarantine; None where it was understood."""
    return answer.reason if isinstance(answer, Quarantine) else None


@pytest.fixture(scope="module")
def entry(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    script = tmp_path_factory.mktemp("entry") / "traps.py"
    script.write_text(TRAPS, "utf-8")
    return (str(script),)


@pytest.fixture(scope="module")
def pool(entry: tuple[str, ...]) -> Iterator[Pool]:
    with closing(Pool(seconds=60, memory=700 << 20, entry=entry)) as made:
        yield made


def understand(pool: Pool, raw: RawMessage) -> Understood:
    return pool.understand(raw, id="0123456789ab", rules=Rules(UTC))


def numbered(*mails: RawMessage) -> list[tuple[RawMessage, str]]:
    """Mails with ids that tell them apart."""
    return [(raw, f"{number:012x}") for number, raw in enumerate(mails)]


def understand_all(pool: Pool, *mails: RawMessage) -> list[Understood]:
    return list(pool.understand_all(numbered(*mails), rules=Rules(UTC)))


def number_of(pool: Pool) -> int:
    """Of the process of the first child."""
    number = pool._children[0].pid
    assert number is not None
    return number


def ids(made: Sequence[Understood]) -> list[int | None]:
    """The numbers of the mails that were understood."""
    return [None if isinstance(answer, Quarantine) else int(answer[0].id, 16) for answer in made]


def test_children_make_what_the_pipeline_makes(tmp_path: Path) -> None:
    zone = ZoneInfo("Europe/Berlin")
    mails = [(mail(text=f"Day {number}."), f"{number:012x}") for number in range(12)]
    expected = list(InProcess().understand_all(mails, rules=Rules(zone)))
    with closing(Pool()) as one, closing(Pool(3)) as three:
        assert list(one.understand_all(mails, rules=Rules(zone))) == expected
        assert list(three.understand_all(mails, rules=Rules(zone))) == expected
    for (raw, _), answer in zip(mails, expected, strict=True):
        assert bundles_of(answer)[0].files["message.eml"] == raw.data


def test_the_files_come_back_in_their_order() -> None:
    with closing(Pool()) as pool:
        assert list(bundles_of(understand(pool, mail()))[0].files) == list(
            bundles_of(pipeline.understand(mail(), id="0123456789ab", rules=Rules(UTC)))[0].files
        )


@pytest.mark.parametrize(
    ("trap", "why", "words"),
    [
        ("memory", "limit", "it needs more memory than a worker may have"),
        ("deep memory", "limit", "it needs more memory than a worker may have"),
        ("crash", "crash", "the worker process ended (signal 11"),
        ("exit", "crash", "the worker process ended (exit status 3"),
        ("takeover", "crash", "no sound answer (UnpicklingError)"),
        ("forgery", "crash", "no sound answer (TypeError)"),
        ("boast", "crash", "no sound answer (ValueError)"),
        ("debt", "crash", "no sound answer (ValueError)"),
        ("strange", "crash", "no sound answer (TypeError)"),
        ("nothing", "crash", "no sound answer (ValueError)"),
        ("defect", "defect", "ZeroDivisionError in parse (traps.py, line "),
    ],
)
def test_a_mail_that_ends_its_child_goes_to_quarantine(
    pool: Pool, trap: str, why: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    answer = understand(pool, mail(trap))
    assert isinstance(answer, Quarantine)
    assert (answer.reason, words in answer.detail, "\n" in answer.detail) == (why, True, False), answer
    assert ("Traceback" in answer.trace) == (why == "defect")
    assert not (tmp_path / "taken-over").exists()
    undisturbed = bundles_of(understand(pool, mail()))
    assert b"A quiet day" in undisturbed[0].files["article.txt"]


@pytest.mark.parametrize("trap", ["hang", "spin"])
def test_a_mail_that_takes_too_long_goes_to_quarantine(trap: str, entry: tuple[str, ...]) -> None:
    with closing(Pool(seconds=2, entry=entry)) as pool:
        made = list(pool.understand_all([(mail(trap), "0" * 12), (mail("none"), "1" * 12)], rules=Rules(UTC)))
    assert made[0] == Quarantine("limit", "it took more than 2 s")
    assert [reason(answer) for answer in made] == ["limit", None]


@pytest.mark.parametrize("trap", ["print", "signals"])
def test_what_a_library_prints_and_signals_meant_for_the_parent_do_no_harm(pool: Pool, trap: str) -> None:
    assert reason(understand(pool, mail(trap))) is None


@pytest.mark.parametrize(
    ("trap", "error"), [("write", "OSError EFBIG"), ("open", "OSError EMFILE"), ("late import", None)]
)
def test_a_child_writes_nothing_and_opens_little(
    entry: tuple[str, ...], trap: str, error: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # before the child begins, whose folder it is, too
    with closing(Pool(seconds=60, memory=700 << 20, entry=entry)) as pool:
        answer = understand(pool, mail(trap))
    if error is None:
        assert reason(answer) is None
    else:
        assert isinstance(answer, Quarantine)
        assert error in answer.detail
    assert [path.read_bytes() for path in tmp_path.glob("written")] == ([b""] if trap == "write" else [])


def test_what_one_mail_used_of_its_time_is_not_taken_from_the_next(entry: tuple[str, ...]) -> None:
    mails = [(mail("work"), f"{number:012x}") for number in range(8)]  # 5.6 s of the processor
    with closing(Pool(seconds=4, entry=entry)) as pool:
        assert {reason(answer) for answer in pool.understand_all(mails, rules=Rules(UTC))} == {None}
        assert not pool._children[0].ended()


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize(
    "traps",
    [
        "none exit none crash none none",
        "exit exit exit",
        "none none none memory",
        "crash none none none none none none none none",
        "swell exit none swell nothing none",
    ],
)
def test_only_the_mail_that_ends_its_child_is_blamed(jobs: int, traps: str, entry: tuple[str, ...]) -> None:
    """Those that were sent ahead behind it are asked again, and what came before it is heard."""
    with closing(Pool(jobs, memory=700 << 20, entry=entry)) as pool:
        made = understand_all(pool, *map(mail, traps.split()))
    good = {"none", "swell"}
    assert ids(made) == [number if trap in good else None for number, trap in enumerate(traps.split())]
    held = {"memory": "limit"}
    assert [reason(answer) for answer in made] == [
        None if trap in good else held.get(trap, "crash") for trap in traps.split()
    ]


def test_mails_behind_one_that_takes_too_long_are_asked_again(entry: tuple[str, ...]) -> None:
    with closing(Pool(seconds=2, entry=entry)) as pool:
        made = understand_all(pool, *map(mail, ["none", "hang", "none", "hang in C", "none", "none"]))
    assert ids(made) == [0, None, 2, None, 4, 5]
    assert made[1] == made[3] == Quarantine("limit", "it took more than 2 s")


def test_the_time_of_a_mail_begins_when_the_one_before_it_is_done(entry: tuple[str, ...]) -> None:
    with closing(Pool(seconds=2, entry=entry)) as pool:
        assert ids(understand_all(pool, *[mail("nap")] * 5)) == [0, 1, 2, 3, 4]  # 4 s


def test_a_child_that_was_stopped_in_a_batch_is_killed_when_its_time_is_over(entry: tuple[str, ...]) -> None:
    with closing(Pool(seconds=2, entry=entry)) as pool:
        understand(pool, mail())
        os.kill(number_of(pool), signal.SIGSTOP)
        made = understand_all(pool, *[mail(text="x" * 200_000)] * 12)
    assert ids(made) == [None, *range(1, 12)]


@pytest.mark.parametrize("jobs", [1, 2])
def test_tasks_and_answers_larger_than_both_pipes_meet(jobs: int, entry: tuple[str, ...]) -> None:
    """The child would wait for its answer to be read, and we for the next mail to be."""
    large = mail(text="x" * 70 + "\r\n" + "y" * 3_000_000)
    with closing(Pool(jobs, seconds=60, entry=entry)) as pool:
        made = understand_all(pool, *[mail("swell"), large] * 3)
    assert ids(made) == [0, 1, 2, 3, 4, 5]


def test_little_is_sent_ahead_of_a_large_mail(entry: tuple[str, ...]) -> None:
    """What is packed and waits is memory."""
    with closing(Pool(seconds=60, entry=entry)) as pool:
        understand(pool, mail())
        line = deque(enumerate(numbered(mail(), *[mail(text="x" * 2_000_000)] * 3)))
        conversation = pool._children[0].ask_all(line, Rules(UTC), 60)
        left = [len(line) for _ in conversation]
    assert left == [2, 2, 1, 0]


def test_a_batch_that_nobody_reads_to_its_end_leaves_the_pool_in_order(entry: tuple[str, ...]) -> None:
    with closing(Pool(seconds=60, memory=700 << 20, entry=entry)) as pool:
        process = pool._children[0]._process
        answers = pool.understand_all(numbered(*[mail()] * 50), rules=Rules(UTC))
        assert ids([next(answers)]) == [0]
        del answers
        assert reason(understand(pool, mail())) is None
        assert ids(understand_all(pool, mail("exit"), mail(), mail())) == [None, 1, 2]
        assert process.wait(0) == 3  # it was asked to the end


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_batch_may_be_asked_for_in_the_middle_of_another(jobs: int, entry: tuple[str, ...]) -> None:
    """`verify --deep` does, where a mail may have been filed by other rules."""
    with closing(Pool(jobs, entry=entry)) as pool:
        for number, answer in enumerate(pool.understand_all(numbered(*[mail()] * 9), rules=Rules(UTC))):
            assert ids([answer, *understand_all(pool, mail(), mail())]) == [number, 0, 1]


@pytest.mark.parametrize("jobs", [1, 2])
def test_several_threads_get_their_own_answers(jobs: int, entry: tuple[str, ...]) -> None:
    traps = ["none", "none", "exit", "none", "none", "none"]
    with closing(Pool(jobs, entry=entry)) as pool, ThreadPoolExecutor(3) as threads:
        batches = [[mail(trap, f"Batch {number}.") for trap in traps] for number in range(3)]
        for number, made in enumerate(threads.map(lambda batch: understand_all(pool, *batch), batches)):
            assert ids(made) == [0, 1, None, 3, 4, 5]
            for answer in made:
                if not isinstance(answer, Quarantine):
                    assert answer[0].files["article.txt"] == b"Batch %d.\n" % number


def test_mails_that_hang_do_not_keep_another_threads_mail_waiting(entry: tuple[str, ...]) -> None:
    done: list[str] = []
    with closing(Pool(seconds=1, entry=entry)) as pool, ThreadPoolExecutor(2) as threads:
        understand(pool, mail())
        batch = threads.submit(understand_all, pool, *[mail("hang")] * 4)
        batch.add_done_callback(lambda _: done.append("batch"))
        time.sleep(0.5)
        understand(pool, mail())
        done.append("other")
    assert done == ["other", "batch"]


def test_a_batch_of_no_mails_has_no_answers(pool: Pool) -> None:
    assert understand_all(pool) == []


def test_a_child_that_was_killed_while_idle_is_no_mails_fault(entry: tuple[str, ...]) -> None:
    with closing(Pool(seconds=60, memory=700 << 20, entry=entry)) as pool:
        understand(pool, mail())
        process = pool._children[0]._process
        os.kill(number_of(pool), signal.SIGKILL)
        assert process.wait(30) == -signal.SIGKILL
        assert reason(understand(pool, mail())) is None


@pytest.mark.parametrize("size", [10, 5_000_000])
def test_a_child_that_was_stopped_is_killed_when_its_time_is_over(size: int, entry: tuple[str, ...]) -> None:
    """With the larger mail, the pipe to it is full: nobody reads."""
    with closing(Pool(seconds=2, entry=entry)) as pool:
        understand(pool, mail())
        process = pool._children[0]._process
        os.kill(number_of(pool), signal.SIGSTOP)
        assert understand(pool, mail(text="x" * size)) == Quarantine("limit", "it took more than 2 s")
        assert process.wait(0) == -signal.SIGKILL
        assert reason(understand(pool, mail())) is None


def test_a_mail_and_an_answer_larger_than_a_pipe_cross_it() -> None:
    data = os.urandom(5_000_000)
    raw = RawMessage(MessageRef("import", "mail", path="x.eml"), None, b"Content-Type: a/b\r\n\r\n" + data)
    with closing(Pool()) as pool:
        (made,) = bundles_of(understand(pool, raw))
    assert made.files["message.eml"] == raw.data
    assert data in made.files.values()


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_child_that_does_not_start_is_no_mails_fault(jobs: int, tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("raise SystemExit(1)\n", "utf-8")
    with closing(Pool(jobs, entry=(str(broken),))) as pool:
        with pytest.raises(StoreError, match="does not start"):
            understand(pool, mail())
        with pytest.raises(StoreError, match="does not start"):
            understand_all(pool, mail(), mail(), mail())


@pytest.mark.parametrize("jobs", [1, 2])
def test_closing_the_pool_blames_no_mail(jobs: int, entry: tuple[str, ...]) -> None:
    """Neither the one in work, nor one that was sent ahead, nor one of a batch that has no child yet."""
    pool = Pool(jobs, seconds=60, entry=entry)
    assert reason(understand(pool, mail())) is None
    threading.Timer(1, pool.close).start()
    start = time.monotonic()
    asked = [lambda: understand(pool, mail("hang")), lambda: understand_all(pool, mail("hang"), mail(), mail("hang"))]
    with ThreadPoolExecutor(4) as threads:
        waiting = [threads.submit(ask) for ask in asked * 2]
        for each in waiting:
            with pytest.raises(StoreError, match="ending"):
                each.result()
    assert time.monotonic() - start < 30
    children = [child._process for child in pool._children]
    assert {process.wait(30) for process in children} == {-signal.SIGKILL}
    with pytest.raises(StoreError, match="ending"):
        understand_all(pool, mail())


PARENT = """
import sys
from datetime import UTC
from mailarchiver.model import Rules
from mailarchiver.workers import Pool
from tests.test_workers import mail
pool = Pool(seconds=2, entry=(sys.argv[1],))
pool.understand(mail(), id="0" * 12, rules=Rules(UTC))
print(pool._children[0].pid, pool._nursery._process.pid, flush=True)
pool.understand(mail(sys.argv[2]), id="0" * 12, rules=Rules(UTC))
sys.stdin.read()
"""


@pytest.mark.parametrize("trap", ["none", "hang", "hang in C", "spin"])
def test_a_child_ends_with_a_parent_that_was_killed_whatever_it_does(trap: str, entry: tuple[str, ...]) -> None:
    command = [sys.executable, "-c", PARENT, *entry, trap]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment) as parent:
        assert parent.stdout is not None
        numbers = [int(number) for number in parent.stdout.readline().split()]
        time.sleep(0.5)
        assert all(map(is_running, numbers))
        parent.kill()
    end = time.monotonic() + 20
    while any(map(is_running, numbers)):
        assert time.monotonic() < end
        time.sleep(0.05)


def is_running(number: int | None) -> bool:
    """Whether there is such a process, and it is no zombie: nobody may be there to wait for it."""
    try:
        return " Z " not in Path(f"/proc/{number}/stat").read_text().rpartition(")")[2]
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_child_ends_with_its_parent(entry: tuple[str, ...]) -> None:
    pool = Pool(entry=entry)
    understand(pool, mail())
    child = pool._children[0]
    child._pipes[0].close()
    assert child._process.wait(30) == 0
    pool.close()


def test_a_module_in_the_current_folder_is_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "selectolax.py").write_text("raise SystemExit(1)\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    with closing(Pool()) as pool:
        assert reason(understand(pool, mail())) is None


def test_a_large_mail_does_not_come_back_and_is_there_all_the_same() -> None:
    raw = mail(text="x" * 5_000_000)
    made = bundles_of(pipeline.understand(raw, id="0123456789ab", rules=Rules(UTC)))
    empty = dict.fromkeys(made[0].files, b"")
    frame = b"".join(answers.answer_frame((replace(made[0], files=empty | {"message.eml": raw.data}),), raw))
    assert len(frame) < 10_000
    (back,) = bundles_of(answers.read_answer(frame, raw))
    assert back.files == empty | {"message.eml": raw.data}


def test_what_crosses_the_pipes_is_what_was_sent() -> None:
    stamp = datetime(2024, 3, 6, 12, tzinfo=ZoneInfo("Asia/Tokyo"))
    ref = MessageRef("articles", "INBOX", 7, 42)
    for raw in (mail(), RawMessage(ref, stamp, b"\0" * 100, stamp, stamp, "half", "5" * 64)):
        rules = Rules(ZoneInfo("Europe/Berlin"), TagRules(words=False, addresses=("a@example.org",)))
        assert answers.read_task(b"".join(answers.task_frame(raw, "0" * 12, rules))) == (raw, "0" * 12, rules)
        made = pipeline.understand(raw, id="0123456789ab", rules=Rules(UTC))
        assert answers.read_answer(b"".join(answers.answer_frame(made, raw)), raw) == made
    held = Quarantine("defect", "x", "y")
    assert answers.read_answer(b"".join(answers.answer_frame(held, mail())), mail()) == held


def test_a_child_that_nobody_needs_is_ended_and_started_again_on_need(entry: tuple[str, ...]) -> None:
    with closing(Pool(2, seconds=60, entry=entry)) as pool:
        assert pool.started()
        numbers = [child.pid for child in pool._children]
        understand(pool, mail())
        now = time.monotonic()
        pool.rest(now + 30)
        assert [is_running(number) for number in numbers] == [True, True]
        pool.rest(now + 120)
        assert [is_running(number) for number in numbers].count(True) == 1, "one stays warm"
        bundles_of(understand(pool, mail()))
        assert [is_running(number) for number in numbers].count(True) == 1, "and is the one that is used"
        pool.rest(now + 1200)
        assert [is_running(number) for number in numbers] == [False, False]
        assert all(reason(answer) is None for answer in pool.understand_all([(mail(), "0" * 12)] * 4, rules=Rules(UTC)))


def test_a_child_is_started_again_for_mail_that_is_on_its_way(entry: tuple[str, ...]) -> None:
    with closing(Pool(2, seconds=60, entry=entry)) as pool:
        assert pool.started()
        pool.rest(float("inf"))
        assert [child.ended() for child in pool._children] == [True, True]
        start = time.monotonic()
        pool.share().prepare()
        assert time.monotonic() - start < 0.2, "nobody waits for it"
        assert sorted(child.ended() for child in pool._children) == [False, True]
        pool.rest(time.monotonic() + 30)
        assert sorted(child.ended() for child in pool._children) == [False, True], "it is needed"
        ready = next(child for child in pool._children if not child.ended())
        bundles_of(understand(pool, mail()))
        assert ready.pid is not None
        pool.prepare()
        assert not ready.ended(), "it is ready already"


def test_nothing_is_started_for_a_share_that_was_taken_back(entry: tuple[str, ...]) -> None:
    with closing(Pool(seconds=60, entry=entry)) as pool:
        pool.rest(float("inf"))
        share = pool.share()
        share.revoke()
        with pytest.raises(StoreError, match="given up"):
            share.prepare()
        assert pool._children[0].ended()


def test_a_child_at_work_is_not_ended_for_being_idle(entry: tuple[str, ...]) -> None:
    with closing(Pool(seconds=60, entry=entry)) as pool, ThreadPoolExecutor(1) as thread:
        assert pool.started()
        answer = thread.submit(understand, pool, mail("nap"))
        for _ in range(50):
            pool.rest(float("inf"))
            time.sleep(0.01)
        bundles_of(answer.result())


def test_a_share_that_is_taken_back_puts_nothing_into_quarantine(entry: tuple[str, ...]) -> None:
    with closing(Pool(2, seconds=60, entry=entry)) as pool, ThreadPoolExecutor(2) as threads:
        assert pool.started()
        given_up, other = pool.share(), pool.share()
        mails = [(mail("hang"), "0" * 12), (mail(), "1" * 12)]
        hung = threads.submit(lambda: list(given_up.understand_all(mails[:1], rules=Rules(UTC))))
        going = threads.submit(lambda: list(other.understand_all([(mail("nap"), "2" * 12)] * 2, rules=Rules(UTC))))
        end = time.monotonic() + 30
        while not given_up._used:
            assert time.monotonic() < end
            time.sleep(0.01)
        start = time.monotonic()
        given_up.revoke()
        with pytest.raises(StoreError, match="given up"):
            hung.result()
        assert time.monotonic() - start < 30
        assert [reason(answer) for answer in going.result()] == [None, None], "nobody else's mail is disturbed"
        with pytest.raises(StoreError, match="given up"):
            list(given_up.understand_all(mails[1:], rules=Rules(UTC)))
        assert [reason(answer) for answer in other.understand_all(mails[1:], rules=Rules(UTC))] == [None]


def test_the_interpreter_is_this_one() -> None:
    with closing(Pool()) as pool:
        assert pool._nursery._command[0] == sys.executable


def test_an_interpreter_that_may_not_be_run_is_said_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So it is for root, become the archive's owner, where the program lies in root's own home."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(StoreError, match=r"python: No such file .*user \d+"):
        Pool()
