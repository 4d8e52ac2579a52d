"""Clean HTML → plain text: blocks apart by an empty line, lists with their marks, quotes by "> ", cells by " | "."""

from __future__ import annotations

from .rendering import Piece, Rendering


class _PlainText(Rendering):
    """Says the words only: no addresses of links, no pictures, nothing that stands for frames and players."""

    __slots__ = ()

    def end(self, piece: Piece, _closing: Piece) -> None:
        """What stands for something else than text is taken back."""
        if piece.tag == "span" and "data-" in piece.attributes:
            del self._words[piece.place :]


def plain_text(html: str) -> str:
    """The article as plain text; pictures, their alt texts and what stands for frames are left out."""
    return _PlainText().render(html)
