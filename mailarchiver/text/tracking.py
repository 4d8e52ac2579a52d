"""Parameters of URLs that say who followed a link from where, never what is read: those of tracking.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files
from urllib.parse import urlsplit, urlunsplit

from .hosts import host_of

_TABLE = tomllib.loads(files(__package__).joinpath("tracking.toml").read_text("utf-8"))
_ENDINGS = r"(?:co\.|com\.)?[a-z]{2,3}"
"""Of hosts that a company has in many countries: `amazon.*`."""


def _any_of(names: Iterable[str]) -> re.Pattern[str]:
    words = "|".join(re.escape(name).replace(r"\*", r"\w*") for name in names)
    return re.compile(f"(?:{words})(?:=|$)", re.IGNORECASE)


def _at(*hosts: str) -> re.Pattern[str]:
    """Hosts and those below them."""
    named = "|".join(re.escape(host).replace(r"\*", _ENDINGS) for host in hosts)
    return re.compile(rf"(?:.*\.)?(?:{named})")


_ANYWHERE = _any_of(_TABLE["anywhere"])
_ON = [(_at(host), _any_of(names)) for host, names in _TABLE["on"].items()]
_LISTED = _at(*_TABLE["on"])
"""Spares most hosts the table."""


def without_tracking(query: str, host: str | None = None) -> str:
    """The query of a URL without such parameters; the others stay as they are written, in their order.

    `host` is the URL's, without `www.`: some names are tracking on some hosts only.
    """
    local = _local(host) if query and host else ()
    return "&".join(
        item
        for item in query.split("&")
        if item and not _ANYWHERE.match(item) and not any(names.match(item) for names in local)
    )


def untracked(url: str) -> str:
    """An http(s) URL without such parameters; anything else, and a URL that has none, as it is written."""
    host = host_of(url) if "?" in url else None
    if host is None:
        return url
    parts = urlsplit(url)
    query = without_tracking(parts.query, host)
    if query == "&".join(filter(None, parts.query.split("&"))):
        return url
    return urlunsplit(parts._replace(query=query))


@lru_cache(maxsize=1024)
def _local(host: str) -> tuple[re.Pattern[str], ...]:
    return tuple(names for hosts, names in _ON if hosts.fullmatch(host)) if _LISTED.fullmatch(host) else ()
