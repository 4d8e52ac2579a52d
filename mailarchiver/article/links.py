"""Links of an article: made absolute, kept only where they lead somewhere outside of the page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from urllib.parse import urljoin, urlsplit

from ..text.hosts import plain_host
from ..text.reader_addresses import spelled_out
from ..text.redirects import target_of
from ..text.tracking import untracked
from .markup import ATTRIBUTES

_LINK = re.compile(r"(?:https?://|mailto:|tel:)\S", re.IGNORECASE)
_ALWAYS = ATTRIBUTES["*"] - {"id"}
_WRITTEN = {tag: (names | _ALWAYS) - {"id"} for tag, names in ATTRIBUTES.items()}
_BREAKS = re.compile(r"[\t\n\r]")


def absolute(target: str, base: str | None) -> str:
    """A link's target as an absolute URL (WHATWG URL: tabs and line breaks in it are nothing), the page's own where it
    is a reader's; "" where it leads nowhere: to a place of the page itself, or relative without a known `base`.
    """
    target = (target if target.isprintable() else _BREAKS.sub("", target)).strip()
    if not target or target.startswith("#"):
        return ""
    if plain_host(target) is not None:
        return target
    target = spelled_out(target)
    if target.startswith("//"):
        target = "https:" + target
    try:
        if base and not urlsplit(target).scheme:
            target = urljoin(base, target)
        urlsplit(target)
    except ValueError:  # "http://[": no URL
        return ""
    return target if _LINK.match(target) else ""


def direct(target: str, base: str | None) -> str:
    """A link's target as `absolute` has it, past the redirects that tell where they lead and without tracking
    parameters: whoever follows it from the archive tells nobody but its host.
    """
    url = absolute(target, base)
    return untracked(target_of(url)) if url else ""


def attributes(tag: str, given: Mapping[str, str | None], base: str | None) -> str:
    """The attributes of an element that an article keeps, as they are written; links made absolute. Ids are made by
    `places`.
    """
    if not given:
        return ""
    names = _WRITTEN.get(tag, _ALWAYS)
    written = []
    for name, bare in given.items():
        if name not in names:
            continue
        value = (bare or "").strip()
        if name == "href":
            value = direct(value, base)
        if (not value and name != "reversed") or value == "null":
            continue
        written.append(f' {name}="{escape(value)}"')
    return "".join(written)
