"""`mailarchiver reprocess`: today's program over the mail that was filed."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer

from .archive_choice import RootOption, chosen, rules_by_account
from .options import ConfigOption, JsonOption
from .progress import progress

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ..archive.renewal import Mail
    from ..archive.store import Store
    from ..config import Limits
    from ..reprocess import Outcome, RulesOf
    from ..workers import Worker

IdsArgument = Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Ids, beginnings of ids, or folders.")]


@dataclass
class _Count:
    """What has become of the articles so far; `step` hears of every mail that is done."""

    step: "Callable[[int], None]"
    replaced: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    unchanged: int = 0
    failures: list[dict[str, str]] = field(default_factory=list)

    def receive(self, outcomes: "Iterable[Outcome]") -> None:
        """Count what is safely on disk, and say what is out of the ordinary."""
        for outcome in outcomes:
            self.replaced += outcome.replaced
            self.added += outcome.added
            self.removed += outcome.removed
            self.unchanged += outcome.unchanged
            for entry_id in outcome.removed:
                typer.echo(f"mailarchiver: {entry_id}: its mail has no such article any more: removed", err=True)
            if outcome.trouble is not None:
                self.fail(outcome.mail, outcome.trouble)
            self.step(1)

    def fail(self, mail: "Mail", trouble: str) -> None:
        self.failures.append({"id": mail.entries[0].id, "reason": trouble})
        typer.echo(f"mailarchiver: {trouble}", err=True)

    def __str__(self) -> str:
        told = [f"{len(self.replaced)} replaced", f"{self.unchanged} unchanged"]
        told += [f"{len(self.added)} added"] if self.added else []
        told += [f"{len(self.removed)} removed"] if self.removed else []
        return ", ".join([*told, f"{len(self.failures)} failed"])

    def as_dict(self) -> dict[str, object]:
        """The same for a program."""
        return {
            "replaced": self.replaced,
            "added": self.added,
            "removed": self.removed,
            "unchanged": self.unchanged,
            "failures": self.failures,
        }


def reprocess(
    *,
    ids: IdsArgument = None,
    everything: Annotated[bool, typer.Option("--all", help="All articles of the archive.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print how article.md would change, as a diff; write nothing.")
    ] = False,
    prune: Annotated[
        bool,
        typer.Option("--prune", help="Then delete the earlier versions; without ID and --all, only that, of all."),
    ] = False,
    root: RootOption = None,
    config: ConfigOption = None,
    jobs: Annotated[int, typer.Option("--jobs", metavar="N", min=1, max=64, help="Mails understood at a time.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Make articles anew from their mail, as this version understands it. A mail is taken with all its articles.

    What others added to the folders stays; earlier versions go to .mailarchiver/versions. Exits 1 if one failed.
    """
    from .logs import start_logging

    if bool(ids) == everything and not (prune and not ids):
        raise typer.BadParameter("name articles, or say --all")
    if dry_run and prune:
        raise typer.BadParameter("--dry-run writes nothing, --prune deletes: say one of them")
    archive, limits, _ = chosen(root, config)
    rules_of = rules_by_account(root, config)
    start_logging("warning")
    words = None if everything else ids or []
    if dry_run:
        failed = _preview(words, archive.root, limits, rules_of, jobs, as_json=as_json)
    else:
        from ..filing import opened
        from ..poll import refresh_pages

        with opened(archive, limits, jobs=jobs, create=False) as (store, worker):
            failed = _write(words, archive.root, store, worker, rules_of, prune=prune, as_json=as_json)
            refresh_pages(store)
            store.update_search()
    if failed:
        raise typer.Exit(1)


def _write(
    words: list[str] | None,
    root: "Path",
    store: "Store",
    worker: "Worker",
    rules_of: "RulesOf",
    *,
    prune: bool,
    as_json: bool,
) -> bool:
    """Whether something failed."""
    from ..reprocess import reprocess as run

    named = store.mails(words or ())
    mails = store.all_mails() if words is None else named
    with progress("Reprocessing", lambda: store.count_of_mails() if words is None else len(words)) as step:
        count = _Count(step)
        run(mails, store, worker, root=root, rules_of=rules_of, on_outcomes=count.receive)
    told: dict[str, object] = count.as_dict()
    pruned = ""
    if prune:
        ids = [entry.id for mail in named for entry in mail.entries]
        deleted, kept = store.prune(ids if words else None)
        for line in kept:
            typer.echo(f"mailarchiver: kept {line}", err=True)
        told |= {"pruned": deleted, "kept": kept}
        pruned = f"; {len(deleted)} earlier versions deleted, {len(kept)} kept"
    typer.echo(json.dumps(told, ensure_ascii=False) if as_json else f"{count}{pruned}")
    return bool(count.failures)


def _preview(
    words: list[str] | None, root: "Path", limits: "Limits", rules_of: "RulesOf", jobs: int, *, as_json: bool
) -> bool:
    """Whether something would fail."""
    from contextlib import closing
    from dataclasses import asdict

    from ..archive import renewal
    from ..filing import pool_of
    from ..reprocess import differences

    mails = renewal.chosen(root, words)
    failed = False
    with closing(pool_of(limits, jobs=jobs)) as worker, progress("Comparing", lambda: len(mails)) as step:
        for _, found in differences(mails, worker, root=root, rules_of=rules_of):
            step(1)
            if isinstance(found, str):
                failed = True
                typer.echo(f"mailarchiver: {found}", err=True)
                continue
            for difference in found:
                if as_json:
                    typer.echo(json.dumps(asdict(difference), ensure_ascii=False))
                    continue
                files = f": {', '.join(difference.files)}" if difference.change == "replaced" else ""
                typer.echo(f"{difference.id} {difference.change}{files}")
                typer.echo(difference.diff, nl=False)
    return failed
