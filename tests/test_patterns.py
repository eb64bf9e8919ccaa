"""Counts and concentration, recomputed by another route."""

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kzsec import patterns
from kzsec.codebook import STANCES, VECTORS


def test_a_table_of_refs_counts_as_a_crosstab(study):
    rows = study.coding.codings
    refs = patterns.ref_table(rows, "vector", "stance", index_order=list(VECTORS), column_order=STANCES)
    expected = pd.crosstab(rows["vector"], rows["stance"]).reindex(index=list(VECTORS), columns=list(STANCES), fill_value=0)
    assert (refs.map(len).to_numpy() == expected.to_numpy()).all()
    assert [len(cell) for cell in patterns.totalled(refs)["all"]] == [45, 18, 51, 27, 35]


@pytest.mark.parametrize(
    ("vectors", "hhi"), [(["russia", "china", "nato", "middle_east"], 0.25), (["russia"] * 3, 1.0), (["russia", "region"], 1.0), ([], math.nan)]
)
def test_concentration(vectors, hhi):
    found = patterns.concentration(pd.DataFrame({"vector": pd.Series(vectors, dtype=object)}))
    assert found["HHI"] == pytest.approx(hhi, nan_ok=True)
    assert found["effective number"] == pytest.approx(1 / hhi, nan_ok=True)


@given(st.lists(st.sampled_from(list(VECTORS)), min_size=1, max_size=60))
def test_concentration_lies_between_its_bounds(vectors):
    found = patterns.concentration(pd.DataFrame({"vector": vectors}))
    if found["rows"]:
        assert 0.25 - 1e-9 <= found["HHI"] <= 1 + 1e-9
        assert 1 - 1e-9 <= found["effective number"] <= found["poles"] + 1e-9


def test_leaving_one_out_leaves_the_others(study):
    table = patterns.leave_one_out(study, patterns.concentration).set_index("left out")
    codings = study.coding.codings
    for doc, name in study.names().items():
        rest = codings[(codings["doc"] != doc) & (codings["vector"] != "region")]
        assert table.loc[name, "rows"] == len(rest)
        assert {ref[0] for ref in table.loc[name, "refs"]} == set(rest["doc"])


def test_pairs_are_counted_once_a_sentence(study):
    pairs = patterns.pairs_in_sentence(study.coding.codings).set_index(["partner", "with"])["sentences"]
    by_sentence = study.coding.codings.groupby(["doc", "para", "sent"])["vector"].agg(set)
    assert pairs["russia", "china"] == sum({"russia", "china"} <= found for found in by_sentence)
    assert pairs.is_monotonic_decreasing


def test_recodings_change_what_they_name_and_no_more(study):
    coding = study.coding
    before = {name: table.copy() for name, table in coding.tables.items()}
    assert len(patterns.without_neutral(coding).codings) == (coding.codings["stance"] != "neutral").sum()
    assert (patterns.without_officials(coding).codings["voice"] != "official").all()
    assert not any(set(p) == {"sco"} for p in patterns.without_sco(coding).codings["partners"])
    moved = patterns.contested_moved(coding).events
    assert (moved["vectors"] != coding.events["vectors"]).sum() == (coding.events["contested"].map(len) > 0).sum() == 1
    for name, table in coding.tables.items():
        pd.testing.assert_frame_equal(table, before[name])


def test_closing_judgements_hold_the_stated_limit(study):
    texts = patterns.closing_judgements(study)["text"]
    assert texts.str.contains("stand or fall").sum() == 1
    assert texts.str.contains("maximizing foreign security assistance").sum() == 1


def test_offices_are_those_of_the_article(study):
    held = {(doc[:3], who): office for (doc, who), office in patterns.offices(study).items()}
    assert "prime minister" in held["000", "daniyal-akhmetov"]
    assert "defense minister" in held["004", "daniyal-akhmetov"]


def test_a_constraint_is_on_the_other_partner_of_its_sentence(study):
    table = patterns.constraints(study.coding.codings)
    wary = study.corpus.sentences[study.corpus.sentences["text"].str.contains("Moscow and Beijing are wary")].iloc[0]
    ref = (wary["doc"], wary["para"], wary["sent"])
    assert ref in table.loc["Russia", "NATO and the West"]
    assert ref in table.loc["China", "NATO and the West"]
    assert ref not in table.loc["Russia", "China"]
    total = {r for row in table.to_numpy() for cell in row for r in cell}
    constraint = study.coding.codings[study.coding.codings["limit"] == "constraint"]
    assert total == set(zip(constraint["doc"], constraint["para"], constraint["sent"], strict=True))
