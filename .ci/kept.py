#!/usr/bin/env python3
"""What became of mails that come without expectations: whether each is filed, byte for byte, on a page that is safe.

    .ci/kept.py FOLDER ARCHIVE SCORE.py

Looks at every .eml file below FOLDER, and at every mbox (what begins with a From_ line, whatever its name) for at
least one message of it. SCORE.py is the scorer whose `Page` reads a page. Prints figures in the form of
`score.py --json`. Needs nothing but the standard library.
"""

from __future__ import annotations

import importlib.util
import json
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


def unix(data: bytes) -> bytes:
    """The octets with every line end as LF: mails that differ only there are one mail to the archive."""
    return data.replace(b"\r\n", b"\n")


def load_page(scorer: Path) -> Callable[[str], Any]:
    """The scorer's reader of pages."""
    spec = importlib.util.spec_from_file_location("score", scorer)
    if spec is None or spec.loader is None:
        sys.exit(f"{scorer} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    page: Callable[[str], Any] = module.Page
    return page


def figures(corpus: Path, archive: Path, page: Callable[[str], Any]) -> dict[str, dict[str, float]]:
    """The share of mails filed and kept, and the share of pages that load and run nothing."""
    folders = [path.parent for path in sorted(archive.glob("[0-9]*/[0-9]*/*/article.json"))]
    mails = {unix((folder / "message.eml").read_bytes()): folder for folder in folders}
    kept = []
    for path in sorted(corpus.rglob("*")):
        if path.suffix not in (".eml", ".mbox"):
            continue
        data = unix(path.read_bytes())
        if path.suffix == ".mbox" or data.startswith(b"From "):
            kept.append(any(mail.strip() and mail.strip() in data for mail in mails))
        else:
            kept.append(data in mails)
    clean = [page((folder / "index.html").read_text("utf-8")).clean for folder in folders]
    named = {"filed": kept, "original bytes kept": kept, "nothing remote on the page": clean}
    return {name: {"mean": statistics.fmean(values), "of": len(values)} for name, values in named.items()}


def main() -> None:
    """Print the figures."""
    corpus, archive, scorer = map(Path, sys.argv[1:])
    sys.stdout.write(json.dumps(figures(corpus, archive, load_page(scorer)), indent=1) + "\n")


if __name__ == "__main__":
    main()
