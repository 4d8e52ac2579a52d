"""install-service: what it would put where, by the configuration; and that it does so once, and nothing by half."""

from __future__ import annotations

import json
import stat
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from mailarchiver import config, install, install_lacking
from mailarchiver.cli.app import app
from mailarchiver.errors import ConfigError, InstallError
from mailarchiver.install import SYSTEM, Program, Site, Wishes, plan
from mailarchiver.install_lacking import Lacking
from mailarchiver.install_steps import Done, Folder, Put, Remove, Run, Step, carry_out

if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAM = Program(Path("/opt/mailarchiver/bin/mailarchiver"), (Path("/opt/mailarchiver"), Path("/usr")))
AT_HOME = Wishes(Path("/var/lib/mailarchiver/archive"), ("articles",))
OWN = Site(
    Path("/home/jane/.config/systemd/user"), Path("/home/jane/.config/mailarchiver/config.toml"), Path("/home/jane")
)
ARGUMENTS = ["install-service", "--program", "/opt/mailarchiver/bin/mailarchiver", "--root-dir"]


def puts(steps: Sequence[object]) -> dict[str, str]:
    return {str(step.path): step.content for step in steps if isinstance(step, Put)}


def removes(steps: Sequence[object]) -> set[str]:
    return {step.path.name for step in steps if isinstance(step, Remove)}


# --- the plan -------------------------------------------------------------------------------------------------------


def test_the_system_is_given_its_units_its_user_and_a_configuration() -> None:
    steps = plan(SYSTEM, PROGRAM, AT_HOME, 252)
    assert set(puts(steps)) == {
        "/etc/sysusers.d/mailarchiver.conf",
        "/etc/tmpfiles.d/mailarchiver.conf",
        "/etc/mailarchiver/config.toml",
        "/etc/systemd/system/mailarchiver.service",
        "/etc/systemd/system/mailarchiver-poll.service",
        "/etc/systemd/system/mailarchiver-poll.timer",
        "/etc/systemd/system/mailarchiver.service.d/50-credentials.conf",
        "/etc/systemd/system/mailarchiver-poll.service.d/50-credentials.conf",
    }
    order = [step.command[0] if isinstance(step, Run) else "" for step in steps]
    users, folders, units = (order.index(tool) for tool in ("systemd-sysusers", "systemd-tmpfiles", "systemctl"))
    config_at = next(number for number, step in enumerate(steps) if isinstance(step, Put) and step.keep)
    assert users < folders < config_at < units == len(steps) - 1, "a group before its file, all before the reload"
    assert not any("enable" in step.command or "start" in step.command for step in steps if isinstance(step, Run))


@pytest.mark.parametrize("site", [SYSTEM, OWN])
def test_very_many_accounts_are_given_more_threads(site: Site, tmp_path: Path) -> None:
    def steps(accounts: int, more: str = "") -> list[Step]:
        account = f'[[account]]\nname = "x"\nfolders = ["INBOX", "News/*"]\n{more}\n'
        return plan(site, PROGRAM, install.wishes(f'[archive]\nroot = "/srv/x"\n{account * accounts}', tmp_path), 252)

    drop_in = str(site.units / "mailarchiver.service.d/50-tasks.conf")
    assert "50-tasks.conf" in removes(steps(20))
    assert puts(steps(40))[drop_in].endswith("[Service]\nTasksMax=732\n")
    assert "50-tasks.conf" in removes(steps(40, "push = false"))


def test_the_configuration_is_for_the_group_and_is_kept() -> None:
    [kept] = [step for step in plan(SYSTEM, PROGRAM, AT_HOME, 252) if isinstance(step, Put) and step.keep]
    assert (kept.mode, kept.group) == (0o640, "mailarchiver")
    [own] = [step for step in plan(OWN, PROGRAM, AT_HOME, 252) if isinstance(step, Put) and step.keep]
    assert (own.mode, own.group) == (0o600, None)


