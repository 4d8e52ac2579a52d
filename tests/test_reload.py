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
    done = changes(old, new, set())
    assert [account.name for account in done.added] == ["d"]
    assert [account.name for account in done.removed] == ["a"]
    assert [(account.name, account.username) for account in done.changed] == [("b", "joan")]
    assert str(done) == "added: d; removed: a; changed: b"
    assert str(changes(old, old, set())) == "the accounts are as they were"


def test_another_archive_takes_a_restart(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"archive\.root: .*restart"):
        changes(settings(tmp_path / "a", a="jane"), settings(tmp_path / "b", a="jane"), set())


def by_credential(old: Settings, name: str, credential: str) -> Settings:
    accounts = [
        account.model_copy(update={"password": None, "password_credential": credential})
        if account.name == name
        else account
        for account in old.account
    ]
    return old.model_copy(update={"account": tuple(accounts)})


def test_a_credential_that_systemd_did_not_hand_over_takes_a_restart(tmp_path: Path) -> None:
    old, new = settings(tmp_path, a="jane"), by_credential(settings(tmp_path, a="jane", b="joan"), "b", "letters")
    cure = r"account b: password_credential letters: .*install-service.*systemctl restart mailarchiver"
    with pytest.raises(ConfigError, match=cure):
        changes(old, new, {"articles"})
    assert str(changes(old, new, {"articles", "letters"})) == "added: b"
    with pytest.raises(ConfigError, match="account a: password_credential letters"):
        changes(old, by_credential(old, "a", "letters"), set())


def test_an_account_that_lacks_its_credential_already_keeps_no_other_from_changing(tmp_path: Path) -> None:
    lacks = by_credential(settings(tmp_path, a="jane", b="joan"), "a", "articles")
    changed = by_credential(settings(tmp_path, a="jane", b="jill"), "a", "articles")
    assert str(changes(lacks, changed, set())) == "changed: b"
