"""The units are such as systemd takes, locked in, and start commands that there are."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mailarchiver.cli.app import app
from mailarchiver.install import POLL, SERVICE, SYSTEM, Program, Site, Wishes, plan, unit
from mailarchiver.install_steps import Put, systemd_version

UNITS = Path(__file__).parents[1] / "systemd"
SERVICES = sorted(UNITS.rglob("*.service"))
ALL = sorted([*SERVICES, *UNITS.rglob("*.timer")])


def analyze(path: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`systemd-analyze` on a unit, a user's as such."""
    scope = ["--user"] if "user" in path.parts else []
    command = ["systemd-analyze", *scope, *arguments, str(path)]
    environment = {"PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": str(folder), "HOME": str(folder)}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def named(path: Path) -> str:
    return str(path.relative_to(UNITS))


def sandbox(path: Path) -> str:
    text = path.read_text("utf-8")
    return text[text.index("# --- The sandbox") :].partition("[Install]")[0].strip()


def test_there_are_units() -> None:
    names = [
        "mailarchiver-poll.service",
        "mailarchiver-poll.timer",
        "mailarchiver.service",
        "user/mailarchiver.service",
    ]
    assert [named(path) for path in ALL] == names


@pytest.mark.systemd
@pytest.mark.parametrize("path", ALL, ids=named)
def test_a_unit_is_sound(path: Path, tmp_path: Path) -> None:
    done = analyze(path, tmp_path, "verify", "--recursive-errors=no")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.systemd
@pytest.mark.parametrize("path", SERVICES, ids=named)
def test_a_unit_is_sound_when_it_is_installed(path: Path, tmp_path: Path) -> None:
    """With the path of a program, here one that needs to be quoted."""
    program = tmp_path / "100% $true"
    program.symlink_to("/usr/bin/true")
    installed = tmp_path / path.relative_to(UNITS)
    installed.parent.mkdir(exist_ok=True)
    installed.write_text(unit(path.read_text("utf-8"), Program(program, (tmp_path,))), "utf-8")
    done = analyze(installed, tmp_path, "verify", "--recursive-errors=no")
    assert (done.returncode, done.stderr) == (0, "")


