"""Parameters of URLs that say who followed a link from where, never what is read."""

from __future__ import annotations

import re

_TRACKING = re.compile(r"(?i)(utm_\w*|mc_[ce]id|(g|d|y|tw|fb)clid|msclkid|igshid|_hs(enc|mi)|mkt_tok)(=|$)")


def without_tracking(query: str) -> str:
    """The query of a URL without such parameters; the others stay as they are written, in their order."""
    return "&".join(item for item in query.split("&") if item and not _TRACKING.match(item))
