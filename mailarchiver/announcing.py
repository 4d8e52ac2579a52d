"""How all accounts are, told while the daemon runs: status.json and figures by `Publisher`, a line for systemd."""

from __future__ import annotations

import logging
import threading
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .events import Event, about
from .health import Health, summary
from .notify import notify
from .publishing import quiet_seconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from .publishing import Publisher

log = logging.getLogger(__name__)


class Announcer:
    """Tells what `healths` says at that time, by account. Its methods may be called from any thread."""

    def __init__(self, publisher: Publisher, healths: Callable[[], dict[str, Health]]) -> None:
        self._publisher = publisher
        self._healths = healths
        self._said = ""

    def say(self, *more: str) -> bool:
        """Tell systemd how all accounts are doing, if that has changed, and what else there is to say; whether it was
        taken. What was not is said again the next time.
        """
        publisher = self._publisher
        text = summary(self._healths(), publisher.quarantined, publisher.articles, datetime.now(UTC))
        if text == self._said and not more:
            return True
        is_taken = notify(*more, f"STATUS={text}")
        self._said = text if is_taken else ""
        return is_taken

    def publish(self) -> None:
        """Tell it now."""
        self._publisher.publish(self._healths())

    def publish_at_times(self) -> None:
        """Tell it from within a round, which is no reason to do so often."""
        self._publisher.publish_at_times(self._healths())

    def quiet_seconds(self) -> float:
        """How long nothing may be told while no round is under way."""
        return quiet_seconds(self._healths())

    def break_silence(self, apart: float = 0.0) -> None:
        """Tell it, unless that was done within so many seconds; a defect of that must keep nobody from filing."""
        try:
            if apart:
                self._publisher.publish_at_times(self._healths(), apart)
            else:
                self.publish()
        except Exception:
            text = "how the service is could not be told, by a defect of mailarchiver"
            log.exception(text, extra=about(Event.DEFECT))

    def break_silence_aside(self) -> None:
        """The same, by a thread of its own: the archive may be somebody else's for a minute; signals do not wait."""
        with suppress(RuntimeError):  # there may be no more threads: the next round tells it
            threading.Thread(target=self.break_silence, name="status", daemon=True).start()
