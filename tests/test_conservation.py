"""Nothing vanishes: every leaf part of every mail is in the archive, or the archive says why it is not.

An independent reader (stdlib's parser, policy compat32) lists the leaves. Each must be

- a file in `images/` or `attachments/`, octet for octet, or within a message that is such a file as a whole; or
- body: its text is in the HTML or the plain text of a message of the mail, of which the article is written. The plain
  text beside an HTML body is not in the article (RFC 2046 §5.1.4: they say the same); it is in `message.eml`; or
- in the image ledger, dropped or not, with a reason; or
- in pieces, where a warning tells of a cap, of damage, or of something unpacked, or where stdlib itself could not
  open it: then every line of it is in a file, in a text, or is structure (a delimiter, a header field).
"""

from __future__ import annotations

import base64
import binascii
import email
import email.policy
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC
from email.errors import MissingHeaderBodySeparatorDefect
from email.message import Message as Compat32
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from selectolax.lexbor import LexborHTMLParser

from mailarchiver import pipeline
from mailarchiver.message.charset import decode
from mailarchiver.message.forward import unwrap
from mailarchiver.message.parse import parse
from mailarchiver.model import Bundle, Message, MessageRef, Original, Quarantine, RawMessage, Rules
from tests.message.making import attached, mail, multipart, part

Json = dict[str, Any]
BODY = {"text/plain", "text/html"}
TOLD = {"limit", "structure", "transfer", "header", "unpacked"}
"""Warnings of a mail that stdlib reads otherwise than we do."""
STRUCTURE = re.compile(rb"--|[!-9;-~]+:|[ \t]+[a-z*0-9-]+=|begin [0-7]{3}|`?$|end$")


@dataclass(frozen=True)
class Leaf:
    content_type: str
    octets: bytes
    sent: bytes
    charset: str | None
    names: frozenset[str]
    unopened: bool
    undecoded: bool
    cut_header: bool


def leaves(data: bytes) -> Iterator[Leaf]:
    yield from _leaves(email.message_from_bytes(data, policy=email.policy.compat32))


def _leaves(message: Compat32) -> Iterator[Leaf]:
    for entity in message.walk():
        if entity.is_multipart():
            continue
        octets, payload = entity.get_payload(decode=True), entity.get_payload()
        assert isinstance(octets, bytes)
        names = (entity.get("content-id"), entity.get("content-location"), entity.get_filename())
        yield Leaf(
            entity.get_content_type(),
            octets,
            str(payload).encode("utf-8", "surrogateescape"),
            entity.get_content_charset(),
            frozenset(unquote(str(name)).strip(" <>").casefold() for name in names if name),
            entity.get_content_maintype() == "multipart" or "multipart" in str(entity["content-type"]),
            "base64" in str(entity["content-transfer-encoding"]).lower()
            and octets == str(payload).encode("utf-8", "replace"),
            any(isinstance(defect, MissingHeaderBodySeparatorDefect) for defect in entity.defects),
        )


TNEF = {"application/ms-tnef", "application/vnd.ms-tnef"}


class Kept:
    """What of a mail is in its bundles, and in the bodies they were written from."""

    def __init__(self, data: bytes, bundles: tuple[Bundle, ...]) -> None:
        articles: list[Json] = [json.loads(bundle.files["article.json"]) for bundle in bundles]
        self.files = {
            octets
            for bundle in bundles
            for name, octets in bundle.files.items()
            if name.startswith(("images/", "attachments/"))
        }
        enclosed = {
            bundle.files[attachment["file"]]
            for bundle, article in zip(bundles, articles, strict=True)
            for attachment in article["attachments"]
            if attachment["content_type"].startswith("message/")
        }
        self.within = {leaf.octets for octets in enclosed for leaf in leaves(octets)}
        self.explained = {
            unquote(
                image["source"].partition(":")[2] if image["source"].startswith("cid:") else image["source"]
            ).casefold()
            for article in articles
            for image in article["images"]
            if image["reason"]
        }
        self.warnings = {warning["code"] for article in articles for warning in article["warnings"]}
        message = parse(data)
        self.octets = [*self.files, *(inner.data for inner in message.enclosed)]
        self.texts = [letters(text) for text in bodies(message)]

    def why(self, leaf: Leaf) -> str | None:
        """Where a leaf is, None where it is lost."""
        if leaf.octets in self.files:
            return "file"
        if leaf.octets in self.within:
            return "within an enclosed message"
        if not leaf.octets.strip() and (leaf.content_type in BODY or leaf.unopened):
            return "empty"
        if leaf.content_type in TNEF and "unpacked" in self.warnings:
            return "unpacked"  # all of it, or it is a file; tests/message/test_tnef.py looks at what comes out
        text = letters(decode(leaf.octets, leaf.charset)[0])
        if leaf.content_type.startswith("text/") and any(text in body for body in self.texts):
            return "body"
        if leaf.names & self.explained:
            return "image ledger"
        if leaf.unopened or leaf.undecoded or leaf.content_type == "text/plain" or self.warnings & TOLD:
            return "in pieces" if all(map(self._has_line, lines_of(leaf))) else None
        return None

    def _has_line(self, line: bytes) -> bool:
        if STRUCTURE.match(line) or any(octets in file for octets in decoded(line) for file in self.octets):
            return True
        text = letters(decode(binascii.a2b_qp(line))[0])
        return any(text in body or letters(decode(line)[0]) in body for body in self.texts)


