"""`mailarchiver list`: the articles, the last received first."""

from typing import TYPE_CHECKING, Annotated

import typer

from .archive_choice import RootOption, chosen_root
from .options import ConfigOption, JsonOption

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..archive.catalogue import Catalogue
    from ..model import Entry

LimitOption = Annotated[int, typer.Option("--limit", metavar="N", min=1, help="How many, at most.")]


def list_(
    *,
    root: RootOption = None,
    config: ConfigOption = None,
    limit: LimitOption = 20,
    kind: Annotated[str | None, typer.Option("--kind", help="Only of this kind: reader-view, page, text …")] = None,
    tag: Annotated[str | None, typer.Option("--tag", help="Only with this tag.")] = None,
    month: Annotated[str | None, typer.Option("--month", metavar="YYYY-MM", help="Only of this month.")] = None,
    since: Annotated[str | None, typer.Option("--since", metavar="YYYY-MM-DD", help="Only since this day.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List the articles, the last received first."""
    from itertools import islice

    from ..archive import catalogue
    from .shown import as_dict, say, title_line

    with catalogue.opened(chosen_root(root, config)) as articles:
        for entry in islice(_wanted(articles, kind, tag, _month(month), _day(since)), limit):
            say(as_dict(entry) if as_json else title_line(entry))


def _wanted(
    articles: "Catalogue", kind: str | None, tag: str | None, month: str | None, since: str | None
) -> "Iterator[Entry]":
    from ..archive.query import folded_tag

    for entry in articles.newest(month):
        if since is not None and entry.folder[:7] < since[:7].replace("-", "/"):
            return  # months come in order
        is_late = since is None or entry.folder[8:18] >= since
        is_tagged = tag is None or folded_tag(tag) in map(folded_tag, entry.tags)
        if is_late and is_tagged and kind in {None, entry.kind}:
            yield entry


def _month(text: str | None) -> str | None:
    """`2024/03` for `2024-03` or `2024/03`."""
    import re

    if text is None:
        return None
    if not re.fullmatch(r"\d{4}[-/]\d{2}", text):
        raise typer.BadParameter(f"{text!r} is no month: write it as 2024-03", param_hint="--month")
    return text.replace("-", "/")


def _day(text: str | None) -> str | None:
    """`2024`, `2024-03` or `2024-03-06`: as text they come in the order of time."""
    import re

    if text is None:
        return None
    if not re.fullmatch(r"\d{4}(?:-\d{2}(?:-\d{2})?)?", text):
        raise typer.BadParameter(f"{text!r} is no day: write it as 2024-03-06", param_hint="--since")
    return text
