"""From a host's name to a connection, within a deadline: the system's resolver has none that we could set.

A name is looked up in a thread of its own, which is left to itself where nobody waits for it any longer. There is one
for a name at a time, so that a resolver that does not answer costs one thread, however often it is asked; after a while
another, in case that the question was lost, and a few in all.
"""

from __future__ import annotations

import errno
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_GLANCE_SECONDS = 0.2
"""How often it is looked whether somebody still waits."""

LOST_SECONDS = 900.0
"""A question that is as old as this, which is longer than any resolver tries, gets no answer any more."""
LOST_AT_MOST = 4
"""So many threads may wait for a name."""

_Address = tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]]
"""The third is what Python gives for a family that it was built without."""


@dataclass(slots=True, eq=False)
class _LookUp:
    """A name that is being looked up; `found` and `error` hold once it is `done`."""

    found: list[_Address] = field(default_factory=list)
    error: Exception | None = None
    done: threading.Event = field(default_factory=threading.Event)
    begun: float = field(default_factory=time.monotonic)
    before: int = 0
    """So many look-ups of the name were lost before this one."""

    def is_lost(self) -> bool:
        """Whether another may take its place."""
        return self.before + 1 < LOST_AT_MOST and time.monotonic() - self.begun > LOST_SECONDS


_under_way: dict[tuple[str, int | None], _LookUp] = {}
_lock = threading.Lock()


def addresses(
    host: str, port: int | None, seconds: float, is_over: Callable[[], bool] = lambda: False
) -> list[_Address]:
    """The addresses of a host, in the resolver's order; waits until they are there, for so many seconds, or until
    `is_over`.

    Raises:
        socket.gaierror: there is no such host, or no answer.
        UnicodeError: the name cannot be one.
        OSError: there may be no thread more, in which to look it up.
    """
    with _lock:
        look_up = _under_way.get((host, port))
        if look_up is None or look_up.is_lost():
            look_up = _under_way[host, port] = _LookUp(before=0 if look_up is None else look_up.before + 1)
            _begin(host, port, look_up)
    end = time.monotonic() + seconds
    while not look_up.done.wait(max(0.0, min(_GLANCE_SECONDS, end - time.monotonic()))):
        if is_over() or time.monotonic() >= end:
            raise socket.gaierror(socket.EAI_AGAIN, f"the resolver gave no answer within {seconds:g} s")
    if look_up.error is not None:
        raise look_up.error
    return look_up.found


def connected(host: str, port: int, timeout: float, left: Callable[[], float]) -> socket.socket:
    """A connection to the first address of a host that answers, with that time-out; `left` tells how many seconds
    there still are for all of it.

    Raises:
        OSError: none answers, `socket.gaierror` among them; the last one's trouble.
        UnicodeError: the name cannot be one.
    """
    trouble: OSError = OSError(f"{host} has no address")
    for family, address in addresses(host, port, min(timeout, left()), lambda: left() <= 0):
        if left() <= 0:
            break
        try:
            connection = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:  # this machine knows no IPv6, say
            trouble = error
            continue
        try:
            connection.settimeout(min(timeout, left()))
            connection.connect(address)
            connection.settimeout(timeout)
        except OSError as error:
            connection.close()
            trouble = error
        else:
            return connection
    raise trouble


def _begin(host: str, port: int | None, look_up: _LookUp) -> None:
    """Look a name up in another thread. What does not begin is not waited for, now or by the next who asks."""
    try:
        name = f"look up {host}"
        threading.Thread(target=_look_up, args=[host, port, look_up], name=name, daemon=True).start()
    except RuntimeError as error:
        del _under_way[host, port]
        raise OSError(errno.EAGAIN, "there is no thread to be had: see TasksMax= of the service") from error


def _look_up(host: str, port: int | None, look_up: _LookUp) -> None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        look_up.found = list(dict.fromkeys((family, address) for family, _, _, _, address in found))
    except (OSError, UnicodeError) as error:  # raised where it is waited for
        look_up.error = error
    finally:
        with _lock:
            if _under_way.get((host, port)) is look_up:  # a late answer is not that of the one after it
                del _under_way[host, port]
        look_up.done.set()
