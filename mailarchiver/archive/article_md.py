"""article.md: the article as Markdown under YAML front matter."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from ..model import Article

_encode = json.JSONEncoder(ensure_ascii=False).encode

_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
"""What YAML 1.2 §5.1 wants escaped, or what YAML 1.1 takes for a line break, and JSON writes as it is."""


def markdown(article: Article, *, received: datetime, id: str) -> str:  # noqa: A002 - the format's word
    """Front matter with what is known of the article, then its text. Keys without a value are left out.

    Every value is written as JSON, which is YAML: no title can end the front matter or become anything but a string.
    The title is not repeated as a heading.

    The keys are those of article.json, but for two. QUIRK: Hugo takes `url` for the path of the page it makes and
    `kind` for one of its own kinds, and builds no site at all where they are anything else ("URLs with protocol
    (http*) not supported", "unknown kind"); so the URL is the `source`, as Obsidian's Web Clipper has it, and the
    kind the `category`.
    """
    known = {
        "title": article.title,
        "byline": article.byline,
        "site": article.site,
        "source": article.url,
        "published": article.published,
        "language": article.language,
        "tags": list(article.tags),
        "received": received.isoformat(),
        "category": article.kind,
        "id": id,
    }
    lines = [f"{key}: {_value(value)}" for key, value in known.items() if value]
    body = article.markdown.strip("\n")
    return "\n".join(["---", *lines, "---", *(["", body] if body else []), ""])


def _value(value: object) -> str:
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", _encode(value))
