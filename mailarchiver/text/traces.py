"""Where an exception came from, without what it says: its words may be those of a mail, or of a secret.

Python's own tracebacks quote the value that a function choked on, and so would the log, for years. The types and the
lines of the program are what a report of a defect needs; the mail itself lies in the archive, or in quarantine.
"""

from __future__ import annotations

import errno
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

HEAD = "Traceback (most recent call last):"
FRAMES = 60
"""Frames that are shown of an exception; of a recursion without end there are thousands."""
CHAIN = 8
"""Exceptions that are shown, the last one and those that it came of."""
_CAUSE = "\nwhich was the cause of:\n"
_CONTEXT = "\nduring whose handling came:\n"


def trace(error: BaseException) -> str:
    """An exception as its type and its frames, after those that it came of. No message, no value, no line of source."""
    told = [_alone(error)]
    while len(told) < 2 * CHAIN:
        before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if before is None:
            break
        told += [_CAUSE if error.__cause__ else _CONTEXT, _alone(before)]
        error = before
    return "\n".join(reversed(told))


def spot(error: BaseException) -> str:
    """The same in a few words: `ZeroDivisionError in parse (parse.py, line 12)`."""
    frames = _frames(error)
    if not frames:
        return _name(error)
    path, number, function = frames[-1]
    return f"{_name(error)} in {function} ({path.rpartition('/')[2]}, line {number})"


@contextmanager
def python_quotes_nobody() -> Iterator[None]:
    """Within the block, what Python itself tells of an exception that ended a thread, or that nobody could be given (in
    a finaliser), is as `trace` has it.
    """
    before = threading.excepthook, sys.unraisablehook
    threading.excepthook = sys.unraisablehook = _tell
    try:
        yield
    finally:
        threading.excepthook, sys.unraisablehook = before


def _tell(told: threading.ExceptHookArgs | sys.UnraisableHookArgs) -> None:
    if told.exc_value is not None and not isinstance(told.exc_value, SystemExit):
        sys.stderr.write(f"{trace(told.exc_value)}\n")


def _alone(error: BaseException) -> str:
    frames = [f'  File "{path}", line {number}, in {function}' for path, number, function in _frames(error)]
    if len(frames) > FRAMES:
        left_out = f"  … {len(frames) - FRAMES} more"
        frames = [*frames[: FRAMES // 2], left_out, *frames[-FRAMES // 2 :]]
    return "\n".join([HEAD, *frames, _name(error)])


def _frames(error: BaseException) -> list[tuple[str, int, str]]:
    walk = traceback.walk_tb(error.__traceback__)
    return [(frame.f_code.co_filename, number, frame.f_code.co_name) for frame, number in walk]


def _name(error: BaseException) -> str:
    """Its type; what the system has against something has a name of its own: `OSError EFBIG`."""
    kind = type(error)
    room = "" if kind.__module__ in {"builtins", "__main__"} else f"{kind.__module__}."
    code = errno.errorcode.get(error.errno or 0) if isinstance(error, OSError) else None
    return f"{room}{kind.__qualname__}" + (f" {code}" if code else "")
