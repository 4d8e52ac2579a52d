"""A second opinion: what Stalwart's mail-parser reads in its own test mails, mail by mail.

Its JSON lies beside each mail (`*.expect.json`). Compared are subject, from, to, cc, message-id and the attachments,
number and octets. What the two call by different names is brought together here, once:

- A text without a name that is not called an attachment is body, on both sides. (Stalwart follows RFC 8621 §4.1.4, by
  which a second text can be an attachment; we join them.) Its words must be somewhere in the message.
- Stalwart leaves x-uuencode undone, and has a text where the octets are text: octets are compared behind both.
- Where Stalwart says U+FFFD, it could not read a character, and any is right.
- A message that is enclosed is compared as the octets that were cut out of its part.
"""

from __future__ import annotations

import binascii
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mailarchiver.message.charset import decode
from mailarchiver.message.parse import parse
from mailarchiver.model import Address, Message

pytestmark = pytest.mark.corpus

AGREE = 0.95
DIFFERENT = {
    # mail → what we read differently, and the section that decides for us
    "malformed/009.eml": "attachments: RFC 2046 §5.1.2: the boundary of an outer multipart ends the inner ones",
    "thirdparty/015.eml": "attachments: RFC 2046 §5.1.2: a boundary ends a part even in the header of a message in it",
}
Json = dict[str, Any]


def expectations(corpus: Path) -> Iterator[tuple[str, bytes, Json]]:
    for path in sorted((corpus / "eml").rglob("*.expect.json")):
        mail = path.with_name(path.name.removesuffix(".expect.json"))
        yield f"{mail.parent.name}/{mail.name}", mail.read_bytes(), json.loads(path.read_bytes())


# --- what Stalwart says -----------------------------------------------------------------------------------------------


def value(part: Json, name: str) -> Any:
    """The first field of that name; None for none or an empty one."""
    found = next((field["value"] for field in part["headers"] if field["name"] == name), None)
    return None if found == "Empty" else found


def addresses(part: Json, name: str) -> list[Json]:
    found = (value(part, name) or {"Address": {"List": []}})["Address"]
    members: list[Json] = found.get("List") or [one for group in found.get("Group", []) for one in group["addresses"]]
    return members


def is_text_of_body(part: Json) -> bool:
    def said(name: str) -> Json:
        found: Json = (value(part, name) or {"ContentType": {}})["ContentType"]
        return found

    kind, disposition = said("content_type"), said("content_disposition")
    names = [one["name"] for field in (kind, disposition) for one in field.get("attributes") or []]
    is_text = (kind.get("c_type", "text"), kind.get("c_subtype", "plain")) in {("text", "plain"), ("text", "html")}
    return (
        is_text
        and bool({"Text", "Html"} & set(part["body"]))
        and disposition.get("c_type") != "attachment"
        and not {"name", "filename"} & set(names)
    )


def leaf(part: Json, data: bytes) -> bytes | str:
    """Octets behind the transfer encoding, or the text they are."""
    (kind, body), *_ = part["body"].items()
    if kind == "Message":
        return data[part["offset_body"] : part["offset_end"]]
    encoding = value(part, "content_transfer_encoding") or {"Text": ""}
    octets = body.encode() if isinstance(body, str) else bytes(body)
    if encoding["Text"].lower() in {"x-uuencode", "uuencode", "x-uue"}:
        return b"".join(map(binascii.a2b_uu, octets.splitlines()[2:-1]))
    return body if isinstance(body, str) else octets


# --- the comparison ---------------------------------------------------------------------------------------------------


def pattern(theirs: str | None) -> re.Pattern[str]:
    return re.compile(".".join(re.escape(piece) for piece in (theirs or "").split("\ufffd")), re.DOTALL)


def same(theirs: str | None, ours: str | None) -> bool:
    return pattern(theirs).fullmatch(ours or "") is not None


def same_mailboxes(theirs: list[Json], ours: Iterable[Address]) -> bool:
    mailboxes = list(ours)
    return len(theirs) == len(mailboxes) and all(
        same(one["name"], mailbox.name) and (one["address"] or "") == mailbox.address
        for one, mailbox in zip(theirs, mailboxes, strict=True)
    )


def same_leaf(theirs: bytes | str, ours: bytes) -> bool:
    if isinstance(theirs, bytes):
        return theirs == ours
    return same(" ".join(theirs.split()), " ".join(decode(ours)[0].split()))


def same_attachments(expected: Json, data: bytes, message: Message) -> bool:
    shown = [expected["parts"][number] for number in expected["attachments"]]
    theirs = [leaf(part, data) for part in shown if not is_text_of_body(part)]
    texts = ("text/plain", "text/html")
    ours = [
        part.data
        for part in message.parts
        if part.content_type not in texts or part.filename or part.disposition == "attachment"
    ] + [inner.data for inner in message.enclosed]
    for one in theirs:
        match = next((octets for octets in ours if same_leaf(one, octets)), None)
        if match is None:
            return False
        ours.remove(match)
    return not ours and all(is_there(part, message) for part in expected["parts"] if is_text_of_body(part))


def is_there(part: Json, message: Message) -> bool:
    """Whether the words of a text are in the message, wherever."""
    kept = [message.html or "", message.text or "", *(decode(part.data)[0] for part in message.parts)]
    ((_, text),) = part["body"].items()
    return any(pattern(letters(text)).search(letters(place)) for place in kept)


def letters(text: str) -> str:
    """Without white space, which format=flowed (RFC 3676) and the hardened spaces of some editors change."""
    return "".join(text.split())


def differences(data: bytes, expected: Json) -> list[str]:
    message = parse(data)
    headers, root = message.headers, expected["parts"][0]
    subject, message_id = (value(root, name) or {"Text": None} for name in ("subject", "message_id"))
    ours_id = (headers.message_id or "").strip("<>") or None
    agree = {
        "subject": same(subject["Text"], headers.subject),
        "message-id": message_id["Text"] == ours_id,
        "from": same_mailboxes(addresses(root, "from")[:1], [headers.sender] if headers.sender else []),
        "to": same_mailboxes(addresses(root, "to"), headers.to),
        "cc": same_mailboxes(addresses(root, "cc"), headers.cc),
        "attachments": same_attachments(expected, data, message),
    }
    return [name for name, agrees in agree.items() if not agrees]


def test_it_agrees_with_stalwart_or_a_standard_decides(corpus: Path) -> None:
    found = {name: differences(data, expected) for name, data, expected in expectations(corpus)}
    assert len(found) >= 60
    different = {name: fields for name, fields in found.items() if fields}
    listed = {name: why.partition(":")[0].split(", ") for name, why in DIFFERENT.items()}
    assert different == {name: fields for name, fields in listed.items() if name in found}
    assert 1 - len(different) / len(found) >= AGREE
