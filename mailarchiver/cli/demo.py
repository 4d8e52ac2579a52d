"""`mailarchiver demo`: the main job done once on sample mails, over a real IMAP connection to an embedded server."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .quarantined import say

if TYPE_CHECKING:
    from ..demo.server import EmbeddedServer
    from ..folder_round import RoundResult
    from ..model import Entry


def demo(
    *,
    root: Annotated[Path, typer.Option("--root", metavar="DIR", help="The archive to fill.")] = Path(
        "mailarchiver-demo"
    ),
) -> None:
    """File sample mails from an embedded IMAP server, and say where to look."""
    from ..archive.store import Store
    from .logs import start_logging

    start_logging("warning")
    server = _server()
    with Store.open(root):
        pass  # lays out a new archive, or refuses a folder that is none, before anything else is written there
    result = _poll(root, server)
    with Store.open(root) as store:
        entries = [entry for entry in store.entries() if entry.source and entry.source.account == "demo"]
    _print_table(entries)
    say(result.receipts, root)
    if result.filed:
        typer.echo(f"{result.filed} filed, {result.already} already filed")
    else:
        typer.echo(f"Nothing new: all {result.already} were filed already.")
    typer.echo(f"The configuration:  {(root / 'demo/config.toml').resolve()}")
    typer.echo(f"Open in a browser:  {(root / 'index.html').resolve()}")


def _server() -> "EmbeddedServer":
    """The embedded server with the sample mails in its INBOX, not yet started."""
    from ..demo.folder import samples
    from ..errors import MailArchiverError

    try:
        from ..demo.server import EmbeddedServer
    except ModuleNotFoundError as error:
        cure = "pip install 'mailarchiver[demo]'"
        raise MailArchiverError(f"the demo needs the package {error.name}: {cure}") from error
    return EmbeddedServer(samples())


def _poll(root: Path, server: "EmbeddedServer") -> "RoundResult":
    """One round, as `mailarchiver poll --config` would do it."""
    from ..config import load
    from ..demo.folder import write_config
    from ..errors import MailboxError
    from .poll import rounds

    with server:
        [(_, outcome)] = rounds(load(write_config(root, server)))
    if isinstance(outcome, str):
        raise MailboxError(outcome)
    return outcome


def _print_table(entries: "list[Entry]") -> None:
    """The articles in the order of their folders."""
    from rich import box
    from rich.console import Console
    from rich.table import Column, Table
    from rich.text import Text

    table = Table(
        Column("Title", overflow="fold"),
        Column("Source"),
        Column("Date", no_wrap=True),
        Column("Pictures", no_wrap=True, justify="right"),
        box=box.SIMPLE_HEAD,
    )
    for entry in sorted(entries, key=lambda entry: entry.folder):
        date = (entry.published or entry.received)[:10]
        # As `Text`, because rich reads markup in mere strings, and titles are other people's words.
        table.add_row(Text(entry.title), Text(entry.site or ""), date, str(entry.images))
    Console().print(table)
