"""The configuration: TOML → frozen settings; every problem reported at once, with its key and the nearest known name.

::

    file ─ tomllib ─▶ tables ─ pydantic, one field at a time ─▶ Settings
                         └──── config_problems: what fields say about each other ─▶ ConfigError

Nothing here connects, writes, or reads a password; whether a server takes the credentials is found out by the round.
"""

# Annotations are evaluated at run time (pydantic reads them), hence no `from __future__ import annotations`.
import os
import tomllib
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    InstanceOf,
    SecretStr,
    StringConstraints,
    ValidationError,
    ValidationInfo,
)

from .config_problems import between_keys, nearest, of_fields
from .config_values import (
    read_after,
    read_day,
    read_duration,
    read_folder,
    read_host,
    read_path,
    read_receipt,
    read_size,
    read_textfile,
    read_zone,
)
from .errors import ConfigError
from .model import After, Rules, TagRules

if TYPE_CHECKING:
    from collections.abc import Callable, Set

    from .mailbox.imap import Bounds, Server
    from .mailbox.microsoft import Microsoft
    from .mailbox.tokens import Tokens

PORTS = {"tls": 993, "starttls": 143, "none": 143}


def _read_path(value: object, info: ValidationInfo) -> Path:
    return read_path(value, info.context)


Text = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=255)]
Folder = Annotated[Text, AfterValidator(read_folder)]
Size = Annotated[int, BeforeValidator(read_size)]
Duration = Annotated[InstanceOf[timedelta], BeforeValidator(read_duration)]
FilePath = Annotated[InstanceOf[Path], BeforeValidator(_read_path)]
Command = Annotated[tuple[Text, ...], Field(min_length=1)]


class _Table(BaseModel):
    """A table of the configuration: frozen, and no key that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Archive(_Table):
    """Where the articles are filed. `timezone` decides a folder's date; below `min_free` bytes nothing is written."""

    root: FilePath
    timezone: Annotated[InstanceOf[ZoneInfo], BeforeValidator(read_zone)] = ZoneInfo("UTC")
    min_free: Size = 500_000_000


class Account(_Table):
    r"""A mailbox that is watched. Exactly one of the four password keys is given; with `auth = "oauth2"` none of them,
    but exactly one of `token_command` and `client_id`. `folders` are names, patterns (`Articles/*`) and special uses
    (`\All`), for `mailbox.folders.choose` to resolve.
    """

    name: Annotated[Text, StringConstraints(pattern=r"^[\w.@+-]+$", max_length=64)]
    host: Annotated[str, BeforeValidator(read_host)]
    port: Annotated[int, Field(strict=True, ge=1, le=65535)] | None = None
    security: Literal["tls", "starttls", "none"] = "tls"
    ca_file: FilePath | None = None
    username: Text
    password_file: FilePath | None = None
    password_command: Command | None = None
    password_credential: Annotated[Text, StringConstraints(pattern=r"^[\w.-]+$")] | None = None
    password: Annotated[SecretStr, Field(min_length=1)] | None = None
    auth: Literal["password", "oauth2"] = "password"
    token_command: Command | None = None
    client_id: Annotated[Text, StringConstraints(pattern=r"^[\w.-]+$")] | None = None
    tenant: Annotated[Text, StringConstraints(pattern=r"^[\w.-]+$")] = "organizations"
    authority: Annotated[Text, StringConstraints(pattern=r"^https://[^\s/?#]+$")] = "https://login.microsoftonline.com"
    token_cache: FilePath | None = None
    folders: Annotated[tuple[Folder, ...], Field(min_length=1)] = ("INBOX",)
    after: Annotated[InstanceOf[After], BeforeValidator(read_after)] = After("keep")
    since: Annotated[date, BeforeValidator(read_day)] | None = None
    interval: Duration = timedelta(minutes=5)
    push: Annotated[bool, Field(strict=True)] = True
    receipt: Annotated[str | None, BeforeValidator(read_receipt)] = None

    def server(self) -> "Server":
        """Where the mailbox is, as mailbox/ wants to know it."""
        from .mailbox.imap import Server

        return Server(self.host, self.port or PORTS[self.security], self.security, self.username, self.ca_file)

    def credentials(self) -> "Callable[[], str] | Tokens":
        """What logs in, as mailbox/ wants it. No password is read, and no token asked for, until it connects."""
        from .mailbox.auth import Secret, read_secret
        from .mailbox.tokens import TokenCommand

        if self.auth == "oauth2":
            return TokenCommand(self.token_command) if self.token_command else self.microsoft()
        literal = self.password.get_secret_value() if self.password else None
        secret = Secret(self.password_file, self.password_command, self.password_credential, literal)
        return partial(read_secret, secret)

    def lacks_credential(self, handed: "Set[str]") -> bool:
        """Whether its password is a credential that is not among these."""
        return self.password_credential is not None and self.password_credential not in handed

    def microsoft(self) -> "Microsoft":
        """The sign-in to Microsoft of this account. Raises `ConfigError` where it logs in in another way."""
        from .mailbox.microsoft import Microsoft, Registration
        from .mailbox.token_file import TokenFile, default_folder

        if self.client_id is None:
            cure = 'set auth = "oauth2" and client_id for Microsoft 365; elsewhere a password or token_command logs in'
            raise ConfigError([f"account {self.name}: has no sign-in of its own: {cure}"])
        path = self.token_cache or default_folder() / f"{self.name}.token.json"
        return Microsoft(self.name, Registration(self.client_id, self.tenant, self.authority), TokenFile(path))


