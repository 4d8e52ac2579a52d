"""`mailarchiver remove` and `mailarchiver restore`: out of the archive, and back."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from .archive_choice import RootOption, chosen
from .options import ConfigOption, JsonOption

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ..archive.store import Store
    from ..model import Entry

IdsArgument = Annotated[list[str], typer.Argument(metavar="ID...", help="Ids, beginnings of ids, or folders.")]
MailOption = Annotated[bool, typer.Option("--mail", help="All articles of the mails that these came with.")]


def remove(
    *,
    ids: IdsArgument,
    whole_mail: MailOption = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    root: RootOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take articles out of the archive. They go to .mailarchiver/trash, and come back by `restore`.

    Their mail is not filed again, unless by `import --again`. On a terminal it asks first.
    """
    import sys
    from datetime import UTC, datetime

    with _opened(root, config) as store:
        chosen_ids = _with_mails(store, [store.find(word) for word in ids], whole_mail=whole_mail, removed=False)
        if not yes and sys.stdin.isatty() and sys.stderr.isatty():
            for entry in store.standing(chosen_ids):
                typer.echo(_line(entry), err=True)
            typer.confirm(f"Remove {_articles(len(chosen_ids))}?", abort=True, err=True)
        _tell("removed", store.remove(chosen_ids, now=datetime.now(UTC)), store, as_json=as_json)


def restore(
    *,
    ids: IdsArgument,
    whole_mail: MailOption = False,
    root: RootOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring removed articles back to their places, as they were."""
    with _opened(root, config) as store:
        found = [store.find(word, removed=True) for word in ids]
        chosen_ids = _with_mails(store, found, whole_mail=whole_mail, removed=True)
        _tell("restored", store.restore(chosen_ids), store, as_json=as_json)


def _opened(root: "Path | None", config: "Path | None") -> "Store":
    from ..archive.store import Store
    from .logs import start_logging

    archive = chosen(root, config)[0]
    start_logging("warning")
    return Store.open(archive.root, min_free=archive.min_free, create=False)


def _with_mails(store: "Store", ids: list[str], *, whole_mail: bool, removed: bool) -> list[str]:
    """The ids, or with `whole_mail` those of all articles of their mails."""
    if not whole_mail:
        return list(dict.fromkeys(ids))
    mails = [store.mail_of(entry_id, removed=removed) for entry_id in ids]
    every = (sorted(mail.removed) if removed else [entry.id for entry in mail.entries] for mail in mails)
    return list(dict.fromkeys(entry_id for some in every for entry_id in some))


def _tell(what: str, entries: "Iterable[Entry]", store: "Store", *, as_json: bool) -> None:
    from ..poll import refresh_pages

    listed = list(entries)
    refresh_pages(store)
    store.update_search()
    if as_json:
        told = [{"id": entry.id, "folder": entry.folder, "title": entry.title} for entry in listed]
        typer.echo(json.dumps({what: told}, ensure_ascii=False))
        return
    for entry in listed:
        typer.echo(_line(entry))
    typer.echo(f"{len(listed)} {what}")


def _line(entry: "Entry") -> str:
    return f"{entry.id}  {entry.received[:10]}  {entry.title}"


def _articles(count: int) -> str:
    return "1 article" if count == 1 else f"{count} articles"
