"""Which archive a command works on, and how its mail is understood: `--root`, or the configuration."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..config import Archive, Limits
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


def rules_by_account(root: Path | None, config: Path | None) -> "tuple[Limits, Callable[[str], Rules]]":
    """How the mail of each account is understood; that of accounts which are not configured, as files are.

    Raises as `chosen`.
    """
    from ..config import find, load

    _, limits, rules = chosen(root, config)
    if config is None and root is not None:
        return limits, lambda _: rules
    settings = load(find(config))
    accounts = {account.name: settings.rules(account) for account in settings.account}
    return limits, lambda account: accounts.get(account, rules)


def chosen_root(root: Path | None, config: Path | None) -> Path:
    """The folder of the archive alone, for commands that only read. Raises as `chosen`."""
    return chosen(root, config)[0].root
