"""Filings made by hand: what the store is given, without the stages before it. Nothing here is parsed or extracted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from mailarchiver.archive.sameness import text_key, url_key
from mailarchiver.model import (
    Bundle,
    Card,
    Entry,
    Filing,
    MessageRef,
    Quarantine,
    Quarantined,
    QuarantineReason,
    RawMessage,
    Source,
)

NOW = datetime(2024, 3, 7, 8, 0, tzinfo=UTC)
RECEIVED = datetime(2024, 3, 6, 17, 21, 9, tzinfo=UTC)


def mail(number: int, line_end: bytes = b"\r\n") -> bytes:
    """The octets of a mail, another one for each number."""
    lines = [b"From: reader@example.org", b"Subject: Walk %d" % number, b"", b"Up the hill and down again.", b""]
    return line_end.join(lines)


def digests(data: bytes) -> tuple[str, str]:
    """As digests.digests says; written out again, so that the store's tests import nothing but the store."""
    folded = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return hashlib.sha256(data).hexdigest(), hashlib.sha256(folded).hexdigest()


def sums(files: Mapping[str, bytes]) -> bytes:
    return "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)).encode()


def bundle(
    data: bytes,
    entry_id: str,
    ref: MessageRef,
    *,
    title: str = "a-walk",
    url: str | None = None,
    text: str | None = None,
    received: datetime = RECEIVED,
    automatic: bool = False,
) -> Bundle:
    """An article of a mail, with a picture and an attachment."""
    digest, _ = digests(data)
    folder = f"{received:%Y/%m/%Y-%m-%d}-{title}-{entry_id}"
    text = f"The text of {entry_id}.\n" if text is None else text
    described = {
        "format": 1,
        "id": entry_id,
        "kind": "text",
        "title": title,
        "url": url,
        "words": 4,
        "tags": ["walks"],
        "received": received.isoformat(),
        "direction": "ltr",
        "excerpt": text[:20],
        "images": [{"file": "images/001.png"}, {"file": None}],
        "attachments": [{"file": "attachments/001-map.pdf"}],
        "warnings": [{"code": "automatic" if automatic else "date", "detail": "in the future"}],
        "message": {"message_id": "<1@example.org>", "sha256": digest},
    }
    files = {
        "index.html": f"<!DOCTYPE html><title>{title}</title>".encode(),
        "article.txt": text.encode(),
        "article.json": json.dumps(described).encode(),
        "message.eml": data if "-" not in entry_id else b"Subject: enclosed\r\n\r\n" + entry_id.encode(),
        "images/001.png": b"\x89PNG" + entry_id.encode(),
        "attachments/001-map.pdf": b"%PDF-1.4\n" * 20,
    }
    files["SHA256SUMS"] = sums(files)
    entry = Entry(
        id=entry_id,
        folder=folder,
        title=title,
        byline=None,
        site=None,
        url=url,
        published=None,
        received=received.isoformat(),
        filed=None,
        kind="text",
        language=None,
        tags=("walks",),
        words=4,
        images=1,
        attachments=1,
        warnings=1,
        message_id="<1@example.org>",
        sha256=digest,
        sums=hashlib.sha256(files["SHA256SUMS"]).hexdigest(),
        source=Source(ref.account, ref.folder, ref.uidvalidity, ref.uid) if ref.path is None else None,
    )
    card = Card(entry, text[:20], "ltr", automatic)
    return Bundle(entry_id, folder, files, entry, card, url_key(url), text_key(text, entry_id))


def at(uid: int) -> MessageRef:
    """A message of a mailbox."""
    return MessageRef("articles", "INBOX", 7, uid)


def filing(
    number: int,
    *,
    ref: MessageRef | None = None,
    articles: int = 1,
    line_end: bytes = b"\r\n",
    title: str = "a-walk",
    url: str | None = None,
    text: str | None = None,
    received: datetime = RECEIVED,
    automatic: bool = False,
) -> Filing:
    """A mail that holds so many articles, ready to be committed."""
    data, ref = mail(number, line_end), ref or at(number)
    digest, folded = digests(data)
    ids = [digest[:12], *(f"{digest[:12]}-{more}" for more in range(2, articles + 1))]
    make = partial(bundle, title=title, url=url, text=text, received=received, automatic=automatic)
    made = tuple(make(data, own, ref) for own in ids)
    return Filing(ref, digest, folded, made)


def quarantined(
    number: int, reason: QuarantineReason = "crash", *, ref: MessageRef | None = None, line_end: bytes = b"\r\n"
) -> Filing:
    """A mail that could not be understood, ready to be put into quarantine."""
    data, ref = mail(number, line_end), ref or at(number)
    digest, folded = digests(data)
    raw = RawMessage(ref, RECEIVED if ref.path is None else None, data, fallback=None if ref.path is None else NOW)
    return Filing(ref, digest, folded, quarantined=Quarantined(raw, Quarantine(reason, "it hurts", "Traceback …")))


def tree(root: Path) -> dict[str, bytes]:
    """Everything in an archive that is precious."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and (".mailarchiver" not in path.parts or "quarantine" in path.parts)
    }


def entry_folders(root: Path) -> list[Path]:
    return sorted(path for path in root.glob("2*/*/*") if path.is_dir())
