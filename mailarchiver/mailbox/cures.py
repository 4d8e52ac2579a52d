"""What to do about a log-in, or an access, that was refused: the table cures.toml, by host and the server's words."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, Literal

_ANY = {
    "password": "check username and password; many providers want an app password, made in the account's settings",
    "token": "check username, and that the token is for IMAP",
}


def login_cure(host: str, port: int, words: str, kind: Literal["password", "token"]) -> str:
    """What to do where the server at `host` refused a password, or an access token, in these words."""
    of_provider = (row for row in _table()["provider"] if _is_of(host, port, row["hosts"]))
    return answer_cure(host, port, words) or str(next(of_provider, {}).get(kind) or _ANY[kind])


def answer_cure(host: str, port: int, words: str) -> str | None:
    """What to do about a refusal in these words; None where they say nothing that the table knows."""
    for answer in _table()["answer"]:
        if _is_of(host, port, answer.get("hosts")) and re.search(answer["pattern"], words, re.IGNORECASE):
            return str(answer["cure"])
    return None


def sign_in_cure(words: str) -> str | None:
    """What to do about an answer of Microsoft's token service; None where the table does not know it."""
    rows = _table()["sign_in"]
    return next((str(row["cure"]) for row in rows if re.search(row["pattern"], words)), None)


def _is_of(host: str, port: int, hosts: list[str] | None) -> bool:
    """Whether a host is one of these, or below one of these."""
    if hosts is None:
        return True
    name = host.lower().rstrip(".")
    return any(each in {name, f"{name}:{port}"} or name.endswith(f".{each}") for each in hosts)


@cache
def _table() -> dict[str, list[dict[str, Any]]]:
    return tomllib.loads(files(__package__).joinpath("cures.toml").read_text("utf-8"))
