"""`mailarchiver auth`: signing in, from what a person reads to the mail that is filed with it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mailarchiver.cli.app import app
from mailarchiver.errors import ConfigError
from tests.cli.test_poll import mail
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.fixtures import NOON
from tests.servers.other_client import OtherClient
from tests.servers.token_service import CLIENT, TokenService, service

__all__ = ["service"]


@pytest.fixture
def config(tmp_path: Path, service: TokenService) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(
        f"""
[archive]
root = "archive"
[[account]]
name = "articles"
host = "127.0.0.1"
username = "jane"
auth = "oauth2"
client_id = "{CLIENT}"
authority = "{service.authority}"
token_cache = "kept/articles.json"
[[account]]
name = "other"
host = "127.0.0.1"
username = "jane"
password_file = "pw"
"""
    )
    return path


def run(config: Path, *arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["auth", *arguments, "--config", str(config)])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout, done.stderr


def test_signing_in_asking_and_signing_out(config: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept" / "articles.json"
    code, out, err = run(config, "status")
    assert (code, out) == (1, "articles: nobody is signed in\n")
    assert "sign in again: `mailarchiver auth login articles`" in err
    code, out, err = run(config, "login", "articles")
    assert (code, err) == (0, "")
    assert "Open https://example.org/device in any browser, sign in, and enter the code\n\n    ABCD-1234\n" in out
    assert out.endswith(f"articles: jane is signed in; kept in {kept}\n")
    code, out, err = run(config, "status")
    assert (code, err) == (0, "")
    assert re.fullmatch(r"articles: jane, until \d{4}-\d\d-\d\d unless used\n", out)
    code, out, _ = run(config, "status", "--json")
    told = json.loads(out)
    assert (told["account"], told["token_cache"], told["username"]) == ("articles", str(kept), "jane")
    assert (told["warning"], told["signed_in"] < told["ends"]) == (None, True)
    assert run(config, "logout", "articles") == (0, f"articles: {kept} is deleted\n", "")
    assert run(config, "logout", "articles") == (0, "articles: nobody was signed in\n", "")
    assert "access-" not in out


def test_somebody_elses_sign_in_is_told(config: Path, service: TokenService) -> None:
    service.user = "john@example.org"
    code, _, err = run(config, "login", "articles")
    assert code == 0
    assert "the mailbox is that of jane: john@example.org must be allowed to open it" in err


def test_a_sign_in_that_ends_soon_is_told(config: Path, service: TokenService) -> None:
    service.sign_in_lifetime = 3 * 86400
    run(config, "login", "articles")
    code, _, err = run(config, "status")
    assert code == 0
    assert "articles: the sign-in is over in 2 days: sign in again: `mailarchiver auth login articles`" in err


def test_what_a_service_says_does_nothing_to_the_terminal(config: Path, service: TokenService) -> None:
    service.user = "jane\x07\x1bc"
    _, out, err = run(config, "login", "articles")
    assert "articles: janec is signed in" in out
    assert not {"\x07", "\x1b"} & set(out + err)


@pytest.mark.parametrize(
    ("name", "words"),
    [("other", "has no sign-in of its own"), ("artcles", "did you mean articles?")],
)
def test_an_account_that_does_not_sign_in(config: Path, name: str, words: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(words)):
        run(config, "login", name)


def test_a_refusal_ends_with_1_and_its_cure(config: Path, service: TokenService) -> None:
    service.refusal = {"error": "invalid_client", "error_description": "AADSTS7000218: no secret"}
    command = [sys.executable, "-m", "mailarchiver", "auth", "login", "articles", "--config", str(config)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert 'set "Allow public client flows" to Yes' in done.stderr


@pytest.mark.dovecot
def test_from_sign_in_to_filed_mail(config: Path, service: TokenService, tmp_path: Path) -> None:
    """Sign in, poll, poll on when the token is revoked; the sign-in revoked: refused, with the cure."""
    with Dovecot(oauth=service.introspection) as dovecot:
        with OtherClient(dovecot.host, dovecot.port, "jane", PASSWORD) as other:
            other.deliver(mail("tide"), NOON)
        where = f'host = "127.0.0.1"\nport = {dovecot.tls_port}\nca_file = "{dovecot.ca_file}"'
        text = config.read_text().replace('host = "127.0.0.1"', where, 1)
        config.write_text(text.partition('[[account]]\nname = "other"')[0])

        def mailarchiver(*arguments: str) -> subprocess.CompletedProcess[str]:
            command = [sys.executable, "-m", "mailarchiver", *arguments, "--config", str(config)]
            return subprocess.run(command, capture_output=True, text=True, check=False)

        assert "nobody has signed in yet" in mailarchiver("poll").stderr
        assert mailarchiver("auth", "login", "articles").returncode == 0
        assert mailarchiver("poll").stdout == "articles: 1 filed, 0 already filed, 0 failed\n"
        service.active.clear()
        assert mailarchiver("poll").returncode == 0
        checked = mailarchiver("check")
        assert checked.returncode == 0
        assert "ok   articles: login: jane is logged in by OAUTHBEARER" in checked.stdout
        assert "ok   articles: sign-in: the sign-in goes on" in checked.stdout
        service.active.clear()
        service.refresh = "revoked"
        asked = len(service.asked)
        start = time.monotonic()
        refused = mailarchiver("poll")
        assert (refused.returncode, refused.stdout) == (1, "")
        assert "sign in again: `mailarchiver auth login articles`" in refused.stderr
        assert len(service.asked) - asked <= 4, "and no loop"
        assert time.monotonic() - start < 30
        assert "access-" not in refused.stderr
