"""What a configuration that was read again changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mailarchiver.config import Settings
from mailarchiver.errors import ConfigError
from mailarchiver.reload import changes

if TYPE_CHECKING:
    from pathlib import Path


def settings(root: Path, **usernames: str) -> Settings:
    account = {"host": "localhost", "security": "none", "password": "x"}
    accounts = [{**account, "name": name, "username": username} for name, username in usernames.items()]
    return Settings.model_validate({"archive": {"root": str(root)}, "account": accounts})


def test_accounts_are_known_by_their_names(tmp_path: Path) -> None:
    old = settings(tmp_path, a="jane", b="jane", c="jane")
    new = settings(tmp_path, d="jane", c="jane", b="joan")
    done = changes(old, new)
    assert [account.name for account in done.added] == ["d"]
    assert [account.name for account in done.removed] == ["a"]
    assert [(account.name, account.username) for account in done.changed] == [("b", "joan")]
    assert str(done) == "added: d; removed: a; changed: b"
    assert str(changes(old, old)) == "the accounts are as they were"


def test_another_archive_takes_a_restart(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"archive\.root: .*restart"):
        changes(settings(tmp_path / "a", a="jane"), settings(tmp_path / "b", a="jane"))
