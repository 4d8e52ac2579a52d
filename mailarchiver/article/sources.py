"""What an element refers to as its picture, by any of the ways that pages have for it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from selectolax.lexbor import LexborNode

_LATE = (
    "data-src",
    "data-lazy-src",
    "data-original",
    "data-lazy",
    "data-hi-res-src",
    "data-full-src",
    "data-orig-file",
)
"""Where pages that load their pictures late keep them, while `src` holds nothing or a blank."""
_SETS = ("data-srcset", "data-lazy-srcset", "srcset")
_BLANK = re.compile(
    r"data:image/(?:gif|svg|png;base64,.{0,200}$)|about:|(?:.*[/_-])?(?:blank|spacer|placeholder|transparent|pixel|1x1|lazy)"
    r"(?:[._-][\w.-]*)?\.(?:gif|png|svg|jpe?g)(?:\?|$)",
    re.IGNORECASE,
)
_LONGEST_NAME = 2_000
_URL = re.compile(r"url\(\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'()]*))\s*\)", re.IGNORECASE)
_MAILED = re.compile(r"\s*(?:cid:|data:image/)", re.IGNORECASE)


def references(node: LexborNode) -> list[str]:
    """What a picture's element refers to, the likeliest first; [] where it refers to nothing.

    `src` comes first unless it is a blank that holds the place; then what is loaded late; then the largest of each
    `srcset`, its own and those of the `picture` around.
    """
    given = node.attributes
    if node.tag not in {"img", "image"}:
        return backdrops(given)
    source = (given.get("src") or "").strip()
    late = [value.strip() for name in _LATE if (value := given.get(name))]
    sets = [largest(value) for name in _SETS if (value := given.get(name))]
    around = node.parent
    if around is not None and around.tag == "picture":
        for sibling in around.iter():
            if sibling.tag == "source":
                sets += [largest(sibling.attributes.get(name) or "") for name in ("srcset", "data-srcset")]
    others = [reference for reference in (*late, *sets) if reference]
    blank = not source or (bool(others) and _BLANK.match(source[:_LONGEST_NAME]) is not None)
    return list(dict.fromkeys(filter(None, [*others, source] if blank else [source, *others])))


def backdrops(given: Mapping[str, str | None]) -> list[str]:
    """The pictures behind an element's text, by `background` or by its style, that came with the mail: those of a
    server are decoration.
    """
    style = given.get("style") or ""
    found = [given.get("background") or ""]
    if "url(" in style.lower():
        found += [next(filter(None, match.groups()), "") for match in _URL.finditer(style)]
    return [reference.strip() for reference in found if _MAILED.match(reference)]


def largest(srcset: str) -> str:
    """The largest candidate of a `srcset` (HTML §4.8.4.2.1), the first of equals; "" where there is none."""
    best, most = "", -1.0
    for url, descriptor in _candidates(srcset):
        size = float(descriptor[:-1]) if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?[wx]", descriptor) else 1.0
        if size > most:
            best, most = url, size
    return best


def _candidates(srcset: str) -> Iterator[tuple[str, str]]:
    """Addresses with their descriptors. A comma within an address is a part of it, one at its end is not."""
    url, descriptor = "", ""
    for token in srcset.split():
        if not url and token.endswith(","):
            if token.strip(","):
                yield token.strip(","), ""
        elif not url:
            url = token.lstrip(",")
        else:
            told, comma, rest = token.partition(",")
            descriptor = descriptor or told
            if comma:
                yield url, descriptor
                url, descriptor = rest, ""
    if url:
        yield url, descriptor


def is_fallback(noscript: LexborNode) -> bool:
    """Whether it only repeats, for browsers without scripts, the picture before it."""
    if noscript.css_first("img") is None or noscript.text().strip():
        return False
    before = noscript.prev
    while before is not None and before.tag == "-text" and not (before.text_content or "").strip():
        before = before.prev
    if before is None or (before.tag or "-").startswith("-"):
        return False
    picture = before if before.tag == "img" else before.css_first("img")
    found = references(picture) if picture is not None else []
    return bool(found) and not _BLANK.match(found[0][:_LONGEST_NAME])
