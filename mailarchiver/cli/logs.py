"""What the program logs, on standard error."""

from __future__ import annotations

import logging
import os
import sys


def start_logging(level: str) -> None:
    """Show our own log lines from `level` (`debug` … `error`) on, those of libraries from `warning` on.

    In systemd's journal (`$JOURNAL_STREAM`, systemd.exec(5)) the time is left out, as the journal has its own.
    """
    line = "%(levelname)s %(name)s: %(message)s"
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(line if "JOURNAL_STREAM" in os.environ else f"%(asctime)s {line}"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("mailarchiver").setLevel(level.upper())
