"""Hosts: where a URL leads, and whether that is this machine. Nothing is looked up."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

_PLAIN = re.compile(r"https?://([a-z0-9.-]+)(?=[/?#]|\Z)")


def plain_host(url: str) -> str | None:
    """The host of a URL as most are, http(s) and a host in small letters with no user and no port; None for any other.
    Such a URL needs no parsing to be told sound.
    """
    found = _PLAIN.match(url)
    return found[1] if found else None


def host_of(url: str) -> str | None:
    """The host of an http(s) URL without `www.`; None for any other scheme, and where there is no host.

    So a URL has a host exactly where it is safe to link: `javascript:` and its kin have none.
    """
    plain = plain_host(url)
    if plain is not None:
        return plain.removeprefix("www.")
    try:
        parts = urlsplit(url.strip())
        host = parts.hostname
    except ValueError:  # "Invalid IPv6 URL" and the like
        return None
    return host.removeprefix("www.") if host and parts.scheme in {"http", "https"} else None


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine, by what is written alone: `localhost`, 127.0.0.0/8, ::1."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"
