"""What is told of a round that ended, and how long its account is left alone after a failure."""

from __future__ import annotations

import logging
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from .events import Event, about
from .filing import in_quarantine
from .schedule import pause
from .text.wording import counted

if TYPE_CHECKING:
    from pathlib import Path

    from .folder_round import RoundResult
    from .health import Health

log = logging.getLogger(__name__)


def tell(result: RoundResult, failures: int, root: Path) -> None:
    """What a round that went through leaves to say, after so many that failed."""
    for trouble in result.troubles:
        log.error("%s", trouble, extra=about(Event.PART_REFUSED, account=result.account))
    for receipt in result.receipts:
        facts = about(Event.QUARANTINED, account=result.account, quarantine=receipt.quarantine)
        log.warning("%s", in_quarantine(receipt, root), extra=facts)
    if failures:
        facts = about(Event.RECOVERED, account=result.account)
        log.info("%s: well again, after %s", result.account, counted(failures, "failure"), extra=facts)


def failed(name: str, health: Health, error: Exception) -> tuple[Health, timedelta]:
    """How an account is after a round that failed, and how long it is left alone."""
    health = health.after_failure(error, datetime.now(UTC))
    wait = pause(error, health.failures, random.random)
    again = timedelta(seconds=round(wait.total_seconds()))
    log.warning("%s: is tried again in %s", name, again, extra=about(None, account=name))
    return health, wait
