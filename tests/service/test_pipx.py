"""Installed by pipx, in place of a venv of one's own: the line of docs/service.md for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .page import SECTIONS

if TYPE_CHECKING:
    from .conftest import Service

pytestmark = [pytest.mark.booted, pytest.mark.dovecot, pytest.mark.timeout(400)]


def test_the_page(service: Service) -> None:
    [link] = [command for command in SECTIONS["From zero to running"] if " ln " in command]
    [install] = [command for command in SECTIONS["From zero to running"] if "pipx install" in command]
    tools = "/usr/bin/python3 -m venv /opt/tools && /opt/tools/bin/pip install -q pipx"
    service.machine.run(f"rm /usr/local/bin/mailarchiver && {tools}", seconds=200)
    quick = "export PATH=/opt/tools/bin:$PATH PIP_NO_COMPILE=1"  # it is started but once
    service.machine.run(f"{quick}; {install.replace('sudo ', 'env ')}", seconds=300)
    said = service.machine.says("mailarchiver install-service --now")
    assert "updated    /etc/systemd/system/mailarchiver.service" in said
    assert "updated    /etc/systemd/system/mailarchiver-poll.service" in said
    service.await_state("active")
    pid = service.property("MainPID")
    assert "/opt/pipx/venvs/mailarchiver/bin/" in service.machine.says(f"tr '\\0' ' ' </proc/{pid}/cmdline")
    service.deliver("By pipx")
    service.await_articles("By pipx")
    service.machine.run(f"rm /usr/local/bin/mailarchiver && {link} && mailarchiver install-service --now")
    service.await_state("active")


def test_a_program_at_home_is_refused_with_the_cure(service: Service) -> None:
    service.machine.run(
        "cp -a /opt/mailarchiver /root/venv && sed -i '1s|/opt/mailarchiver|/root/venv|' /root/venv/bin/mailarchiver"
    )
    refused = service.machine.run("/root/venv/bin/mailarchiver install-service", check=False)
    assert refused.returncode == 2
    assert "the service sees nothing below /root" in refused.stderr
    assert "PIPX_HOME=/opt/pipx" in refused.stderr
    assert "/opt/mailarchiver" in service.property("ExecStart")
    service.machine.run("rm -r /root/venv")
