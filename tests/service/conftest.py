"""A machine with the service on it, installed and started as docs/service.md says; a real Dovecot outside of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.other_client import OtherClient

from .machine import READER, Machine
from .page import NOT_RUN, SECTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

NOON = datetime(2024, 3, 6, 12, 0, tzinfo=UTC)
CONFIG = "/etc/mailarchiver/config.toml"
ARCHIVE = "/var/lib/mailarchiver/archive"
USERNAME = "articles"


def mail(subject: str) -> bytes:
    text = (
        "From: Jane Roe <jane@example.org>\r\nTo: articles@example.org\r\n"
        f"Subject: {subject}\r\nDate: Wed, 6 Mar 2024 12:00:00 +0000\r\n"
        f"Message-ID: <{subject.replace(' ', '.')}@example.org>\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\nAll there is to say about {subject}.\r\n"
    )
    return text.encode()


@dataclass
class Service:
    """mailarchiver on a machine, and the mailbox that it watches."""

    machine: Machine
    dovecot: Dovecot

    def follow(self, heading: str) -> None:
        """Type what stands below a heading of the page. Whatever waits for a password is given it."""
        for command in SECTIONS[heading]:
            if command == "sudo nano /etc/mailarchiver/config.toml":
                self.configure()
            if command not in NOT_RUN:
                given = f"{PASSWORD}\n" if "/dev/stdin" in command else None
                self.machine.run(command, given=given, seconds=300)

    def configure(self) -> None:
        """Name the mailbox in the first configuration, as its reader would in an editor."""
        text = self.machine.says(f"cat {CONFIG}")
        edits = {
            'host = "imap.example.org"': 'host = "127.0.0.1"',
            "#port = 993": f"port = {self.dovecot.tls_port}",
            '#ca_file = "imap.example.org.pem"': 'ca_file = "ca.pem"',
            'username = "articles@example.org"': f'username = "{USERNAME}"',
            '#after = "keep"': 'after = "move:Archived"',
            '#interval = "5m"': 'interval = "1s"',
            '#min_free = "500 MB"': 'min_free = "1 MB"',
        }
        for old, new in edits.items():
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        self.machine.write(CONFIG, f"{text}\n")
        self.machine.write("/etc/mailarchiver/ca.pem", self.dovecot.ca_file.read_text())

    def deliver(self, *subjects: str) -> None:
        with OtherClient(self.dovecot.host, self.dovecot.port, USERNAME, PASSWORD) as other:
            for subject in subjects:
                other.deliver(mail(subject), NOON)

    def left(self) -> int:
        """How many mails still lie in the inbox."""
        with OtherClient(self.dovecot.host, self.dovecot.port, USERNAME, PASSWORD) as other:
            return len(other.bodies())

    def manifest(self, archive: str = ARCHIVE) -> list[dict[str, Any]]:
        lines = self.machine.run(f"cat {archive}/manifest.jsonl", check=False).stdout
        return [json.loads(line) for line in lines.splitlines() if line.endswith("}")]

    def await_articles(self, *titles: str, archive: str = ARCHIVE) -> None:
        """Wait until each of these is filed, once, and no longer in the inbox."""
        wanted = sorted(titles)
        self.machine.wait_for(
            f"{len(wanted)} articles, the first of them {wanted[0]}",
            lambda: sorted(each["title"] for each in self.manifest(archive) if each["title"] in titles) == wanted,
        )
        self.machine.wait_for("the inbox emptied", lambda: self.left() == 0)

    def property(self, name: str, unit: str = "mailarchiver") -> str:
        return self.machine.says(f"systemctl show --property {name} --value {unit}")

    def await_state(self, state: str) -> None:
        self.machine.wait_for(state, lambda: self.property("ActiveState") == state)


@pytest.fixture(scope="session")
def service() -> Iterator[Service]:
    """Installed and running; each test leaves it so. One machine for all tests: the installation takes its time."""
    with Dovecot() as dovecot, Machine() as machine:
        service = Service(machine, dovecot)
        machine.run(f"useradd --create-home {READER}")
        service.follow("From zero to running")
        yield service
