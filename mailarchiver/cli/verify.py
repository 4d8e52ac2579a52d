"""`mailarchiver verify`: is the archive as it was filed?"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .archive_choice import RootOption, chosen, chosen_root, rules_by_account
from .options import ConfigOption, JsonOption
from .progress import progress

if TYPE_CHECKING:
    from ..archive.findings import Finding, Report

DAMAGE = 3
"""The exit code that says so."""


def verify(
    *,
    deep: Annotated[
        bool, typer.Option("--deep", help="Also make each article again from its mail, and compare.")
    ] = False,
    jobs: Annotated[
        int | None, typer.Option("--jobs", metavar="N", min=1, max=64, help="Articles read at a time; else 4 at most.")
    ] = None,
    root: RootOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare folders, manifest, checksums and ledger. Writes nothing. Exits 3 if something is damaged or missing."""
    from ..archive import verify as archive
    from .logs import start_logging

    start_logging("error")
    place = chosen_root(root, config)
    jobs = jobs or min(4, os.cpu_count() or 1)
    with progress("Verifying", lambda: archive.count(place) * (2 if deep else 1)) as step:
        report = archive.verify(place, jobs=jobs, step=step)
        if deep:
            report = _deepened(report, place, root, config, jobs, step)
    _say(report, as_json=as_json)
    if not report.is_sound():
        raise typer.Exit(DAMAGE)


def _deepened(
    report: "Report", place: Path, root: Path | None, config: Path | None, jobs: int, step: Callable[[int], None]
) -> "Report":
    """The report with what is found by making every article again."""
    from contextlib import closing
    from dataclasses import replace

    from ..archive.layout import Layout, leave_root
    from ..archive.trouble import as_store_error
    from ..rederive import rederive
    from ..workers import Pool

    limits, rules = chosen(root, config)[1], rules_by_account(root, config)
    leave_root(place)  # what follows reads hostile mail
    damaged = frozenset(report.damaged_folders())
    with (
        as_store_error(Layout(place)),
        closing(Pool(jobs, limits.mail_time.total_seconds(), limits.mail_memory)) as pool,
    ):
        more = tuple(rederive(place, pool, rules=rules, damaged=damaged, step=step))
    return replace(report, findings=(*report.findings, *more))


def _say(report: "Report", *, as_json: bool) -> None:
    from dataclasses import asdict

    from ..text.wording import counted, size_in_words

    if as_json:
        told = asdict(report) | {"sound": report.is_sound()}
        for finding, as_dict in zip(report.findings, told["findings"], strict=True):
            as_dict["damage"] = finding.is_damage()
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    for finding in report.findings:
        typer.echo(_line(finding))
    damage = sum(finding.is_damage() for finding in report.findings)
    read = (
        f"{counted(report.articles, 'article')}, {counted(report.files, 'file')}, {size_in_words(report.octets)} read"
    )
    typer.echo(f"{read}: {f'{damage} damaged or missing' if damage else 'all as filed'}")


def _line(finding: "Finding") -> str:
    """A finding in a line that does nothing to a terminal: names are anybody's."""
    from ..text.controls import without_controls

    cure = f"; {finding.cure}" if finding.cure else ""
    text = without_controls(f"{finding.kind}: {finding.path} {finding.what}{cure}")
    return text.replace("\n", " ").replace("\t", " ")
