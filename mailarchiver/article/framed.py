"""What stands around the words of a mail: a closing below, and of a pasted page what its sender wrote above it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from selectolax.lexbor import LexborHTMLParser

from .closing import Closing, leave_out_closing
from .pasted import Paste, take_frame


@dataclass(frozen=True, slots=True)
class Framed:
    """The frame that was taken off a body; each part of it may be missing."""

    closing: Closing | None = None
    paste: Paste | None = None

    @property
    def url(self) -> str | None:
        """The address that the sender gave."""
        return self.paste.url if self.paste else None

    @property
    def note(self) -> str | None:
        """What the sender wrote above a pasted page."""
        return self.paste.note if self.paste else None

    @property
    def provenance(self) -> dict[str, str]:
        """Where the parts were found."""
        told = {"url": self.paste.place, "note": "text above the article"} if self.paste else {}
        if self.closing:
            told["closing"] = f"left out: {', '.join(self.closing.kinds)}"
        return told


def page_frame(tree: LexborHTMLParser, titles: Sequence[str]) -> Framed:
    """Take off what stands around a pasted page, a closing below it included; the tree is without it then.

    `titles` are what the subject says the title is.
    """
    return Framed(paste=take_frame(tree, titles))


def with_closing(tree: LexborHTMLParser, framed: Framed) -> Framed:
    """Take off the closing, too: its texts are gone from the tree, its elements are to be left out."""
    return replace(framed, closing=leave_out_closing(tree.body) if tree.body is not None else None)
