"""What the tests of the archive share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailarchiver.archive.store import Store
from tests.archive.aftermath import in_memory


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Where an archive will be: there is none yet."""
    return tmp_path / "archive"


@pytest.fixture
def store(root: Path) -> Iterator[Store]:
    """A new archive there, open."""
    with Store.open(root, min_free=0) as store:
        yield store


@pytest.fixture
def memory() -> Iterator[Path]:
    """A folder for hundreds of archives whose syncs need not reach a disk."""
    with in_memory() as folder:
        yield folder
