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


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("one thing\nand another\n\n", "and another"),
        ("gpg: \x1b[31mno\ragent\x07", "gpg: [31mno agent"),
        ("x" * 100_000, "x" * 200),
        ("first\n> Authorization: Bearer s3cr3t\n", "first"),
        ("curl: (22) error 400\n> authorization:Basic s3cr3t==\n< \n", "curl: (22) error 400"),
        ("+ curl -H 'X: Bearer s3cr3t' https://example.org", "no message"),
        ("+ get --password=s3cr3t", "no message"),
        ("PASSWORD = s3cr3t", "no message"),
        ("token=s3cr3t", "no message"),
        ('{"refresh_token": "s3cr3t"}', "no message"),
        ("refresh_token s3cr3t is over", "no message"),
        ("client_secret s3cr3t", "no message"),
        ("the password store is locked", "the password store is locked"),
    ],
)
def test_of_what_a_failing_command_says_only_its_last_words_are_told_and_no_secret(said: str, told: str) -> None:
    program = "import sys; sys.stderr.write(sys.argv[1] * int(sys.argv[2])); sys.exit(1)"
    said, times = (said[:1000], 100) if len(said) > 1000 else (said, 1)
    with pytest.raises(MailboxError) as caught:
        read_secret(Secret(command=(sys.executable, "-c", program, said, str(times))))
    assert f"ended with status 1 ({told}); run it by hand" in str(caught.value)
    assert "s3cr3t" not in str(caught.value)


def test_a_command_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "_COMMAND_SECONDS", 0.2)
    with pytest.raises(MailboxError, match=r"no password within 0.2 s"):
        read_secret(Secret(command=(sys.executable, "-c", "import time; time.sleep(60)")))


def test_a_credential_of_systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "articles").write_text("secret\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert read_secret(Secret(credential="articles")) == "secret"
    with pytest.raises(MailboxError, match=r"password_credential other: .*install-service. again, and then .*restart"):
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
