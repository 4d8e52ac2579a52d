"""Tokens from a command, and the decisions about them, with clocks that run as a test says."""

from __future__ import annotations

import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailarchiver.errors import MailboxError
from mailarchiver.mailbox.tokens import RENEW_SECONDS, TokenCommand, Tokens, due, sign_in_ends, warning

HOUR, DAY = 3600.0, 86400.0
T0 = 1.7e9


def printing(program: str, seconds: float = 30) -> TokenCommand:
    return TokenCommand((sys.executable, "-c", program), seconds)


def test_a_command_is_asked_anew_each_time() -> None:
    source = printing("import time; print(f'token-{time.time_ns()}')")
    assert isinstance(source, Tokens)
    assert source.token() != source.token()
    assert source.token().startswith("token-")


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("import sys; print('s3cr3t'); sys.exit('sign in first')", r"ended with status 1 \(sign in first\)"),
        ("", "is empty; its first line must be the token"),
        ("print('Error: the s3cr3t is over')", "its first line is no access token"),
    ],
)
def test_a_command_that_fails_says_so_and_not_what_it_printed(program: str, words: str) -> None:
    with pytest.raises(MailboxError, match=f"token_command .*: .*{words}") as caught:
        printing(program).token()
    assert "s3cr3t" not in str(caught.value)


def test_a_command_that_is_not_there() -> None:
    with pytest.raises(MailboxError, match="token_command /nowhere/oama: No such file"):
        TokenCommand(("/nowhere/oama",)).token()


def test_a_command_that_hangs_is_left_with_its_children() -> None:
    program = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(3)'])"
    start = time.monotonic()
    with pytest.raises(MailboxError, match=r"no token within 0\.5 s; run it by hand"):
        printing(program, 0.5).token()
    assert time.monotonic() - start < 2.5, "and not when the last of its children lets go of the pipe"


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (0, False),
        (HOUR - RENEW_SECONDS - 1, False),
        (HOUR - RENEW_SECONDS, True),
        (HOUR, True),
        (10 * 365 * DAY, True),
        (-60, False),
        (-HOUR, True),
        (-10 * 365 * DAY, True),
    ],
)
def test_when_a_token_is_due(now: float, expected: bool) -> None:
    assert due(T0, T0 + HOUR, T0 + now) is expected


@given(
    jumps=st.dictionaries(
        st.integers(0, 72 * 12 - 1), st.sampled_from([HOUR, -HOUR, 3650 * DAY, -3650 * DAY]), max_size=4
    ),
    lifetime=st.sampled_from([600.0, HOUR, 4 * HOUR]),
)
def test_72_hours_of_rounds_with_a_clock_that_jumps(jumps: dict[int, float], lifetime: float) -> None:
    """Every round has a token that the server takes, or at worst finds it refused once and gets another; and renewals
    are no more than the lifetime asks for, and one for each jump.
    """
    shift, issued, expires, true_end = 0.0, T0, T0 + lifetime, T0 + lifetime
    renewals = refusals = 0
    for step in range(72 * 12):
        true_now = T0 + step * 300
        shift += jumps.get(step, 0.0)
        now = true_now + shift
        renew = due(issued, expires, now)
        if not renew and true_now >= true_end:
            refusals, renew = refusals + 1, True
        if renew:
            renewals += 1
            issued, expires, true_end = now, now + lifetime, true_now + lifetime
        assert true_now < true_end
    assert refusals <= len(jumps)
    assert renewals <= 72 * HOUR / (lifetime - 2 * RENEW_SECONDS + 300) + len(jumps) + 1


def test_when_a_sign_in_ends() -> None:
    assert sign_in_ends(T0, None) == T0 + 90 * DAY
    assert sign_in_ends(T0, T0 + DAY) == T0 + DAY


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (15 * DAY, None),
        (13.5 * DAY, "the sign-in is over in 13 days"),
        (1.5 * DAY, "the sign-in is over within two days"),
        (0, "the sign-in is over"),
        (-DAY, "the sign-in is over"),
    ],
)
def test_what_is_said_of_its_end(left: float, words: str | None) -> None:
    assert warning(T0 + left, T0) == words
