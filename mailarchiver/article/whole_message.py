"""The last recogniser, which takes every mail: its whole body is the article."""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser

from .closing import leave_out_closing
from .recognised import Recognised


def recognise(tree: LexborHTMLParser) -> Recognised:
    """The body without its closing, whose texts are taken out of the tree."""
    body = tree.body
    if body is None:
        return Recognised("message", (), provenance={"kind": "the whole message"})
    left_out = leave_out_closing(body)
    provenance = {"kind": "the whole message"}
    if left_out is not None:
        provenance["closing"] = f"left out: {', '.join(left_out.kinds)}"
    return Recognised("message", (body,), provenance=provenance, left_out=left_out)
