"""The name of a site behind a title: " - The Times", " | Blog"."""

from __future__ import annotations

import re
from collections.abc import Collection

from .hosts import host_of
from .whitespace import fold

_SEPARATORS = re.compile(r"\s+[-–—|·•»:]+\s+|\s*[|»]\s*")


def without_site(title: str, names: Collection[str]) -> str:
    """A title without the site's name at its end, where that is one of `names`; never empty but for an empty one."""
    pieces = [*_SEPARATORS.finditer(title)]
    if pieces and fold(title[pieces[-1].end() :]) in names:
        return title[: pieces[-1].start()].strip() or title
    return title


def site_names(site: str | None, url: str | None) -> frozenset[str]:
    """How a site may be called, folded: by its own word, and by its host with and without the domain."""
    host = host_of(url or "") or ""
    labels = host.split(".")
    told = (site or "", host, "".join(labels[:-1]), labels[-2] if len(labels) > 1 else "")
    return frozenset(fold(name) for name in told if name)
