#!/usr/bin/env python3
"""What it costs that mail is understood in a child: the same mails in this process, and in a `Pool` of one child, in
batches, which is how the program has its mail understood, and one by one, where each waits for the answer before.

    benchmarks/workers.py [FILE…] [--blocks N] [--json]

By default two mails of the demo: a plain text without pictures, and a typical one, of 75 KB with two pictures. Figures
are milliseconds a mail by the clock: medians over blocks of 50 mails, in which the three take turns; in turns of one
mail, each would find its caches cold. A busy machine makes all of them longer, the pipes most: the overhead is the
median of what a block took longer than the one in process beside it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC
from pathlib import Path

import mailarchiver
from mailarchiver.model import MessageRef, RawMessage, Rules
from mailarchiver.workers import InProcess, Pool

SAMPLES = Path(mailarchiver.__file__).parent / "demo" / "samples"
DEFAULT = [SAMPLES / "04-newsletter.eml", SAMPLES / "02-gmail-forwarded.eml"]
BLOCKS, MAILS = 10, 50
ID = "0" * 12


def timed(work: Callable[[], object]) -> float:
    """The milliseconds a mail of a block of mails."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000 / MAILS


def measure(path: Path, blocks: int) -> dict[str, object]:
    """The medians for a mail, over so many blocks."""
    raw, rules = RawMessage(MessageRef("import", "benchmark", path=str(path)), None, path.read_bytes()), Rules(UTC)
    mails = [(raw, ID)] * MAILS
    with closing(Pool()) as pool:
        ways: dict[str, Callable[[], object]] = {
            "in process": lambda: list(InProcess().understand_all(mails, rules=rules)),
            "batch": lambda: list(pool.understand_all(mails, rules=rules)),
            "single": lambda: [pool.understand(raw, id=ID, rules=rules) for _ in mails],
        }
        for way in ways.values():
            way()
        rounds = [{name: timed(way) for name, way in ways.items()} for _ in range(blocks)]
    medians = {name: statistics.median(each[name] for each in rounds) for name in ways}
    overhead = {
        f"overhead of a {name}": statistics.median(each[name] - each["in process"] for each in rounds)
        for name in ("batch", "single")
    }
    return {"mail": path.name, "bytes": len(raw.data), **medians, **overhead}


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="*", default=DEFAULT)
    parser.add_argument("--blocks", type=int, metavar="N", default=BLOCKS, help=f"blocks of {MAILS} mails, {BLOCKS}")
    parser.add_argument("--json", action="store_true", help="print a JSON object a mail")
    options = parser.parse_args(arguments)
    for path in options.files:
        found = measure(path, options.blocks)
        told = (f"{name} {value:.2f}" for name, value in found.items() if isinstance(value, float))
        print(json.dumps(found) if options.json else f"{path.name}, {found['bytes']} octets: {', '.join(told)} ms")


if __name__ == "__main__":
    main()
