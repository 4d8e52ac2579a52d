"""Posts that a page quotes from a network, as newsletters draw them: written as quotes, with author, date and link.

::

    [face] Ada Quill @quill          >  The weir has gone.
    The weir has gone.               >
    8:44 AM · Mar 15, 2023           >  — Ada Quill (@quill), 8:44 AM · Mar 15, 2023
    99 Likes  8 Retweets

Only what services draw themselves (Substack, Ghost) is read here: the embedded post of the network's own markup is a
quote already.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from selectolax.lexbor import LexborHTMLParser, LexborNode

from .page_blocks import Block, blocks_of, walk
from .page_signs import POSTS, QUOTED_POSTS, bare_names, called

_MOST = 200
"""Posts of a page."""
_AUTHOR = re.compile(r"(.{0,80}?) ?@(\w{1,30})")
_COUNT = re.compile(
    r"[\d.,]+ ?[km]? ?(?:likes?|retweets?|reposts?|replies|reply|quotes?|views?)(?![a-z])[ •·∙]*", re.IGNORECASE
)
_DATED, _YEAR = 10, re.compile(r"(?<!\d)20\d\d(?!\d)")
"""Words of the line with the date, and what it holds."""
_STATUS = re.compile(r"https?://(?:\w{1,10}\.)?(?:twitter|x)\.com/\w{1,30}/status(?:es)?/\d+", re.IGNORECASE)
_FACE = re.compile(r"avatar|profile|logo|icon|twitter_name", re.IGNORECASE)
_BLANK = re.compile(r"\n[ \t\r]*\n")
_LARGEST = 400
"""Words; what is larger is no post."""


@dataclass(frozen=True, slots=True)
class _Post:
    name: str
    handle: str
    text: tuple[Block, ...]
    date: str | None


def quote_posts(tree: LexborHTMLParser, html: str) -> int:
    """Turn the posts that are drawn in a tree into quotes; how many there were. Changes the tree; what is no post, or
    not understood, stays as it is. `html` is that of the tree, and spares the search where no such name is in it.
    """
    boxes = [box for name in POSTS if name in html for box in called(tree, name)][:_MOST]
    known = {box.mem_id for box in boxes}
    written = 0
    for box in boxes:
        told = _quote(box) if not _is_within(box, known) else None
        if told is not None:
            quote = tree.create_node("blockquote")
            box.insert_before(quote)
            copied = box.prev
            if copied is not None:
                copied.inner_html = told
                box.remove()
                written += 1
    return written


def _is_within(node: LexborNode, boxes: set[int]) -> bool:
    above = node.parent
    while above is not None:
        if above.mem_id in boxes:
            return True
        above = above.parent
    return False


def _quote(box: LexborNode, *, within_post: bool = False) -> str | None:
    """What the quote of a post holds; None where it is none. A post that is quoted in one quotes no further."""
    names = () if within_post else QUOTED_POSTS
    inner = next((node for name in names for node in called(box, name) if node.mem_id != box.mem_id), None)
    within = inner.mem_id if inner is not None else 0
    blocks = [block for block in blocks_of(box) if within not in block.ids]
    post = _post(blocks)
    if post is None:
        return None
    link = _link(box)
    told = [f"<p>{_text(block, link)}</p>" for block in post.text]
    told += [f"<p>{html}</p>" for html in _pictures(box, within, faces=False)]
    if inner is not None:
        told.append(f"<blockquote>{_quote(inner, within_post=True) or f'<p>{escape(inner.text())}</p>'}</blockquote>")
    face = "".join(_pictures(box, within, faces=True))
    said = f"{escape(post.name)} (@{escape(post.handle)})" if post.name else f"@{escape(post.handle)}"
    date = escape(post.date or "")
    if link:
        target = f'<a href="{escape(link)}">'
        said, date = (said, f"{target}{date}</a>") if date else (f"{target}{said}</a>", "")
    return "".join(told) + f"<p>{face}— {said}{', ' if date else ''}{date}</p>"


def _post(blocks: Sequence[Block]) -> _Post | None:
    """A post by its blocks: its author comes first, its date and its counts last."""
    if not blocks or sum(len(block.words) for block in blocks) > _LARGEST:
        return None
    author = _AUTHOR.fullmatch(blocks[0].text)
    if author is None:
        return None
    rest = [block for block in blocks[1:] if _COUNT.sub("", block.text).strip()]
    date = None
    if len(rest) > 1 and len(rest[-1].words) <= _DATED and _YEAR.search(rest[-1].text):
        date = rest.pop().text
    return _Post(author[1].strip(), author[2], tuple(rest), date) if rest else None


def _link(box: LexborNode) -> str:
    """Where the post is: its address on the network if any element names it, else the first link."""
    first = ""
    for node in box.css("[href]"):
        href = (node.attributes.get("href") or "").strip()
        if found := _STATUS.match(href):
            return found[0]
        first = first or (href if node.tag == "a" and href.startswith("http") else "")
    return first


def _text(block: Block, link: str) -> str:
    """The text of a block with its links, those that only lead to the post aside. An empty line in it parts it."""
    nodes = {node.mem_id for node in block.nodes}
    told: list[str] = []
    for node, tag, entering, _ in walk(block.holder):
        if tag == "br" and entering and told:
            told.append("<br>")
        elif node.mem_id in nodes:
            text = _BLANK.sub("<br><br>", escape((node.text_content or "").strip("\n")))
            target = _target(node, block.holder)
            leads = target and not target.startswith(link) if link else bool(target)
            told.append(f'<a href="{escape(target)}">{text}</a>' if leads else text)
    return "".join(told)


def _target(node: LexborNode, holder: LexborNode) -> str:
    """Where the link around a text leads that stands in its block; "" where there is none."""
    above = node.parent
    while above is not None and above.mem_id != holder.mem_id:
        if above.tag == "a":
            return (above.attributes.get("href") or "").strip()
        above = above.parent
    return ""


def _pictures(box: LexborNode, within: int, *, faces: bool) -> Iterator[str]:
    """The pictures of a post, or the face of its author and the network's sign; of these those that came with the mail:
    others are nothing but ornament.
    """
    for picture in box.css("img"):
        given = picture.attributes
        source = given.get("src") or ""
        told = f"{bare_names(picture)} {given.get('alt') or ''} {source}"
        wanted = bool(_FACE.search(told)) == faces and (not faces or source.lower().startswith("cid:"))
        if wanted and not _is_within(picture, {within}):
            yield picture.html or ""
