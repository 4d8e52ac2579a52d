"""Clean HTML → the same as Markdown and as plain text."""

from __future__ import annotations

import re
from html import unescape

from html_to_markdown import ConversionOptions, convert

from .markup import BLOCK

# escape_misc: without it the text "&lt;script&gt;" would come out as a live tag.
_MARKDOWN = ConversionOptions(escape_misc=True, bullets="-", extract_metadata=False)
_TOKEN = re.compile(r"<(/?)([a-z][a-z0-9]*)((?:\s[^\s=>]+(?:=\"[^\"]*\")?)*)\s*/?>")
_SPACES = re.compile(r"[ \t\r\n\u00a0]{2,}|[\t\r\n\u00a0]")
_LINES = re.compile(r"[ \t]+\n[ \t]*|\n[ \t]+")
_GAPS = re.compile(r"\n{3,}")
_SHIELD = str.maketrans({" ": "\x1c", "\n": "\x1d", "\t": "\x1e"})
"""White space of preformatted text, while that of the rest is collapsed; control characters no mail text holds."""
_UNSHIELD = {ord(shield): chr(space) for space, shield in _SHIELD.items()}


def markdown(html: str) -> str:
    """The article as Markdown (CommonMark with tables)."""
    content: str | None = convert(html, _MARKDOWN).content
    return (content or "").strip() + "\n"


def plain_text(html: str) -> str:
    """The article as plain text: blocks apart by an empty line, list items by "- ", cells by tabs. Pictures, their alt
    texts and what stands for frames are left out.
    """
    out: list[str] = []
    preformatted = silent = place = 0
    begun = False  # an item of a list: what begins in it, paragraph or list, stands behind its bullet
    for token in _TOKEN.finditer(html):
        text = html[place : token.start()]
        place = token.end()
        if text and text != "\n" and not silent:  # a lone line break is the writer's, between two blocks
            words = unescape(text)
            out.append(words.translate(_SHIELD) if preformatted else _SPACES.sub(" ", words))
            begun = begun and not words.strip()
        closing, tag, attributes = token[1] == "/", token[2], token[3]
        if tag == "pre":
            preformatted += -1 if closing else 1
        if tag == "span" and (silent or "data-" in attributes):
            silent += -1 if closing else 1
        if not begun:
            out.append(_separator(tag, closing=closing))
            begun = tag == "li" and not closing
    out.append(_SPACES.sub(" ", unescape(html[place:])))
    lines = _LINES.sub("\n", "".join(out))
    text = _GAPS.sub("\n\n", lines).strip() + "\n"
    return text.translate(_UNSHIELD) if "<pre>" in html else text


def _separator(tag: str, *, closing: bool) -> str:
    if tag == "br":
        return "\n"
    if tag == "li":
        return "" if closing else "\n- "
    if tag in {"td", "th"}:
        return "\t" if closing else ""
    if tag in {"tr", "dt", "dd", "summary", "caption", "thead", "tbody", "tfoot"}:
        return "\n" if closing else ""
    return "\n\n" if tag in BLOCK else ""
