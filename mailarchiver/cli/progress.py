"""A progress bar for long work."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress(doing: str, count: Callable[[], int]) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error if that is a terminal; else nothing is counted and nothing shown.

    What is given is to be called with the number of things that were done since the last time.
    """
    import sys

    if not sys.stderr.isatty():
        yield lambda _done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (doing, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=count())
        yield lambda done: bar.advance(task, done)