def lines_of(leaf: Leaf) -> list[bytes]:
    """The lines of a leaf, below its header where stdlib ended that too early: at a line that is no field. Of a
    multipart without what stands before and behind its parts, which is to be ignored (RFC 2046 §5.1.1).
    """
    body = re.split(rb"\r?\n\r?\n", leaf.sent, maxsplit=1)[-1] if leaf.cut_header else leaf.sent
    lines = [line for line in body.splitlines() if line.strip()]
    marks = [number for number, line in enumerate(lines) if line.startswith(b"--")]
    return lines[marks[0] : marks[-1] + 1] if leaf.unopened and marks else lines


def decoded(line: bytes) -> Iterator[bytes]:
    """What a line may stand for in a file."""
    yield line
    for undo in (partial(binascii.a2b_base64, strict_mode=True), binascii.a2b_uu):
        with suppress(binascii.Error):
            yield undo(line if undo is binascii.a2b_uu else line[: len(line) // 4 * 4])


def bodies(message: Message) -> Iterator[str]:
    yield from (text for text in (message.html, message.text) if text)
    for inner in message.enclosed:
        yield from bodies(inner)


def letters(text: str) -> str:
    """Without white space, which format=flowed (RFC 3676) and the hardened spaces of some editors change."""
    return "".join(text.split())


def understand(data: bytes) -> tuple[Bundle, ...]:
    raw = RawMessage(MessageRef("files", "here", path="a.eml"), None, data)
    answer = pipeline.understand(raw, id=hashlib.sha256(data).hexdigest()[:12], rules=Rules(UTC))
    assert not isinstance(answer, Quarantine), answer
    return answer


def lost(data: bytes) -> list[str]:
    kept = Kept(data, understand(data))
    return [f"{leaf.content_type} {sorted(leaf.names)}" for leaf in leaves(data) if kept.why(leaf) is None]


@pytest.mark.corpus
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ["eml", "forwards", "readerview", "pages"])
def test_every_leaf_of_every_mail_is_kept(corpus: Path, name: str) -> None:
    mails = [path for path in sorted((corpus / name).rglob("*")) if path.suffix in {".eml", ".mbox"}]
    assert len(mails) > 100
    found = {str(path.relative_to(corpus)): lost(path.read_bytes()) for path in mails}
    assert {mail: parts for mail, parts in found.items() if parts} == {}


@pytest.mark.corpus
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ["eml", "forwards"])
def test_the_words_of_a_body_are_in_its_page(corpus: Path, name: str) -> None:
    """Where the whole message is the article, and nothing is said to be left out: hidden text and form controls aside,
    which are no text, hardly a mail misses one word of a hundred.
    """
    shares: list[float] = []
    for path in sorted((corpus / name).rglob("*")):
        if path.suffix in {".eml", ".mbox"}:
            data = path.read_bytes()
            shares += words_kept(unwrap(parse(data)), understand(data))
    assert len(shares) > 50
    assert sum(share >= 0.99 for share in shares) / len(shares) >= 0.98


def words_kept(originals: Iterable[Original], bundles: Iterable[Bundle]) -> Iterator[float]:
    for original, bundle in zip(originals, bundles, strict=True):
        article = json.loads(bundle.files["article.json"])
        if article["kind"] == "reader-view" or "closing" in article["provenance"]:
            continue
        body = visible(original.html) if original.html and original.html.strip() else original.text or ""
        shown = set(re.findall(r"\w+", visible(bundle.files["index.html"].decode())))
        words = re.findall(r"\w+", body)
        yield sum(word in shown for word in words) / len(words) if words else 1.0


def visible(html: str) -> str:
    tree = LexborHTMLParser(html)
    for node in tree.css("script, style, head, noscript, template, select, textarea, button"):
        node.decompose()
    return tree.root.text(separator=" ") if tree.root else ""


