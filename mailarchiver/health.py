"""How an account is doing: what `status.json` says of it. Pure: clocks are passed in."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from .text.wording import counted

if TYPE_CHECKING:
    from .folder_round import RoundResult


@dataclass(frozen=True, slots=True)
class Health:
    """How an account has been doing. `filed` counts new mail since the daemon started; all else outlives it.

    `interval` is how many seconds after one round the next begins, as configured. `since` is when the account was first
    watched; `active`, when a round last got on with its mail. `lag` is how many seconds the last mail lay in the
    mailbox before it was filed. `backlog` counts the messages that are known to be there and are not in the archive
    yet. `failures` are the rounds that have failed in a row; `error` may be trouble of a round that went through
    otherwise, and has been there since `error_since`. `token_ends` is when the sign-in ends, where that is known.
    """

    interval: float = 300.0
    filed: int = 0
    filed_total: int = 0
    rounds_total: int = 0
    failed_total: int = 0
    since: datetime | None = None
    last_try: datetime | None = None
    last_success: datetime | None = None
    last_mail: datetime | None = None
    active: datetime | None = None
    lag: float | None = None
    backlog: int = 0
    error: str | None = None
    error_since: datetime | None = None
    failures: int = 0
    token_ends: datetime | None = None

    def under_way(self, backlog: int, now: datetime) -> Health:
        """A round goes on: so many messages are left."""
        return replace(self, backlog=backlog, active=now)

    def after_round(self, result: RoundResult, now: datetime) -> Health:
        """A round went through: whatever was wrong is over, but for what of it was refused, or could not be fetched."""
        unfetched = result.failed + result.waiting
        lacking = (f"{counted(unfetched, 'message')} could not be fetched",) if unfetched else ()
        error = "; ".join(result.troubles + lacking) or None
        done = result.filed + result.already + result.quarantined + result.large
        return replace(
            self,
            filed=self.filed + result.filed,
            filed_total=self.filed_total + result.filed,
            rounds_total=self.rounds_total + 1,
            last_try=now,
            last_success=now,
            last_mail=now if result.filed else self.last_mail,
            active=now,
            lag=self.lag if result.lag is None else result.lag,
            backlog=max(0, result.found - done) + result.waiting,
            error=error,
            error_since=(self.error_since or now) if error else None,
            failures=0,
        )

    def after_failure(self, error: Exception | str, now: datetime) -> Health:
        """A round failed; what it filed before it did is not known here."""
        return replace(
            self,
            rounds_total=self.rounds_total + 1,
            failed_total=self.failed_total + 1,
            last_try=now,
            error=str(error) or type(error).__name__,
            error_since=self.error_since or now,
            failures=self.failures + 1,
        )

    def taken_over(self, interval: float, now: datetime) -> Health:
        """As a daemon that starts takes it over: nothing was filed by that yet, and it tries at once."""
        return replace(self, interval=interval, filed=0, failures=0, since=self.since or now)

    def as_dict(self) -> dict[str, object]:
        """As it stands in status.json; times are RFC 3339."""
        return {name: stamp(value) if isinstance(value, datetime) else value for name, value in asdict(self).items()}


def summary(healths: dict[str, Health], quarantined: int = 0) -> str:
    """One line for `systemctl status`: how many accounts, which are in trouble, what was filed since the start, how
    many mails lie in quarantine.
    """
    troubled = sorted(name for name, health in healths.items() if health.error)
    filed = sum(health.filed for health in healths.values())
    words = f"{counted(len(healths), 'account')}, {filed} filed since the start"
    held = f"; {quarantined} in quarantine" if quarantined else ""
    return f"{words}{held}; in trouble: {', '.join(troubled)}" if troubled else words + held


def stamp(moment: datetime) -> str:
    """RFC 3339, to the second."""
    return moment.isoformat(timespec="seconds")
