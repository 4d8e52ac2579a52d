"""Recognises a text: a mail whose author wrote plain text, long enough to be read, or with headings.

What is shorter is a letter, and stays `message`. How plain text becomes paragraphs, lists and headings is decided in
`text.reflow`.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from ..text.whitespace import collapse, count_words, fold
from .framed import Framed
from .recognised import LeftOut, Recognised
from .surroundings import Line

_FEWEST_WORDS = 120
"""Of its author's own, in a text without headings; a letter is shorter."""
_FEWEST_BELOW_ONE = 60
"""The same with a single heading, which may be a greeting."""
_LONGEST_LINE = 2_000
_TITLES = frozenset({"h2", "h3", "p"})
_NOT_OWN = frozenset({"blockquote", "pre"})
_HEADINGS = "h2, h3, h4, h5, h6"


def recognise(tree: LexborHTMLParser, framed: Framed, subject: str) -> Recognised | None:
    """The text; None where there is too little of it. `tree` was made of plain text, `subject` is the mail's, without
    prefixes.

    Its url is one that stands alone on the first or last line, or below the title; nothing else in a text says what its
    own address is.
    """
    body = tree.body
    if body is None:
        return None
    headings = len(body.css(_HEADINGS))
    quoted = (part for part in body.iter() if part.tag in _NOT_OWN)
    words = count_words(body.text(separator=" ")) - sum(count_words(part.text(separator=" ")) for part in quoted)
    headed = headings > 1 or (headings == 1 and words >= _FEWEST_BELOW_ONE)
    if words < _FEWEST_WORDS and not headed:
        return None
    children = [node for node in body.iter() if collapse(node.text()).strip()]
    out: list[LexborNode] = []
    url, place = _url(children, out) if len(children) > 1 else (None, "")
    title = _title(_left(children, out), subject, out)
    if title and not url:
        url, _ = _url(_left(children, out)[:1], out)
        place = "line below the title"
    reason = "plain text with headings" if headed else f"plain text of {words} words"
    return Recognised(
        "text",
        (body,),
        title=title,
        url=framed.url or url,
        note=framed.note,
        provenance={
            "kind": f"text: {reason}",
            **({"title": "text: first line"} if title else {}),
            **({"url": place} if url else {}),
            **framed.provenance,
        },
        left_out=_left_out(out, framed),
    )


def _left(children: Sequence[LexborNode], out: Sequence[LexborNode]) -> list[LexborNode]:
    gone = {node.mem_id for node in out}
    return [node for node in children if node.mem_id not in gone]


def _url(children: Sequence[LexborNode], out: list[LexborNode]) -> tuple[str | None, str]:
    """The URL alone on the first or last line, and where; its line goes to `out`. A mere host is a signature's."""
    for node, place in ((children[0], "first line"), (children[-1], "last line")):
        text = collapse(node.text()).strip()
        url = Line(text).url if node.tag == "p" and len(text) <= _LONGEST_LINE else None
        parts = urlsplit(url or "")
        if url and (parts.path.strip("/") or parts.query):
            out.append(node)
            return url, place
    return None, ""


def _title(children: Sequence[LexborNode], subject: str, out: list[LexborNode]) -> str | None:
    """The heading in the first line, where there is no subject, or the first line that says what the subject says; it
    goes to `out`. Else None.
    """
    first = children[0] if len(children) > 1 else None
    if first is None or first.tag not in _TITLES:
        return None
    text = collapse(first.text()).strip()
    if fold(text) != fold(subject) and (subject or first.tag == "p"):
        return None
    out.append(first)
    return text


def _left_out(nodes: Sequence[LexborNode], framed: Framed) -> LeftOut | None:
    closing = framed.closing.left_out if framed.closing else None
    if not nodes:
        return closing
    skipped = frozenset(node.mem_id for node in nodes)
    if closing is None:
        return LeftOut(skipped, (), "")
    return LeftOut(skipped | closing.skipped, closing.pictures, closing.reason)
