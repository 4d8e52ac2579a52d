"""Forwards in HTML: the tree read as the lines a browser would show, the header block cut off, the rest untouched.

The body is given back as the markup that stands behind the header block inside the same quote, serialised node by
node: no class, style or attribute is changed, for what the forwarded page looks like is the next stage's business.
"""

from __future__ import annotations

import html as markup
import re
from collections.abc import Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from mailarchiver.message.forward_note import note_of
from mailarchiver.message.forward_text import LINES, Found, forwards
from mailarchiver.text.subject import Kind

_HINTS = (
    "gmail_attr", "gmail_quote", "moz-forward", "moz-email-headers", "yahoo_quoted", "RplyFwdMsg",
    'type="cite"', "type=cite", "border-top:solid", "border-top: solid", "-----", "_____",
)  # fmt: skip
_BLOCKS = frozenset(
    "address article aside blockquote body center dd div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section table tbody tr ul".split()
)
_SILENT = frozenset(("style", "script", "head", "title", "template", "noscript"))
_CELLS = frozenset(("td", "th"))
_QUOTES = re.compile(
    r"gmail_quote|moz-forward-container|yahoo_quoted|protonmail_quote|zmail_extra|reference-message-container"
)
_SIGNATURES = re.compile(
    r"gmail_signature|moz-signature|AppleMailSignature|ms-outlook-mobile|ymail_\w*signature|protonmail_signature|^(?:x_)?Signature$"
)
_LONGEST_SIGNATURE = 2_000
"""Characters; what is longer only bears the name: programs have put whole quotes there."""
_SIGNATURES_SKIPPED = 20
_MANY_TAGS, _DEEPEST = 10_000, 1_000
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_NOT_NESTING = frozenset(
    "area base br col embed hr img input link meta source track wbr p li dt dd td th tr tbody thead tfoot option".split()
)
_TRIMMED = re.compile(r"^(?:\s|&nbsp;|<br\s*/?>)+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Line:
    """A line as shown; `last` is the text node it ends in, `rest` what of that node's text belongs to later lines."""

    text: str
    last: LexborNode | None
    rest: str = ""


def may_hold_forward(html: str) -> bool:
    """Whether the source has any of the marks that forwards leave. Cheap: most mail is not to be parsed for this."""
    return any(hint in html for hint in _HINTS)


def unwrap_html(html: str, kind: Kind | None) -> Found | None:
    """The forward in an HTML body; None where it is none."""
    root = _tree(html)
    if root is None:
        return None
    for limit in (LINES // 10, LINES):
        lines = list(_read(root, limit))
        blocks = forwards([line.text for line in lines], kind, wrapped=False)
        if len(lines) < limit or (blocks and blocks[-1].end < limit // 2):
            break
    if not blocks:
        return None
    note = note_of([line.text for line in lines[: blocks[0].start]])
    return Found(blocks, note, _body(root, lines[: blocks[-1].end]))


def note_in_html(html: str) -> str | None:
    """All that the body shows, as a note; None for nothing."""
    root = _tree(html)
    return note_of([line.text for line in _read(root, LINES)]) if root is not None else None


def _tree(html: str) -> LexborNode | None:
    """The body of the document; None where it is nested beyond what a parser does in linear time (no mail program
    nests forwards so deep)."""
    if html.count("<") > _MANY_TAGS:
        depth = 0
        for tag in _TAG.finditer(html):
            if tag[2].lower() not in _NOT_NESTING:
                depth = max(depth - 1, 0) if tag[1] else depth + 1
                if depth > _DEEPEST:
                    return None
    return LexborHTMLParser(html).body


def _read(root: LexborNode, limit: int) -> Iterator[_Line]:
    """The first lines of what a browser would show; a line break within a block gives an empty line, a border none."""
    pieces: list[str] = []
    last: LexborNode | None = None
    count = preformatted = 0
    for node, entering in _walk(root):
        tag = node.tag
        if tag == "-text":
            text = node.text_content or ""
            shown = text.split("\n") if preformatted else [text]
            for index, piece in enumerate(shown[:-1]):
                yield _Line(_shown([*pieces, piece]), node, "\n".join(shown[index + 1 :]))
                pieces, count = [], count + 1
                if count >= limit:
                    return
            pieces.append(shown[-1])
            last = node if shown[-1].strip() else last
            continue
        preformatted += (1 if entering else -1) if tag == "pre" else 0
        if tag in _CELLS:
            pieces.append(" ")
        elif (tag == "br" and entering) or (tag in _BLOCKS and pieces and _shown(pieces)):
            yield _Line(_shown(pieces), last)
            pieces, count = [], count + 1
            if count >= limit:
                return
    if _shown(pieces):
        yield _Line(_shown(pieces), last)


def _shown(pieces: list[str]) -> str:
    return " ".join("".join(pieces).split())


def _walk(root: LexborNode) -> Iterator[tuple[LexborNode, bool]]:
    """Every node below `root` when it is entered, and again when it is left; not what no browser shows, nor signatures.

    A loop, not a recursion: hostile mail is nested deeper than Python's stack.
    """
    node = root.child
    signatures = 0
    while node is not None:
        silent = node.tag in _SILENT
        if not silent and signatures < _SIGNATURES_SKIPPED and _is_signature(node):
            silent = len(node.text()) <= _LONGEST_SIGNATURE
            signatures += 1
        if not silent:
            yield node, True
        below = None if silent else node.child
        while below is None:
            if not silent and node.tag != "-text":
                yield node, False
            silent = False
            below = node.next
            if below is None:
                parent = node.parent
                if parent is None or parent.mem_id == root.mem_id:
                    return
                node = parent
        node = below


def _named(node: LexborNode) -> str:
    """An element's id and classes in one string, whatever a mail program put before them (`x_`, `gmail-m_123`)."""
    attributes = node.attributes
    return f"{attributes.get('id') or ''} {attributes.get('class') or ''}".strip()


def _is_signature(node: LexborNode) -> bool:
    if node.tag not in {"div", "span", "p", "table"} or not node.attributes:
        return False
    name = _named(node)
    return bool(name and _SIGNATURES.search(name))


def _body(root: LexborNode, header: list[_Line]) -> str:
    """The markup behind the header block, to the end of the quote that holds both."""
    line = next((line for line in reversed(header) if line.last is not None), None)
    if line is None or line.last is None:
        return ""
    following: list[LexborNode] = []
    node: LexborNode = line.last
    quoted = False
    while node.parent is not None and node.mem_id != root.mem_id:
        following += _siblings(node)
        node = node.parent
        quoted = _is_quote(node) and (bool(line.rest.strip()) or any(map(_says_something, following)))
        if quoted:
            break
    if not quoted:
        following = _only_quote(following)
    body = _TRIMMED.sub("", "".join(sibling.html or "" for sibling in following))
    if line.rest.strip():
        body = f"<pre>{markup.escape(line.rest, quote=False)}</pre>{body}"
    return f'<div dir="rtl">{body}</div>' if _is_rtl(node) else body


def _siblings(node: LexborNode) -> Iterator[LexborNode]:
    """What follows a node within its parent, without signatures."""
    following = node.next
    while following is not None:
        if following.tag == "-text" or not _is_signature(following):
            yield following
        following = following.next


def _is_quote(node: LexborNode) -> bool:
    return node.tag == "blockquote" or (node.tag == "div" and bool(_QUOTES.search(_named(node))))


def _says_something(node: LexborNode) -> bool:
    if node.tag in {"-comment", "br"} or node.tag in _SILENT:
        return False
    if node.tag == "-text":
        return bool((node.text_content or "").strip())
    return bool(node.text().strip()) or node.tag == "img" or node.css_first("img, video, audio, iframe") is not None


def _only_quote(nodes: list[LexborNode]) -> list[LexborNode]:
    """The content of the quote that follows an unquoted header block at once (then what is below it is no part of the
    forward); the nodes themselves where there is none."""
    first = next((node for node in nodes if _says_something(node)), None)
    if first is None or first.tag != "blockquote":
        return nodes
    return list(first.iter(include_text=True))


def _is_rtl(node: LexborNode | None) -> bool:
    """Whether the quote stands in right-to-left text: the markup alone would lose that."""
    while node is not None and node.tag not in {"-document", "#document"}:
        direction = (node.attributes or {}).get("dir") if node.tag != "-text" else None
        if direction in {"rtl", "ltr"}:
            return direction == "rtl"
        node = node.parent
    return False
