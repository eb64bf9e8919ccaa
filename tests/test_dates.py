"""Dates: in/out tables, and what holds of every text."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kzsec.dates import find_dates

CASES = [
    ("on November 7", ["November 7=2006-11-07"]),
    ("on November 7, 2005, he", ["November 7, 2005=2005-11-07"]),
    ("7 November 2005", ["7 November 2005=2005-11-07"]),
    ("on the 11th of November", ["11th of November=2006-11-11"]),
    ("on Monday, November 6", ["Monday, November 6=2006-11-06"]),
    ("(Interfax, Nov. 7)", ["Nov. 7=2006-11-07"]),
    ("on June 28-29.", ["June 28-29=2006-06-28/2006-06-29"]),
    ("June 28 and 29 in Almaty", ["June 28 and 29=2006-06-28/2006-06-29"]),
    ("November 30-December 2, 2005", ["November 30-December 2, 2005=2005-11-30/2005-12-02"]),
    ("September-October 2006", ["September-October 2006=2006-09/2006-10"]),
    ("2004-2006", ["2004-2006=2004/2006"]),
    ("2004-06", ["2004-06=2004/2006"]),
    ("in spring 2007", ["spring 2007=2007"]),
    ("the summer of 2005", ["summer of 2005=2005"]),
    ("in late November,", ["late November=2006-11"]),
    ("amendments in September that", ["September=2006-09"]),
    ("in May, he", ["May=2006-05"]),
    ("in the first eight months of 2006.", ["2006=2006"]),
    ("mid-2007", ["mid-2007=2007"]),
    ("Independence Day (December 15)", ["Independence Day=2006-12-15", "December 15=2006-12-15"]),
    ("on Victory Day", ["Victory Day=2006-05-09"]),
    ("December 5 last year", ["December 5=2005-12-05"]),
    # none of these is a date
    ("He may. May I go? They March to war.", []),
    ("June Smith said", []),
    ("prices fall in the region", []),
    ("about 2000 soldiers, $2006 and 2006 troops", []),
    ("in the 1990s", []),
    ("military unit No. 2091", []),
    ("at 6:30, 3.2004 and 12,000", []),
    ("today, recently, a five-year plan", []),
]


def found(text: str, **options) -> list[str]:
    return [f"{text[a:b]}={iso}" for a, b, iso in find_dates(text, 0, len(text), **{"year": 2006} | options)]


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[text for text, _ in CASES])
def test_forms(text, expected):
    assert found(text) == expected


def test_without_a_year_the_iso_form_says_so():
    assert found("on November 7 and in May", year=None) == ["November 7=--11-07", "May=--05"]


def test_a_january_issue_means_last_december():
    assert found("December 28 and January 9", january=True) == ["December 28=2005-12-28", "January 9=2006-01-09"]


def test_only_the_asked_stretch_is_read():
    text = "On May 5 and on June 6"
    assert find_dates(text, 9, len(text), year=2006) == [(16, 22, "2006-06-06")]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([text for text, _ in CASES]), max_size=6).map(" ".join))
def test_spans_are_sorted_and_apart(text):
    spans = find_dates(text, 0, len(text), year=2006)
    assert spans == sorted(spans)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
