"""What is wrong in a configuration, in plain sentences that start with the key: `account[0].port: must be …`.

Pydantic checks one value at a time, and checks what lies between values only when all of them are right. To tell
everything at once, `between_keys` therefore reads the tables as TOML gave them, and takes nothing for granted.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, get_args

from .text.hosts import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pydantic import BaseModel
    from pydantic_core import ErrorDetails

PASSWORDS = ("password_file", "password_command", "password_credential", "password")
TOKENS = ("token_command", "client_id")
SIGN_IN = ("tenant", "authority", "token_cache")
"""What only a sign-in to Microsoft needs."""
WORDS = {
    "missing": "is missing: it has no default",
    "string_type": "must be a string",
    "string_too_short": "must not be empty",
    "too_short": "must have at least one item",
    "int_type": "must be a whole number",
    "tuple_type": "must be a list",
    "model_type": "must be a table",
}


def of_fields(errors: Sequence[ErrorDetails], model: type[BaseModel]) -> list[str]:
    """Pydantic's findings, one sentence each; an unknown key is told with the nearest known one.

    QUIRK: pydantic counts only the sound items of a list, so one with a bad item is also "too short": left out here.
    """
    parents = {error["loc"][:depth] for error in errors for depth in range(len(error["loc"]))}
    told = [error for error in errors if error["type"] != "too_short" or error["loc"] not in parents]
    return [f"{_path(error['loc'])}: {_sentence(error, model)}" for error in told]


def between_keys(tables: Mapping[str, Any], *, private: bool) -> list[str]:
    """What the values say about each other; `private` tells that only the owner may read the file."""
    accounts = tables.get("account")
    if not isinstance(accounts, list):
        return []
    problems: list[str] = []
    names: dict[str, int] = {}
    for number, account in enumerate(accounts):
        if not isinstance(account, dict):
            continue
        problems += [f"account[{number}]{problem}" for problem in _of_account(account, private=private)]
        name = account.get("name")
        if isinstance(name, str) and names.setdefault(name, number) != number:
            problems.append(f"account[{number}].name: {name!r} is the name of account[{names[name]}] already")
    return problems


def _of_account(account: Mapping[str, Any], *, private: bool) -> Iterator[str]:
    """The problems of one account, each starting with what follows `account[N]`."""
    oauth = account.get("auth") == "oauth2"
    yield from _of_log_in(account, PASSWORDS, TOKENS) if not oauth else _of_log_in(account, TOKENS, PASSWORDS)
    if oauth and "client_id" not in account and (useless := [key for key in SIGN_IN if key in account]):
        yield f".{useless[0]}: is for a sign-in to Microsoft, which needs client_id"
    if "password" in account and not private:
        yield ".password: stands in a file that others may read: chmod 600 the file, or use password_file"
    host, security = account.get("host"), account.get("security")
    if security == "none" and isinstance(host, str) and not is_loopback(host):
        yield f'.security: "none" would send the password to {host} in clear: use "tls" or "starttls"'
    after, folders = account.get("after"), account.get("folders", ["INBOX"])
    target = after.partition(":")[2].strip() if isinstance(after, str) and after.startswith("move:") else None
    if target and isinstance(folders, list) and any(_same_folder(target, folder) for folder in folders):
        yield f".after: moves to {target!r}, which is polled itself: name a folder that is not among `folders`"


def _of_log_in(account: Mapping[str, Any], wanted: Sequence[str], other: Sequence[str]) -> Iterator[str]:
    """Exactly one of the keys that log in as `auth` says, none of those that log in otherwise."""
    given = [key for key in wanted if key in account]
    misspelt = any(nearest(key, wanted) for key in account if key not in (*wanted, *other))
    if len(given) > 1:
        yield f": has {' and '.join(given)}: keep one of them"
    for key in other:
        if key in account and wanted == TOKENS:
            yield f'.{key}: auth = "oauth2" takes no password: keep one of the two'
        elif key in account:
            yield f'.{key}: is for auth = "oauth2": set that, or give a password instead'
    if given or misspelt or any(key in account for key in other):
        return
    if wanted == TOKENS:
        yield ": has no source of tokens: give token_command, or client_id for Microsoft 365"
    else:
        yield f": has no password: give one of {', '.join(PASSWORDS[:-1])}"


def _same_folder(one: str, other: object) -> bool:
    """INBOX (RFC 3501 §5.1) and special uses are the same in any case, other names are compared as written. What a
    pattern fits is known to the server only; the folder that mail is moved to is then left out.
    """
    if not isinstance(other, str):
        return False
    other = other.strip()
    return one == other or (one.upper() == other.upper() and (one.upper() == "INBOX" or one.startswith("\\")))


def _path(location: tuple[int | str, ...]) -> str:
    """`("account", 0, "port")` → `account[0].port`."""
    text = ""
    for step in location:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.removeprefix(".")


def _sentence(error: ErrorDetails, model: type[BaseModel]) -> str:
    if error["type"] == "extra_forbidden":
        near = nearest(str(error["loc"][-1]), list(_model_at(error["loc"][:-1], model).model_fields))
        return f"unknown key; did you mean {near}?" if near else "unknown key"
    if error["type"] in WORDS:
        return WORDS[error["type"]]
    message = error["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    return message[:1].lower() + message[1:]


def nearest(name: str, known: Sequence[str]) -> str | None:
    """The known name that is most like the one written, None where none is like it."""
    return next(iter(difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.7)), None)


def _model_at(location: tuple[int | str, ...], model: type[BaseModel]) -> type[BaseModel]:
    """The model of the table at this place: each step goes down a field, a number into the items of its list."""
    for step in location:
        if isinstance(step, str):
            annotation: Any = model.model_fields[step].annotation
            model = next(iter(get_args(annotation)), annotation)  # tuple[Account, ...] → Account
    return model
