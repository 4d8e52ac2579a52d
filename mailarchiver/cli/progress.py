"""Progress bars for long work."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress(doing: str, count: Callable[[], int]) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error if that is a terminal; else nothing is counted and nothing shown.

    What is given is to be called with the number of things that were done since the last time.
    """
    with growing(doing) as step:
        step(0, count() if is_shown() else 0)
        yield lambda done: step(done, 0)


@contextmanager
def growing(doing: str) -> Iterator[Callable[[int, int], None]]:
    """The same for work of which more is found on the way: what is given is to be called with the numbers of things
    that were done, and that were found, since the last time. Nothing is shown before the first is found.
    """
    if not is_shown():
        yield lambda _done, _found: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (doing, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=0, visible=False)
        total = 0

        def step(done: int, found: int) -> None:
            nonlocal total
            total += found
            bar.update(task, advance=done, total=total, visible=total > 0)

        yield step


def is_shown() -> bool:
    """Whether somebody looks."""
    return sys.stderr.isatty()
