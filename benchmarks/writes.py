#!/usr/bin/env python3
"""How many octets are written for one mail beside its own folder, by what they are written for.

    benchmarks/writes.py MAILS [--articles N] [--mails N] [--folder DIR]

Into a made-up archive of so many articles (benchmarks/store.py; 100,000) the mails of a folder of .eml files are filed
one by one, each with what a round does after it: the search index, the pages. Where there are less mails than are to be
filed (2,000), they come again, as other mails of other articles. They arrive at thirty a day.

It is counted what the process hands to the kernel (`wchar` of /proc/self/io), so the disk and the load do not matter:
with DIR in memory it is done sooner. SQLite writes a page to its journal or log, and to the database: both count.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory

from store import grown

from mailarchiver.archive.digests import digests
from mailarchiver.archive.store import Store
from mailarchiver.model import Bundle, Filing, MessageRef, RawMessage, Rules
from mailarchiver.pipeline import understand
from mailarchiver.poll import refresh_pages

FIRST = datetime(2026, 1, 1, 8, tzinfo=UTC)
EVERY = timedelta(minutes=48)


def octets() -> int:
    """All that this process has written until now."""
    counts = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(counts["wchar"])


def filings(folder: Path) -> Iterator[Filing]:
    """The mails of a folder, ready to be committed, again and again."""
    mails = [path.read_bytes() for path in sorted(folder.rglob("*.eml"))]
    for number, data in enumerate(cycle(mails)):
        mail = b"X-Number: %d\r\n" % number + data
        digest, folded = digests(mail)
        raw = RawMessage(MessageRef("mails", "INBOX", 1, number), FIRST + number * EVERY, mail)
        answer = understand(raw, id=digest[:12], rules=Rules(UTC))
        if isinstance(answer, tuple):  # or else it goes to quarantine
            yield Filing(raw.ref, digest, folded, tuple(another(bundle, number) for bundle in answer))


def another(bundle: Bundle, number: int) -> Bundle:
    """An article that is not the same as one of another number."""
    url = bundle.url_key and f"{bundle.url_key}/{number}"
    return replace(bundle, url_key=url, text_key=digests(b"%d %s" % (number, bundle.text_key.encode()))[0])


def written(work: Callable[[], object]) -> int:
    """How much is written for it."""
    before = octets()
    work()
    return octets() - before


def measured(store: Store, filing: Filing) -> dict[str, int]:
    """What one mail writes, by what for."""
    own = sum(len(data) for bundle in filing.bundles for data in bundle.files.values())
    parts = {
        "ledger and manifest": written(lambda: store.commit([filing], now=datetime.now(UTC))) - own,
        "search index": written(store.update_search),
        "pages": written(lambda: refresh_pages(store)),
    }
    return parts | {"together": sum(parts.values())}


def main() -> None:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mails_in", type=Path, metavar="MAILS", help="a folder of .eml files")
    parser.add_argument("--articles", type=int, default=100_000, metavar="N", help="that the archive has")
    parser.add_argument("--mails", type=int, default=2000, metavar="N", help="that are filed")
    parser.add_argument("--folder", type=Path, default=Path(), metavar="DIR", help="for the archive")
    options = parser.parse_args()
    figures: dict[str, list[int]] = defaultdict(list)
    words: list[int] = []
    with TemporaryDirectory(dir=options.folder, prefix="writes-benchmark-") as name, ExitStack() as stack:
        store = stack.enter_context(grown(Path(name) / "archive", options.articles))
        refresh_pages(store)
        for filing in islice(filings(options.mails_in), options.mails):
            for part, count in measured(store, filing).items():
                figures[part].append(count)
            words.append(sum(bundle.entry.words for bundle in filing.bundles))
    print(f"Mails of {mean(words):.0f} words in the mean, {median(words):.0f} in the median\n")
    print(f"{'KB for one mail beside its folder':34}{'mean':>8}{'median':>8}{'most':>8}")
    for part, counts in figures.items():
        print(f"{part:34}{mean(counts) / 1000:8.1f}{median(counts) / 1000:8.1f}{max(counts) / 1000:8.0f}")


if __name__ == "__main__":
    main()
