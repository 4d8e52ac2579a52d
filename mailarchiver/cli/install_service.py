"""`mailarchiver install-service`: put the service's files in place."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import JsonOption

if TYPE_CHECKING:
    from ..install import Site, Wishes
    from ..install_steps import Done


def install_service(
    *,
    user: Annotated[
        bool, typer.Option("--user", help="A service of your own user, without root, in place of the system's.")
    ] = False,
    now: Annotated[bool, typer.Option("--now", help="Enable it and start it, or start it anew, too.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be done.")] = False,
    root_dir: Annotated[
        Path | None,
        typer.Option(
            "--root-dir", metavar="DIR", help="Write below DIR, as packages do, and run none of systemd's tools."
        ),
    ] = None,
    program: Annotated[
        Path | None,
        typer.Option("--program", metavar="FILE", help="What the units start, in place of the program that runs."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Put the systemd units, the service's user and a first configuration in place; again after each change of the
    configuration, and after an upgrade.
    """
    from .. import install
    from ..errors import ConfigError
    from ..install_lacking import lacking, next_commands
    from ..install_steps import carry_out, systemd_version

    if not user and os.geteuid() != 0 and root_dir is None and not dry_run:
        raise ConfigError(
            ["a service of the system is installed by root: `sudo mailarchiver install-service`, or --user"]
        )
    site = install.of_user() if user else install.SYSTEM
    wished = _wished(site, root_dir)
    starts = install.running() if program is None else install.Program(program, (program.parent.parent,))
    install.refuse_hidden(site, starts, wished)
    if program is None and not user:
        install.refuse_unreadable(starts)
    steps = install.plan(site, starts, wished, systemd_version() if root_dir is None else 0)
    done = list(carry_out(steps + (install.started(site) if now else []), below=root_dir, dry_run=dry_run))
    fresh = any(each.what == str(site.config) and each.outcome == "written" for each in done)
    left = next_commands(site, lacking(site, wished, fresh=fresh), running=now)
    _say(done, [] if root_dir else left, dry_run=dry_run, as_json=as_json)


def _wished(site: "Site", root_dir: "Path | None") -> "Wishes":
    """Of the configuration that is there, or else of the one that will be."""
    from .. import install
    from ..errors import ConfigError

    path = site.config if root_dir is None else root_dir / site.config.relative_to("/")
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        text = install.first_config(site)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: cannot be read: {error}"]) from error
    return install.wishes(text, site.config)


def _say(done: "list[Done]", left: list[str], *, dry_run: bool, as_json: bool) -> None:
    """A line for each step, and what is left to do."""
    if as_json:
        steps = [asdict(each) for each in done]
        typer.echo(json.dumps({"dry_run": dry_run, "steps": steps, "next": left}, ensure_ascii=False))
        return
    if dry_run:
        typer.echo("This would be done:")
    told = [each for each in done if each.outcome != "absent"]
    for each in told:
        typer.echo(f"{each.outcome:<10} {each.what}")
    if all(each.outcome in {"unchanged", "kept", "run", "left"} for each in told):
        typer.echo("unchanged: everything was in place")
    if left:
        typer.echo("\nWhat is left to do:")
    for command in left:
        typer.echo(f"    {command}")
