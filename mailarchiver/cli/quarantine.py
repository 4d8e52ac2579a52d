"""`mailarchiver quarantine`: the mail that could not be understood."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .archive_choice import RootOption, chosen, chosen_root, rules_by_account
from .options import ConfigOption, JsonOption
from .progress import progress

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..release import Tried

quarantine = typer.Typer(
    help="Mail that could not be understood: list it, look at it, try again, file it as it is.", no_args_is_help=True
)
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The mail's SHA-256, its beginning, or its folder.")]
SHORT = 12
"""Digits of a digest that are shown."""


@quarantine.command("list")
def list_(*, root: RootOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List the mails in quarantine, the newest last."""
    from ..archive.quarantine import listed
    from ..release import described

    for folder in listed(chosen_root(root, config)):
        told = described(folder)
        typer.echo(json.dumps(told, ensure_ascii=False) if as_json else _line(told))


@quarantine.command()
def show(*, id: IdArgument, root: RootOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:  # noqa: A002 - the user's word
    """Show why a mail is in quarantine, its header fields, and where it lies."""
    from ..archive.quarantine import choose
    from ..release import described, header_fields

    folder = choose(chosen_root(root, config), id)
    told = described(folder)
    fields = header_fields(folder)
    if as_json:
        typer.echo(json.dumps({**told, "fields": [list(field) for field in fields]}, ensure_ascii=False))
        return
    for key, value in told.items():
        if value is not None and key not in {"subject", "from", "format"}:
            typer.echo(f"{key}: {_printable(str(value))}")
    typer.echo("")
    for name, value in fields:
        typer.echo(f"{_printable(name)}: {_printable(value)}")


@quarantine.command()
def retry(
    *,
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="SHA-256s, their beginnings, or folders.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All mails in quarantine.")] = False,
    root: RootOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Try again to understand mails: this version may do what an earlier one could not.

    What is understood is filed, and acknowledged in its mailbox by the next round. Exits 1 if a mail stays.
    """
    from ..archive.quarantine import choose, listed
    from ..workers import ENTRY

    if bool(ids) == everything:
        raise typer.BadParameter("name mails, or say --all")
    place = chosen_root(root, config)
    folders = listed(place) if everything else list(dict.fromkeys(choose(place, word) for word in ids or ()))
    _admit(folders, root, config, ENTRY, as_json=as_json)


@quarantine.command()
def release(
    *,
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="SHA-256s, their beginnings, or folders.")],
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="Only copy the mail there; it stays in quarantine.")
    ] = None,
    root: RootOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """File mails as they are, without understanding them: the header as far as it can be read, the mail beside it.

    They are acknowledged in their mailbox by the next round.
    """
    from ..archive.quarantine import MESSAGE, choose
    from ..released import ENTRY

    place = chosen_root(root, config)
    folders = list(dict.fromkeys(choose(place, word) for word in ids))
    if to is None:
        _admit(folders, root, config, ENTRY, as_json=as_json)
        return
    if len(folders) != 1:
        raise typer.BadParameter("--to takes one mail")
    _copy(folders[0] / MESSAGE, to)
    typer.echo(json.dumps({"copied": str(to)}, ensure_ascii=False) if as_json else f"copied to {to}")


def _admit(
    folders: "Sequence[Path]", root: Path | None, config: Path | None, entry: "Sequence[str]", *, as_json: bool
) -> None:
    """Have mails understood by the worker `entry`, file them, and tell; exits 1 if one stays."""
    from ..filing import opened
    from ..poll import refresh_pages
    from ..release import admit
    from .logs import start_logging

    archive, limits, _ = chosen(root, config)
    rules_of = rules_by_account(root, config)
    start_logging("warning")
    with (
        opened(archive, limits, create=False, entry=entry) as (store, worker),
        progress("Trying", lambda: len(folders)) as step,
    ):
        tried = []
        for outcome in admit(folders, store, worker, rules_of=rules_of):
            tried.append(outcome)
            step(1)
        refresh_pages(store)
        store.update_search()
    _tell(tried, as_json=as_json)
    if any(outcome.receipt is None for outcome in tried):
        raise typer.Exit(1)


def _tell(tried: "Iterable[Tried]", *, as_json: bool) -> None:
    for outcome in tried:
        receipt = outcome.receipt
        if as_json:
            entries = [] if receipt is None else [{"id": name, "folder": folder} for name, folder in receipt.entries]
            told = {
                "digest": outcome.digest,
                "outcome": "quarantined" if receipt is None else receipt.outcome,
                "entries": entries,
                "reason": outcome.why or None,
            }
            typer.echo(json.dumps(told, ensure_ascii=False))
        elif receipt is None:
            typer.echo(f"{outcome.digest[:SHORT]}  stays in quarantine: {_printable(outcome.why)}", err=True)
        else:
            places = ", ".join(folder for _, folder in receipt.entries)
            typer.echo(f"{outcome.digest[:SHORT]}  {receipt.outcome}: {places}")


def _line(told: dict[str, object]) -> str:
    sender = told["from"]
    who = (sender["name"] or sender["address"]) if isinstance(sender, dict) else "?"
    when, why = str(told.get("quarantined") or "?")[:16], str(told.get("reason") or "?")
    line = (
        f"{str(told['digest'])[:SHORT]}  {when}  {why:8} {told.get('bytes') or '?':>9}  {who}: {told['subject'] or ''}"
    )
    return _printable(line)


def _printable(text: str) -> str:
    """A stranger's words, without what a terminal would obey."""
    from ..text.controls import without_controls

    return " ".join(without_controls(text).split("\n"))


def _copy(mail: Path, to: Path) -> None:
    """Copy a mail to a file that is not there yet."""
    import shutil

    try:
        with mail.open("rb") as source, to.open("xb") as target:
            shutil.copyfileobj(source, target)
    except OSError as error:
        raise typer.BadParameter(f"{error.filename}: {error.strerror}") from error
