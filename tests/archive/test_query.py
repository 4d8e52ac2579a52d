"""What people type into a search: taken apart, never refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailarchiver.archive.query import MOST, Term, parse


def text(*words: str, prefix: bool = False, excluded: bool = False) -> Term:
    return Term("text", (words,), prefix, excluded)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("lake", [text("lake")]),
        ("Night train", [text("night"), text("train")]),
        ('"night  train"', [text("night", "train")]),
        ("“night train”", [text("night", "train")]),
        ('"night train', [text("night", "train")]),
        ("tra*", [text("tra", prefix=True)]),
        ('"night tra"*', [text("night", "tra", prefix=True)]),
        ("-bus", [text("bus", excluded=True)]),
        ('-"night bus"', [text("night", "bus", excluded=True)]),
        ("東京", [text("東", "京")]),
        ("e-mail", [text("e", "mail")]),
        ("Müller", [Term("text", (("muller",), ("mueller",)))]),
        ("site:example.org", [Term("site", (("example", "org"),))]),
        ('Author:"Jane Roe"', [Term("author", (("jane", "roe"),))]),
        ('tag:"Slow Travel"', [Term("tag", (("slow travel",),))]),
        ("-kind:page", [Term("kind", (("page",),), is_excluded=True)]),
        ("after:2024", [Term("after", (("2024",),))]),
        ("before:2024/03", [Term("before", (("2024-03",),))]),
        ("after:dinner", [text("after", "dinner")]),
        ("site: x", [text("site"), text("x")]),
        ("AND OR NEAR(a b) {title}", [text("and"), text("or"), text("near", "a"), text("b"), text("title")]),
        ("( ) * - \" ' ^ : + ★", []),
        ("", []),
    ],
)  # fmt: skip
def test_a_query_is_taken_apart(query: str, expected: list[Term]) -> None:
    assert list(parse(query)) == expected


PIECES = st.sampled_from(['"', "-", "*", "site:", "after:", "tag:", " ", "lake", "東京", "ü", "2024-03", "(", "\0"])


@given(st.lists(PIECES | st.text(max_size=8), max_size=60).map("".join))
def test_no_query_is_refused(query: str) -> None:
    terms = parse(query)
    assert len(terms) <= MOST
    for term in terms:
        assert term.spellings
        assert all(words and all(words) for words in term.spellings)


def test_a_query_of_any_length_is_bounded() -> None:
    assert len(parse("a b " * 100_000)) == MOST
    (long,) = parse("東" * 100_000)
    assert len(long.spellings[0]) == 64
