"""Searching where there is more than is ranked: what is common, what is old, and what nothing may hide."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailarchiver.archive import answers, full_text, matches
from mailarchiver.archive.search import search
from mailarchiver.archive.store import Store
from mailarchiver.model import Filing
from tests.archive.articles import written
from tests.archive.filings import NOW
from tests.archive.test_search import file, titles

FEW = 5
DAY = datetime(2024, 1, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A word is common from six articles on."""
    monkeypatch.setattr(matches, "RANKED", FEW)
    monkeypatch.setattr(matches, "TITLED", 3)


@pytest.fixture(scope="module", params=["all", "some", "none"])
def among_the_words(request: pytest.FixtureRequest) -> str:
    """Which articles are in the table of words, and do not wait for it."""
    return str(request.param)


def filed(root: Path, which: str, *filings: Filing) -> Path:
    """An archive of them, with all, the first two thirds, or none in the table of words."""
    some = {"all": len(filings), "some": 2 * len(filings) // 3, "none": 0}[which]
    for most, part in ((1, filings[:some]), (1000, filings[some:])):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(full_text, "WAITING", most)
            file(root, *part)
    return root


def day(number: int) -> datetime:
    return DAY + timedelta(days=20 * number)


OLD = (
    written(1, "An old one", "water, and a heron", received=day(0), site="Old News", byline="Ines Falk",
            url="https://old.example/1", tags=("Slow Travel",), kind="page"),
    written(2, "Water of old", "nothing more", received=day(1)),
)  # fmt: skip
LATER = tuple(
    written(number, f"Later {number}", "water", received=day(number), url="https://new.example/", tags=("new",))
    for number in range(3, 30)
)


@pytest.fixture(scope="module")
def river(tmp_path_factory: pytest.TempPathFactory, among_the_words: str) -> Path:
    return filed(tmp_path_factory.mktemp("river") / "archive", among_the_words, *OLD, *LATER)


@pytest.mark.parametrize(
    "query",
    [
        "water site:old.example",
        'water site:"old news"',
        "water author:falk",
        "water tag:slow-travel",
        "water kind:page",
        "water before:2024-01-15",
        "water before:2024-01-15 -heron -after:2024",
        "water -tag:new -nothing",
        "water -kind:text",
        "water -site:new.example -nothing",
        "wat* heron",
        "-tag:new -nothing",
        "kind:page",
    ],
)
def test_a_condition_finds_the_oldest_behind_any_number_of_matches(river: Path, query: str) -> None:
    assert titles(river, query) == ([] if "-heron" in query else ["An old one"])


def test_the_last_are_ranked_and_those_whose_titles_say_it(river: Path) -> None:
    expected = ["Water of old", *(f"Later {number}" for number in range(29, 25, -1))]
    assert titles(river, "water", limit=FEW) == expected


def test_who_asks_for_more_gets_more(river: Path) -> None:
    found = titles(river, "water", limit=1_000_000)
    assert found == ["Water of old", *(f"Later {number}" for number in range(29, 2, -1)), "An old one"]


def test_the_same_is_found_again_and_after_a_rebuild(river: Path) -> None:
    queries = ("water", "wat*", "later water", "after:2024", "-heron", "water -later")
    before = [search(river, query).hits for query in queries]
    with Store.open(river, min_free=0) as store:
        store.rebuild_search()
    assert [search(river, query).hits for query in queries] == before


def test_conditions_on_the_day_hold_whatever_the_order_in_which_mails_were_filed(root: Path) -> None:
    order = [7, 1, 12, 3, 9, 2, 11, 5]
    file(root, *(written(number, f"Water {number}", received=day(number)) for number in order))
    assert titles(root, "water after:2024-06") == ["Water 12", "Water 11", "Water 9"]
    assert titles(root, "before:2024-03-01") == ["Water 2", "Water 1"]
    assert titles(root, "after:2024-03-01 before:2024-06-01") == ["Water 7", "Water 5", "Water 3"]
    assert titles(root, "water after:2025") == titles(root, "before:2023") == []


# --- the order of what is common --------------------------------------------------------------------------------------


def common(*words: str, first: int = 20) -> list[tuple[int, str, str]]:
    """Six articles that say these words once, filed before all others."""
    return [(first + number, f"Other {number}", " ".join(words)) for number in range(FEW + 1)]


def ordered(root: Path, query: str, *articles: tuple[int, str, str]) -> list[str]:
    """The titles of what is found, the best first, but for the common ones."""
    with Store.open(root, min_free=0) as store:
        for number, title, text in articles:
            store.commit([written(number, title, text)], now=NOW)
        store.update_search()
    return [title for title in titles(root, query, limit=FEW) if not title.startswith("Other")]


def test_a_common_word_is_best_in_a_title_then_said_again_and_again_then_last_filed(root: Path) -> None:
    articles = ((1, "The lake", "Nothing."), (2, "Often", "lake, lake and lake"), (3, "Once", "a lake"))
    assert ordered(root, "lake", *common("lake"), *articles) == ["The lake", "Often", "Once"]


def test_of_two_common_words_both_are_best_in_the_title(root: Path) -> None:
    articles = ((1, "Night train", "x"), (2, "The night", "a train"), (3, "Once", "train night"))
    assert ordered(root, "train night", *common("night", "train"), *articles) == ["Night train", "The night", "Once"]


def test_a_phrase_in_a_title_is_one_there_too(root: Path) -> None:
    articles = ((1, "Night train", "x"), (2, "Train, night", "night train"))
    found = ordered(root, '"night train"', *common("night train"), *articles)
    assert found == ["Night train", "Train, night"]


def test_a_common_word_of_another_script_is_best_in_a_title(root: Path) -> None:
    articles = ((1, "東京の湖", "…"), (2, "みずうみ", "東京都の湖"))
    assert ordered(root, "東京", *common("東京"), *articles) == ["東京の湖", "みずうみ"]


def test_the_rarer_of_two_common_words_counts_more(root: Path) -> None:
    others = [(number, f"Other {number}", "lake" if number % 4 else "lake heron") for number in range(40, 80)]
    articles = ((1, "The heron", "lake"), (2, "The lake", "heron"))
    assert ordered(root, "lake heron", *others, *articles) == ["The heron", "The lake"]


def test_a_rare_word_beside_a_common_one_is_ranked_as_ever(root: Path) -> None:
    articles = ((1, "A heron", "lake"), (2, "Two", "heron heron heron lake"), (3, "Three", "heron lake " + "x " * 300))
    assert ordered(root, "lake heron", *common("lake"), *articles) == ["A heron", "Two", "Three"]


def test_a_beginning_stands_for_its_words_also_where_these_are_many(
    root: Path, monkeypatch: pytest.MonkeyPatch, among_the_words: str
) -> None:
    articles = (written(number, f"Article {number}", f"walk{number:02} on") for number in range(1, 8))
    filed(root, among_the_words, *articles)
    expected = [f"Article {number}" for number in range(7, 0, -1)]
    for most in (64, 0):
        monkeypatch.setattr(answers, "BEGINNINGS", most)
        for beginning in ("w*", "wa*", "wal*", "walk*", "walk0*"):
            assert titles(root, beginning)[:FEW] == expected[:FEW]
            assert titles(root, beginning, limit=7) == titles(root, f"{beginning} on", limit=7) == expected
            assert titles(root, f"-{beginning}") == []
        assert titles(root, '"walk03 o"*') == ["Article 3"]
        assert titles(root, "walk* -walk03 -walk05") == [f"Article {number}" for number in (7, 6, 4, 2, 1)]
        assert titles(root, "stroll*") == titles(root, "strol*") == []


@pytest.mark.parametrize("waiting", [1, 50, 1000])
@pytest.mark.parametrize("beginning", ["s*", "st*", "str*", "stro*", "strol*", "stroll*"])
def test_a_common_beginning_is_best_in_a_title_however_many_words_have_it(
    root: Path, monkeypatch: pytest.MonkeyPatch, beginning: str, waiting: int
) -> None:
    monkeypatch.setattr(full_text, "WAITING", waiting)
    others = [(number, f"Other {number}", f"stroll{number:03}") for number in range(20, 100)]
    articles = ((1, "Stroll001", "x"), (2, "Often", "stroll002 " * 3), (3, "Once", "stroll003"))
    assert ordered(root, beginning, *others, *articles) == ["Stroll001", "Often", "Once"]


def test_the_words_of_a_rare_beginning_count_as_one(root: Path) -> None:
    """As BM25 has it of a beginning: the rarest of its words is no better than the others."""
    articles = ((1, "Rowing", "x"), (2, "One", "rowing"), (3, "Two", "rowing " * 3), (4, "Three", "rowers"))
    others = [(number, f"Other {number}", "stone") for number in range(40, 50)]
    assert ordered(root, "row*", *others, *articles) == ["Rowing", "Two", "Three", "One"]


# --- against what is plainly so ---------------------------------------------------------------------------------------

LETTERS = "abcd"
TEXTS = {f"Nr {number}": [LETTERS[at] for at in range(4) if number >> at & 1] for number in range(1, 16)}
CONDITION = st.tuples(st.booleans(), st.sampled_from([*LETTERS, "tag:odd", "kind:page", "after:2024-05-01"]))


@pytest.fixture(scope="module")
def letters(tmp_path_factory: pytest.TempPathFactory, among_the_words: str) -> Path:
    return filed(
        tmp_path_factory.mktemp("letters") / "archive",
        among_the_words,
        *(
            written(number, title, " ".join(said), tags=("odd",) if number % 2 else (), received=day(number),
                    kind="page" if number < 9 else "text")
            for number, (title, said) in enumerate(TEXTS.items(), 1)
        ),
    )  # fmt: skip


def holds(condition: str, title: str) -> bool:
    number = int(title.split()[1])
    plainly = {"tag:odd": number % 2 == 1, "kind:page": number < 9, "after:2024-05-01": day(number) >= day(7)}
    return plainly[condition] if condition in plainly else condition in TEXTS[title]


@given(st.lists(CONDITION, min_size=1, max_size=4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, derandomize=True)
def test_what_is_found_is_what_answers(letters: Path, conditions: list[tuple[bool, str]]) -> None:
    query = " ".join(f"{'-' * excluded}{condition}" for excluded, condition in conditions)
    expected = {
        title for title in TEXTS if all(holds(condition, title) is not excluded for excluded, condition in conditions)
    }
    assert set(titles(letters, query, limit=100)) == expected
    assert set(titles(letters, query, limit=3)) <= expected
    assert len(titles(letters, query, limit=3)) == min(3, len(expected))


# --- beginnings, against what is plainly so ---------------------------------------------------------------------------

SPELT = [format(number, "b").translate({48: "a", 49: "ü"}) for number in range(1, 32)]
WORDS = [*SPELT, *(word * 3 for word in SPELT[7:])]
"""Of one to fifteen characters, many of which begin as others do; a `ü` is also there as `ue`."""
SAYING = {f"Nr {number}": [WORDS[(number * step) % len(WORDS)] for step in (1, 3, 7)] for number in range(1, 40)}
BEGINNING = st.sampled_from(sorted({word[:length] for word in WORDS for length in range(1, len(word) + 1)}))
QUERIES = st.tuples(st.booleans(), st.one_of(st.just(""), st.sampled_from(WORDS)), BEGINNING)


@pytest.fixture(scope="module")
def spelt(tmp_path_factory: pytest.TempPathFactory, among_the_words: str) -> Path:
    articles = (written(number, title, " ".join(said)) for number, (title, said) in enumerate(SAYING.items(), 1))
    return filed(tmp_path_factory.mktemp("spelt") / "archive", among_the_words, *articles)


def says(said: list[str], before: str, beginning: str) -> bool:
    pairs = zip(["", *said], said, strict=False)
    return any(word.startswith(beginning) and before in {"", previous} for previous, word in pairs)


@pytest.mark.parametrize(("at_once", "most"), [(500, 64), (2, 64), (2, 3)])
@given(asked=st.lists(QUERIES, min_size=1, max_size=3))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, derandomize=True, max_examples=50)
def test_what_is_found_by_a_beginning_is_what_begins_so(
    spelt: Path, asked: list[tuple[bool, str, str]], at_once: int, most: int
) -> None:
    query = " ".join(f'{"-" * excluded}"{before} {beginning}"*' for excluded, before, beginning in asked)
    expected = [
        title
        for title, said in SAYING.items()
        if all(says(said, before, beginning) is not excluded for excluded, before, beginning in asked)
    ]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(answers, "AT_ONCE", at_once)
        patched.setattr(answers, "BEGINNINGS", most)
        assert set(titles(spelt, query, limit=100)) == set(expected)
        few = titles(spelt, query, limit=3)
    assert set(few) <= set(expected)
    assert len(few) == min(3, len(expected))


# --- what Arabic and Hebrew write as one word -------------------------------------------------------------------------

STEMS = ("بحيره", "كبيره", "مدينه", "אגם")
CLITICS = {True: ("", "ال", "وال", "بال", "كال", "فال", "لل"), False: ("", "ה", "וה", "ב")}
WRITTEN = [(stem, clitics + stem) for stem in STEMS for clitics in CLITICS[stem in STEMS[:3]]]
PHRASES = st.lists(st.sampled_from(WRITTEN), min_size=1, max_size=3)
SAID = [[WRITTEN[(number * step + 5 * at) % len(WRITTEN)] for at in range(step)] for number in range(5)
        for step in range(1, 8)]  # fmt: skip


@pytest.fixture(scope="module")
def levant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("levant") / "archive"
    file(root, *(written(number, f"Nr {number}", " ".join(word for _, word in said), received=day(number))
                 for number, said in enumerate(SAID, 1)))  # fmt: skip
    return root


@given(PHRASES, st.booleans(), st.integers(3, 5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, derandomize=True)
def test_a_word_is_found_with_and_without_its_article(
    levant: Path, asked: list[tuple[str, str]], is_phrase: bool, length: int
) -> None:
    sought = [stem for stem, _ in asked]
    typed = " ".join(word for _, word in asked)
    said = [[stem for stem, _ in text] for text in SAID]
    if is_phrase:
        rows = [[text[at : at + len(sought)] for at in range(len(text))] for text in said]
        expected = {f"Nr {number}" for number, row in enumerate(rows, 1) if sought in row}
    else:
        expected = {f"Nr {number}" for number, text in enumerate(said, 1) if set(sought) <= set(text)}
    assert set(titles(levant, f'"{typed}"' if is_phrase else typed, limit=100)) == expected
    beginning = sought[0][:length]
    begun = {f"Nr {number}" for number, text in enumerate(said, 1) if any(each.startswith(beginning) for each in text)}
    assert set(titles(levant, f"{beginning}*", limit=100)) == begun
