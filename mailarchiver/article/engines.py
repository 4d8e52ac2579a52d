"""Engines that find the article of a web page. Here they only vote: what they return is compared with our own tree,
and never written, because each of them loses pictures, lists, tables or code.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from selectolax.lexbor import LexborHTMLParser

from ..text.traces import spot
from .page_blocks import blocks_of

logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
logging.getLogger("htmldate").setLevel(logging.CRITICAL)
logging.getLogger("readability").setLevel(logging.CRITICAL)
"""What they have to say is no news to the reader of our log, and carries strangers' words."""


def opinions(html: str) -> dict[str, str]:
    """What each engine takes for the article's text: by its name, a line a block; "" where it finds none.

    `html` is a whole document. The engines read class names, so what mail programs put before those must be gone.
    """
    from lxml.html import HTMLParser, document_fromstring  # slow to import, and only pages need it

    # QUIRK: lxml's default parser drops all content past about 255 levels without a word.
    parser = HTMLParser(huge_tree=True, encoding="utf-8")
    tree = document_fromstring(html.replace("\0", "").encode("utf-8", "replace"), parser=parser)
    return {name: _asked(engine, tree) for name, engine in _ENGINES.items()}


def _asked(engine: Callable[[object], str], tree: object) -> str:
    try:
        return engine(tree)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  an engine's border: it has no vote on a page that it cannot read
        logging.getLogger(__name__).debug("an engine failed: %s", spot(error))
        return ""


def _precise(tree: object) -> str:
    import trafilatura

    return trafilatura.extract(tree, include_comments=False, favor_precision=True) or ""


def _balanced(tree: object) -> str:
    import trafilatura

    return trafilatura.extract(tree, include_comments=False) or ""


def _readability(tree: object) -> str:
    from copy import deepcopy

    from readability import Document

    summary = Document(deepcopy(tree)).summary(html_partial=True)
    body = LexborHTMLParser(summary).body
    return "\n".join(block.text for block in blocks_of(body)) if body is not None else ""


_ENGINES: dict[str, Callable[[object], str]] = {
    "trafilatura, precise": _precise,
    "trafilatura": _balanced,
    "readability": _readability,
}
