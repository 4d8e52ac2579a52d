"""Printed dates. "No date" is always better than a wrong one, so what must not be read matters as much as what must."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailarchiver.text.dates import find_date, read_date


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        # ISO 8601, RFC 5322, asctime
        ("2024-03-06", "2024-03-06"),
        ("2024-03-06T18:21:05+02:00", "2024-03-06T18:21:05+02:00"),
        ("2024-03-06T18:21:05.123Z", "2024-03-06T18:21:05+00:00"),
        ("2024-03-06 18:21 -0330", "2024-03-06T18:21-03:30"),
        ("Wed, 06 Mar 2024 18:21:05 +0100", "2024-03-06T18:21:05+01:00"),
        ("Wed, 6 Mar 2024 18:21:05 -0500 (EST)", "2024-03-06T18:21:05-05:00"),
        ("Wed, 6 Mar 2024 18:21:05 +0200 (Central European Summer Time)", "2024-03-06T18:21:05+02:00"),
        ("Wed Mar  6 18:21:05 2024", "2024-03-06T18:21:05"),
        ("Wed Mar 6 18:21:05 UTC 2024", "2024-03-06T18:21:05+00:00"),
        # as mail programs print them
        ("Wed, Mar 6, 2024 at 6:21\u202fPM", "2024-03-06T18:21"),
        ("Wednesday, March 6, 2024, 06:21:05 AM GMT+1", "2024-03-06T06:21:05+01:00"),
        ("6 March 2024 at 18:21:05 CET", "2024-03-06T18:21:05"),
        ("Mi., 6. März 2024 um 18:21 Uhr", "2024-03-06T18:21"),
        ("Mittwoch, 6. März 2024, 18:21:05 MEZ", "2024-03-06T18:21:05"),
        ("mer. 6 mars 2024 à 18:21", "2024-03-06T18:21"),
        ("le mercredi 6 mars 2024 à 18 h 21", "2024-03-06T18:21"),
        ("mié, 6 mar 2024 a las 18:21", "2024-03-06T18:21"),
        ("mer 6 mar 2024 alle ore 18:21", "2024-03-06T18:21"),
        ("quarta, 06/03/2024 à(s) 18:21", "2024-03-06T18:21"),
        ("quarta-feira, 6 de março de 2024 18:21", "2024-03-06T18:21"),
        ("wo 6 mrt. 2024 om 18:21", "2024-03-06T18:21"),
        ("onsdag den 6. marts 2024 kl. 18.21", "2024-03-06T18:21"),
        ("ke 6. maalisk. 2024 klo 18.21", "2024-03-06T18:21"),
        ("K, 6. märts 2024 kell 18:21", "2024-03-06T18:21"),
        ("2024. márc. 6., Sze, 18:21", "2024-03-06T18:21"),
        ("st 6. 3. 2024 v 18:21", "2024-03-06T18:21"),
        ("śr., 6 mar 2024 o 18:21", "2024-03-06T18:21"),
        ("среда, 6 марта 2024 г. в 18:21", "2024-03-06T18:21"),
        ("ср, 6 бер. 2024 р. о 18:21", "2024-03-06T18:21"),
        ("6 Mart 2024 Çarşamba 18:21 GMT+3", "2024-03-06T18:21+03:00"),
        ("Τετάρτη 6 Μαρτίου 2024 6:21 μ.μ.", "2024-03-06T18:21"),
        ("2024年3月6日(水) 18:21", "2024-03-06T18:21"),
        ("2024年3月6日星期三下午6:21", "2024-03-06T18:21"),
        ("2024年3月6日 18時21分", "2024-03-06T18:21"),
        ("2024년 3월 6일 수요일 오후 6:21", "2024-03-06T18:21"),
        ("Thứ Tư, 6 tháng 3, 2024 lúc 18:21", "2024-03-06T18:21"),
        ("6 במרץ 2024 בשעה 18:21", "2024-03-06T18:21"),
        ("الأربعاء، ٦ مارس ٢٠٢٤ في 6:21 م", "2024-03-06T18:21"),
        # as pages print them
        ("March 6th, 2024", "2024-03-06"),
        ("the 6th of March 2024", "2024-03-06"),
        ("Sept. 6, 2024", "2024-09-06"),
        ("6-Mar-24", "2024-03-06"),
        ("1er mars 2024", "2024-03-01"),
        ("1.º de março de 2024", "2024-03-01"),
        ("6 آذار 2024", "2024-03-06"),
        ("۶ مارس ۲۰۲۴", "2024-03-06"),
        ("६ मार्च २०२४", "2024-03-06"),
        ("6 มีนาคม 2567", "2024-03-06"),
        ("6 d’octubre del 2024", "2024-10-06"),
        ("2024 m. kovo 6 d.", "2024-03-06"),
        ("2024. gada 6. marts", "2024-03-06"),
        ("2024(e)ko martxoaren 6(a)", "2024-03-06"),
        ("6 ΜΑΡΤΙΟΥ 2024", "2024-03-06"),
        ("6 fevrier 2024", "2024-02-06"),
        ("28/02/2024", "2024-02-28"),
        ("2/28/2024", "2024-02-28"),
        ("2024/02/03", "2024-02-03"),
        ("6.3.2024", "2024-03-06"),
        ("06. 03. 2024", "2024-03-06"),
        ("28/02/24, 12:46", None),
        ("Published: March 6, 2024", "2024-03-06"),
        ("Publié le 6 mars 2024", "2024-03-06"),
        ("公開日：2024年3月6日", "2024-03-06"),
        ("March 6, 2024 | 6:21 pm ET", "2024-03-06T18:21"),
        ("6 pm, March 6, 2024", "2024-03-06T18:00"),
        ("12:05 a.m., March 6, 2024", "2024-03-06T00:05"),
        ("12:05 p.m. March 6, 2024", "2024-03-06T12:05"),
        ("May 6, 2024", "2024-05-06"),
        ("mar. 5 mar. 2024", "2024-03-05"),  # Tuesday, of March
    ],
)
def test_a_printed_date_is_read(text: str, iso: str | None) -> None:
    assert read_date(text) == iso


@pytest.mark.parametrize(
    "text",
    [
        "4–5 minutes", "12-15 minutes", "8–10 Minuten", "٤ - ٥ دقائق", "~2 minutes", "5–6 минут", "約10分",
        "", " ", "Jane Roe", "2024", "March 2024", "6 March", "May 24", "6 March 2024 – 8 March 2024",
        "v5.3.2024", "V 1, v5.3.2024", "r5/3/2024", "(v2024-03-05)",
        "6 March 2024 by Jane Roe", "March 32, 2024", "30 February 2024", "31/11/2024", "2024-13-45",
        "24:30 6 March 2024",
        "18:75 6 March 2024", "2024-03-06T18:21+25:00", "6 March 999", "January 1st, 1", "1402/12/16", "۱۶ اسفند ۱۴۰۲",
        "令和6年3月6日", "192.168.10.20", "1.2.3.4", "20240306", "+1 202 555 2024", "$12.50, 10/24",
        "6 de 3 de 2024", "3/6/4", "10/10", "12:30", "5 May 6 June 2024", "2024-03/06",
        "x" * 101 + " 6 March 2024",
    ],
)  # fmt: skip
def test_what_is_no_date_or_no_certain_one_is_not_read(text: str) -> None:
    assert read_date(text) is None


@pytest.mark.parametrize(
    ("text", "language", "iso"),
    [
        ("06/03/2024", None, None),
        ("06/03/2024", "en", None),
        ("06/03/2024", "en-XX", None),
        ("06/03/2024", "en-CA", None),  # all three orders are in use there
        ("06/03/2024", "null", None),
        ("06/03/2024", "en-US", "2024-06-03"),
        ("06/03/2024", "en_us", "2024-06-03"),
        ("06/03/2024", "en-GB", "2024-03-06"),
        ("06/03/2024", "de", "2024-03-06"),
        ("06/03/2024", "ar", "2024-03-06"),
        ("06/03/2024", "pt-BR", "2024-03-06"),
        ("03/03/2024", None, "2024-03-03"),
        ("Wed 06/03/2024", None, "2024-03-06"),
        ("Mon 06/03/2024", None, "2024-06-03"),
        ("16/04/2015", "en-us", "2015-04-16"),
        ("06.03.2024", "en-US", None),
        ("24/03/06", "ja", "2024-03-06"),
        ("28/02/24", "fr", "2024-02-28"),
        ("6 listopada 2024", "hr", "2024-10-06"),
        ("6 listopada 2024", "pl", "2024-11-06"),
        ("6. listopada 2024. u 18:21", None, "2024-10-06T18:21"),
        ("środa, 6 listopada 2024", None, "2024-11-06"),
    ],
)
def test_the_language_decides_what_can_be_read_in_two_ways(text: str, language: str | None, iso: str | None) -> None:
    assert read_date(text, language=language) == iso


LATEST = dt.date(2024, 3, 20)


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("06/03/2024", "2024-03-06"),  # the third of June is yet to come
        ("03/02/2024", None),
        ("March 20, 2024", "2024-03-20"),
        ("March 21, 2024", None),
        ("2024-03-21", None),
        ("6 Mar 25", None),
        ("6 Mar 23", "2023-03-06"),
        ("6 Mar 99", "1999-03-06"),
        ("28/02/24, 12:46", "2024-02-28T12:46"),
    ],
)
def test_nothing_is_printed_after_the_latest_day(text: str, iso: str | None) -> None:
    assert read_date(text, latest=LATEST) == iso


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("By Jane Roe, 6 March 2024", ("2024-03-06", "By Jane Roe")),
        ("Jane Roe and John Doe, 2024-03-06", ("2024-03-06", "Jane Roe and John Doe")),
        ("6 March 2024 | Jane Roe", ("2024-03-06", "Jane Roe")),
        ("Jane Roe (6 March 2024)", ("2024-03-06", "Jane Roe")),
        ("Jane Roe\n   Wednesday, 6 March 2024 18:21 Uhr", ("2024-03-06T18:21", "Jane Roe")),
        ("By Jane Roe on March 6, 2024 • BBC", ("2024-03-06", "By Jane Roe")),
        ("Jane Roe2024-03-06 18:21:05 UTC", ("2024-03-06T18:21:05+00:00", "Jane Roe")),
        ("Jane Roe | Posted: Mar 6 2024 | Herald", ("2024-03-06", "Jane Roe")),
        ("Theresa May, 6 March 2024", ("2024-03-06", "Theresa May")),
        ("April June, May 3, 2024", ("2024-05-03", "April June")),
        ("編集部 2024年03月06日 18時21分", ("2024-03-06T18:21", "編集部")),
        ("Jane Roe2024-03-06 18:21:05        74", ("2024-03-06T18:21:05", "Jane Roe")),
        (
            "Jane Roe · BBC · Posted: Mar 6, 2024 9:27 AM ET | Updated 2 hours ago",
            ("2024-03-06T09:27", "Jane Roe · BBC"),
        ),
        ("6 March 2024 - 8 March 2024", ("2024-03-06", "8 March 2024")),
        ("6 March 2024", ("2024-03-06", "")),
        ("Jane Roe", None),
        ("Jane Roe, 4-5 minutes", None),
        ("Jane Roe, 06/03/24", None),
        ("The weir v5.3.2024", None),
        ("Weir v5.3.2024, 6 March 2024", ("2024-03-06", "Weir v5.3.2024")),
        ("Jane Roe, 06/03/2024", None),
        ("6 March 2024 " + "x" * 400, None),
    ],
)
def test_a_date_within_credits_is_found_and_taken_out(text: str, found: tuple[str, str] | None) -> None:
    assert find_date(text) == found


DAYS = st.dates(dt.date(1900, 1, 1), dt.date(2150, 12, 31))


@given(st.text(max_size=120))
def test_no_text_raises(text: str) -> None:
    for found in (read_date(text), (find_date(text) or (None,))[0]):
        assert found is None or dt.datetime.fromisoformat(found)


@given(st.text(alphabet=st.sampled_from("0123456789 .:/-,TZ+apm年月日時Marchат"), max_size=40))
def test_no_text_of_a_date_raises(text: str) -> None:
    for found in (read_date(text, language="de", latest=LATEST), (find_date(text, latest=LATEST) or (None,))[0]):
        assert found is None or dt.datetime.fromisoformat(found).date() <= LATEST


@given(DAYS, st.sampled_from(["%Y-%m-%d", "%d %B %Y", "%A, %B %d, %Y", "%Y年%m月%d日", "%d.%m.%Y", "%a, %d %b %Y"]))
def test_what_is_printed_comes_back(day: dt.date, form: str) -> None:
    assert read_date(day.strftime(form)) == day.isoformat()
