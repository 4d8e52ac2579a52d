"""The worker that reads mail of the quarantine which is to be filed all the same: `pipeline.file_unread`, under limits.

`python -m mailarchiver.released SECONDS OCTETS` is started by `workers.Pool`, as `mailarchiver.child` is.
"""

from __future__ import annotations

from .child import serve
from .pipeline import file_unread

ENTRY = ("-m", "mailarchiver.released")

if __name__ == "__main__":
    serve(file_unread)
