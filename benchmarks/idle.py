"""What the daemon costs while nothing happens: processor time, memory, how often it wakes up.

    python benchmarks/idle.py [--seconds 60] [--accounts 3]

`mailarchiver run` as a process, with accounts on servers of our own that know IDLE, an archive with some articles, and
the workers gone, as they are ten idle minutes after the last mail. Exits 1 where the budget of DESIGN.md is passed:
0.1 % of a core, 90 MB, one wake-up a second.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from mailarchiver.demo.server import EmbeddedServer

ENTRY = """
import sys
from mailarchiver import workers
workers.WARM_SECONDS = workers.SPARE_SECONDS = 5.0  # the ten minutes are not waited for
from mailarchiver.__main__ import main
sys.argv[1:] = ["run", "--config", sys.argv[1]]
main()
"""
MAILS = 20
CORE, MEGABYTES, WAKE_UPS = 0.001, 90.0, 1.0


def main() -> None:
    """Measure, print a JSON object, and judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--accounts", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        mails = [(_mail(number), datetime(2024, 3, 6, 12, number, tzinfo=UTC)) for number in range(MAILS)]
        servers = [stack.enter_context(EmbeddedServer(mails)) for _ in range(options.accounts)]
        config = _configuration(Path(folder), [server.port for server in servers])
        process = subprocess.Popen([sys.executable, "-c", ENTRY, str(config)])
        stack.callback(process.wait)
        stack.callback(process.kill)
        _await_rest(process.pid, Path(folder))
        before, start = _cost(process.pid), time.monotonic()
        time.sleep(options.seconds)
        after, seconds = _cost(process.pid), time.monotonic() - start
        figures = {
            "seconds": round(seconds, 1),
            "core": round((after[0] - before[0]) / seconds, 5),
            "rss_mb": round(_rss(process.pid), 1),
            "wake_ups_per_second": round((after[1] - before[1]) / seconds, 3),
            "threads": len(_threads(process.pid)),
        }
        process.send_signal(signal.SIGTERM)
        process.wait(15)
    print(json.dumps(figures))
    good = figures["core"] <= CORE and figures["rss_mb"] <= MEGABYTES and figures["wake_ups_per_second"] <= WAKE_UPS
    sys.exit(0 if good else 1)


def _mail(number: int) -> bytes:
    text = (
        f"From: Jane Roe <jane@example.org>\r\nSubject: The canal, part {number}\r\n"
        f"Message-ID: <{number}@example.org>\r\nDate: Wed, 6 Mar 2024 12:00:00 +0000\r\n\r\n"
        f"A quiet day, number {number}.\r\n"
    )
    return text.encode()


def _configuration(folder: Path, ports: list[int]) -> Path:
    (folder / "password").write_text("demo\n")
    tables = [
        f'[[account]]\nname = "a{number}"\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\nusername = "demo"\n'
        f'password_file = "password"\n'
        for number, port in enumerate(ports)
    ]
    path = folder / "config.toml"
    path.write_text("\n".join(['[archive]\nroot = "archive"\nmin_free = "0 MB"\n[log]\nlevel = "warning"\n', *tables]))
    return path


def _await_rest(pid: int, folder: Path) -> None:
    """Wait until all mail is filed and no worker is left."""
    manifest = folder / "archive/manifest.jsonl"
    while not manifest.exists() or manifest.read_bytes().count(b"\n") < MAILS:
        time.sleep(0.5)
    while Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        time.sleep(0.5)
    time.sleep(5)


def _threads(pid: int) -> list[str]:
    return [thread.name for thread in Path(f"/proc/{pid}/task").iterdir()]


def _cost(pid: int) -> tuple[float, int]:
    """Seconds of the processor, user and system; how often a thread has waited and was woken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    woken = 0
    for thread in _threads(pid):
        status = Path(f"/proc/{pid}/task/{thread}/status").read_text()
        woken += int(status.split("voluntary_ctxt_switches:")[1].split()[0])
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), woken


def _rss(pid: int) -> float:
    return int(Path(f"/proc/{pid}/status").read_text().split("VmRSS:")[1].split()[0]) / 1024


if __name__ == "__main__":
    main()
