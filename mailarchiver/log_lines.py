"""The log as lines of text: for people, or as JSON for programs. One event is one line; only a traceback has more."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from .events import event_of, facts_of, trace_of
from .text.terminal import block, json_line, line


class PlainLines(logging.Formatter):
    """`2024-03-06 12:00:00,000 INFO mailarchiver.filing: …`, the time only where nobody else writes it down."""

    def __init__(self, *, with_time: bool = True) -> None:
        super().__init__(f"{'%(asctime)s ' if with_time else ''}%(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """What other people wrote into it does nothing to a terminal, and begins no line of its own."""
        record.message = line(record.getMessage())
        if self.usesTime():
            record.asctime = self.formatTime(record, self.datefmt)
        trace = trace_of(record)
        return self.formatMessage(record) + (f"\n{block(trace)}" if trace else "")


class JsonLines(logging.Formatter):
    """An object a line: `time` (RFC 3339, UTC), `level`, `logger`, `event` where it has a kind, `message`, then its
    facts, each a string or a number, and `traceback`.
    """

    def format(self, record: logging.LogRecord) -> str:
        """A traceback is a string of several lines in it: the line stays one."""
        event, trace = event_of(record), trace_of(record)
        told: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        if event is not None:
            told["event"] = event.word
        told["message"] = line(record.getMessage())
        for name, fact in facts_of(record).items():
            told.setdefault(name, line(fact) if isinstance(fact, str) else fact)
        if trace:
            told["traceback"] = block(trace)
        return json_line(told)
