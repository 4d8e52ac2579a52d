"""Takes the README's picture: the first sample mail, filed by `mailarchiver import`, seen in Debian's Chromium.

python docs/screenshot.py [FILE]      default: docs/page.png
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
SAMPLE = HERE.parent / "mailarchiver" / "demo" / "samples" / "01-gmail-reader-view.eml"
WIDTH, HEIGHT = 900, 1120
"""Of the window, in CSS pixels; the picture has one and a half times as many."""


def main(arguments: Sequence[str]) -> None:
    """Files the sample into a throw-away archive and photographs its page."""
    target = Path(arguments[0]) if arguments else HERE / "page.png"
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "mailarchiver", "import", str(SAMPLE), "--root", folder]
        subprocess.run(command, check=True)
        page = next(Path(folder).glob("2*/*/*-*/index.html"))
        photograph(page, target)
    with Image.open(target) as picture:
        picture.convert("RGB").save(target, optimize=True)


def photograph(page: Path, target: Path) -> None:
    """The top of a page as Chromium shows it from disk, in the light dress."""
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        context = browser.new_context(
            viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=1.5, color_scheme="light"
        )
        tab = context.new_page()
        tab.goto(page.as_uri())
        tab.screenshot(path=str(target))
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
