"""The service under systemd, booted for the purpose: what arrives is filed, whatever happens to it."""

from __future__ import annotations

import json
import random
import time
from typing import TYPE_CHECKING

import pytest

from tests.archive.test_recovery import VERSION_1
from tests.servers.dovecot import PASSWORD

from .conftest import ARCHIVE, CONFIG
from .machine import READER

if TYPE_CHECKING:
    from .conftest import Service

pytestmark = [pytest.mark.booted, pytest.mark.dovecot, pytest.mark.timeout(400)]

QUICK = "/run/systemd/system/mailarchiver.service.d/test.conf"


def test_mail_becomes_an_article_that_the_group_may_read(service: Service) -> None:
    service.await_state("active")
    service.deliver("First light")
    service.await_articles("First light")
    [entry] = [each for each in service.manifest() if each["title"] == "First light"]
    page = f"{ARCHIVE}/{entry['folder']}/index.html"
    assert service.machine.says(f"stat -c '%U %G %a' {page}") == "mailarchiver mailarchiver 640"
    assert "First light" in service.machine.says(f"runuser -u {READER} -- cat {page}")
    assert service.machine.run(f"runuser -u nobody -- cat {page}", check=False).returncode == 1
    assert service.property("StatusText").startswith("1 account")
    assert service.property("NRestarts") == "0"


def test_installing_again_changes_nothing(service: Service) -> None:
    state = (
        "find /etc /var/lib/mailarchiver -newermt @0 -not -type d -not -path '*/archive/*' -printf '%p %T@ %m %U %G\\n'"
    )
    before = service.machine.says(state)
    again = service.machine.says("mailarchiver install-service")
    assert "unchanged: everything was in place" in again
    assert "mailarchiver.service" in again
    said = json.loads(service.machine.says("mailarchiver install-service --dry-run --json"))
    assert {step["outcome"] for step in said["steps"]} <= {"unchanged", "kept", "run", "absent"}
    assert service.machine.says(state) == before
    assert service.machine.says(f"stat -c '%U %G %a' {CONFIG}") == "root mailarchiver 640"
    assert service.property("ActiveState") == "active"


def test_the_password_is_in_no_environment_and_no_log(service: Service) -> None:
    pid = service.property("MainPID")
    for file in ("environ", "cmdline"):
        said = service.machine.says(f"tr '\\0' '\\n' </proc/{pid}/{file}")
        assert "mailarchiver" in said
        assert PASSWORD not in said
    assert PASSWORD not in service.machine.says("journalctl --no-pager -u mailarchiver")
    assert PASSWORD not in service.machine.says("systemctl show mailarchiver")
    assert service.machine.says("cat /etc/mailarchiver/articles.password") == PASSWORD
    assert service.machine.says("stat -c '%U %a' /etc/mailarchiver/articles.password") == "root 600"
    as_service = "runuser -u mailarchiver -- cat /etc/mailarchiver/articles.password"
    assert "Permission denied" in service.machine.run(as_service, check=False).stderr


def test_it_is_killed_and_nothing_is_lost_or_doubled(service: Service) -> None:
    """Kill -9 at odd moments while mail is filed: systemd starts it again, and every mail is there once."""
    service.machine.write(QUICK, "[Service]\nRestartSec=200ms\n")
    service.machine.run("systemctl daemon-reload")
    moments = random.Random(7)  # noqa: S311  a seed, that it be the same each time
    titles = []
    try:
        for blow in range(4):
            batch = [f"Blow {blow} mail {number}" for number in range(15)]
            titles += batch
            service.deliver(*batch)
            time.sleep(moments.uniform(0.0, 0.8))
            service.machine.run("systemctl kill --kill-who=all --signal KILL mailarchiver", check=False)
            service.await_state("active")
        service.await_articles(*titles)
        assert int(service.property("NRestarts")) == 4
    finally:
        service.machine.run(f"rm {QUICK} && systemctl daemon-reload")
    service.machine.run("mailarchiver verify", seconds=120)


def test_it_stops_in_time_and_cleanly(service: Service) -> None:
    titles = [f"Farewell {number}" for number in range(40)]
    service.deliver(*titles)
    start = time.monotonic()
    service.machine.run("systemctl stop mailarchiver")
    assert time.monotonic() - start < 10
    assert (service.property("Result"), service.property("ExecMainStatus")) == ("success", "0")
    assert service.machine.says("pgrep -u mailarchiver | wc -l") == "0"
    service.machine.run("systemctl start mailarchiver")
    service.await_articles(*titles)


