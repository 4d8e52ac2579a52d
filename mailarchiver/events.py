"""What the log tells apart: the kinds of event, and what each says about itself beside its sentence.

A line of the log is one event. `log.info("…", extra=about(Event.FILED, account="articles", ms=12))` gives it its kind
and its facts; in what form they are shown is the business of journal.py and log_lines.py. Facts are for machines and
for people who look for something: who, where, how much. No secret is one, and no text of an article but its title.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from enum import Enum

from .errors import LoginRefused, MailArchiverError, MailboxError, StoreError
from .text.traces import spot, trace

Fact = str | int


class Event(Enum):
    """A kind of event, with its MESSAGE_ID (systemd's catalogue of messages): 128 random bits, which never change."""

    STARTED = "bc50bb29d1e1489a81baec128e6f4ed6"
    STOPPED = "3e9fa91a28604320a080d2a2cf6e4b9d"
    FILED = "fecc95d516cb4f2081524dac24c65b2a"
    ALREADY = "f3fa7bfb15a44b3892e1df096c140bf3"
    QUARANTINED = "3dd18b06abcf461aa1d997e6c9a1dbc2"
    TOO_LARGE = "6fc8018455684f07bb265e0b3519f698"
    ROUND_FAILED = "49cf4c5836ac43c6a7ca634e57dd14d2"
    LOGIN_REFUSED = "5bc83cac35f64ff3a18e345cf232d0ce"
    ARCHIVE_TROUBLE = "57634d0a2a2c45bf8d4a94fcd3d42aef"
    PART_REFUSED = "ce819670367a440f831c46c115a8785c"
    DEFECT = "9b2fbfd7fd614b788b7dee837b8b8e85"
    RECOVERED = "4c7de69ff9584ccfaedba3feccb804df"
    ROUND_HANGS = "6f0faed4fa6e8cf7d1c9f403c85ddab4"
    RELOADED = "61051032dcf446e5ce28f1ccbb396b91"
    RELOAD_REFUSED = "63a01f6e9c52d05a3be5a4df724f8604"
    DAMAGE = "00beef002b53283e1ac9196150fcef33"
    CLOCK_JUMPED = "b7548ed0a6794d55aebdb03b0019f9af"
    DOUBTFUL = "109a102a56f86a48bff974a62578f15b"
    LEFT_ALONE = "21eb6b31defeafff7a9790d03d71a5d4"

    @property
    def word(self) -> str:
        """How JSON lines call it: `login-refused`."""
        return self.name.lower().replace("_", "-")


def about(event: Event | None, **facts: Fact | None) -> dict[str, object]:
    """The `extra` of a line of the log; what is None is no fact. Beside it, `trace` may be a traceback of a child."""
    return {"event": event, "facts": {key: fact for key, fact in facts.items() if fact is not None}}


def of_error(error: Exception) -> Event:
    """The kind of event that it is when a round ends by this error."""
    match error:
        case LoginRefused():
            return Event.LOGIN_REFUSED
        case MailboxError():
            return Event.ROUND_FAILED
        case StoreError():
            return Event.ARCHIVE_TROUBLE
        case _:
            return Event.DEFECT


def words_of(error: Exception) -> str:
    """What is told of an error: those that we expect say themselves what is wrong; a defect, where it came from, as its
    words may be those of a mail.
    """
    return (str(error) if isinstance(error, MailArchiverError) else "") or spot(error)


def event_of(record: logging.LogRecord) -> Event | None:
    """The kind of a line of the log; None where it has none."""
    event = getattr(record, "event", None)
    return event if isinstance(event, Event) else None


def facts_of(record: logging.LogRecord) -> Mapping[str, Fact]:
    """What a line of the log says about itself."""
    facts = getattr(record, "facts", None)
    return facts if isinstance(facts, dict) else {}


def trace_of(record: logging.LogRecord) -> str:
    """The traceback that belongs to a line of the log; empty where none does. It quotes nobody (`text.traces`)."""
    if record.exc_info and record.exc_info[1] is not None:
        return trace(record.exc_info[1])
    told = getattr(record, "trace", "")
    return told if isinstance(told, str) else ""
