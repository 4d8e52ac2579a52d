"""`mailarchiver rebuild`: what follows from the folders and the manifest, made again."""

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .archive_choice import RootOption, chosen_root
from .options import ConfigOption, JsonOption
from .progress import progress

if TYPE_CHECKING:
    from ..archive.recovery import Rebuilt


class Part(StrEnum):
    """What can be made again."""

    MANIFEST = "manifest"
    LEDGER = "ledger"
    SEARCH = "search"
    PAGES = "pages"


def rebuild(
    *,
    parts: Annotated[
        list[Part] | None, typer.Argument(metavar="[PART]…", help="manifest, ledger, search, pages.")
    ] = None,
    root: RootOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the ledger, the full-text index and the browse pages again, and add to the manifest what it lacks.

    The manifest keeps its sound lines; each whole folder of an article without a line gets one.
    """
    from .logs import start_logging

    start_logging("warning")
    place = chosen_root(root, config)
    chosen = set(parts or Part)
    told: dict[str, object] = {}
    if chosen & {Part.MANIFEST, Part.LEDGER}:
        made = _ledger(place, sift=Part.MANIFEST in chosen)
        told |= _of_manifest(made) | {Part.LEDGER: {"lines": made.lines + made.adopted}}
    if Part.SEARCH in chosen:
        told[Part.SEARCH] = {"lines": _search(place)}
    if Part.PAGES in chosen:
        told[Part.PAGES] = {"written": _pages(place)}
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        _say(told)


def _ledger(place: Path, *, sift: bool) -> "Rebuilt":
    """The manifest, of which the ledger is made in any case."""
    from ..archive.store import Store
    from ..archive.verify import count

    with progress("Reading", lambda: count(place)) as step:
        return Store.rebuild(place, sift=sift, step=step)


def _of_manifest(made: "Rebuilt") -> dict[str, object]:
    return {Part.MANIFEST: {"lines": made.lines, "added": made.adopted, "dropped": made.dropped, "cut": made.octets}}


def _search(place: Path) -> int:
    from ..archive.store import Store

    with Store.open(place) as store, progress("Indexing", lambda: sum(count for _, count in store.months())) as step:
        return store.rebuild_search(step=step)


def _pages(place: Path) -> int:
    from ..archive.store import Store
    from ..poll import rebuild_pages

    with Store.open(place) as store, progress("Writing", lambda: len(store.months())) as step:
        return rebuild_pages(store, step=step)


def _say(told: "dict[str, object]") -> None:
    """A sentence for each part."""
    from ..text.wording import counted

    match told:
        case {"manifest": {"lines": int(lines), "added": int(added), "dropped": int(dropped), "cut": int(cut)}}:
            left = f", {counted(dropped, 'damaged line')} left out" if dropped else ""
            torn = f", {counted(cut, 'octet')} of an interrupted append taken off" if cut else ""
            typer.echo(f"manifest: {counted(lines, 'line')} kept, {added} added{left}{torn}")
            typer.echo(f"ledger: made again from {counted(lines + added, 'line')}")
    match told:
        case {"search": {"lines": int(lines)}}:
            typer.echo(f"search: indexed again, {counted(lines, 'line')} of the manifest")
    match told:
        case {"pages": {"written": int(written)}}:
            typer.echo(f"pages: {counted(written, 'file')} written, the others were as they should be")