def with_drop_ins(folder: Path, unit_name: str, drop_ins: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """What systemd says of a unit together with these."""
    installed = folder / unit_name
    below = folder / f"{unit_name}.d"
    below.mkdir(parents=True)
    installed.write_text((UNITS / unit_name).read_text("utf-8"), "utf-8")
    for name, text in drop_ins.items():
        (below / name).write_text(text, "utf-8")
    return analyze(installed, folder, "verify", "--recursive-errors=no")


def written(site: Site, service: str, systemd: int) -> dict[str, str]:
    """The drop-ins that install-service writes where the configuration asks for all of them."""
    wished = Wishes(Path("/srv/my articles"), ("articles", "letters"), (), (Path("/srv/100% figures"),), 9999)
    steps = plan(site, Program(Path("/usr/bin/true"), ()), wished, systemd)
    puts = [step for step in steps if isinstance(step, Put) and step.path.parent.name == f"{service}.d"]
    return {step.path.name: step.content for step in puts}


@pytest.mark.systemd
@pytest.mark.parametrize("service", [SERVICE, POLL, f"user/{SERVICE}"])
def test_a_unit_is_sound_with_the_drop_ins_that_are_written(service: str, tmp_path: Path) -> None:
    site = Site(tmp_path, tmp_path / "config.toml", tmp_path) if "/" in service else SYSTEM
    drop_ins = written(site, service.rpartition("/")[2], 252)
    assert {"50-credentials.conf", "50-paths.conf"} <= set(drop_ins)
    assert ("50-tasks.conf" in drop_ins) == (service != POLL)
    done = with_drop_ins(tmp_path, service, drop_ins)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.systemd
@pytest.mark.parametrize("name", ["archive-elsewhere.conf", "one-network.conf"])
@pytest.mark.parametrize("service", [SERVICE, POLL])
def test_a_unit_is_sound_with_the_examples_of_drop_ins(service: str, name: str, tmp_path: Path) -> None:
    done = with_drop_ins(tmp_path, service, {name: (UNITS / "drop-ins" / name).read_text("utf-8")})
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.systemd
@pytest.mark.parametrize("service", [SERVICE, f"user/{SERVICE}"])
def test_what_only_newer_ones_know_is_all_that_an_older_systemd_has_against_it(service: str, tmp_path: Path) -> None:
    done = with_drop_ins(tmp_path, service, {"x.conf": (UNITS / "drop-ins/since-254.conf").read_text("utf-8")})
    unknown = re.findall(r"Unknown key (?:name )?'(\w+)'", done.stderr)
    assert unknown == ([] if systemd_version() >= 254 else ["RestartSteps", "RestartMaxDelaySec"])
    assert len(done.stderr.splitlines()) == len(unknown)


def test_each_drop_in_is_looked_at() -> None:
    examples = {"archive-elsewhere.conf", "one-network.conf", "since-254.conf"}
    assert {path.name for path in (UNITS / "drop-ins").iterdir()} == examples


@pytest.mark.systemd
def test_an_unknown_key_of_a_drop_in_would_be_found(tmp_path: Path) -> None:
    done = with_drop_ins(tmp_path, SERVICE, {"x.conf": "[Service]\nReadWritePath=/srv\n"})
    assert "'ReadWritePath'" in done.stderr


@pytest.mark.systemd
@pytest.mark.parametrize("path", ALL, ids=named)
def test_an_unknown_key_would_be_found(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / path.name
    text = re.sub(r"(?m)^(NoNewPrivilege)s=|^(OnCalenda)r=", lambda match: f"{match[1] or match[2]}=", path.read_text())
    copy.write_text(text, "utf-8")
    assert "Unknown key" in analyze(copy, tmp_path, "verify", "--recursive-errors=no").stderr


@pytest.mark.systemd
@pytest.mark.parametrize("path", SERVICES, ids=named)
def test_a_unit_is_locked_in(path: Path, tmp_path: Path) -> None:
    done = analyze(path, tmp_path, "security", "--offline=true", "--threshold=15", "--no-pager")
    assert done.returncode == 0, done.stdout[-300:]


def test_the_daemon_and_the_round_of_the_timer_have_the_same_sandbox() -> None:
    assert sandbox(UNITS / "mailarchiver.service") == sandbox(UNITS / "mailarchiver-poll.service")


@pytest.mark.parametrize("path", SERVICES, ids=named)
def test_what_a_line_of_the_sandbox_protects_is_told(path: Path) -> None:
    """A comment stands above each group of keys, and no blank line parts them from it."""
    lines = sandbox(path).splitlines()
    assert len([line for line in lines if "=" in line and not line.startswith("#")]) > 25
    assert "" not in lines
    groups = re.findall(r"(?:^#.*\n)+(?:^[^#\n].*\n?)+", "\n".join(lines), re.MULTILINE)
    assert "".join(groups).rstrip("\n") == "\n".join(lines)
    assert max(len(re.findall(r"(?m)^\w", group)) for group in groups) <= 8, "a comment for each few keys"


@pytest.mark.parametrize("path", SERVICES, ids=named)
def test_a_unit_starts_a_command_that_there_is(path: Path) -> None:
    [command] = re.findall(r"(?m)^ExecStart=/usr/bin/env \S+/mailarchiver (.+)$", path.read_text("utf-8"))
    name, option, config, *more = command.split()
    assert name == ("poll" if "poll" in path.name else "run")
    assert config.endswith("/mailarchiver/config.toml")
    described = CliRunner().invoke(app, [name, "--help"]).output
    assert all(each in described for each in (option, *more))
