"""The last step of every article: whatever the steps before did, only harmless HTML leaves here.

Kept are the elements and attributes of markup.toml; links lead to http, https, mailto or tel, or to a place of the
article itself; a picture is a file in the article's own `images/` folder, or it is gone. No style, class, script,
comment, frame or form survives, and no id but that of a place.
"""

from __future__ import annotations

import re

import nh3

from .markup import ATTRIBUTES, DROPPED, EMBEDS, KEPT

_PLACE = re.compile(r"#place-[0-9]{1,6}")
_OWN_PICTURE = re.compile(r"images/[0-9]{3,}[a-z0-9.-]*")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_NUMBER = re.compile(r"[0-9]{1,5}")
_CHECKED = {
    "src": _OWN_PICTURE,
    "lang": _LANGUAGE,
    "id": re.compile(r"place-[0-9]{1,6}"),
    "dir": re.compile(r"ltr|rtl|auto"),
    "width": _NUMBER,
    "height": _NUMBER,
    "role": re.compile(r"table|grid|treegrid"),
    "colspan": _NUMBER,
    "rowspan": _NUMBER,
    "start": re.compile(r"-?[0-9]{1,9}"),
    "value": re.compile(r"-?[0-9]{1,9}"),
    "reversed": re.compile(r""),
    "datetime": re.compile(r"[0-9TZ:+. -]{4,40}"),
    "data-picture": re.compile(r"missing|remote"),
    "data-embed": re.compile(r"link"),
}


def _filter(_tag: str, name: str, value: str) -> str | None:
    pattern = _CHECKED.get(name)
    return value if pattern is None or pattern.fullmatch(value) else None


def _relative(url: str) -> str | None:
    return url if _OWN_PICTURE.fullmatch(url) or _PLACE.fullmatch(url) else None


_CLEANER = nh3.Cleaner(
    tags=set(KEPT),
    clean_content_tags=set((DROPPED | EMBEDS) - KEPT) - {"title", "head", "meta", "link", "base", "input", "param"},
    attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
    attribute_filter=_filter,
    url_schemes={"http", "https", "mailto", "tel"},
    url_relative=_relative,
    link_rel=None,
)


_FEW = 1_000
"""Characters of the kinds below that nh3 may be left to do by itself."""
_NONCHARACTER = b"\xef\xb7"
"""The first two octets of U+FDD0–U+FDEF, and of a few letters."""
_AMPERSAND = "\x1c"
_STAND_INS = {chr(code): chr(code - 0xA0 + 0xFDD0) for code in range(0xA0, 0xC0)}
"""What stands for `&amp;` and U+00A0–U+00BF on the way through nh3, where there are many: harmless whatever comes of
it, for it turns into text. No text has a right to U+FDD0–U+FDEF (Unicode, "Noncharacters").

QUIRK: its serialiser takes quadratic time over a text with many of either (nh3 0.3.8: 32 s for 400,000 in 6 MB): of all
characters whose UTF-8 begins with the octet that U+00A0 begins with.
"""


def sanitize(html: str) -> str:
    """Harmless HTML out of any HTML without control characters. It does not limit depth or size: the writer before it
    does (nh3 takes minutes for 100,000 nested elements).
    """
    if html.isascii() and html.count("&") <= _FEW:  # as the next lines would say, in less time
        return _CLEANER.clean(html)
    octets = html.encode("utf-8", "replace")
    many = octets.count(b"&") + octets.count(b"\xc2") > _FEW
    foreign = _NONCHARACTER[:1] in octets and _NONCHARACTER in octets  # one octet is found fast
    return _by_stand_ins(html) if many or foreign else _CLEANER.clean(html)


def _by_stand_ins(html: str) -> str:
    standing = html.replace("&amp;", _AMPERSAND)
    for stand_in in _STAND_INS.values():
        standing = standing.replace(stand_in, "\ufffd")
    for character, stand_in in _STAND_INS.items():
        standing = standing.replace(character, stand_in)
    clean = _CLEANER.clean(standing).replace(_AMPERSAND, "&amp;")
    for character, stand_in in _STAND_INS.items():
        clean = clean.replace(stand_in, "&nbsp;" if character == "\xa0" else character)
    return clean
