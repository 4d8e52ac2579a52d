"""`mailarchiver status`: how the service is, as it last said itself; 1 where that is an alarm."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from .archive_choice import RootOption
from .options import ConfigOption, JsonOption

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from ..health import Health
    from ..status import Status


def status(*, root: RootOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Tell how the service is: 1 if an account was not polled well for three of its intervals, or nothing is known."""
    from datetime import UTC, datetime

    from ..errors import ServiceSilent
    from ..status import alarms, read
    from .shown import say

    folder, configured = _asked(root, config)
    now = datetime.now(UTC)
    try:
        found = read(folder)
        wrong = alarms(found, now, configured)
    except ServiceSilent as error:
        found, wrong = None, [str(error)]
    if as_json:
        say({"healthy": not wrong, "alarms": wrong, **({} if found is None else found.as_json())})
    elif found is not None:
        for row in _table(found, now):
            say(row)
    for sentence in wrong:
        typer.echo(f"mailarchiver: {sentence}", err=True)
    if wrong:
        raise typer.Exit(1)


def _asked(root: Path | None, config: Path | None) -> "tuple[Path, tuple[str, ...]]":
    """The archive, and the accounts that should be watched; none where `--root` stands in place of a configuration."""
    from ..config import find, load

    if root is not None and config is None:
        return root, ()
    settings = load(find(config))
    return root or settings.archive.root, tuple(account.name for account in settings.account)


def _table(status: "Status", now: "datetime") -> "Iterator[str]":
    """What people read: what concerns the archive, and a line for each account."""
    from ..text.wording import counted, size_in_words

    free = "" if status.disk_free is None else f", {size_in_words(status.disk_free)} free on its disk"
    started, written = _ago(status.started, now), _ago(status.written, now)
    yield f"mailarchiver {status.version}: started {started}, last heard of {written}"
    yield f"{status.articles:,} articles, {counted(status.quarantined, 'mail')} in quarantine{free}"
    yield _checked(status, now)
    if status.pages is not None:
        behind = _ago(status.pages.since, now).replace(" ago", "")
        yield f"pages and search index are not brought up to date for {behind}: {status.pages.error}"
    rows = [("account", "good round", "last mail", "backlog", "state")]
    rows += [_row(name, health, now) for name, health in status.accounts.items()]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    yield ""
    for row in rows:
        yield "  ".join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[-1]])


def _checked(status: "Status", now: "datetime") -> str:
    """How the last weekly check went."""
    from ..text.wording import counted

    last = status.verified
    if last is None:
        return "no weekly check of the archive yet"
    found = f"{len(last.damaged):,} damaged" if last.damaged else "none damaged"
    return f"weekly check {_ago(last.at, now)}: {counted(last.articles, 'article')} read, {found}"


def _row(name: str, health: "Health", now: "datetime") -> tuple[str, str, str, str, str]:
    mail = _ago(health.last_mail, now)
    if health.error is None:
        state = "well"
    else:
        since = "" if health.error_since is None else f"{_ago(health.error_since, now)}: ".replace(" ago", "")
        state = f"in trouble for {since}{health.error}"
    return name, _ago(health.last_success, now), mail, f"{health.backlog:,}", state


def _ago(moment: "datetime | None", now: "datetime") -> str:
    from ..text.wording import span_in_words

    return "never" if moment is None else f"{span_in_words((now - moment).total_seconds())} ago"
