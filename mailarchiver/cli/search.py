"""`mailarchiver search`: the articles that answer a query, the best first."""

from typing import TYPE_CHECKING, Annotated

import typer

from .archive_choice import RootOption, chosen_root
from .list_ import LimitOption
from .options import ConfigOption, JsonOption

if TYPE_CHECKING:
    from ..archive.search import Hit


def search(
    *,
    query: Annotated[
        list[str],
        typer.Argument(
            metavar="QUERY...",
            help='Words, "phrases", word*, -word, site:, author:, tag:, kind:, after:, before:. Behind -- where it '
            "begins with a minus.",
        ),
    ],
    root: RootOption = None,
    config: ConfigOption = None,
    limit: LimitOption = 20,
    as_json: JsonOption = False,
) -> None:
    """Search the full text of all articles. Exits 0 also where nothing is found."""
    from ..archive.search import search as find
    from .shown import bold, say, title_line

    found = find(chosen_root(root, config), " ".join(map(_as_query, query)), limit=limit)
    for hit in found.hits:
        if as_json:
            say(_as_dict(hit))
        else:
            say(title_line(hit.entry, bold(hit.title)))
            if hit.snippet.text:
                say(f"    {bold(hit.snippet)}")
    if found.behind:
        typer.echo("mailarchiver: articles filed since are not in the index yet: the next poll adds them", err=True)
    if not found.hits and not as_json:
        typer.echo("nothing found", err=True)


def _as_query(argument: str) -> str:
    """An argument as a part of the query. The shell takes quotation marks away: `tag:"slow travel"` gets them back.

    Not where it took them from a whole query, `"after:2024 lake"`: only a tag or an author may hold a space.
    """
    import re

    if '"' in argument or not re.search(r"\s", argument):
        return argument
    condition = re.match(r"-?(?:tag|author):(?=\S)", argument, re.IGNORECASE)
    if condition is not None and not re.search(r"\s(?:-\S|\w+:\S)", argument):
        return f'{condition[0]}"{argument[condition.end() :]}"'
    return argument


def _as_dict(hit: "Hit") -> dict[str, object]:
    from .shown import as_dict

    return {**as_dict(hit.entry), "score": hit.score, "snippet": hit.snippet.text, "marks": list(hit.snippet.marks)}
