"""Forwards in HTML: the tree read as the lines a browser would show, the header block cut off, the rest untouched.

The body is given back as the markup that stands behind the header block inside the same quote, serialised node by
node: no class, style or attribute is changed, for what the forwarded page looks like is the next stage's business.
"""

from __future__ import annotations

import html as markup
import re
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice

from selectolax.lexbor import LexborNode

from .forward_evidence import Evidence
from .forward_header import Block
from .forward_markers import is_end
from .forward_note import note_of
from .forward_text import LINES, Found, Quoted, forwards
from .forward_tree import SILENT, Line, is_signature, named, parse_body, read_lines

_HINTS = (
    "gmail_attr", "gmail_quote", "moz-forward", "moz-email-headers", "yahoo_quoted", "RplyFwdMsg",
    'type="cite"', "type=cite", "border-top:solid", "border-top: solid", "-----", "_____", "reference-message",
    "zmail_extra", "__HEADERS__", 'name="quote"',
)  # fmt: skip
_QUOTES = re.compile(
    r"gmail_quote|moz-forward-container|yahoo_quoted|protonmail_quote|zmail_extra|reference-message-container"
)
_DRAWN = re.compile(rf"divRplyFwdMsg|reference-message|moz-email-headers|gmail_attr|{_QUOTES.pattern}")
_BORDER = re.compile(r"border-top:\s?solid #(?:E1E1E1|B5C4DF)", re.IGNORECASE)
"""Outlook's, as long as there has been one."""
_NEAR = 6
"""Elements around a field that are looked at."""
_TRIMMED = re.compile(r"^(?:\s|&nbsp;|<br\s*/?>)+", re.IGNORECASE)


def may_hold_forward(html: str) -> bool:
    """Whether the source has any of the marks that forwards leave. Cheap: most mail is not to be parsed for this."""
    return any(hint in html for hint in _HINTS)


def unwrap_html(html: str, evidence: Evidence) -> Found | Quoted | None:
    """The forward in an HTML body; None where there is none to be seen."""
    root = parse_body(html)
    if root is None:
        return None
    following = read_lines(root, LINES)
    lines: list[Line] = []
    for limit in (LINES // 10, LINES):
        lines += islice(following, limit - len(lines))
        blocks = forwards([line.text for line in lines], evidence, partial(_is_drawn, lines), wrapped=False)
        if len(lines) < limit or (isinstance(blocks, tuple) and blocks[-1].end < limit // 2):
            break
    if not isinstance(blocks, tuple):
        return blocks
    note = note_of([line.text for line in lines[: blocks[0].start]])
    return Found(blocks, note, html=_body(root, lines[: blocks[-1].end]))


def _is_drawn(lines: Sequence[Line], block: Block) -> bool:
    """Whether the block stands in an element that mail programs make for it."""
    node = next((line.last for line in lines[block.start : block.end] if line.last is not None), None)
    for _ in range(_NEAR):
        node = node.parent if node is not None else None
        if node is None:
            return False
        attributes = node.attributes or {}
        if (
            _DRAWN.search(named(node))
            or _BORDER.search(attributes.get("style") or "")
            or attributes.get("type") == "cite"
        ):
            return True
        if attributes.get("data-marker") == "__HEADERS__" or attributes.get("name") == "quote":
            return True
    return False


def note_in_html(html: str) -> str | None:
    """All that the body shows, as a note; None for nothing."""
    root = parse_body(html)
    return note_of([line.text for line in read_lines(root, LINES)]) if root is not None else None


def _body(root: LexborNode, header: list[Line]) -> str:
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
    """What follows a node within its parent, without signatures; nothing from the forward's end marker on."""
    following = node.next
    while following is not None:
        if is_end(
            " ".join((following.text_content or "" if following.tag == "-text" else _short_text(following)).split())
        ):
            return
        if following.tag == "-text" or not is_signature(following):
            yield following
        following = following.next


def _short_text(node: LexborNode) -> str:
    """The text of an element that has no other in it: a line of its own."""
    child = node.child
    return node.text() if child is not None and child.tag == "-text" and child.next is None else ""


def _is_quote(node: LexborNode) -> bool:
    return node.tag == "blockquote" or (node.tag == "div" and bool(_QUOTES.search(named(node))))


def _says_something(node: LexborNode) -> bool:
    if node.tag in {"-comment", "br"} or node.tag in SILENT:
        return False
    if node.tag == "-text":
        return bool((node.text_content or "").strip())
    return bool(node.text().strip()) or node.tag == "img" or node.css_first("img, video, audio, iframe") is not None


def _only_quote(nodes: list[LexborNode]) -> list[LexborNode]:
    """The content of the quote that follows an unquoted header block at once, the nodes themselves where none does.

    With it, what is below the quote is no part of the forward.
    """
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
