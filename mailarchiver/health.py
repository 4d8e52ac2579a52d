"""How an account is doing: what `status.json` says of it. Pure: clocks are passed in."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from .events import words_of
from .text.wording import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

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
            error=error if isinstance(error, str) else words_of(error),
            error_since=self.error_since or now,
            failures=self.failures + 1,
        )

    def taken_over(self, interval: float, now: datetime) -> Health:
        """As a daemon that starts takes it over: nothing was filed by that yet, and it tries at once."""
        return replace(self, interval=interval, filed=0, failures=0, since=self.since or now)

    def as_dict(self) -> dict[str, object]:
        """As it stands in status.json; times are RFC 3339."""
        return {name: stamp(value) if isinstance(value, datetime) else value for name, value in asdict(self).items()}


def summary(healths: Mapping[str, Health], quarantined: int, articles: int, now: datetime) -> str:
    """One line for `systemctl status`: how many accounts, when the last mail was filed, how many articles there are,
    how many mails lie in quarantine, which accounts are in trouble.
    """
    last = max((health.last_mail for health in healths.values() if health.last_mail), default=None)
    mail = "no mail yet" if last is None else f"last mail {_ago((now - last).total_seconds())}"
    words = f"{counted(len(healths), 'account')}, {mail}, {articles:,} {'article' if articles == 1 else 'articles'}"
    held = f"; {quarantined:,} in quarantine" if quarantined else ""
    troubled = sorted(name for name, health in healths.items() if health.error)
    return f"{words}{held}" + (f"; in trouble: {', '.join(troubled)}" if troubled else "")


def _ago(seconds: float) -> str:
    """In the largest unit of which there is one at least: such a line changes once a minute at most."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit} ago"
    return "just now"


def stamp(moment: datetime) -> str:
    """RFC 3339, to the second."""
    return moment.isoformat(timespec="seconds")
