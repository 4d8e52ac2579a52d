"""What the program logs: where to, and in which form."""

import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal

Form = Literal["auto", "plain", "json", "journal"]
OURS = "mailarchiver"


def start_logging(level: str, form: Form = "auto") -> None:
    """Show our own log lines from `level` (`debug` … `error`) on, those of libraries from `warning` on.

    `auto` is the journal's own format where standard error is systemd's journal, plain lines on standard error
    elsewhere. Called again, it takes the place of what it set before; no line of another thread is lost in between.

    Raises:
        OSError: there is no socket for the journal; nothing was changed.
    """
    prepare_logging(level, form)()


def prepare_logging(level: str, form: Form = "auto") -> Callable[[], None]:
    """The same, up to where it may fail: what is given does the rest. Raises as `start_logging`."""
    ours = _handler(form)

    def start() -> None:
        root = logging.getLogger()
        former = [handler for handler in root.handlers if handler.name == OURS]
        if len(former) == len(root.handlers):  # who embeds us logs in its own way
            root.setLevel(logging.WARNING)
            root.addHandler(ours)
        for handler in former:
            root.removeHandler(handler)
            handler.close()
        logging.getLogger("mailarchiver").setLevel(level.upper())

    return start


def _handler(form: Form) -> logging.Handler:
    from .. import journal, log_lines

    is_journal = journal.is_stderr(os.environ.get("JOURNAL_STREAM"))
    handler: logging.Handler
    if form == "journal" or (form == "auto" and is_journal and Path(journal.SOCKET).exists()):
        handler = journal.JournalHandler()
    else:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(
            log_lines.JsonLines() if form == "json" else log_lines.PlainLines(with_time=not is_journal)
        )
    handler.name = OURS
    return handler
