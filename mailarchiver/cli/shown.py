"""How commands show articles: on a terminal without anything that acts on it, for programs as JSON."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from ..archive.snippet import Marked
    from ..model import Entry

ID_WIDTH = 12


def say(what: "Mapping[str, object] | str") -> None:
    """A line: words, or an object as JSON. Where the output cannot show a character, it shows a question mark."""
    import sys

    from ..text.terminal import json_line

    text = what if isinstance(what, str) else json_line(what)
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"  # it may have been closed before we were started
    typer.echo(text.encode(encoding, "replace").decode(encoding))


def as_dict(entry: "Entry") -> dict[str, Any]:
    """The entry as its line in the manifest has it."""
    from dataclasses import asdict

    return {**asdict(entry), "tags": list(entry.tags)}


def title_line(entry: "Entry", title: "str | None" = None) -> str:
    """An article on one line: id, day, title, source, and which it is the same as. `title` is ready to be shown."""
    from ..text.terminal import line

    shown = title if title is not None else line(entry.title)
    source = f" · {line(entry.site)}" if entry.site else ""
    same = f" (the same as {line(entry.same_as)})" if entry.same_as else ""
    return f"{line(entry.id):{ID_WIDTH}}  {line(entry.folder[8:18])}  {shown or '(without a title)'}{source}{same}"


def bold(marked: "Marked") -> str:
    """The text on one line, its marks in bold; `echo` leaves the bold out where the output is no terminal."""
    from ..text.terminal import line

    shown, last = "", 0
    for start, end in marked.marks:
        before, inside = marked.text[last:start], marked.text[start:end]
        shown += _kept(before) + typer.style(line(inside), bold=True)
        last = end
    return (shown + _kept(marked.text[last:])).strip()


def _kept(text: str) -> str:
    """A piece of a line, with a space where it begins or ends with one."""
    from ..text.terminal import line

    return f"{' ' * text[:1].isspace()}{line(text)}{' ' * (len(text) > 1 and text[-1].isspace())}"
