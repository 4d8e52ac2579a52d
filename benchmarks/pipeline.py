#!/usr/bin/env python3
"""How long a mail takes from its octets to its bundle, in memory, on one core; beside it trafilatura on the same mails.

    benchmarks/pipeline.py FOLDER [--limit N] [--json]

FOLDER holds .eml files, at any depth. Each mail runs through the stages of `mailarchiver.pipeline`, right after it its
HTML through `trafilatura.extract` with HTML output, and its octets through stdlib's parser (policy `compat32`; it
decodes nothing) and through mail-parser, so that all meet the same machine. Figures are milliseconds of
processor time a mail: other work on the machine does not count, nor does starting up. The ratio is that of the medians
over the mails that have HTML.
"""

from __future__ import annotations

import argparse
import contextlib
import email
import email.policy
import json
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC
from pathlib import Path

import mailparser
import trafilatura

from mailarchiver.archive.bundle import bundle
from mailarchiver.article.extract import extract
from mailarchiver.errors import MessageError
from mailarchiver.message.forward import unwrap
from mailarchiver.message.parse import parse
from mailarchiver.model import Message, MessageRef, RawMessage, TagRules
from mailarchiver.pipeline import received_at

STAGES = ("parse", "unwrap", "extract", "bundle")
PEER = "trafilatura"
STDLIB, MAIL_PARSER = "compat32", "mail-parser"
REFUSALS = (mailparser.exceptions.MailParserError, ValueError, AttributeError)
"""What mail-parser was seen to raise for damaged mail; such mail is counted as refused."""
WARM_UP = 3
ID = "0" * 12

Row = dict[str, float]


@contextlib.contextmanager
def stage(row: Row, name: str) -> Iterator[None]:
    """Note the processor time of what runs within."""
    start = time.process_time()
    yield
    row[name] = (time.process_time() - start) * 1000


def measure(path: Path) -> Row:
    """The milliseconds of each stage, of the whole pipeline, and of trafilatura where the mail has HTML."""
    raw = RawMessage(MessageRef("import", "benchmark", path=str(path)), None, path.read_bytes())
    row: Row = {}
    with stage(row, "parse"):
        message = parse(raw.data)
    with stage(row, "unwrap"):
        originals = unwrap(message)
    with stage(row, "extract"):
        articles = [extract(original, TagRules()) for original in originals]
    received = received_at(raw, message.headers)
    with stage(row, "bundle"):
        for article in articles:
            bundle(article, raw, received=received, id=ID, timezone=UTC)
    row["pipeline"] = sum(row[name] for name in STAGES)
    row["parse+unwrap"] = row["parse"] + row["unwrap"]
    with stage(row, STDLIB):
        email.message_from_bytes(raw.data, policy=email.policy.compat32)
    with stage(row, MAIL_PARSER):
        mailparser.parse_from_bytes(raw.data)
    html = first_html(message)
    if html is not None:
        with stage(row, PEER):
            trafilatura.extract(html, output_format="html")
    return row


def first_html(message: Message) -> str | None:
    """The HTML of the mail, else of the first mail attached to it that has some.

    It is made a document, because trafilatura makes nothing of a fragment.
    """
    for candidate in (message, *message.enclosed):
        if candidate.html:
            return f"<!DOCTYPE html><html><body>{candidate.html}</body></html>"
    return None


def figures(values: Sequence[float]) -> dict[str, float]:
    """Median, 95th percentile and mean."""
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]
    return {"median": statistics.median(ordered), "p95": p95, "mean": statistics.fmean(ordered)}


def run(paths: Sequence[Path]) -> dict[str, object]:
    """All figures over these mails. Mails that the parser refuses are counted, and left out."""
    for path in paths[:WARM_UP]:
        with contextlib.suppress(MessageError, *REFUSALS):
            measure(path)
    rows: list[Row] = []
    for path in paths:
        with contextlib.suppress(MessageError, *REFUSALS):
            rows.append(measure(path))
    if not rows:
        raise SystemExit("no mail among them could be parsed")
    report: dict[str, object] = {"mails": len(rows), "refused": len(paths) - len(rows)}
    report |= {name: figures([row[name] for row in rows]) for name in (*STAGES, "pipeline")}
    report |= {name: figures([row[name] for row in rows]) for name in ("parse+unwrap", STDLIB, MAIL_PARSER)}
    stdlib = statistics.median(row[STDLIB] for row in rows)
    report |= {
        f"{name} to {STDLIB}": statistics.median(row[name] for row in rows) / stdlib
        for name in ("parse+unwrap", MAIL_PARSER)
    }
    both = [row for row in rows if PEER in row]
    if both:
        report[PEER] = figures([row[PEER] for row in both])
        ours, theirs = (statistics.median(row[name] for row in both) for name in ("pipeline", PEER))
        report |= {"mails with HTML": len(both), "ratio": ours / theirs}
    return report


def table(report: dict[str, object]) -> str:
    """The report for people."""
    lines = [f"{report['mails']} mails, {report.get('mails with HTML', 0)} with HTML; ms of processor time a mail"]
    lines += [f"{'':12}{'median':>9}{'p95':>9}{'mean':>9}"]
    for name, value in report.items():
        if isinstance(value, dict):
            lines.append(f"{name:12}{value['median']:9.2f}{value['p95']:9.2f}{value['mean']:9.2f}")
    lines += [f"{name}: {value:.2f}" for name, value in report.items() if name.endswith(f" to {STDLIB}")]
    if "ratio" in report:
        lines.append(f"the pipeline takes {report['ratio']:.2f} of what {PEER} takes for the same HTML")
    return "\n".join(lines)


def main() -> None:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N mails, by name")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    paths = sorted(options.folder.rglob("*.eml"))[: options.limit]
    if not paths:
        sys.exit(f"{options.folder}: there are no .eml files in it")
    report = run(paths)
    print(json.dumps(report, indent=1) if options.json else table(report))


if __name__ == "__main__":
    main()
