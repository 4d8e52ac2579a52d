"""What the tests of the archive share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailarchiver.archive.store import Store


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Where an archive will be: there is none yet."""
    return tmp_path / "archive"


@pytest.fixture
def store(root: Path) -> Iterator[Store]:
    """A new archive there, open."""
    with Store.open(root, min_free=0) as store:
        yield store
