"""Photographs pages of an archive in Debian's Chromium, narrow and wide, light and dark; none may scroll sideways.

python docs/looks.py ARCHIVE TARGET [WORD...]

Of each WORD the first article whose folder's name holds it; without words, one of every kind that is found: right to
left, Chinese or Japanese, with a table, code, quotes, footnotes, many pictures, a missing picture, a note, plain text.
The exit status is 1 if a page is wider than the narrow window.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

NARROW, WIDE = 360, 1200
"""Of the windows, in CSS pixels."""
HEIGHTS = {NARROW: 1600, WIDE: 1400}


@dataclass(frozen=True, slots=True)
class Seen:
    """An article as it is chosen by: its metadata and its page."""

    known: dict[str, object]
    page: str


KINDS: dict[str, Callable[[Seen], bool]] = {
    "reader": lambda it: it.known["kind"] == "reader-view" and it.page.count("<img") > 1,
    "rtl": lambda it: it.known["direction"] == "rtl",
    "cjk": lambda it: str(it.known["language"])[:2] in {"zh", "ja"} and it.page.count("<p>") > 5,
    "table": lambda it: it.page.count("<th") > 3 and it.page.count("<td") > 12,
    "code": lambda it: it.page.count("<pre") > 1,
    "quotes": lambda it: it.page.count("<blockquote") > 3,
    "footnotes": lambda it: it.page.count("#place-") > 4,
    "gallery": lambda it: it.page.count("<figure") > 4 and it.page.count("<img") > 4,
    "missing": lambda it: 'data-picture="missing"' in it.page,
    "note": lambda it: bool(it.known["note"]) and it.known["original"] is not None,
    "newsletter": lambda it: it.known["kind"] in {"newsletter", "message"} and it.page.count("<a ") > 15,
    "text": lambda it: it.known["kind"] in {"text", "message"} and "<img" not in it.page and it.page.count("<br>") > 2,
    "formula": lambda it: it.page.count("<code>") > 8 and it.page.count("<sub>") > 2,
}


def main(arguments: Sequence[str]) -> int:
    """Take the pictures, and say which pages are too wide."""
    archive, target, *words = arguments
    Path(target).mkdir(parents=True, exist_ok=True)
    too_wide = []
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        for name, page in chosen(Path(archive), words):
            width = photograph(browser, page, Path(target) / name)
            print(f"{name:12} {width:5} px  {page.parent.name}")
            if width > NARROW:
                too_wide.append(name)
        browser.close()
    if too_wide:
        print(f"wider than {NARROW} px: {', '.join(too_wide)}", file=sys.stderr)
    return 1 if too_wide else 0


def chosen(archive: Path, words: Sequence[str]) -> Iterator[tuple[str, Path]]:
    """Names and pages: one for each word, or for each kind; of a kind, the first in the order of folders."""
    pages = sorted(archive.glob("[0-9]*/[0-9]*/*/index.html"))
    if words:
        for word in words:
            yield from ((word, page) for page in [page for page in pages if word in page.parent.name][:1])
        return
    wanted = dict(KINDS)
    for page in pages:
        it = Seen(json.loads(page.with_name("article.json").read_text("utf-8")), page.read_text("utf-8"))
        for name in [name for name, fits in wanted.items() if fits(it)]:
            del wanted[name]
            yield name, page


def photograph(browser: Browser, page: Path, target: Path) -> int:
    """Four pictures of a page: the width that it takes in the narrow window."""
    taken = 0
    for width in (NARROW, WIDE):
        for scheme in ("light", "dark"):
            context = browser.new_context(
                viewport={"width": width, "height": HEIGHTS[width]},
                color_scheme="dark" if scheme == "dark" else "light",
            )
            tab = context.new_page()
            tab.goto(page.as_uri())
            if width == NARROW:
                taken = max(taken, int(tab.evaluate("document.documentElement.scrollWidth")))
            tab.screenshot(path=f"{target}-{width}-{scheme}.png")
            context.close()
    return taken


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
