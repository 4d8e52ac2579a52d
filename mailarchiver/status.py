"""How the service is, as one process tells it and another reads it: `.mailarchiver/status.json`, format 1.

::

    Rounds ─ Health of each account ─▶ Status ─ as_json ─▶ status.json ─ read ─▶ Status ─ alarms(now) ─▶ exit 0 or 1
                                         └──── metrics.exposition ─▶ a file for node_exporter

Silence is an alarm: what is judged is when something was last done, and by a clock that is passed in. So a daemon that
died, one that hangs, and one that was never started look alike to whoever asks. Nothing here writes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from .archive.layout import Layout
from .errors import ServiceSilent
from .health import Health, stamp
from .text.wording import counted, moment_in_words, span_in_words

FORMAT = 1
INTERVALS = 3
"""An account with which nothing went well for so many of its intervals is an alarm."""
LONGEST_INTERVAL = 366 * 86400
CHECK_PATIENCE = timedelta(weeks=5)
"""So long may the weekly check not have gone through."""
CHECK_GRACE = timedelta(hours=6)
"""So long the daemon has from its start to make up for a check: it may have been switched off for months."""
_MOMENTS = ("since", "last_try", "last_success", "last_mail", "active", "error_since", "token_ends")


@dataclass(frozen=True, slots=True)
class Verified:
    """The last weekly check of a part of the archive (archive/sample.py): of which week, when, how many articles were
    read, and the ids of those that are damaged, until they are mended.
    """

    week: int
    at: datetime
    articles: int
    damaged: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """As it stands in status.json."""
        return {**asdict(self), "at": stamp(self.at)}


@dataclass(frozen=True, slots=True)
class Behind:
    """Why browse pages and search index cannot be brought up to date, and since when."""

    error: str
    since: datetime

    def as_dict(self) -> dict[str, object]:
        """As it stands in status.json."""
        return {"error": self.error, "since": stamp(self.since)}


@dataclass(frozen=True, slots=True)
class Status:
    """How the service was when it said so (`written`); the daemon runs since `started`. `disk_free` are octets of
    the archive's disk, None where that is not known; `pages` is None while they are brought up to date as they should.
    """

    written: datetime
    started: datetime
    version: str
    articles: int
    quarantined: int
    disk_free: int | None
    accounts: Mapping[str, Health] = field(default_factory=dict)
    verified: Verified | None = None
    pages: Behind | None = None

    def as_json(self) -> dict[str, object]:
        """As it stands in status.json."""
        return {
            "format": FORMAT,
            "written": stamp(self.written),
            "started": stamp(self.started),
            "version": self.version,
            "articles": self.articles,
            "quarantined": self.quarantined,
            "disk_free": self.disk_free,
            "verified": self.verified.as_dict() if self.verified else None,
            "pages": self.pages.as_dict() if self.pages else None,
            "accounts": {name: health.as_dict() for name, health in self.accounts.items()},
        }


_ADAPTER = TypeAdapter(Status)


def of_json(text: bytes) -> Status:
    """What status.json says. Raises `ValueError`: it says something else; unknown keys are left aside."""
    told = json.loads(text)
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise ValueError(f"it is not of format {FORMAT}, which this program knows")
    try:
        status = _ADAPTER.validate_python(told)
    except ValidationError as error:
        keys = {".".join(map(str, each["loc"])) for each in error.errors(include_url=False, include_input=False)}
        raise ValueError(f"{', '.join(sorted(keys))}: not as mailarchiver writes it") from error
    _require_sense(status)
    return status


def _require_sense(status: Status) -> None:
    """What types do not say. Raises `ValueError`."""
    moments = [status.written, status.started, *([status.verified.at] if status.verified else [])]
    moments += [status.pages.since] if status.pages else []
    for health in status.accounts.values():
        moments += [moment for name in _MOMENTS if (moment := getattr(health, name)) is not None]
        if not 0 < health.interval <= LONGEST_INTERVAL:
            raise ValueError("interval: not as mailarchiver writes it")
    if any(moment.tzinfo is None for moment in moments):
        raise ValueError("a time lacks its offset")


def read(root: Path) -> Status:
    """What the daemon last said of the archive at `root`. Nothing else of the archive need be readable.

    Raises:
        ServiceSilent: there is no such file, it cannot be read, or it is damaged; the text says what to do.
    """
    path = Layout(root).status
    try:
        return of_json(path.read_bytes())
    except FileNotFoundError as error:
        raise ServiceSilent(f"{path} is missing: no daemon has run there yet; start `mailarchiver run`") from error
    except PermissionError as error:
        cure = "the archive's owner and its group may read it"
        raise ServiceSilent(f"{path} cannot be read: {error.strerror}; {cure}") from error
    except OSError as error:
        raise ServiceSilent(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ServiceSilent(f"{path} is damaged ({error}): the daemon writes it anew after its next round") from error


def carried(root: Path) -> Status | None:
    """What an earlier daemon knew, for the next one; nothing where it left nothing."""
    try:
        return read(root)
    except ServiceSilent:  # the first start, or somebody deleted it: everything begins anew
        return None


def alarms(status: Status, now: datetime, configured: Iterable[str] = ()) -> list[str]:
    """What is wrong, in sentences; empty where the service is well. `configured` are accounts that should be watched.

    A time that lies ahead of `now` by as much tells no more than one that lies as far back: a clock was set.
    """
    shortest = timedelta(seconds=min((health.interval for health in status.accounts.values()), default=300.0))
    told = []
    if abs(now - status.written) > INTERVALS * shortest:
        told.append(f"the daemon has said nothing {_since(status.written, now)}: it does not run, or it hangs")
    if not status.accounts:
        told.append("the daemon watches no account")
    for name, health in status.accounts.items():
        trouble = trouble_of(health, now)
        if trouble is not None:
            told.append(f"account {name}: {trouble}")
    if status.verified is not None and status.verified.damaged:
        number = counted(len(status.verified.damaged), "article")
        told.append(
            f"{number} of the archive damaged: {', '.join(status.verified.damaged[:5])}: run `mailarchiver verify`"
        )
    if status.pages is not None and abs(now - status.pages.since) > INTERVALS * shortest:
        since = _since(status.pages.since, now)
        told.append(f"browse pages and search index are not brought up to date {since}: {status.pages.error}")
    unchecked = _unchecked(status, now)
    told += [unchecked] if unchecked else []
    missing = [name for name in configured if name not in status.accounts]
    told += [f"account {name}: the daemon does not watch it: reload or restart it" for name in missing]
    return told


def trouble_of(health: Health, now: datetime) -> str | None:
    """Why an account is an alarm: no round went through for three intervals, or what they cannot do stands as long.

    A round that goes on filing is a good one, however long it takes: a first one may take hours.
    """
    interval = timedelta(seconds=health.interval)
    patience = INTERVALS * interval
    good = [moment for moment in (health.last_success, health.active) if moment is not None]
    last = max(good) if good and not health.failures else health.last_success
    reference = last or health.since
    error = f": {health.error}" if health.error else ""
    if reference is None:
        return f"it was never polled{error}"
    if abs(now - reference) > patience:
        which = "no round went through" if last else "no round has ever gone through, it is tried"
        return f"{which} {_since(reference, now)}, with an interval of {_span(interval)}{error}"
    if health.error and health.error_since is not None and abs(now - health.error_since) > patience:
        return f"in trouble {_since(health.error_since, now)}{error}"
    if health.token_ends is not None and health.token_ends <= now:
        return f"its sign-in has ended {_since(health.token_ends, now)}: run `mailarchiver auth login`"
    return None


def _unchecked(status: Status, now: datetime) -> str | None:
    """Why the weekly check is an alarm: none went through for weeks. Its errors are in the log alone.

    Before the first one, the time counts from when the first account was watched: that outlives a restart.
    """
    if abs(status.written - status.started) <= CHECK_GRACE:  # or it is none: a `poll` does not check, and ends
        return None
    if status.verified is not None:
        reference = status.verified.at
    else:
        known = (health.since for health in status.accounts.values())
        reference = min(moment for moment in (status.started, *known) if moment is not None)
    if abs(now - reference) <= CHECK_PATIENCE:
        return None
    return f"no weekly check of the archive went through {_since(reference, now)}: see the log"


def free_space(root: Path) -> int | None:
    """Octets that may still be written to the archive's disk; None where that cannot be told."""
    try:
        disk = os.statvfs(root)
    except OSError:  # the disk is gone: the next round tells that, and why
        return None
    return disk.f_bavail * disk.f_frsize


def _since(moment: datetime, now: datetime) -> str:
    text = moment_in_words(moment.astimezone(UTC).isoformat())
    if moment > now:
        return f"since {text} UTC, which is {_span(moment - now)} ahead of this machine's clock"
    return f"since {text} UTC ({_span(now - moment)})"


def _span(span: timedelta) -> str:
    return span_in_words(span.total_seconds())
