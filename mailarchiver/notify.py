"""A word to systemd, by the protocol of sd_notify(3): datagrams to the socket that `$NOTIFY_SOCKET` names."""

from __future__ import annotations

import logging
import os
import socket
import time

PATIENCE_SECONDS = 1.0

log = logging.getLogger(__name__)


_told: set[str] = set()
"""What was wrong since it last went well: said once, though it is tried again and again."""


def notify(*assignments: str) -> bool:
    """Send assignments such as `READY=1`, `STATUS=…`, `WATCHDOG=1` in one datagram; whether that was taken, or nobody
    wants to hear it.

    Never raises, and waits for a second at most: a service manager that does not hear us, or whose queue is full, is no
    reason to stop filing. Who must be heard says it again. A name that starts with `@` is an abstract socket (unix(7)),
    written with a NUL in its place.
    """
    name = os.environ.get("NOTIFY_SOCKET")
    if not name:
        return True
    address = f"\0{name[1:]}" if name.startswith("@") else name
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.settimeout(PATIENCE_SECONDS)
            channel.connect(address)
            channel.sendall("\n".join(text.replace("\n", " ") for text in assignments).encode())
    except OSError as error:
        if str(error) not in _told:
            log.warning("systemd did not take the notice %s: %s", assignments[0], error)
        _told.add(str(error))
        return False
    _told.clear()
    return True


def reloading() -> tuple[str, str]:
    """What says that the configuration is being read again: until the next `READY=1` (sd_notify(3); systemd 253)."""
    return "RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}"


def watchdog_seconds() -> float | None:
    """How long systemd waits for `WATCHDOG=1` before it kills us (sd_watchdog_enabled(3)); None where it does not."""
    microseconds, pid = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID")
    if not microseconds.isdecimal() or int(microseconds) == 0 or (pid and pid != str(os.getpid())):
        return None
    return int(microseconds) / 1e6
