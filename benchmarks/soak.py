#!/usr/bin/env python3
"""Mail in bursts, with stalls, for long: what the daemon still holds afterwards.

    benchmarks/soak.py [--mails 10000] [--bursts 200] [--seed 7] [--server dovecot|embedded]

The real daemon files what is delivered in bursts, through a proxy that stalls at random; so do its workers. Its memory
and its file descriptors are looked at whenever all is filed. Exits 1 where mail was lost or doubled, where the memory
grew by more than 10 MB since the first tenth of the bursts, or where descriptors were left open.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # for tests/

from mailarchiver.demo.server import EmbeddedServer
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.other_client import OtherClient

ROOT = Path(__file__).parents[1]
PATIENCE = 300.0
GROWTH_MB = 10.0
STALL_SECONDS = 2.0
"""At most."""
NOON = datetime(2024, 3, 6, 12, tzinfo=UTC)
"""When the first burst arrives; the next ones do a day later each, so that months are about as large as real ones."""


@dataclass(frozen=True, slots=True)
class Held:
    """What the daemon holds when nothing is left to do: resident megabytes, and open descriptors."""

    rss: float
    descriptors: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of it: `rss_mb` and `descriptors` after each tenth of the bursts."""

    mails: int
    bursts: int
    seconds: int
    lost: int
    doubled: int
    rss_mb: list[float]
    growth_mb: float
    descriptors: list[int]


def mail(number: int, chance: random.Random) -> bytes:
    """A text, or HTML of up to 60 KB."""
    words = " ".join(chance.choices(["tide", "canal", "heron", "lock", "barge", "quiet"], k=chance.randint(20, 8000)))
    kind = chance.choice(["plain", "html"])
    text = f"<html><body><h1>Mail {number}</h1><p>{words}</p></body></html>" if kind == "html" else words
    lines = "\r\n".join(text[start : start + 900] for start in range(0, len(text), 900))
    return (
        f"From: Jane Roe <jane@example.org>\r\nTo: articles@example.org\r\nSubject: Mail {number}\r\n"
        f"Message-ID: <{number}@example.org>\r\nDate: Wed, 6 Mar 2024 12:00:00 +0000\r\nMIME-Version: 1.0\r\n"
        f"Content-Type: text/{kind}; charset=utf-8\r\n\r\n{lines}\r\n"
    ).encode()


@contextmanager
def stalling(port: int) -> Iterator[tuple[int, int]]:
    """A proxy of a process of its own: its port, and its process, which may be stopped and continued."""
    command = [sys.executable, "-m", "tests.servers.delay", str(port), "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None  # noqa: S101  narrows the type
        try:
            yield int(process.stdout.readline()), process.pid
        finally:
            process.kill()


@contextmanager
def daemon(folder: Path, port: int, user: str, password: str) -> Iterator[int]:
    """`mailarchiver run` on one account: its process."""
    (folder / "password").write_text(f"{password}\n")
    config = folder / "config.toml"
    config.write_text(
        '[archive]\nroot = "archive"\nmin_free = "0 MB"\n[log]\nlevel = "error"\n[[account]]\nname = "articles"\n'
        f'host = "127.0.0.1"\nport = {port}\nsecurity = "none"\nusername = "{user}"\npassword_file = "password"\n'
        'after = "move:Archived"\ninterval = "5s"\n'
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "mailarchiver", "run", "--config", str(config)]
    process = subprocess.Popen(command, env=environment)
    try:
        yield process.pid
        process.send_signal(signal.SIGTERM)
        if process.wait(15) != 0:
            sys.exit("the daemon did not end well")
    finally:
        process.kill()
        process.wait()


def stall(proxy: int, pid: int, chance: random.Random) -> None:
    """Stop the network, or a worker, for a while."""
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    victim = chance.choice([proxy, proxy, *children])
    with suppress(ProcessLookupError):
        os.kill(victim, signal.SIGSTOP)
        time.sleep(chance.uniform(0.0, STALL_SECONDS))
        os.kill(victim, signal.SIGCONT)


def filed(folder: Path) -> int:
    """How many lines the manifest has."""
    path = folder / "archive/manifest.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def await_filed(folder: Path, number: int) -> None:
    """Wait until so many mails are filed."""
    end = time.monotonic() + PATIENCE
    while filed(folder) < number:
        if time.monotonic() > end:
            sys.exit(f"{number - filed(folder)} of {number} mails were not filed within {PATIENCE:.0f} s")
        time.sleep(0.1)


def held(pid: int) -> Held:
    """What the daemon holds when it has come to rest: the least of what is seen in some seconds."""
    seen = []
    for _ in range(20):
        time.sleep(0.2)
        rss = int(Path(f"/proc/{pid}/status").read_text().split("VmRSS:")[1].split()[0]) / 1024
        seen.append((len(list(Path(f"/proc/{pid}/fd").iterdir())), rss))
    return Held(min(rss for _, rss in seen), min(descriptors for descriptors, _ in seen))


def soak(folder: Path, server: tuple[str, int, str, str], mails: int, bursts: int, seed: int) -> Seen:
    """Deliver and stall; what was seen."""
    chance, begun = random.Random(seed), time.monotonic()  # noqa: S311  a soak that can be repeated
    host, port, user, password = server
    states: list[Held] = []
    with (
        OtherClient(host, port, user, password) as other,
        stalling(port) as (near, proxy),
        daemon(folder, near, user, password) as pid,
    ):
        for burst in range(bursts):
            for number in range(burst * mails // bursts, (burst + 1) * mails // bursts):
                other.deliver(mail(number, chance), NOON + timedelta(days=burst))
            if chance.random() < 0.5:
                stall(proxy, pid, chance)
            await_filed(folder, (burst + 1) * mails // bursts)
            if (burst + 1) % max(1, bursts // 10) == 0:
                states.append(held(pid))
                print(f"{burst + 1} bursts: {states[-1]}", file=sys.stderr)
    records = [json.loads(line) for line in (folder / "archive/manifest.jsonl").read_bytes().splitlines()]
    different = len({record["sha256"] for record in records})
    return Seen(
        mails=mails,
        bursts=bursts,
        seconds=round(time.monotonic() - begun),
        lost=mails - different,
        doubled=len(records) - different,
        rss_mb=[round(state.rss, 1) for state in states],
        growth_mb=round(states[-1].rss - states[0].rss, 1),
        descriptors=[state.descriptors for state in states],
    )


def main() -> None:
    """Soak, print a JSON object, and judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mails", type=int, default=10_000)
    parser.add_argument("--bursts", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--server", choices=["dovecot", "embedded"], default="dovecot")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if options.server == "dovecot":
            dovecot = stack.enter_context(Dovecot())
            server = (dovecot.host, dovecot.port, "soaked", PASSWORD)
        else:
            embedded = stack.enter_context(EmbeddedServer())
            server = (embedded.host, embedded.port, embedded.username, embedded.password)
        seen = soak(folder, server, options.mails, options.bursts, options.seed)
    print(json.dumps(asdict(seen)))
    constant = seen.descriptors[-1] <= seen.descriptors[0]
    sys.exit(0 if seen.growth_mb <= GROWTH_MB and not seen.lost and not seen.doubled and constant else 1)


if __name__ == "__main__":
    main()
