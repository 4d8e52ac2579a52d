"""The pictures of an article: each reference is looked up among the parts of the mail, and what became of it is noted.

References are resolved as RFC 2392 (`cid:`) and RFC 2557 (Content-Location) say, more forgivingly: clients differ in
case, brackets and percent-encoding. No network is ever used; a picture that lies on a server is noted as `remote`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from html import escape
from urllib.parse import unquote, unquote_to_bytes

from selectolax.lexbor import LexborNode

from ..model import Attachment, Image, Part
from ..text.file_types import is_shown
from ..text.hosts import host_of
from ..text.slug import file_name
from ..text.whitespace import collapse
from .captions import is_nothing
from .drawing import drawing
from .image_type import Picture, look
from .links import absolute
from .page_blocks import blocks_of
from .sources import references

_EXTENSION = re.compile(r"\.([A-Za-z0-9]{1,8})[. ]*$")
_PICTURE_NAME = re.compile(r"(?i)\S*\.(jpe?g|png|gif|webp|avif|svg|bmp|ico|heic|heif|tiff?)")
_NO_ALT = frozenset(
    {"image", "inline image", "picture", "photo", "img", "bild", "null", "undefined", "unnamed", "untitled"}
)
_CAMERA_NAME = re.compile(
    r"(?i)(?:img|dsc[a-z]?|pxl|mvimg|image|photo|picture|bild|foto|screenshot|unnamed)[ _-]?[0-9][0-9 _()-]*|cid:\S*"
    r"|(?=[0-9a-f-]*[0-9])[0-9a-f-]{16,}"
)
"""File names without their extension, as cameras and programs make them: `IMG_1234`, `DSC00123`, `4f1c09aa-77d2-…`."""
_EMBEDDED = 2_000
"""Pictures of `data:` URIs that become files, in one article: as many as parts (message.structure)."""
_STRETCH = 65_536
_CONTENT_TYPES = {"application/pdf": "pdf", "text/plain": "txt", "text/html": "html", "text/calendar": "ics"}


class ImageLedger:
    """The image ledger of one article in the making."""

    def __init__(self, parts: Sequence[Part], base: str | None = None) -> None:
        self._parts = parts
        self._base = base
        self._by_name = _index(parts)
        self._used: set[int] = set()
        self._files: dict[bytes, str] = {}  # bytes → file name: the same picture twice is one file
        self._drawings: dict[int, int] = {}  # `mem_id` → number
        self._ledger: dict[str, Image] = {}  # source → its line
        self._embedded = 0

    def write(self, node: LexborNode, caption: str | None) -> str:
        """The HTML of an `img` element, of a drawing (`svg`), or of the pictures behind an element's text; "" where
        nothing is to be seen. Its line in the ledger is made.
        """
        if node.tag == "svg":
            return self._write_drawing(node)
        attributes = node.attributes
        source = self._likeliest(references(node))
        if not source:
            return _figure("", caption)
        alt = _alt(attributes.get("alt"), source) if node.tag == "img" else None
        told = caption or _figcaption(node)
        image = self._ledger.get(source)
        if image is None:
            image = self._resolve(source, attributes)
            image = replace(image, alt=alt, caption=told)
            self._ledger[source] = image
        html = _html(image, alt)
        return _figure(html, caption)

    def _likeliest(self, sources: Sequence[str]) -> str:
        """The first reference that leads to a part of the mail; else the first."""
        mailed = (source for source in sources if source.lower().startswith("cid:") or self._place(source) is not None)
        return next(mailed, sources[0]) if sources else ""

    def _write_drawing(self, node: LexborNode) -> str:
        data = drawing(node)
        source = f"svg element {self._drawings.setdefault(node.mem_id, len(self._drawings) + 1)}"
        if data is None:
            self._ledger[source] = Image(source, "dropped", reason="a drawing too large to be kept as a file")
            return ""
        title = node.css_first("title")
        alt = collapse(node.attributes.get("aria-label") or (title.text() if title is not None else "")).strip() or None
        picture = Picture("svg", None, None)
        image = replace(self._keep(Image(source, "data"), data, picture, None), alt=alt, caption=_figcaption(node))
        self._ledger[source] = image
        return _html(image, alt)

    def leave_out(self, nodes: Iterable[LexborNode], reason: str) -> None:
        """The pictures of `img` elements that are not to be shown, and why: each has its line, and its file unless the
        text shows the same picture. To be called once, after everything was written.
        """
        shown = {image.file for image in self._ledger.values()}
        known = set(self._ledger)
        for node in nodes:
            self.write(node, None)
        for source in self._ledger.keys() - known:
            image = self._ledger[source]
            if image.file is not None and image.file not in shown:
                self._ledger[source] = replace(image, outcome="dropped", reason=reason)

    def images(self) -> tuple[Image, ...]:
        """All lines: the pictures referred to, in order, then the inline pictures that nothing refers to."""
        for index, part in enumerate(self._parts):
            if index in self._used or part.disposition == "attachment":
                continue
            if look(part.data) is not None:
                source = f"cid:{part.content_id}" if part.content_id else part.filename or f"part {index + 1}"
                image = self._take(Image(source, "unreferenced"), part.data, part.filename, part.content_type)
                self._ledger.setdefault(f"{source}#{index}", image)
                self._used.add(index)
        return tuple(self._ledger.values())

    def attachments(self) -> tuple[Attachment, ...]:
        """The parts that are no picture of the article, in order; to be asked after `images`."""
        rest = [part for index, part in enumerate(self._parts) if index not in self._used]
        return tuple(_attachment(number, part) for number, part in enumerate(rest, 1))

    # --- one reference --------------------------------------------------------------------------------------------

    def _resolve(self, source: str, attributes: Mapping[str, str | None]) -> Image:
        scheme = source.partition(":")[0].lower()
        if scheme == "data":
            return self._from_data(source)
        index = self._place(source)
        if index is not None:
            part = self._parts[index]
            found = Image(source, "cid" if scheme == "cid" else "location")
            if _is_picture(part):  # anything else stays an attachment, whatever refers to it
                self._used.add(index)
            return self._take(found, part.data, part.filename, part.content_type)
        if scheme == "cid":
            return Image(source, "missing", reason="the mail has no part of this Content-ID")
        url = absolute(source, self._base)
        if not url.lower().startswith("http"):
            return Image(source, "missing", reason="the mail has no part of this name")
        if _declared_tiny(attributes):
            return Image(source, "dropped", reason="at most 2×2 pixels: a tracker or a spacer")
        return Image(source, "remote", reason=f"on {host_of(url) or url}, not fetched")

    def _place(self, source: str) -> int | None:
        """The part of the mail that a reference means."""
        scheme, _, rest = source.partition(":")
        return self._by_name.get(_key(rest if scheme.lower() == "cid" else source))

    def _from_data(self, source: str) -> Image:
        """A `data:` URI (RFC 2397) becomes a file; its ledger line names the media type only."""
        head, _, body = source.partition(",")
        short = Image(head[:80], "data")
        self._embedded += 1
        if self._embedded > _EMBEDDED:
            return replace(short, outcome="dropped", reason=f"more than {_EMBEDDED} pictures in the text")
        try:
            octets = _percent_decoded(body)
            data = base64.b64decode(octets + b"==") if head.lower().rstrip().endswith(";base64") else octets
        except binascii.Error:
            return replace(short, outcome="dropped", reason="not valid base64")
        return self._take(short, data, None, "")

    def _take(self, image: Image, data: bytes, filename: str | None, declared: str) -> Image:
        picture = look(data)
        if picture is None and not declared.startswith("image/"):
            return replace(image, outcome="dropped", reason="not a picture by its bytes")
        if picture is None:
            extension = re.sub("[^a-z0-9]", "", declared.removeprefix("image/").lower())[:8] or "bin"
            picture = Picture(extension.replace("jpeg", "jpg"), None, None)
        if picture.tiny:
            reason = "at most 2×2 pixels: a tracker or a spacer"
            return replace(image, outcome="dropped", reason=reason, width=picture.width, height=picture.height)
        return self._keep(image, data, picture, filename)

    def _keep(self, image: Image, data: bytes, picture: Picture, filename: str | None) -> Image:
        file = self._files.get(data)
        if file is None:
            stem = _EXTENSION.sub("", filename or "")
            file = f"images/{file_name(len(self._files) + 1, stem, picture.extension)}"
            self._files[data] = file
        return replace(image, file=file, data=data, width=picture.width, height=picture.height)


def _is_picture(part: Part) -> bool:
    """Whether it is one by its bytes, or at least calls itself one."""
    return part.content_type.startswith("image/") or look(part.data) is not None


def _figure(html: str, caption: str | None) -> str:
    """A picture with its caption, which stays where there is no picture to be seen."""
    if not caption:
        return html
    return f"<figure>{html}<figcaption>{escape(caption, quote=False)}</figcaption>\n</figure>"


def _html(image: Image, alt: str | None) -> str:
    if image.file is None:
        told = alt or image.alt
        if image.outcome == "missing":
            return f'<span data-picture="missing">[picture missing{": " + escape(told) if told else ""}]</span>'
        if image.outcome == "remote" and told:
            return f'<span data-picture="remote">[picture not fetched: {escape(told)}]</span>'
        return ""
    if not is_shown(image.file):
        return f'<a href="{image.file}">{escape(alt or image.file.rpartition("/")[2])}</a>'
    size = f' width="{image.width}" height="{image.height}"' if image.width and image.height else ""
    return f'<img src="{image.file}" alt="{escape(alt or "")}"{size}>'


def _alt(alt: str | None, source: str) -> str | None:
    """The text that stands for a picture; file names, that of its source above all, and "image" count as none."""
    text = collapse(alt or "").strip()
    if not any(map(str.isalnum, text)) or text.casefold() in _NO_ALT:
        return None
    if _PICTURE_NAME.fullmatch(text) or _CAMERA_NAME.fullmatch(text):
        return None
    name = unquote(source.partition("?")[0]).rpartition("/")[2]
    if text in {name, _EXTENSION.sub("", name)}:
        return None
    return None if _EXTENSION.search(text) and _PICTURE_NAME.search(text) and len(text.split()) <= 6 else text


def _figcaption(node: LexborNode) -> str | None:
    above = node.parent
    for _ in range(6):
        if above is None or above.tag == "body":
            return None
        if above.tag == "figure":
            caption = next((told for told in above.css("figcaption") if not is_nothing(told)), None)
            if caption is None:
                return None
            parted = caption.css_first("p, div, br") is not None
            told = " ".join(block.text for block in blocks_of(caption)) if parted else collapse(caption.text()).strip()
            return told or None
        above = above.parent
    return None


def _percent_decoded(text: str) -> bytes:
    """RFC 3986 §2.1 undone, stretch by stretch: `unquote_to_bytes` needs 20 octets of memory for each of the text's."""
    stretches: list[bytes] = []
    place = 0
    while place < len(text):
        end = place + _STRETCH
        near = text.rfind("%", end - 2, end)
        end = near if near > place else end  # no escape is cut in two
        stretches.append(unquote_to_bytes(text[place:end]))
        place = end
    return b"".join(stretches)


