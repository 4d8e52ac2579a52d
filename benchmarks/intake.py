#!/usr/bin/env python3
"""How fast a full mailbox comes in, near and far, and what memory a large mail takes.

    benchmarks/intake.py [--folder DIR] [--mails N] [--rounds N] [--flush MS] [--quick] [--json]

The mails lie in a Dovecot on this machine: 55 KB each, HTML with two pictures. For each time that a round trip takes,
mails a second of

- our full round: fetched, understood, filed and durable, by what `mailarchiver poll` runs, with its workers;
- Debian's mbsync, which delivers the same mails into a Maildir, with fsync and without;
- our fetch alone, from SELECT to the last body; and a bare imapclient that fetches in batches of so many messages.

The program's bytecode is made first, as pip makes it: where it lies as a mere checkout that nothing may be written to
by running it (PYTHONDONTWRITEBYTECODE), each process would compile its sources, half as long again as a start takes.

A Maildir has one file a mail, the archive about ten. All take turns; figures are medians. They work in a folder below
DIR, by default the present one: what is measured is that disk. What they write there is deleted at the end, some
gigabytes: ext4 makes files slowly for minutes after many were deleted, so leave that time between two runs.

With `--flush`, each fsync, fdatasync and syncfs of our round and of mbsync takes so many milliseconds longer, as on a
disk whose cache takes that long to be written: some 1 to 5 on an SSD without a battery, 10 to 30 on a turning disk.
strace holds them up, and slows nothing else.

The last figure is how much more memory than before the program itself takes in a round that fetches one mail of 45 MB,
at its peak (VmHWM of proc(5)); its workers are bounded by `[limits]`. Exits 1 if that is more than 150 MB.
"""

from __future__ import annotations

import argparse
import base64
import compileall
import imaplib
import json
import random
import re
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import threading
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from imapclient import IMAPClient
from store import MBSYNC, delivered, new_folder

import mailarchiver
from mailarchiver.config import Settings
from mailarchiver.filing import opened
from mailarchiver.mailbox.imap import ImapMailbox, Server
from mailarchiver.poll import poll_account

sys.path.insert(0, str(Path(__file__).parents[1]))  # the tests' Dovecot

from tests.servers.delay import delayed
from tests.servers.dovecot import PASSWORD, Dovecot

SAMPLE = Path(mailarchiver.__file__).parent / "demo" / "samples" / "01-gmail-reader-view.eml"
TITLE, SLUG = b"The Lake That Keeps a Diary", b"the-lake-that-keeps-a-diary"
ROUND_TRIPS = (0.0, 0.02, 0.05)
BATCHES = (10, 50, 200, 1000)
CONTENT_ID = re.compile(rb"^Content-ID: (.*)", re.MULTILINE)
SIZE = 55_000
LARGE, ROOM = 45_000_000, 150
"""Octets of a large mail; the megabytes that it may take."""
USER = "benchmark"
SYNCS = "fsync,fdatasync,sync,syncfs"

Turn = Callable[[], float]
"""Does something once; how many mails there were a second."""


# --- the mails --------------------------------------------------------------------------------------------------------


def mails(number: int) -> list[bytes]:
    """So many of `SIZE` octets, all different: the text of the demo's, with two pictures of their own."""
    sample = SAMPLE.read_bytes().replace(b"\r\n", b"\n")
    boundary = b"--" + sample.partition(b'multipart/related; boundary="')[2].partition(b'"')[0]
    text, names = sample.partition(boundary + b"\nContent-Type: image/")[0], CONTENT_ID.findall(sample)
    chance = random.Random(55)  # noqa: S311 - pictures, not secrets
    room = (SIZE - len(text) - 600) // 2 * 73 // 100
    made = []
    for index in range(number):
        parts = [
            b"%b\nContent-Type: image/png\nContent-ID: %b\nContent-Transfer-Encoding: base64\n\n%b"
            % (boundary, name, base64.encodebytes(png(chance, room)))
            for name in names
        ]
        own = text.replace(TITLE, b"%b, %d" % (TITLE, index)).replace(SLUG, b"%b-%d" % (SLUG, index))
        mail = b"X-Number: %d\n%b%b%b--\n" % (index, own, b"".join(parts), boundary)
        made.append(mail.replace(b"\n", b"\r\n"))
    return made


