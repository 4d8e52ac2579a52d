"""The unit is one that systemd takes, and starts the program that there is."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mailarchiver.cli.app import app

UNIT = Path(__file__).parents[1] / "systemd/mailarchiver.service"


@pytest.mark.systemd
def test_the_unit_is_sound() -> None:
    verify = ["systemd-analyze", "verify", "--recursive-errors=no", str(UNIT)]
    done = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.systemd
def test_an_unknown_key_would_be_found(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text("utf-8").replace("NoNewPrivileges=", "NoNewPrivilege="), "utf-8")
    verify = ["systemd-analyze", "verify", "--recursive-errors=no", str(unit)]
    done = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert "NoNewPrivilege" in done.stderr


@pytest.mark.systemd
def test_the_unit_is_locked_in() -> None:
    security = ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(UNIT)]
    done = subprocess.run(security, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-300:]


def test_the_unit_starts_a_command_that_there_is() -> None:
    [command] = re.findall(r"(?m)^ExecStart=/usr/bin/env /opt/\S+/mailarchiver (.+)$", UNIT.read_text("utf-8"))
    name, option, config = command.split()
    assert (name, config) == ("run", "/etc/mailarchiver/config.toml")
    assert option in CliRunner().invoke(app, [name, "--help"]).output
