"""A page as its blocks of text, in order: what votes are cast on, and what is kept or left out as one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode

from .markup import BLOCK, DROPPED
from .page_signs import bare_names

_WORD = re.compile(r"[぀-ヿ㐀-鿿豈-﫿가-힯]|\w+")
"""A word; in Chinese, Japanese and Korean a character."""
_RUN_OF_LETTERS = re.compile(r"\w+", re.ASCII)
"""A word where all of the text is ASCII: in half the time."""
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_SILENT = DROPPED | {"noscript", "button"}


@dataclass(frozen=True, slots=True)
class Block:
    """A run of text without the edge of a block in it.

    `nodes` are its text nodes, `holder` is the element that holds them; `ids` are the `mem_id`s of that and of the
    elements around it, nearest first, and `tags` their tags; `linked` is how many of its words are in links.
    """

    text: str
    words: tuple[str, ...]
    nodes: tuple[LexborNode, ...]
    holder: LexborNode
    ids: tuple[int, ...]
    tags: tuple[str, ...]
    linked: int

    def names(self, levels: int) -> Iterator[str]:
        """The classes and ids of its holder and the elements around it, so many in all; nearest first."""
        node: LexborNode | None = self.holder
        for _ in range(min(levels, len(self.ids))):
            if node is None:
                return
            yield bare_names(node)
            node = node.parent

    def is_called(self, names: re.Pattern[str], levels: int, known: dict[int, bool]) -> bool:
        """Whether its holder or one of the elements around it, so many in all, has such a class or id. `known` are
        those that were looked at, by `mem_id`: blocks stand together.
        """
        node: LexborNode | None = self.holder
        for element in self.ids[:levels]:
            if node is None:
                return False
            if element not in known:
                known[element] = names.search(bare_names(node)) is not None
            if known[element]:
                return True
            node = node.parent
        return False

    @property
    def share_linked(self) -> float:
        """The share of its words that are in links."""
        return self.linked / max(1, len(self.words))


_Around = tuple[tuple[int, ...], tuple[str, ...]]
"""`mem_id`s and tags of an element and of those around it, nearest first."""


@dataclass(slots=True)
class _Run:
    pieces: list[str] = field(default_factory=list)
    nodes: list[LexborNode] = field(default_factory=list)
    linked: int = 0
    speaks: bool = False
    """Whether there is more than white space in it."""


def blocks_of(root: LexborNode) -> Iterator[Block]:
    """The blocks below `root`, in document order; nothing that no browser shows."""
    run = _Run()
    known: dict[int, _Around] = {root.mem_id: ((root.mem_id,), (root.tag or "",))}
    for node, tag, entering, link in walk(root):
        if tag == "-text":
            text = node.text_content or ""
            run.pieces.append(text)
            run.nodes.append(node)
            if text and not text.isspace():
                run.speaks = True
                if link:
                    run.linked += len(words_of(text))
        elif tag == "br":
            run.pieces.append("\n")
        elif tag in BLOCK and run.pieces:
            if run.speaks:
                holder = node.parent if entering else None
                yield _block(run, holder or node, known)
            run = _Run()
    if run.speaks:
        yield _block(run, root, known)


def words_of(text: str) -> list[str]:
    """The words of a text, folded."""
    if text.isascii():
        return _RUN_OF_LETTERS.findall(text.lower())
    return _WORD.findall(unicodedata.normalize("NFKC", text).lower())


def _block(run: _Run, holder: LexborNode, known: dict[int, _Around]) -> Block:
    text = " ".join("".join(run.pieces).split())
    ids, tags = _around(holder, known)
    return Block(text, tuple(words_of(text)), tuple(run.nodes), holder, ids, tags, run.linked)


def _around(holder: LexborNode, known: dict[int, _Around]) -> _Around:
    """The elements around one that lies below the root, which is `known`; all that are passed become so."""
    below: list[LexborNode] = []
    node: LexborNode | None = holder
    while node is not None and node.mem_id not in known:
        below.append(node)
        node = node.parent
    ids, tags = known[node.mem_id] if node is not None else ((), ())
    for element in reversed(below):
        ids, tags = (element.mem_id, *ids), (element.tag or "", *tags)
        known[element.mem_id] = (ids, tags)
    return ids, tags


def walk(root: LexborNode) -> Iterator[tuple[LexborNode, str, bool, bool]]:
    """Every node below `root`, with its tag, when it is entered, and every element again when it is left: whether it is
    entered, and whether that is within a link.

    A loop, not a recursion: hostile pages are nested deeper than Python's stack.
    """
    node = root.child
    around: list[tuple[LexborNode, str]] = []
    links = 0
    while node is not None:
        tag = node.tag or ""
        if tag == "-text":
            yield node, tag, True, links > 0
            following = node.next
        elif _is_seen(node, tag):
            yield node, tag, True, links > 0
            around.append((node, tag))
            links += tag == "a"
            following = node.child
        else:
            following = node.next
        while following is None and around:
            left, tag = around.pop()
            links -= tag == "a"
            yield left, tag, False, links > 0
            following = left.next
        node = following


def _is_seen(node: LexborNode, tag: str) -> bool:
    if tag.startswith("-") or tag in _SILENT:
        return False
    given = node.attributes
    if not given:
        return True
    style = given.get("style")
    return "hidden" not in given and not (style and _HIDDEN.search(style))
