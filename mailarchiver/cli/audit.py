"""`mailarchiver audit`: is every message of the mailbox accounted for."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from .options import ConfigOption, JsonOption

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..audit import FolderAudit
    from ..config import Settings
    from ..errors import MailboxError

WORDS = {
    "filed": "filed",
    "already": "the same as another",
    "quarantined": "in quarantine",
    "removed": "removed",
    "failed": "could not be fetched",
    "large": "larger than `max_message`",
    "pending": "pending",
    "before": "older than `since`",
    "lost": "lost",
    "untold": "not to be told apart, as the server states no UIDVALIDITY",
}


def audit(*, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Compare the mailboxes with the archive. Exits 3 if something should be in it and is not; 1 if an account could
    not be reached.
    """
    from ..config import find, load
    from ..errors import MailboxError
    from .shown import say

    settings = load(find(config))
    unreached, unsound = False, False
    for account, found in _audited(settings):
        if isinstance(found, MailboxError):
            unreached = True
            typer.echo(f"mailarchiver: {found}", err=True)
            if as_json:
                say({"account": account, "error": str(found)})
            continue
        unsound = unsound or not found.is_sound()
        if as_json:
            say({**asdict(found), "error": None})
        else:
            for line in _lines(found):
                say(line)
    if unsound or unreached:
        raise typer.Exit(3 if unsound else 1)


def _audited(settings: "Settings") -> "Iterator[tuple[str, FolderAudit | MailboxError]]":
    """Each folder of each account, and what keeps one from being read."""
    from ..audit import audit_account
    from ..errors import MailboxError

    for account in settings.account:
        try:
            for found in audit_account(account, settings.archive.root, largest=settings.limits.max_message):
                yield account.name, found
        except MailboxError as error:
            yield account.name, error


def _lines(found: "FolderAudit") -> "Iterator[str]":
    """The folder in a line, and a line for each message that is not in the archive and is expected there."""
    from ..text.terminal import line
    from ..text.wording import counted, size_in_words

    parts = [f"{found.counts[key]} {words}" for key, words in WORDS.items() if key in found.counts]
    undone = f"; {found.undone} not acknowledged yet" if found.undone else ""
    total = counted(sum(found.counts.values()), "message")
    where = f"{found.account}: {line(found.folder)}"
    yield f"{where}: {total}{': ' if parts else ''}{', '.join(parts)}{undone}"
    for uid, failure in found.failures.items():
        tries = counted(failure.tries, "time")
        yield f"{where}: UID {uid} could not be fetched, {tries}; next try {failure.next_try}: {line(failure.why)}"
    for uid, size in found.large.items():
        yield f"{where}: UID {uid} has {size_in_words(size)}, more than `max_message`: it is left on the server"
    for uid, why in found.lost.items():
        yield f"{where}: UID {uid} is lost: {line(why)}"
