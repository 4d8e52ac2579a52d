"""An HTML body as the lines that a browser would show, each with the place in the tree where it ends.

Only for finding forwards: what is hidden by style sheets is seen here, pictures are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from ..text.closing_lines import is_signature_name

_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "center", "dd", "div", "dl", "dt", "fieldset", "figure",
    "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre",
    "section", "table", "tbody", "tr", "ul",
})  # fmt: skip
SILENT = frozenset({"style", "script", "head", "title", "template", "noscript"})
_CELLS = frozenset({"td", "th"})
_SIGNED = frozenset({"div", "span", "p", "table"})
"""What mail programs put a signature in."""
_LONGEST_SIGNATURE = 2_000
"""Characters; what is longer only bears the name: programs have put whole quotes there."""
_SIGNATURES_SKIPPED = 20
_MANY_TAGS, _DEEPEST = 10_000, 1_000
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_NOT_NESTING = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr",
    "p", "li", "dt", "dd", "td", "th", "tr", "tbody", "thead", "tfoot", "option",
})  # fmt: skip
"""Elements that have no content, or that the next of their kind closes."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line as shown; `last` is the text node it ends in, `end` where in that node's text, None for its end."""

    text: str
    last: LexborNode | None
    end: int | None = None

    @property
    def rest(self) -> str:
        """What of that node's text belongs to later lines. Asked for, not kept: the node may hold megabytes."""
        return "" if self.last is None or self.end is None else (self.last.text_content or "")[self.end :]


def parse_body(html: str) -> LexborNode | None:
    """The body of the document; None where it is nested beyond what a parser does in linear time.

    No mail program nests so deep, whatever was forwarded.
    """
    if html.count("<") > _MANY_TAGS:
        depth = 0
        for tag in _TAG.finditer(html):
            if tag[2].lower() not in _NOT_NESTING:
                depth = max(depth - 1, 0) if tag[1] else depth + 1
                if depth > _DEEPEST:
                    return None
    return LexborHTMLParser(html).body


def read_lines(root: LexborNode, limit: int) -> Iterator[Line]:
    """The first lines of what a browser would show; a line break within a block gives an empty line, a border none."""
    pieces: list[str] = []
    last: LexborNode | None = None
    count = preformatted = 0
    for node, tag, entering in _walk(root):
        if tag == "-text":
            text = node.text_content or ""
            shown = text.split("\n", limit) if preformatted else [text]
            end = 0
            for piece in shown[:-1]:
                end += len(piece) + 1
                yield Line(_shown([*pieces, piece]), node, end)
                pieces, count = [], count + 1
                if count >= limit:
                    return
            pieces.append(shown[-1])
            last = node if shown[-1].strip() else last
            continue
        preformatted += (1 if entering else -1) if tag == "pre" else 0
        if tag in _CELLS:
            pieces.append(" ")
        elif (tag == "br" and entering) or (tag in _BLOCKS and pieces):
            line, pieces = _shown(pieces), []
            if line or tag == "br":
                yield Line(line, last)
                count += 1
            if count >= limit:
                return
    line = _shown(pieces)
    if line:
        yield Line(line, last)


def _shown(pieces: list[str]) -> str:
    return " ".join("".join(pieces).replace("\ufeff", "").split())


def _walk(root: LexborNode) -> Iterator[tuple[LexborNode, str, bool]]:
    """Every node below `root`, and its tag, when it is entered, and again when it is left; not what no browser shows,
    nor signatures.

    A loop, not a recursion: hostile mail is nested deeper than Python's stack.
    """
    node = root.child
    signatures = 0
    while node is not None:
        tag = node.tag or ""
        silent = tag in SILENT
        if tag in _SIGNED and signatures < _SIGNATURES_SKIPPED and is_signature(node):
            silent = len(node.text()) <= _LONGEST_SIGNATURE
            signatures += 1
        if not silent:
            yield node, tag, True
        below = None if silent else node.child
        while below is None:
            if not silent and tag != "-text":
                yield node, tag, False
            silent = False
            below = node.next
            if below is None:
                parent = node.parent
                if parent is None or parent.mem_id == root.mem_id:
                    return
                node, tag = parent, parent.tag or ""
        node = below


def named(node: LexborNode) -> str:
    """An element's id and classes in one string, whatever a mail program put before them (`x_`, `gmail-m_123`)."""
    attributes = node.attributes or {}
    return f"{attributes.get('id') or ''} {attributes.get('class') or ''}".strip()


def is_signature(node: LexborNode) -> bool:
    """Whether a mail program says that this element is a signature."""
    if node.tag not in _SIGNED:
        return False
    name = named(node)
    return bool(name) and is_signature_name(name)
