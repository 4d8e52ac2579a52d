"""The last recogniser, which takes every mail: its whole body is the article."""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser

from .framed import Framed
from .recognised import Recognised


def recognise(tree: LexborHTMLParser, framed: Framed) -> Recognised:
    """The body without its closing; of a pasted page also without its frame."""
    return Recognised(
        "message",
        (tree.body,) if tree.body is not None else (),
        url=framed.url,
        note=framed.note,
        provenance={"kind": "the whole message", **framed.provenance},
        left_out=framed.closing.left_out if framed.closing else None,
    )
