"""Drawings in the markup of a page (`svg` elements): never shown from there, but as a file of their own."""

from __future__ import annotations

import re
from collections.abc import Mapping

from selectolax.lexbor import LexborNode

from .page_signs import bare_names

_PIXELS = re.compile(r"\s*([0-9]{1,5})(?:\.[0-9]{1,9})?(?:px)?\s*$")
_ICON = 64
"""Pixels; a drawing that is smaller either way is an icon."""
_HEAVIEST = 3_000_000
"""Characters of a drawing."""
_LOOKED_UP = 40
"""Elements around it."""
_SHAPES = "path,rect,circle,line,text"
_ORNAMENT = re.compile(r"icon|logo|sprite|shape|(?:\b|_)(?:bg|background|divider|arrow|button)", re.IGNORECASE)
"""Names of an ornament, or of what holds it."""
_FEW = 6
"""Shapes of a sign."""
_XML_NAME = re.compile(r"[A-Za-z_][\w.-]*", re.ASCII)
_LOADS = re.compile(r"@|\\|url\(", re.IGNORECASE)
"""What a style sheet may fetch something by, a backslash in any spelling."""
_NEVER = frozenset({"script", "foreignobject", "iframe", "image", "a", "set", "animate", "handler", "use"})
_CASED = {
    name.lower(): name
    for name in [
        *("linearGradient", "radialGradient", "clipPath", "textPath", "viewBox", "preserveAspectRatio"),
        "gradientUnits",
        *("gradientTransform", "patternUnits", "patternTransform", "clipPathUnits", "markerWidth", "markerHeight"),
        *("refX", "refY", "textLength", "startOffset", "pathLength", "stdDeviation", "feGaussianBlur"),
    ]
}
"""Names of SVG that are not in lower case."""


def is_drawing(node: LexborNode) -> bool:
    """Whether an `svg` element is a picture of its own, and no icon: of a size that it tells, in no link or button."""
    if node.tag != "svg":
        return False
    if any(size < _ICON for size in _size(node.attributes)) or node.css_first(_SHAPES) is None:
        return False
    above = node.parent
    for _ in range(_LOOKED_UP):
        if above is None:
            break
        if above.tag in {"a", "button", "nav"}:
            return False
        above = above.parent
    return True


def is_ornament(node: LexborNode) -> bool:
    """Whether a drawing of a whole page is part of its design: a sign, a logo, a wave between two sections. What is
    drawn to be read has words, or many shapes.
    """
    given = {name.lower(): value or "" for name, value in node.attributes.items()}
    if given.get("aria-hidden") == "true" or given.get("preserveaspectratio") == "none":
        return True
    if any(_ORNAMENT.search(bare_names(one)) for one in (node, node.parent) if one is not None):
        return True
    words = any(any(map(str.isalnum, text.text())) for text in node.css("text")[:_FEW])
    return not words and len(node.css(_SHAPES)) < _FEW


def _size(given: Mapping[str, str | None]) -> tuple[float, float]:
    box = re.findall(r"-?[0-9]{1,6}(?:\.[0-9]{1,6})?", (given.get("viewbox") or given.get("viewBox") or "")[:200])
    told = [_PIXELS.match(given.get(name) or "") for name in ("width", "height")]
    known = [float(match[1]) if match else float(box[2 + n]) if len(box) == 4 else 0.0 for n, match in enumerate(told)]
    return known[0], known[1]


def drawing(node: LexborNode) -> bytes | None:
    """An `svg` element as a file of its own (XML), without scripts, handlers, foreign objects and links out; None where
    it is too heavy.
    """
    html = node.html or ""
    return _xml(node).encode("utf-8", "replace") if len(html) <= _HEAVIEST else None


def _xml(root: LexborNode) -> str:
    written: list[str] = []
    waiting: list[LexborNode | str] = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            written.append(node)
        elif node.tag == "-text":
            written.append(_escaped(node.text_content or ""))
        elif _is_harmless(node):
            space = ' xmlns="http://www.w3.org/2000/svg"' if node is root else ""
            written.append(f"<{_tag(node)}{space}{_attributes(node)}>")
            waiting.append(f"</{_tag(node)}>")
            waiting += reversed(list(node.iter(include_text=True)))
    return "".join(written)


def _is_harmless(node: LexborNode) -> bool:
    tag = (node.tag or "").lower()
    if tag == "style":
        return _LOADS.search(node.text()) is None
    return _XML_NAME.fullmatch(tag) is not None and tag not in _NEVER


def _tag(node: LexborNode) -> str:
    return _CASED.get((node.tag or "").lower(), node.tag or "")


def _attributes(node: LexborNode) -> str:
    told = []
    for bare, value in node.attributes.items():
        name = _CASED.get(bare.lower(), bare)
        wanted = _XML_NAME.fullmatch(name) and not name.lower().startswith(("on", "xmlns", "href"))
        if wanted and "url(" not in (value or "").replace("url(#", "").lower():
            told.append(f' {name}="{_escaped(value or "")}"')
    return "".join(told)


def _escaped(text: str) -> str:
    plain = "".join(character for character in text if character >= " " or character in "\t\n")
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
