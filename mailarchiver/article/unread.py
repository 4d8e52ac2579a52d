"""The article of a mail that cannot be understood: what a scan of its lines told, and nothing that was looked into."""

from __future__ import annotations

from html import escape

from ..model import Article, Original
from ..text.controls import without_controls
from ..text.whitespace import collapse, count_words, excerpt
from .extract import UNTITLED
from .sanitize import sanitize


def unread(original: Original) -> Article:
    """The subject as title, the text as it stands, line for line. No part is opened: `message.eml` holds them.

    The engines, the writer and the converter to Markdown, on one of which the mail may have foundered, take no part.
    """
    text = without_controls(original.text or "").replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    lines = [f"    {line}".rstrip() for line in text.split("\n")]
    return Article(
        original=original,
        kind="message",
        title=without_controls(collapse(original.headers.subject or "").strip()) or UNTITLED,
        html=sanitize(f"<pre>{escape(text)}</pre>") if text else "",
        markdown="\n".join(lines) if text else "",
        text=text,
        excerpt=excerpt(text),
        words=count_words(text),
        provenance={"title": "subject", "text": "the mail's lines as they are: it was released from quarantine"},
        warnings=original.warnings,
    )