class Tags(_Table):
    """Where an article's tags are taken from. Without `addresses` those of the accounts count."""

    words: Annotated[bool, Field(strict=True)] = True
    plus: Annotated[bool, Field(strict=True)] = True
    addresses: tuple[Annotated[Text, StringConstraints(to_lower=True, pattern=r"^[^\s@+]+@[^\s@]+$")], ...] = ()


class Limits(_Table):
    """What a single mail may cost: to be understood, past which it goes to quarantine; and to be fetched. What has more
    octets than `partial_fetch` comes in pieces, what has more than `max_message` stays on the server. `workers` is how
    many mails are understood at a time.
    """

    mail_time: Duration = timedelta(seconds=10)
    mail_memory: Annotated[Size, Field(ge=512 * 2**20)] = 2**30
    partial_fetch: Annotated[Size, Field(ge=2**20)] = 8_000_000
    max_message: Annotated[Size, Field(ge=2**20)] = 50_000_000
    workers: Annotated[int, Field(strict=True, ge=1, le=64)] = min(2, len(os.sched_getaffinity(0)))

    def bounds(self) -> "Bounds":
        """How messages are fetched, as mailbox/ wants to know it."""
        from .mailbox.imap import Bounds

        return Bounds(self.partial_fetch, self.max_message)


class Log(_Table):
    """How much is said, and in which form (`cli.logs.start_logging`)."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "plain", "json", "journal"] = "auto"


class Metrics(_Table):
    """Where the daemon leaves its figures for Prometheus' node_exporter; nowhere by default."""

    textfile: Annotated[FilePath, AfterValidator(read_textfile)] | None = None


class Settings(_Table):
    """The whole configuration; `account` in the order of the file."""

    archive: Archive
    account: Annotated[tuple[Account, ...], Field(min_length=1)]
    tags: Tags = Tags()
    limits: Limits = Limits()
    log: Log = Log()
    metrics: Metrics = Metrics()

    def named(self, name: str) -> Account:
        """The account of that name. Raises `ConfigError` with the nearest one, where there is none."""
        found = next((account for account in self.account if account.name == name), None)
        if found is not None:
            return found
        names = [account.name for account in self.account]
        near = nearest(name, names)
        hint = f"did you mean {near}?" if near else f"there are {', '.join(names)}"
        raise ConfigError([f"no account is named {name!r}: {hint}"])

    def rules(self, account: Account | None = None) -> Rules:
        """How the mail of an account is understood; without one, that of files."""
        accounts = (account,) if account else self.account
        own = tuple(a.username.lower() for a in accounts if "@" in a.username)
        return Rules(self.archive.timezone, TagRules(self.tags.words, self.tags.plus, self.tags.addresses or own))


def find(explicit: Path | None) -> Path:
    """The configuration to read: the one named, else `$MAILARCHIVER_CONFIG`, the user's own, the system's.

    Raises:
        ConfigError: there is none; the text names every place that was looked at.
    """
    if explicit is not None:
        return explicit
    if named := os.environ.get("MAILARCHIVER_CONFIG"):
        return Path(named)
    home = Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser()
    places = [home / "mailarchiver/config.toml", Path("/etc/mailarchiver/config.toml")]
    for place in places:
        if place.is_file():
            return place
    looked = ", ".join(str(place) for place in places)
    raise ConfigError([f"no configuration: give one with --config FILE or $MAILARCHIVER_CONFIG (looked at {looked})"])


def load(path: Path) -> Settings:
    """Read and check a configuration; relative paths in it start at its own folder.

    Raises:
        ConfigError: the file cannot be read, or with all that is wrong in it, one problem a line.
    """
    try:
        tables = tomllib.loads(path.read_text("utf-8-sig"))
        private = path.stat().st_mode & 0o077 == 0
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: is no TOML: {error}"]) from error
    except RecursionError as error:
        raise ConfigError([f"{path}: is nested too deeply"]) from error
    problems = between_keys(tables, private=private)
    try:
        settings = Settings.model_validate(tables, context=path.absolute().parent)
    except ValidationError as error:
        problems = of_fields(error.errors(include_url=False, include_input=False), Settings) + problems
    if problems:
        raise ConfigError([f"{path}: {problem}" for problem in problems])
    return settings
