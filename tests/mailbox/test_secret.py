"""Passwords from files, commands, systemd and the configuration; and what is said when there is none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mailarchiver.errors import MailboxError
from mailarchiver.mailbox import auth
from mailarchiver.mailbox.auth import Secret, read_secret


@pytest.mark.parametrize(
    ("data", "password"),
    [
        (b"secret\n", "secret"),
        (b"secret", "secret"),
        (b"secret\r\n", "secret"),
        (b" two words \n", " two words "),
        (b"first\nlogin: jane\nurl: example.org\n", "first"),
        ("Grüße\n".encode(), "Grüße"),
        (b"\xef\xbb\xbfsecret\n", "secret"),
    ],
)
def test_a_file(tmp_path: Path, data: bytes, password: str) -> None:
    path = tmp_path / "password"
    path.write_bytes(data)
    assert read_secret(Secret(file=path)) == password


def test_a_file_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "password"
    secret = Secret(file=path)
    for password in ("old", "new"):
        path.write_text(password)
        assert read_secret(secret) == password


@pytest.mark.parametrize(("data", "words"), [(b"", "is empty"), (b"\nsecret\n", "is empty"), (b"\xff\n", "UTF-8")])
def test_a_file_without_a_password(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "password"
    path.write_bytes(data)
    with pytest.raises(MailboxError, match=f"password_file .*password: .*{words}"):
        read_secret(Secret(file=path))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MailboxError, match=r"password_file .*: No such file.*readable by the user"):
        read_secret(Secret(file=tmp_path / "password"))


def test_a_command() -> None:
    assert read_secret(Secret(command=(sys.executable, "-c", "print('se cret')"))) == "se cret"


def test_a_command_sees_no_shell_and_no_input() -> None:
    program = "import sys; print(sys.argv[1:], repr(sys.stdin.read()))"
    assert read_secret(Secret(command=(sys.executable, "-c", program, "$HOME;*"))) == "['$HOME;*'] ''"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ((sys.executable, "-c", "import sys; sys.exit('the store is locked')"), r"status 1 \(the store is locked\)"),
        ((sys.executable, "-c", "raise SystemExit(3)"), r"status 3 \(no message\)"),
        ((sys.executable, "-c", ""), "is empty"),
        (("/nowhere/pass", "mail"), "No such file or directory; give the command's full path"),
    ],
)
def test_a_command_that_fails(command: tuple[str, ...], words: str) -> None:
    with pytest.raises(MailboxError, match=f"password_command .*: .*{words}"):
        read_secret(Secret(command=command))


def test_a_command_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "_COMMAND_SECONDS", 0.2)
    with pytest.raises(MailboxError, match=r"no password within 0.2 s"):
        read_secret(Secret(command=(sys.executable, "-c", "import time; time.sleep(60)")))


def test_a_credential_of_systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "articles").write_text("secret\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert read_secret(Secret(credential="articles")) == "secret"
    with pytest.raises(MailboxError, match="password_credential other: No such file"):
        read_secret(Secret(credential="other"))
    with pytest.raises(MailboxError, match="plain file name"):
        read_secret(Secret(credential="../articles"))


def test_a_credential_without_systemd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(MailboxError, match=r"CREDENTIALS_DIRECTORY is not set.*LoadCredential=articles:"):
        read_secret(Secret(credential="articles"))


def test_in_clear() -> None:
    secret = Secret(literal="secret")
    assert read_secret(secret) == "secret"
    assert "secret" not in repr(secret)


def test_none_at_all() -> None:
    with pytest.raises(MailboxError, match="set password_file, password_command or password_credential"):
        read_secret(Secret())
