"""Memory that is not needed is given back to the system: a process that runs for years is not to keep what one busy
hour took.

QUIRK: glibc keeps a heap for each of up to eight threads a core (mallopt(3), M_ARENA_MAX), and what is free in one
stays resident until it is trimmed. A daemon whose threads come and go grew by 30 MB with some thousand mails
(benchmarks/soak.py).
"""

from __future__ import annotations

import ctypes

_M_ARENA_MAX = -8
_HEAPS = 2


def share_heaps() -> None:
    """Have all threads share two heaps; before there are others. Nothing where the C library has no such thing."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, _HEAPS)


def give_back() -> None:
    """Give back what is free. Nothing where the C library has no such thing."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
