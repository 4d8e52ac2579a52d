"""`mailarchiver poll`: one round of every account."""

import json
import tempfile
import threading
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import ConfigOption, JsonOption

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..archive.store import Store
    from ..config import Account, Archive, Settings
    from ..poll import RoundResult


def poll(
    *,
    config: ConfigOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what a round would fetch.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Do one round of every account, then exit: 1 if one of them failed."""
    from ..config import find, load
    from .logs import start_logging

    settings = load(find(config))
    start_logging(settings.log.level)
    failed = False
    for account, outcome in rounds(settings, dry_run=dry_run):
        failed = failed or isinstance(outcome, str) or outcome.failed > 0 or bool(outcome.troubles)
        _say(account, outcome, dry_run=dry_run, as_json=as_json)
    if failed:
        raise typer.Exit(1)


def rounds(settings: "Settings", *, dry_run: bool = False) -> "Iterator[tuple[Account, RoundResult | str]]":
    """A round of each account in turn, and then the pages: what it did, or what the account's trouble is.

    Raises:
        StoreError: the archive cannot be written; the accounts that are left are not polled.
    """
    from ..errors import MailboxError
    from ..poll import poll_account, refresh_pages
    from ..workers import Pool

    limits, timezone = settings.limits, settings.archive.timezone
    with (  # the store first: run as root, it makes us the archive's owner, and so the children that read mail
        _store(settings.archive, dry_run=dry_run) as store,
        closing(Pool(seconds=limits.mail_time.total_seconds(), memory=limits.mail_memory)) as worker,
    ):
        for account in settings.account:
            try:
                result = poll_account(
                    account, store, worker, timezone=timezone, stop=threading.Event(), dry_run=dry_run
                )
            except MailboxError as error:
                yield account, str(error)
            else:
                yield account, result
        if not dry_run:
            refresh_pages(store)


@contextmanager
def _store(archive: "Archive", *, dry_run: bool) -> "Iterator[Store]":
    """The archive's store; for a dry run where there is no archive yet, an empty one that is thrown away."""
    from ..archive.store import Store

    if dry_run and not archive.root.exists():
        with tempfile.TemporaryDirectory() as empty, Store.open(Path(empty) / "archive") as store:
            yield store
    else:
        with Store.open(archive.root, min_free=archive.min_free) as store:
            yield store


def _say(account: "Account", outcome: "RoundResult | str", *, dry_run: bool, as_json: bool) -> None:
    """A line for each account: what was done to standard output, what failed to standard error."""
    from ..text.wording import counted

    done = {"account": account.name} if isinstance(outcome, str) else asdict(outcome)
    done.pop("troubles", None)
    troubles = (outcome,) if isinstance(outcome, str) else outcome.troubles
    if as_json:
        typer.echo(json.dumps({**done, "error": "; ".join(troubles) or None}, ensure_ascii=False))
    for trouble in troubles:
        typer.echo(f"mailarchiver: {trouble}", err=True)
    if isinstance(outcome, str):
        return
    if outcome.failed:
        lacking = f"{counted(outcome.failed, 'message')} could not be fetched; the next round tries again"
        typer.echo(f"mailarchiver: account {account.name}: {lacking}", err=True)
    if as_json:
        return
    if dry_run:
        typer.echo(f"{account.name}: {outcome.found} to fetch")
    else:
        typer.echo(f"{account.name}: {outcome.filed} filed, {outcome.already} already filed, {outcome.failed} failed")
