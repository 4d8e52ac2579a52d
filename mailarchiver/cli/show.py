"""`mailarchiver show` and `mailarchiver open`: one article, on the terminal or in the browser."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .archive_choice import RootOption, chosen_root
from .options import ConfigOption, JsonOption

if TYPE_CHECKING:
    from ..model import Entry

IdArgument = Annotated[
    str, typer.Argument(metavar="ID", help="Its id, four or more of the first digits of that, or its folder.")
]


def show(
    *,
    name: IdArgument,
    root: RootOption = None,
    config: ConfigOption = None,
    text: Annotated[bool, typer.Option("--text", help="Print the article's text.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the article as Markdown.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what is known about an article; with --text or --markdown the article itself."""
    from ..archive.reading import described, read
    from ..text.terminal import block
    from .shown import say

    if text + markdown + as_json > 1:
        raise typer.BadParameter("choose one of --text, --markdown, --json")
    folder, entry = _found(name, root, config)
    if text or markdown:
        say(block(read(folder / ("article.txt" if text else "article.md"))).rstrip("\n"))
        return
    told = described(folder, entry)
    if as_json:
        say(told)
        return
    for label, value in _lines(told):
        say(f"{label:<12}{value}")
    say(f"{'folder':<12}{folder}")


def open_(
    *, name: IdArgument, root: RootOption = None, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Open an article in the browser; without a display, print where its page lies."""
    import os
    import webbrowser

    from ..archive import reading
    from .shown import say

    folder, entry = _found(name, root, config)
    page = reading.page(folder)
    has_display = any(os.environ.get(key) for key in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))
    is_open = has_display and webbrowser.open(page.as_uri())
    if as_json:
        say({"id": entry.id, "page": str(page), "opened": is_open})
    elif not is_open:
        say(str(page))


def _found(name: str, root: Path | None, config: Path | None) -> "tuple[Path, Entry]":
    from ..archive import catalogue

    base = chosen_root(root, config)
    with catalogue.opened(base) as articles:
        entry = articles.find(name)
    return base / entry.folder, entry


def _lines(told: dict[str, object]) -> "list[tuple[str, str]]":
    """What is known, for people: a label and words, where there are any."""
    from ..text.terminal import line
    from ..text.wording import counted, moment_in_words

    dates = ("published", "received", "filed")
    values = {key: told.get(key) for key in ("title", "byline", "site", "url", *dates, "kind", "language", "same_as")}
    shown = [
        (key.replace("_", " "), moment_in_words(line(value)) if key in dates else line(value))
        for key, value in values.items()
        if isinstance(value, str) and value
    ]
    sender = told.get("forwarded_by")
    if isinstance(sender, dict):
        named = [str(sender[key]) for key in ("name", "address") if sender.get(key)]
        shown.append(("from", line(" ".join([*named[:-1], f"<{named[-1]}>"] if len(named) > 1 else named))))
    if isinstance(told.get("note"), str):
        shown.append(("note", line(str(told["note"]))))
    if isinstance(told.get("tags"), list) and told["tags"]:
        shown.append(("tags", line(", ".join(map(str, told["tags"])))))  # type: ignore[call-overload]  # a list
    words = told.get("words")
    if isinstance(words, int):
        shown.append(("length", counted(words, "word")))
    for key in ("images", "attachments", "warnings"):
        shown += [(key[:-1], line(each)) for each in _each(told.get(key))]
    shown.append(("id", line(str(told.get("id")))))
    return shown


def _each(listed: object) -> list[str]:
    """The lines of a list of article.json, each in words."""
    found = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    keys = ("file", "outcome", "filename", "code", "detail", "reason")
    told = [", ".join(str(item[key]) for key in keys if item.get(key)) for item in found]
    return [line for line in told if line]
