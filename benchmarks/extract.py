#!/usr/bin/env python3
"""From a mail's HTML to its article, beside the engines that others use: how long it takes, and what is kept.

    benchmarks/extract.py FOLDER [--limit N] [--rounds N] [--json]

FOLDER holds .eml files, at any depth. Each mail is parsed and unwrapped first, which does not count. Then the HTML of
all of them runs, one pass after the other in this one process, through

    ours         article.extract: tree, pictures, clean HTML, Markdown, text
    trafilatura  extract to HTML, precise; and `trafilatura default`: to text, as it comes
    readability  readability-lxml's summary
    chains       the HTML of each of the two, then html-to-markdown
    the engines  all that ours asks for a page (article.engines): the part of `ours` that is not ours

A pass each, as each would run in use: between two mails of one engine nothing else takes the processor's caches. The
passes are repeated in rounds, and of a mail's times the median counts. Figures are milliseconds of processor time a
mail; ratios are those of the medians over the same mails, and of the sums. What was imported is taken from the
garbage collector's sight first, as the worker does. Kept is, for each kind of element, the share of those in the source
that the result has, counted by text: for a Reader View mail the source is the element that holds the article; for
others there is no truth to count against, and no table.
"""

from __future__ import annotations

import argparse
import gc
import json
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from pathlib import Path
from typing import Any, TypeVar

import trafilatura
from html_to_markdown import convert
from lxml.html import document_fromstring
from readability import Document
from selectolax.lexbor import LexborHTMLParser, LexborNode

from mailarchiver.article.engines import opinions
from mailarchiver.article.extract import extract
from mailarchiver.article.page_signs import without_prefixes
from mailarchiver.message import parse, unwrap
from mailarchiver.model import Original, TagRules

OURS, ENGINES = "ours", "the engines"
OTHERS = ("trafilatura", "readability")
KEPT = ("a", "li", "table", "pre", "code", "figure", "figcaption", "h2", "h3", "h4", "h5", "h6", "blockquote", "iframe")
READER_CONTENT = '[id$="readability-page-1"]'
WARM_UP = 5

T = TypeVar("T")
Times = dict[str, list[float]]
"""The milliseconds of each mail, by what took them."""
Counts = dict[str, Counter[str]]


@dataclass(frozen=True, slots=True)
class Mail:
    """The first article of a mail: as ours gets it, and as a whole document, as the others do."""

    original: Original
    document: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N mails, by name")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="rounds of passes (default 3)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    all_mails = list(mails(options.folder, options.limit))
    if not all_mails:
        sys.exit(f"{options.folder}: there is no mail with HTML in it")
    one_round(all_mails[:WARM_UP])
    gc.collect()
    gc.freeze()
    rounds = []
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
        times, results = one_round(all_mails)
        rounds.append(times)
    times = {
        name: [statistics.median(each) for each in zip(*(one[name] for one in rounds), strict=True)] for name in times
    }
    report = summary(times, [kind in {"page", "newsletter"} for kind, _ in results[OURS]])
    report |= kept(all_mails, {OURS: [html for _, html in results[OURS]]} | {name: results[name] for name in OTHERS})
    print(json.dumps(report, indent=1) if options.json else table(report))
    return 0


def mails(folder: Path, limit: int | None) -> Iterator[Mail]:
    """The first article of each mail that has HTML."""
    for path in sorted(folder.rglob("*.eml"))[:limit]:
        original = unwrap(parse(path.read_bytes()))[0]
        if original.html:
            html = original.html
            whole = "<body" in html[:5_000].lower()
            yield Mail(original, html if whole else f"<!DOCTYPE html><html><body>{html}</body></html>")


def one_round(all_mails: Sequence[Mail]) -> tuple[Times, dict[str, list[Any]]]:
    """A pass of each engine over all mails: the times, and what came of it."""
    documents = [mail.document for mail in all_mails]
    times: Times = {}
    results: dict[str, list[Any]] = {}

    def run(
        name: str, work: Callable[[T], Any], subjects: Sequence[T], keep: Callable[[Any], Any] = lambda it: it
    ) -> None:
        times[name], results[name] = [], []
        for subject in subjects:
            start = time.process_time()
            result = work(subject)
            times[name].append((time.process_time() - start) * 1000)
            results[name].append(keep(result))

    originals = [mail.original for mail in all_mails]
    run(OURS, lambda original: extract(original, TagRules()), originals, lambda article: (article.kind, article.html))
    run("trafilatura", from_trafilatura, documents)
    run("trafilatura default", trafilatura.extract, documents)
    run("readability", from_readability, documents)
    for name in OTHERS:
        chain = f"{name} chain"
        run(chain, convert, results[name])
        times[chain] = [first + second for first, second in zip(times[name], times[chain], strict=True)]
    run(ENGINES, lambda document: opinions(without_prefixes(document)), documents)
    return times, results


