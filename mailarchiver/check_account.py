"""Will this account work? From the host's name to what a first round would fetch, each step with its cure."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from .archive import glance
from .check_finding import Finding
from .config import Account
from .errors import LoginRefused, MailboxError, StoreError
from .forbearance import in_words, mark, remaining
from .mailbox import server_clock, survey
from .mailbox.folders import Choice
from .mailbox.imap import ImapMailbox, Selected
from .text.wording import counted, size_in_words

CERTIFICATE_DAYS = 14
CLOCK_SECONDS = 60.0
"""So far may two clocks be apart before it is worth a word."""
NAMES = 20
"""So many folders are named where one is missing."""


def check_account(account: Account, root: Path, largest: int, now: datetime) -> Iterator[Finding]:
    """The findings of one account, as they come. Nothing is raised: what cannot be done is a finding. `largest`: the
    octets that a message may have.
    """
    about = _About(account, root, largest, now)
    yield from _of_pause(about)
    try:
        addresses = survey.resolve(account.host)
    except MailboxError as error:
        yield about.failed("name", str(error))
        return
    yield about.ok("name", f"{account.host} is {', '.join(addresses)}", addresses=addresses)
    mailbox = ImapMailbox(account.name, account.server(), account.credentials())
    try:
        mailbox.connect()
    except MailboxError as error:
        yield about.failed("login" if isinstance(error, LoginRefused) else "connection", about.words(error))
        return
    try:
        yield from _of_connection(about, mailbox.ask("tell what it can do", survey.connection), now)
        yield from _of_sign_in(about)
        there = mailbox.ask("list its folders", survey.counted)
        choice = mailbox.choose(account.folders, account.after.folder)
        yield _of_folders(about, there, choice.folders)
        for trouble in choice.troubles:
            yield about.failed("folder", trouble)
        yield from _of_mail(about, mailbox, choice.folders, [each.name for each in there])
        yield from _of_target(about, mailbox, choice, [each.name for each in there])
    except MailboxError as error:
        yield about.failed("mailbox", about.words(error))
    finally:
        mailbox.close()


@dataclass(frozen=True, slots=True)
class _About:
    """Makes the findings of one account."""

    account: Account
    root: Path
    largest: int
    now: datetime

    def ok(self, check: str, text: str, **facts: object) -> Finding:
        return Finding(self.account.name, check, "ok", text, facts)

    def note(self, check: str, text: str, **facts: object) -> Finding:
        return Finding(self.account.name, check, "note", text, facts)

    def failed(self, check: str, text: str, **facts: object) -> Finding:
        return Finding(self.account.name, check, "failed", text, facts)

    def unknown(self, check: str, text: str, **facts: object) -> Finding:
        return Finding(self.account.name, check, "unknown", text, facts)

    def words(self, error: Exception) -> str:
        """What the error says, without the account, which is said already."""
        return str(error).removeprefix(f"account {self.account.name}: ")


def _of_pause(about: _About) -> Iterator[Finding]:
    """Whether the daemon leaves the account alone for now. An archive that cannot be read is told of by `pending`."""
    try:
        paused = glance.paused(about.root).get(about.account.name)
    except StoreError:
        return
    left = remaining(paused, about.now) if paused is not None else None
    if paused is None or not left:
        return
    until = paused.until.isoformat(timespec="seconds")
    if paused.mark == mark(about.account):
        cure = "`mailarchiver poll` tries at once, and where that goes well, a reload of the daemon ends the pause"
    else:
        cure = "its log-in is configured otherwise by now: a reload of the daemon ends the pause"
    text = f"the daemon has it {in_words((left, paused))}: {cure}"
    yield about.note("pause", text, until=until, failures=paused.failures, why=paused.why)


def _of_connection(about: _About, found: survey.Connection, now: datetime) -> Iterator[Finding]:
    """TLS, certificate, log-in, capabilities."""
    secured = found.tls or "no encryption, which never leaves this machine"
    yield about.ok("connection", f"connected to {found.peer} by {secured}", peer=found.peer, tls=found.tls)
    if found.valid_until is not None:
        days = (found.valid_until - now).days
        until, end = found.valid_until.isoformat(), found.valid_until.date()
        if days < CERTIFICATE_DAYS:
            text = f"the server's certificate ends in {counted(days, 'day')}, on {end}: its owner must renew it"
            yield about.note("certificate", text, until=until, days=days)
        else:
            text = f"the certificate is good for {days} days, until {end}"
            yield about.ok("certificate", text, until=until, days=days)
    user = about.account.username
    yield about.ok("login", f"{user} is logged in by {found.log_in}", mechanism=found.log_in, username=user)
    for alert in found.alerts:
        yield about.note("alert", f"the server says: {alert}", alert=alert)
    lacking = {name: why for name, why in survey.lacking().items() if name not in found.capabilities}
    there = [name for name in survey.lacking() if name not in lacking]
    yield about.ok("capabilities", f"it has {', '.join(there) or 'none that matter'}", has=there, lacks=list(lacking))
    for name, why in lacking.items():
        yield about.note("capabilities", f"no {name}: {why}", lacks=[name])


def _of_sign_in(about: _About) -> Iterator[Finding]:
    """When a sign-in to Microsoft has to be made anew."""
    if about.account.client_id is None:
        return
    source = about.account.microsoft()
    found, soon = source.status(), source.soon_over()
    ends = datetime.fromtimestamp(found.ends, UTC).isoformat(timespec="seconds") if found else None
    if soon:
        yield about.note("sign-in", f"{soon}: {source.cure}", ends=ends)
    else:
        yield about.ok("sign-in", "the sign-in goes on", ends=ends)


def _of_folders(about: _About, there: Sequence[survey.Counted], read: Sequence[str]) -> Finding:
    """What there is, with a star where the account reads."""
    listed = [
        {"name": each.name, "messages": each.messages, "special_use": each.special, "read": each.name in read}
        for each in there
    ]
    told = "; ".join(_of_folder(each, read=each.name in read) for each in there)
    return about.ok("folders", f"{counted(len(there), 'folder')}: {told}", folders=listed)


def _of_folder(folder: survey.Counted, *, read: bool) -> str:
    """Name, special use, number of messages; with a star before it if mail is read from there."""
    count = "" if folder.messages is None else f" {folder.messages}"
    return f"{'*' if read else ''}{folder.name}{f' ({folder.special})' if folder.special else ''}{count}"


def _of_mail(about: _About, mailbox: ImapMailbox, read: Sequence[str], names: Sequence[str]) -> Iterator[Finding]:
    """What a round would fetch from each folder; and, from the first one with mail, the server's clock."""
    clock = about.unknown("clock", "there is no message to tell the server's time by", ahead=None)
    for name in read:
        selected = _opened(about, mailbox, name, names)
        if isinstance(selected, Finding):
            yield selected
            continue
        uids = mailbox.search(None)
        if uids and clock.state == "unknown":
            clock = _of_clock(about, mailbox.ask("tell its time", partial(server_clock.ask, uids=uids)))
        yield from _of_pending(about, mailbox, selected)
    yield clock