def test_a_wrong_configuration_is_said_and_not_tried_again(service: Service) -> None:
    service.machine.run(f"cp -a {CONFIG} /root/config.toml && sed -i 's/^interval/intervall/' {CONFIG}")
    try:
        service.machine.run("systemctl restart mailarchiver", check=False)
        service.await_state("failed")
        assert (service.property("ExecMainStatus"), service.property("NRestarts")) == ("2", "0")
        assert "did you mean interval?" in service.machine.says("journalctl --no-pager -u mailarchiver -n 20")
    finally:
        service.machine.run(f"cp -a /root/config.toml {CONFIG} && systemctl restart mailarchiver")
    service.await_state("active")


def test_a_disk_that_is_read_only_is_said_and_it_goes_on_when_it_is_not(service: Service) -> None:
    machine = service.machine
    own = "mkdir -p /srv/disk && mount -t tmpfs -o mode=750,uid=mailarchiver,gid=mailarchiver tmpfs /srv/disk"
    machine.run(f"{own} && cp -a {CONFIG} /root/config.toml && sed -i 's|^root = .*|root = \"/srv/disk\"|' {CONFIG}")
    machine.write(QUICK, "[Service]\nRestartSec=200ms\n")
    try:
        machine.run("mailarchiver install-service --now")
        service.deliver("Before the disk failed")
        service.await_articles("Before the disk failed", archive="/srv/disk")
        # the kernel makes none read-only that is being written to, but after an error
        machine.run("systemctl stop mailarchiver && mount -o remount,ro /srv/disk")
        service.deliver("While the disk is read-only")
        machine.run("systemctl start --no-block mailarchiver")
        machine.wait_for("tries", lambda: int(service.property("NRestarts")) >= 2)
        assert "mount it for writing" in machine.says("journalctl --no-pager -u mailarchiver -n 20")
        assert service.left() == 1
        machine.run("mount -o remount,rw /srv/disk")
        service.await_articles("While the disk is read-only", archive="/srv/disk")
    finally:
        machine.run(f"rm {QUICK} && cp -a /root/config.toml {CONFIG} && mailarchiver install-service --now")
        machine.run("umount /srv/disk")
    service.await_state("active")


def test_the_state_of_the_first_version_is_taken_over(service: Service) -> None:
    """A ledger as version 0.1 left it, with mail that it had seen: the program of today goes on with it."""
    service.deliver("Before the upgrade")
    service.await_articles("Before the upgrade")
    service.machine.run("systemctl stop mailarchiver")
    service.machine.run("runuser -u mailarchiver -- /usr/bin/python3 -", given=OF_VERSION_1)
    before = service.manifest()
    service.machine.run("systemctl start mailarchiver")
    service.deliver("After the upgrade")
    service.await_articles("Before the upgrade", "After the upgrade")
    assert service.manifest()[:-1] == before
    assert "Traceback" not in service.machine.says("journalctl --no-pager -u mailarchiver -n 50")


OF_VERSION_1 = f"""
import pathlib, sqlite3
path = pathlib.Path("{ARCHIVE}/.mailarchiver/ledger.sqlite")
new = sqlite3.connect(path)
known = new.execute("SELECT size, tail FROM manifest").fetchall()
columns = "account, folder, uidvalidity, uid, path, digest, outcome, action"
seen = new.execute("SELECT " + columns + " FROM seen").fetchall()
assert known and seen
new.close()
for file in path.parent.glob("ledger.sqlite*"):
    file.unlink()
old = sqlite3.connect(path)
old.executescript('''{VERSION_1}''')
old.executemany("INSERT INTO manifest VALUES (?, ?)", known)
old.executemany("INSERT INTO seen VALUES (?, ?, ?, ?, ?, ?, ?, ?)", seen)
old.commit()
"""  # noqa: S608  names of our own


def test_an_archive_of_a_newer_format_is_refused_and_not_touched(service: Service) -> None:
    service.machine.run("systemctl stop mailarchiver")
    as_owner = "runuser -u mailarchiver --"
    service.machine.run(f"{as_owner} sed -i '1s/format 1$/format 2/' {ARCHIVE}/README.txt")
    state = f"find {ARCHIVE} -printf '%P %s %T@ %C@ %i\\n' | sort"
    before = service.machine.says(state)
    try:
        service.machine.run("systemctl start mailarchiver", check=False)
        service.await_state("failed")
        assert (service.property("ExecMainStatus"), service.property("NRestarts")) == ("2", "0")
        said = service.machine.says("journalctl --no-pager -u mailarchiver -n 20")
        assert "is an archive of format 2" in said
        assert "update mailarchiver; nothing was touched" in said
        assert service.machine.says(state) == before
    finally:
        service.machine.run(f"{as_owner} sed -i '1s/format 2$/format 1/' {ARCHIVE}/README.txt")
        service.machine.run("systemctl restart mailarchiver")
    service.await_state("active")