def test_the_units_start_the_program_that_there_is() -> None:
    program = Program(
        Path("/srv/my apps/bin/mailarchiver"), (Path("/srv/my apps"), Path("/usr"), Path("/srv/my apps/lib"))
    )
    written = puts(plan(SYSTEM, program, AT_HOME, 252))
    service = written["/etc/systemd/system/mailarchiver.service"].splitlines()
    assert 'ExecStart="/srv/my apps/bin/mailarchiver" run --config /etc/mailarchiver/config.toml' in service
    assert 'ExecPaths=/usr "/srv/my apps"' in service
    poll = written["/etc/systemd/system/mailarchiver-poll.service"].splitlines()
    assert 'ExecStart="/srv/my apps/bin/mailarchiver" poll --config /etc/mailarchiver/config.toml --patient' in poll
    assert "env" not in "".join(service + poll).partition("ExecStart")[2][:60]


def test_the_program_of_the_system_needs_no_folder_of_its_own() -> None:
    everywhere = (Path("/usr"), Path("/usr/local/lib/python3.11/dist-packages/mailarchiver"))
    written = puts(plan(SYSTEM, Program(Path("/usr/local/bin/mailarchiver"), everywhere), AT_HOME, 252))
    assert "ExecPaths=/usr" in written["/etc/systemd/system/mailarchiver.service"].splitlines()


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("/opt/pipx/venvs/mailarchiver/bin/mailarchiver", "/opt/pipx/venvs/mailarchiver/bin/mailarchiver"),
        ("/srv/100%/a$b", "/srv/100%%/a$b"),
        ('/srv/Jane\'s "own"', '"/srv/Jane\'s \\"own\\""'),
        ("/srv/back\\slash", '"/srv/back\\\\slash"'),
    ],
)
def test_a_path_is_quoted(path: str, written: str) -> None:
    assert install.quoted(Path(path)) == written


def test_a_credential_for_each_account_and_none_that_is_not_asked_for() -> None:
    text = (
        '[archive]\nroot = "/var/lib/mailarchiver/archive"\n'
        '[[account]]\npassword_credential = "one"\n[[account]]\npassword_credential = "two.more"\n'
        '[[account]]\npassword_credential = "one"\n[[account]]\npassword_file = "x.password"\n'
        '[[account]]\npassword_credential = "evil\\n[Service]"\n'
    )
    wished = install.wishes(text, SYSTEM.config)
    assert wished.credentials == ("one", "two.more")
    written = puts(plan(SYSTEM, PROGRAM, wished, 252))
    for service in ("mailarchiver", "mailarchiver-poll"):
        drop_in = written[f"/etc/systemd/system/{service}.service.d/50-credentials.conf"]
        assert [line for line in drop_in.splitlines() if "=" in line] == [
            "LoadCredential=one:/etc/mailarchiver/one.password",
            "LoadCredential=two.more:/etc/mailarchiver/two.more.password",
        ]
    assert "50-credentials.conf" in removes(plan(SYSTEM, PROGRAM, Wishes(AT_HOME.root), 252))


def test_an_archive_elsewhere_is_opened_and_nothing_beside_it() -> None:
    written = puts(plan(SYSTEM, PROGRAM, Wishes(Path("/srv/articles")), 252))
    example = (install.SHIPPED / "systemd/drop-ins/archive-elsewhere.conf").read_text("utf-8")
    keys = [line for line in example.splitlines() if line and not line.startswith("#")]
    for service in ("mailarchiver", "mailarchiver-poll"):
        drop_in = written[f"/etc/systemd/system/{service}.service.d/50-paths.conf"]
        assert [line for line in drop_in.splitlines() if line and not line.startswith("#")] == keys
    assert "50-paths.conf" in removes(plan(SYSTEM, PROGRAM, AT_HOME, 252))


