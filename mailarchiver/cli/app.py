"""All commands under one roof."""

from typing import Annotated

import typer

from .. import __version__
from .audit import audit
from .auth import auth
from .check import check
from .demo import demo
from .import_ import import_
from .install_service import install_service
from .list_ import list_
from .poll import poll
from .quarantine import quarantine
from .rebuild import rebuild
from .remove import remove, restore
from .reprocess import reprocess
from .run import run
from .search import search
from .show import open_, show
from .status import status
from .verify import verify

# Plain help: formatted by rich it takes twice as long to appear.
app = typer.Typer(
    name="mailarchiver",
    help="Files the articles you forward to a mailbox as clean, complete, permanent pages in a dated folder tree.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(demo)
app.command()(check)
app.command()(poll)
app.command()(run)
app.command("import")(import_)
app.command()(verify)
app.command()(rebuild)
app.command("list")(list_)
app.command()(show)
app.command("open")(open_)
app.command()(search)
app.command()(status)
app.command()(audit)
app.command()(reprocess)
app.command()(remove)
app.command()(restore)
app.command("install-service")(install_service)
app.add_typer(quarantine, name="quarantine")
app.add_typer(auth, name="auth")


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it with the flag's value
    if wanted:
        typer.echo(f"mailarchiver {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    pass
