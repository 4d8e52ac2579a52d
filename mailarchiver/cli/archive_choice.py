"""Which archive a command works on, and how its mail is understood: `--root`, or the configuration."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..config import Archive, Limits, Settings
    from ..model import Rules

RootOption = Annotated[
    Path | None, typer.Option("--root", metavar="DIR", help="The archive, in place of a configuration.")
]


def chosen(root: Path | None, config: Path | None) -> "tuple[Archive, Limits, Rules]":
    """The archive of the configuration; `--root` stands in place of it, or of its `root` where both are given.

    Raises `ConfigError`: neither is given, or the configuration is wrong.
    """
    from ..config import Archive, Limits, find, load
    from ..model import Rules

    if root is not None and config is None:
        archive = Archive(root=root)
        return archive, Limits(), Rules(archive.timezone)
    settings = load(find(config))
    archive = settings.archive if root is None else settings.archive.model_copy(update={"root": root})
    return archive, settings.limits, settings.rules()


def chosen_root(root: Path | None, config: Path | None) -> Path:
    """The folder of the archive alone, for commands that only read. Raises as `chosen`."""
    return chosen(root, config)[0].root


def rules_by_account(root: Path | None, config: Path | None) -> "Callable[[str], Rules]":
    """How the mail of each account is understood, by its name: as when it was filed. Raises as `chosen`."""
    from ..config import find, load

    common = chosen(root, config)[2]
    accounts = {} if root is not None and config is None else _rules_of_accounts(load(find(config)))
    return lambda name: accounts.get(name, common)


def _rules_of_accounts(settings: "Settings") -> "dict[str, Rules]":
    return {account.name: settings.rules(account) for account in settings.account}
