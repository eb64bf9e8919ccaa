"""Agreement, against values computed by hand or by another route."""

import math
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kzsec.agreement import agreement, agreement_of, compare_spans, evaluate, match_acts

LABELS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1, max_size=30)


def test_agreement_of_a_table_computed_by_hand():
    first, second = list("aaaabbbbcc"), list("aaabbbbbcc")
    found = agreement_of(first, second)
    assert (found.n, found.percentage) == (10, 0.9)
    assert found.kappa == pytest.approx((0.9 - 0.36) / (1 - 0.36))  # .4*.3 + .4*.5 + .2*.2
    counts = {"a": 7, "b": 9, "c": 4}
    expected = 1 - sum(n * (n - 1) for n in counts.values()) / (20 * 19)
    assert found.alpha == pytest.approx(1 - 0.1 / expected)
    chance = sum(n / 20 * (1 - n / 20) for n in counts.values()) / 2
    assert found.ac1 == pytest.approx((0.9 - chance) / (1 - chance))


@pytest.mark.parametrize(("first", "second"), [([], []), (["a"], ["a"]), (["a", "a"], ["a", "a"])])
def test_agreement_without_variation_is_undefined(first, second):
    found = agreement_of(first, second)
    assert all(math.isnan(value) for value in (found.kappa, found.alpha, found.ac1))


@given(LABELS)
def test_agreement_does_not_depend_on_who_is_first(pairs):
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    one, other = agreement_of(first, second), agreement_of(second, first)
    for name in ("percentage", "kappa", "alpha", "ac1"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), nan_ok=True)


@given(LABELS)
def test_a_coder_agrees_with_itself(pairs):
    first = [a for a, _ in pairs]
    found = agreement_of(first, first)
    assert found.percentage == 1
    assert all(math.isnan(value) or value == pytest.approx(1) for value in (found.kappa, found.alpha, found.ac1))


def test_agreement_counts_rows_that_both_have():
    a = pd.DataFrame(
        {"doc": "d", "start": [0, 9], "end": [8, 20], "vector": "russia", "stance": ["neutral", "friction"]}
    )
    b = a.iloc[1:].assign(stance="neutral")
    assert agreement(a, b, "stance").n == 1


def test_compare_spans_counts_type_errors_and_misses():
    found = pd.DataFrame({"doc": "d", "start": [0, 10, 20], "end": [5, 15, 25], "type": ["GPE", "ORG", "GPE"]})
    gold = pd.DataFrame({"doc": "d", "start": [0, 10, 30], "end": [5, 15, 35], "type": ["GPE", "GPE", "ORG"]})
    scores, confusion = compare_spans(found, gold)
    assert scores.loc["all", ["precision", "recall"]].tolist() == pytest.approx([1 / 3, 1 / 3])
    assert scores.loc["GPE", "f1"] == pytest.approx(2 * 1 / (2 + 2))
    assert confusion.loc["ORG", "GPE"] == 1
    assert confusion.loc["-", "ORG"] == 1


def act(start, vectors, kind="contact", also=()):
    empty = dict.fromkeys(["domain", "channel", "tone", "role", "date_iso"], "")
    own = {"vectors": vectors, "kind": kind, "also": also, "modality": "done"}
    return {"doc": "d", "start": start, "end": start + 5, **own, **empty}


@pytest.mark.parametrize(
    ("found", "gold", "pairs"),
    [
        ([act(0, ["russia"])], [act(0, ["russia"])], [(0, 0, "russia")]),
        ([act(0, ["russia"])], [act(0, ["china"])], []),
        ([act(9, ["russia"])], [act(0, ["russia"], also=[[9, 14]])], [(0, 0, "russia")]),
        ([act(9, ["russia"])], [act(0, ["russia"])], []),
        ([act(0, ["russia", "china"])], [act(0, ["china", "russia"])], [(0, 0, "china"), (0, 0, "russia")]),
        ([act(0, ["russia"]), act(0, ["russia"], "agreement")], [act(0, ["russia"], "agreement")], [(1, 0, "russia")]),
    ],
)
def test_acts_match_by_sentence_or_retelling_and_vector_once(found, gold, pairs):
    assert sorted(match_acts(pd.DataFrame(found), pd.DataFrame(gold))) == sorted(pairs)


def test_a_coding_evaluated_against_itself_is_perfect():
    codings = pd.DataFrame(
        {
            "doc": "d", "para": 0, "start": [0, 9], "end": [5, 14], "vector": ["russia", "china"],
            "stance": ["neutral", "friction"], "limit": ["", "doubt"], "hedged": [True, False],
            "voice": ["report", "official"],
        }
    )  # fmt: skip
    table = SimpleNamespace(
        codings=codings,
        paragraph_vectors=codings[["doc", "para", "vector"]],
        events=pd.DataFrame([act(0, ["russia"]), act(9, ["china"], "support")]),
    )
    assert evaluate(table, table).value.tolist() == pytest.approx([1.0] * 20)
