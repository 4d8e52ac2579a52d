"""`mailarchiver check`: will it work."""

from typing import TYPE_CHECKING, Annotated

import typer

from .options import ConfigOption, JsonOption

if TYPE_CHECKING:
    from ..check_finding import Finding

AccountsArgument = Annotated[
    list[str] | None, typer.Argument(metavar="ACCOUNT", help="Only these accounts.", show_default=False)
]
MARKS = {"ok": "ok  ", "note": "note", "failed": "FAIL", "unknown": "?   "}


def check(
    accounts: AccountsArgument = None,
    *,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look whether everything is there that a round needs: archive, disk, workers, and account by account the host's
    name, TLS, log-in, capabilities, folders, the server's clock, and what would be fetched. Nothing is changed, here or
    on a server. Exits 1 if something has to be mended, 2 if the configuration is wrong.

    With --json a line for each finding: account (null for what concerns all), check, state (ok, note, failed, unknown),
    text, facts.
    """
    from datetime import UTC, datetime

    from .. import check as checks
    from ..config import find, load
    from .logs import start_logging

    path = find(config)
    settings = load(path)
    start_logging("error")
    failed = False
    for finding in checks.check(settings, path, accounts or (), datetime.now(UTC)):
        failed = failed or finding.state == "failed"
        _say(finding, as_json=as_json)
    if failed:
        raise typer.Exit(1)


def _say(finding: "Finding", *, as_json: bool) -> None:
    """A line: to standard error where something has to be mended, else to standard output."""
    from dataclasses import asdict

    from ..text.terminal import line
    from .shown import say

    if as_json:
        say(asdict(finding))
    else:
        where = f"{finding.account}: " if finding.account else ""
        say(f"{MARKS[finding.state]} {where}{finding.check}: {line(finding.text)}")
