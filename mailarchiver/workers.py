"""Where the pipeline runs: in this process, or in children that can be killed.

::

    Pool ─▶ child.Child ══ pipes ══▶ child.serve: pipeline.understand, under limits

A mail that hangs its child, or makes it crash, goes to quarantine; the child is replaced, and the next mail is not
disturbed.
"""

from __future__ import annotations

import contextlib
import math
import queue
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from . import pipeline
from .child import Child
from .errors import StoreError
from .model import Quarantine, RawMessage, Rules, Understood

ENTRY = ("-m", "mailarchiver.child")


class Worker(Protocol):
    """Something that understands mail."""

    def understand_all(self, mails: Sequence[tuple[RawMessage, str]], *, rules: Rules) -> Iterator[Understood]:
        """What became of each mail, in order; each mail comes with its id."""

    def close(self) -> None:
        """End; nothing may be asked after it."""


class InProcess:
    """Runs the pipeline right here: nothing guards against mail that hangs."""

    def understand_all(self, mails: Sequence[tuple[RawMessage, str]], *, rules: Rules) -> Iterator[Understood]:
        """As `Worker`."""
        return (pipeline.understand(raw, id=mail_id, rules=rules) for raw, mail_id in mails)

    def close(self) -> None:
        """Nothing to end."""


class Pool:
    """`jobs` children that give each mail at most `seconds` (by the clock, and of the processor) and `memory` octets.

    May be used by several threads. `entry` is what Python runs as a child; it must call `child.serve`.
    """

    def __init__(
        self, jobs: int = 1, seconds: float = 10.0, memory: int = 1 << 30, *, entry: Sequence[str] = ENTRY
    ) -> None:
        self._command = [sys.executable, "-P", *entry, str(math.ceil(seconds)), str(memory)]
        self._seconds = seconds
        self._memory = memory
        self._closed = False
        self._children = [self._child() for _ in range(jobs)]
        self._idle: queue.SimpleQueue[int] = queue.SimpleQueue()
        for number in range(jobs):
            self._idle.put(number)
        self._threads = ThreadPoolExecutor(jobs) if jobs > 1 else None

    def understand(
        self,
        raw: RawMessage,
        *,
        id: str,  # noqa: A002 - the format's word
        rules: Rules,
    ) -> Understood:
        """The bundles of one mail, or why there are none.

        Raises:
            StoreError: no child can be started, or the pool was closed: no fault of the mail, so nothing may be filed.
        """
        number = self._idle.get()
        try:
            return self._ask(number, raw, id, rules)
        finally:
            self._idle.put(number)

    def understand_all(self, mails: Sequence[tuple[RawMessage, str]], *, rules: Rules) -> Iterator[Understood]:
        """As `Worker`; several at a time where there are several children. Raises as `understand`."""
        run = self._threads.map if self._threads else map
        return run(lambda mail: self.understand(mail[0], id=mail[1], rules=rules), mails)

    def started(self) -> bool:
        """Whether all children are there; waits for them. Before anything is asked, and by one thread."""
        return all(child.started() for child in self._children)

    def close(self) -> None:
        """Kill the children; whoever waits for one gets a `StoreError`."""
        self._closed = True
        idle = []
        with contextlib.suppress(queue.Empty):
            while True:
                idle.append(self._idle.get_nowait())
        for number, child in enumerate(self._children):
            if number in idle:
                child.end()
                self._idle.put(number)
            else:
                child.kill()  # the thread that waits for it sees to the rest
        if self._threads:
            self._threads.shutdown(wait=False, cancel_futures=True)

    def _ask(self, number: int, raw: RawMessage, mail_id: str, rules: Rules) -> Understood:
        """What a child makes of a mail; where the mail was the end of it, a new one is in its place."""
        if self._closed:
            raise StoreError("the program is ending")
        if self._children[number].ended():  # while it was idle: no mail's fault
            self._replace(number)
        if not self._children[number].started() and not self._closed:
            raise StoreError("a worker process does not start: see what it wrote to standard error")
        answer = self._children[number].ask(raw, mail_id, rules, self._seconds)
        if self._closed:
            self._children[number].end()
            raise StoreError("the program is ending: the mail in work is left for the next start")
        if isinstance(answer, Quarantine) and answer.reason in {"limit", "crash"}:
            self._replace(number)
        return answer

    def _replace(self, number: int) -> None:
        self._children[number].end()
        self._children[number] = self._child()

    def _child(self) -> Child:
        return Child(self._command, memory=self._memory)
