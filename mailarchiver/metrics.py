"""How the service is, as figures for Prometheus: the text format 0.0.4, in a file for node_exporter's textfile
collector.

::

    Status ─ exposition ─▶ text ─ write ─▶ mailarchiver.prom      whole or not at all: the collector may come any time

A figure that is not known is left out: an alert on it then has no value, which `absent()` finds. Times are Unix
seconds, no sample has a timestamp of its own (the collector refuses them). Counters outlive the daemon, as it takes
them over from status.json; they begin anew where that was deleted.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from .errors import StoreError
from .health import Health
from .status import Status

MODE = 0o644
"""The collector runs as another user."""
Value = float | int | datetime | None


@dataclass(frozen=True, slots=True)
class _Family:
    """A metric: its name without the prefix, what it is, in words and for Prometheus, and where its value is found."""

    name: str
    kind: Literal["gauge", "counter"]
    help: str


@dataclass(frozen=True, slots=True)
class _Overall(_Family):
    value: Callable[[Status], Value]


@dataclass(frozen=True, slots=True)
class _PerAccount(_Family):
    value: Callable[[Health], Value]


OVERALL = (
    _Overall("status_timestamp_seconds", "gauge", "When the daemon last said how it is.", lambda s: s.written),
    _Overall("start_time_seconds", "gauge", "When the daemon was started.", lambda s: s.started),
    _Overall("articles", "gauge", "Articles in the archive.", lambda s: s.articles),
    _Overall("quarantined_messages", "gauge", "Mails that lie in quarantine.", lambda s: s.quarantined),
    _Overall("disk_free_bytes", "gauge", "What may still be written to the archive's disk.", lambda s: s.disk_free),
    _Overall(
        "last_check_timestamp_seconds",
        "gauge",
        "When the weekly check of the archive last went through.",
        lambda s: s.verified.at if s.verified else None,
    ),
    _Overall(
        "checked_articles",
        "gauge",
        "Articles that the last weekly check read.",
        lambda s: s.verified.articles if s.verified else None,
    ),
    _Overall(
        "damaged_articles",
        "gauge",
        "Articles that it found damaged and that are not mended yet.",
        lambda s: len(s.verified.damaged) if s.verified else None,
    ),
    _Overall(
        "pages_trouble_since_timestamp_seconds",
        "gauge",
        "Since when browse pages and search index cannot be brought up to date.",
        lambda s: s.pages.since if s.pages else None,
    ),
)
PER_ACCOUNT = (
    _PerAccount(
        "interval_seconds", "gauge", "The time from one round to the next, as configured.", lambda h: h.interval
    ),
    _PerAccount("last_try_timestamp_seconds", "gauge", "When a round last ended, well or not.", lambda h: h.last_try),
    _PerAccount("last_success_timestamp_seconds", "gauge", "When a round last went through.", lambda h: h.last_success),
    _PerAccount("last_mail_timestamp_seconds", "gauge", "When a mail was last filed.", lambda h: h.last_mail),
    _PerAccount("lag_seconds", "gauge", "How long the last filed mail had lain in the mailbox.", lambda h: h.lag),
    _PerAccount(
        "backlog_messages", "gauge", "Messages known to be in the mailbox and not yet filed.", lambda h: h.backlog
    ),
    _PerAccount(
        "in_trouble", "gauge", "1 while something is wrong with the account, else 0.", lambda h: int(bool(h.error))
    ),
    _PerAccount("trouble_since_timestamp_seconds", "gauge", "Since when something is wrong.", lambda h: h.error_since),
    _PerAccount(
        "failures_in_a_row", "gauge", "Rounds that have failed since the last that did not.", lambda h: h.failures
    ),
    _PerAccount("sign_in_end_timestamp_seconds", "gauge", "When the OAuth 2.0 sign-in ends.", lambda h: h.token_ends),
    _PerAccount("filed_messages_total", "counter", "Mails that were filed.", lambda h: h.filed_total),
    _PerAccount("rounds_total", "counter", "Rounds that ended, well or not.", lambda h: h.rounds_total),
    _PerAccount("failed_rounds_total", "counter", "Rounds that failed.", lambda h: h.failed_total),
)


def exposition(status: Status) -> str:
    """All figures. Those of one metric stand together, below its HELP and TYPE."""
    lines = [
        *_family(_Family("info", "gauge", "Which program it is."), [(f'{{version="{_quoted(status.version)}"}}', 1)])
    ]
    for overall in OVERALL:
        lines += _family(overall, [("", overall.value(status))])
    for each in PER_ACCOUNT:
        samples = [
            (f'{{account="{_quoted(name)}"}}', each.value(health)) for name, health in sorted(status.accounts.items())
        ]
        lines += _family(each, samples)
    return "".join(f"{line}\n" for line in lines)


def write(path: Path, status: Status) -> None:
    """Replace the file, readable by everybody.

    Not synced to disk: after a power cut it is made again. Raises `StoreError` with path and cure.
    """
    new = path.with_name(f".{path.name}.new")  # the collector takes `*.prom` only
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        with os.fdopen(os.open(new, flags, MODE), "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), MODE)
            file.write(exposition(status))
        os.replace(new, path)  # noqa: PTH105 - what is written here is not below the archive
    except OSError as error:
        cure = "let mailarchiver write to its folder, or take metrics.textfile out of the configuration"
        raise StoreError(f"{path}: the figures cannot be written ({error.strerror}): {cure}") from error


def _family(family: _Family, samples: Iterable[tuple[str, Value]]) -> Iterator[str]:
    known = [(labels, value) for labels, value in samples if value is not None]
    if known:
        name = f"mailarchiver_{family.name}"
        yield f"# HELP {name} {family.help}"
        yield f"# TYPE {name} {family.kind}"
        for labels, value in known:
            yield f"{name}{labels} {_number(value)}"


def _number(value: float | datetime) -> str:
    return repr(value.timestamp()) if isinstance(value, datetime) else repr(value)


def _quoted(text: str) -> str:
    r"""A label's value: only `\`, `"` and the line feed are written otherwise."""
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
