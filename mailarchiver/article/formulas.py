"""Formulas: of MathML an article keeps what can be read as text, the TeX where the page tells it."""

from __future__ import annotations

from html import escape

from selectolax.lexbor import LexborNode

from ..text.whitespace import collapse

_LONGEST = 5_000
_MOST_NODES = 2_000
_SKIPPED = frozenset({"annotation", "annotation-xml", "mphantom"})


def formula(node: LexborNode) -> str:
    """The HTML of a `math` element: its TeX as code; else its symbols in a row, exponents and indices raised and
    lowered, fractions by a slash. "" where it holds nothing.
    """
    tex = _tex(node)
    return f"<code>{escape(tex, quote=False)}</code>" if tex else _row(node)


def _tex(node: LexborNode) -> str:
    note = node.css_first('annotation[encoding*="tex" i]')
    told = (note.text() if note is not None else "") or node.attributes.get("alttext") or ""
    return collapse(told[:_LONGEST]).strip()


def _row(node: LexborNode) -> str:
    """The presentation, by a loop over at most so many nodes: what is larger is written as its bare symbols."""
    nodes = sum(1 for _, _ in zip(node.traverse(), range(_MOST_NODES + 1), strict=False))
    deep = _depth(node)
    if nodes > _MOST_NODES or deep > 40:
        return escape(collapse(node.text()).strip(), quote=False)
    return _told(node).strip()


def _depth(node: LexborNode) -> int:
    deepest, level = 0, [node]
    while level and deepest <= 40:
        level = [child for one in level for child in one.iter()]
        deepest += bool(level)
    return deepest


def _told(node: LexborNode) -> str:
    tag = node.tag or ""
    if tag == "-text":
        return escape("".join((node.text_content or "").split()), quote=False)
    if tag in _SKIPPED or tag.startswith("-"):
        return ""
    if tag == "mtext":
        return escape(collapse(node.text()), quote=False)
    parts = [
        _told(child) for child in node.iter(include_text=True) if child.tag != "-text" or tag in {"mi", "mo", "mn"}
    ]
    if tag == "mo" and parts and parts[0] in {"=", "+", "−", "-", "&lt;", "&gt;", "≤", "≥", "≈", "→"}:
        return f" {parts[0]} "
    return _SHAPES[tag](parts) if tag in _SHAPES and len(parts) == _ARITY[tag] else "".join(parts)


def _grouped(text: str) -> str:
    return f"({text.strip()})" if " " in text.strip() else text.strip()


_SHAPES = {
    "msup": lambda parts: f"{parts[0]}<sup>{parts[1]}</sup>",
    "msub": lambda parts: f"{parts[0]}<sub>{parts[1]}</sub>",
    "msubsup": lambda parts: f"{parts[0]}<sub>{parts[1]}</sub><sup>{parts[2]}</sup>",
    "mfrac": lambda parts: f"{_grouped(parts[0])}/{_grouped(parts[1])}",
    "msqrt": lambda parts: f"√{_grouped(parts[0])}",
}
_ARITY = {"msup": 2, "msub": 2, "msubsup": 3, "mfrac": 2, "msqrt": 1}