def _of_target(about: _About, mailbox: ImapMailbox, choice: Choice, names: Sequence[str]) -> Iterator[Finding]:
    """Where filed mail is to be moved."""
    if choice.no_target is not None:
        yield about.failed("after", choice.no_target)
    elif choice.target is not None:
        opened = _opened(about, mailbox, choice.target, names)
        text = f"mail is moved to {choice.target}"
        yield opened if isinstance(opened, Finding) else about.ok("after", text, folder=choice.target)


def _opened(about: _About, mailbox: ImapMailbox, name: str, names: Sequence[str]) -> Selected | Finding:
    """The folder, opened for reading; or why it cannot be, with the names that are most like it."""
    try:
        return mailbox.select(name, writable=False)
    except MailboxError as error:
        if not mailbox.is_connected:
            raise
        if name in names:
            return about.failed("folder", about.words(error), folder=name)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"there are {', '.join(names[:NAMES])}"
    return about.failed("folder", f"there is no folder {name!r}: {hint}", folder=name, near=near)


def _of_pending(about: _About, mailbox: ImapMailbox, selected: Selected) -> Iterator[Finding]:
    """What is not in the archive yet; what is too large, and what waits to be tried again, is counted apart."""
    folder, place = selected.folder, (about.account.name, selected.folder, selected.uidvalidity)
    if selected.uidvalidity is None:
        text = f"{folder} has no UIDVALIDITY: its mail is filed, and left as it is on the server"
        yield about.note("uidvalidity", text, folder=folder)
    try:
        done = glance.done_uids(about.root, *place)
        waiting = glance.waiting(about.root, *place, about.now)
    except StoreError as error:
        yield about.unknown("pending", str(error), folder=folder)
        return
    pending = [uid for uid in mailbox.search(about.account.since) if uid not in done]
    fresh = [uid for uid in pending if uid not in waiting]
    sizes = mailbox.ask("tell the sizes", partial(survey.sizes, uids=fresh)).values()
    fitting = [size for size in sizes if size <= about.largest]
    large, octets = len(sizes) - len(fitting), sum(fitting)
    size = f", {size_in_words(octets)}" if fitting else ""
    text = f"a round would fetch {counted(len(fitting), 'message')} from {folder}{size}"
    facts = {"folder": folder, "messages": len(fitting), "octets": octets, "large": large}
    facts["waiting"] = later = len(pending) - len(fresh)
    if later:
        text += f"; {counted(later, 'message')} could not be fetched before (`audit` tells of the next try)"
    if large:
        over = f"{large} larger than {size_in_words(about.largest)} would stay there: see max_message"
        yield about.note("pending", f"{text}; {over}", **facts)
    else:
        yield about.ok("pending", text, **facts)


def _of_clock(about: _About, found: server_clock.ServerClock) -> Finding:
    """Dates are the server's, and `since` is reckoned by them."""
    cure = "set the clock that is wrong; this machine's can be kept right by NTP"
    if found.ahead is None and found.at_least is None:
        return about.unknown("clock", f"the server's time is unknown: {found.why}", ahead=None)
    if found.ahead is None:
        apart = f"the server's clock is ahead of this machine's, by {found.at_least:.0f} s at least ({found.why})"
        return about.note("clock", f"{apart}: {cure}", ahead=None, at_least=round(found.at_least or 0))
    if abs(found.ahead) <= CLOCK_SECONDS:
        text = "the server's clock and this machine's agree"
        return about.ok("clock", text, ahead=round(found.ahead))
    way = "ahead of" if found.ahead > 0 else "behind"
    text = f"the server's clock is {abs(found.ahead):.0f} s {way} this machine's: {cure}"
    return about.note("clock", text, ahead=round(found.ahead))
