"""`mailarchiver import`: mail from files, through the same pipeline and with the same guarantees as from a mailbox."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .archive_choice import RootOption, chosen
from .options import ConfigOption, JsonOption
from .progress import progress
from .quarantined import counted, listed, say

if TYPE_CHECKING:
    from ..mailbox.files import Unreadable
    from ..model import RawMessage, Receipt


@dataclass
class _Count:
    """What has become of the mail so far; `step` hears of every mail that is done."""

    step: Callable[[int], None]
    root: Path
    filed: int = 0
    already: int = 0
    unread: "list[Unreadable]" = field(default_factory=list)
    quarantined: "list[Receipt]" = field(default_factory=list)

    def readable(self, found: "Iterable[RawMessage | Unreadable]") -> "Iterator[RawMessage]":
        """The mail that could be read; the rest is said and counted."""
        from ..model import RawMessage

        for item in found:
            if isinstance(item, RawMessage):
                yield item
            else:
                self.unread.append(item)
                typer.echo(f"mailarchiver: {item.path}: {item.reason}", err=True)
                self.step(1)

    def receive(self, receipts: "list[Receipt]") -> None:
        """Count a batch that is safely on disk."""
        outcomes = [receipt.outcome for receipt in receipts]
        self.filed += outcomes.count("filed")
        self.already += outcomes.count("already")
        held = [receipt for receipt in receipts if receipt.outcome == "quarantined"]
        self.quarantined += held
        say(held, self.root)
        self.step(len(receipts))

    def __str__(self) -> str:
        return counted(self.filed, self.already, len(self.quarantined), len(self.unread))

    def as_dict(self) -> dict[str, object]:
        """The same for a program: failures and mail in quarantine with their reasons."""
        failures = [{"path": str(item.path), "reason": item.reason} for item in self.unread]
        held = listed(self.quarantined)
        return {
            "filed": self.filed,
            "already": self.already,
            "quarantined": len(held),
            "quarantine": held,
            "failed": len(failures),
            "failures": failures,
        }


STDIN = Path("-")


def _there(paths: list[Path]) -> list[Path]:
    """What was named, if it is there. QUIRK: typer 0.29 looks for a file `-` where `allow_dash` is set."""
    for path in paths:
        if path != STDIN and not path.exists():
            raise typer.BadParameter(f"there is no file or folder {str(path)!r}")
    if STDIN in paths and len(paths) > 1:
        raise typer.BadParameter("`-` is one message on standard input, and stands alone; a file of that name is ./-")
    return paths


def import_(
    *,
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH",
            callback=_there,
            help="Files (.eml, mbox), Maildirs, or folders of them; `-`: one message on standard input.",
        ),
    ],
    root: RootOption = None,
    config: ConfigOption = None,
    jobs: Annotated[int, typer.Option("--jobs", metavar="N", min=1, max=64, help="Mails understood at a time.")] = 1,
    again: Annotated[bool, typer.Option("--again", help="Also file mail that was removed from the archive.")] = False,
    as_json: JsonOption = False,
) -> None:
    """File mail from .eml files, folders, mboxes and Maildirs. Exits 1 if one could not be read or understood.

    With `-` it takes one message from a delivery agent (procmail, a sieve script, Postfix), for an archive that is
    there already: exit 0 as soon as it is safely on disk, be it in quarantine, and 75 (try again) for whatever else.
    """
    if paths == [STDIN]:
        _deliver(root, config, again=again, as_json=as_json)
        return
    from datetime import UTC, datetime

    from ..filing import file_messages, opened
    from ..mailbox import files
    from ..poll import refresh_pages
    from .logs import start_logging

    archive, limits, rules = chosen(root, config)
    start_logging("warning")
    with (
        opened(archive, limits, jobs=jobs) as (store, worker),
        progress("Filing", lambda: files.count(paths)) as step,
    ):
        count = _Count(step, archive.root)
        messages = count.readable(files.scan(paths, now=datetime.now(UTC)))
        file_messages(messages, store, worker, rules=rules, on_receipts=count.receive, again=again)
        refresh_pages(store)
        store.update_search()
    typer.echo(json.dumps(count.as_dict(), ensure_ascii=False) if as_json else str(count))
    if count.unread or count.quarantined:
        raise typer.Exit(1)


def _deliver(root: Path | None, config: Path | None, *, again: bool, as_json: bool) -> None:
    """Nothing is printed if all is well: mail systems take words for trouble, or have nobody who listens."""
    import io
    import sys

    from ..delivery import deferring, deliver
    from .logs import start_logging

    with deferring():
        archive, limits, rules = chosen(root, config)
        start_logging("warning")
        stream = sys.stdin.buffer if sys.stdin else io.BytesIO()  # None where it was closed
        receipt = deliver(stream, archive, limits, rules, again=again)
    count = _Count(lambda _: None, archive.root)
    count.receive([receipt])
    if as_json:
        typer.echo(json.dumps(count.as_dict(), ensure_ascii=False))
