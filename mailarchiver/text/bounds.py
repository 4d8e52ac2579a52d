"""Text and HTML kept within what parsers bear: HTML5 parsers take quadratic time over deep nesting and over one
element's attributes (lexbor: 40 s for 100,000 nested `div`, 35 s for one tag of 100,000 attributes); and whatever takes
linear time takes too long over 45 MB.
"""

from __future__ import annotations

import re

DEEPEST = 1_000
"""Levels of nesting; people's mails have some dozens, machines' some hundreds."""
MOST_ATTRIBUTES = 250
"""Of one element; pages have some dozens."""

WEIGHT = 10_000_000
"""Of all texts of a mail together: what is beyond is not shown. A book has a million characters."""
_WEIGHTS = {"<": 40, "\n": 80}
"""What a tag of HTML, or a line of plain text, weighs in characters: 10 µs and 20 µs, all in all."""

_PICTURE_OR_TAG = re.compile(r"<|data:[^\s\"'<>()]{1000,}")
_LINE_END = re.compile(r"\n")
_FEW_TAGS = 2 * DEEPEST
_TAG = re.compile(r"<(/?)([A-Za-z][^\s/<>]{0,40})[^<>]*>")
_LONG, _TAKEN_APART = 1_000, 1_000_000
"""Characters of a tag that may have too many attributes; of the longest HTML that is parted at its tags to find one."""
_LONG_TAG = re.compile(rf"<(/?[A-Za-z][^\s/<>]{{0,40}})([^>]{{{_LONG},}})(?:>|\Z)")
_SILENT = re.compile(r"<!--|<script\b", re.IGNORECASE)
_SCRIPT_END = re.compile(r"</script", re.IGNORECASE)
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_NAME_OR_VALUE = re.compile(r"[^\s\"'=]+")
_VOID = "area base br col embed hr img input link meta param source track wbr"
_END_TAG_OPTIONAL = (
    "body colgroup dd dt head html li optgroup option p rb rp rt tbody td tfoot th thead tr"  # HTML, "Optional tags"
)
_NO_LEVEL = frozenset(f"{_VOID} {_END_TAG_OPTIONAL}".split())
"""Elements that do not stay open when their end tag is missing."""


def beginning(text: str, weight: int, *, html: bool) -> tuple[str, int]:
    """So much of a text as weighs at most `weight`, and what that weighs. No tag is cut in two. Pictures in `data:`
    URIs weigh nothing where the rest is light enough.
    """
    unit, border = ("<", _PICTURE_OR_TAG) if html else ("\n", _LINE_END)
    each = _WEIGHTS[unit]
    total = len(text) + each * text.count(unit)
    if total <= weight:
        return text, total
    place = spent = 0
    end = len(text)
    for found in border.finditer(text):
        more = found.start() - place + each
        if spent + more > weight:
            end = found.start()
            break
        spent += more
        place = found.end()
    if end == len(text) and spent + end - place <= weight:
        return text, spent + end - place
    end = min(end, place + weight - spent)
    if html and text.rfind(">", 0, end) < (tag := text.rfind("<", 0, end)):
        end = tag
    return text[:end], weight


def bounded(html: str) -> tuple[str, str | None]:
    """HTML that no parser takes long over, and in words what was taken out, None where nothing was.

    Text is never taken out, but for what stands inside of an endless tag: tags are, where they nest too deep, and
    attributes, where one element has too many.
    """
    found = []
    shorter = _with_shorter_tags(html) if _may_have_long_tags(html) else html
    if shorter != html:
        html = shorter
        found.append(f"elements with more than {MOST_ATTRIBUTES} attributes: without them")
    if html.count("<") > _FEW_TAGS and _depth(html) > DEEPEST:
        html = _flatter(html)
        found.append(f"elements nested more than {DEEPEST} deep: their tags were left out")
    return html, "; ".join(found) or None


def _may_have_long_tags(html: str) -> bool:
    """Whether any tag may be as long as `_LONG_TAG` wants. Seen in a third of the time that the expression takes; of a
    very long text it is assumed, for its pieces would take more memory than it.
    """
    if len(html) > _TAKEN_APART:
        return True
    pieces = html.split(">")
    return max(map(len, pieces)) > _LONG and any(
        0 <= piece.find("<") < len(piece) - _LONG for piece in pieces if len(piece) > _LONG
    )


def _with_shorter_tags(html: str) -> str:
    """The HTML with the tags of too many attributes cut. What looks like one in a script or a comment is none."""
    pieces: list[str] = []
    place = 0
    for opening in _SILENT.finditer(html):
        if opening.start() < place:
            continue
        end = html.find("-->", opening.end()) if opening[0] == "<!--" else _after_script(html, opening.end())
        end = end if end >= 0 else len(html)
        pieces += [_LONG_TAG.sub(_shorter, html[place : opening.start()]), html[opening.start() : end]]
        place = end
    return "".join([*pieces, _LONG_TAG.sub(_shorter, html[place:])])


def _after_script(html: str, place: int) -> int:
    found = _SCRIPT_END.search(html, place)
    return found.start() if found else -1


def _shorter(tag: re.Match[str]) -> str:
    words = sum(1 for _ in _NAME_OR_VALUE.finditer(_QUOTED.sub("", tag[2])))
    return tag[0] if words <= 2 * MOST_ATTRIBUTES else f"<{tag[1]}>"


def _depth(html: str) -> int:
    deepest = depth = 0
    for tag in _TAG.finditer(html):
        if tag[2].lower() in _NO_LEVEL:
            continue
        if not tag[1]:
            depth += 1
            deepest = max(deepest, depth)
        elif depth:
            depth -= 1
    return deepest


def _flatter(html: str) -> str:
    """The HTML without the tags of elements that are nested too deep; a line break stands for each of them."""
    pieces: list[str] = []
    place = depth = 0
    for tag in _TAG.finditer(html):
        if tag[2].lower() in _NO_LEVEL:
            continue
        depth += -1 if tag[1] else 1
        beyond = depth >= DEEPEST if tag[1] else depth > DEEPEST
        depth = max(0, depth)
        if beyond:
            pieces += [html[place : tag.start()], "\n"]
            place = tag.end()
    return "".join([*pieces, html[place:]])
