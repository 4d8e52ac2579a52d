"""The service of one user, without root: as docs/service.md has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.servers.dovecot import PASSWORD

from .conftest import USERNAME
from .machine import READER
from .page import SECTIONS

if TYPE_CHECKING:
    from .conftest import Service

pytestmark = [pytest.mark.booted, pytest.mark.dovecot, pytest.mark.timeout(400)]

HOME = f"/home/{READER}"
OWN = f"{HOME}/.config/mailarchiver"


def by_reader(service: Service, command: str, given: str | None = None) -> str:
    """A command that this user types, in their home folder."""
    user = f"runuser -u {READER} -- env HOME={HOME} XDG_RUNTIME_DIR=/run/user/$(id -u {READER})"
    return service.machine.run(f"cd {HOME} && {user} {command}", given=given).stdout.strip()


def test_the_page(service: Service) -> None:
    """The system's service rests meanwhile: one mailbox, one archive."""
    install, enable, linger = SECTIONS["For one user, without root"]
    service.machine.run(f"systemctl stop mailarchiver && mkdir -p /run/user && {linger} {READER}")
    manager = f"user@{service.machine.says(f'id -u {READER}')}"
    service.machine.wait_for("a manager of units", lambda: service.property("ActiveState", manager) == "active")
    try:
        said = by_reader(service, install)
        assert f"written    {OWN}/config.toml" in said
        assert f"install -m 0600 /dev/stdin {OWN}/articles.password" in said
        configure(service)
        by_reader(service, enable)
        service.deliver("For one user")
        service.await_articles("For one user", archive=f"{HOME}/archive")
        assert_locked_in(service)
        assert "unchanged: everything was in place" in by_reader(service, install)
        by_reader(service, "systemctl --user disable --now mailarchiver")
    finally:
        service.machine.run("systemctl start mailarchiver")


def configure(service: Service) -> None:
    edits = {
        "host": '"127.0.0.1"',
        "port": service.dovecot.tls_port,
        "ca_file": '"ca.pem"',
        "username": f'"{USERNAME}"',
        "after": '"move:Archived"',
        "interval": '"1s"',
        "min_free": '"1 MB"',
    }
    script = "; ".join(f"s|^#*{key} = .*|{key} = {value}|" for key, value in edits.items())
    by_reader(service, f"sed -i '{script}' {OWN}/config.toml")
    by_reader(service, f"tee {OWN}/ca.pem", given=service.dovecot.ca_file.read_text())
    # not with `install … /dev/stdin`: the terminal is the user's own, the test's pipe is root's
    by_reader(service, f"tee {OWN}/articles.password", given=f"{PASSWORD}\n")
    by_reader(service, f"chmod 600 {OWN}/articles.password")


def assert_locked_in(service: Service) -> None:
    """What its process may write to, as its kernel has it."""
    pid = by_reader(service, "systemctl --user show --property MainPID --value mailarchiver")
    mounts = service.machine.says(f"nsenter -t {pid} -m findmnt --noheadings --list -o TARGET,OPTIONS").splitlines()
    options = {target: set(names.split(",")) for target, names in (line.split() for line in mounts)}
    assert {"ro", "noexec"} <= options["/"]
    assert {"rw", "noexec"} <= options[f"{HOME}/archive"]
    assert "NoNewPrivs:\t1" in service.machine.says(f"cat /proc/{pid}/status")
