"""What a configuration that was read again changes. Pure."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import ConfigError
from .mailbox.auth import NOT_HANDED_OVER

if TYPE_CHECKING:
    from .config import Account, Settings


@dataclass(frozen=True, slots=True)
class Changes:
    """Accounts by what became of them; those that are neither are as they were."""

    added: tuple[Account, ...]
    removed: tuple[Account, ...]
    changed: tuple[Account, ...]

    def __str__(self) -> str:
        """In words, for the log."""
        groups = (("added", self.added), ("removed", self.removed), ("changed", self.changed))
        told = [f"{word}: {', '.join(account.name for account in some)}" for word, some in groups if some]
        return "; ".join(told) or "the accounts are as they were"


def changes(old: Settings, new: Settings, handed: Set[str]) -> Changes:
    """What becomes of the accounts, which are known by their names; `handed` are the credentials that systemd handed
    over. Raises `ConfigError`: it takes a restart.
    """
    if old.archive.root != new.archive.root:
        cure = "restart the service to work on another archive"
        raise ConfigError([f"archive.root: is {old.archive.root} while the daemon runs: {cure}"])
    before = {account.name: account for account in old.account}
    after = {account.name: account for account in new.account}
    done = Changes(
        added=tuple(account for name, account in after.items() if name not in before),
        removed=tuple(account for name, account in before.items() if name not in after),
        changed=tuple(account for name, account in after.items() if name in before and account != before[name]),
    )
    lacking = [account for account in (*done.added, *done.changed) if account.lacks_credential(handed)]
    if lacking:
        names = ((each.name, each.password_credential) for each in lacking)
        raise ConfigError([f"account {name}: password_credential {told}: {NOT_HANDED_OVER}" for name, told in names])
    return done
