"""Where the pipeline runs: in this process, or in children that can be killed.

::

    mails… ─▶ Pool: a thread a child ─▶ child.Child ══ pipes ══▶ child.serve: pipeline.understand, under limits
                                             └─▶ nursery: forks them

A mail that hangs its child, or makes it crash, goes to quarantine; the child is replaced, and the next mail is not
disturbed.
"""

from __future__ import annotations

import contextlib
import math
import queue
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from .child import Child, Task
from .errors import StoreError
from .model import RawMessage, Rules, Understood
from .nursery import Nursery

ENTRY = ("-m", "mailarchiver.child")

TOGETHER = 8
"""So many answers are handed over at a time: who waits for them is on the processor that the child needs."""

HAND_OVER_SECONDS = 0.01
"""Long enough for a thread that waits for a child to take it; a new child needs about as long to start."""

WARM_SECONDS = 600.0
"""So long one child stays for a mail that may come, which then need not wait until everything is imported."""
SPARE_SECONDS = 60.0
"""So long do the others."""

_Done = queue.SimpleQueue[list[tuple[int, Understood]] | Exception]
"""Answers in the order in which they come, each with its mail's place; or what happened instead."""


class Worker(Protocol):
    """Something that understands mail."""

    def understand_all(self, mails: Sequence[tuple[RawMessage, str]], *, rules: Rules) -> Iterator[Understood]:
        """What became of each mail, in order; each mail comes with its id."""

    def prepare(self) -> None:
        """There is mail on its way: be ready when it comes. Waits for nothing."""

    def close(self) -> None:
        """End; nothing may be asked after it."""


class InProcess:
    """Runs the pipeline right here: nothing guards against mail that hangs."""

    def understand_all(self, mails: Sequence[tuple[RawMessage, str]], *, rules: Rules) -> Iterator[Understood]:
        """As `Worker`."""
        from . import pipeline  # the parent of a pool does without its 20 MB

        return (pipeline.understand(raw, id=mail_id, rules=rules) for raw, mail_id in mails)

    def prepare(self) -> None:
        """Nothing to make ready."""

    def close(self) -> None:
        """Nothing to end."""