def from_trafilatura(document: str) -> str:
    """The article as trafilatura keeps most of it."""
    found = trafilatura.extract(
        document, output_format="html", favor_precision=True, include_comments=False, include_links=True,
        include_images=True, include_formatting=True,
    )  # fmt: skip
    return found or ""


def from_readability(document: str) -> str:
    """The article as readability-lxml gives it."""
    return str(Document(document_fromstring(document.encode())).summary(html_partial=True))


def counted(root: LexborNode | None, *, links: bool = True) -> Counts:
    """The elements of each kind, by their text without white space: figures by their caption, frames by where they
    lead; with `links`, a link is what is left of a frame.
    """
    counts: Counts = {tag: Counter() for tag in KEPT}
    if root is None:
        return counts
    for tag in KEPT:
        for node in root.css(tag):
            key = key_of(node, tag)
            counts[tag][key] += bool(key)
    for node in root.css("a[href]") if links else ():
        counts["iframe"][host_of(node.attributes.get("href"))] += 1
    return counts


def key_of(node: LexborNode, tag: str) -> str:
    """By what an element is told from others of its kind; "" where there is nothing in it that could be."""
    if tag == "iframe":
        return host_of(node.attributes.get("src"))
    if tag == "figure":
        caption = node.css_first("figcaption")
        pictures = len(
            node.css('img[src^="cid:"], img[src^="images/"]')
        )  # a picture that is not in the mail is not ours
        return "".join(caption.text().split()) if caption is not None else f"{pictures} pictures" if pictures else ""
    return "".join(node.text().split())


def host_of(url: str | None) -> str:
    """The last two labels of a URL's host, a player's as its site's; "" where it has none."""
    found = re.match(r"(?:https?:)?//([^/?#]+)", url or "")
    return ".".join(found[1].replace("-nocookie", "").split(".")[-2:]) if found else ""


def summary(times: Times, is_page: Sequence[bool]) -> dict[str, Any]:
    """Medians, and ratios of medians and of sums."""
    report: dict[str, Any] = {"mails": len(is_page)}
    report |= {name: statistics.median(each) for name, each in times.items()}
    ours = times[OURS]
    for name, theirs in times.items():
        if name != OURS:
            report[f"ours to {name}"] = statistics.median(ours) / statistics.median(theirs)
            report[f"ours to {name}, all together"] = sum(ours) / sum(theirs)
    if any(is_page):
        of_pages = [list(compress(times[name], is_page)) for name in (OURS, ENGINES)]
        report["pages"] = sum(is_page)
        report["pages: ours to the engines"] = statistics.median(of_pages[0]) / statistics.median(of_pages[1])
        report["pages: ours to the engines, all together"] = sum(of_pages[0]) / sum(of_pages[1])
    return report


def kept(all_mails: Sequence[Mail], htmls: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The shares of what each kept of the mails whose source is known; nothing where there are none."""
    of_all: list[dict[str, Counts]] = []
    for place, mail in enumerate(all_mails):
        source = LexborHTMLParser(mail.document).css_first(READER_CONTENT)
        if source is not None:
            results = {name: counted(LexborHTMLParser(html[place]).body) for name, html in htmls.items()}
            of_all.append({"source": counted(source, links=False)} | results)
    return {"kept": {name: {tag: share(tag, name, of_all) for tag in KEPT} for name in htmls}} if of_all else {}


def share(tag: str, name: str, kept: Sequence[dict[str, Counts]]) -> float | None:
    """The share of the source's elements of a kind that an engine kept, in percent; None where there are none."""
    wanted = found = 0
    for each in kept:
        source = each["source"][tag]
        wanted += source.total()
        found += (source & each[name][tag]).total()
    return 100 * found / wanted if wanted else None


def table(report: dict[str, Any]) -> str:
    """The report for people."""
    lines = [f"{report['mails']} mails; ms of processor time a mail, median"]
    for name, value in report.items():
        if isinstance(value, float):
            lines.append(f"{name:44}{value:9.2f}")
    kept = report.get("kept")
    if isinstance(kept, dict):
        lines += ["", f"{'kept, %':14}" + "".join(f"{tag:>11}" for tag in KEPT)]
        for name, shares in kept.items():
            figures = "".join(f"{'-' if shares[tag] is None else format(shares[tag], '.1f'):>11}" for tag in KEPT)
            lines.append(f"{name:14}{figures}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
