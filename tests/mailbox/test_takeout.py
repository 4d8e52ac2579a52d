"""An mbox as Google Takeout gives it: two fields before each mail, and gigabytes of it, in flat memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailarchiver.mailbox.files import scan
from mailarchiver.model import RawMessage
from tests.archive.aftermath import FULL

MEGABYTES = 200
PICTURE = (b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0\r\n" * 650)[:-2]


def mail(number: int, ending: bytes = b"\r\n") -> bytes:
    """About 52 KB, with what Takeout writes on top, and a line of its own that it has quoted."""
    head = (
        f"X-GM-THRID: {1_790_000_000_000_000_000 + number}\r\nX-Gmail-Labels: =?UTF-8?Q?Entw=C3=BCrfe,Wichtig?=\r\n"
        f"Received: by 2002:a05:1234:0:b0:1; Tue, 5 Mar 2024 01:02:{number % 60:02} -0800 (PST)\r\n"
        f"From: Jane Roe <jane@example.org>\r\nSubject: Walk {number}\r\nMessage-ID: <{number}@example.org>\r\n"
        f"Date: Tue, 5 Mar 2024 10:02:{number % 60:02} +0100\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n'
        f"Up hill {number}.\r\n\r\n>From there one sees the sea.\r\n--b\r\n"
        "Content-Type: application/octet-stream; name=x\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )
    return (head.encode() + PICTURE + b"\r\n--b--\r\n").replace(b"\r\n", ending)


def from_line(number: int) -> bytes:
    return b"From %d@xxx Tue Mar 05 09:02:%02d +0000 2024" % (1_790_000_000_000_000_000 + number, number % 60)


def write(path: Path, count: int, ending: bytes = b"\r\n") -> None:
    with path.open("wb") as file:
        for number in range(count):
            file.write(from_line(number) + ending + mail(number, ending) + ending)


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_each_mail_comes_out_with_the_fields_on_top(tmp_path: Path, ending: bytes) -> None:
    write(tmp_path / "All mail Including Spam and Trash.mbox", 12, ending)
    raws = list(scan([tmp_path], now=datetime.now(UTC)))
    assert [raw.data for raw in raws if isinstance(raw, RawMessage)] == [mail(number, ending) for number in range(12)]
    assert isinstance(raws[7], RawMessage)
    assert raws[7].from_line == datetime(2024, 3, 5, 9, 2, 7, tzinfo=UTC)


SCAN = """
import resource, sys
from datetime import UTC, datetime
from pathlib import Path
from mailarchiver.mailbox.files import scan
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = peak()
count = octets = 0
for raw in scan([Path(sys.argv[1])], now=datetime.now(UTC)):
    count, octets = count + 1, octets + len(raw.data)
print(count, octets, peak() - before)
"""


def test_two_hundred_megabytes_take_no_more_memory_than_one_mail(tmp_path: Path) -> None:
    path = tmp_path / "takeout.mbox"
    number = MEGABYTES * 1_000_000 // len(mail(0)) + 1
    write(path, number)
    assert path.stat().st_size > MEGABYTES * 1_000_000
    done = subprocess.run([sys.executable, "-c", SCAN, str(path)], capture_output=True, text=True, check=True)
    path.unlink()
    count, octets, kilobytes = map(int, done.stdout.split())
    assert (count, octets) == (number, sum(len(mail(each)) for each in range(number)))
    assert kilobytes < 10_000


@pytest.mark.skipif(not FULL, reason="takes minutes: with MAILARCHIVER_FULL=1")
@pytest.mark.timeout(1800)
def test_two_hundred_megabytes_are_filed(tmp_path: Path) -> None:
    path, root = tmp_path / "takeout.mbox", tmp_path / "archive"
    number = MEGABYTES * 1_000_000 // len(mail(0)) + 1
    write(path, number)
    command = [sys.executable, "-m", "mailarchiver", "import", str(path), "--root", str(root), "--jobs", "2"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    said = process.stdout.read()
    process.stdout.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert (process.returncode, said) == (0, f"{number} filed, 0 already filed, 0 failed\n".encode())
    entries = [json.loads(line) for line in (root / "manifest.jsonl").read_bytes().splitlines()]
    assert {entry["received"][:10] for entry in entries} == {"2024-03-05"}
    assert usage.ru_maxrss < 400_000, "kilobytes, for 200 MB and a batch of 50 mails"
