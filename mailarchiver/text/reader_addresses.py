"""Addresses under which a browser's reader shows a page; each says whose page it is.

::

    about:reader?url=https%3A%2F%2Fexample.org%2Fa                     Firefox, ReaderMode.sys.mjs
    read://https_example.org/?url=https%3A%2F%2Fexample.org%2Fa        Edge
    chrome-distiller://…/?time=…&url=https%3A%2F%2Fexample.org%2Fa     Chrome, dom_distiller/core/url_utils.cc
"""

from __future__ import annotations

import re
from urllib.parse import unquote

_READER = re.compile(
    r"(?:about:reader|read://[\w.-]{1,255}/|chrome-distiller://[\w.-]{1,255}/)\?"
    r"(?:[^\s\"'<>#?]{0,500}&)?url=(https?%3A%2F%2F[^\s\"'<>#&]{1,8000})",
    re.IGNORECASE,
)


def spelled_out(text: str) -> str:
    """A text, or an address, with the pages' own addresses in place of their readers'."""
    if "?" not in text or "url=" not in text:
        return text
    return _READER.sub(lambda found: unquote(found[1]), text)
