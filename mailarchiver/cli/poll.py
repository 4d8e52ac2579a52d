"""`mailarchiver poll`: one round of every account."""

import json
import threading
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from .options import ConfigOption, JsonOption

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ..config import Account, Settings
    from ..folder_round import RoundResult


def poll(
    *,
    config: ConfigOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what a round would fetch.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Do one round of every account, then exit: 1 if one of them failed, or mail went to quarantine."""
    from ..config import find, load
    from .logs import start_logging

    settings = load(find(config))
    start_logging(settings.log.level)
    failed = False
    for account, outcome in previews(settings) if dry_run else rounds(settings):
        failed = failed or isinstance(outcome, str) or not outcome.is_sound()
        _say(account, outcome, settings.archive.root, dry_run=dry_run, as_json=as_json)
    if failed:
        raise typer.Exit(1)


def rounds(settings: "Settings") -> "Iterator[tuple[Account, RoundResult | str]]":
    """A round of each account in turn, and then the pages: what it did, or what the account's trouble is.

    Raises:
        StoreError: the archive cannot be written; the accounts that are left are not polled.
    """
    from ..filing import opened
    from ..poll import poll_account, refresh_pages

    stop = threading.Event()
    with opened(settings.archive, settings.limits) as (store, worker):
        for account in settings.account:
            rules = settings.rules(account)
            yield account, _outcome(partial(poll_account, account, store, worker, rules=rules, stop=stop))
        refresh_pages(store)
        store.update_search()


def previews(settings: "Settings") -> "Iterator[tuple[Account, RoundResult | str]]":
    """What a round of each account would fetch, or what the account's trouble is."""
    from ..poll import preview_account

    for account in settings.account:
        yield account, _outcome(partial(preview_account, account, settings.archive.root))


def _outcome(one_round: "Callable[[], RoundResult]") -> "RoundResult | str":
    """What it did, or the account's trouble in words."""
    from ..errors import MailboxError

    try:
        return one_round()
    except MailboxError as error:
        return str(error)


def _say(account: "Account", outcome: "RoundResult | str", root: "Path", *, dry_run: bool, as_json: bool) -> None:
    """A line for each account: what was done to standard output, what failed to standard error."""
    from ..text.wording import counted
    from .quarantined import counted as summed
    from .quarantined import listed, say

    troubles = (outcome,) if isinstance(outcome, str) else outcome.troubles
    done: dict[str, object] = {"account": account.name}
    if not isinstance(outcome, str):
        done |= {key: value for key, value in asdict(outcome).items() if key not in {"troubles", "receipts"}}
        done["quarantine"] = listed(outcome.receipts)
    if as_json:
        typer.echo(json.dumps({**done, "error": "; ".join(troubles) or None}, ensure_ascii=False))
    for trouble in troubles:
        typer.echo(f"mailarchiver: {trouble}", err=True)
    if isinstance(outcome, str):
        return
    say(outcome.receipts, root)
    if outcome.failed:
        lacking = f"{counted(outcome.failed, 'message')} could not be fetched; tried again by and by"
        typer.echo(f"mailarchiver: account {account.name}: {lacking}", err=True)
    if outcome.waiting:
        lacking = f"{counted(outcome.waiting, 'message')} could not be fetched before; `audit` tells of the next try"
        typer.echo(f"mailarchiver: account {account.name}: {lacking}", err=True)
    if as_json:
        return
    if dry_run:
        typer.echo(f"{account.name}: {outcome.found} to fetch")
    else:
        told = summed(outcome.filed, outcome.already, outcome.quarantined, outcome.failed)
        typer.echo(f"{account.name}: {told}")
