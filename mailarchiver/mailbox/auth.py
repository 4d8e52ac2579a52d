"""Where a password comes from: a file, a command, a systemd credential, or the configuration itself.

It is read anew for every connection, so that a changed one takes effect without a restart, and is kept nowhere.
"""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import MailboxError
from ..text.terminal import line

_COMMAND_SECONDS = 60
"""A password manager may ask a person; it may not hold up the mailbox for ever."""

_WORDS = 200
"""Characters of what a failing command says that are told."""

_CREDENTIALS = re.compile(
    r"authorization\b|\b(?:bearer|basic)\s|(?:token|secret|passw(?:or)?d|pass|pwd|assertion|api_?key)[\"']?\s*[=:]"
    r"|(?:refresh|access|id)[_-]?token|client_secret|\bya29\.|\beyJ",
    re.IGNORECASE,
)
"""What a line looks like that has a password or token in it."""


@dataclass(frozen=True, slots=True)
class Secret:
    """Where to read a password from; exactly one is set.

    `credential` names a file in `$CREDENTIALS_DIRECTORY` (systemd's LoadCredential=). `command` is run without a
    shell and without standard input.
    """

    file: Path | None = None
    command: tuple[str, ...] | None = None
    credential: str | None = None
    literal: str | None = field(default=None, repr=False)


def read_secret(secret: Secret) -> str:
    """The password: the first line of what the source holds, without its line end (as `pass show` prints it).

    White space within the line is kept: it may belong to the password.

    Raises:
        MailboxError: the source cannot be read, or is empty; the text names it and the cure, never the password.
    """
    if secret.literal is not None:
        return secret.literal
    if secret.file is not None:
        return _first_line(_read(secret.file, f"password_file {secret.file}"), f"password_file {secret.file}")
    if secret.credential is not None:
        return _from_credential(secret.credential)
    if secret.command:
        return run_command(secret.command, f"password_command {secret.command[0]}", "password", _COMMAND_SECONDS)
    raise MailboxError("no password is configured: set password_file, password_command or password_credential")


NOT_HANDED_OVER = (
    "systemd did not hand it over, which it does at a start only: run `sudo mailarchiver install-service` again, and "
    "then `sudo systemctl restart mailarchiver`"
)


def _from_credential(name: str) -> str:
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    if directory is None:
        raise MailboxError(
            f"password_credential {name}: $CREDENTIALS_DIRECTORY is not set; systemd sets it for a service whose unit "
            f"says LoadCredential={name}:/path/of/the/password. Elsewhere use password_file"
        )
    if Path(name).name != name:
        raise MailboxError(f"password_credential {name}: a credential's name is a plain file name, without a path")
    if not (Path(directory) / name).exists():
        raise MailboxError(f"password_credential {name}: {NOT_HANDED_OVER}")
    return _first_line(_read(Path(directory) / name, f"password_credential {name}"), f"password_credential {name}")


def handed_over() -> frozenset[str]:
    """The names of the credentials that systemd handed over, when it started us."""
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    try:
        return frozenset(path.name for path in Path(directory).iterdir()) if directory else frozenset()
    except OSError:  # there is none: a unit without LoadCredential=
        return frozenset()


def run_command(command: tuple[str, ...], what: str, wanted: str, seconds: float) -> str:
    """The first line of what a command prints; it is run without a shell and without standard input.

    Raises:
        MailboxError: it cannot be run, fails, prints nothing, or takes longer than `seconds`. The text has the
            last of what it wrote to standard error, and never what it printed: that may be the secret.
    """
    try:
        status, out, said = _run(command, seconds)
    except subprocess.TimeoutExpired as error:
        raise MailboxError(f"{what}: no {wanted} within {seconds:g} s; run it by hand to see why") from error
    except OSError as error:
        raise MailboxError(f"{what}: {error.strerror}; give the command's full path") from error
    if status != 0:
        words = _last_words(said) or "no message"
        raise MailboxError(f"{what}: ended with status {status} ({words}); run it by hand to see why")
    return _first_line(out, what, wanted)


def _last_words(said: bytes) -> str:
    """The last line that has something to say, cut short; none that looks as if a secret were in it is told.

    QUIRK: `curl -v` writes the headers that it sends to standard error, `sh -x` the commands with their arguments.
    """
    lines = (line(each) for each in said.decode("utf-8", "replace").split("\n"))
    told = [each for each in lines if any(map(str.isalnum, each)) and not _CREDENTIALS.search(each)]
    return told[-1][:_WORDS] if told else ""


def _run(command: tuple[str, ...], seconds: float) -> tuple[int, bytes, bytes]:
    """Exit status, output and errors. Raises `OSError`, `subprocess.TimeoutExpired`.

    QUIRK: `subprocess.run` waits after its time-out until nobody holds the pipes: a grandchild may for ever.
    """
    pipe = subprocess.PIPE
    with subprocess.Popen(  # noqa: S603 - the owner's own configuration names it, and no shell is involved
        command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe
    ) as process:
        try:
            out, said = process.communicate(timeout=seconds)
        except BaseException:
            process.kill()
            raise
        return process.returncode, out, said


def _read(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise MailboxError(
            f"{what}: {error.strerror}; it must hold the password, readable by the user that runs mailarchiver"
        ) from error


def _first_line(data: bytes, what: str, wanted: str = "password") -> str:
    try:
        text = data.decode("utf-8-sig")  # editors of some systems begin a file with a byte order mark
    except UnicodeDecodeError as error:
        raise MailboxError(f"{what}: is not UTF-8 text; save it as UTF-8") from error
    first = text.split("\n", 1)[0].removesuffix("\r")
    if not first:
        raise MailboxError(f"{what}: is empty; its first line must be the {wanted}")
    return first