def png(chance: random.Random, octets: int) -> bytes:
    """A picture of noise, of about so many octets."""
    height = octets // 300
    rows = b"".join(b"\0" + chance.randbytes(300) for _ in range(height))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 100, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 0)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def large_mail() -> bytes:
    """A mail of `LARGE` octets: a text, and an attachment that does not get smaller."""
    head = (
        b"From: Jane Roe <jane@example.org>\r\nSubject: The whole recording\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="cut"\r\n\r\n--cut\r\nContent-Type: text/plain\r\n\r\nListen.\r\n'
        b"--cut\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=a.bin\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n"
    )
    block = random.Random(45).randbytes(LARGE * 57 // 78)  # noqa: S311 - likewise
    return head + base64.encodebytes(block).replace(b"\n", b"\r\n") + b"--cut--\r\n"


@contextmanager
def filled(made: Sequence[bytes]) -> Iterator[int]:
    """A Dovecot that has these mails, and where it listens."""
    with Dovecot() as server:
        with imaplib.IMAP4(server.host, server.port) as client:
            client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.login(USER, PASSWORD)
            for mail in made:
                client.append("INBOX", None, None, mail)  # no flags, and the time is now
        yield server.port


# --- mails a second ---------------------------------------------------------------------------------------------------


def settings(root: Path, port: int) -> Settings:
    """The configuration of an archive with that mailbox; all else stands at its default."""
    account = {"name": USER, "host": "127.0.0.1", "port": port, "security": "none", "username": USER}
    archive = {"root": str(root / "archive"), "min_free": 0}
    return Settings.model_validate({"archive": archive, "account": [{**account, "password": PASSWORD}]})


def slowed(flush: float) -> tuple[str, ...]:
    """What to put before a command, so that each flush of it takes so many milliseconds longer; nothing for none."""
    if not flush:
        return ()
    trace = ("-e", f"trace={SYNCS}", "-e", f"inject={SYNCS}:delay_exit={flush * 1000:.0f}")
    return ("strace", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", *trace)


def full_round(folder: Path, number: int, port: int, flush: float) -> float:
    """Our round into a new archive."""
    if not flush:
        return own_round(folder, number, port)
    command = [*slowed(flush), sys.executable, __file__, "--round-of", str(folder), str(number), str(port)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def own_round(folder: Path, number: int, port: int) -> float:
    """The same in this process."""
    ours = settings(new_folder(folder), port)
    account = ours.account[0]
    with opened(ours.archive, ours.limits) as (store, worker):
        start = time.perf_counter()
        result = poll_account(account, store, worker, rules=ours.rules(account), stop=threading.Event())
        seconds = time.perf_counter() - start
    if result.filed != number:
        raise SystemExit(f"our round filed {result.filed} mails of {number}")
    return number / seconds


def fetch(number: int, port: int) -> float:
    """Our fetch alone."""
    with ImapMailbox(USER, Server("127.0.0.1", port, "none", USER), lambda: PASSWORD) as mailbox:
        start = time.perf_counter()
        mailbox.select("INBOX", writable=False)
        came = sum(len(raws) for raws in mailbox.fetch(mailbox.search(None)))
        seconds = time.perf_counter() - start
    if came != number:
        raise SystemExit(f"our fetch brought {came} mails of {number}")
    return number / seconds


def bare_fetch(batch: int, number: int, port: int) -> float:
    """The same by imapclient as it is."""
    client = IMAPClient("127.0.0.1", port, ssl=False)
    client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.login(USER, PASSWORD)
    start = time.perf_counter()
    client.select_folder("INBOX", readonly=True)
    uids, came = client.search(), 0
    for first in range(0, len(uids), batch):
        came += len(client.fetch(uids[first : first + batch], ["BODY.PEEK[]", "INTERNALDATE"]))
    seconds = time.perf_counter() - start
    client.logout()
    if came != number:
        raise SystemExit(f"imapclient brought {came} mails of {number}")
    return number / seconds


def turns_at(folder: Path, number: int, port: int, batches: Sequence[int], flush: float) -> dict[str, Turn]:
    """What takes turns at one distance."""
    turns: dict[str, Turn] = {"our full round": partial(full_round, folder, number, port, flush)}
    if shutil.which("mbsync"):
        command = (*slowed(flush), "mbsync", "-q", "-c", "{folder}/mbsyncrc", "all")
        for name, template in (
            ("mbsync, fsync", MBSYNC),
            ("mbsync, no fsync", MBSYNC.replace("FSync yes", "FSync no")),
        ):
            turns[name] = partial(delivered, folder, number, port, "mbsyncrc", template, command)
    turns["our fetch"] = partial(fetch, number, port)
    return turns | {f"imapclient, {batch} at once": partial(bare_fetch, batch, number, port) for batch in batches}


def throughput(
    folder: Path, number: int, rounds: int, round_trips: Sequence[float], flush: float
) -> dict[str, dict[str, float]]:
    """Mails a second, by way and by the milliseconds of a round trip."""
    figures: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    with ExitStack() as stack:
        port = stack.enter_context(filled(mails(number)))
        ports = {far: stack.enter_context(delayed(port, far)) if far else port for far in round_trips}
        batches = sorted({min(batch, number) for batch in BATCHES})
        for _ in range(rounds):
            for far, at in ports.items():
                for name, turn in turns_at(folder, number, at, batches, flush).items():
                    figures[name][f"{far * 1000:.0f}"].append(turn())
    return {name: {far: statistics.median(of[far]) for far in of} for name, of in figures.items()}


# --- memory -----------------------------------------------------------------------------------------------------------


def memory(folder: Path) -> float:
    """The megabytes that a round takes, at its peak, in a process of its own."""
    with filled([large_mail()]) as port, TemporaryDirectory(dir=folder) as root:
        command = [sys.executable, __file__, "--peak-of", root, str(port)]
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def peak(root: Path, port: int) -> float:
    """The same in this process. A round over an empty folder comes first, so that everything is loaded."""
    ours = settings(root, port)
    account = ours.account[0]
    empty = account.model_copy(update={"folders": ("Archived",)})
    with opened(ours.archive, ours.limits) as (store, worker):
        for each in (empty, account):
            Path("/proc/self/clear_refs").write_text("5", "ascii")  # VmHWM begins anew: proc(5)
            idle = status("VmRSS")
            result = poll_account(each, store, worker, rules=ours.rules(account), stop=threading.Event())
    if result.filed != 1:
        raise SystemExit("the large mail was not filed")
    return (status("VmHWM") - idle) / 1000


def status(key: str) -> int:
    """Of this process, in kilobytes."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(f"{key}:"))) * 1024 // 1000


# --- the report -------------------------------------------------------------------------------------------------------


def ratios(rates: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """Ours beside the others', at each distance."""
    found: dict[str, dict[str, float]] = {}
    fars = list(rates["our fetch"])
    if "mbsync, fsync" in rates:
        found["round / mbsync, fsync"] = {
            far: rates["our full round"][far] / rates["mbsync, fsync"][far] for far in fars
        }
    best = {far: max(of[far] for name, of in rates.items() if name.startswith("imapclient")) for far in fars}
    found["fetch / imapclient at its best"] = {far: rates["our fetch"][far] / best[far] for far in fars}
    return found


def table(rates: dict[str, dict[str, float]], taken: float) -> str:
    """All of it for people."""
    fars = list(rates["our fetch"])
    lines = [f"{'mails a second, by ms of a round trip':40}" + "".join(f"{far:>9}" for far in fars)]
    lines += [f"{name:40}" + "".join(f"{of[far]:9.0f}" for far in fars) for name, of in rates.items()]
    lines += [f"{name:40}" + "".join(f"{of[far]:9.2f}" for far in fars) for name, of in ratios(rates).items()]
    return "\n".join([*lines, "", f"a mail of {LARGE // 10**6} MB takes {taken:.0f} MB"])


def main() -> None:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path(), metavar="DIR", help="on the disk to be measured")
    parser.add_argument("--mails", type=int, default=1000, metavar="N", help="how many there are in the mailbox")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="how often each takes its turn")
    parser.add_argument("--flush", type=float, default=0.0, metavar="MS", help="how much longer each fsync takes")
    parser.add_argument("--quick", action="store_true", help="hardly any mail, to see that it works")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--peak-of", nargs=2, metavar=("DIR", "PORT"), help=argparse.SUPPRESS)
    parser.add_argument("--round-of", nargs=3, metavar=("DIR", "N", "PORT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.round_of:
        folder, *numbers = options.round_of
        print(own_round(Path(folder), *map(int, numbers)))
        return
    if options.peak_of:
        print(peak(Path(options.peak_of[0]), int(options.peak_of[1])))
        return
    compileall.compile_dir(Path(mailarchiver.__file__).parent, quiet=2)
    number, rounds, far = (30, 1, (0.0, 0.01)) if options.quick else (options.mails, options.rounds, ROUND_TRIPS)
    with TemporaryDirectory(dir=options.folder, prefix="intake-benchmark-") as folder:
        Path(folder).chmod(0o755)
        rates = throughput(Path(folder), number, rounds, far, options.flush)
        taken = memory(Path(folder))
    if taken > ROOM:
        print(f"a mail of {LARGE // 10**6} MB takes more than {ROOM} MB", file=sys.stderr)
    if options.json:
        print(json.dumps({"mails a second": rates, "ratios": ratios(rates), "megabytes": taken}))
    else:
        print(table(rates, taken))
    raise SystemExit(taken > ROOM)


if __name__ == "__main__":
    main()
