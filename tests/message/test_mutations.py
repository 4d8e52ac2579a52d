"""Damaged mail is read: nothing else than MessageError, nothing slow, and of these mails not even that.

By default a seeded tenth of the mails; all 20,000 with MAILARCHIVER_FULL=1.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import time
from collections.abc import Sequence
from datetime import UTC
from importlib.resources import files
from pathlib import Path

import pytest

from mailarchiver import pipeline
from mailarchiver.errors import MessageError
from mailarchiver.message import parse, unwrap
from mailarchiver.model import MessageRef, Quarantine, RawMessage, Rules

from .making import attached, mail, multipart, part
from .mutations import mutated

FULL = os.environ.get("MAILARCHIVER_FULL") == "1"
COUNT = 20_000 if FULL else 2_000
SEED = 20240307
SECONDS = 2.0
FORWARD = "----- Forwarded message -----\nFrom: Jörg <j@example.org>\nDate: x\nSubject: y\n\nText"
NAME = "Content-Disposition: attachment; filename*0*=utf-8''%C3; filename*1*=%A4"
RELATED = multipart(
    "related",
    part(b'<img src="cid:a">', "text/html"),
    attached(b"\x89PNG\r\n\x1a\n", "image/png", "Content-ID: <a>"),
    boundary="in",
)
ENCLOSED = part(mail(part(b"<p>in</p>", "text/html")), "message/rfc822")
SMALL = [
    b"",
    b"Subject: x\r\n\r\nx",
    mail(part(b"Words.\r\n\r\nbegin 644 a.txt\r\n#0V%T\r\n`\r\nend\r\n")),
    mail(part(FORWARD.encode()), "Fwd: y"),
    mail(multipart("alternative", part(b"plain"), RELATED)),
    mail(multipart("mixed", part(b"note"), ENCLOSED, attached(b"%PDF-1.4", "application/pdf", NAME))),
]
pytestmark = pytest.mark.timeout(7200 if FULL else 120)


@pytest.fixture(scope="module")
def sources() -> list[bytes]:
    golden = sorted((Path(__file__).parents[1] / "golden").glob("*.eml"))
    samples = sorted(Path(str(files("mailarchiver.demo") / "samples")).glob("*.eml"))
    assert len(golden) > 20
    assert len(samples) > 5
    return [*SMALL, *(path.read_bytes() for path in (*golden, *samples))]


def assert_read(sources: Sequence[bytes], count: int, seed: int) -> None:
    refused: list[str] = []
    for number, data in enumerate(mutated(sources, count, seed)):
        start = time.process_time()
        try:
            message = parse(data)
            originals = unwrap(message)
        except MessageError as error:
            refused.append(f"{number}: {error}")
            continue
        except Exception as error:
            raise AssertionError(f"mail {number} of seed {seed}") from error
        finally:
            assert time.process_time() - start < SECONDS, number
        assert originals
        assert message.data == data
    assert refused == [], "they would go to quarantine, where nobody reads them"


def test_damaged_mail_is_read(sources: list[bytes]) -> None:
    assert_read(sources, COUNT, SEED)


@pytest.mark.corpus
def test_damaged_real_mail_is_read(corpus: Path) -> None:
    real = [path.read_bytes() for path in sorted((corpus / "eml").rglob("*.eml"))]
    assert_read([data for data in real if len(data) < 200_000], COUNT, SEED + 1)


def test_damaged_mail_becomes_an_article(sources: list[bytes]) -> None:
    for number, data in enumerate(mutated(sources, COUNT // 2, SEED + 2)):
        raw = RawMessage(MessageRef("files", "here", path="a.eml"), None, data)
        answer = pipeline.understand(raw, id=hashlib.sha256(data).hexdigest()[:12], rules=Rules(UTC))
        assert not isinstance(answer, Quarantine), (number, answer)


def test_the_same_damage_every_time(sources: list[bytes]) -> None:
    again = list(mutated(sources, 50, SEED))
    assert list(mutated(sources, 50, SEED)) == again
    assert len(set(again)) > 40


# --- what leaves the package ------------------------------------------------------------------------------------------


def assert_plain(value: object, where: str) -> None:
    """Only frozen dataclasses of model.py, tuples, text, octets, numbers and None."""
    if dataclasses.is_dataclass(value):
        assert type(value).__module__ == "mailarchiver.model", where
        for field in dataclasses.fields(value):
            assert_plain(getattr(value, field.name), f"{where}.{field.name}")
    elif isinstance(value, tuple):
        for number, item in enumerate(value):
            assert_plain(item, f"{where}[{number}]")
    else:
        assert type(value) in {str, bytes, int, type(None)}, f"{where} is {type(value)}"


def test_only_plain_data_leaves_the_package(sources: list[bytes]) -> None:
    for data in sources:
        message = parse(data)
        assert_plain(message, "message")
        assert_plain(unwrap(message), "originals")