def test_whatever_else_it_writes_to_is_opened() -> None:
    text = (
        '[archive]\nroot = "/var/lib/mailarchiver/archive"\n'
        '[metrics]\ntextfile = "/var/lib/prometheus/node-exporter/mailarchiver.prom"\n'
        '[[account]]\ntoken_cache = "/var/lib/mailarchiver/a.token.json"\n[[account]]\ntoken_cache = "b.token.json"\n'
    )
    wished = install.wishes(text, SYSTEM.config)
    drop_in = puts(plan(SYSTEM, PROGRAM, wished, 252))["/etc/systemd/system/mailarchiver.service.d/50-paths.conf"]
    assert [line for line in drop_in.splitlines() if line.startswith("ReadWritePaths=")] == [
        "ReadWritePaths=-/etc/mailarchiver",
        "ReadWritePaths=-/var/lib/prometheus/node-exporter",
    ]
    assert "RequiresMountsFor" not in drop_in, "its archive lies where it always does"
    with pytest.raises(ConfigError, match="/home/jane/figures"):
        install.refuse_hidden(SYSTEM, PROGRAM, Wishes(AT_HOME.root, folders=(Path("/home/jane/figures"),)))


def test_a_user_has_the_archive_at_home() -> None:
    steps = plan(OWN, PROGRAM, Wishes(Path("/home/jane/archive")), 252)
    assert Folder(Path("/home/jane/archive")) in steps
    written = puts(steps)
    assert "ReadWritePaths=/home/jane/archive\n" in written[f"{OWN.units}/mailarchiver.service.d/50-paths.conf"]
    assert all(path.startswith("/home/jane/.config/") for path in written)
    assert [step.command for step in steps if isinstance(step, Run)] == [("systemctl", "--user", "daemon-reload")]


def test_what_an_older_systemd_does_not_know_is_left_out() -> None:
    path = "/etc/systemd/system/mailarchiver.service.d/40-since-254.conf"
    assert "RestartMaxDelaySec=" in puts(plan(SYSTEM, PROGRAM, AT_HOME, 254))[path]
    assert path not in puts(plan(SYSTEM, PROGRAM, AT_HOME, 252))


@pytest.mark.parametrize("site", [SYSTEM, OWN])
def test_the_first_configuration_is_sound(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/jane")
    path = tmp_path / "config.toml"
    path.write_text(install.first_config(site), "utf-8")
    settings = config.load(path)
    [account] = settings.account
    wished = install.wishes(path.read_text("utf-8"), site.config)
    assert wished.root == settings.archive.root
    if site is SYSTEM:
        assert (account.password_credential, replace(wished, tasks=0)) == ("articles", AT_HOME)
    else:
        assert account.password_file == tmp_path / "articles.password"
        assert replace(wished, tasks=0) == Wishes(
            Path("/home/jane/archive"), (), (site.config.parent / "articles.password",)
        )


@pytest.mark.parametrize("text", ["[archive", "", "archive = 1", "[archive]\nroot = 7", '[archive]\nroot = ""'])
def test_a_configuration_that_tells_no_archive_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"/etc/mailarchiver/config\.toml: "):
        install.wishes(text, SYSTEM.config)


def test_the_way_on_is_told() -> None:
    password = Path("/etc/mailarchiver/articles.password")
    commands = install_lacking.next_commands(SYSTEM, Lacking(True, (password,), Path("/srv/articles")), running=False)
    assert [command.partition("  #")[0] for command in commands] == [
        "sudo nano /etc/mailarchiver/config.toml",
        "sudo install -m 0600 /dev/stdin /etc/mailarchiver/articles.password",
        "sudo install -d -o mailarchiver -g mailarchiver -m 0750 /srv/articles",
        "sudo mailarchiver install-service",
        "sudo systemctl enable --now mailarchiver",
    ]
    assert install_lacking.next_commands(SYSTEM, Lacking(False, (), None), running=True) == []


