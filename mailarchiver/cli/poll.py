"""`mailarchiver poll`: one round of every account."""

import json
import threading
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from .options import ConfigOption, JsonOption
from .progress import growing, is_shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
    level = settings.log.level
    quiet = level == "info" and is_shown()  # the bar, or a line for each mail
    start_logging("warning" if quiet else level, settings.log.format)
    failed = False
    for account, outcome in previews(settings) if dry_run else rounds(settings):
        failed = failed or isinstance(outcome, str) or not outcome.is_sound()
        _say(account, outcome, settings, dry_run=dry_run, as_json=as_json)
    if failed:
        raise typer.Exit(1)


def rounds(settings: "Settings") -> "Iterator[tuple[Account, RoundResult | str]]":
    """A round of each account in turn, and then status and pages: what it did, or what the account's trouble is.

    Raises:
        StoreError: the archive cannot be written; the accounts that are left are not polled.
    """
    from ..errors import StoreError
    from ..filing import opened
    from ..poll import poll_account, refresh_pages
    from ..publishing import Publisher

    stop, bounds = threading.Event(), settings.limits.bounds()
    with opened(settings.archive, settings.limits) as (store, worker):
        publisher = Publisher(settings, store)
        for account in settings.account:
            rules = settings.rules(account)
            with growing(account.name) as progress:
                one_round = partial(poll_account, account, store, worker, rules=rules, stop=stop, bounds=bounds)
                outcome = _outcome(partial(one_round, progress=progress))
            publisher.note(account, outcome)
            if not isinstance(outcome, str):
                store.notes.forget_pause(account.name)
            yield account, outcome
        try:
            refresh_pages(store)
            store.update_search()
            publisher.note_pages(None)
        except StoreError as error:
            publisher.note_pages(str(error))
            raise
        finally:
            publisher.publish()


def previews(settings: "Settings") -> "Iterator[tuple[Account, RoundResult | str]]":
    """What a round of each account would fetch, or what the account's trouble is."""
    from ..poll import preview_account

    for account in settings.account:
        largest = settings.limits.max_message
        yield account, _outcome(partial(preview_account, account, settings.archive.root, largest=largest))


def _outcome(one_round: "Callable[[], RoundResult]") -> "RoundResult | str":
    """What it did, or the account's trouble in words."""
    from ..errors import MailboxError

    try:
        return one_round()
    except MailboxError as error:
        return str(error)


def _say(
    account: "Account", outcome: "RoundResult | str", settings: "Settings", *, dry_run: bool, as_json: bool
) -> None:
    """A line for each account: what was done to standard output, what failed to standard error."""
    from ..text.wording import counted, size_in_words
    from .quarantined import counted as summed
    from .quarantined import listed, say

    troubles = (outcome,) if isinstance(outcome, str) else outcome.troubles
    done: dict[str, object] = {"account": account.name}
    if not isinstance(outcome, str):
        left_out = {"troubles", "receipts", "folders", "lag"}
        done |= {key: value for key, value in asdict(outcome).items() if key not in left_out}
        done["quarantine"] = listed(outcome.receipts)
    if as_json:
        typer.echo(json.dumps({**done, "error": "; ".join(troubles) or None}, ensure_ascii=False))
    for trouble in troubles:
        typer.echo(f"mailarchiver: {trouble}", err=True)
    if isinstance(outcome, str):
        return
    say(outcome.receipts, settings.archive.root)
    if outcome.failed:
        lacking = f"{counted(outcome.failed, 'message')} could not be fetched; tried again by and by"
        typer.echo(f"mailarchiver: account {account.name}: {lacking}", err=True)
    if outcome.waiting:
        lacking = f"{counted(outcome.waiting, 'message')} could not be fetched before; `audit` tells of the next try"
        typer.echo(f"mailarchiver: account {account.name}: {lacking}", err=True)
    if outcome.large:
        lacking = f"{counted(outcome.large, 'message')} of more than {size_in_words(settings.limits.max_message)}"
        cure = "left on the server; raise max_message, and the next round fetches it; `audit` lists it"
        typer.echo(f"mailarchiver: account {account.name}: {lacking}: {cure}", err=True)
    if as_json:
        return
    if dry_run:
        typer.echo(f"{account.name}: {outcome.found} to fetch")
    else:
        told = summed(outcome.filed, outcome.already, outcome.quarantined, outcome.failed)
        typer.echo(f"{account.name}: {told}")
