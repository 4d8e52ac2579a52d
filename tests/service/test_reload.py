"""What systemd and the daemon say to each other: a configuration read again, and a daemon that hangs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.servers.dovecot import PASSWORD

from .conftest import CONFIG

if TYPE_CHECKING:
    from .conftest import Service

pytestmark = [pytest.mark.booted, pytest.mark.dovecot, pytest.mark.timeout(400)]

HANGS = "/run/systemd/system/mailarchiver.service.d/hangs.conf"
STALL = "/etc/mailarchiver/stall.py"
ONCE = """
import pathlib, sys, time
from mailarchiver import rounds, supervision
from mailarchiver.__main__ import main
stalled = pathlib.Path("/var/lib/mailarchiver/stalled")
if not stalled.exists():
    stalled.touch()
    supervision.STOP_SECONDS, supervision.CUT_SECONDS, supervision.ABANDON_SECONDS = 0.5, 1.0, 1.5
    rounds.poll_account = lambda *_, **__: time.sleep(600)
main()
"""
"""The daemon, whose rounds stall at its first start. Such a thing exists in this test only."""


def test_a_good_configuration_is_read_again_by_the_same_process(service: Service) -> None:
    service.await_state("active")
    pid = service.property("MainPID")
    service.machine.run(f"cp -a {CONFIG} /root/config.toml")
    again = service.machine.says(f"cat {CONFIG}").replace('name = "articles"', 'name = "renamed"', 1)
    try:
        service.machine.write(CONFIG, f"{again}\n")
        service.machine.run("systemctl reload mailarchiver")
        service.machine.wait_for(
            "the reload", lambda: "reloaded: added: renamed; removed: articles" in journal(service)
        )
        service.await_state("active")
        service.deliver("After the reload")
        service.await_articles("After the reload")
        entry = next(each for each in service.manifest() if each["title"] == "After the reload")
        assert entry["source"]["account"] == "renamed"
        assert service.property("MainPID") == pid
    finally:
        service.machine.run(f"cp -a /root/config.toml {CONFIG} && systemctl reload mailarchiver")
    service.await_state("active")


def test_a_wrong_configuration_is_refused_and_the_old_one_stands(service: Service) -> None:
    service.await_state("active")
    pid = service.property("MainPID")
    service.machine.run(f"cp -a {CONFIG} /root/config.toml && sed -i 's/^interval.*/intervall = 3/' {CONFIG}")
    try:
        service.machine.run("systemctl reload mailarchiver")
        service.machine.wait_for("the refusal", lambda: "did you mean interval?" in journal(service))
        service.await_state("active")
        service.deliver("By the old configuration")
        service.await_articles("By the old configuration")
        assert service.property("MainPID") == pid
    finally:
        service.machine.run(f"cp -a /root/config.toml {CONFIG} && systemctl reload mailarchiver")
    service.await_state("active")


def test_an_account_whose_password_is_a_new_credential_takes_a_restart(service: Service) -> None:
    """The reload says so, with the cure, and the accounts of before go on; the cure is one."""
    service.await_state("active")
    text = service.machine.says(f"cat {CONFIG}")
    more = (
        f'[[account]]\nname = "letters"\nhost = "127.0.0.1"\nport = {service.dovecot.tls_port}\nca_file = "ca.pem"\n'
        'username = "letters"\npassword_credential = "letters"\n'
    )
    service.machine.run(f"cp -a {CONFIG} /root/config.toml")
    service.machine.run("install -m 0600 /dev/stdin /etc/mailarchiver/letters.password", given=f"{PASSWORD}\n")
    try:
        service.machine.write(CONFIG, f"{text}\n\n{more}")
        service.machine.run("systemctl reload mailarchiver")
        cure = "account letters: password_credential letters: systemd did not hand it over"
        service.machine.wait_for("the refusal", lambda: cure in journal(service))
        service.await_state("active")
        service.deliver("While letters are refused")
        service.await_articles("While letters are refused")
        service.machine.run("mailarchiver install-service --now")
        service.await_state("active")
        told = json.loads(service.machine.run("mailarchiver status --json", check=False).stdout)
        assert set(told["accounts"]) == {"articles", "letters"}
        service.machine.wait_for("letters", lambda: "letters" not in service.property("StatusText"))
    finally:
        service.machine.run(f"cp -a /root/config.toml {CONFIG} && rm /etc/mailarchiver/letters.password")
        service.machine.run("mailarchiver install-service --now")
    service.await_state("active")


def test_a_daemon_that_hangs_is_killed_and_started_again(service: Service) -> None:
    """A round that stalls is abandoned, then the next one; after that nothing gets on, and the watchdog bites."""
    drop_in = (
        "[Service]\nWatchdogSec=4\nRestartSec=200ms\nExecStart=\n"
        f"ExecStart=/opt/mailarchiver/bin/python {STALL} run --config {CONFIG}\n"
    )
    service.machine.write(STALL, ONCE)
    service.machine.write(HANGS, drop_in)
    try:
        service.machine.run("systemctl daemon-reload && systemctl restart --no-block mailarchiver")
        service.deliver("While it hangs")
        service.machine.wait_for("the watchdog", lambda: "Watchdog timeout" in journal(service), 120)
        service.machine.wait_for("another start", lambda: int(service.property("NRestarts")) >= 1, 120)
        service.await_articles("While it hangs")
        service.await_state("active")
    finally:
        service.machine.run(f"rm -f {HANGS} {STALL} /var/lib/mailarchiver/stalled && systemctl daemon-reload")
        service.machine.run("systemctl restart mailarchiver")
    service.await_state("active")


def journal(service: Service) -> str:
    return service.machine.says("journalctl --no-pager -u mailarchiver -n 200")
