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
    """How an account has been doing since the daemon started. `filed` counts new mail; `failures` the rounds that have
    failed in a row, the first of them at `error_since`.
    """

    filed: int = 0
    last_try: datetime | None = None
    last_success: datetime | None = None
    last_mail: datetime | None = None
    error: str | None = None
    error_since: datetime | None = None
    failures: int = 0

    def after_round(self, result: RoundResult, now: datetime) -> Health:
        """A round went through: whatever was wrong is over, but for what of it was refused, or could not be fetched."""
        unfetched = result.failed + result.waiting
        lacking = (f"{counted(unfetched, 'message')} could not be fetched",) if unfetched else ()
        error = "; ".join(result.troubles + lacking) or None
        return Health(
            filed=self.filed + result.filed,
            last_try=now,
            last_success=now,
            last_mail=now if result.filed else self.last_mail,
            error=error,
            error_since=(self.error_since or now) if error else None,
        )

    def after_failure(self, error: Exception, now: datetime) -> Health:
        """A round failed; what it filed before it did is not known here."""
        text = str(error) or type(error).__name__
        since = self.error_since or now
        return replace(self, last_try=now, error=text, error_since=since, failures=self.failures + 1)

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
