"""What the units keep from a process that hostile mail took over: a probe is started in the service's own sandbox."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .machine import ROOT

if TYPE_CHECKING:
    from .conftest import Service

pytestmark = [pytest.mark.booted, pytest.mark.dovecot, pytest.mark.timeout(400)]

UNIT, PROBE = "/run/systemd/system/probe.service", "/opt/mailarchiver/probe.py"
EXAMPLE = ROOT / "systemd/drop-ins/one-network.conf"


def probe(service: Service, *arguments: str, more: str = "") -> Any:
    """Start the probe as the service would be started, but once; what it says, or how it ended."""
    text = service.machine.says("cat /etc/systemd/system/mailarchiver.service")
    text = re.sub(r"(?m)^ExecStart=.*$", f"ExecStart=/usr/bin/python3 {PROBE} {' '.join(arguments)}", text)
    text = re.sub(r"(?m)^(Restart|WatchdogSec|NotifyAccess).*\n", "", text).replace("Type=notify", "Type=oneshot")
    loads = service.machine.says("cat /etc/systemd/system/mailarchiver.service.d/50-credentials.conf")
    output = "[Service]\nStandardOutput=truncate:/run/probe.json\n"
    service.machine.write(UNIT, f"{text}\n{loads}\n{output}\n{more}\n")
    service.machine.write(PROBE, Path(__file__).with_name("probe.py").read_text("utf-8"))
    service.machine.run(f"chmod 644 {PROBE} && systemctl daemon-reload")
    done = service.machine.run("systemctl start probe", check=False)
    log = service.machine.run("journalctl --no-pager -u probe -n 30 -o cat").stdout
    assert (done.returncode == 0) == (arguments != ("memory",)), log
    return json.loads(service.machine.says("cat /run/probe.json") or "null")


def test_the_rest_of_the_machine_is_out_of_reach(service: Service) -> None:
    service.machine.run("echo diary > /home/reader/diary")
    found = probe(service)
    assert found["uid"] == int(service.machine.says("id -u mailarchiver"))
    writable = {folder for folder, outcome in found["write"].items() if outcome == "yes"}
    assert writable == {"/var/lib/mailarchiver", "/tmp"}  # noqa: S108  no file is made
    assert service.machine.says("ls /tmp").count("probe") == 0, "the /tmp that it writes to is its own"
    assert (found["homes"], found["disks"]) == ([], [])
    assert found["processes"] <= 2, "itself, and at most the one that starts it"
    assert (found["password"], found["credential"]) == ("PermissionError", "yes")
    refused = ("packets", "netlink", "namespace", "chown", "written and run")
    assert {what: found[what] for what in refused} == {
        "packets": "OSError",
        "netlink": "OSError",
        "namespace": "PermissionError",
        "chown": "PermissionError",
        "written and run": "PermissionError",
    }
    assert found["run a file"] == ["PermissionError", "PermissionError"]
    assert 256 < found["threads"] < 512


def test_it_may_connect_but_not_listen(service: Service) -> None:
    found = probe(service, f"127.0.0.1:{service.dovecot.port}")
    assert found["reachable"] == {f"127.0.0.1:{service.dovecot.port}": "yes"}
    assert found["listen"] == "PermissionError"


def test_other_networks_can_be_put_out_of_reach(service: Service) -> None:
    """The example, with this machine's own two addresses as two networks."""
    text = EXAMPLE.read_text("utf-8")
    assert "IPAddressAllow=localhost\n" in text
    drop_in = text.replace("IPAddressAllow=localhost\n", "IPAddressAllow=127.0.0.1/32\n")
    with socket.create_server(("127.0.0.2", 0)) as other:
        places = f"127.0.0.1:{service.dovecot.port}", f"127.0.0.2:{other.getsockname()[1]}"
        assert probe(service, *places)["reachable"] == dict.fromkeys(places, "yes")
        assert probe(service, *places, more=drop_in)["reachable"] == {places[0]: "yes", places[1]: "TimeoutError"}


def test_more_memory_than_it_may_have_is_not_to_be_had(service: Service) -> None:
    assert service.property("MemoryMax") == str(1536 * 2**20)
    assert probe(service, "memory") is None
    assert service.property("Result", "probe") in {"oom-kill", "signal"}
    assert service.property("ActiveState") == "active", "the service beside it goes on"


def test_its_rating_on_the_running_machine(service: Service) -> None:
    said = service.machine.run("systemd-analyze security --threshold=15 --no-pager mailarchiver", check=False)
    assert said.returncode == 0, said.stdout[-300:]