# --- without a corpus -------------------------------------------------------------------------------------------------

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEklEQVR4nGP8z4APMOGVHbHSAEEsAROxCnMTAAAAAElFTkSuQmCC"
)


def picture(mark: bytes) -> bytes:
    """Another picture for every mark: what stands behind its end is not looked at."""
    return PNG + mark


def png(mark: bytes, *fields: str, content_type: str = "image/png") -> bytes:
    return attached(picture(mark), content_type, *fields)


def kept(*parts: bytes, html: str = "<p>Words</p>") -> tuple[list[bytes], list[Json]]:
    """The pictures and attachments of the bundle of a mail with these parts, and its image ledger."""
    data = mail(multipart("related", part(html.encode(), "text/html; charset=utf-8"), *parts))
    assert lost(data) == []
    (bundle,) = understand(data)
    files = [octets for name, octets in bundle.files.items() if name.startswith(("images/", "attachments/"))]
    return files, json.loads(bundle.files["article.json"])["images"]


def test_two_pictures_of_one_content_id_are_both_kept() -> None:
    files, ledger = kept(
        png(b"1", "Content-ID: <a@x>"), png(b"2", "Content-ID: <a@x>"), html='<p>Words</p><img src="cid:a@x">'
    )
    assert files == [picture(b"1"), picture(b"2")]
    assert [line["outcome"] for line in ledger] == ["cid", "unreferenced"]


def test_parts_of_one_name_are_all_kept() -> None:
    names = ("Content-Disposition: attachment; filename=a.bin", "Content-Disposition: attachment; filename=A.BIN")
    files, _ = kept(
        *(attached(octets, "application/octet-stream", names[n % 2]) for n, octets in enumerate((b"1", b"2", b"3")))
    )
    assert files == [b"1", b"2", b"3"]
    files, _ = kept(*(png(octets, "Content-Disposition: inline; filename=a.png") for octets in (b"1", b"2")))
    assert files == [picture(b"1"), picture(b"2")]


@pytest.mark.parametrize(
    "field",
    [
        'Content-Disposition: attachment; filename=""',
        "Content-Disposition: attachment; filename=",
        "Content-Disposition: attachment",
        'Content-Disposition: attachment; filename="../../x"',
        'Content-Disposition: attachment; filename="\u202e\u0000"',
        "Content-Disposition: inline; filename*=utf-8''%00",
        "Content-ID: <>",
        "X-Nothing: 1",
    ],
)
def test_parts_without_a_usable_name_are_kept(field: str) -> None:
    assert kept(attached(b"1", "application/octet-stream", field), attached(b"2", "", field))[0] == [b"1", b"2"]
    assert kept(png(b"1", field), png(b"2", field))[0] == [picture(b"1"), picture(b"2")]


def test_the_same_picture_twice_is_one_file_with_a_line_for_each_reference() -> None:
    files, ledger = kept(
        png(b"1", "Content-ID: <a@x>"), png(b"1", "Content-ID: <b@x>"), html='<img src="cid:a@x"><img src="cid:b@x">'
    )
    assert files == [picture(b"1")]
    assert len({line["file"] for line in ledger}) == 1
    assert [line["source"] for line in ledger] == ["cid:a@x", "cid:b@x"]


def test_the_same_attachment_twice_is_two_files() -> None:
    one = attached(b"1", "application/pdf", "Content-Disposition: attachment; filename=a.pdf")
    assert kept(one, one)[0] == [b"1", b"1"]


def test_an_empty_attachment_is_kept() -> None:
    assert kept(attached(b"", "application/pdf", "Content-Disposition: attachment; filename=a.pdf"))[0] == [b""]


def test_a_text_beside_the_root_of_a_related_is_kept() -> None:
    assert kept(part(b"beside"))[0] == [b"beside"]


def test_texts_that_are_not_the_body_are_kept() -> None:
    calendar = part(b"BEGIN:VCALENDAR", "text/calendar; method=REQUEST")
    first, second = part(b"<p>poor</p>", "text/html"), part(b"<p>rich</p>", "text/html")
    data = mail(multipart("alternative", part(b"plain"), first, second, calendar))
    assert lost(data) == []
    files = understand(data)[0].files
    assert {b"<p>poor</p>", b"BEGIN:VCALENDAR"} <= set(files.values())


def test_a_leaf_that_is_nowhere_is_told() -> None:
    data = mail(multipart("mixed", part(b"Words"), png(b"1"), attached(b"%PDF-1", "application/pdf")))
    bare = understand(mail(part(b"Words")))
    nothing = Kept(mail(part(b"Words")), bare)
    assert [nothing.why(leaf) for leaf in leaves(data)] == ["body", None, None]
