"""Clean HTML → plain text: blocks apart by an empty line, lists with their marks, quotes by "> ", cells by " | "."""

from __future__ import annotations

from html import unescape

from .rendering import TAG, Rendering


class _PlainText(Rendering):
    """Says the words only: no addresses of links, no pictures, nothing that stands for frames and players."""

    __slots__ = ()

    def words(self, html: str) -> str | None:
        """The words without the tags between them."""
        text = html
        if "<" in text:
            text = _without_stand_ins(text) if "<span" in text else text
            if not text or text.isspace():
                return None
            text = TAG.sub("", text.replace("<br>", "\n"))
        return unescape(text) if "&" in text else text


def plain_text(html: str) -> str:
    """The article as plain text; pictures, their alt texts and what stands for frames are left out."""
    return _PlainText().render(html)


def _without_stand_ins(html: str) -> str:
    """The words of a block without what stands for something else than text."""
    first, *rest = TAG.split(html)
    tokens = iter(rest)
    kept = [first]
    around: list[bool] = []  # the spans, and whether each is a stand-in
    for closing, tag, attributes, text in zip(tokens, tokens, tokens, tokens, strict=True):
        if tag == "span" and closing:
            del around[-1:]
        elif tag == "span":
            around.append("data-" in attributes)
        elif not any(around):
            kept.append(f"<{closing}{tag}>")
        if not any(around):
            kept.append(text)
    return "".join(kept)
