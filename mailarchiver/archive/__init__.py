"""Article → folder: names, files, manifest and ledger; `store.py` is the only writer."""

FORMAT = 1
"""Of the archive on disk (docs/archive-format.md). A writer leaves an archive of a higher one alone."""

AUTOMATIC = "automatic"
"""The warning that nobody wrote the mail to be read (docs/archive-format.md): it is not shown among the newest."""
