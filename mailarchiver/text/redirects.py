"""Where an address leads that only leads to another one: read from the address, never asked over the network.

::

    SafeLinks( Proofpoint( https://example.org/a ))  ─▶  Proofpoint( … )  ─▶  https://example.org/a

Which addresses do so stands in redirects.toml. All others stay as they are written, and so does one whose target
cannot be read.
"""

from __future__ import annotations

import base64
import json
import re
import string
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any
from urllib.parse import SplitResult, urlsplit

from .hosts import host_of

_LONGEST = 20_000
"""Characters of an address that are read."""
_ENCODED = 4
"""So many times a target may be percent-encoded."""
_ADDRESS = re.compile(r"https?://[^\s/\\<>\"]+[^\s<>\"]*", re.IGNORECASE)
_NOT_IN_URLS = re.compile(r'[\x00-\x20\x7f<>"]')
_ESCAPED = re.compile(r"%([0-7][0-9A-Fa-f])")


def target_of(url: str) -> str:
    """The http(s) URL that an address leads to by its own words, through any number of such addresses; an address that
    does not lead on, as it is written.

    Each step makes the address shorter, so there is an end.
    """
    while len(url) <= _LONGEST:
        target = _step(url)
        if target is None or len(target) >= len(url):
            break
        url = target
    return url


def _step(url: str) -> str | None:
    host = host_of(url)
    rows = _rows(host) if host is not None else ()
    if not rows:
        return None
    parts = urlsplit(url.strip())
    for row in rows:
        written = row.written(parts)
        target = _DECODERS[row.code](written) if written else None
        if target and _ADDRESS.fullmatch(target) and host_of(target):
            return target
    return None


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the table, compiled."""

    host: re.Pattern[str]
    path: re.Pattern[str]
    query: tuple[str, ...]
    code: str
    becomes: str

    def written(self, parts: SplitResult) -> str | None:
        """The target as it stands in the address."""
        place = f"{parts.path}?{parts.query}" if parts.query else parts.path
        found = self.path.match(place)
        if found is None:
            return None
        if self.becomes:
            return found.expand(self.becomes)
        if self.code == "fragment":
            return parts.fragment
        if self.query:
            given = _parameters(parts.query)
            return next((given[name] for name in self.query if given.get(name)), None)
        return found[1] if self.path.groups else None


def _parameters(query: str) -> dict[str, str]:
    """The parameters by lower-case name, percent-decoded. QUIRK: escaped twice, an `&` leaves `amp;` behind."""
    pairs = (item.removeprefix("amp;").partition("=") for item in query.split("&"))
    found: dict[str, str] = {}
    for name, _, value in pairs:
        found.setdefault(name.lower(), _unescaped(value))
    return found


# --- how targets are written ------------------------------------------------------------------------------------------


def _unescaped(text: str) -> str:
    """Percent-decoded, but for characters beyond ASCII: their octets need not be UTF-8, and no URL shows them bare."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)


def _url(text: str) -> str | None:
    """As it is, or percent-encoded, once or more often."""
    for _ in range(_ENCODED):
        if _ADDRESS.match(text):
            return _NOT_IN_URLS.sub(lambda found: f"%{ord(found[0]):02X}", text)
        text = _unescaped(text)
    return None


def _base64(text: str) -> str | None:
    """Base64 in either alphabet, padded or not (RFC 4648)."""
    plain = text.replace(" ", "-").replace("+", "-").replace("/", "_").rstrip("=")
    try:
        return _url(base64.urlsafe_b64decode(plain + "=" * (-len(plain) % 4)).decode("utf-8"))
    except ValueError:  # neither base64 nor UTF-8
        return None


def _bing(text: str) -> str | None:
    return _base64(text[2:]) if text.startswith("a1") else None


def _host(text: str) -> str | None:
    """`s/host/path` for https, `host/path` for http."""
    secure = text.startswith("s/")
    rest = text.removeprefix("s/")
    if "." not in rest.partition("/")[0]:
        return None
    return f"{'https' if secure else 'http'}://{rest}"


def _json(text: str) -> str | None:
    plain = text.rstrip("=")
    try:
        data: Any = json.loads(base64.urlsafe_b64decode(plain + "=" * (-len(plain) % 4)))
    except (ValueError, RecursionError):  # no base64, no JSON, or nested to hurt
        return None
    target = data.get("e") if isinstance(data, dict) else None
    return _url(target) if isinstance(target, str) else None


def _proofpoint2(text: str) -> str | None:
    return _url(_unescaped(text.replace("-", "%").replace("_", "/")))


_RUNS = {letter: count for count, letter in enumerate(string.ascii_letters.swapcase() + string.digits + "-_", 2)}
"""How many characters a run of three stands for: `**A` for two, `**B` for three …"""


def _proofpoint3(text: str) -> str | None:
    """`URL__;REPLACED!!…$`: each `*` and `**X` of the URL stands for what was replaced, in base64, in order."""
    found = re.match(r"(.+?)__;([\w+/=-]*)!", text)
    if found is None:
        return None
    try:
        plain = found[2].rstrip("=")
        replaced = base64.urlsafe_b64decode(plain + "=" * (-len(plain) % 4)).decode("utf-8")
    except ValueError:
        return None
    place = 0

    def put_back(token: re.Match[str]) -> str:
        nonlocal place
        begin, place = place, place + (_RUNS.get(token[0][2], 1) if len(token[0]) > 1 else 1)
        return replaced[begin:place]

    # QUIRK: what relays the mail may make one slash of two.
    whole = re.sub(r"^(https?:/)(?=[^/])", r"\1/", found[1], flags=re.IGNORECASE)
    return _url(re.sub(r"\*(?:\*[\w-])?", put_back, _unescaped(whole)))


_DECODERS: dict[str, Callable[[str], str | None]] = {
    "url": _url,
    "base64": _base64,
    "bing": _bing,
    "host": _host,
    "json": _json,
    "fragment": _url,
    "proofpoint2": _proofpoint2,
    "proofpoint3": _proofpoint3,
}


def _table() -> tuple[_Row, ...]:
    data = tomllib.loads(files(__package__).joinpath("redirects.toml").read_text("utf-8"))
    return tuple(
        _Row(
            host=re.compile(row["host"]),
            path=re.compile(row.get("path", "")),
            query=tuple(row.get("query", ())),
            code=row.get("code", "url"),
            becomes=row.get("becomes", ""),
        )
        for row in data["redirect"]
    )


_TABLE = _table()
_LISTED = re.compile("|".join(f"(?:{row.host.pattern})" for row in _TABLE))
"""Spares nearly all hosts the table."""


@lru_cache(maxsize=1024)
def _rows(host: str) -> tuple[_Row, ...]:
    return tuple(row for row in _TABLE if row.host.fullmatch(host)) if _LISTED.fullmatch(host) else ()
