"""The program's door: runs the command line, and turns expected errors into words and exit codes."""

from __future__ import annotations

import sys

import typer

from .cli.app import app
from .errors import ArchiveRefused, ConfigError, Deferred, MailArchiverError, NoSuchEntry, StoreError
from .text.traces import python_quotes_nobody, trace

_WRONG_USAGE = 2
"""With this click ends the process, once it has said what is wrong."""
_TRY_AGAIN = 75
"""EX_TEMPFAIL of sysexits.h."""


def main() -> None:
    """Run the command named by the arguments, and end the process.

    An expected error is one that says itself what to do: it is printed to standard error, without a traceback. Any
    other exception is a defect of the program, and is shown by Python itself: whole on a terminal; elsewhere, where it
    may stay for years, without its words (`text.traces`).

    With `-`, a mail on standard input, a slip on the command line is temporary: a mail system sends the mail back to
    its sender at any exit code but 0 and 75.
    """
    try:
        with python_quotes_nobody():
            app()
    except SystemExit as end:
        if end.code == _WRONG_USAGE and "-" in sys.argv[1:]:
            sys.exit(_TRY_AGAIN)
        raise
    except MailArchiverError as error:
        for line in str(error).splitlines():
            typer.echo(f"mailarchiver: {line}", err=True)
        sys.exit(exit_code(error))
    except Exception as error:
        if sys.stderr is None or sys.stderr.isatty():
            raise
        sys.stderr.write(f"{trace(error)}\n")
        sys.exit(1)


def exit_code(error: MailArchiverError) -> int:
    """1 something failed; 2 usage, config, no archive of ours; 75 temporary (EX_TEMPFAIL of sysexits.h): try again."""
    match error:
        case ConfigError() | NoSuchEntry() | ArchiveRefused():
            return 2
        case StoreError() | Deferred():
            return _TRY_AGAIN
        case _:
            return 1


if __name__ == "__main__":
    main()
