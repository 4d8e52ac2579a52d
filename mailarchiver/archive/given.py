"""A file of the tree, read as it is found: anyone may have put there what they like.

A pipe is not waited for, as that could take for ever, and JSON that is nested too deeply for the parser is no JSON.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path


def opened(path: str | Path) -> int:
    """A descriptor to read the file by, which the caller closes. Raises `OSError`: `FileNotFoundError` also where there
    is a folder, a pipe or a device instead of a file.
    """
    # O_NONBLOCK: else opening a pipe waits for somebody who writes
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise FileNotFoundError(errno.ENOENT, "no file", str(path))


def octets(path: str | Path) -> bytes:
    """All of a file. Raises as `opened`."""
    with os.fdopen(opened(path), "rb") as file:
        return file.read()


def parsed(text: str | bytes) -> object:
    """What a JSON text says. Raises `ValueError` for whatever else it is."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
