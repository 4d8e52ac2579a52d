#!/usr/bin/env python3
"""What it costs that mail is understood in a child: the same mails in this process, and in a `Pool` of one child.

    benchmarks/workers.py [FILE…] [--blocks N] [--json]

By default two mails of the demo: a plain text without pictures, and a typical one, of 75 KB with two pictures. Figures
are medians, in milliseconds by the clock; a busy machine makes all of them longer, the pipes most. In process and pool
take turns in blocks, as a program does that files mail by mail: in turns of one, each would find its caches cold.
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
from mailarchiver import pipeline
from mailarchiver.model import MessageRef, RawMessage, Rules
from mailarchiver.workers import Pool

SAMPLES = Path(mailarchiver.__file__).parent / "demo" / "samples"
DEFAULT = [SAMPLES / "04-newsletter.eml", SAMPLES / "02-gmail-forwarded.eml"]
BLOCKS, RUNS = 10, 50
ID = "0" * 12


def timed(work: Callable[[], object]) -> list[float]:
    """The milliseconds of each of some runs."""
    figures = []
    for _ in range(RUNS):
        start = time.perf_counter()
        work()
        figures.append((time.perf_counter() - start) * 1000)
    return figures


def measure(path: Path, blocks: int) -> dict[str, object]:
    """The medians for a mail, over so many blocks of runs."""
    raw, rules = RawMessage(MessageRef("import", "benchmark", path=str(path)), None, path.read_bytes()), Rules(UTC)
    here: list[float] = []
    there: list[float] = []
    with closing(Pool()) as pool:
        timed(lambda: pool.understand(raw, id=ID, rules=rules))
        timed(lambda: pipeline.understand(raw, id=ID, rules=rules))
        for _ in range(blocks):
            here += timed(lambda: pipeline.understand(raw, id=ID, rules=rules))
            there += timed(lambda: pool.understand(raw, id=ID, rules=rules))
    medians = {"in process": statistics.median(here), "pool": statistics.median(there)}
    return {"mail": path.name, "bytes": len(raw.data), **medians, "overhead": medians["pool"] - medians["in process"]}


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="*", default=DEFAULT)
    parser.add_argument("--blocks", type=int, metavar="N", default=BLOCKS, help=f"blocks of {RUNS} runs, {BLOCKS}")
    parser.add_argument("--json", action="store_true", help="print a JSON object a mail")
    options = parser.parse_args(arguments)
    for path in options.files:
        found = measure(path, options.blocks)
        told = (f"{name} {value:.2f}" for name, value in found.items() if isinstance(value, float))
        print(json.dumps(found) if options.json else f"{path.name}, {found['bytes']} octets: {', '.join(told)} ms")


if __name__ == "__main__":
    main()