# --- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "hidden",
    [
        Program(Path("/home/jane/venv/bin/mailarchiver"), (Path("/home/jane/venv"), Path("/usr"))),
        Program(Path("/root/.local/share/pipx/venvs/mailarchiver/bin/mailarchiver"), (Path("/root/.local"),)),
        Program(PROGRAM.script, (Path("/opt/mailarchiver"), Path("/root/.pyenv/versions/3.12.1"))),  # its interpreter
        Program(PROGRAM.script, (Path("/opt/mailarchiver"), Path("/usr"), Path("/home/jane/clone/mailarchiver"))),
        Program(Path("/tmp/venv/bin/mailarchiver"), (Path("/tmp/venv"),)),  # noqa: S108  no file is made
    ],
)
def test_a_program_that_the_service_would_not_see_is_refused_with_the_cure(hidden: Program) -> None:
    with pytest.raises(ConfigError) as refused:
        install.refuse_hidden(SYSTEM, hidden, AT_HOME)
    [problem] = refused.value.problems
    assert "venv /opt/mailarchiver" in problem
    assert "PIPX_HOME=/opt/pipx" in problem
    assert "--user" in problem


def test_a_user_may_have_both_at_home() -> None:
    at_home = Program(Path("/home/jane/venv/bin/mailarchiver"), (Path("/home/jane/venv"),))
    install.refuse_hidden(OWN, at_home, Wishes(Path("/home/jane/archive")))
    with pytest.raises(ConfigError, match="archive"):
        install.refuse_hidden(SYSTEM, PROGRAM, Wishes(Path("/home/jane/archive")))


def test_homes_are_told_from_what_only_begins_so() -> None:
    install.refuse_hidden(SYSTEM, Program(Path("/homes/bin/x"), (Path("/homes"),)), Wishes(Path("/rooted/archive")))


def test_a_program_for_root_alone_is_refused(tmp_path: Path) -> None:
    script = tmp_path / "venv/bin/mailarchiver"
    script.parent.mkdir(parents=True)
    script.touch(0o755)
    (tmp_path / "venv").chmod(0o700)
    with pytest.raises(InstallError, match="chmod -R o"):
        install.refuse_unreadable(Program(script, ()))


def test_a_program_that_is_not_installed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(tmp_path))
    with pytest.raises(InstallError, match="install mailarchiver"):
        install.running()
    (tmp_path / "mailarchiver").touch()
    found = install.running()
    assert found.script == tmp_path / "mailarchiver"
    assert Path(sys.prefix).resolve() in found.folders
    assert Path(install.__file__).parent.resolve() in found.folders


# --- the acts -------------------------------------------------------------------------------------------------------


def outcomes(steps: Sequence[Put | Remove | Folder | Run], below: Path, *, dry_run: bool = False) -> set[str]:
    return {done.outcome for done in carry_out(steps, below=below, dry_run=dry_run)}


def everything(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_second_time_nothing_changes(tmp_path: Path) -> None:
    steps = plan(SYSTEM, PROGRAM, AT_HOME, 254)
    assert outcomes(steps, tmp_path, dry_run=True) == {"written", "left", "absent"}
    assert everything(tmp_path) == {}
    assert outcomes(steps, tmp_path) == {"written", "left", "absent"}
    before = everything(tmp_path)
    assert set(before) == {path.removeprefix("/") for path in puts(steps)}
    assert outcomes(steps, tmp_path) == {"unchanged", "kept", "left", "absent"}
    assert everything(tmp_path) == before


def test_what_is_no_longer_asked_for_goes_and_the_configuration_stays(tmp_path: Path) -> None:
    first = plan(SYSTEM, PROGRAM, Wishes(Path("/srv/articles"), ("articles",)), 254)
    list(carry_out(first, below=tmp_path))
    own = tmp_path / "etc/mailarchiver/config.toml"
    own.write_text("mine\n")
    override = tmp_path / "etc/systemd/system/mailarchiver.service.d/override.conf"
    override.write_text("[Service]\nNice=5\n")
    done = list(carry_out(plan(SYSTEM, PROGRAM, Wishes(AT_HOME.root), 252), below=tmp_path))
    assert {Path(each.what).name for each in done if each.outcome == "removed"} == {
        "50-paths.conf",
        "50-credentials.conf",
        "40-since-254.conf",
    }
    assert own.read_text() == "mine\n"
    assert [path.name for path in override.parent.iterdir()] == ["override.conf"]


def test_a_unit_of_an_older_version_is_replaced(tmp_path: Path) -> None:
    steps = plan(SYSTEM, PROGRAM, AT_HOME, 252)
    list(carry_out(steps, below=tmp_path))
    unit = tmp_path / "etc/systemd/system/mailarchiver.service"
    sound = unit.read_text()
    unit.write_text("[Service]\nExecStart=/usr/bin/true\n")
    (unit.parent / f".{unit.name}.new").write_text("of a run that was interrupted")
    assert "updated" in outcomes(steps, tmp_path)
    assert unit.read_text() == sound
    assert not list(unit.parent.glob(".*"))


def test_modes_are_as_they_should_be_whatever_the_umask(tmp_path: Path) -> None:
    steps: list[Put | Folder] = [Put(Path("/a"), "x"), Put(Path("/b"), "x", 0o640), Folder(Path("/c"))]
    assert outcomes(steps, tmp_path) == {"written", "made"}
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in "abc"] == [0o644, 0o640, 0o750]


