"""Hosts: where a URL leads, and whether that is this machine. Nothing is looked up."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def host_of(url: str) -> str | None:
    """The host of an http(s) URL without `www.`; None for any other scheme, and where there is no host.

    So a URL has a host exactly where it is safe to link: `javascript:` and its kin have none.
    """
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
