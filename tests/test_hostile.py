"""Mail made to hurt goes the whole way, through a real pool into a real archive: filed, its octets kept, the next mail
undisturbed.

What guards the time is the pool itself: a mail that takes ten seconds, or a gigabyte, is in quarantine, and no row may
be there but those that a slow machine, or a busy one, may need so long for.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC
from pathlib import Path

import pytest

from mailarchiver.archive.store import Store
from mailarchiver.filing import file_messages
from mailarchiver.model import MessageRef, RawMessage, Receipt, Rules
from mailarchiver.workers import Pool
from tests.hostile import EVERY_ROW

FULL = os.environ.get("MAILARCHIVER_FULL") == "1"
LARGE = 1_500_000
"""Octets of a mail; larger ones are sent with MAILARCHIVER_FULL=1 only."""
SLOW = {
    "structure: 2000 texts of 22 KB",
    "structure: 45 MB of begin lines",
    "structure: 45 MB of short lines",
    "structure: 45 MB of base64 that is text",
    "structure: 90 messages of 480 KB",
    "html: 100,000 definitions",
    "html: one text of 10 MB",
    "text: 10 MB in one line",
    "text: 1 MB of list items",
    "picture: a picture of 30 MB, percent-encoded",
}
"""Rows of two or three seconds of the processor: on a machine that is slow or busy they may be in quarantine."""


def test_the_list_names_rows() -> None:
    assert SLOW - EVERY_ROW.keys() == set()


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with closing(Pool()) as made:
        yield made


def mail(name: str, data: bytes) -> RawMessage:
    return RawMessage(MessageRef("import", "hostile", path=name), None, data)


@pytest.mark.parametrize("name", EVERY_ROW)
def test_hostile_mail_is_filed_and_disturbs_nobody(name: str, pool: Pool, tmp_path: Path) -> None:
    hostile = EVERY_ROW[name]()
    if len(hostile) > LARGE and not FULL:
        pytest.skip("takes long: with MAILARCHIVER_FULL=1")
    good = b"From: Jane Roe <jane@example.org>\r\nSubject: The canal\r\n\r\nA quiet day.\r\n"
    receipts: list[Receipt] = []
    root = tmp_path / "archive"
    with Store.open(root) as store:
        mails = (mail("hostile", hostile), mail("good", good))
        file_messages(mails, store, pool, rules=Rules(UTC), on_receipts=receipts.extend)
    first, second = receipts
    assert first.outcome == "filed" or (name in SLOW and first.why and first.why.reason == "limit"), first
    folder = first.quarantine or first.entries[0][1]
    assert (root / folder / "message.eml").read_bytes() == hostile
    assert second.outcome == "filed"
    assert (root / second.entries[0][1] / "article.txt").read_text("utf-8") == "A quiet day.\n"
    shutil.rmtree(root)  # some rows are as large as a mail may be
