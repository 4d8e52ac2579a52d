"""Filings with words in them: what is searched for, listed and shown."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from mailarchiver.model import Filing
from tests.archive.filings import RECEIVED, filing


def written(
    number: int, title: str, text: str = "", *, note: str | None = None, received: datetime = RECEIVED, **changes: Any
) -> Filing:
    """A mail with one article of this title and text; `changes` are those of its entry."""
    plain = filing(number, text=text, received=received)
    (made,) = plain.bundles
    described = json.loads(made.files["article.json"]) | {"title": title, "note": note}
    files = {**made.files, "article.json": json.dumps(described).encode()}
    entry = replace(made.entry, title=title, **changes)
    return replace(plain, bundles=(replace(made, files=files, entry=entry),))
