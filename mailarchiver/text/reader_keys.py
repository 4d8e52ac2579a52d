"""Keys in the address of an article that are its reader's own: JSON Web Tokens (RFC 7519) that say whose they are.

Not of links in a text: there they may open what the reader has paid for, and lead nowhere without.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from urllib.parse import urlsplit, urlunsplit

_TOKEN = re.compile(r"[^=]*=(?:eyJ[\w-]{1,4000}\.)?(eyJ[\w-]{1,4000})\.[\w-]{0,1000}")
"""A parameter that is a token, or (Substack) one without its head: base64 of a JSON object begins with `eyJ`."""
_CLAIMS = frozenset({"user_id", "userid", "uid", "email", "subscriber_id", "member_id"})
"""Claims that name the reader."""


def without_reader_keys(url: str) -> str:
    """An http(s) URL without such parameters, whatever they are called; one that has none as it is written."""
    if "=eyJ" not in url:
        return url
    parts = urlsplit(url)
    kept = [item for item in parts.query.split("&") if not _names_reader(item)]
    query = "&".join(kept)
    return urlunsplit(parts._replace(query=query)) if query != parts.query else url


def _names_reader(item: str) -> bool:
    token = _TOKEN.fullmatch(item)
    if token is None:
        return False
    try:
        claims = json.loads(urlsafe_b64decode(token[1] + "=" * (-len(token[1]) % 4)))
    except (ValueError, RecursionError):  # no base64, or no JSON
        return False
    return isinstance(claims, dict) and not _CLAIMS.isdisjoint(map(str.lower, claims))
