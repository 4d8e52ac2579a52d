"""Standard output that says itself when it cannot be written to: else its full disk would pass for the archive's."""

import errno
import io
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from ..errors import OutputRefused

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Output(io.FileIO):
    """Raises `OutputRefused` once; what is printed after that, as when the process ends, goes nowhere."""

    _is_refused = False

    def write(self, data: "ReadableBuffer", /) -> int:
        if not self._is_refused:
            try:
                return super().write(data)
            except OSError as error:
                if error.errno == errno.EPIPE:
                    raise  # whoever reads it has gone, and wants to hear no more
                self._is_refused = True
                raise OutputRefused(f"standard output: {error.strerror}: what was to be printed is lost") from error
        return memoryview(data).nbytes


def watch_output() -> None:
    """Have `sys.stdout` raise `OutputRefused` where it cannot be written to. Not where it is closed, or no file."""
    shown = sys.stdout
    with suppress(AttributeError, OSError, ValueError):
        shown.flush()
        sys.stdout = io.TextIOWrapper(
            io.BufferedWriter(_Output(shown.fileno(), "wb", closefd=False)),
            encoding=shown.encoding,
            errors=shown.errors,
            line_buffering=getattr(shown, "line_buffering", False),
            write_through=getattr(shown, "write_through", False),
        )
