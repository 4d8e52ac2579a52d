"""How many threads the daemon needs, and whether it may have them."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING

import pytest

from mailarchiver import tasks
from mailarchiver.config import Settings

if TYPE_CHECKING:
    from pathlib import Path


def settings(root: Path, accounts: int) -> Settings:
    account = {"host": "localhost", "security": "none", "username": "x", "password": "x"}
    names = [{**account, "name": f"a{number}"} for number in range(accounts)]
    return Settings.model_validate({"archive": {"root": str(root)}, "account": names, "limits": {"workers": 2}})


@pytest.mark.parametrize(
    ("folders", "push", "number"),
    [
        (["INBOX"], True, 1),
        (["INBOX"], False, 0),
        (["INBOX", "News/Daily"], True, 2),
        (["News/*"], True, 5),
        (["\\All"], True, 5),
        (list("abcdefgh"), True, 5),
    ],
)
def test_folders_that_are_watched(folders: list[str], number: int, *, push: bool) -> None:
    assert tasks.watched(folders, push=push) == number


def test_the_units_have_enough_for_fifty_accounts() -> None:
    """As they say."""
    assert tasks.needed([1] * 50, 2) - tasks.needed([1] * 49, 2) == 10
    assert tasks.needed([1] * 50, 2) <= 512 < tasks.needed([1] * 51, 2)


def test_the_least_of_the_limits_of_version_2(tmp_path: Path) -> None:
    (tmp_path / "cgroups/system.slice/x.service").mkdir(parents=True)
    (tmp_path / "own").write_text("0::/system.slice/x.service\n")
    (tmp_path / "cgroups/system.slice/pids.max").write_text("max\n")
    (tmp_path / "cgroups/system.slice/x.service/pids.max").write_text("17\n")
    assert tasks.allowed(tmp_path / "cgroups", tmp_path / "own") == 17
    (tmp_path / "cgroups/pids.max").write_text("11\n")
    assert tasks.allowed(tmp_path / "cgroups", tmp_path / "own") == 11


def test_the_limit_of_version_1(tmp_path: Path) -> None:
    (tmp_path / "cgroups/pids/x.service").mkdir(parents=True)
    (tmp_path / "cgroups/pids/x.service/pids.max").write_text("19\n")
    (tmp_path / "own").write_text("9:memory:/elsewhere\n7:pids:/x.service\n1:name=systemd:/x.service\n0::/x.service\n")
    assert tasks.allowed(tmp_path / "cgroups", tmp_path / "own") == 19


def test_without_any(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert tasks.allowed(tmp_path, tmp_path / "own") is None
    monkeypatch.setattr(resource, "getrlimit", lambda _: (23, 99))
    assert tasks.allowed(tmp_path, tmp_path / "own") == 23


def test_more_than_there_may_be_is_told_with_the_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "allowed", lambda: 100)
    assert tasks.trouble(settings(tmp_path, 8)) is None
    told = tasks.trouble(settings(tmp_path, 9))
    assert told is not None
    assert told.startswith("9 accounts may need 102 threads and processes at once, of which 100 are allowed: ")
    assert "TasksMax=" in told
