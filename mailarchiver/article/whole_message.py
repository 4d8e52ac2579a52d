"""The last recogniser, which takes every mail: its whole body is the article."""

from __future__ import annotations

from collections.abc import Sequence

from selectolax.lexbor import LexborHTMLParser

from .closing import leave_out_closing
from .pasted import take_frame
from .recognised import Recognised


def recognise(tree: LexborHTMLParser, titles: Sequence[str]) -> Recognised:
    """The body without its closing, whose texts are taken out of the tree; of a pasted page also without its frame.

    `titles` are what the subject says the title is.
    """
    body = tree.body
    if body is None:
        return Recognised("message", (), provenance={"kind": "the whole message"})
    left_out = leave_out_closing(body)
    provenance = {"kind": "the whole message"}
    if left_out is not None:
        provenance["closing"] = f"left out: {', '.join(left_out.kinds)}"
    paste = take_frame(tree, titles)
    if paste is None:
        return Recognised("message", (body,), provenance=provenance, left_out=left_out)
    provenance |= {"url": paste.place, "note": "text above the article"}
    return Recognised("message", (body,), url=paste.url, note=paste.note, provenance=provenance, left_out=left_out)
