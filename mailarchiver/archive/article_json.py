"""article.json: everything that is known about an article, key by key as docs/archive-format.md lists them."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from .. import EXTRACTOR
from . import FORMAT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from ..model import Address, Article, Attachment, Headers, Hop, Image, MailWarning, Message, Original, RawMessage

_encode = json.JSONEncoder(ensure_ascii=False).encode


def metadata(
    article: Article,
    raw: RawMessage,
    *,
    received: datetime,
    id: str,  # noqa: A002 - the format's word
    minutes: int | None,
    digest: str,
    sums: Mapping[str, str],
) -> dict[str, object]:
    """The content of article.json. `minutes` is how long the article takes to read, `digest` the SHA-256 of its whole
    mail, `sums` are those of the other files.
    """
    original = article.original
    return {
        "format": FORMAT,
        "id": id,
        "kind": article.kind,
        "title": article.title,
        "byline": article.byline,
        "site": article.site,
        "url": article.url,
        "published": article.published,
        "language": article.language,
        "direction": article.direction,
        "excerpt": article.excerpt,
        "words": article.words,
        "reading_minutes": minutes,
        "tags": list(article.tags),
        "received": received.isoformat(),
        "account": raw.ref.account,
        "note": article.note,
        "forwarded_by": _address(forwarded_by(original)),
        "hops": [_hop(hop) for hop in original.hops],
        "message": _message(original.outer.headers, digest, len(raw.data)),
        "original": _original(original),
        "images": [_image(image, sums) for image in article.images],
        "attachments": [_attachment(attachment, sums) for attachment in article.attachments],
        "provenance": dict(article.provenance),
        "warnings": [{"code": warning.code, "detail": warning.detail} for warning in warnings_of(article)],
        "extractor": EXTRACTOR,
    }


def as_json(data: Mapping[str, object]) -> str:
    """A JSON object as it lies in an archive, in the order given: a line a key, a line for each object of a list."""
    lines = [f"  {_encode(key)}: {_lines(value)}" for key, value in data.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def warnings_of(article: Article) -> tuple[MailWarning, ...]:
    """The warnings of all stages an article went through, each once, in the order they were given."""
    original = article.original
    return tuple(dict.fromkeys((*original.message.warnings, *original.warnings, *article.warnings)))


def forwarded_by(original: Original) -> Address | None:
    """Whoever sent the mail to the mailbox: the last forwarder, who of resent mail is not its sender."""
    return original.hops[0].sender if original.hops else original.outer.headers.sender


def _lines(value: object) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n    " + ",\n    ".join(map(_encode, value)) + "\n  ]"
    return _encode(value)


def _address(address: Address | None) -> dict[str, str] | None:
    return None if address is None else {"name": address.name, "address": address.address}


def _addresses(addresses: tuple[Address, ...]) -> list[dict[str, str] | None]:
    return [_address(address) for address in addresses]


def _hop(hop: Hop) -> dict[str, object]:
    return {"from": _address(hop.sender), "to": _addresses(hop.to), "date": hop.date, "note": hop.note}


def _message(headers: Headers, sha256: str | None, octets: int | None) -> dict[str, object]:
    return {
        "message_id": headers.message_id,
        "subject": headers.subject,
        "from": _address(headers.sender),
        "to": _addresses(headers.to),
        "cc": _addresses(headers.cc),
        "date": headers.date,
        "date_text": headers.date_text,
        "sha256": sha256,
        "bytes": octets,
    }


def _original(original: Original) -> dict[str, object] | None:
    """The headers of the message that was forwarded; its own octets are known only where it was attached."""
    if original.forwarded is None:
        return None
    enclosed = _enclosed(original) if original.forwarded == "attached" else None
    if enclosed is None:
        return _message(original.headers, None, None)
    return _message(original.headers, hashlib.sha256(enclosed.data).hexdigest(), len(enclosed.data))


def _enclosed(original: Original) -> Message | None:
    """The attached message whose headers are the original's, however deep it is enclosed."""
    waiting = [original.message]
    while waiting:
        message = waiting.pop(0)
        if message.headers == original.headers:
            return message
        waiting.extend(message.enclosed)
    return None


def _image(image: Image, sums: Mapping[str, str]) -> dict[str, object]:
    return {
        "file": image.file,
        "source": image.source,
        "outcome": image.outcome,
        "reason": image.reason,
        "alt": image.alt,
        "caption": image.caption,
        "width": image.width,
        "height": image.height,
        "bytes": None if image.data is None else len(image.data),
        "sha256": None if image.file is None else sums.get(image.file),
    }


def _attachment(attachment: Attachment, sums: Mapping[str, str]) -> dict[str, object]:
    return {
        "file": attachment.file,
        "filename": attachment.filename,
        "content_type": attachment.content_type,
        "bytes": len(attachment.data),
        "sha256": sums[attachment.file],
    }
