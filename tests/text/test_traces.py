"""An exception is told by its type and its frames, and nobody is quoted."""

from __future__ import annotations

import re

from mailarchiver.text.traces import FRAMES, spot, trace

SECRET = "what Jane wrote"


def caught(work: object) -> Exception:
    try:
        work()  # type: ignore[operator]  # whatever fails
    except Exception as error:  # noqa: BLE001  that is what it is for
        return error
    raise AssertionError("nothing was raised")


def _inner() -> None:
    int(SECRET)


def _outer() -> None:
    try:
        _inner()
    except ValueError as error:
        error.add_note(SECRET)
        raise KeyError(SECRET) from error


def _during() -> None:
    try:
        _outer()
    except KeyError:
        _ = {"": 0}[SECRET]


def _deep(depth: int = 0) -> None:
    _deep(depth + 1)


def test_types_and_frames_and_no_words() -> None:
    told = trace(caught(_during))
    assert SECRET not in told
    assert [line for line in told.splitlines() if re.fullmatch(r"\w+Error", line)] == [
        "ValueError",
        "KeyError",
        "KeyError",
    ]
    assert re.search(r'File ".*/test_traces\.py", line \d+, in _inner', told)
    assert told.index("which was the cause of") < told.index("during whose handling came")


def test_a_cause_that_was_put_aside_is_not_told() -> None:
    def hidden() -> None:
        try:
            _inner()
        except ValueError:
            raise KeyError(SECRET) from None

    assert "ValueError" not in trace(caught(hidden))


def test_a_recursion_without_end_is_told_in_few_lines() -> None:
    told = trace(caught(_deep)).splitlines()
    assert len(told) <= FRAMES + 3
    assert told[-1] == "RecursionError"


def test_a_chain_without_end_ends() -> None:
    first, second = ValueError(), KeyError()
    first.__context__, second.__context__ = second, first
    assert len(trace(first).splitlines()) < 60


def test_in_a_few_words() -> None:
    assert re.fullmatch(r"ValueError in _inner \(test_traces\.py, line \d+\)", spot(caught(_inner)))
    assert spot(ValueError(SECRET)) == "ValueError"
    assert spot(OSError(27, SECRET)) == "OSError EFBIG"
    assert spot(OSError(SECRET)) == "OSError"
