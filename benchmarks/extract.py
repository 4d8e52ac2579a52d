#!/usr/bin/env python3
"""From a mail's HTML to its article, beside the engines that others use: how long it takes, and what is kept.

    benchmarks/extract.py FOLDER [--limit N] [--json]

FOLDER holds .eml files, at any depth. Each mail is parsed and unwrapped first, which does not count. Then its HTML
runs, one after the other in this one process, through

    ours         article.extract: tree, pictures, clean HTML, Markdown, text
    trafilatura  extract to HTML, precise; and `trafilatura default`: to text, as it comes
    readability  readability-lxml's summary
    chains       the HTML of each of the two, then html-to-markdown
    the engines  all that ours asks for a page (article.engines): the part of `ours` that is not ours

Figures are milliseconds of processor time a mail; ratios are those of the medians over the same mails. The engines all
together come last: whatever runs behind them finds their code and their caches warm. Kept is, for
each kind of element, the share of those in the source that the result has, counted by text: for a Reader View mail the
source is the element that holds the article; for others there is no truth to count against, and no table.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

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
KEPT = ("a", "li", "table", "pre", "code", "figure", "figcaption", "h2", "h3", "h4", "h5", "h6", "blockquote", "iframe")
READER_CONTENT = '[id$="readability-page-1"]'
WARM_UP = 5

T = TypeVar("T")
Row = dict[str, float]
Counts = dict[str, Counter[str]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N mails, by name")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    originals = list(mails(options.folder, options.limit))
    if not originals:
        sys.exit(f"{options.folder}: there is no mail with HTML in it")
    for original in originals[:WARM_UP]:
        measure(original)
    results = [measure(original) for original in originals]
    report = summary([row for row, _ in results], [counts for _, counts in results])
    print(json.dumps(report, indent=1) if options.json else table(report))
    return 0


def mails(folder: Path, limit: int | None) -> Iterator[Original]:
    """The first article of each mail that has HTML."""
    for path in sorted(folder.rglob("*.eml"))[:limit]:
        original = unwrap(parse(path.read_bytes()))[0]
        if original.html:
            yield original


def measure(original: Original) -> tuple[Row, dict[str, Counts]]:
    """The times of one mail, and what each engine kept of it: `source`, and a name each."""
    html = original.html or ""
    document = f"<!DOCTYPE html><html><body>{html}</body></html>" if "<body" not in html[:5_000].lower() else html
    row: Row = {}
    article = timed(row, OURS, lambda: extract(original, TagRules()))
    precise = timed(row, "trafilatura", lambda: from_trafilatura(document))
    timed(row, "trafilatura default", lambda: trafilatura.extract(document))
    summary_ = timed(row, "readability", lambda: from_readability(document))
    row["trafilatura chain"] = row["trafilatura"] + timed_only(lambda: convert(precise))
    row["readability chain"] = row["readability"] + timed_only(lambda: convert(summary_))
    timed(row, ENGINES, lambda: opinions(without_prefixes(document)))
    row["page"] = float(article.kind in {"page", "newsletter"})
    source = LexborHTMLParser(document).css_first(READER_CONTENT)
    if source is None:
        return row, {}
    results = {OURS: article.html, "trafilatura": precise, "readability": summary_}
    return row, {"source": counted(source, links=False)} | {
        name: counted(LexborHTMLParser(text).body) for name, text in results.items()
    }


def timed(row: Row, name: str, work: Callable[[], T]) -> T:
    """What the work gives; its milliseconds of processor time are noted."""
    start = time.process_time()
    result = work()
    row[name] = (time.process_time() - start) * 1000
    return result


def timed_only(work: Callable[[], object]) -> float:
    """The milliseconds of processor time that the work takes."""
    row: Row = {}
    timed(row, "it", work)
    return row["it"]


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


def summary(rows: Sequence[Row], kept: Sequence[dict[str, Counts]]) -> dict[str, object]:
    """Medians, ratios, and the shares of what is kept."""
    names = [name for name in rows[0] if name != "page"]
    report: dict[str, object] = {"mails": len(rows)}
    report |= {name: statistics.median(row[name] for row in rows) for name in names}
    ours = statistics.median(row[OURS] for row in rows)
    report |= {f"ours to {name}": ours / statistics.median(row[name] for row in rows) for name in names if name != OURS}
    pages = [row for row in rows if row["page"]]
    if pages:
        both = (statistics.median(row[name] for row in pages) for name in (OURS, ENGINES))
        report |= {"pages": len(pages), "pages: ours to the engines": next(both) / next(both)}
    with_source = [each for each in kept if each]
    if with_source:
        report["kept"] = {
            name: {tag: share(tag, name, with_source) for tag in KEPT} for name in with_source[0] if name != "source"
        }
    return report


def share(tag: str, name: str, kept: Sequence[dict[str, Counts]]) -> float | None:
    """The share of the source's elements of a kind that an engine kept, in percent; None where there are none."""
    wanted = found = 0
    for each in kept:
        source = each["source"][tag]
        wanted += source.total()
        found += (source & each[name][tag]).total()
    return 100 * found / wanted if wanted else None


def table(report: dict[str, object]) -> str:
    """The report for people."""
    lines = [f"{report['mails']} mails; ms of processor time a mail, median"]
    for name, value in report.items():
        if isinstance(value, float):
            lines.append(f"{name:28}{value:9.2f}")
    kept = report.get("kept")
    if isinstance(kept, dict):
        lines += ["", f"{'kept, %':14}" + "".join(f"{tag:>11}" for tag in KEPT)]
        for name, shares in kept.items():
            figures = "".join(f"{'-' if shares[tag] is None else format(shares[tag], '.1f'):>11}" for tag in KEPT)
            lines.append(f"{name:14}{figures}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
