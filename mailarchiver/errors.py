"""What can go wrong, and what to do about it.

::

    MailArchiverError
    ├── ConfigError       the configuration is wrong: nothing was started (exit 2)
    ├── ServiceSilent     nothing is known of the service, which is an alarm (exit 1)
    ├── InstallError      the service's files could not be put in place (exit 1)
    ├── OutputRefused     what a command prints cannot be written; what it did is done (exit 1)
    ├── NoSuchEntry       what the user named is not in the archive: nothing was done (exit 2)
    ├── MailboxError      temporary: this round is over, the next one tries again
    │   ├── FetchBrokeError  the connection broke at these messages: they are tried again later, one by one
    │   └── LoginRefused  the server said no to the credentials: tried again slowly, said loudly
    ├── MessageError      permanent for one message: it goes to quarantine; the others go on
    ├── StoreError        temporary: disk full, read-only, locked: the round ends, nothing is acknowledged (exit 75)
    │   └── ArchiveRefused  permanent: another's folder, a newer format: trying again mends nothing (exit 2)
    └── Deferred          a mail on standard input is not in the archive, for whatever reason: whoever delivers it keeps
                          it and tries again (exit 75)

Trouble inside a mail (a bad charset, a missing picture) is no exception: it degrades, and leaves a warning.
An error's text names what is wrong (file, mail, account or key) and what to do about it.
"""

from __future__ import annotations


class MailArchiverError(Exception):
    """The root of all expected errors; anything else is a defect of the program."""


class ConfigError(MailArchiverError):
    """One or several things are wrong in the configuration; all of them are told at once."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class InstallError(MailArchiverError):
    """The service could not be put in place: what was done stays, and a second run goes on from there."""


class OutputRefused(MailArchiverError, OSError):  # noqa: N818 - said as it is
    """Standard output takes no more: a full disk, as a rule. An `OSError` for whoever prints what nobody need read."""


class NoSuchEntry(MailArchiverError):  # noqa: N818 - said as users say it
    """An id, or the beginning of one, that names no entry, or several; the text tells those that come near."""


class ServiceSilent(MailArchiverError):  # noqa: N818 - said as it is
    """How the service is cannot be told: it has left no word, or none that can be read. That is an alarm."""


class MailboxError(MailArchiverError):
    """A mailbox could not be read or changed. Temporary: give up this round, try again at the next."""


class FetchBrokeError(MailboxError):
    """The connection broke while messages were fetched: one of `uids` may be why."""

    def __init__(self, text: str, uids: tuple[int, ...]) -> None:
        super().__init__(text)
        self.uids = uids


class LoginRefused(MailboxError):  # noqa: N818 - said as users and docs say it
    """The server refused the credentials. Try again slowly: hammering locks accounts."""


class MessageError(MailArchiverError):
    """One message cannot be understood. Permanent: no retry without new code."""


class StoreError(MailArchiverError):
    """The archive cannot be written. Temporary: end the round, acknowledge nothing, try again later."""


class ArchiveRefused(StoreError):  # noqa: N818 - said as users and docs say it
    """The folder is no archive, or none that this program, or this user, may write to. Permanent: no retry helps."""


class Deferred(MailArchiverError):  # noqa: N818 - what mail systems call it
    """A mail that was handed over for delivery was not filed: it is to be kept, and handed over again."""
