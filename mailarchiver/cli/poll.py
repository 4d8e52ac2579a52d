"""`mailarchiver poll`: one round of every account."""

import json
import logging
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
    from ..errors import MailboxError
    from ..folder_round import RoundResult

log = logging.getLogger(__name__)


def poll(
    *,
    config: ConfigOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what a round would fetch.")] = False,
    patient: Annotated[
        bool, typer.Option("--patient", help="Leave servers alone that want it, or refused the log-in: for timers.")
    ] = False,
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
    for account, outcome in previews(settings) if dry_run else rounds(settings, patient=patient):
        failed = failed or isinstance(outcome, str) or not outcome.is_sound()
        _say(account, outcome, settings, dry_run=dry_run, as_json=as_json)
    if failed:
        raise typer.Exit(1)


def rounds(settings: "Settings", *, patient: bool = False) -> "Iterator[tuple[Account, RoundResult | str]]":
    """A round of each account in turn, and then pages and status: what it did, or what the account's trouble is. If
    `patient`, those are left out that are to be left alone, as the daemon leaves them.

    Raises:
        StoreError: the archive cannot be written; the accounts that are left are not polled.
    """
    from ..errors import StoreError
    from ..filing import opened
    from ..forbearance import Forbearance, in_words
    from ..poll import poll_account, refresh_pages
    from ..publishing import Publisher

    stop, bounds = threading.Event(), settings.limits.bounds()
    with opened(settings.archive, settings.limits) as (store, worker):
        publisher, forbearance = Publisher(settings, store), Forbearance(store)
        left = forbearance.left(settings.account, lambda *_: None) if patient else {}
        for account in settings.account:
            if account.name in left:
                cure = "without --patient it is tried at once"
                yield account, f"account {account.name}: {in_words(left[account.name])}: {cure}"
                continue
            rules = settings.rules(account)
            with growing(account.name) as progress:
                one_round = partial(poll_account, account, store, worker, rules=rules, stop=stop, bounds=bounds)
                outcome = _outcome(partial(one_round, progress=progress), account)
            forbearance.heed(account, outcome)
            publisher.note(account, _told(outcome))
            yield account, _told(outcome)
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
        one_round = partial(preview_account, account, settings.archive.root, largest=largest)
        yield account, _told(_outcome(one_round, account))


def _outcome(one_round: "Callable[[], RoundResult]", account: "Account") -> "RoundResult | MailboxError":
    """What it did, or the account's trouble. Raises `StoreError`."""
    from ..errors import MailboxError, StoreError
    from ..events import Event, about

    try:
        return one_round()
    except MailboxError as error:
        return error
    except StoreError:
        raise
    except Exception:  # the border of an account: a defect must not keep the others' mail from being filed, each time
        text = "the round was broken off by a defect of mailarchiver"
        log.exception("%s: %s", account.name, text, extra=about(Event.DEFECT, account=account.name))
        return MailboxError(f"account {account.name}: {text}: please report it, with the traceback")


def _told(outcome: "RoundResult | MailboxError") -> "RoundResult | str":
    """The same, with the trouble in words."""
    return str(outcome) if isinstance(outcome, Exception) else outcome


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
