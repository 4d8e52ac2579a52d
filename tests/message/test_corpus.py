"""Real and real-looking mails with known truth: nothing crashes, nothing is lost, forwards are understood."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailarchiver.message.forward import unwrap
from mailarchiver.message.parse import parse
from mailarchiver.model import Original

pytestmark = pytest.mark.corpus


def cases(folder: Path) -> Iterator[tuple[dict[str, Any], tuple[Original, ...]]]:
    for line in (folder / "cases.jsonl").read_text("utf-8").splitlines():
        case = json.loads(line)
        yield case, unwrap(parse((folder / Path(case["file"]).name).read_bytes()))


def share(results: list[bool]) -> float:
    assert results
    return sum(results) / len(results)


@pytest.mark.parametrize("name", ["readerview", "pages", "forwards"])
def test_forwards_are_recognised_and_nothing_else_is(corpus: Path, name: str) -> None:
    results = [
        (bool(case["forwarded"]), originals[0].forwarded is not None) for case, originals in cases(corpus / name)
    ]
    assert share([want == got for want, got in results]) >= 0.99
    assert not [1 for want, got in results if got and not want]


@pytest.mark.parametrize("name", ["readerview", "pages"])
def test_sender_subject_date_and_note_of_a_forward(corpus: Path, name: str) -> None:
    senders: list[bool] = []
    notes: list[bool] = []
    dates: list[bool] = []
    for case, (original, *_) in cases(corpus / name):
        forward = case.get("forward") or {}
        expected = forward.get("inner") or forward
        if not case["forwarded"] or not (expected.get("from") or {}).get("address"):
            continue
        sender = original.headers.sender
        senders.append(sender is not None and sender.address == expected["from"]["address"])
        notes.append((original.note or "").split() == (case.get("note") or "").split())
        if expected.get("date_iso"):
            dates.append((original.headers.date or "")[:16] == expected["date_iso"][:16])
    assert share(senders) >= 0.99
    assert share(notes) >= 0.98
    assert share(dates) >= 0.97


@pytest.mark.parametrize("name", ["readerview", "pages"])
def test_pictures_and_attachments_are_kept(corpus: Path, name: str) -> None:
    for case, originals in cases(corpus / name):
        kept = {hashlib.sha256(part.data).hexdigest() for original in originals for part in original.parts}
        wanted = {p["sha256"] for p in case.get("image_parts") or [] if not p.get("missing")}
        assert wanted | {a["sha256"] for a in case.get("attachments") or []} <= kept, case["file"]


def test_real_mail_is_read_whole(corpus: Path) -> None:
    files = [path for path in sorted((corpus / "eml").rglob("*")) if path.suffix in {".eml", ".mbox"}]
    assert len(files) > 400
    for path in files:
        data = path.read_bytes()
        message = parse(data)
        originals = unwrap(message)
        assert message.data == data
        kept = [part.data for original in originals for part in original.parts]
        assert all(part.data in kept for part in message.parts), path