def _declared_tiny(attributes: Mapping[str, str | None]) -> bool:
    sizes = [re.fullmatch(r"\s*([0-9]+)(px)?\s*", attributes.get(name) or "") for name in ("width", "height")]
    return all(size is not None and int(size[1]) <= 2 for size in sizes)


def _key(name: str) -> str:
    return unquote(name).strip().strip("<>").casefold()


def _index(parts: Sequence[Part]) -> dict[str, int]:
    """Every name a reference may use → the part's place. A full Content-ID wins over its local part, and that over a
    file name; the first part of a name wins over a later one.
    """
    index: dict[str, int] = {}
    for names in (
        lambda part: [part.content_id],
        lambda part: [part.content_location],
        lambda part: [(part.content_id or "").partition("@")[0]],
        lambda part: [part.filename],
    ):
        for place, part in enumerate(parts):
            for name in names(part):
                if name and (key := _key(name)):
                    index.setdefault(key, place)
    return index


def _attachment(number: int, part: Part) -> Attachment:
    name = part.filename or ""
    match = _EXTENSION.search(name)
    extension = match[1] if match else _CONTENT_TYPES.get(part.content_type, "")
    if not extension:
        picture = look(part.data)
        extension = picture.extension if picture else "pdf" if part.data.startswith(b"%PDF-") else "bin"
    stem = re.split(r"[/\\]", _EXTENSION.sub("", name))[-1]
    return Attachment(f"attachments/{file_name(number, stem, extension)}", part.filename, part.content_type, part.data)