def test_trouble_is_told_and_names_the_file_or_the_tool(tmp_path: Path) -> None:
    (tmp_path / "etc").touch()
    with pytest.raises(InstallError, match=r"etc.*: "):
        outcomes([Put(Path("/etc/x"), "x")], tmp_path)
    with pytest.raises(InstallError, match=r"`ls /nowhere` failed: .*No such file"):
        list(carry_out([Run(("ls", "/nowhere"))]))
    with pytest.raises(InstallError, match="no-such-tool is not there"):
        list(carry_out([Run(("no-such-tool",))]))


def test_a_dry_run_runs_nothing() -> None:
    assert list(carry_out([Run(("no-such-tool",))], dry_run=True)) == [Done("no-such-tool", "run")]


# --- the command ----------------------------------------------------------------------------------------------------


def test_the_command_tells_what_it_did(tmp_path: Path) -> None:
    first = CliRunner().invoke(app, [*ARGUMENTS, str(tmp_path)])
    assert first.exit_code == 0
    assert "written    /etc/systemd/system/mailarchiver.service\n" in first.output
    assert "left       systemctl daemon-reload" in first.output
    assert "unchanged: everything was in place" not in first.output
    again = CliRunner().invoke(app, [*ARGUMENTS, str(tmp_path)])
    assert "kept       /etc/mailarchiver/config.toml\n" in again.output
    assert "unchanged: everything was in place\n" in again.output
    told = json.loads(CliRunner().invoke(app, [*ARGUMENTS, str(tmp_path), "--json"]).output)
    assert {"what": "/etc/mailarchiver/config.toml", "outcome": "kept"} in told["steps"]
    assert told["dry_run"] is False


def test_it_follows_the_configuration_that_is_there(tmp_path: Path) -> None:
    own = tmp_path / "etc/mailarchiver/config.toml"
    own.parent.mkdir(parents=True)
    own.write_text('[archive]\nroot = "/srv/articles"\n[[account]]\npassword_credential = "mine"\n')
    assert CliRunner().invoke(app, [*ARGUMENTS, str(tmp_path)]).exit_code == 0
    drop_ins = tmp_path / "etc/systemd/system/mailarchiver.service.d"
    assert sorted(path.name for path in drop_ins.iterdir()) == ["50-credentials.conf", "50-paths.conf"]
    own.write_text("[archive")
    refused = CliRunner().invoke(app, [*ARGUMENTS, str(tmp_path)])
    assert isinstance(refused.exception, ConfigError)


def test_the_system_is_for_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    refused = CliRunner().invoke(app, ["install-service"])
    assert isinstance(refused.exception, ConfigError)
    assert "sudo mailarchiver install-service" in str(refused.exception)
