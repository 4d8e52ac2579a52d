"""The README promises nothing that does not run: commands exist, configurations load, links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from mailarchiver import config
from mailarchiver.cli.app import app

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"(?:^    .*\n|^\n(?=    ))+", README, re.MULTILINE)
CONFIGS = [block for block in BLOCKS if "[[account]]" in block]


def test_the_two_commands_stand_there_word_for_word() -> None:
    assert "python3 -m venv .venv && .venv/bin/pip install -q '.[demo]' && .venv/bin/mailarchiver demo\n" in README
    assert "python3 -m venv .venv && .venv/bin/pip install -q -e '.[test]' && .venv/bin/pytest -q\n" in README


def test_there_are_configurations() -> None:
    assert len(CONFIGS) == 5


@pytest.mark.parametrize("block", CONFIGS)
def test_a_configuration_loads(block: str, tmp_path: Path) -> None:
    toml = "\n".join(line.removeprefix("    ") for line in block.splitlines())
    path = tmp_path / "config.toml"
    path.write_text(toml if "[archive]" in toml else f'[archive]\nroot = "archive"\n{toml}', "utf-8")
    path.chmod(0o600)
    [account] = config.load(path).account
    assert account.host.startswith(("imap.", "outlook."))


def test_every_command_exists() -> None:
    """`mailarchiver WORD` in a code block names a command, `--OPTION` on its line an option of it."""
    commands = get_command(app).commands  # type: ignore[attr-defined]
    used = re.findall(r"(?:^ {4}|/|`)mailarchiver (\w+)((?: [^`\n#]*)?)", README, re.MULTILINE)
    assert {name for name, _ in used} >= {"demo", "import", "poll", "run"}
    for name, rest in used:
        command = commands[name]
        if hasattr(command, "commands"):
            command = command.commands[rest.split()[0]]
        options = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"--[\w-]+", rest)) <= options


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)]+)\)", README))
def test_a_link_leads_somewhere(target: str) -> None:
    assert target.startswith("https://") or (ROOT / target).exists()


@pytest.mark.parametrize("path", sorted(set(re.findall(r"[` ]((?:docs|benchmarks|systemd|tests)/[\w./-]+)", README))))
def test_a_named_file_exists(path: str) -> None:
    assert (ROOT / path).exists()