class Pool:
    """`jobs` children that give each mail at most `seconds` (by the clock, and of the processor) and `memory` octets.

    May be used by several threads. `entry` is what Python runs as a child; it must call `child.serve`. A child that
    was ended in `rest` is started again when it is needed.
    """

    def __init__(
        self, jobs: int = 1, seconds: float = 10.0, memory: int = 1 << 30, *, entry: Sequence[str] = ENTRY
    ) -> None:
        self._nursery = Nursery([sys.executable, "-P", *entry, str(math.ceil(seconds)), str(memory)])
        self._seconds = seconds
        self._memory = memory
        self._closed = False
        self._children = [self._child() for _ in range(jobs)]
        self._idle: queue.LifoQueue[int] = queue.LifoQueue()  # the one that was needed last is the first to be again
        self._needed = [time.monotonic()] * jobs
        self._everybody = Share(self)
        for number in range(jobs):
            self._idle.put(number)

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
        done: _Done = queue.SimpleQueue()
        self._work_through(deque([(0, (raw, id))]), rules, done, self._everybody)
        ((_, answer),) = _heard(done)
        return answer

    def understand_all(
        self, mails: Sequence[tuple[RawMessage, str]], *, rules: Rules, share: Share | None = None
    ) -> Iterator[Understood]:
        """As `Worker`; several at a time where there are several children. Raises as `understand`.

        It goes on however slowly the answers are read: they wait. The rest is dropped when nobody reads on.
        """
        share = share or self._everybody
        line = deque(enumerate(mails))
        done: _Done = queue.SimpleQueue()
        early: dict[int, Understood] = {}
        for _ in range(min(len(self._children), len(mails))):
            threading.Thread(target=self._work_through, args=(line, rules, done, share), daemon=True).start()
        try:
            for number in range(len(mails)):
                while number not in early:
                    early.update(_heard(done))
                yield early.pop(number)
        finally:
            line.clear()

    def prepare(self) -> None:
        """As `Worker`: where `rest` has ended all children, one starts while its first mail is being fetched. Raises
        `StoreError` as `understand` does.
        """
        with contextlib.suppress(queue.Empty):  # all of them are at work
            number = self._idle.get_nowait()
            try:
                self._renew(number)
            finally:
                self._needed[number] = time.monotonic()
                self._idle.put(number)

    def share(self) -> Share:
        """What is asked through it can be taken back."""
        return Share(self)

    def rest(self, now: float) -> None:
        """End the children that nobody has needed for a while. `now` is monotonic; infinity ends all that are idle."""
        numbers: list[int] = []
        with contextlib.suppress(queue.Empty):
            while True:
                numbers.append(self._idle.get_nowait())
        patience = WARM_SECONDS
        for number in numbers:  # the one that was needed last comes first
            if now - self._needed[number] > patience:
                self._children[number].end()
            patience = SPARE_SECONDS
        if len(numbers) == len(self._children) and all(child.ended() for child in self._children):
            self._nursery.end()  # nobody asks it for a child now: all are in our hands
        for number in reversed(numbers):
            self._idle.put(number)

    def interrupt(self, numbers: Iterable[int]) -> None:
        """Kill the children that are at work for somebody who was given up: `Share.revoke`."""
        for number in numbers:
            self._children[number].kill()

    def started(self) -> bool:
        """Whether all children are there; waits for them. Before anything is asked, and by one thread."""
        return all(child.started() for child in self._children)

    def close(self) -> None:
        """Kill the children; whoever waits for one gets a `StoreError`."""
        self._closed = True
        for child in self._children:
            child.kill()  # the thread that waits for it hears of it, and gives it back
        numbers = [self._idle.get() for _ in self._children]
        for number in numbers:
            self._children[number].end()
        self._nursery.end()
        for number in numbers:
            self._idle.put(number)  # there may be threads that wait for one

    def _work_through(self, line: deque[Task], rules: Rules, done: _Done, share: Share) -> None:
        """Have the mails in line understood, by a child that is idle; the last thing that is heard may be an error."""
        try:
            while line:
                number = self._idle.get()
                try:
                    with share.using(number):
                        self._converse(number, line, rules, done, share)
                finally:
                    self._needed[number] = time.monotonic()
                    self._idle.put(number)
                if line:  # its child ended: a batch of mails that hang must not keep another thread's mail waiting
                    time.sleep(HAND_OVER_SECONDS)
        except Exception as error:  # noqa: BLE001  raised where the answers are waited for
            done.put(error)

    def _converse(self, number: int, line: deque[Task], rules: Rules, done: _Done, share: Share) -> None:
        """What a child makes of the mails in line; where one was the end of it, a new child is in its place."""
        self._renew(number)  # while it was idle, it was no mail's fault
        if self._closed:
            raise StoreError("the program is ending")
        if not self._children[number].started() and not self._closed:
            raise StoreError("a worker process does not start: see what it wrote to standard error")
        ready: list[tuple[int, Understood]] = []
        for answer in self._children[number].ask_all(line, rules, self._seconds):
            if self._closed:
                raise StoreError("the program is ending: the mail in work is left for the next start")
            share.require()
            ready.append(answer)
            if len(ready) == TOGETHER:
                done.put(ready)
                ready = []
        done.put(ready)
        self._renew(number)

    def _renew(self, number: int) -> None:
        """Have another child in the place of one that ended."""
        if self._children[number].ended() and not self._closed:
            self._children[number].end()
            self._children[number] = self._child()

    def _child(self) -> Child:
        return Child(self._nursery, memory=self._memory)


class Share:
    """A pool's work for one round, which can be taken back: a `Worker`. Nobody else's mail is disturbed by it."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._lock = threading.Lock()
        self._used: set[int] = set()
        self._revoked = False

    def understand_all(self, mails: Sequence[tuple[RawMessage, str]], *, rules: Rules) -> Iterator[Understood]:
        """As the pool's. Raises `StoreError` when it is taken back: that is no mail's fault."""
        return self._pool.understand_all(mails, rules=rules, share=self)

    def prepare(self) -> None:
        """As the pool's."""
        self.require()
        self._pool.prepare()

    def close(self) -> None:
        """As `revoke`."""
        self.revoke()

    def revoke(self) -> None:
        """Take it back: children that are at work for it are killed, and what they were at goes nowhere."""
        with self._lock:
            self._revoked = True
            self._pool.interrupt(self._used)

    def require(self) -> None:
        """Raises `StoreError` when it was taken back."""
        if self._revoked:
            raise StoreError("this round was given up: the mail in work is left for the next")

    @contextlib.contextmanager
    def using(self, number: int) -> Iterator[None]:
        """A child is at work for it; it is not killed for it before or after."""
        with self._lock:
            self.require()
            self._used.add(number)
        try:
            yield
        finally:
            with self._lock:
                self._used.discard(number)


def _heard(done: _Done) -> list[tuple[int, Understood]]:
    """The next answers, with the places of their mails; waits for them. Raises the error that came instead."""
    heard = done.get()
    if isinstance(heard, Exception):
        raise heard
    return heard
