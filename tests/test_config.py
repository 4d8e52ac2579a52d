"""The configuration: what is taken, what is refused, and that everything wrong is told at once."""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailarchiver import config_values
from mailarchiver.config import Account, Archive, Limits, Log, Metrics, Settings, Tags, find, load
from mailarchiver.errors import ConfigError
from mailarchiver.mailbox.microsoft import Microsoft, Registration
from mailarchiver.mailbox.token_file import TokenFile
from mailarchiver.mailbox.tokens import TokenCommand
from mailarchiver.model import After, Rules, TagRules

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import BaseModel

EXAMPLE = Path(__file__).parents[1] / "config.example.toml"

SOUND = """
[archive]
root = "archive"

[[account]]
name = "articles"
host = "imap.example.org"
username = "jane"
password_file = "secret"
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def write(text: str, mode: int = 0o600) -> Path:
        path = tmp_path / "config.toml"
        path.unlink(missing_ok=True)  # an earlier one may be read-only
        path.write_text(text, "utf-8")
        path.chmod(mode)
        return path

    return write


def problems(path: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(path)
    for problem in caught.value.problems:
        assert problem.startswith(f"{path}: "), "every problem names the file"
    return [problem.removeprefix(f"{path}: ") for problem in caught.value.problems]


def test_the_mark_that_some_editors_begin_a_file_with_is_no_part_of_it(write: Callable[..., Path]) -> None:
    assert load(write("\ufeff" + SOUND)).account[0].name == "articles"


def test_the_least_that_must_be_written(write: Callable[..., Path], tmp_path: Path) -> None:
    settings = load(write(SOUND))
    assert settings.archive == Archive(root=tmp_path / "archive", timezone=ZoneInfo("UTC"), min_free=500_000_000)
    [account] = settings.account
    assert (account.folders, account.after, account.since) == (("INBOX",), After("keep"), None)
    assert (account.interval, account.push) == (timedelta(minutes=5), True)
    assert settings.limits == Limits(mail_time=timedelta(seconds=10), mail_memory=2**30)
    assert (settings.log.level, settings.log.format) == ("info", "auto")
    assert settings.metrics.textfile is None


def test_everything_that_can_be_written(write: Callable[..., Path], tmp_path: Path) -> None:
    text = """
    [archive]
    root = "/srv/archive"
    timezone = "Europe/Berlin"
    min_free = "2 GiB"
    [[account]]
    name = "articles"
    host = "localhost"
    port = 1143
    security = "none"
    ca_file = "certs/ca.pem"
    username = "jane"
    password_command = ["pass", "show", "mail"]
    folders = ["INBOX", "Artículos", "Articles/*", '\\Flagged']
    after = "move:Filed/Articles: 2024"
    since = "2024-03-01"
    interval = "1h 30m"
    push = false
    [limits]
    mail_time = "90s"
    mail_memory = "2 GB"
    [log]
    level = "debug"
    """
    settings = load(write(text))
    assert settings.archive == Archive(root=Path("/srv/archive"), timezone=ZoneInfo("Europe/Berlin"), min_free=2**31)
    [account] = settings.account
    assert account.after == After("move", "Filed/Articles: 2024")
    assert account.folders == ("INBOX", "Artículos", "Articles/*", r"\Flagged")
    assert (account.since, account.interval) == (date(2024, 3, 1), timedelta(minutes=90))
    assert account.push is False
    assert account.ca_file == tmp_path / "certs/ca.pem"
    assert account.password_command == ("pass", "show", "mail")
    assert settings.limits == Limits(mail_time=timedelta(seconds=90), mail_memory=2 * 10**9)


@pytest.mark.parametrize(
    ("security", "port", "expected"),
    [("tls", None, 993), ("starttls", None, 143), ("none", None, 143), ("tls", 10993, 10993)],
)
def test_the_port_follows_from_the_security(
    write: Callable[..., Path], security: str, port: int | None, expected: int
) -> None:
    text = SOUND.replace("imap.example.org", "127.0.0.1") + f'security = "{security}"\n'
    [account] = load(write(text + (f"port = {port}\n" if port else ""))).account
    server = account.server()
    assert (server.host, server.port, server.security, server.username) == ("127.0.0.1", expected, security, "jane")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('password_file = "secret"', ("file", "{folder}/secret")),
        ('password_file = "/run/secret"', ("file", "/run/secret")),
        ('password_command = ["pass", "x"]', ("command", "('pass', 'x')")),
        ('password_credential = "articles"', ("credential", "articles")),
        ('password = " with spaces "', ("literal", " with spaces ")),
    ],
)
def test_the_password_is_passed_on_unread(
    write: Callable[..., Path], tmp_path: Path, line: str, expected: tuple[str, str]
) -> None:
    [account] = load(write(SOUND.replace('password_file = "secret"', line))).account
    credentials = account.credentials()
    assert isinstance(credentials, partial)
    [secret] = credentials.args
    given = {name: getattr(secret, name) for name in ("file", "command", "credential", "literal")}
    given = {name: str(value) for name, value in given.items() if value}
    assert given == {expected[0]: expected[1].format(folder=tmp_path)}


OAUTH = SOUND.replace('password_file = "secret"', 'auth = "oauth2"')


def test_a_command_that_prints_tokens(write: Callable[..., Path]) -> None:
    [account] = load(write(OAUTH + 'token_command = ["oama", "access", "jane"]\n')).account
    assert account.credentials() == TokenCommand(("oama", "access", "jane"))
    with pytest.raises(ConfigError, match="account articles: has no sign-in of its own"):
        account.microsoft()


def test_a_sign_in_to_microsoft(write: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = OAUTH + 'client_id = "8d3f-1"\n'
    [account] = load(write(text + 'tenant = "consumers"\ntoken_cache = "kept.json"\n')).account
    app = Registration("8d3f-1", "consumers", "https://login.microsoftonline.com")
    assert account.credentials() == Microsoft("articles", app, TokenFile(tmp_path / "kept.json"))
    [account] = load(write(text)).account
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/one:/var/lib/two")
    assert account.microsoft().file == TokenFile(Path("/var/lib/one/articles.token.json"))
    monkeypatch.delenv("STATE_DIRECTORY")
    monkeypatch.setenv("XDG_STATE_HOME", "/home/jane/state")
    assert account.microsoft().file == TokenFile(Path("/home/jane/state/mailarchiver/articles.token.json"))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (OAUTH, "account[0]: has no source of tokens: give token_command, or client_id for Microsoft 365"),
        (OAUTH + 'token_command = ["x"]\nclient_id = "1"', "account[0]: has token_command and client_id: keep one"),
        (OAUTH + 'password_file = "x"', 'account[0].password_file: auth = "oauth2" takes no password'),
        (OAUTH + 'token_command = ["x"]\ntenant = "x"', "account[0].tenant: is for a sign-in to Microsoft"),
        (OAUTH + 'client_id = "1"\nauthority = "http://example.org"', "account[0].authority: "),
        (OAUTH + 'client_id = "a b"', "account[0].client_id: "),
        (OAUTH + "token_command = []", "account[0].token_command: must have at least one item"),
        (OAUTH + 'tokn_command = ["x"]', "account[0].tokn_command: unknown key; did you mean token_command?"),
        (SOUND + 'client_id = "1"', 'account[0].client_id: is for auth = "oauth2"'),
        (SOUND + 'auth = "xoauth2"', "account[0].auth: must be 'password' or 'oauth2'"),
    ],
)
def test_a_problem_with_a_log_in_is_told_once(write: Callable[..., Path], text: str, problem: str) -> None:
    [found] = problems(write(text))
    assert found.startswith(problem)


def test_a_clear_password_is_not_shown(write: Callable[..., Path]) -> None:
    settings = load(write(SOUND.replace('password_file = "secret"', 'password = "hush-hush"')))
    assert "hush-hush" not in repr(settings)


def test_a_clear_password_needs_a_private_file(write: Callable[..., Path]) -> None:
    text = SOUND.replace('password_file = "secret"', 'password = "hush-hush"')
    assert load(write(text, 0o400)).account[0].password is not None
    [problem] = problems(write(text, 0o640))
    assert problem.startswith("account[0].password: ")
    assert "chmod 600" in problem
    assert "hush-hush" not in problem


def test_all_problems_at_once(write: Callable[..., Path]) -> None:
    text = """
    speed = 9
    [archive]
    root = "archive"
    timezne = "UTC"
    min_free = "5 parsecs"
    [[account]]
    name = "a"
    host = "imap.example.org"
    username = "jane"
    pasword_file = "x"
    security = "none"
    after = "move:inbox"
    [[account]]
    name = "a"
    host = "imap.example.org:993"
    port = "993"
    username = ""
    password_file = "x"
    password_command = []
    folders = ["INBOX", 3]
    after = "delete"
    interval = 5
    since = 2024-03-01T10:00:00
    [log]
    level = "loud"
    """
    found = problems(write(text))
    for beginning in (
        "speed: unknown key",
        "archive.timezne: unknown key; did you mean timezone?",
        "archive.min_free: must be a size",
        "account[0].pasword_file: unknown key; did you mean password_file?",
        'account[0].security: "none" would send the password',
        "account[0].after: moves to 'inbox', which is polled itself",
        "account[1].name: 'a' is the name of account[0] already",
        "account[1].host: must be a host name alone",
        "account[1].port: must be a whole number",
        "account[1].username: must not be empty",
        "account[1].password_command: must have at least one item",
        "account[1]: has password_file and password_command: keep one of them",
        "account[1].folders[1]: must be a string",
        'account[1].after: must be "keep", "seen", "flag" or "move:FOLDER"',
        "account[1].interval: must be a duration",
        "account[1].since: must be a day",
        "log.level: must be 'debug', 'info', 'warning' or 'error'",
    ):
        assert sum(problem.startswith(beginning) for problem in found) == 1, beginning
    assert len(found) == 17, "and nothing is told that follows from another problem"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "archive: is missing"),
        ('[archive]\nroot = "x"\naccount = []', "archive.account: unknown key"),
        ('account = []\n[archive]\nroot = "x"', "account: must have at least one item"),
        ('account = "x"\n[archive]\nroot = "x"', "account: must be a list"),
        ('account = [3]\n[archive]\nroot = "x"', "account[0]: must be a table"),
        (SOUND.replace('password_file = "secret"', ""), "account[0]: has no password: give one of password_file,"),
        (SOUND.replace("[archive]", "[archive"), "is no TOML"),
        (SOUND + 'name = "again"', "is no TOML"),
        ("x = " + "[" * 100_000, "is nested too deeply"),
        (SOUND.replace('name = "articles"', 'name = "../x"'), "account[0].name: "),
        (SOUND.replace("imap.example.org", "imaps://imap.example.org"), "account[0].host: must be a host name"),
        (SOUND + "port = 65536", "account[0].port: must be less than or equal to 65535"),
        (SOUND + "port = true", "account[0].port: must be a whole number"),
        (SOUND + 'since = "2024-02-30"', "account[0].since: is no day of the calendar"),
        (SOUND + 'after = "move:"', "account[0].after: must be "),
        (SOUND + 'interval = "0s"', "account[0].interval: must be at least 1s"),
        (SOUND + "folders = ['\\All Mail']", "account[0].folders[0]: must be a folder's name, or a special use"),
        (SOUND + "after = 'move:\\'", "account[0].after: must be a folder's name, or a special use"),
        (
            SOUND + "folders = ['\\archive']\nafter = 'move:\\Archive'",
            r"account[0].after: moves to '\\Archive', which is polled itself",
        ),
        (SOUND + 'receipt = "yes"', 'account[0].receipt: must be "off", "inbox" or "folder:NAME"'),
        (SOUND + 'receipt = "folder:"', 'account[0].receipt: must be "off", "inbox" or "folder:NAME"'),
        (SOUND + "receipt = 'folder:\\Archive'", 'account[0].receipt: must be "off", "inbox" or "folder:NAME"'),
        (SOUND + "receipt = []", 'account[0].receipt: must be "off", "inbox" or "folder:NAME"'),
        (SOUND + "receipt = 3", 'account[0].receipt: must be "off", "inbox" or "folder:NAME"'),
        (SOUND + 'push = "yes"', "account[0].push: must be a valid boolean"),
        (SOUND + "folders = []", "account[0].folders: must have at least one item"),
        (SOUND + '[metrics]\ntextfile = "x.txt"', "metrics.textfile: must be the path of a file whose name ends in"),
        (SOUND + '[limits]\nmail_memory = "1 MB"', "limits.mail_memory: must be greater than or equal to "),
        (
            SOUND.replace('"archive"', '"archive"\ntimezone = "Europe"'),
            "archive.timezone: must be the name of a time zone",
        ),
        (
            SOUND.replace('"archive"', '"archive"\ntimezone = "../UTC"'),
            "archive.timezone: must be the name of a time zone",
        ),
        (SOUND.replace('"archive"', '"~nobody-of-this-name/x"'), "archive.root: names a home folder that is unknown"),
    ],
)
def test_a_problem_names_its_key(write: Callable[..., Path], text: str, problem: str) -> None:
    assert any(found.startswith(problem) for found in problems(write(text))), problems(write(text))


def test_a_pattern_may_fit_the_folder_that_mail_is_moved_to(write: Callable[..., Path]) -> None:
    """It is left out in each round."""
    [account] = load(write(SOUND + 'folders = ["*"]\nafter = "move:Archived"')).account
    assert (account.folders, account.after) == (("*",), After("move", "Archived"))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.1", "::1", "LOCALHOST"])
def test_no_security_is_for_loopback(write: Callable[..., Path], host: str) -> None:
    assert load(write(SOUND.replace("imap.example.org", host) + 'security = "none"')).account[0].security == "none"


@pytest.mark.parametrize("host", ["localhost.example.org", "10.0.0.1", "127.0.0.1.example.org", "::ffff:10.0.0.1"])
def test_no_security_is_for_nothing_else(write: Callable[..., Path], host: str) -> None:
    found = problems(write(SOUND.replace("imap.example.org", host) + 'security = "none"'))
    assert any(problem.startswith("account[0].security: ") for problem in found)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    assert problems(tmp_path / "missing.toml") == ["cannot be read: No such file or directory"]
    assert problems(tmp_path) == ["cannot be read: Is a directory"]
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b'x = "\xe9"')
    assert problems(latin)[0].startswith("is no TOML")


def test_settings_are_frozen(write: Callable[..., Path]) -> None:
    settings = load(write(SOUND))
    with pytest.raises(ValueError, match="frozen"):
        settings.archive.root = Path("/")


def test_where_a_configuration_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own, named = tmp_path / "xdg/mailarchiver/config.toml", tmp_path / "named.toml"
    own.parent.mkdir(parents=True)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("MAILARCHIVER_CONFIG", str(named))
    assert find(Path("given.toml")) == Path("given.toml")
    assert find(None) == named
    monkeypatch.delenv("MAILARCHIVER_CONFIG")
    own.touch()
    assert find(None) == own
    own.unlink()
    if not Path("/etc/mailarchiver/config.toml").exists():
        with pytest.raises(ConfigError, match=re.escape(str(own))):
            find(None)


# --- config.example.toml --------------------------------------------------------------------------------------------


def uncommented(*, without: frozenset[str]) -> str:
    """The example with the keys that it shows commented out put in force."""
    lines = EXAMPLE.read_text("utf-8").splitlines()
    shown = (re.fullmatch(r"#(\w+) = .+", line) for line in lines)
    return "\n".join(
        line[1:] if match and match[1] not in without else line for line, match in zip(lines, shown, strict=True)
    )


def test_the_example_is_sound() -> None:
    settings = load(EXAMPLE)
    assert [account.name for account in settings.account] == ["articles"]


def test_the_example_shows_the_defaults() -> None:
    """What is commented out changes nothing when it is put in force, but for the keys that have no default."""
    no_default = frozenset(
        {"port", "ca_file", "since", "password", "password_command", "password_credential", "addresses"}
        | {"token_command", "client_id", "token_cache", "textfile"}
    )
    assert "\n#" in EXAMPLE.read_text("utf-8")
    settings = Settings.model_validate(_tables(uncommented(without=no_default)), context=EXAMPLE.parent)
    assert settings == load(EXAMPLE)


@pytest.mark.parametrize("model", [Archive, Account, Tags, Limits, Log, Metrics])
def test_the_example_shows_every_key(model: type[BaseModel]) -> None:
    shown = set(re.findall(r"^#?(\w+) = ", EXAMPLE.read_text("utf-8"), re.MULTILINE))
    assert set(model.model_fields) <= shown


def test_the_example_shows_no_other_key() -> None:
    keys = {key for model in (Archive, Account, Tags, Limits, Log, Metrics) for key in model.model_fields}
    assert set(re.findall(r"^#?(\w+) = ", EXAMPLE.read_text("utf-8"), re.MULTILINE)) <= keys


def _tables(text: str) -> dict[str, Any]:
    import tomllib

    return tomllib.loads(text)


# --- values ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("500 MB", 500_000_000),
        ("1GiB", 2**30),
        ("1.5 kB", 1500),
        ("0", 0),
        (4096, 4096),
        ("7 b", 7),
        ("0.1 TB", 10**11),
    ],
)
def test_sizes(text: object, size: int) -> None:
    assert config_values.read_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "MB", "-1 MB", "1 XB", "1,5 MB", "1e3", True, 1.5, None, "٣ MB", -1, "9999999 TiB"]
)
def test_no_sizes(text: object) -> None:
    with pytest.raises(ValueError, match="must be"):
        config_values.read_size(text)


@given(st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(days=366)))
def test_durations(span: timedelta) -> None:
    days, (hours, rest) = span.days, divmod(span.seconds, 3600)
    text = f"{days}d {hours}h{rest // 60}m {rest % 60}s"
    assert config_values.read_duration(text) == timedelta(days=span.days, seconds=span.seconds)


@pytest.mark.parametrize("text", ["", "5", "5 minutes", "m", "-5m", "0s", "367d", 300, None, "5m,", "1.5h"])
def test_no_durations(text: object) -> None:
    with pytest.raises(ValueError, match="must be"):
        config_values.read_duration(text)


@given(st.one_of(st.text(), st.integers(), st.none(), st.floats(), st.lists(st.text())))
def test_no_value_surprises(value: object) -> None:
    """Whatever TOML gives, a reader takes it or says in words what is wrong."""
    for read in (
        config_values.read_size,
        config_values.read_duration,
        config_values.read_day,
        config_values.read_zone,
        config_values.read_after,
        config_values.read_host,
    ):
        try:
            read(value)
        except ValueError as error:
            assert str(error)  # noqa: PT017 - taking the value is as good


def test_the_tags_of_an_account_are_those_of_its_own_address() -> None:
    settings = load(EXAMPLE)
    assert settings.rules(settings.account[0]) == Rules(ZoneInfo("UTC"), TagRules(addresses=("articles@example.org",)))


def test_which_tags_count_can_be_chosen(write: Callable[..., Path]) -> None:
    settings = load(write(SOUND + '[tags]\nwords = false\naddresses = ["Archive@Example.org"]\n'))
    assert settings.rules(settings.account[0]).tags == TagRules(words=False, addresses=("archive@example.org",))


@pytest.mark.parametrize("address", ["archive", "archive+x@example.org", ""])
def test_an_address_of_tags_is_one_without_plus(write: Callable[..., Path], address: str) -> None:
    (problem,) = problems(write(SOUND + f'[tags]\naddresses = ["{address}"]\n'))
    assert problem.startswith("tags.addresses[0]: ")


@pytest.mark.parametrize(
    ("text", "folder"), [("off", None), ("inbox", "INBOX"), ("folder:Receipts", "Receipts"), ("folder: A/B ", "A/B")]
)
def test_where_receipts_go(text: str, folder: str | None, write: Callable[..., Path]) -> None:
    assert load(write(f'{SOUND}\nreceipt = "{text}"')).account[0].receipt == folder
