#!/usr/bin/env python3
"""What it costs to verify an archive, beside `find … | xargs sha256sum` over the same files.

    benchmarks/verify.py [--articles N] [--runs N] [--jobs N] [--json]

The archive is synthetic: typical articles, of a mail of 60 KB, a page, its texts and three pictures. Both read from the
page cache, where the program's own work counts most; they take turns, and the median of the ratios is what counts.
`sha256sum` runs as one process, as `verify --jobs 1` does.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mailarchiver.archive.bundle import bundle
from mailarchiver.archive.digests import digests
from mailarchiver.archive.store import Store
from mailarchiver.archive.verify import verify
from mailarchiver.model import Article, Filing, Headers, Image, Message, MessageRef, Original, RawMessage

BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
WORDS = ("train", "leaves", "before", "bakers", "have", "lit", "their", "ovens", "and", "nobody", "hears", "it", "go")


def filing(number: int, chance: random.Random) -> Filing:
    """A typical mail, ready to be committed."""
    text = " ".join(chance.choices(WORDS, k=900))
    data = b"Subject: walk %d\r\n\r\n" % number + chance.randbytes(22_000).hex().encode() + text.encode()
    ref = MessageRef("articles", "INBOX", 7, number + 1)
    headers = Headers(f"<{number}@example.org>", f"Walk {number}")
    message = Message(data, headers)
    pictures = tuple(
        Image(f"cid:{each}", "cid", file=f"images/00{each}.jpg", data=chance.randbytes(11_000)) for each in (1, 2, 3)
    )
    original = Original(message, message, headers, None, text)
    body = f"<p>{text}</p>"
    article = Article(
        original, title=f"Walk {number}", html=body, markdown=text, text=text, kind="text", words=900, images=pictures
    )
    received = BEGIN + timedelta(hours=9 * number)
    digest, folded = digests(data)
    made = bundle(article, RawMessage(ref, received, data), received=received, id=digest[:12], timezone=UTC)
    return Filing(ref, digest, folded, (made,))


def fill(root: Path, articles: int) -> None:
    """An archive of so many."""
    chance = random.Random(5)  # noqa: S311 - the same archive every time
    with Store.open(root, min_free=0) as store:
        for start in range(0, articles, 50):
            filings = [filing(number, chance) for number in range(start, min(start + 50, articles))]
            store.commit(filings, now=BEGIN)


def timed(work: Callable[[], object]) -> float:
    """Seconds by the clock."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def sha256sum(root: Path) -> None:
    """The same files by coreutils."""
    command = "find . -name .mailarchiver -prune -o -type f -print0 | xargs -0 sha256sum"
    subprocess.run(["/bin/sh", "-c", command], cwd=root, check=True, stdout=subprocess.DEVNULL)


def measure(root: Path, jobs: int, runs: int) -> dict[str, object]:
    """The medians of both, and of their ratio in turn."""
    verified: list[float] = []
    summed: list[float] = []
    report = verify(root, jobs=jobs)
    if not report.is_sound():
        sys.exit(f"the archive is damaged: {report.findings[:3]}")
    sha256sum(root)
    for _ in range(runs):
        verified.append(timed(lambda: verify(root, jobs=jobs)))
        summed.append(timed(lambda: sha256sum(root)))
    ratio = statistics.median(ours / theirs for ours, theirs in zip(verified, summed, strict=True))
    return {
        "articles": report.articles,
        "files": report.files,
        "megabytes": round(report.octets / 1e6),
        "jobs": jobs,
        "verify": round(statistics.median(verified), 3),
        "sha256sum": round(statistics.median(summed), 3),
        "ratio": round(ratio, 2),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=2_000)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--jobs", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "archive")
        fill(root, options.articles)
        for jobs in options.jobs:
            figures = measure(root, jobs, options.runs)
            told = (
                json.dumps(figures) if options.json else ", ".join(f"{key}: {value}" for key, value in figures.items())
            )
            sys.stdout.write(f"{told}\n")


if __name__ == "__main__":
    main()
