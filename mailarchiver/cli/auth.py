"""`mailarchiver auth`: sign in where a mailbox wants OAuth 2.0."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from .options import ConfigOption, JsonOption

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..config import Account
    from ..mailbox.microsoft import SignIn

AccountArgument = Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account's name in the configuration.")]

auth = typer.Typer(help="Sign in to a mailbox that wants OAuth 2.0 (Microsoft 365, Outlook.com).", no_args_is_help=True)


@auth.command("login")
def login(name: AccountArgument, *, config: ConfigOption = None) -> None:
    """Sign in with a browser, on this machine or any other; the sign-in is kept in the account's token_cache.

    Run it as the user that runs mailarchiver. Every access token is renewed by itself from then on.
    """
    account = _account(name, config)
    source = account.microsoft()
    found = source.sign_in(_show)
    typer.echo(f"{name}: {found.username or 'somebody'} is signed in; kept in {source.file.path}")
    if found.username and found.username.lower() != account.username.lower():
        typer.echo(
            f"mailarchiver: the mailbox is that of {account.username}: {found.username} must be allowed to open it, or "
            f"sign in again as {account.username}",
            err=True,
        )


@auth.command("status")
def status(*, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Who is signed in to which account, and until when; 1 if somebody has to sign in. Asks no server.

    With --json a line an account: account, token_cache, and username, signed_in, last_used, ends (RFC 3339) or nulls;
    `warning` is what to do soon, null where there is nothing.
    """
    from .shown import say

    lacking = False
    for account in _oauth_accounts(config):
        source = account.microsoft()
        found, warning = source.status(), source.soon_over()
        over = found is None or found.ends <= source.clock()
        lacking = lacking or over
        if as_json:
            say({"account": account.name, "token_cache": str(source.file.path), **_fields(found), "warning": warning})
            continue
        told = "nobody is signed in" if found is None else f"{found.username}, until {_day(found.ends)} unless used"
        say(f"{account.name}: {told}")
        if over or warning:
            typer.echo(f"mailarchiver: {account.name}: {warning or 'nobody is signed in'}: {source.cure}", err=True)
    if lacking:
        raise typer.Exit(1)


@auth.command("logout")
def logout(name: AccountArgument, *, config: ConfigOption = None) -> None:
    """Forget a sign-in on this machine; in the account's security settings at Microsoft it can be ended everywhere."""
    source = _account(name, config).microsoft()
    gone = source.sign_out()
    typer.echo(f"{name}: {f'{source.file.path} is deleted' if gone else 'nobody was signed in'}")


def _show(address: str, code: str, seconds: int) -> None:
    typer.echo(f"Open {address} in any browser, sign in, and enter the code")
    typer.echo(f"\n    {code}\n")
    typer.echo(f"Waiting, for {seconds // 60} minutes at most …")


def _account(name: str, config: "ConfigOption") -> "Account":
    """Raises `ConfigError`, also where no account has that name."""
    from ..config import find, load

    return load(find(config)).named(name)


def _oauth_accounts(config: "ConfigOption") -> "Iterator[Account]":
    from ..config import find, load

    return (account for account in load(find(config)).account if account.client_id is not None)


def _fields(found: "SignIn | None") -> dict[str, str | None]:
    if found is None:
        return dict.fromkeys(("username", "signed_in", "last_used", "ends"))
    moments = {"signed_in": found.signed_in, "last_used": found.last_used, "ends": found.ends}
    stamps = {name: datetime.fromtimestamp(each, UTC).isoformat(timespec="seconds") for name, each in moments.items()}
    return {"username": found.username, **stamps}


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
